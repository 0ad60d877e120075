//! Output of programs: both pipes, prefixes and journals, restarts, floods, and nothing left behind.

use std::fs;
use std::path::Path;

use quarterdeck::adapters::log_tail::LogState;
use quarterdeck::domain::Cause;
use quarterdeck::logs::Level;

use super::Watch;

/// A script as a program of its own: the reader itself never goes through a shell.
fn script(dir: &Path, text: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = dir.join("program");
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn both_pipes_and_the_end_are_told_and_it_is_started_again() {
    let dir = tempfile::tempdir().unwrap();
    let program = script(dir.path(), "echo \"out $1\"; echo 'ERROR: no such container' >&2; exit 3");
    let mut watch = Watch::command(&[&program, "$HOME; echo x"]);
    watch.until("it ended", |w| w.states.iter().any(|s| matches!(s, LogState::Failed { .. })));
    let mut lines = watch.lines();
    lines.sort();
    assert_eq!(lines, ["ERROR: no such container", "out $HOME; echo x"]);
    let LogState::Failed { cause: Cause::CommandFailed { code, said }, retry_in } = watch.state() else {
        panic!("{:?}", watch.state());
    };
    assert_eq!((*code, said.as_str()), (Some(3), "ERROR: no such container"));
    assert!(retry_in.as_millis() >= 500);
    watch.until("it was started again", |w| w.lines().len() == 4);
    // The pauses grow, up to half a minute.
    let pauses = |w: &Watch| {
        let pause =
            |s: &LogState| if let LogState::Failed { retry_in, .. } = s { Some(retry_in.as_secs()) } else { None };
        w.states.iter().filter_map(pause).collect::<Vec<_>>()
    };
    watch.until("six ends", |w| pauses(w).len() == 6);
    let pauses = pauses(&watch);
    assert!(pauses.is_sorted() && pauses[5] >= 16 && pauses[5] <= 40, "{pauses:?}");
}

#[test]
fn a_program_that_is_not_there() {
    let mut watch = Watch::command(&["/no/such/program"]);
    watch.look();
    assert!(matches!(watch.state(), LogState::Failed { cause: Cause::CommandMissing(_), .. }), "{:?}", watch.state());
}

#[test]
fn compose_prefixes_and_journal_objects_are_understood() {
    let dir = tempfile::tempdir().unwrap();
    let program = script(
        dir.path(),
        r#"cat <<'END'
app-1  | {"level":"error","time":"2026-01-02T12:00:00Z","message":"pool timeout","context":{"request_id":"r1"}}
app-1  | plain words
{"__REALTIME_TIMESTAMP":"1767355200000000","PRIORITY":"4","_SYSTEMD_UNIT":"api.service","MESSAGE":"it is slow"}
END
sleep 600"#,
    );
    let mut watch = Watch::command(&[&program]);
    watch.until("three lines", |w| w.lines().len() == 3);
    let segment = &watch.segments[0];
    let first = segment.line(0).unwrap();
    assert_eq!(
        (first.level, first.time, &*first.message()),
        (Level::Error, Some(1_767_355_200_000_000), b"pool timeout".as_slice())
    );
    assert_eq!(first.scan().service, Some(b"app-1".as_slice()));
    assert_eq!(&*segment.line(1).unwrap().message(), b"plain words");
    let journal = segment.line(2).unwrap();
    assert_eq!(
        (journal.level, journal.time, &*journal.message()),
        (Level::Warn, Some(1_767_355_200_000_000), b"it is slow".as_slice())
    );
}

#[test]
fn what_nobody_takes_is_dropped_and_counted_to_the_line() {
    let dir = tempfile::tempdir().unwrap();
    let program = script(dir.path(), "i=0; while [ $i -lt 40 ]; do seq 1 50000; i=$((i+1)); done; echo last");
    let mut watch = Watch::command(&[&program]);
    watch.full = true;
    watch.pace = 0.0;
    // The pipes are drained though nothing is taken: the program comes to its end.
    let done = dir.path().join("done");
    let text = fs::read_to_string(&program).unwrap();
    fs::write(&program, format!("{text}\ntouch {}\nsleep 600\n", done.display())).unwrap();
    watch.until("the program is through", |_| done.exists());
    watch.full = false;
    watch.until("the loss", |w| !w.losses.is_empty());
    let dropped: u64 = watch.losses.iter().map(|l| l.0).sum();
    assert_eq!(watch.losses[0].2, "lines came faster than they could be taken");
    assert_eq!(watch.lines().len() as u64 + dropped, 40 * 50_000 + 1);
    assert!(dropped > 1_000_000, "{dropped}");
}

#[test]
fn a_flood_that_is_taken_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let program = script(dir.path(), "seq 1 1000000; sleep 600");
    let mut watch = Watch::command(&[&program]);
    watch.pace = 0.0;
    watch.until("all of it", |w| w.segments.iter().map(|s| s.len()).sum::<usize>() == 1_000_000);
    assert_eq!(watch.losses, []);
    assert_eq!(watch.lines().last().unwrap(), "1000000");
}

#[test]
fn it_is_gone_with_its_children_when_the_reader_is() {
    let dir = tempfile::tempdir().unwrap();
    let pids = dir.path().join("pids");
    let program = script(dir.path(), &format!("sleep 600 & echo $! $$ > {}; echo up; wait", pids.display()));
    let mut watch = Watch::command(&[&program]);
    watch.until("it is up", |w| !w.lines().is_empty());
    let running = |pid: &str| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(')').next().is_some_and(|rest| !rest.trim().is_empty() && !rest.trim().starts_with('Z'))
    };
    let text = fs::read_to_string(&pids).unwrap();
    let pids: Vec<&str> = text.split_whitespace().collect();
    assert!(pids.len() == 2 && pids.iter().all(|pid| running(pid)));
    drop(watch);
    for _ in 0..1000 {
        if !pids.iter().any(|pid| running(pid)) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    panic!("still running");
}

#[test]
fn a_child_that_holds_the_pipe_open_does_not_hide_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let program = script(dir.path(), "sleep 600 & echo bye; exit 0");
    let mut watch = Watch::command(&[&program]);
    watch.until("it ended", |w| w.states.iter().any(|s| matches!(s, LogState::Failed { .. })));
    assert_eq!(watch.lines(), ["bye"]);
}
