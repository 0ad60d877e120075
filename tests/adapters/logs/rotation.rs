//! Rotation and truncation: nothing lost silently, nothing read twice.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicBool, Ordering};

use quarterdeck::adapters::log_tail::{LogState, Options};
use quarterdeck::config::resolved::LogSource;

use super::{Watch, append, in_order, numbered, numbers};

#[test]
fn rename_and_create_while_writing_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    append(&path, "");
    let done = AtomicBool::new(false);
    let mut watch = Watch::file(&path);
    watch.look();
    let total = 60_000;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
            for n in 0..total {
                if n % 5000 == 4999 {
                    // As logrotate does: the chain moves on, and the writer goes on in the old file for a while.
                    for step in (1..12).rev() {
                        let _ = fs::rename(
                            dir.path().join(format!("app.log.{step}")),
                            dir.path().join(format!("app.log.{}", step + 1)),
                        );
                    }
                    fs::rename(&path, dir.path().join("app.log.1")).unwrap();
                    let new = fs::OpenOptions::new().append(true).create(true).open(&path).unwrap();
                    file.write_all(format!("line {n}\n").as_bytes()).unwrap();
                    file = new;
                    continue;
                }
                file.write_all(format!("line {n}\n").as_bytes()).unwrap();
            }
            done.store(true, Ordering::Release);
        });
        // The clock stands still: however slow this machine is, it is all one moment.
        while !done.load(Ordering::Acquire) {
            watch.turn();
        }
    });
    watch.look();
    // The line written late into the old file may come after the new file's first lines.
    let lines = in_order(watch.lines());
    assert_eq!(lines.len(), total);
    assert_eq!(lines, numbers(0, total));
    assert_eq!(watch.losses, []);
}

#[test]
fn the_old_file_comes_to_its_end_before_the_new_begins() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    append(&path, numbered(0, 10));
    let mut watch = Watch::file(&path);
    watch.look();
    append(&path, numbered(10, 40_000));
    fs::rename(&path, dir.path().join("app.log.1")).unwrap();
    append(&path, numbered(40_000, 40_010));
    watch.look();
    append(&dir.path().join("app.log.1"), "late\n");
    watch.look();
    let mut expected = numbers(0, 40_010);
    expected.push("late".into());
    assert_eq!(watch.lines(), expected);
}

#[test]
fn two_rotations_between_two_looks_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    append(&path, numbered(0, 10));
    let mut watch = Watch::file(&path);
    watch.look();
    for round in 1..4 {
        for step in (1..round).rev() {
            fs::rename(dir.path().join(format!("app.log.{step}")), dir.path().join(format!("app.log.{}", step + 1)))
                .unwrap();
        }
        fs::rename(&path, dir.path().join("app.log.1")).unwrap();
        append(&path, numbered(round * 10, round * 10 + 10));
    }
    watch.look();
    assert_eq!(watch.lines(), numbers(0, 40));
    watch.pass(20.0);
    assert_eq!(watch.lines().len(), 40);
}

#[test]
fn a_missed_file_that_is_seen_under_two_names_is_read_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    append(&path, numbered(0, 10));
    let mut watch = Watch::file(&path);
    watch.look();
    fs::rename(&path, dir.path().join("app.log.3")).unwrap();
    append(&path, numbered(10, 20));
    fs::rename(&path, dir.path().join("app.log.1")).unwrap();
    // What a chain that moves on looks like to who reads the folder meanwhile.
    fs::hard_link(dir.path().join("app.log.1"), dir.path().join("app.log.2")).unwrap();
    append(&path, numbered(20, 30));
    watch.look();
    assert_eq!(watch.lines(), numbers(0, 30));
}

#[test]
fn a_glob_that_holds_the_rotated_files_reads_each_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    let pattern = dir.path().join("app.log*").to_str().unwrap().to_owned();
    append(&dir.path().join("app.log.1"), numbered(0, 5));
    append(&path, numbered(5, 10));
    let mut watch = Watch::of(vec![LogSource::Files { pattern }], Options::default());
    watch.pass(4.0);
    for round in 2..6 {
        for step in (1..round).rev() {
            fs::rename(dir.path().join(format!("app.log.{step}")), dir.path().join(format!("app.log.{}", step + 1)))
                .unwrap();
        }
        fs::rename(&path, dir.path().join("app.log.1")).unwrap();
        append(&path, numbered(round * 5, round * 5 + 5));
        // Before and after the rotated file was let go, and over several looks at the pattern.
        watch.pass(if round % 2 == 0 { 1.0 } else { 17.0 });
    }
    assert_eq!(in_order(watch.lines()), numbers(0, 30));
    assert_eq!(watch.losses, []);
}

