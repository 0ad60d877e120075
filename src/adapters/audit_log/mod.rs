//! The audit on disk: one chain of files per operator. A call returns when its record is on disk, or says why it is not.
//! Synchronous, for a thread of its own. Two promises stand above all: no intent is acknowledged before it is on disk, and
//! for every intent that was acknowledged there is space for its outcome.

mod disk;
mod doubt;
mod error;
mod folder;
pub mod history;
mod identity;
mod lock;
mod making;
pub mod scan;
mod segment;
mod start;

pub use disk::{Disk, RealDisk};
pub use error::{AuditError, AuditFault};
pub use folder::{Folder, Place, Segment, default_folder};
pub use identity::{operator, writer};

use crate::domain::{Moment, Safe};
use crate::remediation::audit::{AuditEvent, Chain, Entry, Hash, LINE_LIMIT, Runs, Unfinished, Writer};

use lock::{Alive, Turn};
use segment::{Open, Stale};

/// What was found when the audit was opened. All of it belongs on the screen first.
#[derive(Debug, Default)]
pub struct Opened {
    /// Intents without an outcome whose process is gone: recorded now as unknown.
    pub recovered: Vec<Unfinished>,
    /// Intents without an outcome whose process still lives.
    pub elsewhere: Vec<Unfinished>,
    /// A last line that was never ended, a file that does not verify, a new file that was begun, and why.
    pub notes: Vec<Safe>,
    /// Something was recorded: the chain has another head.
    pub wrote: bool,
    /// The file that is written.
    pub file: Safe,
}

/// A record that is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnDisk {
    /// Its number.
    pub seq: u64,
    /// Its hash: the head of the chain.
    pub hash: Hash,
}

/// The audit of one operator, open for writing.
pub struct AuditLog {
    disk: Box<dyn Disk>,
    folder: Folder,
    shared: bool,
    operator: String,
    writer: Writer,
    turn: Turn,
    /// Held until we end: by it others see that our runs go on.
    _alive: Alive,
    open: Open,
    runs: Runs,
    degraded: Option<Safe>,
    /// A record was given to this file that may or may not be on disk: its number is used up.
    unacknowledged: bool,
    /// Files that were made to follow this one, and could not be written.
    in_vain: u32,
}

impl AuditLog {
    /// Opens the audit, verifies it, and records what became of runs that were never ended.
    ///
    /// # Errors
    /// Nothing can be recorded there; no action may run.
    pub fn open(place: &Place, writer: Writer, now: Moment) -> Result<(AuditLog, Opened), AuditError> {
        AuditLog::open_on(Box::new(RealDisk), place, writer, now)
    }

    /// Writes one record: when this returns well, it is on disk. An intent is refused unless there is space for its outcome
    /// too.
    ///
    /// # Errors
    /// Nothing can be said to be recorded. [`AuditFault::Degraded`] stays until [`AuditLog::new_segment`].
    pub fn append(&mut self, entry: &Entry, now: Moment) -> Result<OnDisk, AuditError> {
        if let Some(why) = &self.degraded {
            return Err(final_words(why));
        }
        let _turn = self.turn.take(&self.folder, self.disk.as_ref())?;
        match self.open.catch_up(&self.folder, &mut self.runs) {
            Ok(()) => {}
            Err(Stale::Continued) => drop(self.go_on(None, now)?),
            Err(Stale::Broken(why)) => return Err(self.degrade(why)),
        }
        admit(&self.runs, entry)?;
        self.write(entry, now).map_err(|failed| match failed {
            Failed::Nothing(error) => error,
            Failed::Final(why) => {
                self.unacknowledged = true;
                self.turn.doubt(&self.open);
                self.degrade(why)
            }
        })
    }

