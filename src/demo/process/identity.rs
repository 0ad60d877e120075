//! Which process a number means: a pid together with the moment its process began.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

/// A process, and not whoever gets its number later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessIdentity {
    /// The process id.
    pub pid: i32,
    /// Start time in clock ticks since boot.
    pub started: u64,
}

impl ProcessIdentity {
    /// The process that has this id now; none if it is gone or only waits to be reaped.
    pub fn of(pid: i32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in parentheses may hold anything; the fields begin behind the last parenthesis.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut fields = fields.split_ascii_whitespace();
        if matches!(fields.next()?, "Z" | "X") {
            return None;
        }
        Some(Self { pid, started: fields.nth(18)?.parse().ok()? })
    }

    /// Whether this very process lives.
    pub fn lives(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    /// Sends a signal if this very process lives.
    pub fn signal(self, signal: Signal) {
        if let (true, Some(pid)) = (self.lives(), Pid::from_raw(self.pid)) {
            // A process that ended in between is what was wanted.
            let _ = kill_process(pid, signal);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_not_a_process() {
        let own = ProcessIdentity::of(std::process::id() as i32).unwrap();
        assert!(own.lives());
        assert!(!ProcessIdentity { started: own.started + 1, ..own }.lives());
    }

    #[test]
    fn a_process_that_ended_is_gone_before_it_is_reaped() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id() as i32;
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while ProcessIdentity::of(pid).is_some() {
            assert!(std::time::Instant::now() < deadline);
            std::thread::yield_now();
        }
        child.wait().unwrap();
    }
}
