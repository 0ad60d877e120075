//! Acting without a screen, as words: which actions there are, which one is meant, the card, and what the code stands for.
//! It only words: the card, the consent and the guard are those of the dialog.

use crate::app::Model;
use crate::app::document::Document;
use crate::app::view::Overlay;
use crate::config::nearest;
use std::time::Duration;

use crate::domain::{Moment, Safe, figure};
use crate::remediation::action::Action;
use crate::remediation::card::Card;
use crate::remediation::guard;
use crate::remediation::outcome::Outcome;
use crate::remediation::tripwire::WATCHES;

use super::approvals::Second;
use super::tripwire::Tripwire;
use super::{catalogue, forms, parameters};

/// Columns of name, target and title in the list.
const NAME: usize = 30;
const TARGET: usize = 16;
const TITLE: usize = 46;

/// Every action: level, name, target, what it does, and why not. Nothing is read for it: what must hold is only named.
#[must_use]
pub fn list(model: &Model) -> Vec<Safe> {
    let line = |action: &Action| {
        let (id, target, title) = (action.id.as_str(), action.target.name.as_str(), action.title.as_str());
        let bare = Action { preconditions: Vec::new(), ..action.clone() };
        let mut why: Vec<String> = catalogue::reason_against(model, &bare).into_iter().map(|w| w.to_string()).collect();
        let parameters = parameters::taken(action);
        why.extend((!parameters.is_empty()).then(|| format!("takes {}", parameters.join(", "))));
        why.extend(action.preconditions.iter().map(|wanted| format!("{} must be {}", wanted.name, wanted.threshold)));
        let text = format!("{}  {id:<NAME$}  {target:<TARGET$}  {title:<TITLE$}  {}", action.level, why.join("; "));
        Safe::of(text.trim_end())
    };
    catalogue::named(model).iter().map(line).collect()
}

/// The one action of that name on that target, or what there is instead. Without a target it is the only one of that name.
///
/// # Errors
/// What there is instead.
pub fn find(model: &Model, id: &str, target: Option<&str>) -> Result<Action, Safe> {
    let all = catalogue::named(model);
    let named: Vec<&Action> = all.iter().filter(|action| action.id.as_str() == id).collect();
    if named.is_empty() {
        let hint = nearest::hint(id, all.iter().map(|action| action.id.as_str()));
        return Err(Safe::of(format!("there is no action {id:?}{hint}")));
    }
    let Some(target) = target else {
        if let [only] = named.as_slice() {
            return Ok(Action::clone(only));
        }
        let targets: Vec<&str> = named.iter().map(|action| action.target.name.as_str()).collect();
        return Err(Safe::of(format!("{id} has several targets, say which: {id} on {}", targets.join(", "))));
    };
    let mut aimed = named.iter().filter(|action| action.target.name.as_str() == target);
    match (aimed.next(), aimed.next()) {
        (Some(action), None) => Ok(Action::clone(action)),
        (Some(_), Some(_)) => {
            Err(Safe::of(format!("{id} has two targets that are called {target:?}: name them apart")))
        }
        (None, _) => {
            let targets: Vec<&str> = named.iter().map(|action| action.target.name.as_str()).collect();
            let hint = nearest::hint(target, targets.iter().copied());
            Err(Safe::of(format!("{id} has no target {target:?}{hint} (it has {})", targets.join(", "))))
        }
    }
}

/// The card that is to be decided on.
#[must_use]
pub fn card(model: &Model) -> Option<&Card> {
    match model.view.overlays.last() {
        Some(Overlay::Card(dialog)) => Some(&dialog.card),
        _ => None,
    }
}

/// Why the guard refused, if it was asked and did.
#[must_use]
pub fn refused(model: &Model) -> Vec<Safe> {
    match model.view.overlays.last() {
        Some(Overlay::Card(dialog)) => dialog.refused.clone(),
        _ => Vec::new(),
    }
}

/// The card in plain lines: all that the dialog says.
#[must_use]
pub fn lines(model: &Model, shown: &Card) -> Vec<Safe> {
    plain(&forms::text(model, shown, model.screen.redact).0)
}

/// What already speaks against running it, whatever is consented to.
#[must_use]
pub fn against(model: &Model, card: &Card) -> Vec<Safe> {
    let hindrance = catalogue::reason_against(model, &card.action);
    hindrance.into_iter().chain(card.preview.obstacles.iter().cloned()).collect()
}

