//! `quarterdeck run`: one guarded action without a screen. First its card and a code, then the code.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use super::arguments::Run;
use super::{load, say};
use crate::adapters::operator;
use crate::app::Model;
use crate::app::actions::{headless, parameters, record};
use crate::config::Resolved;
use crate::domain::Safe;
use crate::domain::threshold::parse_duration;
use crate::remediation::action::{Action, Plan};
use crate::remediation::audit::AuditEvent;
use crate::remediation::outcome::Outcome;
use crate::remediation::parameter::HIDDEN;
use crate::remediation::tripwire::WATCHES;
use crate::runtime::run::{self, Told, Way};
use crate::runtime::{clock, refusal};

/// EX_SOFTWARE of sysexits.
const FAILED: u8 = 70;
/// A shorter watch sees nothing.
const SHORTEST_WATCH: Duration = Duration::from_secs(1);

pub fn run(asked: Run) -> ExitCode {
    let watch = match asked.watch.as_deref().map(|text| (text, parse_duration(text))) {
        None => None,
        Some((_, Some(time))) if time >= SHORTEST_WATCH && time <= WATCHES => Some(time),
        Some((text, _)) => {
            say::complain(format!("--watch {text:?}: write a time from 1s to 5m, such as 5m"));
            return ExitCode::from(load::USAGE);
        }
    };
    let resolved = match load::load(asked.targets.clone().into()) {
        Ok(resolution) if resolution.resolved.is_empty() && resolution.resolved.actions.own.is_empty() => {
            return load::nothing_to_watch(&resolution.resolved);
        }
        Ok(resolution) => resolution.resolved,
        Err(problems) => return load::refuse(&problems),
    };
    if asked.list {
        return say::print(&headless::list(&model(&resolved)));
    }
    let action = match meant(&resolved, &asked) {
        Ok(action) => action,
        Err(why) => {
            say::complain(why);
            say::complain("all that there is: quarterdeck run --list");
            return ExitCode::from(load::USAGE);
        }
    };
    if let Some(why) = needs_a_terminal(&resolved, &action) {
        return turn_away(&resolved, &action, &why);
    }
    if !is_watched_by_a_person() && matches!(&action.plan, Plan::Runbook(runbook) if runbook.asks()) {
        let why = format!("{} asks a person on its way: it needs a terminal to be answered on", action.id);
        return turn_away(&resolved, &action, &Safe::of(why));
    }
    let again = again(&asked, &action, resolved.screen.redact);
    let way = match asked.confirm {
        Some(code) => Way::Confirm { code, reason: asked.reason.unwrap_or_default(), watch },
        None => Way::DryRun { again, anew: asked.anew },
    };
    match run::run(&resolved, &action, way, print) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            say::complain(format!("nothing was done: {error}"));
            ExitCode::from(FAILED)
        }
    }
}

/// Why it does not run where no terminal is, if this is such a place.
fn needs_a_terminal(resolved: &Resolved, action: &Action) -> Option<Safe> {
    if is_watched_by_a_person() {
        return None;
    }
    let actions = &resolved.actions;
    actions.policy.against_headless(&actions.headless, action, &operator::identity().user)
}

/// Nothing was done, and that it was asked for is recorded.
fn turn_away(resolved: &Resolved, action: &Action, why: &Safe) -> ExitCode {
    let status = Outcome::Refused.exit_status();
    let entry = record::of_order(AuditEvent::Refused, action, std::slice::from_ref(why), clock::now());
    say::recorded(&refusal::record(&resolved.actions, entry, status));
    say::complain(format!("refused: {why}"));
    ExitCode::from(status)
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
    let found = headless::find(&model(resolved), id, Some(target)).and_then(|action| {
        let given = parameters::pairs(asked.parameters.iter().map(String::as_str))?;
        parameters::narrowed(action, &given, resolved.screen.redact)
    });
    found.map_err(|why| why.to_string())
}

/// The command line that runs what a dry run shows, without its code; copied as it stands it means the same.
fn again(asked: &Run, action: &Action, redact: bool) -> Safe {
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
    for pair in &asked.parameters {
        let hidden = pair.split_once('=').filter(|_| redact).map(|(name, _)| format!("{name}={HIDDEN}"));
        line.push_str(&format!(" --param {}", hidden.unwrap_or_else(|| quoted(pair))));
    }
    for (option, value) in [
        ("--config", asked.targets.config.as_ref().map(|path| path.display().to_string())),
        ("--profile", asked.targets.profile.clone()),
        ("--env", asked.targets.environment.clone()),
    ] {
        line.extend(value.map(|value| format!(" {option} {}", quoted(&value))));
    }
    for (option, given) in [("--allow-actions", asked.targets.allow_actions), ("--redact", asked.targets.redact)] {
        if given {
            line.push_str(&format!(" {option}"));
        }
    }
    if redact && !asked.parameters.is_empty() {
        line.push_str(&format!(" (with what was given for {HIDDEN})"));
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
