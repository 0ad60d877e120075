//! Steps that change something: real programs, a real sshd, a real systemd, whatever containers there are.

mod commands;
mod containers;
mod lab;
mod managers;
mod quoting;
mod sshd;
mod systemd;
mod terminal;

use std::time::{Duration, Instant};

use quarterdeck::remediation::command::CommandStep;
use quarterdeck::remediation::place::Place;

/// What only a failed test waits for.
pub const DEADLINE: Duration = Duration::from_secs(30);

pub fn words(argv: &[&str]) -> Vec<String> {
    argv.iter().map(|word| (*word).to_owned()).collect()
}

pub fn local(argv: &[&str]) -> CommandStep {
    CommandStep { argv: words(argv), place: Place::Local, become_argv: None, expected_exit: Vec::new() }
}

pub fn shell(script: &str, arguments: &[&str]) -> CommandStep {
    local(&[&["sh", "-c", script, "sh"], arguments].concat())
}

/// What this machine cannot run is said beside the harness, which keeps the output of tests that pass to itself.
pub fn skipped(what: &str, why: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "SKIPPED {what}: {why}");
}

/// Waits for something that is about to happen.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a process runs; a dead one that nobody has reaped yet does not.
pub fn runs(pid: i32) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    state.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// The process ids that a script wrote, one a line, once there are `count`.
pub fn written(file: &std::path::Path, count: usize) -> Vec<i32> {
    until("process ids in a file", || {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let pids: Vec<i32> = text.lines().filter_map(|line| line.parse().ok()).collect();
        (pids.len() >= count && text.ends_with('\n')).then_some(pids)
    })
}
