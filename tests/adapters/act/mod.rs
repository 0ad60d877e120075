//! Steps that change something: real programs, a real sshd, a real systemd, whatever containers there are.

mod commands;
mod containers;
#[path = "../../support/systemd_lab.rs"]
mod lab;
mod managers;
mod quoting;
mod sshd;
#[path = "../../support/sshd.rs"]
#[allow(dead_code, reason = "shared with the tests of the program")]
mod sshd_server;
mod systemd;
mod terminal;
#[path = "../../support/waiting.rs"]
mod waiting;

use quarterdeck::remediation::command::CommandStep;
use quarterdeck::remediation::place::Place;

pub use waiting::{DEADLINE, runs, skipped, until, words};

pub fn local(argv: &[&str]) -> CommandStep {
    CommandStep { argv: words(argv), place: Place::Local, become_argv: None, expected_exit: Vec::new(), reads: false }
}

pub fn shell(script: &str, arguments: &[&str]) -> CommandStep {
    local(&[&["sh", "-c", script, "sh"], arguments].concat())
}

/// The process ids that a script wrote, one a line, once there are `count`.
pub fn written(file: &std::path::Path, count: usize) -> Vec<i32> {
    until("process ids in a file", || {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let pids: Vec<i32> = text.lines().filter_map(|line| line.parse().ok()).collect();
        (pids.len() >= count && text.ends_with('\n')).then_some(pids)
    })
}
