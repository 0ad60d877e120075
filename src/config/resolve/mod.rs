//! The last step: merged layers become `Resolved`, or every problem at once.

mod actions;
mod alerts;
mod backups;
mod beside;
mod builder;
mod caches;
mod commands;
mod credentials;
mod databases;
mod engines;
mod given;
mod kinds;
mod logs;
mod looking_back;
mod measured;
mod metrics;
mod parameters;
mod places;
mod policy;
mod reach;
mod requires;
mod runbooks;
mod screen;
mod services;
mod sessions;
mod signals;
mod steps;
mod upkeep;
mod windows;

use std::path::{Path, PathBuf};

use super::arguments::Arguments;
use super::environment::{self, Variables};
use super::layers::Merged;
use super::nearest;
use super::policy::{self as shared_policy, PolicyFile};
use super::problem::{Layer, Place, Problem, in_order};
use super::profiles;
use super::read::{self, Entry};
use super::resolved::Resolved;
use super::value::{Context, Value};
use crate::domain::Safe;

pub use credentials::take_user_info;
pub use services::gentle_interval;

/// A configuration file that was read and found trustworthy.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Its path.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// Everything that resolving looks at.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// The command line.
    pub arguments: Arguments,
    /// The environment, with `.env` where it may be read.
    pub variables: Variables,
    /// The home folder.
    pub home: Option<PathBuf>,
    /// The folder in which programs run.
    pub here: Option<PathBuf>,
    /// The configuration file.
    pub file: Option<SourceFile>,
    /// The profile from the user's folder; without it the embedded one is taken.
    pub profile: Option<SourceFile>,
    /// The policy of the folder that operators share, where there is such a folder.
    pub policy: Option<PolicyFile>,
    /// What was said while files were looked for.
    pub notes: Vec<Safe>,
}

/// The result, and where each value came from.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// What is watched.
    pub resolved: Resolved,
    /// The merged layers, for `config show`.
    pub merged: Merged,
    /// The profile's name, if one is used.
    pub profile: Option<String>,
    /// What is wrong with the shared policy: because of it nothing may be run.
    pub policy_problems: Vec<Problem>,
}

/// The profile that is asked for: by argument, variable or file, and where.
#[must_use]
pub fn wanted_profile(
    arguments: &Arguments,
    variables: &Variables,
    file: Option<&SourceFile>,
) -> Option<(String, Place)> {
    if let Some(name) = &arguments.profile {
        return Some((name.clone(), Place::of(Layer::CommandLine, "--profile")));
    }
    if let Some(name) = variables.get("QUARTERDECK_PROFILE") {
        return Some((name.to_owned(), Place::of(Layer::Environment, "QUARTERDECK_PROFILE")));
    }
    let file = file?;
    let (entries, _) = read_file(file, Layer::File, None);
    let root = entries.iter().find(|e| e.section.name.is_empty())?;
    root.values.iter().find(|(key, _)| key.name == "profile").and_then(|(_, given)| match &given.value {
        Value::Text(name) => Some((name.clone(), given.place.clone())),
        _ => None,
    })
}

fn read_file(file: &SourceFile, layer: Layer, home: Option<&Path>) -> (Vec<Entry>, Vec<Problem>) {
    let place = Place::of(layer, &file.path.to_string_lossy());
    let context = Context { layer, folder: file.path.parent(), home };
    read::read(&file.text, &place, &context)
}

/// Whether the file lets `.env` be read; without a word it does.
#[must_use]
pub fn allows_dotenv(file: &SourceFile, home: Option<&Path>) -> bool {
    let (entries, _) = read_file(file, Layer::File, home);
    let table = entries.iter().find(|e| e.section.name == "discovery");
    let given = table.and_then(|t| t.values.iter().find(|(key, _)| key.name == "dotenv"));
    given.is_none_or(|(_, given)| given.value != Value::Flag(false))
}

/// The folder that operators share, looked up before anything is resolved: a policy may stand in it.
#[must_use]
pub fn shared_folder(inputs: &Inputs) -> Option<PathBuf> {
    let (mut merged, mut told_later) = (Merged::default(), Vec::new());
    files(inputs, &mut merged, &mut told_later);
    match &merged.given("actions", "shared")?.value {
        Value::File(path) => Some(path.clone()),
        _ => None,
    }
}

/// The layers that are files; the profile's name when there is one.
fn files(inputs: &Inputs, merged: &mut Merged, problems: &mut Vec<Problem>) -> Option<String> {
    let profile = profile(inputs, merged, problems);
    if let Some(file) = &inputs.file {
        let (entries, wrong) = read_file(file, Layer::File, inputs.home.as_deref());
        problems.extend(wrong);
        for entry in entries {
            merged.add(entry);
        }
    }
    profile
}

/// Resolves all layers, or tells every problem.
pub fn resolve(inputs: &Inputs) -> Result<Resolution, Vec<Problem>> {
    let mut merged = Merged::default();
    let mut problems = Vec::new();
    let mut notes = inputs.notes.clone();
    let profile = files(inputs, &mut merged, &mut problems);
    environment::apply(&inputs.variables, &inputs.arguments, &mut merged, &mut problems, &mut notes);
    inputs.arguments.apply(&mut merged, &mut problems, &mut notes);
    let policy = inputs.policy.as_ref();
    let home = inputs.home.as_deref();
    let read = policy.map_or(Ok(()), |file| shared_policy::apply(file, home, &mut merged, &mut notes));
    let policy_problems = read.err().map(in_order).unwrap_or_default();
    let (mut resolved, wrong) = builder::build(inputs, &merged, profile.as_deref());
    problems.extend(wrong);
    if let Some(why) = shared_policy::barred(&policy_problems) {
        resolved.actions.policy.barred = Some(why);
    }
    if !problems.is_empty() {
        return Err(in_order(problems));
    }
    notes.append(&mut resolved.notes);
    resolved.notes = notes;
    Ok(Resolution { resolved, merged, profile, policy_problems })
}

/// Reads the profile that is asked for; its name when there is one.
fn profile(inputs: &Inputs, merged: &mut Merged, problems: &mut Vec<Problem>) -> Option<String> {
    let (name, place) = wanted_profile(&inputs.arguments, &inputs.variables, inputs.file.as_ref())?;
    let known = profiles::EMBEDDED.iter().map(|(known, _)| *known);
    // A flag or a variable says by itself what it is; in a file the key does.
    let key = if place.layer == Layer::File { "profile" } else { "" };
    if !profiles::is_name(&name) {
        problems.push(Problem::new(&place, key, "a profile's name has letters, digits, - and _"));
        return None;
    }
    let home = inputs.home.as_deref();
    let (entries, wrong) = match (&inputs.profile, profiles::embedded(&name)) {
        (Some(file), _) => read_file(file, Layer::Profile, home),
        (None, Some(text)) => {
            let source = Place::of(Layer::Profile, &format!("profile {name}"));
            read::read(text, &source, &Context { layer: Layer::Profile, folder: None, home })
        }
        (None, None) => {
            let embedded: Vec<&str> = known.clone().collect();
            let words = format!(
                "there is no profile {name:?}; embedded: {}{}",
                embedded.join(", "),
                nearest::hint(&name, known)
            );
            problems.push(Problem::new(&place, key, words));
            return None;
        }
    };
    problems.extend(wrong);
    for entry in entries {
        if let Some((_, given)) =
            entry.values.iter().find(|(key, _)| entry.section.name.is_empty() && key.name == "profile")
        {
            problems.push(Problem::new(&given.place, "profile", "a profile does not stand on another profile"));
        }
        merged.add(entry);
    }
    Some(name)
}
