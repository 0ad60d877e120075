//! Files of one chain: torn, closed, moved away, taken over; runs that nobody ends, and runs that go on elsewhere.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use quarterdeck::adapters::audit_log::{AuditFault, Disk};
use quarterdeck::remediation::audit::AuditEvent;
use tempfile::TempDir;

use super::{all_good, bytes, entry, files, only_file, open, open_on, story};

fn add(folder: &Path, name: &str, text: &[u8]) {
    OpenOptions::new().append(true).open(folder.join(name)).unwrap().write_all(text).unwrap();
}

#[test]
fn a_torn_line_is_told_and_kept_and_the_chain_goes_on() {
    let folder = TempDir::new().unwrap();
    let (mut log, opened) = open(folder.path()).unwrap();
    assert!(opened.notes.is_empty() && opened.recovered.is_empty());
    log.append(&entry(AuditEvent::Intent, "a"), super::now()).unwrap();
    drop(log);
    let name = only_file(folder.path());
    add(folder.path(), &name, b"{\"schema\":1,\"se");
    let before = bytes(folder.path(), &name);
    let (mut log, opened) = open(folder.path()).unwrap();
    assert!(opened.notes[0].as_str().contains("never ended (15 bytes)"), "{:?}", opened.notes);
    assert_eq!(opened.recovered.len(), 1);
    log.append(&entry(AuditEvent::Refused, "b"), super::now()).unwrap();
    assert_eq!(bytes(folder.path(), &name), before, "not a byte of it was touched");
    let names = files(folder.path());
    assert_eq!(story(&bytes(folder.path(), &names[1])), "segment-lost: recovered:a refused:b");
    assert!(all_good(folder.path()));
    // The end of the file before is missed, though nothing in that file itself can show it.
    fs::remove_file(folder.path().join(&name)).unwrap();
    fs::write(folder.path().join(&name), b"").unwrap();
    assert!(!all_good(folder.path()));
}

#[test]
fn a_tail_of_another_that_does_not_verify_stops_writing() {
    // What a crash leaves is no fault of the record; a line that somebody wrote is.
    for (tail, is_of_a_crash) in [(&b"{\"schema\":1"[..], true), (b"\0\0\0\0\n", true), (b"nonsense\n", false)] {
        let folder = TempDir::new().unwrap();
        let (mut log, _) = open(folder.path()).unwrap();
        log.append(&entry(AuditEvent::Intent, "a"), super::now()).unwrap();
        add(folder.path(), &only_file(folder.path()), tail);
        let before = bytes(folder.path(), &only_file(folder.path()));
        let error = log.append(&entry(AuditEvent::Intent, "b"), super::now()).unwrap_err();
        assert_eq!(error.fault, AuditFault::Degraded, "{error}");
        assert_eq!(bytes(folder.path(), &only_file(folder.path())), before, "nothing is written behind it");
        log.new_segment(super::now()).unwrap();
        log.append(&entry(AuditEvent::Outcome, "a"), super::now()).unwrap();
        let names = files(folder.path());
        assert_eq!(story(&bytes(folder.path(), &names[1])), "segment-lost: outcome:a");
        assert_eq!(all_good(folder.path()), is_of_a_crash, "{tail:?}");
    }
}

#[test]
fn a_run_of_a_process_that_lives_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let (mut first, _) = open(folder.path()).unwrap();
    first.append(&entry(AuditEvent::Intent, "a"), super::now()).unwrap();
    let (mut second, opened) = open(folder.path()).unwrap();
    assert_eq!((opened.recovered.len(), opened.elsewhere.len()), (0, 1));
    assert_eq!(opened.elsewhere[0].run.as_str(), "a");
    let twice = second.append(&entry(AuditEvent::Intent, "a"), super::now()).unwrap_err();
    assert_eq!(twice.fault, AuditFault::Misplaced);
    first.append(&entry(AuditEvent::Outcome, "a"), super::now()).unwrap();
    let twice = first.append(&entry(AuditEvent::Outcome, "a"), super::now()).unwrap_err();
    assert_eq!(twice.fault, AuditFault::Misplaced, "exactly one end");
    first.append(&entry(AuditEvent::Intent, "b"), super::now()).unwrap();
    drop(first);
    let (_third, opened) = open(folder.path()).unwrap();
    assert_eq!(opened.recovered.len(), 1);
    assert_eq!(opened.recovered[0].words().as_str().split(' ').nth(1), Some("b"));
    let told = story(&bytes(folder.path(), &only_file(folder.path())));
    assert_eq!(told, "intent:a outcome:a intent:b recovered:b");
    let left = fs::read_dir(folder.path())
        .unwrap()
        .filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().ends_with(".alive"));
    assert_eq!(left.count(), 2, "the two that live");
}

