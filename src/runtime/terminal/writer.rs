//! Writing to the terminal. A frame goes out at once as far as the terminal takes it without waiting, which is nearly
//! always whole; the thread here waits for the terminal to take the rest. At most one frame is in flight; while it is stuck
//! nothing is drawn, and nothing else waits for it.

use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use rustix::event::{PollFd, PollFlags, poll};

use super::modes;

/// The near end: writes what can be written now, hands the rest over, never waits.
pub struct Writer {
    tty: File,
    rests: SyncSender<Rest>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    busy: AtomicBool,
    gone: AtomicBool,
    bytes: AtomicU64,
}

/// What the terminal has not taken yet of a frame that was begun in this turn.
struct Rest {
    turn: u64,
    frame: Vec<u8>,
    taken: usize,
}

impl Writer {
    /// Starts the thread. `tty` must be open so that writing never waits. `finished` is called, on the thread, after
    /// each frame that was not taken whole at once.
    pub fn start(tty: File, finished: impl Fn() + Send + 'static) -> std::io::Result<Writer> {
        let (rests, inbox) = sync_channel::<Rest>(1);
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let own = tty.try_clone()?;
        std::thread::Builder::new().name("terminal-out".to_owned()).spawn(move || {
            for mut rest in inbox {
                theirs.end(deliver(&own, &mut rest).is_ok(), &rest);
                finished();
            }
        })?;
        Ok(Writer { tty, rests, shared })
    }

    /// Whether a frame is still on its way.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.shared.busy.load(Ordering::Acquire)
    }

    /// Whether the terminal refused a frame: it went away.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.shared.gone.load(Ordering::Acquire)
    }

    /// Bytes written since the start.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.shared.bytes.load(Ordering::Relaxed)
    }

    /// Sends a frame. Call only while not busy; `false` when it could not be taken.
    pub fn send(&self, frame: Vec<u8>) -> bool {
        self.shared.busy.store(true, Ordering::Release);
        let mut rest = Rest { turn: modes::begin_frame(), frame, taken: 0 };
        match push(&self.tty, &mut rest) {
            Err(e) if e.kind() == ErrorKind::WouldBlock => self.rests.try_send(rest).is_ok(),
            ended => {
                self.shared.end(ended.is_ok(), &rest);
                true
            }
        }
    }
}

impl Shared {
    /// A frame ended: it was taken, or the terminal went away.
    fn end(&self, delivered: bool, rest: &Rest) {
        modes::end_frame();
        if !delivered {
            self.gone.store(true, Ordering::Release);
        }
        self.bytes.fetch_add(rest.taken as u64, Ordering::Relaxed);
        self.busy.store(false, Ordering::Release);
    }
}

/// Writes a frame as the terminal takes it. Waiting happens between the writes, never in one.
fn deliver(tty: &File, rest: &mut Rest) -> std::io::Result<()> {
    loop {
        match push(tty, rest) {
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                let mut fds = [PollFd::from_borrowed_fd(tty.as_fd(), PollFlags::OUT)];
                match poll(&mut fds, None) {
                    Ok(_) | Err(rustix::io::Errno::INTR) => {}
                    Err(gone) => return Err(gone.into()),
                }
            }
            ended => return ended,
        }
    }
}

/// Writes what the terminal takes now; `WouldBlock` when something is left. A frame whose turn on the terminal is over is
/// dropped.
fn push(tty: &File, rest: &mut Rest) -> std::io::Result<()> {
    while let Some(left) = rest.frame.get(rest.taken..).filter(|left| !left.is_empty()) {
        match modes::write_in(rest.turn, tty, left) {
            Ok(Some(taken)) => rest.taken += taken,
            Ok(None) => return Ok(()),
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(other) => return Err(other),
        }
    }
    Ok(())
}
