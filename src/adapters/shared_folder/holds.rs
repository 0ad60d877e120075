//! One action per target, and not more than some on the whole host. The kernel's lock is the truth: it goes with the process
//! that has it. What stands in the file only tells the others who that is.

use std::fmt;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rustix::fs::{FlockOperation, flock, ftruncate};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::domain::{Cause, Safe};

use super::place::{Place, errno_of};
use super::{SharedFolder, Shelf, fault, record};

/// Between taking a lock and writing who has it passes less than this, times the tries.
const LOOK: Duration = Duration::from_millis(2);
const TRIES: usize = 10;

/// Who holds a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// User.
    pub user: Safe,
    /// Process id.
    pub pid: u32,
    /// Machine.
    pub host: Safe,
    /// Terminal.
    pub tty: Safe,
    /// Since when.
    pub since: DateTime<Utc>,
    /// With which action.
    pub action: Safe,
    /// On which target.
    pub target: Safe,
}

/// Why a target cannot be held now.
#[derive(Clone, Debug, PartialEq)]
pub enum HeldBy {
    /// An action is under way on it; none if who it is has not been written yet.
    Other(Option<Box<Holder>>),
    /// So many are under way on the host that no more may start.
    Full {
        /// How many there may be.
        most: usize,
        /// Who runs them, as far as it can be read.
        holders: Vec<Holder>,
    },
    /// It cannot be known whether it is held, so it counts as held.
    Fault(Cause),
}

/// A target that is held until this is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub struct Hold {
    target: File,
    /// Its place among the actions of the host; of several targets of one action the first has it.
    slot: Option<File>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        // Who is named there held it and does not any more. The locks are let go by name: a program that is just being started
        // may have the files for another moment.
        for file in std::iter::once(&self.target).chain(&self.slot) {
            let _cleared = (ftruncate(file, 0), flock(file, FlockOperation::Unlock));
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    kind: Kind,
    user: String,
    pid: u32,
    host: String,
    tty: String,
    since_us: i64,
    action: String,
    target: String,
}

#[derive(Serialize, Deserialize)]
enum Kind {
    #[serde(rename = "hold")]
    Hold,
}

enum Taken {
    Ours(File),
    Theirs(File),
}

impl SharedFolder {
    /// Holds a target, if nobody does and there are not too many actions on the host already. Does not wait for a holder.
    pub fn hold(&self, target_key: &str, holder: &Holder) -> Result<Hold, HeldBy> {
        let holds = self.shelf(Shelf::Holds).map_err(HeldBy::Fault)?;
        let target = take_target(&holds, target_key)?;
        let slots = self.shelf(Shelf::Slots).map_err(HeldBy::Fault)?;
        let mut holders = Vec::new();
        for slot in 0..self.slots {
            match take(&slots, &slot.to_string())? {
                Taken::Theirs(file) => holders.extend(who(&file)),
                Taken::Ours(slot) => {
                    for (file, place) in [(&target, &holds), (&slot, &slots)] {
                        tell(file, holder).map_err(|errno| HeldBy::Fault(fault(place.path(), errno)))?;
                    }
                    return Ok(Hold { target, slot: Some(slot) });
                }
            }
        }
        Err(HeldBy::Full { most: self.slots, holders })
    }

    /// Holds another target of an action that holds its first: however many a runbook touches, it is one action.
    pub fn hold_beside(&self, _first: &Hold, target_key: &str, holder: &Holder) -> Result<Hold, HeldBy> {
        let holds = self.shelf(Shelf::Holds).map_err(HeldBy::Fault)?;
        let target = take_target(&holds, target_key)?;
        tell(&target, holder).map_err(|errno| HeldBy::Fault(fault(holds.path(), errno)))?;
        Ok(Hold { target, slot: None })
    }
}

