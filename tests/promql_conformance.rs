//! PromQL against files in Prometheus' own test format: those in the folder that `PROMQL_TESTDATA` names, else a few of our
//! own. Every case in the subset must give the expected values; what is skipped is printed with its reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

#[path = "promql/compare.rs"]
mod compare;
#[path = "promql/figures.rs"]
mod figures;
#[path = "promql/notation.rs"]
mod notation;
#[path = "promql/replay.rs"]
mod replay;
#[path = "promql/script.rs"]
mod script;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use replay::{Outcome, Replay};

/// What became of the cases of a file.
#[derive(Default)]
struct Tally {
    passed: usize,
    /// Of them those with warnings that are not compared.
    unwarned: usize,
    failed: Vec<String>,
    skipped: BTreeMap<String, usize>,
}

fn run(file: &Path) -> Tally {
    let text = String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned();
    let mut tally = Tally::default();
    let mut replay = Replay::default();
    for (line, command) in script::commands(&text) {
        let command = match command {
            Ok(command) => command,
            Err(why) => {
                *tally.skipped.entry(format!("line {line} {NOT_READ}: {why}")).or_default() += 1;
                continue;
            }
        };
        match replay.take(command) {
            None => {}
            Some(Outcome::Passed) => tally.passed += 1,
            Some(Outcome::PassedUnwarned) => {
                tally.passed += 1;
                tally.unwarned += 1;
            }
            Some(Outcome::Skipped(why)) => *tally.skipped.entry(why).or_default() += 1,
            Some(Outcome::Failed(why)) => tally.failed.push(format!("line {line}: {why}")),
        }
    }
    tally
}

/// What is said of a command that is not understood.
const NOT_READ: &str = "not read";

/// The files of a folder, by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "test"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no *.test in {}", folder.display());
    files
}

fn own() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/promql")
}

#[test]
fn every_case_in_the_subset_passes() {
    let folder = std::env::var_os("PROMQL_TESTDATA").map_or_else(own, PathBuf::from);
    let (mut passed, mut failed) = (0, 0);
    // Written past the capture of the test harness: the skips are to be seen when all is well, too.
    let mut out = std::io::stdout();
    for file in files(&folder) {
        let tally = run(&file);
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let skipped: usize = tally.skipped.values().sum();
        writeln!(out, "{name}: {} passed, {} failed, {skipped} skipped", tally.passed, tally.failed.len()).unwrap();
        if tally.unwarned > 0 {
            let what = "of those that passed only the result is compared: warnings and remarks are not made here";
            writeln!(out, "  {}: {what}", tally.unwarned).unwrap();
        }
        for (why, count) in &tally.skipped {
            writeln!(out, "  skipped {count}: {why}").unwrap();
        }
        for why in &tally.failed {
            writeln!(out, "  FAILED {why}").unwrap();
        }
        passed += tally.passed;
        failed += tally.failed.len();
    }
    assert!(passed > 0, "nothing was evaluated");
    assert_eq!(failed, 0, "cases with a wrong result");
}

/// Else a reader that understands nothing would find nothing wrong.
#[test]
fn nothing_of_our_own_files_is_skipped_but_what_is_marked_so() {
    for file in files(&own()) {
        let mut tally = run(&file);
        if file.ends_with("forms.test") {
            let skips = [
                ("native histograms in the data", 2),
                ("native histograms in the expectation", 2),
                ("text that is not UTF-8 in the expectation", 1),
                ("the modifier @ is refused", 1),
                ("times of start in the data", 2),
                ("unknown function with name 'not_yet_a_function'", 1),
                ("unexpected character: '&'", 1),
            ];
            for (why, count) in skips {
                assert_eq!(tally.skipped.remove(why), Some(count), "{why}");
            }
        }
        let other_words =
            tally.skipped.keys().filter(|why| why.starts_with("fails as expected, in other words")).count();
        assert_eq!(other_words, usize::from(file.ends_with("forms.test")));
        // What lies outside, by name: whatever else is refused had been evaluated before.
        let outside = ["text that is not UTF-8", "the function info", "the modifier @", "the modifier smoothed"];
        let is_outside = |why: &str| why.strip_suffix(" is refused").is_some_and(|what| outside.contains(&what));
        tally.skipped.retain(|why, _| !is_outside(why) && !why.starts_with("fails as expected"));
        assert!(tally.skipped.is_empty(), "{}: {:?}", file.display(), tally.skipped);
    }
}

#[test]
fn what_is_not_understood_is_told_and_fails_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("unknown.test");
    let text = "load 1m\n  a 1\n  b ]\n\neval instant at 0 a\n  a 1\n\nplay a\n\neval instant at 0 2\n  2\n\n\
                eval instant at 0 2\n  expect tea\n\neval instant at 0 1\n  2\n";
    fs::write(&file, text).unwrap();
    let tally = run(&file);
    assert_eq!((tally.passed, tally.failed.len()), (1, 1), "{:?}", tally.failed);
    let skips: Vec<&str> = tally.skipped.keys().map(String::as_str).collect();
    let wanted = [
        "data that is not read: no values: \"]\"",
        "line 13 not read: unknown expectation \"expect tea\"",
        "line 8 not read: unknown command \"play\"",
    ];
    assert_eq!(skips, wanted);
}
