//! The one step of the program: an event and the time in, a changed model and orders out. One file per family.

mod actions;
mod alerts;
mod commands;
mod cursor;
mod doctor;
mod engine;
mod engines;
mod jobs;
mod keys;
mod logs;
mod mouse;
mod prompt;
mod readings;
mod series;
mod time;
mod timeline;
mod windows;

use crate::app::document::Document;
use crate::app::table::Tone;
use crate::app::view::{Message, Overlay};
use crate::app::{Effect, Event, Model};
use crate::domain::{Moment, Safe};

/// Most overlays that lie over each other.
const OVERLAYS: usize = 8;

/// What the program does when something happened.
pub fn update(model: &mut Model, event: Event, now: Moment) -> Vec<Effect> {
    model.now = now;
    model.actions.clock.see(now);
    model.dirty |= changes_picture(&event);
    let judged = changes_verdicts(&event);
    let mut effects = happened(model, event);
    if judged {
        let changed = model.changes.step(&model.live, now);
        timeline::changed(model, &changed);
        effects.extend(alerts::step(model));
    }
    timeline::recorded(model, &effects);
    model.alerts.counted.take();
    effects
}

fn happened(model: &mut Model, event: Event) -> Vec<Effect> {
    match event {
        Event::KeyPressed(key) => {
            let mut effects = actions::somebody_is_there(model);
            effects.extend(keys::pressed(model, key));
            effects
        }
        Event::Began => actions::began(model),
        Event::Moused(action) => mouse::acted(model, action),
        Event::Pasted(text) => prompt::pasted(model, &text),
        Event::Resized => {
            model.dirty = true;
            vec![Effect::RedrawAll]
        }
        // The terminal was entered anew, with nothing switched on.
        Event::Continued => {
            model.dirty = true;
            actions::gone_from_the_screen(model);
            let mut effects = vec![Effect::RedrawAll];
            effects.extend(model.view.mouse.then_some(Effect::SetMouse(true)));
            effects
        }
        Event::TimePassed => {
            let mut effects = time::passed(model);
            effects.extend(actions::time_passed(model));
            effects.extend(series::time_passed(model));
            effects.extend(windows::keep_again(model));
            effects.extend(doctor::time_passed(model));
            effects
        }
        Event::ReadingArrived(arrival) => {
            let (source, begun, good) = (arrival.source, arrival.begun, arrival.outcome.is_ok());
            let mut effects = readings::arrived(model, *arrival);
            effects.extend(actions::read(model, source, begun));
            effects.extend(actions::sampled(model, source, good, begun));
            effects
        }
        Event::CardAsked(action) => actions::ask_standing(model, *action),
        Event::FreshCardAsked(action) => actions::ask(model, *action),
        Event::Consented { digest, reason } => actions::consented(model, digest, reason),
        Event::Previewed { id, outcome, begun } => actions::previewed(model, id, *outcome, begun),
        Event::ActionHappened { run, input } => actions::happened(model, run, *input),
        Event::StepTold { run, lines } => {
            actions::told(model, run, &lines);
            Vec::new()
        }
        Event::LeftoversFound { database, names } => {
            model.actions.offers.leftovers = (database, names);
            Vec::new()
        }
        Event::NeedyFound { database, tables } => {
            model.actions.offers.needy = (database, tables);
            Vec::new()
        }
        Event::AuditStands(state) => {
            actions::audit_stands(model, state);
            Vec::new()
        }
        Event::RunsRecovered(runs) => {
            timeline::lost(model, runs);
            Vec::new()
        }
        Event::HistoryRead(history) => {
            timeline::told(model, *history);
            Vec::new()
        }
        Event::GuardsSeen { id, seen } => {
            let now = model.now;
            model.actions.standings.answer(id, seen, now);
            Vec::new()
        }
        Event::TmuxClientsCounted(clients) => {
            actions::crowded(model, clients);
            Vec::new()
        }
        Event::ClockRemembered(earlier) => windows::remembered(model, earlier),
        Event::PolicyChanged(why) => {
            std::sync::Arc::make_mut(&mut model.actions.spec).policy.barred = Some(why.clone());
            // What runs was consented to under another.
            actions::barred(model, why)
        }
        Event::GuardsCover(words) => {
            model.actions.coverage = Some(words);
            Vec::new()
        }
        Event::ReadingDisplaced(_) => {
            model.meters.displaced += 1;
            Vec::new()
        }
        Event::EngineTold(outputs) => engine::told(model, outputs),
        Event::OriginDiscovered(found) => readings::discovered(model, *found),
        Event::LogHappened(event) => logs::happened(model, event),
        Event::JobFinished(result) => jobs::finished(model, *result),
        Event::FrameDrawn(geometry) => {
            model.geometry = geometry;
            actions::drawn(model);
            Vec::new()
        }
        Event::FrameTaken => {
            actions::seen(model);
            Vec::new()
        }
        Event::BytesWritten(bytes) => {
            time::meter(model, bytes);
            Vec::new()
        }
        Event::DiagnosticsRead(lines) => {
            show_diagnostics(model, lines);
            Vec::new()
        }
        Event::AskedToSuspend => vec![Effect::Suspend],
        Event::AskedToLeave(_) => actions::leaving(model),
        Event::AlertsKept { kept, trouble, operator } => alerts::restored(model, kept.as_deref(), trouble, operator),
        Event::AlertsShared { kept, given } => alerts::shared(model, &kept, &given),
        Event::DocumentsRead { id, files, whole_paths } => doctor::read(model, id, files, whole_paths),
        Event::DoctorAsked => doctor::look(model),
        Event::Second(event) => {
            actions::approvals::happened(model, *event);
            Vec::new()
        }
    }
}

