//! Throwaway servers of the field on free loopback ports, each with a folder of its own; all of it is gone when it is dropped,
//! also when the test panics.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use quarterdeck::config::resolved::{EndpointSpec, EngineSpec};
use quarterdeck::domain::target::Environment;
use tempfile::TempDir;

/// Longest wait for a server, on a machine that is busy with other tests.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running server.
pub struct Server {
    pub port: u16,
    child: Child,
    log: Receiver<String>,
    /// What it said last, for who wants to know why it ended.
    said: Vec<String>,
    /// As it was started, and what it says when it serves.
    command: Command,
    ready: String,
    _folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Server {
    /// Starts a program and waits until its log says that it serves.
    fn start(folder: TempDir, port: u16, mut command: Command, ready: &str) -> Result<Server, String> {
        let (child, log) = Server::spawned(&mut command)?;
        let ready = ready.to_owned();
        let mut server = Server { port, child, log, said: Vec::new(), command, ready, _folder: folder };
        if server.serves() { Ok(server) } else { Err(server.said.join("\n")) }
    }

    fn serves(&mut self) -> bool {
        let ready = self.ready.clone();
        self.wait_for(&ready)
    }

    /// Ends it, at once; what it has stays.
    pub fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it as it was, on the same port with what it had.
    pub fn start_again(&mut self) {
        (self.child, self.log) = Server::spawned(&mut self.command).unwrap();
        assert!(self.serves(), "{}", self.said.join("\n"));
    }

    fn spawned(command: &mut Command) -> Result<(Child, Receiver<String>), String> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = child.map_err(|why| why.to_string())?;
        let stderr = child.stderr.take().expect("stderr is piped");
        let (told, log) = channel();
        // Ends with the server: nobody else holds the other end of the pipe.
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _nobody_listens = told.send(line);
            }
        });
        Ok((child, log))
    }

    fn wait_for(&mut self, words: &str) -> bool {
        let until = Instant::now() + PATIENCE;
        while let Ok(line) = self.log.recv_timeout(until.saturating_duration_since(Instant::now())) {
            let found = line.contains(words);
            self.said.push(line);
            if found {
                return true;
            }
        }
        false
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// As the configuration names it.
    pub fn spec(&self) -> EngineSpec {
        let request =
            EndpointSpec { url: self.url().parse().unwrap(), headers: Vec::new(), bearer: None, ca_file: None };
        let interval = Duration::from_secs(1);
        EngineSpec { request, interval, deadline: PATIENCE, environment: Environment::Local, on_loopback: true }
    }
}

/// A port that was free a moment ago; somebody else may take it before it is used.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn again<T>(what: &str, mut start: impl FnMut(u16) -> Result<T, String>) -> T {
    let mut said = String::new();
    for _ in 0..5 {
        match start(free_port()) {
            Ok(server) => return server,
            Err(why) => said = why,
        }
    }
    panic!("{what} does not start: {said}")
}

/// A Prometheus over this configuration and these rules files; `data` are blocks that it finds.
pub fn prometheus(config: &str, rules: &[(&str, &str)], data: Option<&Path>) -> Server {
    prometheus_with(config, rules, data, &[])
}

/// The same with more arguments, and files that they name.
pub fn prometheus_with(config: &str, rules: &[(&str, &str)], data: Option<&Path>, more: &[&str]) -> Server {
    again("prometheus", |port| {
        let folder = TempDir::with_prefix("quarterdeck-prometheus-").expect("a folder for prometheus");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("prometheus.yml"), config).unwrap();
        for (name, text) in rules {
            std::fs::write(at(name), text).unwrap();
        }
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", at("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", data.map_or_else(|| at("data"), Path::to_path_buf).display()))
            .arg("--storage.tsdb.retention.time=100y")
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .args(more)
            .current_dir(folder.path());
        Server::start(folder, port, command, "Server is ready to receive web requests")
    })
}

/// Debian calls it otherwise than everybody else.
fn alertmanager_program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let programs = ["prometheus-alertmanager", "alertmanager"];
    std::env::split_paths(&path).flat_map(|folder| programs.map(|name| folder.join(name))).find(|file| file.is_file())
}

/// An Alertmanager that tells nobody anything.
pub fn alertmanager() -> Server {
    let program = alertmanager_program().expect("install the package prometheus-alertmanager");
    again("alertmanager", |port| {
        let folder = TempDir::with_prefix("quarterdeck-alertmanager-").expect("a folder for alertmanager");
        let file = folder.path().join("alertmanager.yml");
        std::fs::write(&file, "route: {receiver: nobody, group_wait: 0s}\nreceivers: [{name: nobody}]\n").unwrap();
        let mut command = Command::new(&program);
        command
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--cluster.listen-address=")
            .current_dir(folder.path());
        Server::start(folder, port, command, "Listening on")
    })
}

/// Whether the servers are there; where they are not that is said.
pub fn are_there(what: &str) -> bool {
    let known = |name: &str| {
        std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|at| at.join(name).is_file()))
    };
    let missing = if !known("prometheus") || !known("promtool") {
        "prometheus is not installed"
    } else if alertmanager_program().is_none() {
        "alertmanager is not installed"
    } else {
        return true;
    };
    crate::skipped::skipped(what, missing);
    false
}
