//! The thread that owns writing to the terminal. At most one frame is in flight; while it is stuck nothing is drawn,
//! and nothing else waits for it.

use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};

use rustix::event::{PollFd, PollFlags, poll};

use super::modes;

/// The near end: hands frames over, never waits.
pub struct Writer {
    frames: SyncSender<Vec<u8>>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    busy: AtomicBool,
    gone: AtomicBool,
    bytes: AtomicU64,
}

impl Writer {
    /// Starts the thread. `finished` is called after each frame, on that thread.
    pub fn start(tty: File, finished: impl Fn() + Send + 'static) -> std::io::Result<Writer> {
        let (frames, inbox) = sync_channel::<Vec<u8>>(1);
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        std::thread::Builder::new().name("terminal-out".to_owned()).spawn(move || {
            for frame in inbox {
                let turn = modes::begin_frame();
                let delivered = deliver(&tty, turn, &frame);
                modes::end_frame();
                if delivered.is_err() {
                    theirs.gone.store(true, Ordering::Release);
                }
                theirs.bytes.fetch_add(frame.len() as u64, Ordering::Relaxed);
                theirs.busy.store(false, Ordering::Release);
                finished();
            }
        })?;
        Ok(Writer { frames, shared })
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

    /// Hands a frame over. Call only while not busy; `false` when it could not be taken.
    pub fn send(&self, frame: Vec<u8>) -> bool {
        self.shared.busy.store(true, Ordering::Release);
        match self.frames.try_send(frame) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }
}

/// Writes a frame as the terminal takes it. Waiting happens between the writes, never in one. A frame whose turn on the
/// terminal is over is dropped.
fn deliver(tty: &File, turn: u64, mut frame: &[u8]) -> std::io::Result<()> {
    while !frame.is_empty() {
        match modes::write_in(turn, tty, frame) {
            Ok(Some(taken)) => frame = frame.get(taken..).unwrap_or(&[]),
            Ok(None) => return Ok(()),
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                let mut fds = [PollFd::from_borrowed_fd(tty.as_fd(), PollFlags::OUT)];
                match poll(&mut fds, None) {
                    Ok(_) | Err(rustix::io::Errno::INTR) => {}
                    Err(gone) => return Err(gone.into()),
                }
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(gone) => return Err(gone),
        }
    }
    Ok(())
}
