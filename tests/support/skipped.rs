//! What this machine cannot run is said; where nothing may be skipped, it is a failure.

use std::io::Write as _;

/// Set where everything that the tests need was installed.
const NOTHING_IS_SKIPPED: &str = "QUARTERDECK_NOTHING_IS_SKIPPED";

/// Says it beside the harness, which keeps the output of tests that pass to itself.
pub fn skipped(what: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {what}: {why}");
    let may_skip = std::env::var_os(NOTHING_IS_SKIPPED).is_none_or(|value| value.is_empty());
    assert!(may_skip, "{what} was skipped ({why}), and {NOTHING_IS_SKIPPED} is set");
}
