//! From arguments to what is watched: files are gathered, layers resolved, problems told.

use std::process::ExitCode;

use super::say;
use crate::adapters::config_files::{self, Places};
use crate::config::show::kind;
use crate::config::{Arguments, Layer, Problem, Resolution, Resolved, resolve};
use crate::domain::Safe;

/// EX_USAGE of sysexits.
pub const USAGE: u8 = 64;
/// EX_CONFIG of sysexits.
pub const CONFIGURATION: u8 = 78;

/// Gathers and resolves.
pub fn load(arguments: Arguments) -> Result<Resolution, Vec<Problem>> {
    let variables = config_files::variables();
    let reader = config_files::reader(&variables);
    let inputs = config_files::gather(arguments, variables, &Places::of_process(), reader)?;
    resolve(&inputs)
}

/// Tells every problem and gives the exit status: 64 when only the command line is wrong, 78 otherwise.
pub fn refuse(problems: &[Problem]) -> ExitCode {
    let lines: Vec<_> = problems.iter().map(Problem::line).collect();
    say::err(&lines);
    let usage = problems.iter().all(|p| p.place.layer == Layer::CommandLine);
    ExitCode::from(if usage { USAGE } else { CONFIGURATION })
}

/// Says that there is nothing to watch, and why where that is known. Nobody is helped by a verdict on nothing.
pub fn nothing_to_watch(resolved: &Resolved) -> ExitCode {
    say::complain(
        "nothing to watch: name a URL, --db, --redis, --metrics, --log or --profile, or write a configuration",
    );
    say::err(&off_lines(resolved));
    say::complain("try: quarterdeck http://localhost:8000, quarterdeck demo, quarterdeck --help");
    ExitCode::from(USAGE)
}

/// What is named and off, with the line that turns it on.
pub fn off_lines(resolved: &Resolved) -> Vec<Safe> {
    let line = |o: &crate::config::resolved::OffSpec| {
        Safe::of(format!("off: {} {}: {}; turn on: {}", kind(o.kind), o.name, o.why, o.turn_on))
    };
    resolved.off.iter().map(line).collect()
}
