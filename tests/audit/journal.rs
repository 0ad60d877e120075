//! The head of the audit, told to a journal that is listened to.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use quarterdeck::adapters::journald::Journal;
use quarterdeck::remediation::audit::AuditEvent;
use tempfile::TempDir;

use super::{entry, escapes, hostile, now, open};

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

/// What journald makes of a datagram: name, newline, length in eight bytes, value, newline.
fn fields(mut wire: &[u8]) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    while !wire.is_empty() {
        let end = wire.iter().position(|byte| *byte == b'\n').expect("a name");
        let (name, rest) = (&wire[..end], &wire[end + 1..]);
        let length = usize::try_from(u64::from_le_bytes(rest[..8].try_into().unwrap())).unwrap();
        assert_eq!(rest[8 + length], b'\n');
        let value = String::from_utf8(rest[8..8 + length].to_vec()).expect("text");
        fields.push((String::from_utf8(name.to_vec()).unwrap(), value));
        wire = &rest[9 + length..];
    }
    fields
}

/// Whoever names the folder of the audit makes no field of their own, and nothing that attacks who reads the journal.
#[test]
fn the_name_of_a_hostile_folder_is_a_value_and_inert() {
    const NAMES: [&str; 6] = [
        "MESSAGE",
        "PRIORITY",
        "SYSLOG_IDENTIFIER",
        "QUARTERDECK_AUDIT_FILE",
        "QUARTERDECK_AUDIT_RECORDS",
        "QUARTERDECK_AUDIT_HEAD",
    ];
    let folder = TempDir::new().unwrap();
    let socket = folder.path().join("journal");
    let journald = UnixDatagram::bind(&socket).unwrap();
    journald.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let of_a_field = "x\nPRIORITY=0\nMESSAGE=all is well".to_owned();
    for name in hostile::names().into_iter().chain([of_a_field]) {
        let audit = folder.path().join(name);
        let (mut log, _) = open(&audit).unwrap();
        log.append(&entry(AuditEvent::Mark, "a"), now()).unwrap();
        Journal::at(socket.clone()).note_head(&log);
        let mut heard = [0; 8192];
        let length = journald.recv(&mut heard).unwrap();
        let fields = fields(&heard[..length]);
        assert_eq!(fields.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), NAMES);
        for (name, value) in fields {
            assert_eq!(escapes::leaks_of_text(value.as_bytes()), [""; 0], "{name}");
            assert!(!value.contains('\n'), "{name}: {value:?}");
        }
    }
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
