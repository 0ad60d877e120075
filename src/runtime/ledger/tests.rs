//! The audit of a process on folders that are mended and on disks that fail: what is recorded stands, and what is not is said.

use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Mutex;

use super::*;
use crate::adapters::audit_log::{Folder, scan};
use crate::remediation::audit::AuditEvent;

/// A disk on which the next few of one kind of operation fail.
#[derive(Clone, Default)]
struct Failing(Arc<Mutex<Option<(Next, u8)>>>);

#[derive(Clone, Copy, PartialEq)]
enum Next {
    Fsync,
    Reserve,
}

impl Failing {
    fn fail(&self, next: Next) {
        self.fail_times(next, 1);
    }

    fn fail_times(&self, next: Next, times: u8) {
        *self.0.lock().unwrap() = Some((next, times));
    }

    fn fails(&self, now: Next) -> bool {
        let mut next = self.0.lock().unwrap();
        let Some((_, left)) = next.as_mut().filter(|(kind, left)| *kind == now && *left > 0) else { return false };
        *left -= 1;
        true
    }
}

impl Disk for Failing {
    fn fsync(&self, file: BorrowedFd<'_>) -> io::Result<()> {
        if self.fails(Next::Fsync) { Err(rustix::io::Errno::IO.into()) } else { RealDisk.fsync(file) }
    }

    fn reserve(&self, file: BorrowedFd<'_>, offset: u64, bytes: u64) -> io::Result<()> {
        if self.fails(Next::Reserve) {
            return Err(rustix::io::Errno::NOSPC.into());
        }
        RealDisk.reserve(file, offset, bytes)
    }
}

fn spec(audit: &Path) -> ActionsSpec {
    ActionsSpec { audit: Some(audit.to_owned()), ..ActionsSpec::default() }
}

fn failing(folder: &Path) -> (Failing, Ledger) {
    let disk = Failing::default();
    let disks = disk.clone();
    let ledger = Ledger::open_on(Box::new(move || Box::new(disks.clone())), &spec(folder), Arc::default());
    (disk, ledger)
}

fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

fn told(inbox: &Inbox) -> Vec<Event> {
    inbox.wait(std::time::Duration::ZERO, false).into_iter().collect()
}

fn entry(event: AuditEvent, run: &str) -> Entry {
    Entry::new(event, run).with("target", "api")
}

/// What each file says, and whether all of them hold.
fn story(folder: &Path) -> Vec<String> {
    let look = Folder::look(folder).unwrap();
    let mut all = vec![String::new(); 4];
    let judged = scan::chain(&look, &look.segments().unwrap(), &mut |segment, record| {
        all[segment.index as usize].push_str(&format!("{}:{} ", record.event, record.run));
    });
    assert!(judged.iter().all(|(_, _, verdict)| matches!(verdict, scan::Judged::Good(_))), "{judged:?}");
    all.truncate(judged.len());
    all.iter().map(|file| file.trim_end().to_owned()).collect()
}

#[test]
fn an_audit_that_could_not_be_opened_is_opened_with_the_next_record() {
    let folder = tempfile::tempdir().unwrap();
    chmod(folder.path(), 0o757);
    let inbox = Arc::new(Inbox::default());
    let mut ledger = Ledger::open(&spec(folder.path()), Arc::clone(&inbox));
    let stands = |event: &Event| matches!(event, Event::AuditStands(Ok(())));
    let is_refused = |event: &Event| matches!(event, Event::AuditStands(Err(_)));
    let events = told(&inbox);
    assert!(events.iter().any(is_refused) && !events.iter().any(stands), "{events:?}");
    let armed = entry(AuditEvent::Armed, "a");
    assert!(ledger.record(&armed).unwrap_err().as_str().contains("may be written by others"));
    assert_eq!(ledger.head(), None);

    chmod(folder.path(), 0o700);
    assert_eq!(ledger.record(&armed), Ok(()));
    assert!(told(&inbox).iter().any(stands));
    assert!(ledger.head().unwrap().as_str().contains(": 1 record, head "));
    assert_eq!(ledger.record(&armed), Ok(()));
    assert!(ledger.head().unwrap().as_str().contains(": 2 records, head "), "and stays open");
}

