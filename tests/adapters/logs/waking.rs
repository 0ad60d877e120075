//! How often the reader wants to be woken: seldom for what is silent, at once for a pipe.

use std::fs::OpenOptions;
use std::io::Write;
use std::time::Duration;

use super::{Watch, append, numbers};

const SLOW: Duration = Duration::from_secs(1);

#[test]
fn an_idle_file_is_looked_at_once_a_second_and_a_fed_one_quickly() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.log");
    append(&path, "line 0\n");
    let mut watch = Watch::file(&path);
    watch.pass(5.0);
    let idle = watch.turn();
    append(&path, "line 1\n");
    let fed = watch.turn();
    assert_eq!((idle, fed, watch.awaited()), (SLOW, Duration::from_millis(250), 0));
    watch.pass(5.0);
    append(&path, "no end");
    watch.turn();
    assert!(watch.turn() < SLOW, "a line that is being written is looked at quickly");
    watch.pass(2.5);
    assert_eq!(watch.lines(), ["line 0", "line 1", "no end"]);
    watch.pass(5.0);
    assert_eq!(watch.turn(), SLOW);
}

#[test]
fn a_fifo_with_a_writer_is_awaited_and_one_without_is_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
    let mut watch = Watch::file(&path);
    watch.pass(10.0);
    assert_eq!((watch.turn(), watch.awaited()), (Duration::from_millis(250), 0));
    let mut writer = OpenOptions::new().write(true).open(&path).unwrap();
    watch.pass(10.0);
    assert_eq!((watch.turn(), watch.awaited()), (SLOW, 1));
    writer.write_all(b"line 0\n").unwrap();
    watch.look();
    assert_eq!(watch.lines(), numbers(0, 1));
    drop(writer);
    watch.pass(10.0);
    assert_eq!((watch.turn(), watch.awaited()), (Duration::from_millis(250), 0), "its end would wake without end");
}

#[test]
fn a_silent_command_is_awaited_by_its_pipes() {
    let mut watch = Watch::command(&["cat", "/dev/stdin"]);
    watch.until("it ended", |watch| watch.awaited() == 0 && watch.states.len() > 1);
    let mut watch = Watch::command(&["sleep", "600"]);
    watch.pass(10.0);
    assert_eq!((watch.turn(), watch.awaited()), (SLOW, 2));
}
