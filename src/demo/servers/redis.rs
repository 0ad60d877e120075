//! A throwaway redis-server: loopback, 64 MiB, nothing on disk, a random password.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::{Child, Command};

use super::{
    super::{
        error::{DemoError, Doing},
        process::{self, Account},
    },
    on_path,
};

/// The server's program, where it is installed.
pub fn program() -> Option<PathBuf> {
    on_path("redis-server").or_else(|| on_path("valkey-server"))
}

/// Starts it; it listens within a moment.
pub fn start(
    program: &Path,
    folder: &Path,
    account: Option<&Account>,
    port: u16,
    password: &str,
) -> Result<Child, DemoError> {
    let settings = format!(
        "bind 127.0.0.1\nport {port}\nrequirepass {password}\nmaxmemory 64mb\nmaxmemory-policy allkeys-lru\n\
         save \"\"\nappendonly no\ndaemonize no\nlogfile \"\"\nloglevel warning\ndir {}\ndatabases 1\n",
        folder.join("redis").display()
    );
    let mut command = process::server(account, "KILL", program);
    // `-` reads the settings from standard input, so that the password stands neither on disk nor in a process list.
    command.arg("-").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut command = Command::from(command);
    let mut child = command.kill_on_drop(true).spawn().doing("start redis-server")?;
    let pipe = child.stdin.take().ok_or_else(|| DemoError::new("redis-server has no standard input"))?;
    // A few hundred bytes always fit into the pipe.
    let pipe = pipe.into_owned_fd().doing("hand redis-server its settings")?;
    std::fs::File::from(pipe).write_all(settings.as_bytes()).doing("hand redis-server its settings")?;
    Ok(child)
}
