//! The audit as this process writes it: opened at the start, and again with the next record where it could not be; a file
//! that is lost is followed by a new one, in which an outcome stands all the same.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::adapters::audit_log::{self, AuditError, AuditFault, AuditLog, Disk, RealDisk};
use crate::adapters::config_files;
use crate::adapters::journald::Journal;
use crate::app::Event;
use crate::config::resolved::ActionsSpec;
use crate::domain::{Moment, Safe, figure};
use crate::remediation::audit::Entry;

use super::clock;
use super::history;
use super::inbox::Inbox;

/// Makes the way to the disk, for each time the audit is opened.
type Disks = Box<dyn Fn() -> Box<dyn Disk> + Send>;

/// Ends of runs that are kept until they can be recorded; one process has hardly more than one.
const OWED: usize = 16;
/// They are tried again so often: whoever opens the audit reads all of it.
const AGAIN: Duration = Duration::from_secs(15);

/// The file of the audit, or why there is none.
pub(super) struct Ledger {
    spec: ActionsSpec,
    disks: Disks,
    inbox: Arc<Inbox>,
    log: Result<AuditLog, Safe>,
    wrote: bool,
    /// Ends of runs that could not be recorded: they are tried again as long as this process lives.
    owed: Vec<Entry>,
    /// When they are tried next.
    due: Instant,
    /// Where the head goes after every outcome and after a start that recorded something, where that is wanted.
    journal: Option<Journal>,
}

impl Ledger {
    /// Opens it; what it finds, and that it cannot be opened, is told.
    pub fn open(spec: &ActionsSpec, inbox: Arc<Inbox>) -> Ledger {
        Ledger::open_on(Box::new(|| Box::new(RealDisk)), spec, inbox)
    }

    fn open_on(disks: Disks, spec: &ActionsSpec, inbox: Arc<Inbox>) -> Ledger {
        let journal = spec.journal.then(Journal::default);
        let log = Err(Safe::default());
        let (owed, due) = (Vec::new(), Instant::now());
        let mut ledger = Ledger { spec: spec.clone(), disks, inbox, log, wrote: false, owed, due, journal };
        ledger.try_open(clock::now());
        if let Err(why) = &ledger.log {
            ledger.inbox.tell(Event::AuditStands(Err(why.clone())));
        }
        ledger
    }

    /// The folder is looked at anew each time: whoever mends it may change whose it is.
    fn try_open(&mut self, now: Moment) {
        let Some(place) = history::place(&self.spec) else {
            self.log = Err(Safe::of("there is no home folder to keep it in; set audit under [actions]"));
            return;
        };
        let writer = audit_log::writer(&config_files::variables(), now);
        match AuditLog::open_on((self.disks)(), &place, writer, now) {
            Ok((log, opened)) => {
                if !opened.recovered.is_empty() {
                    let runs = opened.recovered.iter().map(history::words).collect();
                    self.inbox.tell(Event::RunsRecovered(runs));
                }
                for found in opened.notes {
                    tracing::warn!("audit: {found}");
                }
                self.wrote |= opened.wrote;
                if let Some(journal) = self.journal.as_ref().filter(|_| opened.wrote) {
                    journal.note_head(&log);
                }
                self.log = Ok(log);
                self.inbox.tell(Event::AuditStands(Ok(())));
            }
            Err(error) => self.log = Err(Safe::of(error.to_string())),
        }
    }

    /// Where the chain ends, if anything was written. Worth keeping elsewhere: a chain alone cannot prove that it was not
    /// rewritten whole.
    pub fn head(&self) -> Option<Safe> {
        let log = self.log.as_ref().ok().filter(|_| self.wrote)?;
        let chain = log.head();
        Some(Safe::of(format!(
            "audit {}: {}, head {}",
            log.file(),
            figure::several(chain.seq(), "record"),
            chain.head().hex()
        )))
    }

    /// Writes; a file that was lost is followed by a new one at the next attempt, never within this one. What ends a run and
    /// cannot be written is owed.
    pub fn record(&mut self, entry: &Entry) -> Result<(), Safe> {
        let written = self.write(entry);
        if let Err(why) = written.as_ref().map_err(Clone::clone)
            && entry.event().is_terminal()
            && self.owed.len() < OWED
        {
            self.owed.push(entry.clone().with("recorded_late", why));
            self.due = Instant::now() + AGAIN;
        }
        written
    }

    /// Tries again what is owed, when it is time.
    pub fn settle_when_due(&mut self) {
        if !self.owed.is_empty() && Instant::now() >= self.due {
            self.settle();
        }
    }

    /// Tries again what is owed; the screen said that it is not on record, and hears that records can be written again.
    pub fn settle(&mut self) {
        self.due = Instant::now() + AGAIN;
        while let Some(entry) = self.owed.first().cloned() {
            if self.write(&entry).is_err() {
                return;
            }
            tracing::info!("audit: what became of run {} is on record now", entry.run());
            self.owed.remove(0);
            self.inbox.tell(Event::AuditStands(Ok(())));
        }
    }

    fn write(&mut self, entry: &Entry) -> Result<(), Safe> {
        let now = clock::now();
        // A full disk, a wrong mode, another's lock: mended meanwhile, perhaps.
        if self.log.is_err() {
            self.try_open(now);
        }
        let log = self.log.as_mut().map_err(|why| why.clone())?;
        // An outcome too: it has to stand somewhere.
        if log.degraded().is_some() {
            self.wrote |= log.new_segment(now).map_err(|error| Safe::of(error.to_string()))?.wrote;
        }
        let mut written = log.append(entry, now);
        let is_lost = |failed: &AuditError| failed.fault == AuditFault::Degraded;
        // An outcome has to stand somewhere: the file that was lost is followed by a new one. An intent is not tried again.
        if written.as_ref().is_err_and(is_lost) && entry.event().is_terminal() {
            self.wrote |= log.new_segment(now).map_err(|error| Safe::of(error.to_string()))?.wrote;
            written = log.append(entry, now);
            // It stands in the old file after all.
            if written.as_ref().is_err_and(|failed| failed.fault == AuditFault::Misplaced) {
                return Ok(());
            }
        }
        match written {
            Ok(_on_disk) => {
                self.wrote = true;
                if let Some(journal) = self.journal.as_ref().filter(|_| entry.event().is_terminal()) {
                    journal.note_head(log);
                }
                Ok(())
            }
            Err(error) => {
                tracing::error!("audit: {error}");
                Err(Safe::of(error.to_string()))
            }
        }
    }
}

#[cfg(test)]
mod tests;
