//! Parameters of an action: `older_than=5m user=web`. Ages only tighten what the configuration gives free; what is left empty
//! is refused, and never taken for all: every database is a word of its own.

use std::time::Duration;

use crate::config::nearest;
use crate::domain::hidden::names_a_secret;
use crate::domain::statement::StatementId;
use crate::domain::threshold::parse_duration;
use crate::domain::{Safe, figure};
use crate::remediation::action::{Action, Databases, Plan, SessionSelector, Wanting};
use crate::remediation::explain::Explained;
use crate::remediation::parameter::{Gap, Given, HIDDEN, Otherwise, Parameter, filled, in_a_title};

/// Names that an action can know.
const AGE: &str = "older_than";
const USER: &str = "user";
const APPLICATION: &str = "application";
const DATABASE: &str = "database";
const EVERY: &str = "every_database";
const PID: &str = "pid";
const NAME: &str = "name";
const QUERY: &str = "query";

/// The action, narrowed by what was given as `name=value`. Hidden values stand in nothing that is shown or written.
///
/// # Errors
/// What is wrong with a parameter, in words for a person.
pub fn narrowed(action: Action, given: &[(String, String)], hide: bool) -> Result<Action, Safe> {
    let mut action = action;
    let mut told = Vec::new();
    for (at, (name, value)) in given.iter().enumerate() {
        if given.iter().take(at).any(|(earlier, _)| earlier == name) {
            return Err(Safe::of(format!("{name} is given twice")));
        }
        if value.trim().is_empty() {
            return Err(Safe::of(format!("{name} is empty: empty names nobody, and never everybody")));
        }
        take(&mut action, name, value).map_err(|why| if hide { unquoted(&why, value) } else { why })?;
        let value = if hide || names_a_secret(name) { HIDDEN.to_owned() } else { in_a_title(value) };
        told.push(format!("{name} {value}"));
    }
    if let Plan::Wanting(wanting) = action.plan.clone() {
        fill(&mut action, &wanting, given, hide)?;
    }
    if !told.is_empty() {
        action.title = Safe::of(format!("{} ({})", action.title, told.join(", ")));
    }
    Ok(action)
}

/// Parameters that an action takes.
#[must_use]
pub fn taken(action: &Action) -> Vec<&str> {
    if let Plan::Wanting(wanting) = &action.plan {
        return wanting.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    }
    built_in(action).to_vec()
}

fn built_in(action: &Action) -> &'static [&'static str] {
    match &action.plan {
        Plan::Sessions { selector: SessionSelector::Idle { .. }, .. } => &[AGE, USER, APPLICATION, DATABASE, EVERY],
        Plan::Sessions { selector: SessionSelector::IdleInTransaction { .. }, .. } => &[AGE],
        Plan::Sessions { selector: SessionSelector::Pid(_), .. } => &[PID],
        Plan::Upkeep(upkeep) if upkeep.name.is_empty() => &[NAME],
        Plan::Explain { .. } => &[QUERY],
        _ => &[],
    }
}

/// The plan with its values; what was left out of it stands on the card.
fn fill(action: &mut Action, wanting: &Wanting, given: &[(String, String)], hide: bool) -> Result<(), Safe> {
    let of = |name: &str| wanting.parameters.iter().find(|parameter| parameter.name == name);
    let mut values = Vec::new();
    for (name, value) in given {
        values.push((name.clone(), of(name).map_or_else(|| Ok(value.clone()), |parameter| parameter.checked(value))?));
    }
    let filled = filled(&wanting.plan, &wanting.parameters, &values, hide).map_err(|gap| match gap {
        Gap::Missing(name) => {
            let words = of(&name).map_or_else(|| Safe::of(&name), Parameter::words);
            Safe::of(format!("{} needs {words}: with {name}=…", action.id))
        }
        Gap::Unknown(name, _) => Safe::of(format!("{} has no parameter {name}", action.id)),
        Gap::Misplaced(why, _) => why,
    })?;
    for (step, parameter) in filled.left_out {
        action.warnings.push(Safe::of(format!("left out, for {parameter} is not given: {step}")));
    }
    action.plan = filled.plan;
    action.given = Given::new(values, filled.shown);
    Ok(())
}

/// What is wrong with a value, without the value.
fn unquoted(why: &Safe, value: &str) -> Safe {
    Safe::of(why.as_str().replace(Safe::of(format!("{value:?}")).as_str(), HIDDEN))
}

/// What is still to be typed for an action.
pub struct Wanted {
    /// ` with webhook=`; empty where nothing has to be given.
    pub begun: String,
    /// What it is, in words.
    pub words: Safe,
}

/// What an action has to be given.
#[must_use]
pub fn wanted(parameters: &[Parameter]) -> Wanted {
    let first = parameters.iter().find(|parameter| parameter.otherwise == Otherwise::Refused);
    let begun = first.map_or_else(String::new, |parameter| format!(" with {}=", parameter.name));
    let words: Vec<String> = parameters.iter().map(|parameter| parameter.words().to_string()).collect();
    Wanted { begun, words: Safe::of(format!("it is given: {}", words.join(", "))) }
}

