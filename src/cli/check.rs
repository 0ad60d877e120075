//! `quarterdeck check`: one look, no screen.

use std::process::ExitCode;

use super::arguments::Check;
use super::{load, say};
use crate::domain::Safe;
use crate::domain::threshold::parse_duration;
use crate::runtime::headless;

pub fn run(check: Check) -> ExitCode {
    let Some(sample) = parse_duration(&check.sample).filter(|d| d.as_millis() >= 100 && d.as_secs() <= 600) else {
        say::complain(format!("--sample {:?}: write a time from 100ms to 10m, such as 2s", check.sample));
        return ExitCode::from(load::USAGE);
    };
    let resolved = match load::load(check.targets.into()) {
        Ok(resolution) if resolution.resolved.is_empty() => {
            return load::nothing_to_watch(&resolution.resolved);
        }
        Ok(resolution) => resolution.resolved,
        Err(problems) => return load::refuse(&problems),
    };
    let report = match headless::look(&resolved, sample) {
        Ok(report) => report,
        Err(error) => {
            say::complain(format!("the look could not be taken: {error}"));
            return ExitCode::from(crate::domain::Verdict::Unknown.exit_code());
        }
    };
    let lines = if check.json { vec![Safe::of(report.json())] } else { report.words() };
    say::out(&lines);
    ExitCode::from(report.verdict.exit_code())
}
