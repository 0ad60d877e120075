//! `quarterdeck run`: one guarded action without a screen. First its card and a code, then the code.

use std::io::IsTerminal;
use std::process::ExitCode;

use super::arguments::Run;
use super::{load, say};
use crate::app::Model;
use crate::app::actions::headless;
use crate::config::Resolved;
use crate::domain::threshold::parse_duration;
use crate::domain::{Safe, figure};
use crate::remediation::action::Action;
use crate::remediation::outcome::Outcome;
use crate::runtime::clock;
use crate::runtime::run::{self, Told, Way};

/// EX_SOFTWARE of sysexits.
const FAILED: u8 = 70;

pub fn run(asked: Run) -> ExitCode {
    let metrics = !asked.targets.metrics.is_empty();
    let mut resolved = match load::load(asked.targets.clone().into()) {
        Ok(resolution) if resolution.resolved.is_empty() && resolution.resolved.actions.own.is_empty() => {
            return load::nothing_to_watch(&resolution.resolved, metrics);
        }
        Ok(resolution) => resolution.resolved,
        Err(problems) => return load::refuse(&problems),
    };
    if asked.list {
        return say::print(&headless::list(&model(&resolved)));
    }
    let found = older_than(&mut resolved, asked.older_than.as_deref()).and_then(|()| meant(&resolved, &asked));
    let action = match found {
        Ok(action) => action,
        Err(why) => {
            say::complain(why);
            say::complain("all that there is: quarterdeck run --list");
            return ExitCode::from(load::USAGE);
        }
    };
    if !is_watched_by_a_person() && !resolved.actions.headless.iter().any(|id| id == action.id.as_str()) {
        say::complain(format!(
            "refused: {0} needs a terminal, on which somebody reads its card; allow it without one: headless = [\"{0}\"] under [actions]",
            action.id
        ));
        return ExitCode::from(Outcome::Refused.exit_status());
    }
    let again = again(&asked, &action);
    let way = match asked.confirm {
        Some(code) => Way::Confirm { code, reason: asked.reason.unwrap_or_default() },
        None => Way::DryRun { again },
    };
    match run::run(&resolved, &action, way, print) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            say::complain(format!("nothing was done: {error}"));
            ExitCode::from(FAILED)
        }
    }
}

fn model(resolved: &Resolved) -> Model {
    Model::new(resolved, clock::now(), clock::local_offset())
}

fn is_watched_by_a_person() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// The action that is meant.
fn meant(resolved: &Resolved, asked: &Run) -> Result<Action, String> {
    let (Some(id), Some(target)) = (&asked.action, &asked.target) else {
        return Err("name an action and its --target".to_owned());
    };
    let action = headless::find(&model(resolved), id, target).map_err(|why| why.to_string())?;
    let wanted = asked.older_than.as_deref().and_then(parse_duration);
    match (wanted, headless::age(&action)) {
        (Some(_), None) => Err(format!("--older-than means nothing to {id}: it does not choose sessions by their age")),
        (Some(wanted), Some(least)) if wanted < least => {
            let least = figure::span(least);
            Err(format!("--older-than only tightens: the configuration gives free what is idle for {least}"))
        }
        _ => Ok(action),
    }
}

/// Sessions that are older than the configuration has it. It only tightens: what is younger was not given free.
fn older_than(resolved: &mut Resolved, asked: Option<&str>) -> Result<(), String> {
    let Some(text) = asked else { return Ok(()) };
    let Some(age) = parse_duration(text).filter(|age| age.as_secs() >= 1) else {
        return Err(format!("--older-than {text:?}: write a time from 1s on, such as 10m"));
    };
    let actions = &mut resolved.actions;
    for configured in [&mut actions.idle_older_than, &mut actions.idle_in_transaction_older_than] {
        *configured = age.max(*configured);
    }
    Ok(())
}

/// The command line that runs what a dry run shows, without its code; copied as it stands it means the same.
fn again(asked: &Run, action: &Action) -> Safe {
    let quoted = |text: &str| {
        let plain =
            |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/' | b':' | b'@' | b'=' | b'+');
        if !text.is_empty() && text.bytes().all(plain) {
            text.to_owned()
        } else {
            format!("'{}'", text.replace('\'', "'\\''"))
        }
    };
    let mut line =
        format!("quarterdeck run {} --target {}", quoted(action.id.as_str()), quoted(action.target.name.as_str()));
    for (option, value) in [
        ("--older-than", asked.older_than.clone()),
        ("--config", asked.targets.config.as_ref().map(|path| path.display().to_string())),
        ("--profile", asked.targets.profile.clone()),
        ("--env", asked.targets.environment.clone()),
    ] {
        line.extend(value.map(|value| format!(" {option} {}", quoted(&value))));
    }
    if asked.targets.allow_actions {
        line.push_str(" --allow-actions");
    }
    // Addresses may hold secrets: they are not repeated.
    if !asked.targets.databases.is_empty() || !asked.targets.redis.is_empty() || !asked.targets.urls.is_empty() {
        line.push_str(" (and the same --db, --redis and URLs)");
    }
    Safe::of(line)
}

fn print(told: &Told) {
    match told {
        Told::Answer(lines) => say::out(lines),
        Told::Trouble(lines) => lines.iter().all(|line| say::complain(line.as_str())),
    };
}