#[test]
fn copytruncate_is_seen_and_reported() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    append(&path, numbered(0, 100));
    let mut watch = Watch::file(&path);
    watch.look();
    append(&path, numbered(100, 110));
    fs::copy(&path, dir.path().join("app.log.1")).unwrap();
    fs::OpenOptions::new().write(true).truncate(true).open(&path).unwrap();
    append(&path, numbered(200, 210));
    watch.look();
    assert_eq!(watch.losses.len(), 1, "{:?}", watch.losses);
    assert!(watch.losses[0].2.starts_with("truncated"));
    let mut expected = numbers(0, 100);
    expected.extend(numbers(200, 210));
    assert_eq!(watch.lines(), expected);
}

#[test]
fn a_larger_regrowth_before_the_next_look_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    append(&path, numbered(0, 100));
    let mut watch = Watch::file(&path);
    watch.look();
    let inode = fs::metadata(&path).unwrap().ino();
    fs::OpenOptions::new().write(true).truncate(true).open(&path).unwrap();
    append(&path, numbered(1000, 2000));
    assert_eq!(fs::metadata(&path).unwrap().ino(), inode);
    watch.look();
    let mut expected = numbers(0, 100);
    expected.extend(numbers(1000, 2000));
    assert_eq!(watch.lines(), expected);
    assert_eq!(watch.losses.len(), 1);
    // To exactly the same size, too.
    let size = fs::metadata(&path).unwrap().len();
    fs::OpenOptions::new().write(true).truncate(true).open(&path).unwrap();
    let mut text = numbered(5000, 6000).into_bytes();
    text.resize(size as usize - 1, b'.');
    text.push(b'\n');
    append(&path, &text);
    watch.look();
    assert_eq!(watch.losses.len(), 2);
    assert_eq!(watch.lines().len(), expected.len() + text.split(|b| *b == b'\n').count() - 1);
}

#[test]
fn the_same_beginning_with_another_end_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    let banner = "=".repeat(2000) + "\n";
    append(&path, format!("{banner}{}", numbered(0, 100)));
    let mut watch = Watch::file(&path);
    watch.look();
    fs::write(&path, format!("{banner}{}", numbered(500, 900))).unwrap();
    watch.look();
    assert_eq!(watch.losses.len(), 1);
    assert_eq!(watch.lines().last().unwrap(), "line 899");
}

#[test]
fn the_hole_after_a_truncation_is_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    // A writer that does not append goes on at its old place: everything before is a hole.
    let mut writer = fs::File::create(&path).unwrap();
    writer.write_all(numbered(0, 100).as_bytes()).unwrap();
    let mut watch = Watch::file(&path);
    watch.look();
    writer.seek(SeekFrom::Start(3 << 30)).unwrap();
    fs::OpenOptions::new().write(true).truncate(true).open(&path).unwrap();
    writer.write_all(numbered(100, 110).as_bytes()).unwrap();
    watch.look();
    assert_eq!(watch.lines(), numbers(0, 110));
    assert_eq!(watch.losses.len(), 2, "{:?}", watch.losses);
    assert!(watch.losses[1].2.contains("hole of 3"), "{:?}", watch.losses);
    assert_eq!(watch.losses[1].1, 0);
}

#[test]
fn deletion_and_a_new_file_with_the_same_inode() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    append(&path, numbered(0, 100));
    let mut writer = fs::OpenOptions::new().append(true).open(&path).unwrap();
    let mut watch = Watch::file(&path);
    watch.look();
    let inode = fs::metadata(&path).unwrap().ino();
    fs::remove_file(&path).unwrap();
    writer.write_all(b"after deletion\n").unwrap();
    watch.look();
    assert!(matches!(watch.state(), LogState::Waiting(_)), "{:?}", watch.state());
    drop(writer);
    // The file is let go, so that its space and its inode are free.
    watch.pass(15.0);
    let mut reused = false;
    for n in 0..2000 {
        append(&path, numbered(100, 300));
        if fs::metadata(&path).unwrap().ino() == inode {
            reused = true;
            break;
        }
        fs::rename(&path, dir.path().join(format!("taken.{n}"))).unwrap();
    }
    if !path.exists() {
        append(&path, numbered(100, 300));
    }
    watch.pass(1.5);
    let mut expected = numbers(0, 100);
    expected.push("after deletion".into());
    expected.extend(numbers(100, 300));
    assert_eq!(watch.lines(), expected, "inode used again: {reused}");
    assert!(matches!(watch.state(), LogState::Reading { files: 1, .. }));
    assert_eq!(watch.losses, []);
}

#[test]
fn moved_away_and_back_is_not_read_twice() {
    let dir = tempfile::tempdir().unwrap();
    let (path, aside) = (dir.path().join("app.log"), dir.path().join("aside"));
    append(&path, numbered(0, 100));
    let mut watch = Watch::file(&path);
    watch.look();
    fs::rename(&path, &aside).unwrap();
    watch.pass(30.0);
    append(&aside, numbered(100, 110));
    fs::rename(&aside, &path).unwrap();
    watch.pass(2.0);
    assert_eq!(watch.lines(), numbers(0, 110));
}
