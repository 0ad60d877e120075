//! The Redis source against real servers in every state that can be had for real.

use std::path::PathBuf;
use std::time::Duration;

use quarterdeck::adapters::redis::RedisSource;
use quarterdeck::config::redis_url;
use quarterdeck::config::resolved::{RedisCommand, RedisTarget};
use quarterdeck::domain::cache::{CacheReading, RedisFigures};
use quarterdeck::domain::cause::Phase;
use quarterdeck::domain::signal::SignalValue;
use quarterdeck::domain::source::SignalId;
use quarterdeck::domain::{Cause, Moment, Safe};
use quarterdeck::metrics::{HitRate, HitRatio};

use crate::support::redis_server::{RedisServer, free_port};

const DEADLINE: Duration = Duration::from_secs(20);

fn target(server: &RedisServer) -> RedisTarget {
    redis_url::parse(&format!("redis://127.0.0.1:{}", server.port)).unwrap()
}

fn commands(lines: &[&str]) -> Vec<RedisCommand> {
    let argv = |line: &str| line.split(' ').map(str::to_owned).collect();
    let command = |(n, line): (usize, &&str)| RedisCommand {
        signal: SignalId(n as u16),
        argv: argv(line),
        interval: Duration::ZERO,
    };
    lines.iter().enumerate().map(command).collect()
}

fn source(server: &RedisServer, lines: &[&str]) -> RedisSource {
    RedisSource::new(target(server), commands(lines))
}

async fn once(target: RedisTarget) -> Result<CacheReading, Cause> {
    RedisSource::new(target, vec![]).read(DEADLINE).await
}

fn redis(reading: CacheReading) -> RedisFigures {
    reading.redis.unwrap()
}

/// What the fix of a refusal says, run by the server's owner.
fn apply(server: &RedisServer, cause: &Cause) -> String {
    let Cause::NoPermission { fix, .. } = cause else { panic!("not a refusal: {cause}") };
    let argv: Vec<&str> = fix.as_str().split(' ').collect();
    server.ask(&argv)
}