#[test]
fn an_outcome_that_may_not_be_on_disk_stands_in_a_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let (disk, mut ledger) = failing(folder.path());
    assert_eq!(ledger.record(&entry(AuditEvent::Intent, "a")), Ok(()));
    disk.fail(Next::Fsync);
    assert_eq!(ledger.record(&entry(AuditEvent::Outcome, "a")), Ok(()));
    assert_eq!(story(folder.path()), ["intent:a", "segment-lost: outcome:a"]);
    let head = ledger.head().unwrap();
    assert!(head.as_str().contains(".1.jsonl: 4 records, head "), "{head}");
}

/// The disk fails for a while, and what became of a run is known all that time.
#[test]
fn an_outcome_that_cannot_be_recorded_is_recorded_as_soon_as_it_can_be() {
    let folder = tempfile::tempdir().unwrap();
    let (disk, mut ledger) = failing(folder.path());
    assert_eq!(ledger.record(&entry(AuditEvent::Intent, "a")), Ok(()));
    // The outcome, and the name of the file that was to follow; then the file after that.
    disk.fail_times(Next::Fsync, 3);
    ledger.record(&entry(AuditEvent::Outcome, "a")).unwrap_err();
    ledger.settle_when_due();
    assert_eq!(disk.0.lock().unwrap().map(|(_, left)| left), Some(1), "not at once");
    ledger.settle();
    assert!(!story(folder.path()).concat().contains("outcome:a"), "{:?}", story(folder.path()));
    ledger.settle();
    assert!(story(folder.path()).last().unwrap().ends_with("outcome:a"), "{:?}", story(folder.path()));
    let told = story(folder.path());
    ledger.settle();
    assert_eq!(story(folder.path()), told, "once");
    assert_eq!(ledger.record(&entry(AuditEvent::Intent, "b")), Ok(()));
    assert_eq!(story(folder.path()).concat().matches(":a").count(), 2, "{:?}", story(folder.path()));
}

#[test]
fn an_intent_that_may_not_be_on_disk_is_refused_and_not_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let (disk, mut ledger) = failing(folder.path());
    disk.fail(Next::Fsync);
    let why = ledger.record(&entry(AuditEvent::Intent, "a")).unwrap_err();
    assert!(why.as_str().contains("may not be on disk"), "{why}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().filter(is_of_the_chain).count(), 1);
    // The next attempt is another action: it has a file of its own.
    assert_eq!(ledger.record(&entry(AuditEvent::Intent, "b")), Ok(()));
    assert_eq!(story(folder.path()), ["", "segment-lost: intent:b"]);
}

fn is_of_the_chain(entry: &io::Result<std::fs::DirEntry>) -> bool {
    entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("audit-")
}

#[test]
fn a_full_disk_refuses_the_intent_until_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let (disk, mut ledger) = failing(folder.path());
    disk.fail(Next::Reserve);
    let why = ledger.record(&entry(AuditEvent::Intent, "a")).unwrap_err();
    assert!(why.as_str().contains("there is no space for the record and the outcome; make room"), "{why}");
    assert_eq!(ledger.record(&entry(AuditEvent::Intent, "a")), Ok(()));
    assert_eq!(ledger.record(&entry(AuditEvent::Outcome, "a")), Ok(()));
    assert_eq!(story(folder.path()), ["intent:a outcome:a"]);
}

#[test]
fn a_start_that_ends_a_run_of_before_has_a_head() {
    let folder = tempfile::tempdir().unwrap();
    let (_, mut ledger) = failing(folder.path());
    assert_eq!(ledger.record(&entry(AuditEvent::Intent, "a")), Ok(()));
    drop(ledger);
    let (_, ledger) = failing(folder.path());
    assert!(ledger.head().unwrap().as_str().contains(": 2 records, head "));
    drop(ledger);
    let (_, ledger) = failing(folder.path());
    assert_eq!(ledger.head(), None, "nothing was written");
}
