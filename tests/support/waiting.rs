//! What tests of other programs share: waiting for what is about to happen, and saying what this machine cannot run.

#[path = "skipped.rs"]
mod saying;

use std::time::{Duration, Instant};

#[allow(unused_imports, reason = "each test file uses its part")]
pub use saying::{not_to_be_had, skipped};

/// What only a failed test waits for.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Words of an argument list.
pub fn words(argv: &[&str]) -> Vec<String> {
    argv.iter().map(|word| (*word).to_owned()).collect()
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
