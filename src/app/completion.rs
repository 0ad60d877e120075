//! What can be typed behind the name of a command: actions and the targets that they have, themes, requests that wait, tables
//! in need. Made from the model alone, bounded; what is typed is never changed unless a person takes one.

use crate::app::Model;
use crate::app::actions::{catalogue, parameters};
use crate::config::keys::THEMES;
use crate::domain::Safe;
use crate::input::Command;
use crate::input::keymap;
use crate::remediation::action::Action;

/// Most that are offered.
const MOST: usize = 50;

/// One thing to type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// All that stands behind the command's name then.
    pub text: Safe,
    /// What it is.
    pub doc: Safe,
    /// It means something as it stands.
    pub whole: bool,
    /// More can follow.
    pub more: bool,
}

impl Completion {
    fn whole(text: impl AsRef<str>, doc: impl AsRef<str>) -> Completion {
        Completion { text: Safe::of(text), doc: Safe::of(doc), whole: true, more: false }
    }
}

/// What fits to what was typed in the palette so far; nothing as long as no command's name is whole.
#[must_use]
pub fn of(model: &Model, typed: &str) -> Vec<Completion> {
    let Some((info, argument)) = keymap::with_argument(typed) else { return Vec::new() };
    // A blank at the end says that the word before it is whole.
    let ended = typed.ends_with(' ') && !argument.is_empty();
    let mut found = match info.command {
        Command::Act => actions(model, argument, ended),
        Command::Theme => THEMES.iter().map(|name| Completion::whole(name, "")).collect(),
        Command::Approve => requests(model),
        Command::Analyse | Command::Vacuum | Command::Reindex => tables(model),
        _ => Vec::new(),
    };
    let beginning = argument.to_lowercase();
    found.retain(|one| one.text.as_str().to_lowercase().starts_with(&beginning));
    found.truncate(MOST);
    found
}

/// The one that is meant without being chosen by hand: it alone begins so, and is more than what was typed. Where not all are
/// offered that there are, what was typed may be one of the others, and stays as it is.
#[must_use]
pub fn only<'a>(command: Command, found: &'a [Completion], argument: &str) -> Option<&'a Completion> {
    if !matches!(command, Command::Act | Command::Theme) {
        return None;
    }
    match found {
        [only] if only.whole && !argument.is_empty() && only.text.as_str() != argument => Some(only),
        _ => None,
    }
}

/// `ACTION`, then `on TARGET`, then `with NAME=` for what narrows it.
fn actions(model: &Model, typed: &str, ended: bool) -> Vec<Completion> {
    let all = catalogue::named(model);
    let named = |action: &&Action| typed == action.id.as_str() || typed.starts_with(&format!("{} ", action.id));
    // The longest name that was typed: one action may be called as another begins.
    let longest = all.iter().filter(named).map(|action| action.id.as_str().len()).max();
    let meant: Vec<&Action> = all.iter().filter(|a| named(a) && Some(a.id.as_str().len()) == longest).collect();
    let is_name_alone = meant.iter().any(|action| typed == action.id.as_str());
    if meant.is_empty() || is_name_alone && !ended {
        return names(&all);
    }
    let aimed = |action: &&&Action| {
        let with_target = format!("{} on {}", action.id, action.target.name);
        typed.strip_prefix(with_target.as_str()).is_some_and(|rest| rest.starts_with(' ') || rest.is_empty() && ended)
    };
    match meant.iter().find(aimed) {
        Some(action) => narrowings(action, typed),
        None => meant.into_iter().map(targeted).collect(),
    }
}

fn names(all: &[Action]) -> Vec<Completion> {
    let mut found: Vec<Completion> = Vec::new();
    for action in all {
        let (id, doc) = (&action.id, format!("{}  {}", action.level, action.title));
        match found.iter_mut().find(|one| one.text == *id) {
            // It has several targets: one has to be said.
            Some(known) => {
                (known.doc, known.whole) = (Safe::of(format!("{}  on several targets", action.level)), false);
            }
            None => found.push(Completion { more: true, ..Completion::whole(id, doc) }),
        }
    }
    found
}

fn targeted(action: &Action) -> Completion {
    let takes = parameters::taken(action);
    let title = &action.title;
    let environment = action.target.environment.word();
    let text = format!("{} on {}", action.id, action.target.name);
    Completion { more: !takes.is_empty(), ..Completion::whole(text, format!("{environment}  {title}")) }
}

/// What narrows it and was not given yet. Its value is for the person to say.
fn narrowings(action: &Action, typed: &str) -> Vec<Completion> {
    let (head, given) = typed.split_once(" with ").map_or((typed, ""), |(head, given)| (head, given));
    let whole: Vec<&str> = given.split_whitespace().filter(|word| word.contains('=')).collect();
    let is_given = |name: &str| whole.iter().any(|word| word.split('=').next() == Some(name));
    let before: String = whole.iter().flat_map(|word| [word, " "]).collect();
    let one = |name: &&str| {
        let text = Safe::of(format!("{} with {before}{name}=", head.trim_end().trim_end_matches(" with")));
        Completion { text, doc: Safe::of("narrows it"), whole: false, more: false }
    };
    parameters::taken(action).iter().filter(|name| !is_given(name)).map(one).collect()
}

/// Requests of others that wait for a second person.
fn requests(model: &Model) -> Vec<Completion> {
    let others = &model.actions.second.look.others;
    let one = |waits: &crate::app::actions::approvals::Waits| {
        Completion::whole(&waits.id, format!("{} asks for {} on {}", waits.who, waits.action, waits.target))
    };
    others.iter().map(one).collect()
}

/// Tables of the database that is shown which the server names as in need; others can be typed.
fn tables(model: &Model) -> Vec<Completion> {
    let (database, tables) = &model.actions.offers.needy;
    if *database != model.view.database {
        return Vec::new();
    }
    // A name that the gate changes is not the name of a table any more.
    let exact = tables.iter().filter_map(|(name, dead)| {
        let text = name.one_line();
        (text.as_str().as_bytes() == name.as_bytes()).then_some((text, dead))
    });
    exact.map(|(name, dead)| Completion::whole(name, format!("{dead} dead rows"))).collect()
}
