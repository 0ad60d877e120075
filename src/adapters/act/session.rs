//! A child in a session of its own: it has no controlling terminal, so that no prompt of sudo, ssh or polkit can reach the
//! screen or take keys, and it can be ended with everything it started.

use std::ffi::OsString;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use std::{fs, io};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::domain::{Cause, Safe};

/// Between asking to end and ending by force.
const TO_END: Duration = Duration::from_secs(2);
/// Where sudo looks for programs, as distributions set it.
const SECURE_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// How long a killed child is waited for.
const TO_DIE: Duration = Duration::from_millis(200);

/// Starts `argv` with exactly these variables. `setsid` becomes the program itself: the child is never the leader of our
/// group, so it makes a session and a group with its own number and then executes.
pub fn start(argv: &[String], variables: &[(OsString, OsString)]) -> Result<(Child, Session), Cause> {
    let child = detached(argv, variables, Stdio::null(), Stdio::piped(), Stdio::piped())?;
    let leader = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    Ok((child, Session { leader }))
}

/// A child in a session of its own, with these at its three ends.
pub fn detached(
    argv: &[String],
    variables: &[(OsString, OsString)],
    input: Stdio,
    output: Stdio,
    errors: Stdio,
) -> Result<Child, Cause> {
    let path = variables.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone()).unwrap_or_default();
    let program = argv.first().map(String::as_str).unwrap_or_default();
    let program = find(program, &path)?;
    let mut command = Command::new(find("setsid", &path)?);
    command.arg("--").arg(program).args(argv.iter().skip(1)).env_clear().envs(variables.iter().cloned());
    command.stdin(input).stdout(output).stderr(errors).kill_on_drop(true);
    command.spawn().map_err(|e| Cause::CommandFailed { code: None, said: Safe::of(e.to_string()) })
}

/// The program's file, found as the system would: a missing program is told from one that failed.
fn find(program: &str, path: &OsString) -> Result<PathBuf, Cause> {
    if program.contains('/') {
        return executable(Path::new(program)).map(|()| program.into());
    }
    let mut worst = Cause::CommandMissing(Safe::of(program));
    for folder in std::env::split_paths(path).filter(|folder| folder.is_absolute()) {
        let file = folder.join(program);
        match executable(&file) {
            Ok(()) => return Ok(file),
            Err(denied @ Cause::PermissionDenied(_)) => worst = denied,
            Err(_) => {}
        }
    }
    Err(worst)
}

/// The file that sudo runs by a bare name, out of the folders that it looks into unless it is told otherwise; none where
/// somebody else than root could put another in its place.
pub fn of_root(program: &str) -> Option<String> {
    let found = SECURE_PATH.split(':').map(Path::new).find(|folder| executable(&folder.join(program)).is_ok())?;
    let file = found.join(program);
    let is_roots = |path: &Path| fs::metadata(path).is_ok_and(|at| at.uid() == 0 && at.mode() & 0o022 == 0);
    (is_roots(found) && is_roots(&file)).then(|| file.to_str().map(str::to_owned)).flatten()
}

fn executable(file: &Path) -> Result<(), Cause> {
    let named = || Safe::of(file.display().to_string());
    match fs::metadata(file) {
        Ok(found) if found.is_file() && found.permissions().mode() & 0o111 != 0 => Ok(()),
        Ok(_) => Err(Cause::PermissionDenied(named())),
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => Err(Cause::PermissionDenied(named())),
        Err(_) => Err(Cause::CommandMissing(named())),
    }
}

/// The session of a child that is still to be ended. Its number is the child's own, which nobody else is given while
/// anything lives in the group or the child is not reaped.
pub struct Session {
    leader: Option<Pid>,
}

impl Session {
    /// The child ended by itself: what it left running on purpose is left alone.
    pub fn release(&mut self) {
        self.leader = None;
    }

    /// Asks the child and all it started to end, and ends them by force if they do not. `meanwhile` goes on meanwhile.
    pub async fn end(mut self, child: &mut Child, meanwhile: impl Future<Output = ()>) {
        self.signal(Signal::TERM);
        tokio::select! {
            _gone = timeout(TO_END, child.wait()) => {}
            () = async { meanwhile.await; std::future::pending().await } => {}
        }
        self.signal(Signal::KILL);
        self.leader = None;
        // A child of another user (sudo) cannot be ended by us; it is not waited for.
        let _ = child.start_kill();
        let _ = timeout(TO_DIE, child.wait()).await;
    }

    fn signal(&self, signal: Signal) {
        if let Some(leader) = self.leader {
            // Nobody there: it has not made its session yet, or is gone. The child itself is ended through its handle.
            let _ = kill_process_group(leader, signal);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}
