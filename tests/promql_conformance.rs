//! PromQL against files in Prometheus' own test format: those in the folder that `PROMQL_TESTDATA` names, else a few of our
//! own. Every case in the subset must give the expected values; what is skipped is printed with its reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

#[path = "promql/compare.rs"]
mod compare;
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
    failed: Vec<String>,
    skipped: BTreeMap<String, usize>,
}

fn run(file: &Path) -> Tally {
    let text = fs::read_to_string(file).unwrap();
    let mut tally = Tally::default();
    let mut replay = Replay::default();
    for (line, command) in script::commands(&text) {
        let command = match command {
            Ok(command) => command,
            Err(why) => {
                tally.failed.push(format!("line {line}: not read: {why}"));
                continue;
            }
        };
        match replay.take(command) {
            None => {}
            Some(Outcome::Passed) => tally.passed += 1,
            Some(Outcome::Skipped(why)) => *tally.skipped.entry(why).or_default() += 1,
            Some(Outcome::Failed(why)) => tally.failed.push(format!("line {line}: {why}")),
        }
    }
    tally
}

#[test]
fn every_case_in_the_subset_passes() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/promql");
    let folder = std::env::var_os("PROMQL_TESTDATA").map_or(own, PathBuf::from);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "test"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no *.test in {}", folder.display());
    let (mut passed, mut failed) = (0, 0);
    // Written past the capture of the test harness: the skips are to be seen when all is well, too.
    let mut out = std::io::stdout();
    for file in &files {
        let tally = run(file);
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let skipped: usize = tally.skipped.values().sum();
        writeln!(out, "{name}: {} passed, {} failed, {skipped} skipped", tally.passed, tally.failed.len()).unwrap();
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
