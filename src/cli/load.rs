//! From arguments to what is watched: files are gathered, layers resolved, problems told.

use std::process::ExitCode;

use super::say;
use crate::adapters::config_files::{self, Places};
use crate::config::{Arguments, Layer, Problem, Resolution, resolve};

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
