//! The head of the audit, told to a journal that is listened to.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use quarterdeck::adapters::journald::Journal;
use quarterdeck::remediation::audit::AuditEvent;
use tempfile::TempDir;

use super::{entry, now, open};

#[test]
fn the_journal_hears_number_and_hash_of_the_last_record() {
    let folder = TempDir::new().unwrap();
    let socket = folder.path().join("journal");
    let journald = UnixDatagram::bind(&socket).unwrap();
    journald.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let audit = TempDir::new().unwrap();
    let (mut log, _) = open(audit.path()).unwrap();
    log.append(&entry(AuditEvent::Intent, "a"), now()).unwrap();
    log.append(&entry(AuditEvent::Outcome, "a"), now()).unwrap();
    Journal::at(socket).note_head(&log);
    let mut heard = [0; 4096];
    let length = journald.recv(&mut heard).unwrap();
    let heard = String::from_utf8_lossy(&heard[..length]);
    let hash = log.head().head().hex();
    assert!(heard.contains(&format!("{} records, head {hash}", log.head().seq())), "{heard}");
    assert!(heard.contains("QUARTERDECK_AUDIT_HEAD\n@\0\0\0\0\0\0\0"), "{heard}");
}

/// Nobody listens, or nobody takes it: the audit goes on, and nothing waits.
#[test]
fn a_journal_that_is_not_there_or_full_costs_nothing() {
    let folder = TempDir::new().unwrap();
    let (mut log, _) = open(folder.path()).unwrap();
    log.append(&entry(AuditEvent::Armed, "a"), now()).unwrap();
    Journal::at(folder.path().join("nowhere")).note_head(&log);
    let socket = folder.path().join("full");
    let _journald = UnixDatagram::bind(&socket).unwrap();
    let journal = Journal::at(socket);
    for _ in 0..2000 {
        journal.note_head(&log);
    }
    log.append(&entry(AuditEvent::Armed, "b"), now()).unwrap();
}