#[tokio::test]
async fn figures_of_info_and_deltas_after_real_traffic() {
    let server = RedisServer::start(&["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]);
    let mut source = source(&server, &[]);
    let mut ratio = HitRatio::default();
    let before = source.read(DEADLINE).await.unwrap();
    let run = redis(before.clone()).run_id;
    ratio.push(Moment::fixed(0.0), before.hits, before.misses, &run);

    server.ask_all(&[&["SET", "a", "1"], &["GET", "a"], &["GET", "a"], &["GET", "a"], &["GET", "none"]]);
    server.ask_all(&[&["SELECT", "3"], &["SET", "b", "1"], &["SET", "c", "1"]]);

    let after = source.read(DEADLINE).await.unwrap();
    assert_eq!((after.hits, after.misses), (before.hits.map(|h| h + 3), before.misses.map(|m| m + 1)));
    ratio.push(Moment::fixed(2.0), after.hits, after.misses, &run);
    assert_eq!(ratio.rate(), HitRate::Measured { ratio: 0.75, hits: 3, misses: 1, over: Duration::from_secs(2) });

    let figures = redis(after);
    assert_eq!((figures.keys, figures.keyspace), (Some(3), vec![(0, 1), (3, 2)]));
    assert_eq!((figures.role.as_str(), figures.max_memory), ("master", Some(100 * 1024 * 1024)));
    assert_eq!(figures.eviction_policy, Some("allkeys-lru".into()));
    assert!(figures.used_memory.unwrap() > 100_000 && figures.clients.unwrap() >= 1);
    assert!(figures.ops_per_second.is_some() && figures.uptime_seconds.is_some() && figures.primary_link.is_none());
    assert!(server.ask(&["INFO"]).contains(figures.version.as_str()) && figures.run_id.as_str().len() == 40);
}

#[tokio::test]
async fn one_kept_connection_under_our_name_that_asks_no_more_than_it_must() {
    let server = RedisServer::start(&[]);
    let mut source = source(&server, &["DBSIZE"]);
    for _ in 0..3 {
        source.read(DEADLINE).await.unwrap();
    }
    let clients = server.ask(&["CLIENT", "LIST"]);
    assert_eq!(clients.matches("name=quarterdeck").count(), 1, "{clients}");
    let statistics = server.ask(&["INFO", "commandstats"]);
    for expected in ["cmdstat_info:calls=3,", "cmdstat_dbsize:calls=3,", "cmdstat_client|setname:calls=1,"] {
        assert!(statistics.contains(expected), "{expected} in {statistics}");
    }
    assert!(!statistics.contains("cmdstat_select") && !statistics.contains("cmdstat_auth"), "{statistics}");
}

#[tokio::test]
async fn signals_over_the_same_connection_fail_one_by_one() {
    let server = RedisServer::start(&[]);
    server.ask_all(&[
        &["SELECT", "2"],
        &["RPUSH", "jobs", "a", "b"],
        &["SET", "ratio", "0.5"],
        &["SET", "text", "many"],
        &["SET", "ran", "1970-01-01T00:01:00Z"],
    ]);
    let lines = ["LLEN jobs", "GET ratio", "GET text", "GET none", "LLEN text", "FLUSHALL", "GET ran", "DBSIZE"];
    let in_two = RedisTarget { database: 2, ..target(&server) };
    let reading = RedisSource::new(in_two, commands(&lines)).read(DEADLINE).await.unwrap();
    let of = |n: u16| reading.scalars.iter().find(|(id, _)| id.0 == n).unwrap().1.clone();
    assert_eq!((of(0), of(1)), (Ok(SignalValue::Number(2.0)), Ok(SignalValue::Number(0.5))));
    for (n, pointer) in [(2, "GET text"), (3, "GET none")] {
        assert_eq!(of(n), Err(Cause::NoSuchFigure { pointer: pointer.into() }));
    }
    assert!(of(4).unwrap_err().to_string().contains("another type"));
    assert!(matches!(of(5), Err(Cause::Misconfigured(_))), "a command that writes is not sent");
    assert_eq!((of(6), of(7)), (Ok(SignalValue::Instant(60.0)), Ok(SignalValue::Number(4.0))));
}

#[tokio::test]
async fn a_signal_is_asked_only_when_due() {
    let server = RedisServer::start(&[]);
    let mut commands = commands(&["DBSIZE"]);
    commands[0].interval = Duration::from_secs(3600);
    let mut source = RedisSource::new(target(&server), commands);
    assert_eq!(source.read(DEADLINE).await.unwrap().scalars.len(), 1);
    assert_eq!(source.read(DEADLINE).await.unwrap().scalars, []);
    source.hasten();
    assert_eq!(source.read(DEADLINE).await.unwrap().scalars.len(), 1, "somebody waits for it");
    assert_eq!(source.read(DEADLINE).await.unwrap().scalars, [], "once");
}

#[tokio::test]
async fn over_a_socket() {
    let server = RedisServer::start(&[]);
    let url = format!("unix://{}", server.socket().display());
    assert!(once(redis_url::parse(&url).unwrap()).await.is_ok());
    let gone = once(redis_url::parse(&format!("{url}.not")).unwrap()).await;
    assert_eq!(gone, Err(Cause::Refused { family: "socket" }));
}

#[tokio::test]
async fn passwords_and_users() {
    let server = RedisServer::start(&["--requirepass", "s3cret"]);
    let url = |user: &str| redis_url::parse(&format!("redis://{user}127.0.0.1:{}/1", server.port)).unwrap();
    assert_eq!(once(url("")).await, Err(Cause::NoAuth));
    assert_eq!(once(url(":wrong@")).await, Err(Cause::WrongPassword));
    assert_eq!(once(url("nobody:s3cret@")).await, Err(Cause::WrongPassword));
    assert!(once(url(":s3cret@")).await.is_ok());
    assert!(once(url("default:s3cret@")).await.is_ok());

    let open = RedisServer::start(&[]);
    let needless = redis_url::parse(&format!("redis://:s3cret@127.0.0.1:{}", open.port)).unwrap();
    let said = once(needless).await.unwrap_err().to_string();
    assert!(said.contains("take it out") && !said.contains("s3cret"), "{said}");
    let beyond = redis_url::parse(&format!("redis://127.0.0.1:{}/99", open.port)).unwrap();
    let said = once(beyond).await.unwrap_err().to_string();
    assert!(said.contains("SELECT 99"), "{said}");
}

#[tokio::test]
async fn a_missing_right_is_healed_by_the_line_that_is_shown() {
    let server = RedisServer::start(&[]);
    server.ask(&["ACL", "SETUSER", "ops", "on", ">pw"]);
    let url = format!("redis://ops:pw@127.0.0.1:{}", server.port);
    let mut source = RedisSource::new(redis_url::parse(&url).unwrap(), commands(&["LLEN jobs"]));
    let refused = source.read(DEADLINE).await.unwrap_err();
    assert_eq!(refused, Cause::NoPermission { command: "INFO".into(), fix: "ACL SETUSER ops +info".into() });
    assert_eq!(apply(&server, &refused), "OK");

    let command = source.read(DEADLINE).await.unwrap().scalars[0].1.clone().unwrap_err();
    assert_eq!(command, Cause::NoPermission { command: "LLEN jobs".into(), fix: "ACL SETUSER ops +llen".into() });
    assert_eq!(apply(&server, &command), "OK");
    let key = source.read(DEADLINE).await.unwrap().scalars[0].1.clone().unwrap_err();
    assert_eq!(apply(&server, &key), "OK", "{key}");
    assert_eq!(source.read(DEADLINE).await.unwrap().scalars[0].1, Ok(SignalValue::Number(0.0)));
    assert!(server.ask(&["ACL", "GETUSER", "ops"]).starts_with('*'));
    let login = server.ask_all(&[&["AUTH", "ops", "pw"], &["SET", "jobs", "x"]]);
    assert!(login.starts_with("-NOPERM"), "the shown lines give no right to write: {login}");
}

#[tokio::test]
async fn a_replica_and_a_replica_that_lost_its_primary() {
    let mut primary = RedisServer::start(&[]);
    let port = primary.port.to_string();
    let options = ["--replicaof", "127.0.0.1", &port, "--replica-serve-stale-data", "no", "--repl-timeout", "2"];
    let mut replica = RedisServer::start(&options);
    assert!(replica.wait_for("MASTER <-> REPLICA sync: Finished with success"));
    let mut source = source(&replica, &["GET x"]);
    let figures = redis(source.read(DEADLINE).await.unwrap());
    assert_eq!((figures.role.as_str(), figures.primary_link), ("slave", Some("up".into())));

    primary.stop();
    assert!(replica.wait_for("Connection with master lost"));
    let reading = source.read(DEADLINE).await.unwrap();
    assert_eq!(reading.scalars[0].1, Err(Cause::PrimaryDown));
    assert_eq!(redis(reading).primary_link, Some("down".into()));
}

#[tokio::test]
async fn loading_is_said_with_its_percentage_and_ends() {
    let mut server = RedisServer::start(&[]);
    let text = "x".repeat(200);
    let keys: Vec<String> = (0..400).map(|n| format!("key:{n}")).collect();
    let writes: Vec<[&str; 3]> = keys.iter().map(|key| ["SET", key.as_str(), text.as_str()]).collect();
    server.ask_all(&writes.iter().map(<[&str; 3]>::as_slice).collect::<Vec<_>>());
    server.ask(&["SAVE"]);
    server.stop();
    server.spawn(&[
        "--key-load-delay",
        "5000",
        "--loading-process-events-interval-bytes",
        "1024",
        "--rdbcompression",
        "no",
    ]);
    assert!(server.wait_for("Loading RDB produced by"));
    let mut source = source(&server, &[]);
    let loading = source.read(DEADLINE).await.unwrap_err();
    let Cause::Loading { percent: Some(percent) } = loading else { panic!("{loading}") };
    assert!((0.0..=100.0).contains(&percent));
    assert!(loading.to_string().starts_with("loading ") && loading.to_string().ends_with(" %"));
    assert!(server.wait_for("Ready to accept connections"));
    assert_eq!(redis(source.read(DEADLINE).await.unwrap()).keys, Some(400));
}

#[tokio::test]
async fn busy_with_a_script_and_free_again() {
    let server = RedisServer::start(&["--lua-time-limit", "20"]);
    let mut source = source(&server, &[]);
    source.read(DEADLINE).await.unwrap();
    let port = server.port;
    let script = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(b"EVAL \"while true do end\" 0\r\n").unwrap();
        let _killed = stream.read(&mut [0; 256]);
    });
    // The script starts when the server takes it up; until then readings are good.
    let busy = loop {
        match source.read(DEADLINE).await {
            Ok(_) => tokio::task::yield_now().await,
            Err(cause) => break cause,
        }
    };
    assert_eq!(busy, Cause::BusyScript);
    assert_eq!(server.ask(&["SCRIPT", "KILL"]), "OK");
    script.join().unwrap();
    assert!(source.read(DEADLINE).await.is_ok());
}

