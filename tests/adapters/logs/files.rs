//! What may stand at a path, and large files: the end first, the rest counted.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use quarterdeck::adapters::log_tail::{LogState, Options};
use quarterdeck::config::resolved::LogSource;
use quarterdeck::domain::Cause;
use quarterdeck::logs::Level;

use super::{Watch, append, numbered, numbers};

fn cause(watch: &Watch) -> Cause {
    match watch.state() {
        LogState::Failed { cause, .. } => cause.clone(),
        other => panic!("{other:?}"),
    }
}

fn fifo(path: &std::path::Path) {
    rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
}

#[test]
fn replaced_by_a_fifo_a_directory_or_a_device_and_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    append(&path, numbered(0, 10));
    let mut watch = Watch::file(&path);
    watch.look();
    let replace = |watch: &mut Watch, make: &dyn Fn()| {
        let _ = fs::remove_file(&path);
        let _ = fs::remove_dir(&path);
        make();
        watch.pass(1.5);
    };
    // Nobody writes into the FIFO: an opening that waits would hang here.
    replace(&mut watch, &|| fifo(&path));
    assert!(cause(&watch).to_string().contains("is a FIFO now"), "{:?}", cause(&watch));
    replace(&mut watch, &|| fs::create_dir(&path).unwrap());
    assert!(cause(&watch).to_string().contains("is a directory"), "{:?}", cause(&watch));
    replace(&mut watch, &|| symlink("/dev/zero", &path).unwrap());
    assert!(cause(&watch).to_string().contains("is a device"), "{:?}", cause(&watch));
    replace(&mut watch, &|| append(&path, numbered(10, 20)));
    assert!(matches!(watch.state(), LogState::Reading { files: 1, .. }));
    assert_eq!(watch.lines(), numbers(0, 20));
}

/// Fault 28 from the start on: nothing that is no file is ever opened, let alone read without end. What is missing here
/// is a stale handle of NFS (ESTALE on a read), which needs a server of NFS; it takes the way of every failed read:
/// the path is opened anew a second later.
#[test]
fn fault_28_what_is_no_file_is_never_read() {
    let dir = tempfile::tempdir().unwrap();
    let of = |target: &str| {
        let path = dir.path().join(target.replace('/', "-"));
        symlink(target, &path).unwrap();
        path
    };
    let socket = dir.path().join("socket");
    let _listens = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let folder = dir.path().join("folder");
    fs::create_dir(&folder).unwrap();
    let wrong = [
        ("a device", of("/dev/zero")),
        ("a device", of("/dev/full")),
        ("a device", of("/dev/random")),
        ("a device", "/dev/tty".into()),
        ("a directory", of("/proc/self/fd")),
        ("a directory", folder),
        ("a socket", socket),
    ];
    for (what, path) in wrong {
        let mut watch = Watch::file(&path);
        watch.pass(3.0);
        let told = cause(&watch).to_string();
        assert!(told.contains(&format!("is {what}")), "{}: {told}", path.display());
        assert!(watch.segments.is_empty() && watch.losses.is_empty() && watch.blocks.is_empty(), "{}", path.display());
        let fds = fs::read_dir("/proc/self/fd").unwrap().flatten();
        let opened = fds.filter_map(|fd| fs::read_link(fd.path()).ok());
        let device = fs::canonicalize(&path).unwrap();
        assert!(what != "a device" || !opened.into_iter().any(|open| open == device), "{} is open", path.display());
    }
}

#[test]
fn fault_28_a_log_that_is_replaced_by_another_device_in_turn_is_taken_up_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    append(&path, numbered(0, 10));
    let mut watch = Watch::file(&path);
    watch.look();
    for round in 1..4 {
        fs::remove_file(&path).unwrap();
        symlink(["/dev/full", "/dev/zero", "/dev/random"][round - 1], &path).unwrap();
        watch.pass(15.0);
        assert!(cause(&watch).to_string().contains("is a device"), "{:?}", cause(&watch));
        fs::remove_file(&path).unwrap();
        append(&path, numbered(round * 10, round * 10 + 10));
        watch.pass(1.5);
        assert_eq!(watch.lines(), numbers(0, round * 10 + 10));
    }
}

#[test]
fn a_symlink_that_is_turned_to_another_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("current.log");
    append(&dir.path().join("a"), numbered(0, 10));
    append(&dir.path().join("b"), numbered(10, 20));
    symlink(dir.path().join("a"), &path).unwrap();
    let mut watch = Watch::file(&path);
    watch.look();
    symlink(dir.path().join("b"), dir.path().join("new")).unwrap();
    fs::rename(dir.path().join("new"), &path).unwrap();
    watch.look();
    assert_eq!(watch.lines(), numbers(0, 20));
    fs::remove_file(&path).unwrap();
    symlink(dir.path().join("nothing"), &path).unwrap();
    watch.look();
    assert!(matches!(watch.state(), LogState::Waiting(_)));
}

#[test]
fn a_fifo_that_was_named_is_read_and_never_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pipe");
    fifo(&path);
    let mut watch = Watch::file(&path);
    watch.pass(1.0);
    assert!(matches!(watch.state(), LogState::Reading { files: 1, .. }));
    for round in 0..3 {
        append(&path, numbered(round * 10, round * 10 + 10));
        watch.pass(6.0);
    }
    assert_eq!(watch.lines(), numbers(0, 30));
}