/// What a code stands for, and how it is used.
#[must_use]
pub fn offer(card: &Card, code: &Safe, again: &Safe) -> Vec<Safe> {
    let mut out = Document::new("");
    let stands = match guard::phrase(card) {
        Some(phrase) => format!("it stands for typing {phrase}"),
        None => "nothing has to be typed beside it".to_owned(),
    };
    let good = figure::span(guard::CONSENT_LASTS);
    let reason = if guard::needs_reason(card) { " --reason 'WHY'" } else { "" };
    out.line("", crate::app::table::Tone::Plain);
    out.field("code", code.clone(), crate::app::table::Tone::Strong);
    out.field("good", format!("for {good}, once, for exactly this card; {stands}"), crate::app::table::Tone::Plain);
    out.field("run it with", format!("{again} --confirm {code}{reason}"), crate::app::table::Tone::Accent);
    plain(&out)
}

/// What comes after the code, where another person has to approve.
#[must_use]
pub fn second_person(model: &Model, card: &Card) -> Vec<Safe> {
    if !card.demands.second_person {
        return Vec::new();
    }
    let mut out = Document::new("");
    if let Some(words) = void(model, card) {
        out.field("second person", words, crate::app::table::Tone::Bad);
    }
    let digest = card.digest().hex();
    match model.actions.second.granted().find(|granted| granted.request.digest == digest) {
        Some(granted) => out.field("approved by", granted.by().clone(), crate::app::table::Tone::Ok),
        None => out.field(
            "second person",
            "the code asks for one; after the approval begin again with the card",
            crate::app::table::Tone::Warn,
        ),
    };
    plain(&out)
}

/// Why what somebody left as an approval of this card is none.
#[must_use]
pub fn void(model: &Model, card: &Card) -> Option<Safe> {
    let why = model.actions.second.void(card)?;
    Some(Safe::of(format!("an approval of this card does not count: {why}")))
}

/// What became of asking for a second person.
#[must_use]
pub fn asked(second: &Second) -> Vec<Safe> {
    let mut lines = second.told.clone();
    if !second.asked.is_empty() {
        lines.push(Safe::of("    the same quarterdeck run without --confirm, and then its code"));
    }
    lines
}

/// What a watch after an action came to.
#[derive(Debug)]
pub struct Watched {
    /// What is said.
    pub answer: Vec<Safe>,
    /// What speaks against it.
    pub trouble: Vec<Safe>,
    /// What it makes of an action that was verified, if anything else.
    pub outcome: Option<Outcome>,
}

/// That it does not stay, and what would.
#[must_use]
pub fn unwatched() -> Safe {
    Safe::of(format!("nothing watches any more whether anything gets worse; --watch {} does", figure::span(WATCHES)))
}

/// That it stays.
#[must_use]
pub fn watches(time: Duration) -> Safe {
    Safe::of(format!("watches for {} whether anything gets worse", figure::span(time)))
}

/// What was seen after an action. What could not be judged is said; where nothing could be, it is not known.
#[must_use]
pub fn watched(wire: &Tripwire, now: Moment) -> Watched {
    let time = figure::age(wire.watched(now));
    let all = wire.figures();
    let worse: Vec<Safe> = wire.worse().map(|words| Safe::of(format!("worse: {words}"))).collect();
    let unknown: Vec<Safe> = wire.unknown().map(|words| Safe::of(format!("not known: {words}"))).collect();
    if !worse.is_empty() {
        let answer = vec![Safe::of(format!("watched for {time}: {} of {all} figures got worse", worse.len()))];
        return Watched { answer, trouble: worse, outcome: Some(Outcome::NotVerified) };
    }
    let judged = all.saturating_sub(unknown.len());
    let answer = vec![Safe::of(format!("watched for {time}: of {judged} figures none got worse"))];
    Watched { answer, trouble: unknown, outcome: (judged == 0).then_some(Outcome::Unknown) }
}

/// A document without its title's frame: the title is the first line.
#[must_use]
pub fn plain(document: &Document) -> Vec<Safe> {
    let title = Some(document.title.clone()).filter(|title| !title.as_str().is_empty());
    let text = document.plain();
    title.into_iter().chain(text.lines().map(|line| Safe::of(line.trim_end()))).collect()
}
