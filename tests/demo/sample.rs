//! A running sample for a test, and how to look at it from outside.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use quarterdeck::demo::DemoAddresses;
use serde_json::Value;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_quarterdeck");

/// Two samples at once are enough for a small machine.
static ROOM: [Mutex<()>; 2] = [Mutex::new(()), Mutex::new(())];
static NEXT: AtomicUsize = AtomicUsize::new(0);

pub fn room() -> MutexGuard<'static, ()> {
    let mine = &ROOM[NEXT.fetch_add(1, Ordering::Relaxed) % ROOM.len()];
    mine.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Looks until it is so; panics with `what` when it is not so in time.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(180);
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "not in time: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

pub struct Sample {
    pub child: Child,
    pub lifeline: Option<ChildStdin>,
    pub at: DemoAddresses,
    _room: MutexGuard<'static, ()>,
}

impl Sample {
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_in(&std::env::temp_dir(), arguments)
    }

    /// Started in a temporary folder of its own, where no other sample sweeps.
    pub fn start_in(base: &Path, arguments: &[&str]) -> Self {
        let room = room();
        let mut command = Command::new(PROGRAM);
        command.env("TMPDIR", base);
        command.args(["demo", "--serve-only", "--lifeline"]).args(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let at = addresses(child.stdout.take().unwrap());
        Self { lifeline: child.stdin.take(), child, at, _room: room }
    }

    /// Started, seeded, and under load.
    pub fn ready(arguments: &[&str]) -> Self {
        let sample = Self::start(arguments);
        until("the API is healthy and its cache is warm", || {
            let (code, _) = sample.get("/health/deep")?;
            let (_, stats) = sample.get("/api/v1/cache/stats")?;
            (code == 200 && stats["cache_stats"]["hits"].as_u64()? > 0).then_some(())
        });
        sample
    }

    pub fn get(&self, path: &str) -> Option<(u16, Value)> {
        ask("GET", &self.at.api_url, path)
    }

    pub fn post(&self, path: &str) -> (u16, Value) {
        ask("POST", &self.at.api_url, path).expect("the API answers")
    }

    /// A figure without labels of the API's metrics page.
    pub fn figure(&self, name: &str) -> Option<f64> {
        let page = page(&self.at.api_url, "/metrics")?;
        page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    }

    /// What the process manager answers to a verb.
    pub fn manage(&self, verb: &str, service: &str) -> Value {
        let [program, first @ ..] = self.at.manager.as_slice() else { panic!("no manager") };
        let said = Command::new(program).args(first).args([verb, service]).output().unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        serde_json::from_slice(&said.stdout).unwrap()
    }

    pub fn database(&self) -> Database {
        Database::open(self.at.database_url.as_deref().expect("PostgreSQL is installed"))
    }

    pub fn signal(&self, name: &str) {
        signal(self.at.pid, name);
    }
}

impl Drop for Sample {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.child.try_wait().is_ok_and(|ended| ended.is_none()) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn addresses(stdout: impl Read) -> DemoAddresses {
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    DemoAddresses::from_line(&line).unwrap()
}

pub fn signal(pid: u32, name: &str) {
    assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
}

/// One session of the operator.
pub struct Database {
    runtime: tokio::runtime::Runtime,
    client: tokio_postgres::Client,
}

impl Database {
    pub fn open(url: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = until("the operator logs in", || {
            let mut config: tokio_postgres::Config = url.parse().unwrap();
            config.application_name("operator").connect_timeout(Duration::from_secs(5));
            let (client, connection) = runtime.block_on(config.connect(tokio_postgres::NoTls)).ok()?;
            runtime.spawn(connection);
            Some(client)
        });
        Self { runtime, client }
    }

    pub fn number(&self, sql: &str) -> i64 {
        self.runtime.block_on(self.client.query_one(sql, &[])).unwrap().get(0)
    }

    pub fn rows(&self, sql: &str) -> Vec<String> {
        let rows = self.runtime.block_on(self.client.query(sql, &[])).unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

/// The answer to a request: its status and its JSON.
pub fn ask(method: &str, origin: &str, path: &str) -> Option<(u16, Value)> {
    let (status, body) = exchange(method, origin, path)?;
    Some((status, serde_json::from_str(&body).ok()?))
}

pub fn page(origin: &str, path: &str) -> Option<String> {
    exchange("GET", origin, path).map(|(_, body)| body)
}

fn exchange(method: &str, origin: &str, path: &str) -> Option<(u16, String)> {
    let host = origin.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split_ascii_whitespace().nth(1)?.parse().ok()?, body.to_owned()))
}

/// A process: its number and when it began, its parent, its command line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Process {
    pub pid: u32,
    started: String,
    parent: u32,
    pub command: String,
}

impl Process {
    pub fn of(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        if fields[0] == "Z" {
            return None;
        }
        let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        Some(Self { pid, started: fields[19].to_owned(), parent: fields[1].parse().ok()?, command })
    }

    pub fn lives(&self) -> bool {
        Self::of(self.pid).is_some_and(|now| now.started == self.started)
    }
}

/// A process and all that descend from it.
pub fn family(root: u32) -> Vec<Process> {
    let all: Vec<Process> = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| Process::of(entry.file_name().to_str()?.parse().ok()?))
        .collect();
    let mut known = BTreeSet::from([root]);
    loop {
        let before = known.len();
        known.extend(
            all.iter().filter(|process| known.contains(&process.parent)).map(|process| process.pid).collect::<Vec<_>>(),
        );
        if known.len() == before {
            return all.into_iter().filter(|process| known.contains(&process.pid)).collect();
        }
    }
}

/// Waits until none of them lives, and the folder is gone where that is expected.
pub fn gone(family: &[Process], folder: Option<&Path>) {
    until(&format!("all are gone: {family:?} {folder:?}"), || {
        let none = !family.iter().any(Process::lives);
        (none && folder.is_none_or(|folder| !folder.exists())).then_some(())
    });
}