impl SharedFolder {
    /// Who holds a target now, for those who only look; `None` when nobody does, or when who it is has not been written.
    pub fn holder(&self, target_key: &str) -> Result<Option<Holder>, Cause> {
        let place = self.shelf(Shelf::Holds)?;
        let file = place.open(&record::name(&[target_key])).map_err(|errno| fault(place.path(), errno))?;
        let Some(file) = file else { return Ok(None) };
        let mut bytes = vec![0; 16 * 1024];
        let count = file.read_at(&mut bytes, 0).map_err(|e| fault(place.path(), errno_of(&e)))?;
        let said: Option<Record> = bytes.get(..count).and_then(record::read);
        let Some(holder) = said.and_then(|said| said.holder()) else { return Ok(None) };
        // The lock is only tried where somebody is named: who was killed left the name, and not the lock.
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => Ok(None),
            Err(Errno::WOULDBLOCK) => Ok(Some(holder)),
            Err(errno) => Err(fault(place.path(), errno)),
        }
    }
}

fn take_target(holds: &Place, target_key: &str) -> Result<File, HeldBy> {
    match take(holds, &record::name(&[target_key]))? {
        Taken::Ours(file) => Ok(file),
        Taken::Theirs(file) => Err(HeldBy::Other(who(&file).map(Box::new))),
    }
}

fn take(place: &Place, name: &str) -> Result<Taken, HeldBy> {
    let failed = |errno: Errno| HeldBy::Fault(fault(place.path(), errno));
    for _ in 0..TRIES {
        let file = place.open_or_make(name).map_err(failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => return Ok(Taken::Theirs(file)),
            Err(Errno::INTR) => continue,
            other => other.map_err(failed)?,
        }
        // A lock on a file that was removed meanwhile is not the one that others look at.
        if place.is_named(&file, name).map_err(failed)? {
            return Ok(Taken::Ours(file));
        }
    }
    Err(failed(Errno::BUSY))
}

fn tell(file: &File, holder: &Holder) -> Result<(), Errno> {
    let text = |safe: &Safe| safe.as_str().to_owned();
    let line = record::write(&Record {
        kind: Kind::Hold,
        user: text(&holder.user),
        pid: holder.pid,
        host: text(&holder.host),
        tty: text(&holder.tty),
        since_us: holder.since.timestamp_micros(),
        action: text(&holder.action),
        target: text(&holder.target),
    });
    // What a holder that was killed left behind goes first.
    ftruncate(file, 0)?;
    file.write_all_at(&line, 0).map_err(|e| errno_of(&e))
}

/// Who has the lock, as the file says; the lock is taken a moment before that is written.
fn who(file: &File) -> Option<Holder> {
    for attempt in 0..TRIES {
        if attempt > 0 {
            std::thread::sleep(LOOK);
        }
        let mut bytes = vec![0; 16 * 1024];
        let Ok(count) = file.read_at(&mut bytes, 0) else { continue };
        let said: Option<Record> = bytes.get(..count).and_then(record::read);
        if let Some(holder) = said.and_then(|said| said.holder()) {
            return Some(holder);
        }
    }
    None
}

impl Record {
    fn holder(&self) -> Option<Holder> {
        let text = |text: &str| Safe::of(text).clipped(200);
        Some(Holder {
            user: text(&self.user),
            pid: self.pid,
            host: text(&self.host),
            tty: text(&self.tty),
            since: DateTime::from_timestamp_micros(self.since_us)?,
            action: text(&self.action),
            target: text(&self.target),
        })
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Holder { user, pid, host, tty, since, action, target } = self;
        let since = since.format("%H:%M:%S UTC");
        write!(f, "{user} (pid {pid} on {host}, terminal {tty}) runs {action} on {target} since {since}")
    }
}

impl fmt::Display for HeldBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeldBy::Other(Some(holder)) => write!(f, "held: {holder}"),
            HeldBy::Other(None) => f.write_str("held by another process, which has not said who it is"),
            HeldBy::Full { most, holders } => {
                write!(f, "{most} actions are under way on this host, and no more may be")?;
                holders.iter().try_for_each(|holder| write!(f, "; {holder}"))
            }
            HeldBy::Fault(cause) => write!(f, "whether it is held cannot be known: {cause}"),
        }
    }
}
