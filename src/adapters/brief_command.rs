//! Asks a program of the system one short question: argv, no shell, a minimal environment, an end by the deadline. It holds
//! up the thread that calls it. Signals' programs, which take longer, are run by `command`.

use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};

/// An answer that is longer is none.
const LONGEST: usize = 64 * 1024;
/// After the answer: how often it is looked whether the program has ended.
const LOOK: Duration = Duration::from_millis(2);

/// What the program prints, if it ends well in time.
pub(super) fn ask(program: &OsStr, arguments: &[&OsStr], deadline: Duration) -> Option<Vec<u8>> {
    let until = Instant::now() + deadline;
    let mut command = Command::new(program);
    command.args(arguments).env_clear().env("LANG", "C").process_group(0);
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut running = Running { child: command.spawn().ok()?, ended: false };
    let said = running.listen(until)?;
    running.ends_well(until).then_some(said)
}

/// A child that does not outlive the question.
struct Running {
    child: Child,
    ended: bool,
}

impl Running {
    fn listen(&mut self, until: Instant) -> Option<Vec<u8>> {
        let mut pipe = self.child.stdout.take()?;
        let mut said = Vec::new();
        let mut piece = [0u8; 4096];
        loop {
            let left = Timespec::try_from(until.checked_duration_since(Instant::now())?).ok()?;
            match poll(&mut [PollFd::new(&pipe, PollFlags::IN)], Some(&left)) {
                Ok(0) => return None,
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => return None,
                Ok(_) => {}
            }
            let count = pipe.read(&mut piece).ok()?;
            said.extend_from_slice(piece.get(..count)?);
            match count {
                0 => return Some(said),
                _ if said.len() > LONGEST => return None,
                _ => {}
            }
        }
    }

    fn ends_well(&mut self, until: Instant) -> bool {
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => {
                    self.ended = true;
                    return status.success();
                }
                Ok(None) if Instant::now() < until => std::thread::sleep(LOOK),
                _ => return false,
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _nobody_left = kill_process_group(group, Signal::KILL);
        }
        let _reaped = self.child.wait();
    }
}
