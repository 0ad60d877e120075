//! Answers of a person where there is no screen: lines typed on the terminal, heard only after the question was asked.

use std::io::{BufRead as _, IsTerminal as _};
use std::sync::mpsc::{Receiver, sync_channel};

use rustix::termios::{QueueSelector, tcflush};

/// Lines that wait at most.
const WAITING: usize = 16;
/// Longest line, in bytes.
const LONGEST: usize = 1000;

/// Whoever sits at the terminal, if anybody does.
pub struct Person {
    lines: Option<Receiver<String>>,
}

impl Person {
    /// Nobody is listened to yet.
    #[must_use]
    pub fn new() -> Person {
        Person { lines: None }
    }

    /// Whether there is anybody who could answer.
    #[must_use]
    pub fn is_there() -> bool {
        std::io::stdin().is_terminal()
    }

    /// Begins to listen: what was typed before the question was not meant for it.
    pub fn listen(&mut self) {
        let _ = tcflush(std::io::stdin(), QueueSelector::IFlush);
        match &self.lines {
            Some(lines) => while lines.try_recv().is_ok() {},
            None => self.lines = begin(),
        }
    }

    /// A line that was typed since.
    pub fn line(&mut self) -> Option<String> {
        self.lines.as_ref()?.try_recv().ok()
    }
}

/// A thread of its own, since a terminal is read until somebody types. It goes with the program.
fn begin() -> Option<Receiver<String>> {
    let (heard, lines) = sync_channel(WAITING);
    let read = move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(mut line) = line else { return };
            line.truncate(line.floor_char_boundary(LONGEST));
            if heard.send(line).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new().name("answers".to_owned()).spawn(read).ok().map(|_detached| lines)
}
