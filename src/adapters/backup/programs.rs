//! The programs: which version they are of, the dump, its table of contents, the restore. Each without a terminal, with its
//! way to the server in its environment and its output bounded.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use crate::adapters::act::{CommandEnd, Commands};
use crate::domain::{Cause, Safe};
use crate::remediation::backup::{dump_argv, list_argv, major, restore_argv};
use crate::remediation::command::CommandStep;
use crate::remediation::place::Place;
use crate::remediation::step::StepEnd;

/// A question takes no longer.
const BRIEF: Duration = Duration::from_secs(5);

type Variables = Vec<(OsString, OsString)>;

/// Major versions of `pg_dump` and `pg_restore`.
pub async fn versions(commands: &Commands) -> Result<(u32, u32), Cause> {
    Ok((version(commands, "pg_dump").await?, version(commands, "pg_restore").await?))
}

async fn version(commands: &Commands, program: &str) -> Result<u32, Cause> {
    let end = run(commands, vec![program.to_owned(), "--version".to_owned()], &Vec::new(), BRIEF).await?;
    let said = end.output.whole().map(String::from_utf8_lossy).unwrap_or_default().into_owned();
    major(&said)
        .ok_or_else(|| Cause::Other(Safe::of(format!("{program} does not say its version: {}", end.last_words()))))
}

/// Dumps a snapshot into a file that is there.
pub async fn dump(
    commands: &Commands,
    snapshot: &str,
    file: &Path,
    way: &Variables,
    deadline: Duration,
) -> Result<(), Cause> {
    run(commands, dump_argv(snapshot, file), way, deadline).await.map(drop)
}

/// Reads the table of contents; how many entries it has.
pub async fn list(commands: &Commands, file: &Path) -> Result<u64, Cause> {
    let end = run(commands, list_argv(file), &Vec::new(), Duration::from_secs(60)).await?;
    if end.output.lines == 0 {
        return Err(Cause::Other(Safe::of("pg_restore lists nothing in the dump")));
    }
    Ok(end.output.lines)
}

/// Restores a file into a scratch database.
pub async fn restore(
    commands: &Commands,
    database: &str,
    file: &Path,
    way: &Variables,
    deadline: Duration,
) -> Result<(), Cause> {
    run(commands, restore_argv(database, file), way, deadline).await.map(drop)
}

async fn run(commands: &Commands, argv: Vec<String>, way: &Variables, deadline: Duration) -> Result<CommandEnd, Cause> {
    let program = argv.first().cloned().unwrap_or_default();
    let step = CommandStep { argv, place: Place::Local, become_argv: None, expected_exit: Vec::new(), reads: false };
    let end = commands.run_with(&step, way, deadline).await;
    match end.step_end(&step) {
        StepEnd::Done { .. } => Ok(end),
        StepEnd::Failed(cause) | StepEnd::Unknown(cause) | StepEnd::Miscarried(cause) => Err(match cause {
            Cause::CommandFailed { code, said } => {
                Cause::CommandFailed { code, said: Safe::of(format!("{program}: {said}")) }
            }
            cause => cause,
        }),
        StepEnd::OtherTarget(words) | StepEnd::Cancelled(words) => Err(Cause::Other(words)),
    }
}
