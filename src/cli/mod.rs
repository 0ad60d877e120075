//! Floor 7: one thin file per subcommand.

pub mod arguments;
mod check;
mod config;
mod dashboard;
mod demo;
pub mod load;
pub mod say;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Command, CommandLine};

use crate::domain::Safe;

/// Entry of the program.
#[must_use]
pub fn main() -> ExitCode {
    match CommandLine::try_parse() {
        Ok(line) => run(line),
        Err(told) => usage(&told),
    }
}

fn run(line: CommandLine) -> ExitCode {
    match line.command {
        None => dashboard::run(line.targets),
        Some(Command::Check(check)) => check::run(check),
        Some(Command::Demo(demo)) => demo::run(demo),
        Some(Command::Config(command)) => config::run(command),
    }
}

/// Help goes to stdout and is no failure; everything else is wrong usage. What was typed passes the gate like all text.
fn usage(told: &clap::Error) -> ExitCode {
    let text = told.render().to_string();
    let lines: Vec<Safe> = text.trim_end().lines().map(Safe::of).collect();
    if told.use_stderr() {
        say::err(&lines);
        ExitCode::from(load::USAGE)
    } else {
        say::out(&lines);
        ExitCode::SUCCESS
    }
}
