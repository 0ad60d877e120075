//! What this machine cannot run is said, and collected for whoever runs all of it; where nothing may be skipped, it is a
//! failure, unless nothing that could be installed would run it.
#![allow(dead_code, reason = "each test file uses its part")]

use std::fs::File;
use std::io::Write as _;

/// Set where everything that the tests need was installed.
const NOTHING_IS_SKIPPED: &str = "QUARTERDECK_NOTHING_IS_SKIPPED";
/// The file where what was skipped is collected, and told last.
const COLLECTED: &str = "QUARTERDECK_SKIPPED";

/// Says it beside the harness, which keeps the output of tests that pass to itself.
pub fn skipped(what: &str, why: &str) {
    say(what, why);
    let may_skip = std::env::var_os(NOTHING_IS_SKIPPED).is_none_or(|value| value.is_empty());
    assert!(may_skip, "{what} was skipped ({why}), and {NOTHING_IS_SKIPPED} is set");
}

/// The same for what the kernel alone decides: no failure anywhere, for nobody can install it.
pub fn not_to_be_had(what: &str, why: &str) {
    say(what, why);
}

fn say(what: &str, why: &str) {
    let line = format!("SKIPPED {what}: {why}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Some(file) = std::env::var_os(COLLECTED).filter(|path| !path.is_empty()) {
        let _ =
            File::options().create(true).append(true).open(file).and_then(|mut file| file.write_all(line.as_bytes()));
    }
}
