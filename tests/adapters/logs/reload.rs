//! The old part of a large file, read again on demand: all of it, in bounded memory, and never of another file.

use std::fs;
use std::path::Path;

use quarterdeck::adapters::log_tail::Options;
use quarterdeck::config::resolved::LogSource;
use quarterdeck::logs::search::Direction;
use quarterdeck::logs::{Gap, LineAddress, LogStore, Reload, Stream};

use super::{Watch, append};

const LINES: usize = 100_000;
const BOUND: usize = 4 << 20;

/// A line of 90 bytes or more that states its number and time; every hundredth is an error with a trace.
fn text(from: usize, to: usize) -> String {
    let line = |n: usize| {
        let time = format!("2026-01-01T{:02}:{:02}:{:02}Z", n / 3600 % 24, n / 60 % 60, n % 60);
        let (level, trace) = if n.is_multiple_of(100) { ("ERROR", "\n  at frame of a trace") } else { ("INFO", "") };
        format!("{time} {level} number {n} {}{trace}\n", "x".repeat(50))
    };
    (from..to).map(line).collect()
}

fn numbers(store: &LogStore, lines: impl Iterator<Item = LineAddress>) -> Vec<usize> {
    let number = |at| {
        let raw = String::from_utf8_lossy(store.get(at).unwrap().1.raw).into_owned();
        raw.split("number ").nth(1).map(|rest| rest.split(' ').next().unwrap().parse().unwrap())
    };
    lines.filter_map(number).collect()
}

/// A store that takes what the reader tells.
fn take(watch: &mut Watch, store: &mut LogStore) {
    watch.look();
    for (stream, until) in watch.old.drain(..) {
        store.set_old_part(stream, until);
    }
    for segment in watch.segments.drain(..) {
        store.append(segment);
    }
    for block in watch.blocks.drain(..) {
        store.add_summary(0, &block);
    }
    for (bytes, segments) in watch.reloaded.drain(..) {
        store.insert_old(Stream::default(), bytes, segments);
        assert!(store.bytes() <= BOUND * 3 / 2, "{}", store.bytes());
    }
}

fn watched(path: &Path) -> (Watch, LogStore) {
    let mut watch = Watch::file(path);
    let mut store = LogStore::new(BOUND);
    take(&mut watch, &mut store);
    (watch, store)
}

#[test]
fn a_hundred_thousand_lines_are_walked_through_to_the_first_and_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("big.log");
    append(&path, text(0, LINES));
    let (mut watch, mut store) = watched(&path);
    assert_eq!(store.unloaded_lines() as usize + store.len_lines(), LINES + LINES / 100);
    let newest = store.last().unwrap();
    let mut seen = vec![LINES - 1];
    let mut at = newest;
    for _ in 0..500 {
        let mut walk = store.runs().walk(Some(at), Direction::Older);
        let found: Vec<LineAddress> = walk.by_ref().collect();
        let blocked = walk.blocked();
        seen.extend(numbers(&store, found.iter().copied()));
        at = found.last().copied().unwrap_or(at);
        let Some(gap) = blocked else { break };
        watch.asked.push(Reload { gap, direction: Direction::Older });
        take(&mut watch, &mut store);
    }
    assert_eq!(seen, (0..LINES).rev().collect::<Vec<_>>());
    assert_eq!(Some(at), store.first());
    // On the way what lay behind was let go: it comes again, and the new lines were never lost.
    assert!(store.unloaded_lines() > 0);
    let mut seen = vec![0];
    for _ in 0..500 {
        if at == newest {
            break;
        }
        let mut walk = store.runs().walk(Some(at), Direction::Newer);
        let found: Vec<LineAddress> = walk.by_ref().collect();
        let blocked = walk.blocked();
        seen.extend(numbers(&store, found.iter().copied()));
        at = found.last().copied().unwrap_or(at);
        if let Some(gap) = blocked {
            watch.asked.push(Reload { gap, direction: Direction::Newer });
            take(&mut watch, &mut store);
        }
    }
    assert_eq!(seen, (0..LINES).collect::<Vec<_>>());
    assert_eq!(store.counters(0).lines as usize, LINES + LINES / 100, "what is read again is not counted again");
}

#[test]
fn traces_over_the_border_keep_their_level() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("big.log");
    let frame = format!("  at {}\n", "f".repeat(90));
    append(&path, format!("INFO first\nERROR it failed\n{}INFO last\n", frame.repeat(30_000)));
    let (mut watch, mut store) = watched(&path);
    let mut walk = store.runs().walk(None, Direction::Older);
    walk.by_ref().for_each(drop);
    let gap = walk.blocked().unwrap();
    watch.asked.push(Reload { gap: Gap { bytes: (1024, gap.bytes.1), ..gap }, direction: Direction::Older });
    take(&mut watch, &mut store);
    let (_, line) = store.get(store.first().unwrap()).unwrap();
    assert!(line.continuation, "{line:?}");
}

#[test]
fn a_line_without_end_comes_in_parts() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("big.log");
    let endless = "z".repeat(20 << 20);
    append(&path, format!("first\n{endless}\n{}", "tail\n".repeat(200_000)));
    let (mut watch, mut store) = watched(&path);
    for _ in 0..100 {
        let mut walk = store.runs().walk(None, Direction::Older);
        walk.by_ref().for_each(drop);
        let Some(gap) = walk.blocked() else { break };
        watch.asked.push(Reload { gap, direction: Direction::Older });
        take(&mut watch, &mut store);
    }
    assert_eq!(store.get(store.first().unwrap()).unwrap().1.raw, b"first");
}

#[test]
fn another_file_under_the_name_or_the_same_cut_short_is_gone() {
    let told = |change: &dyn Fn(&Path)| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("big.log");
        append(&path, text(0, 20_000));
        let options = Options { tail_bytes: 1024 };
        let mut watch = Watch::of(vec![LogSource::Files { pattern: path.to_str().unwrap().to_owned() }], options);
        watch.look();
        let (stream, until) = watch.old.pop().unwrap();
        change(&path);
        watch.pass(6.0);
        let gap = Gap { stream, bytes: (0, until) };
        watch.asked.push(Reload { gap, direction: Direction::Older });
        watch.look();
        (watch.reloaded.len(), watch.old.last().map(|(_, until)| *until))
    };
    assert_eq!(told(&|_| {}), (1, None));
    assert_eq!(told(&|path| fs::write(path, "short\n").unwrap()), (0, Some(0)));
    assert_eq!(told(&|path| fs::write(path, text(5, 30_000)).unwrap()), (0, Some(0)));
    let rotate = |path: &Path| {
        fs::rename(path, path.with_extension("log.1")).unwrap();
        append(path, "new\n");
    };
    assert_eq!(told(&rotate), (0, Some(0)));
}
