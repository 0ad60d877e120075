//! A record whose fsync failed can still be read as long as the machine runs. Nobody vouches for it: not the next start, not after
//! an empty file, not the other dashboard of the operator, not `verify`, not the timeline.

use std::fs;
use std::path::Path;

use quarterdeck::adapters::audit_log::history;
use quarterdeck::adapters::audit_log::{AuditFault, AuditLog, Folder};
use quarterdeck::remediation::audit::{AuditEvent, Chain};
use tempfile::TempDir;

use super::faults::{Faulty, after_a_power_cut};
use super::program::audit;
use super::{all_good, bytes, counted, entry, files, now, open, open_on, records, story};

/// An intent on disk, and an outcome that may not be.
fn lost(folder: &TempDir, disk: &Faulty) -> AuditLog {
    let (mut log, _) = open_on(Box::new(disk.clone()), folder.path()).unwrap();
    log.append(&entry(AuditEvent::Intent, "a"), now()).unwrap();
    disk.loses();
    let error = log.append(&entry(AuditEvent::Outcome, "a"), now()).unwrap_err();
    assert_eq!(error.fault, AuditFault::Degraded);
    log
}

/// The power goes, and with it what was not synced.
fn stands_after_a_power_cut(disk: &Faulty, folder: &TempDir, told: &str) {
    assert!(all_good(folder.path()), "{told}: before the power goes: {:?}", counted(folder.path()));
    after_a_power_cut(disk, folder);
    let (all, wrong) = counted(folder.path());
    assert!(wrong.is_empty(), "{told}: {wrong:?} {all}");
}

#[test]
fn the_next_start_does_not_go_on_from_a_record_whose_fsync_failed() {
    for told in ["alone", "an empty file follows", "a torn file follows"] {
        let folder = TempDir::new().unwrap();
        let disk = Faulty::default();
        let mut log = lost(&folder, &disk);
        if told != "alone" {
            // To open, to sync the name, to reserve, to write, to sync.
            disk.fails_in(if told == "an empty file follows" { 1 } else { 3 });
            log.new_segment(now()).unwrap_err();
        }
        drop(log);
        let before = files(folder.path());
        if told == "a torn file follows" {
            fs::write(folder.path().join(&before[1]), "{\"schema\":1,").unwrap();
        }
        let (mut log, opened) = open_on(Box::new(disk.clone()), folder.path()).unwrap();
        assert_eq!(opened.recovered.len(), 1, "{told}: its outcome is not known to be on disk");
        let notes: Vec<&str> = opened.notes.iter().map(quarterdeck::domain::Safe::as_str).collect();
        let names = files(folder.path());
        let (last, first) = (names.last().unwrap(), before.first().unwrap());
        let begun = records(&bytes(folder.path(), last)).remove(0);
        let old = begun.continues.clone().unwrap();
        assert_eq!((old.file.as_str(), old.seq), (first.as_str(), 1), "{told}: {notes:?}");
        assert!(begun.seq >= 3, "{told}: 2 is used up, and this is {}", begun.seq);
        log.append(&entry(AuditEvent::Refused, "b"), now()).unwrap();
        drop(log);
        let (code, out, err) = audit(folder.path(), &["verify"]);
        assert!(code == 0 && err.is_empty(), "{told}: {out}{err}");
        assert!(out.contains("bytes behind the record from which the next file goes on: no records"), "{told}: {out}");
        let (all, _) = counted(folder.path());
        assert_eq!((all.matches("outcome:a").count(), all.matches("recovered:a").count()), (0, 1), "{told}: {all}");
        stands_after_a_power_cut(&disk, &folder, told);
    }
}

#[test]
fn the_other_dashboard_does_not_go_on_from_a_record_whose_fsync_failed() {
    let folder = TempDir::new().unwrap();
    let disk = Faulty::default();
    let (mut other, _) = open_on(Box::new(disk.clone()), folder.path()).unwrap();
    drop(lost(&folder, &disk));
    let error = other.append(&entry(AuditEvent::Refused, "o"), now()).unwrap_err();
    assert_eq!(error.fault, AuditFault::Degraded);
    assert!(error.to_string().contains("a record after number 1 may not be on disk"), "{error}");
    other.new_segment(now()).unwrap();
    // The run has no outcome on disk, so whoever knows it may record one.
    other.append(&entry(AuditEvent::Outcome, "a"), now()).unwrap();
    let names = files(folder.path());
    let first = records(&bytes(folder.path(), &names[1])).remove(0);
    assert_eq!((first.continues.unwrap().seq, first.seq), (1, 3));
    stands_after_a_power_cut(&disk, &folder, "the other dashboard");
    assert_eq!(counted(folder.path()).0.matches("outcome:a").count(), 1);
}

