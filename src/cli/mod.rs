//! Floor 7: one thin file per subcommand.

use std::{ffi::OsString, io::Write, path::Path, process::ExitCode, time::Duration};

use crate::demo::{self, DemoError, DemoOptions};

/// Entry of the program.
#[must_use]
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let outcome = match words.as_slice() {
        ["demo", "--part", name, ..] => demo::run_part(name, arguments.get(3..).unwrap_or_default()),
        ["demo", "--control", folder, verb, service] => demo::control(Path::new(folder), verb, service)
            .map(|line| drop(writeln!(std::io::stdout().lock(), "{line}"))),
        ["demo", rest @ ..] => serve(rest),
        _ => Ok(()),
    };
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    drop(writeln!(std::io::stderr().lock(), "quarterdeck: {error}"));
    ExitCode::FAILURE
}

fn serve(words: &[&str]) -> Result<(), DemoError> {
    let mut options = DemoOptions { lifeline: words.contains(&"--lifeline"), ..DemoOptions::default() };
    for pair in words.windows(2) {
        match pair {
            ["--scenario", name] => options.scenario = Some(name.parse()?),
            ["--scenario-after", after] => {
                let seconds = after.trim_end_matches('s').parse().unwrap_or(15);
                options.scenario_after = Duration::from_secs(seconds);
            }
            _ => {}
        }
    }
    demo::run_serve(&options)
}
