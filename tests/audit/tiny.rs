//! A real disk that is really full: a tiny tmpfs in a mount namespace of its own, which goes with its process (fault 35).
//! And a file system that is read-only.

use std::path::Path;
use std::process::Command;

use quarterdeck::adapters::audit_log::AuditFault;
use quarterdeck::remediation::audit::AuditEvent;
use tempfile::TempDir;

use super::{bytes, entry, only_file, open, story};

/// Runs a test of this binary in a mount namespace, after `mount`; `false` when this machine cannot.
fn with_mount(folder: &Path, mount: &str, test: &str) -> bool {
    let can = Command::new("unshare").args(["-m", "true"]).output().is_ok_and(|told| told.status.success());
    if !can {
        super::skipped::skipped("a full disk", "a private mount namespace wants root and unshare");
        return false;
    }
    let script = format!("set -e\nmount {mount} \"$AUDIT_TEST_MOUNT\"\nexec \"$0\" --exact {test} --nocapture");
    let told = Command::new("unshare")
        .args(["-m", "sh", "-c", &script])
        .arg(std::env::current_exe().unwrap())
        .env("AUDIT_TEST_MOUNT", folder)
        .output()
        .unwrap();
    assert!(
        told.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&told.stdout),
        String::from_utf8_lossy(&told.stderr)
    );
    true
}

#[test]
fn a_full_tmpfs_refuses_intents_and_takes_outcomes() {
    let folder = TempDir::new().unwrap();
    with_mount(folder.path(), "-t tmpfs -o size=512k,mode=700 none", "tiny::played_on_a_tiny_disk");
}

/// Played in the namespace of the test above; alone it does nothing.
#[test]
fn played_on_a_tiny_disk() {
    let Ok(folder) = std::env::var("AUDIT_TEST_MOUNT") else { return };
    let folder = Path::new(&folder);
    if folder.join("read-only").exists() {
        return;
    }
    let (mut log, _) = open(folder).unwrap();
    log.append(&entry(AuditEvent::Intent, "a"), super::now()).unwrap();
    log.append(&entry(AuditEvent::Intent, "b"), super::now()).unwrap();
    // Somebody fills the disk to the last byte.
    let mut filler = std::fs::File::create(folder.join("filler")).unwrap();
    for size in [4096, 512, 1] {
        while std::io::Write::write_all(&mut filler, &vec![b'x'; size]).is_ok() {}
    }
    for event in [AuditEvent::Intent, AuditEvent::Refused] {
        // Larger than what rounding to whole pages leaves over.
        let entry = entry(event, "c").with("why", "z".repeat(8000));
        let error = log.append(&entry, super::now()).unwrap_err();
        assert_eq!(error.fault, AuditFault::Full, "{error}");
    }
    for run in ["a", "b"] {
        log.append(&entry(AuditEvent::Outcome, run).with("said", "y".repeat(500_000)), super::now()).unwrap();
    }
    let told = story(&bytes(folder, &only_file(folder)));
    assert_eq!(told, "intent:a intent:b outcome:a outcome:b");
    std::fs::remove_file(folder.join("filler")).unwrap();
    log.append(&entry(AuditEvent::Intent, "c"), super::now()).unwrap();
}

#[test]
fn a_read_only_folder_refuses_actions() {
    let folder = TempDir::new().unwrap();
    drop(open(folder.path()).unwrap());
    std::fs::write(folder.path().join("read-only"), "").unwrap();
    let mount = "--bind \"$AUDIT_TEST_MOUNT\" \"$AUDIT_TEST_MOUNT\" && mount -o remount,bind,ro";
    with_mount(folder.path(), mount, "tiny::played_on_a_read_only_disk");
}

/// Played in the namespace of the test above; alone it does nothing.
#[test]
fn played_on_a_read_only_disk() {
    let Ok(folder) = std::env::var("AUDIT_TEST_MOUNT") else { return };
    let folder = Path::new(&folder);
    if folder.join("read-only").exists() {
        let words = open(folder).err().unwrap().to_string();
        assert!(words.contains("read-only file system") && words.contains("no action runs"), "{words}");
    }
}
