//! Standard input as a lifeline: lines until whoever holds the other end is gone, however it went.

use std::{io::BufRead, thread};

use tokio::sync::mpsc;

/// The lines of standard input; the channel closes when the other end does. A thread reads, since a blocked read of
/// standard input could not be given up when the process wants to end.
pub fn lines() -> mpsc::Receiver<String> {
    let (to, from) = mpsc::channel(16);
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            if line.ok().is_none_or(|line| to.blocking_send(line).is_err()) {
                return;
            }
        }
    });
    from
}
