//! `kill -9` at random moments: the file holds except at most one torn last line, every record that was acknowledged is in
//! it, and every run gets its end (invariants 2 and 3, fault 38).

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use quarterdeck::adapters::audit_log::Folder;
use quarterdeck::adapters::audit_log::scan::{self, Judged};
use quarterdeck::remediation::audit::AuditEvent;
use tempfile::TempDir;

use super::{bytes, entry, files, open, records};

const KILLS: u64 = 250;

/// Starts a writer, kills it, and gives what it was told is on disk.
fn killed(folder: &TempDir, kill: u64) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kills::a_process_that_is_killed", "--nocapture"])
        .env("AUDIT_TEST_KILLED", folder.path())
        .env("AUDIT_TEST_RUN", kill.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    // It is killed somewhere between its very start and many records later.
    let mut acknowledged: Vec<String> = Vec::new();
    if !kill.is_multiple_of(5) {
        acknowledged.extend(lines.by_ref().find(|line| line.starts_with("ack ")));
    }
    let pause = kill.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52;
    std::thread::sleep(Duration::from_micros(pause * 4));
    child.kill().unwrap();
    child.wait().unwrap();
    acknowledged.extend(lines.filter(|line| line.starts_with("ack ")));
    acknowledged
}

#[test]
fn killed_at_any_moment_nothing_acknowledged_is_lost() {
    let folder = TempDir::new().unwrap();
    let mut acknowledged = BTreeSet::new();
    let kills = std::env::var("KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    for kill in 0..kills {
        acknowledged.extend(killed(&folder, kill));
    }
    let (log, _) = open(folder.path()).unwrap();
    drop(log);
    let mut recovered = 0;
    let look = Folder::look(folder.path()).unwrap();
    let (mut written, mut open_runs, mut seqs) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let judged = scan::chain(&look, &look.segments().unwrap(), &mut |_, record| {
        written.insert(format!("ack {} {}", record.event, record.run));
        assert!(seqs.insert(record.seq), "{} twice", record.seq);
        recovered += u64::from(record.event() == Some(AuditEvent::Recovered));
        match record.event() {
            Some(AuditEvent::Intent) => assert!(open_runs.insert(record.run.clone())),
            Some(AuditEvent::Outcome | AuditEvent::Recovered) => assert!(open_runs.remove(&record.run)),
            _ => {}
        }
    });
    for (segment, _, verdict) in judged {
        assert!(matches!(verdict, Judged::Good(_)), "{}: {verdict:?}", segment.name());
    }
    let lost: Vec<_> = acknowledged.difference(&written).collect();
    assert!(lost.is_empty(), "acknowledged and not in the file: {lost:?}");
    assert!(open_runs.is_empty(), "{open_runs:?}");
    assert!(acknowledged.len() as u64 > kills, "only {} acknowledged", acknowledged.len());
    // Half of the time of a writer lies between an intent and its outcome.
    assert!(recovered > 0, "no kill fell into a run");
    let all: usize = files(folder.path()).iter().map(|name| records(&bytes(folder.path(), name)).len()).sum();
    assert!(all >= acknowledged.len());
}

/// Played by the processes of the test above; alone it does nothing.
#[test]
fn a_process_that_is_killed() {
    let Ok(folder) = std::env::var("AUDIT_TEST_KILLED") else { return };
    let run = std::env::var("AUDIT_TEST_RUN").unwrap();
    let (mut log, _) = open(folder.as_ref()).unwrap();
    let mut out = std::io::stdout();
    writeln!(out).unwrap();
    for n in 0..1_000_000 {
        let run = format!("{run}-{n}");
        for event in [AuditEvent::Intent, AuditEvent::Outcome] {
            let entry = entry(event, &run).with("card", "long ".repeat(n % 7 * 1500));
            log.append(&entry, super::now()).unwrap();
            if writeln!(out, "ack {} {run}", event.word()).is_err() {
                return;
            }
        }
    }
}