fn take(action: &mut Action, name: &str, value: &str) -> Result<(), Safe> {
    let known = taken(action);
    if !known.contains(&name) {
        let hint = nearest::hint(name, known.iter().copied());
        let has = if known.is_empty() { "it takes none".to_owned() } else { format!("it takes {}", known.join(", ")) };
        return Err(Safe::of(format!("{name} means nothing to {}: {has}{hint}", action.id)));
    }
    if let Plan::Wanting(wanting) = &action.plan {
        let parameter = wanting.parameters.iter().find(|parameter| parameter.name == name);
        return parameter.map_or(Ok(()), |parameter| parameter.checked(value).map(drop));
    }
    if let Plan::Upkeep(upkeep) = &mut action.plan {
        value.clone_into(&mut upkeep.name);
    }
    if let Plan::Explain { of, .. } = &mut action.plan {
        let number = value.parse::<i64>().ok().filter(|number| *number != 0);
        let wrong = || Safe::of(format!("{QUERY} {value:?}: write the queryid of pg_stat_statements, a number"));
        *of = Explained::Kept(StatementId::bare(number.ok_or_else(wrong)?));
        action.title = Safe::of("explain a statement");
    }
    let Plan::Sessions { selector, .. } = &mut action.plan else { return Ok(()) };
    match selector {
        SessionSelector::Idle { older_than, .. } | SessionSelector::IdleInTransaction { older_than } if name == AGE => {
            *older_than = older(*older_than, value)?;
        }
        SessionSelector::Idle { user, .. } if name == USER => *user = Some(value.to_owned()),
        SessionSelector::Idle { databases, .. } if [DATABASE, EVERY].contains(&name) => {
            if *databases != Databases::Present {
                return Err(Safe::of(format!("{DATABASE} and {EVERY} contradict each other: say one of them")));
            }
            *databases = in_databases(name, value)?;
        }
        SessionSelector::Pid(pid) => {
            let number = value.parse().ok().filter(|pid| *pid > 0);
            *pid = number.ok_or_else(|| Safe::of(format!("{PID} {value:?}: write the number of a server process")))?;
        }
        SessionSelector::Idle { application, .. } => *application = Some(value.to_owned()),
        _ => {}
    }
    Ok(())
}

/// One database by its name, or every one where that very word is said. A pattern is no name.
fn in_databases(name: &str, value: &str) -> Result<Databases, Safe> {
    if name == EVERY {
        let whole = value == "true";
        let wrong = || Safe::of(format!("{EVERY} {value:?}: it takes only true; without it, it is one database"));
        return whole.then_some(Databases::Every).ok_or_else(wrong);
    }
    if value.contains('*') {
        return Err(Safe::of(format!("{DATABASE} {value:?}: it is one name; {EVERY}=true means every database")));
    }
    Ok(Databases::Named(value.to_owned()))
}

/// An age that only tightens: what is younger was not given free.
fn older(least: Duration, text: &str) -> Result<Duration, Safe> {
    let Some(age) = parse_duration(text).filter(|age| age.as_secs() >= 1) else {
        return Err(Safe::of(format!("{AGE} {text:?}: write a time from 1s on, such as 10m")));
    };
    if age < least {
        let least = figure::span(least);
        return Err(Safe::of(format!("{AGE} only tightens: the configuration gives free what is idle for {least}")));
    }
    Ok(age)
}

/// `name=value`, one by one.
///
/// # Errors
/// The word that is no such pair.
pub fn pairs<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Vec<(String, String)>, Safe> {
    let pair = |word: &str| match word.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(Safe::of(format!("{word:?} is no parameter: write name=value, such as {AGE}=10m"))),
    };
    words.into_iter().map(pair).collect()
}

/// What is typed in the dashboard: `terminate-idle on main with user=web application=my app`.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    /// Name of the action.
    pub action: String,
    /// Its target; may be left out where there is only one.
    pub target: Option<String>,
    /// What narrows it.
    pub parameters: Vec<(String, String)>,
}

/// Reads what was typed. A value ends where the next `name=` begins, so that names with spaces need no quotes.
///
/// # Errors
/// The word that makes no sense.
pub fn asked(text: &str) -> Result<Asked, Safe> {
    let (what, narrowing) = text.split_once(" with ").map_or((text, None), |(what, rest)| (what, Some(rest)));
    let (action, target) = what.split_once(" on ").map_or((what, None), |(action, target)| (action, Some(target)));
    let mut words: Vec<String> = Vec::new();
    for word in narrowing.unwrap_or_default().split_whitespace() {
        match words.last_mut() {
            Some(last) if !word.contains('=') => *last = format!("{last} {word}"),
            _ => words.push(word.to_owned()),
        }
    }
    Ok(Asked {
        action: action.trim().to_owned(),
        target: target.map(|target| target.trim().to_owned()),
        parameters: pairs(words.iter().map(String::as_str))?,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_typed_is_read_as_it_is_meant() {
        let asked = |text: &str| super::asked(text).unwrap();
        assert_eq!(asked("warm-cache").action, "warm-cache");
        assert_eq!(asked("warm-cache").target, None);
        let whole = asked("terminate-idle on api cache with application=my app user=web older_than=5m");
        assert_eq!(whole.target.as_deref(), Some("api cache"));
        assert_eq!(
            whole.parameters,
            [("application", "my app"), ("user", "web"), ("older_than", "5m")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert!(super::asked("terminate-idle with 5m").is_err());
        assert!(super::asked("terminate-idle with =5m").is_err());
    }
}
