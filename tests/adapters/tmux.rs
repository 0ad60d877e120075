//! Clients of a real tmux, and of a socket behind which nobody answers.

use std::ffi::OsString;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use quarterdeck::adapters::tmux::clients;

const DEADLINE: Duration = Duration::from_secs(10);

/// A server that ends with the test.
struct Server {
    socket: tempfile::TempDir,
}

impl Server {
    fn path(&self) -> std::path::PathBuf {
        self.socket.path().join("s")
    }

    fn tmux(&self, arguments: &[&str]) -> std::io::Result<bool> {
        let mut command = Command::new("tmux");
        command.env_remove("TMUX").args(["-f", "/dev/null", "-S"]).arg(self.path()).args(arguments);
        command.stderr(std::process::Stdio::null()).status().map(|status| status.success())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.tmux(&["kill-server"]);
    }
}

fn variable(socket: &Path, session: u32) -> OsString {
    let mut text = socket.as_os_str().to_owned();
    text.push(format!(",1,{session}"));
    text
}

fn awaited(variable: &OsString, wanted: usize) {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let count = clients(Some(variable), DEADLINE);
        if count == Some(wanted) {
            return;
        }
        assert!(Instant::now() < until, "{count:?} clients, not {wanted}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn clients_are_counted() {
    let server = Server { socket: tempfile::tempdir().unwrap() };
    match server.tmux(&["new-session", "-d", "-s", "ops", "sleep 60"]) {
        Ok(true) => {}
        other => {
            return crate::act::skipped("clients of tmux", &format!("tmux does not start here: {other:?}"));
        }
    }
    let ours = variable(&server.path(), 0);
    assert_eq!(clients(Some(&ours), DEADLINE), Some(0), "nobody is attached");
    let attach = || {
        let pty = native_pty_system().openpty(PtySize { rows: 24, cols: 80, ..PtySize::default() }).unwrap();
        let mut command = CommandBuilder::new("tmux");
        command.args(["-S", server.path().to_str().unwrap(), "attach", "-t", "ops"]);
        command.env("TERM", "xterm");
        command.env_remove("TMUX");
        (pty.slave.spawn_command(command).unwrap(), pty)
    };
    let first = attach();
    awaited(&ours, 1);
    let (mut second, _pty) = attach();
    awaited(&ours, 2);
    assert_eq!(clients(Some(&variable(&server.path(), 7)), DEADLINE), Some(0), "another session");
    second.kill().unwrap();
    second.wait().unwrap();
    awaited(&ours, 1);
    drop(first);
}

#[test]
fn what_cannot_be_known_is_none() {
    assert_eq!(clients(None, DEADLINE), Some(0), "no tmux, nobody else");
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(clients(Some(&variable(&folder.path().join("none"), 0)), DEADLINE), None);
    let silent = folder.path().join("silent");
    let _listens = UnixListener::bind(&silent).unwrap();
    assert_eq!(clients(Some(&variable(&silent, 0)), Duration::from_millis(300)), None);
}
