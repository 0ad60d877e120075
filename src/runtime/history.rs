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
