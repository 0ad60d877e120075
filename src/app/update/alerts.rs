//! Alerts: what the engine and the thresholds tell goes on the timeline, on the charts, to whoever watches an action, and
//! rings where that was asked for. What a person does about them changes nothing that is watched.

mod keys;
mod reread;
mod ringing;
mod telling;

pub use keys::{acknowledge, copy, detail_key, open, pasted, silence, silence_key};
pub use reread::told as read_again;
pub use telling::told;

use crate::alerts::matcher;
use crate::app::alerts::{Kept, kept};
use crate::app::table::Tone;
use crate::app::timeline::{Draft, Kind};
use crate::app::view::Overlay;
use crate::app::{Effect, Model};
use crate::domain::Safe;
use crate::engine::output::Answer;

use std::sync::Arc;
use std::time::Duration;

use super::say;

/// What only ages is given to be kept so often.
const KEPT: Duration = Duration::from_secs(60);

/// An answer of the engine came.
pub fn answered(model: &mut Model, id: u64, answer: &Result<Answer, Safe>) {
    if let Some(course) = &mut model.alerts.course {
        course.take(id, answer);
    }
}

/// Something was read, or time passed.
pub fn step(model: &mut Model) -> Vec<Effect> {
    let (now, line) = (model.now, model.alerts.line);
    let mut effects = Vec::new();
    let told = model.alerts.thresholds.run(&model.live, line, now).map(Arc::new);
    let mut changed = told.is_some();
    if let Some(told) = told {
        model.live.thresholds = Some(Arc::clone(&told));
        effects.extend(telling::told(model, &told.told));
    }
    for over in model.alerts.silences.expire(line.at(now)) {
        let words = Safe::of(format!("over: the silence of {}", matcher::text(&over.matchers)));
        model.timeline.push(now, Draft::new(Kind::Alert, "heard again", Tone::Accent, words.clone()));
        say(model, words, Tone::Warn);
        changed = true;
    }
    effects.extend(ringing::ring(model));
    effects.extend(course(model));
    if changed {
        effects.extend(keep(model));
    }
    effects
}

/// Asks for the course of the alert that is looked at.
fn course(model: &mut Model) -> Option<Effect> {
    let Some(Overlay::Alert { key, .. }) = model.view.overlays.last() else {
        model.alerts.course = None;
        return None;
    };
    crate::app::alerts::course::ask(model, *key)
}

/// Gives what a person said, and what would begin anew, to be kept.
fn keep(model: &mut Model) -> Option<Effect> {
    let alerts = &model.alerts;
    let aged = model.now.since(alerts.kept_at) >= KEPT;
    let is_known = alerts.kept.as_ref();
    let kept = Kept::of(model);
    let changed = !is_known.map_or_else(|| kept.says(&Kept::default()), |known| known.says(&kept));
    if !(changed || aged && kept.ages()) {
        return None;
    }
    Some(give(model, kept))
}

/// What an earlier run kept was read.
pub fn restored(model: &mut Model, kept: Option<&Kept>, trouble: Option<Safe>, operator: Safe) -> Vec<Effect> {
    model.alerts.operator = operator;
    model.alerts.taken_up = true;
    let mut effects = Vec::new();
    if let Some(kept) = kept {
        kept::restore(model, kept);
        // Whoever keeps it learns what is known here: what is missing from now on was taken back here.
        effects.push(give(model, Kept::of(model)));
    }
    if let Some(trouble) = trouble {
        model.note(trouble.clone());
        say(model, trouble, Tone::Warn);
    }
    effects
}

/// Another window of this user said something; `given` is what was kept of this one by then.
pub fn shared(model: &mut Model, theirs: &Kept, given: &Kept) -> Vec<Effect> {
    let now = model.now;
    for words in kept::share(model, theirs, given) {
        model.timeline.push(now, Draft::new(Kind::Alert, "shared", Tone::Accent, words.clone()));
        say(model, words, Tone::Accent);
    }
    // What is known already is not said again: two that disagree would never be done with it.
    let kept = Kept::of(model);
    let is_given =
        kept.says_of_alerts(given) && model.alerts.kept.as_ref().is_none_or(|last| kept.says_of_alerts(last));
    if is_given { Vec::new() } else { vec![give(model, kept)] }
}

fn give(model: &mut Model, kept: Kept) -> Effect {
    model.alerts.kept = Some(kept.clone());
    model.alerts.kept_at = model.now;
    Effect::KeepAlerts(Box::new(kept))
}