/// Also where the file could not be made read-only: the sign alone is enough.
#[test]
fn a_file_in_doubt_is_not_written_though_its_mode_says_that_it_may_be() {
    let folder = TempDir::new().unwrap();
    let disk = Faulty::default();
    drop(lost(&folder, &disk));
    let name = super::only_file(folder.path());
    fs::set_permissions(folder.path().join(&name), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let before = bytes(folder.path(), &name);
    drop(open(folder.path()).unwrap());
    assert_eq!(bytes(folder.path(), &name), before);
    assert_eq!(story(&bytes(folder.path(), &files(folder.path())[1])), "segment-lost: recovered:a");
}

/// After a power cut what can be read is on disk: the sign says where what is sure ends, not how much is to be left out.
#[test]
fn a_sign_that_outlives_its_record_takes_nothing_else_away() {
    let folder = TempDir::new().unwrap();
    let disk = Faulty::default();
    drop(lost(&folder, &disk));
    after_a_power_cut(&disk, &folder);
    let (_log, opened) = open(folder.path()).unwrap();
    assert_eq!(opened.recovered.len(), 1);
    let (all, wrong) = counted(folder.path());
    assert!(wrong.is_empty() && all.starts_with("intent:a "), "{wrong:?} {all}");
}

/// The files are moved away and a chain begins anew, under a name and perhaps an inode of before.
#[test]
fn a_new_chain_has_no_sign_of_the_one_before() {
    let folder = TempDir::new().unwrap();
    let disk = Faulty::default();
    drop(lost(&folder, &disk));
    let name = super::only_file(folder.path());
    fs::remove_file(folder.path().join(&name)).unwrap();
    let (mut log, _) = open(folder.path()).unwrap();
    for id in ["b", "c"] {
        log.append(&entry(AuditEvent::Refused, id), now()).unwrap();
    }
    drop(log);
    let lock = folder.path().join(name.replace("audit-", ".audit-").replace(".jsonl", ".lock"));
    assert_eq!(fs::metadata(lock).unwrap().len(), 0);
    drop(open(folder.path()).unwrap());
    assert_eq!(story(&bytes(folder.path(), &super::only_file(folder.path()))), "refused:b refused:c");
}

#[test]
fn verify_show_and_the_timeline_do_not_tell_it_as_recorded() {
    let folder = TempDir::new().unwrap();
    let disk = Faulty::default();
    drop(lost(&folder, &disk));
    let (code, out, err) = audit(folder.path(), &["verify"]);
    assert!(code == 0 && err.is_empty(), "{out}{err}");
    assert!(out.contains("1 record, head 1 "), "{out}");
    assert!(out.contains("behind record 1 may not be on disk, their fsync failed"), "{out}");
    let (_, out, _) = audit(folder.path(), &["show", "--json"]);
    assert!(out.contains("\"intent\"") && !out.contains("\"outcome\""), "{out}");
    let told = |folder: &Path| {
        let found = history::read(&Folder::look(folder).unwrap()).unwrap();
        let events: Vec<String> = found.records.iter().map(|record| record.event.to_string()).collect();
        (events.join(" "), found.unfinished.len(), found.bad)
    };
    assert_eq!(told(folder.path()), ("intent".to_owned(), 1, 0));
    drop(open(folder.path()).unwrap());
    assert_eq!(told(folder.path()), ("intent segment-lost recovered".to_owned(), 0, 0));
    // Whoever may not read the sign still sees that the file is closed, and nothing vouches for its end.
    let other = TempDir::new().unwrap();
    drop(lost(&other, &disk));
    let name = super::only_file(other.path());
    fs::remove_file(other.path().join(name.replace("audit-", ".audit-").replace(".jsonl", ".lock"))).unwrap();
    let (_, out, _) = audit(other.path(), &["verify"]);
    assert!(out.contains("its last record may not be on disk"), "{out}");
}

/// A file that goes on from before another one leaves that one out: its head does not cover it, and it could go unseen.
#[test]
fn verify_names_a_file_that_a_later_one_leaves_out() {
    let folder = TempDir::new().unwrap();
    let who = quarterdeck::adapters::audit_log::writer(&std::collections::BTreeMap::new(), now());
    let write = |name: &str, chain: Chain, old: Option<&str>, events: &[AuditEvent]| {
        let (mut chain, mut text, mut old) = (chain, Vec::new(), old);
        for event in events {
            let line = match old.take() {
                Some(old) => chain.first(0, &old.into(), &entry(*event, ""), &who, now()),
                None => chain.next(&entry(*event, ""), &who, now()),
            };
            text.extend_from_slice(&line.bytes);
            chain = line.then;
        }
        fs::write(folder.path().join(name), text).unwrap();
        chain
    };
    let base = write("audit-zoe.jsonl", Chain::default(), None, &[AuditEvent::Armed, AuditEvent::Mark]);
    write("audit-zoe.1.jsonl", base, Some("audit-zoe.jsonl"), &[AuditEvent::SegmentLost]);
    write("audit-zoe.2.jsonl", base, Some("audit-zoe.jsonl"), &[AuditEvent::SegmentLost, AuditEvent::Mark]);
    let (code, out, err) = audit(folder.path(), &["verify"]);
    assert!(code == 0 && err.is_empty(), "one record may stand in a file whose end was not known: {out}{err}");
    write("audit-zoe.1.jsonl", base, Some("audit-zoe.jsonl"), &[AuditEvent::SegmentLost, AuditEvent::Disarmed]);
    let (code, out, err) = audit(folder.path(), &["verify"]);
    assert_eq!(code, 1, "{out}{err}");
    assert!(err.contains("audit-zoe.1.jsonl: record 3 is bad") && err.contains("left out"), "{err}");
}