#[test]
fn no_permission_is_said_and_tried_again() {
    // Root may read everything; without these two capabilities its thread is held to the file's mode, as others are.
    let worker = std::thread::spawn(|| {
        use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
        let mut held = capabilities(None).unwrap();
        held.effective.remove(CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH);
        set_capabilities(None, held).unwrap();

        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("app.log");
        append(&path, numbered(0, 10));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        let mut watch = Watch::file(&path);
        watch.pass(3.0);
        assert!(matches!(cause(&watch), Cause::PermissionDenied(_)), "{:?}", cause(&watch));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        watch.pass(1.5);
        assert_eq!(watch.lines(), numbers(0, 10));
        // Rotated to a file that may not be read: said, and the old one's late lines still come.
        fs::rename(&path, dir.path().join("app.log.1")).unwrap();
        append(&path, numbered(20, 30));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        append(&dir.path().join("app.log.1"), numbered(10, 20));
        watch.pass(3.0);
        assert!(matches!(cause(&watch), Cause::PermissionDenied(_)));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        watch.pass(1.5);
        assert_eq!(watch.lines(), numbers(0, 30));
        assert!(matches!(watch.state(), LogState::Reading { files: 1, .. }));
    });
    worker.join().unwrap();
}

#[test]
fn a_missing_file_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    let mut watch = Watch::file(&path);
    watch.look();
    assert!(matches!(watch.state(), LogState::Waiting(_)));
    append(&path, numbered(0, 3));
    watch.look();
    assert_eq!(watch.lines(), numbers(0, 3));
    assert!(matches!(watch.state(), LogState::Reading { files: 1, .. }));
}

#[test]
fn a_glob_finds_new_files_and_keeps_lines_apart() {
    let dir = tempfile::tempdir().unwrap();
    let pattern = dir.path().join("*.log").to_str().unwrap().to_owned();
    let mut watch = Watch::of(vec![LogSource::Files { pattern }], Options::default());
    watch.look();
    assert!(matches!(watch.state(), LogState::Waiting(_)));
    append(&dir.path().join("a.log"), "ERROR: one\nhalf ");
    append(&dir.path().join("b.log"), "INFO: two\n");
    watch.pass(6.0);
    append(&dir.path().join("b.log"), "INFO: three\n");
    append(&dir.path().join("a.log"), "a line\n");
    watch.look();
    let mut lines = watch.lines();
    lines.sort();
    // The half line waited too long and was shown as it stood; its rest follows.
    assert_eq!(lines, ["ERROR: one", "INFO: three", "INFO: two", "a line", "half "]);
    assert!(matches!(watch.state(), LogState::Reading { files: 2, left_out: 0 }));
    for n in 0..80 {
        append(&dir.path().join(format!("c{n}.log")), "x\n");
    }
    watch.pass(4.0);
    assert!(matches!(watch.state(), LogState::Reading { files: 64, left_out: 18 }), "{:?}", watch.state());
}

#[test]
fn a_large_file_shows_its_end_first_and_is_counted_as_a_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    let mut text = String::new();
    let total = 120_000;
    for n in 0..total {
        let level = if n % 20 == 0 { "ERROR" } else { "INFO" };
        text.push_str(&format!(
            "{{\"time\":\"2026-01-02T12:00:00Z\",\"level\":\"{level}\",\"n\":{n},\"pad\":\"{}\"}}\n",
            "x".repeat(n % 90)
        ));
    }
    append(&path, &text);
    let mut watch = Watch::file(&path);
    watch.turn();
    // The first turn shows the end.
    assert!(watch.lines().last().unwrap().contains(&format!("\"n\":{},", total - 1)));
    let kept = watch.lines().len();
    // Lines that are written while the old part is still counted come at once.
    append(&path, "INFO: new\n");
    watch.turn();
    assert_eq!(watch.lines().last().unwrap(), "INFO: new");
    assert!(watch.blocks.len() < 3);
    watch.look();
    let counters = watch.store().counters(0);
    assert_eq!((counters.lines, counters.errors()), (total as u64 + 1, total as u64 / 20));
    assert_eq!(counters.levels.of(Level::Info), total as u64 - total as u64 / 20 + 1);
    assert_eq!(counters.summarized_lines, (total - kept) as u64);
    let counted: u64 = watch.blocks.iter().map(|b| b.bytes).sum();
    let shown: usize = watch.lines().iter().map(|l| l.len() + 1).sum();
    assert_eq!(counted + shown as u64, fs::metadata(&path).unwrap().len());
}

#[test]
fn a_receiver_without_room_holds_files_back_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    append(&path, "");
    let mut watch = Watch::file(&path);
    watch.look();
    watch.full = true;
    for round in 0..20 {
        append(&path, numbered(round * 20_000, round * 20_000 + 20_000));
        watch.pass(0.5);
    }
    fs::rename(&path, dir.path().join("app.log.1")).unwrap();
    append(&path, numbered(400_000, 400_010));
    watch.pass(1.0);
    assert!(watch.segments.is_empty());
    watch.full = false;
    watch.pass(1.0);
    assert_eq!(watch.lines(), numbers(0, 400_010));
    assert_eq!(watch.losses, []);
}
