//! Many dashboards of one operator on one file: one chain, no number skipped or used twice (invariant 5).

use std::process::{Command, Stdio};

use quarterdeck::remediation::audit::AuditEvent;
use tempfile::TempDir;

use super::{bytes, entry, held, only_file, open, records};

const EACH: usize = 40;

fn write_some(folder: &std::path::Path, name: &str) {
    let (mut log, _) = open(folder).unwrap();
    for n in 0..EACH / 2 {
        let run = format!("{name}-{n}");
        log.append(&entry(AuditEvent::Intent, &run).with("long", "x".repeat(n * 700)), super::now()).unwrap();
        log.append(&entry(AuditEvent::Outcome, &run), super::now()).unwrap();
    }
}

fn whole(folder: &std::path::Path, writers: usize) {
    let good = held(folder);
    assert_eq!((good.records, good.chain.seq(), good.torn), ((writers * EACH) as u64, (writers * EACH) as u64, None));
    let name = only_file(folder);
    let mut runs: Vec<String> =
        records(&bytes(folder, &name)).iter().map(|r| format!("{}{}", r.event, r.run)).collect();
    runs.sort();
    runs.dedup();
    assert_eq!(runs.len(), writers * EACH, "every record of every writer is there once");
}

#[test]
fn threads_never_fork_the_chain() {
    let folder = TempDir::new().unwrap();
    std::thread::scope(|scope| {
        for n in 0..6 {
            let folder = folder.path();
            scope.spawn(move || write_some(folder, &format!("t{n}")));
        }
    });
    whole(folder.path(), 6);
}

#[test]
fn processes_never_fork_the_chain() {
    let folder = TempDir::new().unwrap();
    let child = |n: usize| {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "races::a_process_that_writes", "--nocapture"])
            .env("AUDIT_TEST_FOLDER", folder.path())
            .env("AUDIT_TEST_NAME", format!("p{n}"))
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let children: Vec<_> = (0..4).map(child).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    whole(folder.path(), 4);
}

/// Played by the processes of the test above; alone it does nothing.
#[test]
fn a_process_that_writes() {
    if let (Ok(folder), Ok(name)) = (std::env::var("AUDIT_TEST_FOLDER"), std::env::var("AUDIT_TEST_NAME")) {
        write_some(folder.as_ref(), &name);
    }
}