#[tokio::test]
async fn a_restart_is_survived_and_seen() {
    let mut server = RedisServer::start(&[]);
    let mut source = source(&server, &[]);
    let mut ratio = HitRatio::default();
    server.ask_all(&[&["SET", "a", "1"], &["GET", "a"]]);
    let before = source.read(DEADLINE).await.unwrap();
    let run = redis(before.clone()).run_id;
    ratio.push(Moment::fixed(0.0), before.hits, before.misses, &run);

    server.stop();
    assert_eq!(source.read(DEADLINE).await, Err(Cause::Refused { family: "IPv4" }));
    server.spawn(&[]);
    assert!(server.wait_for("Ready to accept connections"));
    let after = source.read(DEADLINE).await.unwrap();
    let anew = redis(after.clone()).run_id;
    assert_ne!(run, anew);
    assert!(ratio.push(Moment::fixed(2.0), after.hits, after.misses, &anew), "the reset is seen");
    assert_eq!(ratio.rate(), HitRate::NotYet);

    server.restart();
    assert!(source.read(DEADLINE).await.is_ok(), "a kept connection that broke is opened anew in the same reading");
}

#[tokio::test]
async fn a_key_that_lives_on_another_node() {
    let start = || {
        let bus = free_port().to_string();
        (RedisServer::start(&["--cluster-enabled", "yes", "--cluster-port", &bus]), bus)
    };
    let ((mut here, _), (there, bus)) = (start(), start());
    let mut source = source(&here, &["GET foo"]);
    let reading = source.read(DEADLINE).await.unwrap();
    assert!(matches!(reading.scalars[0].1, Err(Cause::ServerNotReady(_))), "no slots yet: {:?}", reading.scalars);

    // "foo" lies in slot 12182.
    assert_eq!(here.ask(&["CLUSTER", "ADDSLOTSRANGE", "0", "8191"]), "OK");
    assert_eq!(there.ask(&["CLUSTER", "ADDSLOTSRANGE", "8192", "16383"]), "OK");
    assert_eq!(here.ask(&["CLUSTER", "MEET", "127.0.0.1", &there.port.to_string(), &bus]), "OK");
    assert!(here.wait_for("Cluster state changed: ok"));
    let reading = source.read(DEADLINE).await.unwrap();
    let to = Safe::of(format!("127.0.0.1:{}", there.port));
    assert_eq!(reading.scalars[0].1, Err(Cause::Moved { to }));
}

