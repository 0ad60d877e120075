//! What is told while an action runs without a screen goes out on a thread of its own: a terminal that stands still holds up
//! no action and no record.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::domain::Safe;

/// Messages that wait at most; beyond that they are left out, and that is said at the end.
const WAITING: usize = 256;

/// What is told, and where to.
#[derive(Debug)]
pub enum Told {
    /// What was asked for: standard output.
    Answer(Vec<Safe>),
    /// What went wrong: standard error.
    Trouble(Vec<Safe>),
}

/// The near end.
pub struct Teller {
    messages: Option<SyncSender<Told>>,
    thread: JoinHandle<()>,
    left_out: usize,
}

impl Teller {
    /// Starts it; `print` may take as long as it wants.
    pub fn start(print: fn(&Told)) -> std::io::Result<Teller> {
        let (messages, waiting) = sync_channel(WAITING);
        let thread = std::thread::Builder::new().name("teller".to_owned()).spawn(move || tell(&waiting, print))?;
        Ok(Teller { messages: Some(messages), thread, left_out: 0 })
    }

    /// Tells it when its turn comes.
    pub fn tell(&mut self, told: Told) {
        let taken = self.messages.as_ref().is_some_and(|messages| messages.try_send(told).is_ok());
        self.left_out += usize::from(!taken);
    }

    /// Nothing comes any more.
    pub fn close(&mut self) {
        if self.left_out > 0 {
            let words = Safe::of(format!("{} messages were left out: nobody read them", self.left_out));
            self.tell(Told::Trouble(vec![words]));
        }
        self.messages = None;
    }

    /// Whether all was told.
    pub fn is_done(&self) -> bool {
        self.thread.is_finished()
    }
}

fn tell(waiting: &Receiver<Told>, print: fn(&Told)) {
    for told in waiting {
        print(&told);
    }
}
