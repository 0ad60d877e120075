//! Folders and files that cannot be trusted or written (fault 36): no audit, no action, and words that say what to do.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use quarterdeck::adapters::audit_log::{AuditLog, Place, writer};
use quarterdeck::remediation::audit::AuditEvent;
use tempfile::TempDir;

use super::{entry, only_file, open};

fn refused(folder: &Path) -> String {
    let words = open(folder).err().unwrap().to_string();
    assert!(words.contains("without an audit no action runs"), "{words}");
    words
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A folder with an audit in it, and the path of its file.
fn kept() -> (TempDir, std::path::PathBuf) {
    let folder = TempDir::new().unwrap();
    let (mut log, _) = open(folder.path()).unwrap();
    log.append(&entry(AuditEvent::Armed, ""), super::now()).unwrap();
    let path = folder.path().join(only_file(folder.path()));
    (folder, path)
}

#[test]
fn at_home_nobody_else_reads_it() {
    let home = TempDir::new().unwrap();
    let folder = home.path().join("state/quarterdeck");
    let (_log, _) = open(&folder).unwrap();
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join(only_file(&folder))), 0o600);
}

#[test]
fn in_a_shared_folder_its_group_reads_it() {
    let folder = TempDir::new().unwrap();
    let shared = Place { path: folder.path().to_owned(), shared: true };
    let now = super::now();
    let who = writer(&BTreeMap::new(), now);
    chmod(folder.path(), 0o2770);
    let words = AuditLog::open(&shared, who.clone(), now).err().unwrap().to_string();
    assert!(words.contains("chmod +t"), "{words}");
    // Without it the files would bear the group of each user, in which nobody else is.
    for mode in [0o1770, 0o1777] {
        chmod(folder.path(), mode);
        let words = AuditLog::open(&shared, who.clone(), now).err().unwrap().to_string();
        assert!(words.contains("chmod g+s"), "{words}");
    }
    chmod(folder.path(), 0o3770);
    let (_log, _) = AuditLog::open(&shared, who, now).unwrap();
    assert_eq!(mode(&folder.path().join(only_file(folder.path()))), 0o640);
}

#[test]
fn a_member_of_the_group_reads_what_another_recorded_there() {
    const GROUP: u32 = 54_321;
    if !rustix::process::geteuid().is_root() {
        return super::skipped::skipped("a colleague who reads the audit", "only root can be another user");
    }
    let folder = TempDir::new().unwrap();
    std::os::unix::fs::chown(folder.path(), None, Some(GROUP)).unwrap();
    chmod(folder.path(), 0o3770);
    let (shared, now) = (Place { path: folder.path().to_owned(), shared: true }, super::now());
    let (mut log, _) = AuditLog::open(&shared, writer(&BTreeMap::new(), now), now).unwrap();
    log.append(&entry(AuditEvent::Armed, ""), super::now()).unwrap();
    let path = folder.path().join(only_file(folder.path()));
    let read_as = |group: u32| {
        let (user, group) = ("--reuid=54322".to_owned(), format!("--regid={group}"));
        let mut command = std::process::Command::new("setpriv");
        command.args([&user, &group]).args(["--clear-groups", "cat"]).arg(&path);
        command.output().unwrap().stdout
    };
    assert_eq!(read_as(GROUP), fs::read(&path).unwrap());
    assert_eq!(read_as(GROUP + 5), b"", "nobody else does");
}

#[test]
fn what_others_may_write_is_refused() {
    let (folder, path) = kept();
    chmod(&path, 0o620);
    assert!(refused(folder.path()).contains("may be written by others; chmod go-w"));
    chmod(&path, 0o600);
    chmod(folder.path(), 0o770);
    assert!(refused(folder.path()).contains("may be written by others (mode 0770); chmod go-w it"));
}

#[test]
fn links_and_what_is_no_file_are_refused() {
    let (folder, path) = kept();
    fs::hard_link(&path, folder.path().join("second")).unwrap();
    assert!(refused(folder.path()).contains("second name"));
    fs::remove_file(folder.path().join("second")).unwrap();

    let elsewhere = folder.path().join("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();
    symlink(&elsewhere, &path).unwrap();
    let before = fs::read(&elsewhere).unwrap();
    refused(folder.path());
    assert_eq!(fs::read(&elsewhere).unwrap(), before);
    fs::remove_file(&path).unwrap();

    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    assert!(refused(folder.path()).contains("not a regular file"));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    refused(folder.path());

    let link = folder.path().join("link");
    symlink(TempDir::new().unwrap().path(), &link).unwrap();
    refused(&link);
    let real = TempDir::new().unwrap();
    let link = folder.path().join("link-to-a-folder");
    symlink(real.path(), &link).unwrap();
    assert!(refused(&link).contains("symbolic link"));
    refused(&folder.path().join("elsewhere"));
}

#[test]
fn what_belongs_to_another_is_refused() {
    let (folder, path) = kept();
    if !rustix::process::geteuid().is_root() {
        return super::skipped::skipped("a file of another", "only root can give one away");
    }
    std::os::unix::fs::chown(&path, Some(12345), None).unwrap();
    assert!(refused(folder.path()).contains("belongs to user 12345"));
    std::os::unix::fs::chown(&path, Some(0), None).unwrap();
    std::os::unix::fs::chown(folder.path(), Some(12345), None).unwrap();
    assert!(refused(folder.path()).contains("belongs to user 12345; it must be yours"));
}
