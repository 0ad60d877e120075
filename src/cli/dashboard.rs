//! `quarterdeck [URL…]`: the full-screen program. Without a terminal it says what to use instead.

use std::io::IsTerminal;
use std::process::ExitCode;

use super::arguments::Targets;
use super::{load, say};
use crate::config::Resolved;
use crate::domain::Safe;
use crate::runtime::dashboard;

/// EX_SOFTWARE of sysexits.
const FAILED: u8 = 70;

pub fn run(targets: Targets) -> ExitCode {
    let nothing_named = targets.names_nothing();
    match load::load(targets.into()) {
        Ok(resolution) if nothing_named && resolution.resolved.is_empty() => {
            load::nothing_to_watch(&resolution.resolved)
        }
        Ok(resolution) => show(&resolution.resolved),
        Err(problems) => load::refuse(&problems),
    }
}

/// The screen is gone already.
fn tell(line: &Safe) {
    say::err([line]);
}

/// Shows what is resolved, until the person leaves.
pub fn show(resolved: &Resolved) -> ExitCode {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        say::complain("the dashboard needs a terminal; for scripts there is: quarterdeck check [--json]");
        return ExitCode::from(load::USAGE);
    }
    match dashboard::run(resolved, tell) {
        Ok(ended) => {
            // Worth keeping elsewhere: a chain alone cannot prove that it was not rewritten whole.
            say::out(ended.head.as_slice());
            ExitCode::from(ended.status)
        }
        Err(error) => {
            say::complain(format!("{error:#}"));
            ExitCode::from(FAILED)
        }
    }
}
