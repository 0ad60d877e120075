//! What the audit tells of other operators and of earlier times, read on a thread of its own so that neither a record nor the
//! screen waits for it. One reading at a time; it only reads, also where nothing may be done.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::adapters::audit_log::{self, Folder, Place, history};
use crate::adapters::config_files;
use crate::app::Event;
use crate::app::timeline::{History, Reading, records};
use crate::config::resolved::ActionsSpec;
use crate::domain::{Moment, Safe};
use crate::remediation::audit::{AuditEvent, Record, Unfinished, Value, Writer};

use super::clock;
use super::inbox::Inbox;

/// Reads when asked to.
#[derive(Clone)]
pub struct HistoryReader {
    folder: Option<Place>,
    inbox: Arc<Inbox>,
    started: Moment,
    busy: Arc<AtomicBool>,
}

impl HistoryReader {
    /// Of the folder that the audit is kept in.
    pub fn new(spec: &ActionsSpec, inbox: Arc<Inbox>) -> HistoryReader {
        HistoryReader { folder: place(spec), inbox, started: clock::now(), busy: Arc::default() }
    }

    /// Reads it, unless that is being done.
    pub fn read(&self) {
        if self.busy.swap(true, Ordering::AcqRel) {
            return;
        }
        let (inbox, busy, started) = (Arc::clone(&self.inbox), Arc::clone(&self.busy), self.started);
        let folder = self.folder.clone();
        let work = move || {
            inbox.tell(Event::HistoryRead(Box::new(told(folder.as_ref(), started))));
            busy.store(false, Ordering::Release);
        };
        if let Err(error) = std::thread::Builder::new().name("history".to_owned()).spawn(work) {
            tracing::warn!("the audit was not read: {error}");
            self.busy.store(false, Ordering::Release);
        }
    }
}

impl std::fmt::Debug for HistoryReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HistoryReader").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// Where the audit is kept.
pub fn place(spec: &ActionsSpec) -> Option<Place> {
    match &spec.audit {
        Some(path) => Some(Place { shared: is_of_a_group(path), path: path.clone() }),
        None => audit_log::default_folder().map(|path| Place { path, shared: false }),
    }
}

/// A folder that a group may write to is one that several operators share.
fn is_of_a_group(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o020 != 0)
}

fn told(place: Option<&Place>, started: Moment) -> History {
    let Some(place) = place else { return History::default() };
    let found = match Folder::look(&place.path).and_then(|folder| history::read(&folder)) {
        Ok(found) => found,
        // Nothing was ever recorded there.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return History::default(),
        Err(error) => {
            let why = Safe::of(format!("{}: {error}", place.path.display()));
            return History { reading: Reading { unreadable: vec![why], ..Reading::default() }, ..History::default() };
        }
    };
    for why in &found.unreadable {
        tracing::warn!("audit: {why}");
    }
    let own = audit_log::writer(&config_files::variables(), started);
    History {
        happenings: found
            .records
            .iter()
            .filter(|record| !is_shown_already(record, &own, started))
            .filter_map(records::of_record)
            .collect(),
        unfinished: found.unfinished.iter().map(words).collect(),
        reading: Reading { unreadable: found.unreadable, bad: found.bad, left_out: found.left_out },
    }
}

/// What this program recorded itself stands on its timeline already; but for what the audit says of its own files, and of
/// runs that it found.
fn is_shown_already(record: &Record, own: &Writer, started: Moment) -> bool {
    let writer = &record.writer;
    let ours = (writer.pid, &writer.boot_id, &writer.host) == (own.pid, &own.boot_id, &own.host);
    let since = u128::from(record.boot_ns) >= started.boot.as_nanos();
    let of_files = [AuditEvent::Recovered, AuditEvent::SegmentOpened, AuditEvent::SegmentLost];
    ours && since && !record.event().is_some_and(|event| of_files.contains(&event))
}

/// What a program that has no screen shows first: runs of before whose end nobody knows. It is told to one program alone, since
/// the audit has it from then on.
pub fn unfinished(event: Event) -> Vec<Safe> {
    let Event::RunsRecovered(runs) = event else { return Vec::new() };
    let head = Safe::of("the end of these is NOT KNOWN: the program ended while they ran");
    std::iter::once(head).chain(runs).collect()
}

/// What is known of a run that never came to an end.
pub fn words(run: &Unfinished) -> Safe {
    let field = |name: &str| match run.fields.iter().find(|(known, _)| known == name) {
        Some((_, Value::Text(text))) => text.clone(),
        _ => Safe::of("?"),
    };
    let (action, target, writer) = (field("action"), field("target"), &run.writer);
    Safe::of(format!("{}  {action} on {target}, by {} (process {})", run.at, writer.user, writer.pid))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustix::fs::{FlockOperation, flock};

    use super::super::acting::Acting;
    use super::*;
    use crate::adapters::audit_log::AuditLog;
    use crate::remediation::audit::Entry;

    fn is_read(event: &Event) -> bool {
        matches!(event, Event::HistoryRead(_))
    }

    /// What the screen tells of a run without an end stands on disk: the file cannot be written for a while, and nothing is told.
    #[test]
    fn a_run_without_an_end_is_told_when_that_is_on_record() {
        let folder = tempfile::tempdir().unwrap();
        let now = clock::now();
        let who = audit_log::writer(&config_files::variables(), now);
        let operator = audit_log::operator(&who);
        let place = Place { path: folder.path().to_owned(), shared: false };
        let (mut log, _) = AuditLog::open(&place, who, now).unwrap();
        log.append(&Entry::new(AuditEvent::Intent, "run-1").with("action", "restart").with("target", "api"), now)
            .unwrap();
        drop(log);
        let lock = std::fs::File::open(folder.path().join(format!(".audit-{operator}.lock"))).unwrap();
        flock(&lock, FlockOperation::LockExclusive).unwrap();

        let spec = ActionsSpec { audit: Some(folder.path().to_owned()), ..ActionsSpec::default() };
        let inbox = Arc::new(Inbox::default());
        let acting = Acting::asked(&spec, Arc::clone(&inbox)).unwrap();
        acting.read_history();
        let mut told: Vec<Event> = inbox.wait(Duration::from_millis(500), false).into_iter().collect();
        assert!(!told.iter().any(is_read), "it is told while its record waits: {told:?}");
        flock(&lock, FlockOperation::Unlock).unwrap();
        let begun = std::time::Instant::now();
        while !told.iter().any(is_read) && begun.elapsed() < Duration::from_secs(60) {
            told.extend(inbox.wait(Duration::from_millis(100), false));
        }
        let at = |wanted: &dyn Fn(&Event) -> bool| told.iter().position(wanted);
        let recovered = at(&|event| matches!(event, Event::RunsRecovered(runs) if runs.len() == 1));
        assert!(recovered.is_some() && recovered < at(&is_read), "{told:?}");
        let ends = |event: &Event| matches!(event, Event::HistoryRead(read) if read.unfinished.is_empty() && read.happenings.len() == 2);
        assert!(told.iter().any(ends), "its end is on record: {told:?}");
        drop(acting.finish());
    }
}