    /// Begins a new file, whose first record tells what was lost with the old one. When another process of this operator
    /// has begun one already, that is written from now on.
    ///
    /// # Errors
    /// It cannot be begun; nothing has changed.
    pub fn new_segment(&mut self, now: Moment) -> Result<Opened, AuditError> {
        let _turn = self.turn.take(&self.folder, self.disk.as_ref())?;
        let why = match self.degraded.clone() {
            // What can be read from it now need not be on disk.
            Some(why) => Some(why),
            None => match self.open.catch_up(&self.folder, &mut self.runs) {
                Err(Stale::Broken(why)) => Some(why),
                Ok(()) | Err(Stale::Continued) => None,
            },
        };
        let (notes, wrote) = self.go_on(why, now)?;
        Ok(Opened { notes, wrote, file: self.file(), ..Opened::default() })
    }

    /// Why nothing can be recorded now, if so.
    #[must_use]
    pub fn degraded(&self) -> Option<&Safe> {
        self.degraded.as_ref()
    }

    /// Number and hash of the last record: what is printed on leaving and kept elsewhere.
    #[must_use]
    pub fn head(&self) -> Chain {
        self.open.chain()
    }

    /// The file that is written.
    #[must_use]
    pub fn file(&self) -> Safe {
        self.folder.shown(&self.open.name)
    }

    /// Whose it is.
    #[must_use]
    pub fn operator(&self) -> &str {
        &self.operator
    }

    /// Writes the next file from now on, and tells whether that was begun now. Only under the turn.
    fn go_on(&mut self, why: Option<Safe>, now: Moment) -> Result<(Vec<Safe>, bool), AuditError> {
        let setting = start::Setting {
            disk: self.disk.as_ref(),
            folder: &self.folder,
            shared: self.shared,
            operator: &self.operator,
            writer: &self.writer,
            turn: &self.turn,
        };
        let (unacknowledged, in_vain) = (self.unacknowledged, &mut self.in_vain);
        let left = start::Left { open: &self.open, runs: &self.runs, unacknowledged, in_vain, why };
        let begun = start::next(&setting, Some(left), now)?;
        (self.open, self.runs) = (begun.open, begun.runs);
        (self.degraded, self.unacknowledged, self.in_vain) = (None, false, 0);
        Ok((begun.notes, begun.wrote))
    }

    fn write(&mut self, entry: &Entry, now: Moment) -> Result<OnDisk, Failed> {
        let line = self.open.chain().next(entry, &self.writer, now);
        let disk = self.disk.as_ref();
        // What ends a run is written into the space that its intent reserved: it asks for none. All else must leave room
        // for every outcome that is still to come.
        let ends = entry.event().is_terminal() && self.runs.is_open(entry.run());
        let outcomes = self.runs.count() as u64 + u64::from(entry.event() == AuditEvent::Intent);
        if !ends && outcomes > 0 {
            self.open.reserve(disk, line.bytes.len() as u64 + outcomes * LINE_LIMIT as u64)?;
        }
        self.open.write(disk, &line.bytes, &mut self.runs)?;
        Ok(OnDisk { seq: line.then.seq(), hash: line.then.head() })
    }

    fn degrade(&mut self, why: Safe) -> AuditError {
        let error = final_words(&why);
        self.degraded = Some(why);
        error
    }
}

/// How writing fails.
enum Failed {
    /// Nothing was written.
    Nothing(AuditError),
    /// Nobody knows what is on disk: the file is final.
    Final(Safe),
}

fn final_words(why: &Safe) -> AuditError {
    AuditError::new(AuditFault::Degraded, format!("{why}; no action runs until a new audit file is begun"))
}

/// An intent begins a run that has none, an outcome ends one that has.
fn admit(runs: &Runs, entry: &Entry) -> Result<(), AuditError> {
    let open = runs.is_open(entry.run());
    let wrong = match entry.event() {
        AuditEvent::Intent if open => "has an intent already",
        AuditEvent::Outcome | AuditEvent::Recovered if !open => "has no intent without an outcome",
        _ => return Ok(()),
    };
    Err(AuditError::new(AuditFault::Misplaced, format!("run {} {wrong}", entry.run())))
}
