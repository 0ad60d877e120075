//! A throwaway PostgreSQL cluster: loopback only, scram with a random password, no safety of data at all.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};
use tokio_postgres::{Config, NoTls};

use super::{
    super::{
        error::{DemoError, Doing},
        process::{self, Account, SharedKeeper},
    },
    is_program, on_path,
};

/// How long initdb may take, and the server until it answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// Settings for a server whose data nobody will miss: small, quiet, with what a dashboard wants to read.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=40",
    "shared_buffers=32MB",
    "dynamic_shared_memory_type=mmap",
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "min_wal_size=2MB",
    "max_wal_size=16MB",
    "max_parallel_workers=0",
    "max_parallel_workers_per_gather=0",
    "jit=off",
    "track_io_timing=on",
    "autovacuum_naptime=30s",
    "log_min_messages=fatal",
    "log_timezone=UTC",
    "timezone=UTC",
];

/// Where the server's programs are, where they are installed: beside `pg_config`, the newest packaged, on the path.
pub fn programs() -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    if let Some(pg_config) = on_path("pg_config") {
        let said = std::process::Command::new(pg_config).arg("--bindir").stderr(Stdio::null()).output();
        folders.extend(said.ok().map(|said| PathBuf::from(String::from_utf8_lossy(&said.stdout).trim())));
    }
    folders.extend(packaged());
    folders.extend(on_path("initdb").and_then(|program| program.parent().map(Path::to_path_buf)));
    folders.into_iter().find(|folder| is_program(&folder.join("initdb")) && is_program(&folder.join("postgres")))
}

fn packaged() -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for (base, prefix) in [("/usr/lib/postgresql", ""), ("/usr", "pgsql-"), ("/opt", "pgsql-")] {
        for entry in fs::read_dir(base).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let version = name.to_str().and_then(|name| name.strip_prefix(prefix)).and_then(|text| text.parse().ok());
            found.extend(version.map(|version| (version, entry.path().join("bin"))));
        }
    }
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, path)| path).collect()
}

/// A cluster to be.
#[derive(Debug)]
pub struct Cluster<'a> {
    /// Where `initdb` and `postgres` are.
    pub programs: &'a Path,
    /// The sample's folder.
    pub folder: &'a Path,
    /// Whom it runs as.
    pub account: Option<&'a Account>,
    /// Where it listens.
    pub port: u16,
    /// The password of `postgres`.
    pub password: &'a str,
    /// Who sees to its end.
    pub keeper: &'a SharedKeeper,
}

impl Cluster<'_> {
    fn data(&self) -> PathBuf {
        self.folder.join("pg").join("data")
    }

    /// How to log in as the superuser.
    pub fn superuser(&self, database: &str) -> Config {
        let mut config = Config::new();
        config.host("127.0.0.1").port(self.port).user("postgres").password(self.password).dbname(database);
        config.application_name("sample-setup").connect_timeout(Duration::from_secs(5));
        config
    }

    fn report(&self, child: &Child) -> Result<(), DemoError> {
        child.id().map_or(Ok(()), |pid| process::keeper(self.keeper).watch(pid))
    }

    /// Makes the cluster's files.
    pub async fn init(&self) -> Result<(), DemoError> {
        let secret = self.folder.join("pg").join("password");
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&secret);
        if let (Some(account), Ok(file)) = (self.account, &file) {
            std::os::unix::fs::fchown(file, Some(account.uid), Some(account.gid)).doing("hand over a file")?;
        }
        let file = file.as_mut().map_err(|error| DemoError::new(format!("cannot write for initdb: {error}")))?;
        file.write_all(self.password.as_bytes()).doing("write for initdb")?;
        let mut command = process::server(self.account, "KILL", &self.programs.join("initdb"));
        command.arg("-D").arg(self.data()).arg("--pwfile").arg(&secret);
        command.args(["-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "-N", "--wal-segsize=1"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = Command::from(command).kill_on_drop(true).spawn().doing("start initdb")?;
        self.report(&child)?;
        let ended = timeout(PATIENCE, child.wait_with_output()).await.doing("make a cluster in 60 s")?;
        let ended = ended.doing("make a cluster")?;
        // The cluster knows the password from now on.
        let _ = fs::remove_file(&secret);
        if ended.status.success() {
            return Ok(());
        }
        Err(DemoError::new(format!("initdb failed: {}", last_line(&String::from_utf8_lossy(&ended.stderr)))))
    }

    /// Starts the server; without pg_stat_statements where that is not installed.
    pub async fn start(&self) -> Result<Child, DemoError> {
        match self.attempt(true).await {
            Err(error) if error.to_string().contains("pg_stat_statements") => self.attempt(false).await,
            outcome => outcome,
        }
    }

    async fn attempt(&self, statements: bool) -> Result<Child, DemoError> {
        // QUIT: at once, without a last checkpoint, taking its processes and its shared memory along.
        let mut command = process::server(self.account, "QUIT", &self.programs.join("postgres"));
        command.arg("-D").arg(self.data()).arg("-c").arg(format!("port={}", self.port));
        if statements {
            command.args(["-c", "shared_preload_libraries=pg_stat_statements", "-c", "pg_stat_statements.max=500"]);
        }
        for setting in SETTINGS {
            command.arg("-c").arg(setting);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = Command::from(command).spawn().doing("start postgres")?;
        self.report(&child)?;
        let mut said = child.stderr.take().map(|pipe| BufReader::new(pipe).lines());
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = child.try_wait().doing("watch postgres")? {
                let mut words = String::new();
                while let Ok(Ok(Some(line))) = timeout(Duration::from_secs(1), next_line(&mut said)).await {
                    words = format!("{words}{line}\n");
                }
                return Err(DemoError::new(format!("postgres ended ({status}): {}", last_line(&words))));
            }
            if let Ok(Ok(_)) = timeout(Duration::from_secs(5), self.superuser("postgres").connect(NoTls)).await {
                tokio::spawn(async move { while let Ok(Some(_)) = next_line(&mut said).await {} });
                return Ok(child);
            }
            if Instant::now() >= deadline {
                stop(&mut child).await;
                return Err(DemoError::new("postgres did not answer within 60 s"));
            }
            sleep(Duration::from_millis(20)).await;
        }
    }
}

type Said = Option<tokio::io::Lines<BufReader<tokio::process::ChildStderr>>>;

async fn next_line(said: &mut Said) -> std::io::Result<Option<String>> {
    match said {
        Some(lines) => lines.next_line().await,
        None => Ok(None),
    }
}

fn last_line(words: &str) -> &str {
    words.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing")
}

/// Ends the server at once and in its own way, so that it takes its processes and shared memory along.
pub async fn stop(child: &mut Child) {
    if let Some(pid) = child.id().and_then(|pid| Pid::from_raw(pid as i32)) {
        // Not reaped yet, so the number is still its own.
        let _ = kill_process(pid, Signal::QUIT);
    }
    if timeout(Duration::from_secs(6), child.wait()).await.is_err() {
        let _ = child.kill().await;
    }
}