#[tokio::test]
async fn a_full_server_says_so() {
    let server = RedisServer::start(&["--maxclients", "1"]);
    let holder = std::net::TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    let full = once(target(&server)).await;
    assert!(matches!(full, Err(Cause::TooManyConnections(_))), "{full:?}");
    drop(holder);
}

mod tls {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};

    use super::*;

    struct Files {
        ca: PathBuf,
        folder: tempfile::TempDir,
    }

    /// A server whose certificate for `name` was signed by an authority of ours, valid until `last` if given.
    fn server(name: &str, last: Option<i32>, own: bool) -> (RedisServer, Files, u16) {
        let folder = tempfile::tempdir().unwrap();
        let path = |file: &str| folder.path().join(file);
        let mut ca = CertificateParams::new(vec![]).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.distinguished_name.push(rcgen::DnType::CommonName, "Test Authority");
        let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
        let mut leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
        leaf.distinguished_name.push(rcgen::DnType::CommonName, "redis");
        if let Some(year) = last {
            leaf.not_before = date_time_ymd(2020, 1, 1);
            leaf.not_after = date_time_ymd(year, 1, 1);
        }
        let key = KeyPair::generate().unwrap();
        let leaf = if own { leaf.self_signed(&key) } else { leaf.signed_by(&key, &ca) }.unwrap();
        for (file, text) in [("ca.pem", ca.pem()), ("cert.pem", leaf.pem()), ("key.pem", key.serialize_pem())] {
            std::fs::write(path(file), text).unwrap();
        }
        let port = free_port();
        let names = [path("cert.pem"), path("key.pem"), path("ca.pem")].map(|p| p.display().to_string());
        let [cert, key, trusted] = &names;
        let started = RedisServer::start(&[
            "--tls-port",
            &port.to_string(),
            "--tls-cert-file",
            cert,
            "--tls-key-file",
            key,
            "--tls-ca-cert-file",
            trusted,
            "--tls-auth-clients",
            "no",
        ]);
        (started, Files { ca: path("ca.pem"), folder }, port)
    }

    async fn read(port: u16, ca_file: Option<PathBuf>) -> Result<CacheReading, Cause> {
        let target = redis_url::parse(&format!("rediss://localhost:{port}")).unwrap();
        once(RedisTarget { ca_file, ..target }).await
    }

    #[tokio::test]
    async fn trusted_unknown_and_not_tls() {
        let (server, files, port) = server("localhost", None, false);
        assert!(read(port, Some(files.ca.clone())).await.is_ok());
        let unknown = read(port, None).await.unwrap_err();
        assert!(
            matches!(&unknown, Cause::CertificateUnknownIssuer { issuer } if issuer.as_str().contains("Test Authority")),
            "{unknown}"
        );
        // To a plain port the handshake is half a command: Redis waits for the rest of it.
        let plain = redis_url::parse(&format!("rediss://localhost:{}", server.port)).unwrap();
        let after = Duration::from_millis(300);
        let plain =
            RedisSource::new(RedisTarget { ca_file: Some(files.ca.clone()), ..plain }, vec![]).read(after).await;
        assert_eq!(plain, Err(Cause::Timeout { phase: Phase::Tls, after }));
        let missing = read(port, Some(files.folder.path().join("none.pem"))).await.unwrap_err();
        assert!(matches!(missing, Cause::Misconfigured(_)), "{missing}");
    }

    #[tokio::test]
    async fn each_refusal_in_its_own_words() {
        let (_server, files, port) = server("elsewhere.example", None, false);
        assert_eq!(read(port, Some(files.ca)).await, Err(Cause::CertificateWrongHost { wanted: "localhost".into() }));
        let (_server, files, port) = server("localhost", Some(2021), false);
        let expired = read(port, Some(files.ca)).await.unwrap_err();
        assert!(matches!(expired, Cause::CertificateExpired { days_ago } if days_ago > 1000), "{expired}");
        let (_server, _files, port) = server("localhost", None, true);
        assert_eq!(read(port, None).await, Err(Cause::CertificateSelfSigned));
    }
}
