//! The way out has an end: when letting go of what is watched hangs, the program ends all the same.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// Letting go takes a few milliseconds; with the restoring of the terminal before it, this keeps the end within 2 s.
const LETTING_GO: Duration = Duration::from_secs(1);

/// The deadline. Dropping it means that letting go is done.
pub struct Deadline {
    _done: Option<SyncSender<()>>,
}

/// Starts it: after its time the program ends with this status, restored or not.
pub fn start(status: i32) -> Deadline {
    let (done, waits) = sync_channel::<()>(0);
    let thread = std::thread::Builder::new().name("deadline".to_owned()).spawn(move || {
        if waits.recv_timeout(LETTING_GO) == Err(RecvTimeoutError::Timeout) {
            std::process::exit(status);
        }
    });
    Deadline { _done: thread.is_ok().then_some(done) }
}
