//! Floor 7: one thin file per subcommand.

mod approve;
pub mod arguments;
mod audit;
mod check;
mod config;
mod dashboard;
mod demo;
mod doctor;
pub mod load;
mod run;
pub mod say;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Check, Command, CommandLine, Config, Demo, Run, Targets};

use crate::domain::Safe;

/// Entry of the program.
#[must_use]
pub fn main() -> ExitCode {
    match CommandLine::try_parse() {
        Ok(line) => obey(line),
        Err(told) => usage(&told),
    }
}

fn obey(line: CommandLine) -> ExitCode {
    let before = line.targets;
    match line.command {
        None => dashboard::run(before),
        Some(Command::Check(check)) => check::run(Check { targets: check.targets.after(before), ..check }),
        Some(Command::Config(Config::Check(targets))) => config::run(Config::Check(targets.after(before))),
        Some(Command::Config(Config::Show(targets))) => config::run(Config::Show(targets.after(before))),
        Some(Command::Demo(demo)) => {
            let asked = Demo { theme: demo.theme.or(before.theme.clone()), ascii: demo.ascii || before.ascii, ..demo };
            let looks = Targets { theme: before.theme.clone(), ascii: before.ascii, ..Targets::default() };
            if looks == before { demo::run(asked) } else { out_of_place("demo") }
        }
        Some(Command::Run(asked)) => run::run(Run { targets: asked.targets.after(before), ..*asked }),
        Some(Command::Audit(_)) if before != Targets::default() => out_of_place("audit"),
        Some(Command::Audit(command)) => audit::run(command),
        Some(Command::Approve(asked)) => {
            let own = Targets { config: asked.config, profile: asked.profile, ..Targets::default() };
            approve::run(asked.id.as_deref(), own.after(before))
        }
        Some(Command::Doctor(asked)) if !asked.live && before != Targets::default() => out_of_place("doctor"),
        Some(Command::Doctor(asked)) => doctor::run(&asked, before),
        Some(Command::Config(Config::Example { .. })) if before != Targets::default() => out_of_place("config example"),
        Some(Command::Config(example @ Config::Example { .. })) => config::run(example),
    }
}

fn out_of_place(command: &str) -> ExitCode {
    say::complain(format!("what stands before {command} means nothing to it; see quarterdeck {command} --help"));
    ExitCode::from(load::USAGE)
}

/// Help goes to stdout and is no failure; everything else is wrong usage. What was typed passes the gate like all text.
fn usage(told: &clap::Error) -> ExitCode {
    let text = told.render().to_string();
    // One prefix for everything that is told to be wrong.
    let text = text.strip_prefix("error: ").map_or(text.clone(), |words| format!("quarterdeck: {words}"));
    let lines: Vec<Safe> = text.trim_end().lines().map(Safe::of).collect();
    if told.use_stderr() {
        say::err(&lines);
        ExitCode::from(load::USAGE)
    } else {
        say::out(&lines);
        ExitCode::SUCCESS
    }
}
