//! A throwaway redis-server on a free loopback port with a folder of its own; both are gone when it is dropped, also
//! when the test panics. Where Redis is not installed the test fails and names the package.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Longest wait for a server, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);
const READY: &str = "Ready to accept connections";

/// A running server.
pub struct RedisServer {
    /// Its port on 127.0.0.1.
    pub port: u16,
    folder: TempDir,
    options: Vec<String>,
    running: Option<Running>,
}

struct Running {
    child: Child,
    log: Receiver<String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl RedisServer {
    /// Starts a server with options such as `["--maxmemory", "1mb"]` and waits until it serves.
    pub fn start(options: &[&str]) -> RedisServer {
        let options: Vec<String> = options.iter().map(|o| (*o).to_owned()).collect();
        // Between finding a free port and using it somebody else may take it.
        for _ in 0..5 {
            let folder = TempDir::with_prefix("quarterdeck-redis-").expect("a folder for redis-server");
            let mut server = RedisServer { port: free_port(), folder, options: options.clone(), running: None };
            server.spawn(&[]);
            if server.wait_for(READY) {
                return server;
            }
        }
        panic!("redis-server does not start with {options:?}");
    }

    /// The socket that it listens on too.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    /// Kills the server and waits until it is gone.
    pub fn stop(&mut self) {
        self.running = None;
    }

    /// Starts a stopped server again, on the same port and folder, without waiting.
    pub fn spawn(&mut self, more: &[&str]) {
        let mut child = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--daemonize", "no"])
            .args(["--save", "", "--appendonly", "no", "--logfile", "", "--loglevel", "notice"])
            .args([
                "--dir".as_ref(),
                self.folder.path().as_os_str(),
                "--unixsocket".as_ref(),
                self.socket().as_os_str(),
            ])
            .args(&self.options)
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("redis-server cannot be run ({e}): install the package redis-server"));
        let stdout = child.stdout.take().expect("stdout is piped");
        let (told, log) = channel();
        // Ends with the server: nobody else holds the other end of the pipe.
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _nobody_listens = told.send(line);
            }
        });
        self.running = Some(Running { child, log });
    }

    /// Waits for a line of the server's log that holds `words`; false when the server ended or took too long.
    pub fn wait_for(&mut self, words: &str) -> bool {
        let Some(running) = &self.running else { return false };
        let until = Instant::now() + PATIENCE;
        while let Ok(line) = running.log.recv_timeout(until.saturating_duration_since(Instant::now())) {
            if line.contains(words) {
                return true;
            }
        }
        false
    }

    /// Kills the server, starts it again and waits until it serves.
    pub fn restart(&mut self) {
        self.stop();
        self.spawn(&[]);
        assert!(self.wait_for(READY), "redis-server does not start again");
    }

    /// Sends one command on a connection of its own and returns the answer without its type and line end; nil is empty,
    /// an error keeps its minus, of a list only the first line is returned.
    pub fn ask(&self, argv: &[&str]) -> String {
        self.ask_all(&[argv])
    }

    /// Sends several commands on one connection and returns the last answer.
    pub fn ask_all(&self, commands: &[&[&str]]) -> String {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("redis-server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        let mut reader = BufReader::new(stream);
        let mut last = String::new();
        for argv in commands {
            let mut out = format!("*{}\r\n", argv.len());
            for argument in *argv {
                out.push_str(&format!("${}\r\n{argument}\r\n", argument.len()));
            }
            reader.get_mut().write_all(out.as_bytes()).expect("redis-server takes a command");
            last = answer(&mut reader);
        }
        last
    }
}

fn answer(reader: &mut impl BufRead) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).expect("redis-server answers");
    let line = line.trim_end().to_owned();
    let Some(length) = line.strip_prefix('$') else {
        return line.trim_start_matches(['+', ':']).to_owned();
    };
    let Ok(length) = length.parse::<usize>() else { return String::new() };
    let mut body = vec![0; length + 2];
    reader.read_exact(&mut body).expect("redis-server answers in full");
    body.truncate(length);
    String::from_utf8_lossy(&body).into_owned()
}

/// A port of 127.0.0.1 that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}
