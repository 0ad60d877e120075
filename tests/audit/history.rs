//! Reading for the timeline: the newest of every operator, bounded, and without a trace.

use std::fs;
use std::path::Path;

use quarterdeck::adapters::audit_log::history::{Found, RECORDS, read};
use quarterdeck::adapters::audit_log::{AuditLog, Folder, Place, writer};
use quarterdeck::domain::Safe;
use quarterdeck::remediation::audit::{AuditEvent, Writer};
use tempfile::TempDir;

use super::{entry, files, now, open};

fn of(folder: &Path) -> Found {
    read(&Folder::look(folder).unwrap()).unwrap()
}

/// Names, sizes and times of everything in a folder.
fn traces(folder: &Path) -> Vec<(String, u64, std::time::SystemTime)> {
    let mut found: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let meta = entry.metadata().unwrap();
            (entry.file_name().into_string().unwrap(), meta.len(), meta.modified().unwrap())
        })
        .collect();
    found.sort();
    found
}

/// As another operator would write.
fn as_another(folder: &Path, name: &str, count: usize) -> AuditLog {
    let at = now();
    let who = writer(&std::collections::BTreeMap::new(), at);
    let alive = Safe::of(who.alive.as_str().replace(who.user.as_str(), name));
    let who = Writer { user: Safe::of(name), alive, ..who };
    let (mut log, _) = AuditLog::open(&Place { path: folder.to_owned(), shared: false }, who, at).unwrap();
    for _ in 0..count {
        log.append(&entry(AuditEvent::Armed, "").with("why", "x".repeat(900)), now()).unwrap();
    }
    log
}

#[test]
fn the_newest_of_all_operators_by_time_and_never_more_than_the_bound() {
    let folder = TempDir::new().unwrap();
    let mia = as_another(folder.path(), "mia", RECORDS);
    let tom = as_another(folder.path(), "tom", 300);
    let before = traces(folder.path());
    let found = of(folder.path());
    assert_eq!(found.records.len(), RECORDS);
    assert!(found.left_out, "older ones were left out, and that is told");
    let of = |name: &str| found.records.iter().filter(|record| record.writer.user.as_str() == name).count();
    assert_eq!((of("mia"), of("tom")), (RECORDS - 300, 300));
    assert!(found.records.windows(2).all(|pair| pair[0].at <= pair[1].at));
    assert!(found.unreadable.is_empty() && found.bad == 0 && found.unfinished.is_empty());
    assert_eq!(traces(folder.path()), before, "it only reads");
    drop((mia, tom));
}

#[test]
fn what_cannot_be_read_and_what_was_changed_is_counted() {
    let folder = TempDir::new().unwrap();
    drop(as_another(folder.path(), "mia", 3));
    fs::create_dir(folder.path().join("audit-tom.jsonl")).unwrap();
    let file = folder.path().join(files(folder.path()).into_iter().find(|name| name.contains("mia")).unwrap());
    let text = fs::read_to_string(&file).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[1] = lines[1].replace("\"api\"", "\"db\"");
    lines.push("half a rec".to_owned());
    fs::write(&file, lines.join("\n")).unwrap();
    let found = of(folder.path());
    assert_eq!((found.records.len(), found.bad), (2, 1), "a changed line is bad; one that is on its way is none");
    assert_eq!(found.unreadable.len(), 1);
    assert!(found.unreadable[0].as_str().starts_with("audit-tom.jsonl: "), "{:?}", found.unreadable);
}

#[test]
fn a_run_without_an_end_is_found_when_its_process_is_gone_and_left_as_it_is() {
    let folder = TempDir::new().unwrap();
    let (mut log, _) = open(folder.path()).unwrap();
    log.append(&entry(AuditEvent::Intent, "run-1"), now()).unwrap();
    assert!(of(folder.path()).unfinished.is_empty(), "its process lives: it may still end it");
    drop(log);
    let before = traces(folder.path());
    for _ in 0..2 {
        let found = of(folder.path());
        assert_eq!(found.unfinished.len(), 1);
        assert_eq!(found.unfinished[0].run.as_str(), "run-1");
    }
    assert_eq!(traces(folder.path()), before, "it only reads");
    let (_log, opened) = open(folder.path()).unwrap();
    assert_eq!(opened.recovered.len(), 1, "who may write records it");
    assert!(of(folder.path()).unfinished.is_empty());
}
