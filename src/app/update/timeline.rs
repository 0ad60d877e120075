//! What happens goes to the timeline: changes of what is watched, what is recorded, what the audit tells, and marks.

use crate::app::actions::record;
use crate::app::concerns::Change;
use crate::app::pane::PaneId;
use crate::app::table::Tone;
use crate::app::timeline::{Draft, History, Kind, changes, records};
use crate::app::{Effect, Model};
use crate::domain::{Moment, Safe};
use crate::input::Command;
use crate::remediation::audit::{AuditEvent, Entry};

use super::{cursor, say};

/// Longest text of a mark, in characters.
const MARK: usize = 200;

/// What is watched changed.
pub fn changed(model: &mut Model, found: &[Change]) {
    let now = model.now;
    for change in found {
        model.timeline.push(now, changes::draft(change, now));
    }
}

/// What is given to the audit stands on the timeline too, in the same words.
pub fn recorded(model: &mut Model, effects: &[Effect]) {
    let now = model.now;
    for effect in effects {
        let Effect::Record { entry, .. } = effect else { continue };
        // A mark stands at its own moment already.
        if entry.event() != AuditEvent::Mark {
            model.timeline.push(now, records::of_entry(entry));
        }
    }
}

/// The audit was read.
pub fn told(model: &mut Model, history: History) {
    let unfinished = model.timeline.tell(history);
    lost(model, unfinished);
}

/// Actions whose end nobody knows: shown once, before anything else.
pub fn lost(model: &mut Model, runs: Vec<Safe>) {
    let new: Vec<Safe> = runs.into_iter().filter(|run| model.timeline.lost(run)).collect();
    if !new.is_empty() {
        super::show_recovered(model, new);
    }
}

/// A mark at a moment: on the timeline, on every chart, and in the audit where actions are allowed.
pub fn mark(model: &mut Model, at: Moment, text: &str) -> Vec<Effect> {
    let text = Safe::of(text.trim()).clipped(MARK);
    let text = if text.as_str().is_empty() { Safe::of("mark") } else { text };
    model.timeline.push(at, Draft::new(Kind::Mark, "mark", Tone::Accent, text.clone()));
    mark_charts(model, at, &text);
    say(model, format!("marked: {text}"), Tone::Accent);
    if !model.actions.spec.allow {
        return Vec::new();
    }
    let entry = Entry::new(AuditEvent::Mark, record::run_id(0, at)).with("text", &text);
    vec![Effect::Record { run: None, number: 0, entry: Box::new(entry) }]
}

/// A mark on every chart.
pub fn mark_charts(model: &mut Model, at: Moment, text: &Safe) {
    let live = &mut model.live;
    let services = live.services.iter_mut().map(|service| &mut service.latency);
    let databases = live.databases.iter_mut().map(|database| &mut database.used);
    let caches = live.caches.iter_mut().map(|cache| &mut cache.series);
    let signals = live.signals.iter_mut().map(|signal| &mut signal.series);
    for series in services.chain(databases).chain(caches).chain(signals) {
        series.mark(at, text.clone());
    }
}

/// The end of the timeline is where it flows: moving to it lets go of the row that was chosen.
pub fn travel(model: &mut Model, command: Command) {
    let pane = PaneId::Timeline;
    let nothing = model.view.cursor(pane).selected.is_none();
    match command {
        Command::Bottom => flow(model),
        Command::Down | Command::PageDown | Command::HalfPageDown if nothing => {}
        Command::Down | Command::PageDown | Command::HalfPageDown => {
            let before = model.view.cursor(pane).selected;
            cursor::travel(model, pane, command);
            if model.view.cursor(pane).selected == before {
                flow(model);
            }
        }
        Command::Up | Command::PageUp | Command::HalfPageUp if nothing => {
            cursor::travel(model, pane, Command::Bottom);
            if command != Command::Up {
                cursor::travel(model, pane, command);
            }
        }
        command => cursor::travel(model, pane, command),
    }
}

fn flow(model: &mut Model) {
    model.view.cursors.entry(PaneId::Timeline).or_default().selected = None;
}