#[test]
fn a_file_that_is_moved_away_or_replaced_stops_writing_and_its_loss_shows() {
    for replaced in [false, true] {
        let folder = TempDir::new().unwrap();
        let (mut log, _) = open(folder.path()).unwrap();
        log.append(&entry(AuditEvent::Intent, "a"), super::now()).unwrap();
        let path = folder.path().join(only_file(folder.path()));
        fs::rename(&path, folder.path().join("kept-elsewhere")).unwrap();
        if replaced {
            fs::write(&path, b"").unwrap();
        }
        let error = log.append(&entry(AuditEvent::Step, "a"), super::now()).unwrap_err();
        assert_eq!(error.fault, AuditFault::Degraded, "{error}");
        log.new_segment(super::now()).unwrap();
        log.append(&entry(AuditEvent::Outcome, "a"), super::now()).unwrap();
        let names = files(folder.path());
        assert_eq!(story(&bytes(folder.path(), names.last().unwrap())), "segment-lost: outcome:a");
        assert_eq!(all_good(folder.path()), !replaced);
    }
}

#[test]
fn a_new_file_in_order_is_followed_by_the_other_dashboards() {
    let folder = TempDir::new().unwrap();
    let (mut first, _) = open(folder.path()).unwrap();
    let (mut second, _) = open(folder.path()).unwrap();
    first.append(&entry(AuditEvent::Intent, "a"), super::now()).unwrap();
    second.append(&entry(AuditEvent::Intent, "b"), super::now()).unwrap();
    first.new_segment(super::now()).unwrap();
    second.append(&entry(AuditEvent::Outcome, "b"), super::now()).unwrap();
    first.append(&entry(AuditEvent::Outcome, "a"), super::now()).unwrap();
    let names = files(folder.path());
    assert_eq!(story(&bytes(folder.path(), &names[0])), "intent:a intent:b");
    assert_eq!(story(&bytes(folder.path(), &names[1])), "segment-opened: outcome:b outcome:a");
    assert!(all_good(folder.path()));
    assert_eq!(first.head().seq(), 5);
}

/// Nothing waits for the disk.
struct Quick;

impl Disk for Quick {
    fn fsync(&self, _: std::os::fd::BorrowedFd<'_>) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_file_over_16_mib_is_closed_on_start_when_no_run_is_open() {
    const LARGE: u64 = 16 * 1024 * 1024;
    let folder = TempDir::new().unwrap();
    let size = |name: &str| fs::metadata(folder.path().join(name)).unwrap().len();
    let (mut log, _) = open_on(Box::new(Quick), folder.path()).unwrap();
    let name = only_file(folder.path());
    let large = entry(AuditEvent::Refused, "").with("why", "x".repeat(30_000));
    log.append(&large, super::now()).unwrap();
    while size(&name) + size(&name) / log.head().seq() <= LARGE {
        log.append(&large, super::now()).unwrap();
    }
    drop(log);
    let (mut log, opened) = open(folder.path()).unwrap();
    assert!(size(&name) <= LARGE && opened.notes.is_empty(), "{:?}", opened.notes);
    log.append(&entry(AuditEvent::Intent, "a"), super::now()).unwrap();
    log.append(&large, super::now()).unwrap();
    log.append(&large, super::now()).unwrap();
    assert!(size(&name) > LARGE);
    // Whoever wrote the intent goes on in it.
    let (other, opened) = open(folder.path()).unwrap();
    assert!(opened.notes.is_empty(), "{:?}", opened.notes);
    log.append(&entry(AuditEvent::Outcome, "a"), super::now()).unwrap();
    drop((log, other));
    assert_eq!(files(folder.path()).len(), 1);

    let before = bytes(folder.path(), &name);
    let (mut log, opened) = open(folder.path()).unwrap();
    assert!(opened.notes[0].as_str().contains("goes on from"), "{:?}", opened.notes);
    log.append(&entry(AuditEvent::Refused, "b"), super::now()).unwrap();
    let names = files(folder.path());
    assert_eq!(story(&bytes(folder.path(), &names[1])), "segment-opened: refused:b");
    assert_eq!(bytes(folder.path(), &name), before, "not a byte of it was touched");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(folder.path().join(&name)).unwrap().permissions());
    assert_eq!(mode & 0o222, 0, "and nobody writes it any more");
    assert!(all_good(folder.path()));
    drop(log);
    let (_log, opened) = open(folder.path()).unwrap();
    assert!(opened.notes.is_empty() && files(folder.path()).len() == 2, "once: {:?}", opened.notes);
}
