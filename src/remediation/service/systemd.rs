//! systemd: the argument lists of `systemctl`, and what its `show` prints.

use std::time::Duration;

use crate::domain::{Cause, Safe};

use super::facts::{Instance, ServiceFacts, ServiceState};
use super::{ServiceVerb, check_name};

/// What is asked of a unit: identity, state, and who would go down with it.
const PROPERTIES: &str = "Id,LoadState,ActiveState,SubState,Result,MainPID,InvocationID,NRestarts,\
ActiveEnterTimestampMonotonic,TimeoutStopUSec,FragmentPath,RequiredBy,RequisiteOf,BoundBy,ConsistsOf,WantedBy";
/// Kinds of unit that can be started and stopped.
const KINDS: [&str; 4] = [".service", ".socket", ".timer", ".target"];
/// Units that a card names as affected; more are counted.
const DEPENDENTS: usize = 50;

/// The argument list of a verb. Never asks for a password: what needs one fails, with words.
pub(super) fn argv(unit: &str, user: bool, verb: ServiceVerb) -> Result<Vec<String>, Cause> {
    check_unit(unit)?;
    let mut words = vec!["systemctl"];
    words.extend(user.then_some("--user"));
    match verb {
        ServiceVerb::Status => words.extend(["--no-pager", "show", "-p", PROPERTIES]),
        ServiceVerb::Restart | ServiceVerb::Stop | ServiceVerb::Start => {
            words.extend(["--no-ask-password", verb.word()]);
        }
    }
    words.extend(["--", unit]);
    Ok(words.into_iter().map(str::to_owned).collect())
}

/// A unit's own name: no pattern, for `systemctl` would act on whatever fits, and no path.
fn check_unit(unit: &str) -> Result<(), Cause> {
    check_name("unit", unit, ":.-@\\")?;
    if KINDS.iter().any(|kind| unit.len() > kind.len() && unit.ends_with(kind)) {
        return Ok(());
    }
    let kinds = KINDS.join(", ");
    Err(Cause::Misconfigured(Safe::of(format!("unit {unit:?} must be written with its kind: {kinds}"))))
}

/// Reads what `systemctl show` printed.
pub fn read(printed: &[u8]) -> Result<ServiceFacts, Cause> {
    let shown = Shown(String::from_utf8_lossy(printed));
    match shown.of("LoadState") {
        Some("loaded") => {}
        Some("masked") => return Ok(facts(&shown, "masked: it cannot be started")),
        Some(other) => {
            let unit = shown.of("Id").unwrap_or("the unit");
            return Err(Cause::Misconfigured(Safe::of(format!("{unit}: {other}, says systemd")).clipped(200)));
        }
        None => return Err(Cause::Protocol(Safe::of("systemctl show says nothing of LoadState"))),
    }
    Ok(facts(&shown, ""))
}

fn facts(shown: &Shown<'_>, remark: &str) -> ServiceFacts {
    let (active, sub) = (shown.of("ActiveState").unwrap_or_default(), shown.of("SubState").unwrap_or_default());
    let state = match (active, sub) {
        ("active" | "reloading" | "refreshing", _) => ServiceState::Running,
        ("inactive", _) => ServiceState::Stopped,
        ("failed", _) => ServiceState::Failed,
        ("activating", _) => ServiceState::Starting,
        ("deactivating", _) => ServiceState::Stopping,
        _ => ServiceState::Unknown,
    };
    let pid = shown.of("MainPID").and_then(|pid| pid.parse().ok()).filter(|pid| *pid != 0);
    let invocation = shown.of("InvocationID").filter(|id| !id.is_empty());
    // A unit that is down keeps the id of its last run; only what is up is an instance.
    let up = matches!(state, ServiceState::Running | ServiceState::Starting | ServiceState::Stopping);
    let instances = match (pid, invocation) {
        (None, None) => Vec::new(),
        (None, Some(_)) if !up => Vec::new(),
        (pid, invocation) => vec![Instance { pid, invocation: invocation.map(Safe::of) }],
    };
    let result = shown.of("Result").filter(|result| !matches!(*result, "" | "success"));
    let mut words = format!("{active} ({sub})");
    for more in [result, Some(remark).filter(|text| !text.is_empty())].into_iter().flatten() {
        words.push_str(&format!(", {more}"));
    }
    ServiceFacts {
        state,
        instances,
        restarts: shown.of("NRestarts").and_then(|count| count.parse().ok()),
        required_by: dependents(shown),
        words: Safe::of(words).clipped(200),
        anchor: Safe::of(shown.of("FragmentPath").unwrap_or_default()).clipped(300),
        machine: Safe::default(),
        looping: state == ServiceState::Failed || sub.starts_with("auto-restart"),
        up_at: shown
            .of("ActiveEnterTimestampMonotonic")
            .and_then(|micros| micros.parse().ok())
            .filter(|micros| *micros != 0)
            .map(Duration::from_micros),
        started: None,
        stop_within: shown.of("TimeoutStopUSec").and_then(span),
        no_process: state == ServiceState::Running && pid.is_none() && stands_for_others(shown, sub),
    }
}

/// A unit that is up without a process of its own: its program has ended (`active (exited)`), as of one that only stands for
/// others, or it is of a kind that has none. One that runs and whose main process systemd could not tell is not meant.
fn stands_for_others(shown: &Shown<'_>, sub: &str) -> bool {
    let id = shown.of("Id").unwrap_or_default();
    sub == "exited" || KINDS.iter().any(|kind| *kind != ".service" && id.ends_with(kind))
}

/// A length of time as systemd writes it: `1min 30s`, `infinity`.
fn span(written: &str) -> Option<Duration> {
    if written == "infinity" {
        return Some(Duration::MAX);
    }
    let part = |word: &str| {
        let (number, unit) = word.split_at_checked(word.find(|c: char| c.is_ascii_alphabetic())?)?;
        let seconds = match unit {
            "us" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "min" => 60.0,
            "h" => 3600.0,
            "d" => 86400.0,
            "w" => 604_800.0,
            _ => return None,
        };
        Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()
    };
    let mut parts = written.split_ascii_whitespace().map(part).peekable();
    parts.peek()?;
    parts.try_fold(Duration::ZERO, |sum, part| sum.checked_add(part?))
}

/// Who is touched when this unit goes: those that fall with it first, then those that only want it.
fn dependents(shown: &Shown<'_>) -> Vec<Safe> {
    let mut found: Vec<Safe> = Vec::new();
    let how = [
        ("RequiredBy", "requires it"),
        ("RequisiteOf", "requires it"),
        ("BoundBy", "is bound to it"),
        ("ConsistsOf", "is part of it"),
        ("WantedBy", "wants it"),
    ];
    let mut seen: Vec<&str> = Vec::new();
    for (property, words) in how {
        for unit in shown.of(property).unwrap_or_default().split_ascii_whitespace() {
            if !seen.contains(&unit) {
                seen.push(unit);
                found.push(Safe::of(format!("{unit} ({words})")).clipped(300));
            }
        }
    }
    let more = found.len().saturating_sub(DEPENDENTS);
    if more > 0 {
        found.truncate(DEPENDENTS);
        found.push(Safe::of(format!("and {more} more")));
    }
    found
}

/// Lines of `NAME=VALUE`.
struct Shown<'a>(std::borrow::Cow<'a, str>);

impl Shown<'_> {
    fn of(&self, name: &str) -> Option<&str> {
        self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
    }
}
