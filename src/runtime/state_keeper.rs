//! The thread that reads and writes since when alerts have been there: a disk that does not answer holds up nobody but it.
//! Of what is to be written the newest wins; what is wrong can be asked at any time.

use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::adapters::alert_state::AlertState;
use crate::alerts::lifecycle::Saved;
use crate::domain::Safe;

/// So long what an earlier run kept is waited for.
const READING: Duration = Duration::from_secs(5);
/// A disk that takes longer to write does not answer.
const SILENT: Duration = Duration::from_secs(15);
/// Between two tries to write the same.
const AGAIN: Duration = Duration::from_secs(60);
/// So long whoever leaves waits for what is written.
const LEAVING: Duration = Duration::from_secs(2);

/// Where it is kept.
pub trait Disk: Send + 'static {
    /// What an earlier run kept; what is broken is set aside.
    fn take_up(&mut self) -> Result<Option<Saved>, Safe>;
    /// The same, and nothing is changed.
    fn peek(&self) -> Result<Option<Saved>, Safe>;
    /// Nobody took up what was read.
    fn forget(&mut self);
    /// Writes it.
    fn keep(&mut self, saved: &Saved) -> Result<(), Safe>;
}

impl Disk for AlertState {
    fn take_up(&mut self) -> Result<Option<Saved>, Safe> {
        self.load()
    }

    fn peek(&self) -> Result<Option<Saved>, Safe> {
        AlertState::peek(self)
    }

    fn forget(&mut self) {
        AlertState::forget(self);
    }

    fn keep(&mut self, saved: &Saved) -> Result<(), Safe> {
        AlertState::keep(self, saved)
    }
}

/// The near end. Dropping it has what waits written, for which it waits a moment.
pub struct StateKeeper {
    shared: Arc<Shared>,
    read: Option<Receiver<Result<Option<Saved>, Safe>>>,
    /// Why nothing was taken up.
    unread: Option<Safe>,
    /// So long each may take.
    reading: Duration,
    silent: Duration,
}

#[derive(Default)]
struct Shared {
    slot: Mutex<Slot>,
    moved: Condvar,
}

/// What both ends know.
#[derive(Default)]
struct Slot {
    newest: Option<Saved>,
    /// Since when it is being written.
    busy: Option<Instant>,
    /// Why it was not written the last time.
    failed: Option<Safe>,
    /// Something was written.
    written: bool,
    leaves: bool,
    left: bool,
}

impl Shared {
    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something moves, at most so long.
    fn wait<'s>(&self, slot: MutexGuard<'s, Slot>, longest: Duration) -> MutexGuard<'s, Slot> {
        self.moved.wait_timeout(slot, longest).unwrap_or_else(PoisonError::into_inner).0
    }
}

impl StateKeeper {
    /// Starts it; it reads at once. Who does not keep anything only looks, and nothing is written.
    pub fn start(disk: impl Disk, keeps: bool) -> std::io::Result<StateKeeper> {
        let shared = Arc::new(Shared::default());
        // Whoever has stopped waiting gets nothing: handed over is what was taken.
        let (tell, read) = sync_channel(0);
        let far = Arc::clone(&shared);
        let mut disk = disk;
        std::thread::Builder::new().name("alert-state".to_owned()).spawn(move || {
            let found = if keeps { disk.take_up() } else { disk.peek() };
            if tell.send(found).is_err() {
                disk.forget();
            }
            drop(tell);
            if keeps {
                write(&mut disk, &far);
            }
            far.slot().left = true;
            far.moved.notify_all();
        })?;
        Ok(StateKeeper { shared, read: Some(read), unread: None, reading: READING, silent: SILENT })
    }

    /// What an earlier run kept, as far as it comes in time. Once, before anything is kept.
    pub fn restored(&mut self) -> Option<Saved> {
        let read = self.read.take()?;
        let why = match read.recv_timeout(self.reading) {
            Ok(Ok(saved)) => return saved,
            Ok(Err(why)) => why,
            Err(RecvTimeoutError::Timeout) => Safe::of(format!(
                "what was kept of alerts cannot be read: its disk has not answered for {} s; since when they have been there \
                 begins anew",
                self.reading.as_secs()
            )),
            Err(RecvTimeoutError::Disconnected) => return None,
        };
        self.unread = Some(why);
        None
    }

    /// Keeps this instead of what waits.
    pub fn keep(&self, saved: Saved) {
        self.shared.slot().newest = Some(saved);
        self.shared.moved.notify_all();
    }

    /// Why what alerts have become is not kept, or what was kept is not taken up; none where all is well.
    pub fn trouble(&self) -> Option<Safe> {
        let slot = self.shared.slot();
        if slot.busy.is_some_and(|since| since.elapsed() >= self.silent) {
            return Some(Safe::of(format!(
                "since when alerts have been there cannot be kept: its disk has not answered for {} s",
                self.silent.as_secs()
            )));
        }
        slot.failed.clone().or_else(|| self.unread.clone().filter(|_| !slot.written))
    }
}

impl Drop for StateKeeper {
    fn drop(&mut self) {
        self.read = None;
        let until = Instant::now() + LEAVING;
        let mut slot = self.shared.slot();
        slot.leaves = true;
        self.shared.moved.notify_all();
        while !slot.left {
            let rest = until.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                tracing::warn!("what alerts have become may not be kept: the disk does not answer");
                return;
            }
            slot = self.shared.wait(slot, rest);
        }
    }
}

/// Writes what comes, until nobody comes any more.
fn write(disk: &mut impl Disk, shared: &Shared) {
    let mut slot = shared.slot();
    loop {
        let Some(saved) = slot.newest.take() else {
            if slot.leaves {
                return;
            }
            slot = shared.wait(slot, AGAIN);
            continue;
        };
        slot.busy = Some(Instant::now());
        drop(slot);
        let kept = disk.keep(&saved);
        slot = shared.slot();
        slot.busy = None;
        slot.written |= kept.is_ok();
        slot.failed = kept.err();
        if let Some(why) = &slot.failed {
            tracing::warn!("{why}");
            if slot.leaves {
                return;
            }
            if slot.newest.is_none() {
                slot.newest = Some(saved);
                // A newer one is tried at once, the same again later.
                slot = shared.wait(slot, AGAIN);
            }
        }
    }
}

#[cfg(test)]
mod tests;