/// Whether a verdict may be another one after it: what came, or that nothing came.
fn changes_verdicts(event: &Event) -> bool {
    use crate::app::event::LogEvent;
    matches!(
        event,
        Event::ReadingArrived(_)
            | Event::OriginDiscovered(_)
            | Event::TimePassed
            | Event::LogHappened(LogEvent::State { .. })
    )
}

/// Whether the screen may look different after it.
fn changes_picture(event: &Event) -> bool {
    !matches!(event, Event::FrameDrawn(_) | Event::FrameTaken | Event::BytesWritten(_) | Event::ReadingDisplaced(_))
}

/// Says a line at the bottom of the screen.
fn say(model: &mut Model, text: impl Into<Safe>, tone: Tone) {
    model.view.message = Some(Message { text: text.into(), tone, at: model.now });
    model.dirty = true;
}

/// Lays a text over the page.
fn show(model: &mut Model, document: Document) {
    lay(model, Overlay::Document { document, scroll: 0 });
}

/// Lays something over the page. Where too much lies there already the lowest goes that nobody is deciding on.
fn lay(model: &mut Model, overlay: Overlay) {
    let is_decided =
        |overlay: &Overlay| matches!(overlay, Overlay::Card(_) | Overlay::Approval(_) | Overlay::Reading(_));
    let overlays = &mut model.view.overlays;
    if overlays.len() >= OVERLAYS
        && let Some(lowest) = overlays.iter().position(|overlay| !is_decided(overlay))
    {
        overlays.remove(lowest);
    }
    overlays.push(overlay);
    model.dirty = true;
}

/// What nobody knows the end of is shown before anything else.
fn show_recovered(model: &mut Model, runs: Vec<Safe>) {
    let mut document = Document::new("Actions whose end is not known");
    document.line(
        "The program ended while these ran. Whether they had their effect is UNKNOWN: look before you act again.",
        Tone::Unknown,
    );
    for run in runs {
        document.line(run, Tone::Bad);
    }
    show(model, document);
}

fn show_diagnostics(model: &mut Model, lines: Vec<Safe>) {
    let mut document = Document::new("The program's own log");
    if lines.is_empty() {
        document.line("nothing was logged", Tone::Dim);
    }
    for line in lines {
        document.line(line, Tone::Plain);
    }
    let scroll = document.lines.len();
    show(model, document);
    if let Some(Overlay::Document { scroll: at, .. }) = model.view.overlays.last_mut() {
        *at = scroll;
    }
}
