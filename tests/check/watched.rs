//! What thresholds can be on, against real servers that are at work: PostgreSQL with locks, deadlocks and open transactions, Redis
//! under a memory limit with a replica, a TLS server whose certificate ends soon. Each is past its bound, so each fires, with
//! a value; nothing stands as unknown.

use std::io::Write;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use chrono::Utc;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use serde_json::Value;
use tokio_postgres::{Client, NoTls};

use super::{answer, config};
use crate::fake_http::{FakeHttp, Step};
use crate::postgres_server::{PostgresServer, SUPERUSER};
use crate::redis_server::RedisServer;
use crate::sample::{PROGRAM, until};

/// Something that goes on until the test has seen it.
struct Busy {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Busy {
    fn new() -> Busy {
        Busy { stop: Arc::new(AtomicBool::new(false)), threads: Vec::new() }
    }

    fn with(&mut self, mut turn: impl FnMut() + Send + 'static) {
        let stop = Arc::clone(&self.stop);
        self.threads.push(thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                turn();
            }
        }));
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ended = thread.join();
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

async fn connected(port: u16) -> Client {
    let dsn = format!("host=127.0.0.1 port={port} user={SUPERUSER} dbname=shop");
    let (client, connection) = tokio_postgres::connect(&dsn, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Two sessions that run into each other again and again, and one that spills its sorts.
fn at_work(busy: &mut Busy, port: u16) {
    let rt = runtime();
    let (one, two, three) =
        rt.block_on(async { (connected(port).await, connected(port).await, connected(port).await) });
    busy.with(move || {
        rt.block_on(async {
            let lock = |row: i32| format!("UPDATE pair SET n = n + 1 WHERE id = {row}");
            one.batch_execute("SET deadlock_timeout = '10ms'; BEGIN").await.unwrap();
            two.batch_execute("SET deadlock_timeout = '10ms'; BEGIN").await.unwrap();
            one.batch_execute(&lock(1)).await.unwrap();
            two.batch_execute(&lock(2)).await.unwrap();
            let (first, second) = (lock(2), lock(1));
            let (a, b) = tokio::join!(one.batch_execute(&first), two.batch_execute(&second));
            assert!(a.is_err() || b.is_err(), "one of them is the victim");
            one.batch_execute("ROLLBACK").await.unwrap();
            two.batch_execute("ROLLBACK").await.unwrap();
            three
                .batch_execute("SET work_mem = '64kB'; SELECT n FROM generate_series(1, 20000) n ORDER BY random()")
                .await
                .unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        });
    });
}

/// An open transaction that holds a lock, one that waits for it, and one that failed; until it is let go of.
fn locked(server: &PostgresServer) -> Busy {
    let port = server.port();
    let mut busy = Busy::new();
    let stop = Arc::clone(&busy.stop);
    busy.threads.push(thread::spawn(move || {
        runtime().block_on(async {
            let holder = connected(port).await;
            holder.batch_execute("BEGIN; LOCK TABLE held IN ACCESS EXCLUSIVE MODE").await.unwrap();
            let failed = connected(port).await;
            let _ends_badly = failed.batch_execute("BEGIN; SELECT 1 / 0").await.unwrap_err();
            let waiter = connected(port).await;
            let waiting = tokio::spawn(async move { waiter.batch_execute("SELECT * FROM held").await });
            while !stop.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            waiting.abort();
        });
    }));
    let asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%held%'";
    until("a session waits for the lock", || (server.sql("shop", asked) != "0").then_some(()));
    busy
}

/// A server whose certificate ends in so many days, and the file that makes it trusted.
fn secured(days: i64) -> (FakeHttp, tempfile::TempDir, String) {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let at = |hours: i64| std::time::SystemTime::from(Utc::now() + chrono::TimeDelta::hours(hours)).into();
    (params.not_before, params.not_after) = (at(-24), at(days * 24 + 12));
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, certificate.pem()).unwrap();
    let server = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    let body = r#"{"status":"ok","checks":{"db":{"status":"ok"}}}"#;
    let web = FakeHttp::tls(server, move |_| answer("200 OK", body));
    let file = file.to_string_lossy().into_owned();
    (web, folder, file)
}

/// A page whose counters grow with each look.
fn page() -> FakeHttp {
    let asked = AtomicU64::new(0);
    FakeHttp::start(move |_| {
        let n = asked.fetch_add(1, Ordering::Relaxed) + 1;
        let body = format!("cache_hits_total {}\ncache_misses_total {}\n", n * 9000, n * 1000);
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        vec![Step::Bytes(format!("{head}{body}").into_bytes())]
    })
}

/// One look with thresholds: each by its words.
fn looked(watched: &str, whens: &[String]) -> Vec<(String, Value)> {
    let alerts: Vec<String> = whens
        .iter()
        .enumerate()
        .map(|(at, when)| format!("[[alert]]\nname = \"A{at}\"\nwhen = \"{when}\"\nsummary = \"x\"\n"))
        .collect();
    let (folder, file) = config(&format!("{watched}{}", alerts.concat()));
    let mut command = Command::new(PROGRAM);
    command.env_clear().env("PATH", std::env::var("PATH").unwrap_or_default()).env("XDG_STATE_HOME", folder.path());
    let output = command.args(["check", "--json", "--sample", "4s", "--config", &file]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let report: Value =
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    let listed = report["alerts"].as_array().cloned().unwrap_or_default();
    let of = |at: usize| listed.iter().find(|alert| alert["name"] == format!("A{at}").as_str()).cloned();
    whens.iter().enumerate().map(|(at, when)| (when.clone(), of(at).unwrap_or(Value::Null))).collect()
}

fn all_fire(watched: &str, whens: &[String]) {
    let found = looked(watched, whens);
    let not: Vec<String> = found
        .iter()
        .filter(|(_, alert)| alert["state"] != "firing" || !alert["value"].is_number())
        .map(|(when, alert)| format!("{when}: {} {} {}", alert["state"], alert["value"], alert["detail"]))
        .collect();
    assert!(not.is_empty(), "{}", not.join("\n"));
}

fn owned(whens: &[&str]) -> Vec<String> {
    whens.iter().map(|when| (*when).to_owned()).collect()
}

#[test]
fn every_figure_of_a_database_is_told_by_a_real_server() {
    let server = PostgresServer::start(&[]);
    server.sql("postgres", "CREATE DATABASE shop");
    server.sql("shop", "CREATE EXTENSION pg_stat_statements");
    server.sql(
        "shop",
        "CREATE TABLE held (n int); CREATE TABLE pair (id int, n int); INSERT INTO pair VALUES (1, 0), (2, 0)",
    );
    let mut busy = locked(&server);
    at_work(&mut busy, server.port());
    let of_update = "SELECT queryid FROM pg_stat_statements WHERE query LIKE 'UPDATE pair%' LIMIT 1";
    let query = until("the first update", || Some(server.sql("shop", of_update)).filter(|found| !found.is_empty()));
    let standby = server.standby();
    let watched = format!(
        "[[database]]\nname = \"main\"\nurl = \"postgresql://{SUPERUSER}@127.0.0.1:{}/shop\"\n\
         [[database]]\nname = \"copy\"\nurl = \"postgresql://{SUPERUSER}@127.0.0.1:{}/shop\"\n\
         [[database]]\nname = \"gone\"\nurl = \"postgresql://{SUPERUSER}@127.0.0.1:1/shop\"\n\
         [[signal]]\nname = \"rows\"\nsql = \"SELECT 7\"\ndatabase = \"main\"\nthreshold = \"> 5\"\n",
        server.port(),
        standby.port()
    );
    let mut whens = owned(&[
        "database main ok",
        "database gone down",
        "connections main > 3",
        "connections main > 1 %",
        "sessions main > 3",
        "active sessions main > 0",
        "idle sessions main > 0",
        "open transactions main > 1",
        "aborted transactions main > 0",
        "waiting sessions main > 0",
        "hidden sessions main == 0",
        "blocked main > 0",
        "idle in transaction main > 1ms",
        "longest transaction main > 1ms",
        "longest query main > 1ms",
        "commits main > 0/s",
        "rollbacks main > 0/s",
        "buffer hit main > 1 %",
        "deadlocks main > 0/min",
        "temp files main > 1 KiB/min",
        "size main > 1 MiB",
        "role main primary",
        "role copy replica",
        "clock main < 1m",
        "slowest statement main > 0ms",
        "slower statements main >= 0",
        "statement calls main > 0/s",
        "statement load main > 0",
        "signal rows degraded",
        "signal rows > 5",
    ]);
    whens.push(format!("statement main {query} > 0ms"));
    all_fire(&watched, &whens);
}

#[test]
fn every_figure_of_a_redis_is_told_by_a_real_server() {
    let server = RedisServer::start(&["--maxmemory", "4mb", "--maxmemory-policy", "allkeys-lru"]);
    let replica = RedisServer::start(&["--replicaof", "127.0.0.1", &server.port.to_string()]);
    let is_linked = || replica.ask(&["INFO", "replication"]).contains("master_link_status:up").then_some(());
    until("the replica has its primary", is_linked);
    let port = server.port;
    let mut busy = Busy::new();
    let value = "x".repeat(4096);
    let mut n = 0u64;
    busy.with(move || {
        for _ in 0..200 {
            n += 1;
            let (key, brief) = (format!("key:{n}"), format!("brief:{n}"));
            server.ask_all(&[
                &["SET", &key, &value],
                &["SET", &brief, "x", "PX", "1"],
                &["GET", &key],
                &["GET", &brief],
                // Whatever is evicted or expires in time, somebody asks for what is not there.
                &["GET", "never set"],
            ]);
        }
        thread::sleep(Duration::from_millis(20));
    });
    let mut waiting = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    waiting.write_all(b"*3\r\n$5\r\nBLPOP\r\n$4\r\nnone\r\n$1\r\n0\r\n").unwrap();
    let watched = format!(
        "[[cache]]\nname = \"redis\"\nredis = \"redis://127.0.0.1:{port}\"\ntarget = \"100 %\"\n\
         [[cache]]\nname = \"copy\"\nredis = \"redis://127.0.0.1:{}\"\n\
         [[cache]]\nname = \"gone\"\nredis = \"redis://127.0.0.1:1\"\n",
        replica.port
    );
    all_fire(
        &watched,
        &owned(&[
            "cache redis > 1 %",
            "cache redis degraded",
            "cache copy ok",
            "cache gone down",
            "memory redis > 1 MiB",
            "memory redis > 10 %",
            "clients redis > 0",
            "blocked clients redis > 0",
            "keys redis > 10",
            "evictions redis > 0/s",
            "expirations redis > 0/s",
            "operations redis > 0/s",
            "cache role redis primary",
            "cache role copy replica",
            "primary link copy up",
        ]),
    );
    drop(busy);
}

#[test]
fn every_figure_of_a_service_its_page_and_its_log_is_told() {
    let (secure, _folder, ca_file) = secured(12);
    let refusing = FakeHttp::always(answer("503 Service Unavailable", r#"{"status":"down"}"#));
    let page = page();
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("worker.log");
    std::fs::write(&log, "").unwrap();
    let mut busy = Busy::new();
    let path = log.clone();
    busy.with(move || {
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"WARN odd\nERROR failed\n").unwrap();
        thread::sleep(Duration::from_millis(50));
    });
    let watched = format!(
        "prometheus = \"http://127.0.0.1:1\"\n\
         [[service]]\nname = \"web\"\nurl = \"https://localhost:{}/health\"\nca_file = \"{ca_file}\"\n\
         [[service]]\nname = \"bad\"\nurl = \"{}\"\n\
         [[metrics]]\nname = \"pages\"\nurl = \"{}\"\n\
         [[log]]\nname = \"worker\"\nfiles = \"{}\"\n",
        secure.address().port(),
        refusing.url("/health"),
        page.url("/metrics"),
        log.display()
    );
    all_fire(
        &watched,
        &owned(&[
            "service web degraded",
            "service bad down",
            "latency web > 0ms",
            "certificate web < 13d",
            "certificate web > 12",
            "child web db ok",
            "status web == 200",
            "status bad >= 500",
            "failed probes bad > 0",
            "failures bad > 0",
            "scrape pages ok",
            "scrape time pages > 0s",
            "samples pages == 2",
            "refused samples pages == 0",
            "page size pages > 10 B",
            "server cache pages > 50 %",
            "log worker ok",
            "log lines worker > 0/s",
            "log warnings worker > 0/min",
            "log errors > 0/min",
            "prometheus down",
        ]),
    );
}
