//! The policy of a shared folder, pure: its text is held against the merged layers and makes them stricter, never looser.
//! One that cannot be read or is wrong leaves everything as it is and says so: then nothing may be run.

use std::path::{Path, PathBuf};

use super::keys::policy::POLICY;
use super::keys::{self, Key, Section, Stricter};
use super::layers::Merged;
use super::problem::{Layer, Place, Problem};
use super::read::{self, Given};
use super::value::{Context, Value, of_text};
use crate::domain::Safe;
use crate::domain::target::Environment;
use crate::remediation::approval::parts_of;
use crate::remediation::window::Window;

static SECTIONS: [&Section; 1] = [&POLICY];
/// Words that are levels, however they are written.
const LEVELS: [&str; 4] = ["L0", "L1", "L2", "L3"];

/// The policy's file, as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFile {
    /// Where it stands, or would stand.
    pub path: PathBuf,
    /// Its text; none where there is no such file; why it is not believed.
    pub text: Result<Option<String>, Safe>,
}

/// Makes the layers stricter. What would loosen is left out and noted.
///
/// # Errors
/// Every problem of the file; the layers are as they were.
pub fn apply(
    file: &PolicyFile,
    home: Option<&Path>,
    merged: &mut Merged,
    notes: &mut Vec<Safe>,
) -> Result<(), Vec<Problem>> {
    let place = Place::of(Layer::Policy, &file.path.to_string_lossy());
    let text = match &file.text {
        Ok(Some(text)) => text,
        Ok(None) => return Ok(()),
        Err(why) => return Err(vec![Problem::new(&place, "", why)]),
    };
    let context = Context { layer: Layer::Policy, folder: file.path.parent(), home };
    let (entries, mut problems) = read::read_as(&SECTIONS, text, &place, &context);
    let given = || entries.iter().flat_map(|entry| &entry.values);
    problems.extend(given().flat_map(|(key, given)| wrong(key, given)));
    if !problems.is_empty() {
        return Err(problems);
    }
    for (key, given) in given() {
        tighten(key, given, merged, notes);
    }
    for entry in entries {
        merged.add(entry);
    }
    Ok(())
}

/// Why nothing may be run, in a sentence.
#[must_use]
pub fn barred(problems: &[Problem]) -> Option<Safe> {
    let first = problems.first()?.line();
    let more = match problems.len() {
        1 => String::new(),
        n => format!(" (and {} more)", n - 1),
    };
    Some(Safe::of(format!("no action runs: the shared policy cannot be used: {first}{more}")))
}

/// What cannot be meant. Who wrote it believes that it guards something.
fn wrong(key: &Key, given: &Given) -> Vec<Problem> {
    let Value::Texts(texts) = &given.value else { return Vec::new() };
    let judge: fn(&str) -> Option<String> = match key.name {
        "windows" => |text| Window::parse(text).err(),
        "refuse" => |text| wrong_rule(text, &["L1", "L2", "L3"]),
        "second_person" => |text| wrong_rule(text, &["L2", "L3"]),
        _ => |_any| None,
    };
    let problem = |words: String| Problem::new(&given.place, key.name, words);
    texts.iter().filter_map(|text| judge(text)).map(problem).collect()
}

/// What is wrong with `L2 in production`, whatever actions there are.
pub(super) fn wrong_rule(entry: &str, levels: &[&str]) -> Option<String> {
    let (what, environment) = parts_of(entry);
    if let Some(word) = environment.filter(|word| Environment::parse(word).is_none()) {
        return Some(format!("{entry:?}: {word:?} is no environment; allowed: production, staging, dev, local"));
    }
    let meant = LEVELS.iter().any(|level| level.eq_ignore_ascii_case(what));
    let allowed = || levels.join(", ");
    (meant && !levels.contains(&what)).then(|| format!("{entry:?}: as a level is allowed: {}", allowed()))
}

/// One key of `[actions]`, where the policy's value is the stricter one.
fn tighten(key: &Key, given: &Given, merged: &mut Merged, notes: &mut Vec<Safe>) {
    let Some(own) = keys::section("actions").and_then(|section| section.key(key.name)) else { return };
    let configured = merged.given("actions", key.name);
    let current = configured.map(|given| given.value.clone()).or_else(|| {
        let context = Context { layer: Layer::Default, folder: None, home: None };
        of_text(&own.kind, own.default, &context).ok()
    });
    let list = |value: Option<&Value>| match value {
        Some(Value::Texts(texts)) => texts.clone(),
        _ => Vec::new(),
    };
    let (ours, theirs) = (list(configured.map(|given| &given.value)), list(Some(&given.value)));
    let value = match key.tightens {
        Some(Stricter::Beside) | None => return,
        Some(Stricter::Either) => {
            let more: Vec<String> = theirs.into_iter().filter(|text| !ours.contains(text)).collect();
            Value::Texts(ours.into_iter().chain(more).collect())
        }
        Some(Stricter::Both) => Value::Texts(ours.into_iter().filter(|text| theirs.contains(text)).collect()),
        Some(how) => {
            if current.as_ref().is_some_and(|current| is_looser(how, current, &given.value)) {
                let whence = configured.map_or_else(|| "the default".to_owned(), |given| given.place.to_string());
                let stays = current.map_or_else(Safe::default, |current| current.shown());
                let words = format!("{} would loosen {stays} ({whence}), which stays", given.value.shown());
                notes.push(Problem::new(&given.place, key.name, words).line());
                return;
            }
            given.value.clone()
        }
    };
    merged.set("actions", "", key.name, value, &given.place);
}

/// Whether a policy's value allows more than the one that holds.
fn is_looser(how: Stricter, holds: &Value, policy: &Value) -> bool {
    let smaller = match (holds, policy) {
        (Value::Count(holds), Value::Count(policy)) => holds < policy,
        (Value::Time(holds), Value::Time(policy)) => holds < policy,
        (Value::Ratio(holds), Value::Ratio(policy)) => holds < policy,
        (Value::Flag(holds), Value::Flag(policy)) => return *holds && !*policy,
        _ => return false,
    };
    match how {
        // Equal is neither.
        Stricter::Smaller => smaller,
        _ => !smaller && holds != policy,
    }
}
