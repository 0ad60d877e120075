//! The audit on real disks, on disks that fail, among processes that race and are killed, and through the program.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    reason = "tests may panic, and say what they skip"
)]

#[path = "../support/escapes.rs"]
mod escapes;
mod faults;
mod folders;
mod history;
#[path = "../support/hostile.rs"]
mod hostile;
mod journal;
mod kills;
mod program;
#[path = "../support/program_copy.rs"]
mod program_copy;
mod properties;
mod races;
mod segments;
#[path = "../support/skipped.rs"]
mod skipped;
mod tiny;
mod unvouched;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use quarterdeck::adapters::audit_log::scan::{self, Judged};
use quarterdeck::adapters::audit_log::{AuditError, AuditLog, Disk, Folder, Opened, Place, RealDisk, writer};
use quarterdeck::domain::Moment;
use quarterdeck::remediation::audit::{AuditEvent, Entry, Record, Verified, Verifier, verify};

/// Every moment is another one, as on a clock; across processes too.
fn now() -> Moment {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let wall: chrono::DateTime<chrono::Utc> = std::time::SystemTime::now().into();
    Moment { boot: Duration::from_nanos(count), wall }
}

fn open(folder: &Path) -> Result<(AuditLog, Opened), AuditError> {
    open_on(Box::new(RealDisk), folder)
}

fn open_on(disk: Box<dyn Disk>, folder: &Path) -> Result<(AuditLog, Opened), AuditError> {
    let now = now();
    AuditLog::open_on(disk, &Place { path: folder.to_owned(), shared: false }, writer(&BTreeMap::new(), now), now)
}

fn entry(event: AuditEvent, run: &str) -> Entry {
    Entry::new(event, run).with("target", "api")
}

fn bytes(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap()
}

/// Names of the chain's files in their order.
fn files(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.starts_with("audit-")).collect();
    names.sort_by_key(|name| (name.len(), name.clone()));
    names
}

fn only_file(folder: &Path) -> String {
    let names = files(folder);
    assert_eq!(names.len(), 1, "{names:?}");
    names[0].clone()
}

fn held(folder: &Path) -> Verified {
    verify(&bytes(folder, &only_file(folder))).unwrap()
}

/// The records that hold.
fn records(bytes: &[u8]) -> Vec<Record> {
    let mut all = Vec::new();
    let _ = Verifier::new(1, None).push(bytes, &mut |record| all.push(record.clone()));
    all
}

/// What happened, in order: `intent:a outcome:a`.
fn story(bytes: &[u8]) -> String {
    let told: Vec<String> = records(bytes).iter().map(|record| format!("{}:{}", record.event, record.run)).collect();
    told.join(" ")
}

/// What counts of all files, the way `verify` looks at them, and what is wrong with one.
fn counted(folder: &Path) -> (String, Vec<Judged>) {
    let look = Folder::look(folder).unwrap();
    let mut told = Vec::new();
    let judged = scan::chain(&look, &look.segments().unwrap(), &mut |_, record: &Record| {
        told.push(format!("{}:{}", record.event, record.run));
    });
    let wrong = judged.into_iter().map(|(_, _, verdict)| verdict).filter(|v| !matches!(v, Judged::Good(_)));
    (told.join(" "), wrong.collect())
}

fn all_good(folder: &Path) -> bool {
    counted(folder).1.is_empty()
}
