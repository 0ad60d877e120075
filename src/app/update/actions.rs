//! Acting: the menu, the card and its consent, the run. Everything that has an effect goes through the guard, and only the
//! chord of the dialog asks it.

use std::time::Duration;

use crate::app::actions::dialog::{Dialog, Focus};
use crate::app::actions::{Current, LAPSES, Past, catalogue, evidence, is_over, record};
use crate::app::effect::{PreviewOf, PreviewOrder};
use crate::app::table::Tone;
use crate::app::view::Overlay;
use crate::app::{Effect, Model};
use crate::domain::source::{SourceId, SourceKind};
use crate::domain::{Cause, Moment, Safe, Untrusted};
use crate::input::{Code, Key};
use crate::remediation::action::{Action, Plan};
use crate::remediation::audit::{AuditEvent, Entry};
use crate::remediation::card::{Card, Digest, Identity, Preview};
use crate::remediation::execution::{Execution, Input, Order, Phase};
use crate::remediation::guard::{self, Consent};
use crate::remediation::step::Work;

use super::say;

/// Deadline of a preview.
const PREVIEW: Duration = Duration::from_secs(5);
/// The chord that runs what a card describes. No list and no editor's habit has it.
const RUN: Key = Key::ctrl('t');

/// `a`: the menu.
pub fn open_menu(model: &mut Model) -> Vec<Effect> {
    if catalogue::all(model).is_empty() {
        say(model, "nothing here can be acted on: no database, no Redis and no [[action]] is configured", Tone::Dim);
        return Vec::new();
    }
    model.view.overlays.push(Overlay::Menu { chosen: 0 });
    // Where the audit could not be written, whether it can be again is found out now, by writing.
    let failing = model.actions.audit_failure.is_some();
    let probe = Entry::new(AuditEvent::Armed, record::run_id(0, model.now)).with("why", "the audit is tried again");
    if failing { vec![note(probe)] } else { Vec::new() }
}

/// A key in the menu: choosing shows a card, nothing more.
pub fn menu_key(model: &mut Model, key: Key) -> Vec<Effect> {
    let count = catalogue::all(model).len();
    let Some(Overlay::Menu { chosen }) = model.view.overlays.last_mut() else { return Vec::new() };
    match key.code {
        Code::Down | Code::Char('j') => *chosen = (*chosen + 1).min(count.saturating_sub(1)),
        Code::Up | Code::Char('k') => *chosen = chosen.saturating_sub(1),
        Code::Esc | Code::Char('q' | 'a') => {
            model.view.overlays.pop();
        }
        Code::Enter => {
            let at = *chosen;
            let action = catalogue::all(model).into_iter().nth(at);
            return action.map_or_else(Vec::new, |action| ask(model, action));
        }
        _ => {}
    }
    Vec::new()
}

/// Asks for the card of an action, unless something speaks against it from the start.
pub fn ask(model: &mut Model, action: Action) -> Vec<Effect> {
    if let Some(why) = catalogue::reason_against(model, &action) {
        say(model, why, Tone::Unknown);
        return Vec::new();
    }
    model.view.overlays.retain(|overlay| !matches!(overlay, Overlay::Menu { .. }));
    let id = model.fresh_id();
    let of = match &action.plan {
        Plan::Sessions { selector, verb } => {
            let Some(database) = action.target.at else { return Vec::new() };
            PreviewOf::Sessions { database, selector: selector.clone(), verb: *verb, cap: action.limits.cap }
        }
        Plan::Service { step, .. } => PreviewOf::Service(step.clone()),
        Plan::Flush { .. } => {
            let Some(cache) = action.target.at else { return Vec::new() };
            PreviewOf::Flush { cache }
        }
        Plan::Steps(_) => {
            let preview = written_down(&action);
            show(model, action, preview, model.now);
            return vec![Effect::CountTmuxClients];
        }
    };
    say(model, format!("reading {} for the card …", action.target.name), Tone::Dim);
    model.actions.asked = Some((id, action));
    vec![Effect::CountTmuxClients, Effect::Preview(Box::new(PreviewOrder { id, of, deadline: PREVIEW }))]
}

/// The preview of steps that are written down: what will be sent, byte for byte. What it will touch nobody can say.
fn written_down(action: &Action) -> Preview {
    let mut preview = Preview::default();
    let Plan::Steps(steps) = &action.plan else { return preview };
    for step in steps {
        let Work::Http(http) = &step.work else { continue };
        let mut url = http.url.clone();
        let _ = url.set_password(None);
        if preview.identity.facts.is_empty() {
            let origin = url.origin().ascii_serialization();
            preview.identity = Identity { facts: vec![("origin", Untrusted::from(origin))] };
            preview.objects.clear();
        }
        preview.effect.push(Untrusted::from(format!("{} {url}", http.method.word())));
        for (name, secret) in &http.headers {
            preview.effect.push(Untrusted::from(format!("{name}: {secret}")));
        }
        if let Some(bearer) = &http.bearer {
            preview.effect.push(Untrusted::from(format!("Authorization: Bearer {bearer}")));
        }
        if let Some(body) = &http.body {
            preview.effect.push(Untrusted::from(body.clone()));
        }
    }
    preview.remarks.push(Safe::of("no preview is available: what it touches is the target's to decide"));
    preview
}

/// A preview came, or failed.
pub fn previewed(model: &mut Model, id: u64, outcome: Result<Preview, Cause>, begun: Moment) {
    let Some((asked, action)) = model.actions.asked.take() else { return };
    if asked != id {
        // Of an action that was left meanwhile.
        model.actions.asked = Some((asked, action));
        return;
    }
    match outcome {
        Ok(preview) => {
            model.view.message = None;
            show(model, action, preview, begun);
        }
        Err(cause) => say(model, format!("no card: {cause}"), Tone::Bad),
    }
}

fn show(model: &mut Model, action: Action, preview: Preview, begun: Moment) {
    let before = evidence::before(&model.live, &action, model.now);
    let dialog = Dialog::new(Card::new(action, preview, before, begun));
    // One card at a time.
    model.view.overlays.retain(|overlay| !matches!(overlay, Overlay::Card(_)));
    model.view.overlays.push(Overlay::Card(Box::new(dialog)));
    model.dirty = true;
}

/// The screen shows the card now: from here on it may be answered.
pub fn seen(model: &mut Model) {
    let now = model.now;
    // On a tiny terminal no card is drawn, and nothing is consented to.
    let drawn = model.geometry.overlay_rows > 0;
    if let Some(Overlay::Card(dialog)) = model.view.overlays.last_mut().filter(|_| drawn) {
        dialog.seen.get_or_insert(now);
    }
}

/// A key in the dialog of a card.
pub fn card_key(model: &mut Model, key: Key) -> Vec<Effect> {
    let now = model.now;
    let page = isize::try_from(model.geometry.overlay_rows).unwrap_or(1).max(1);
    let Some(Overlay::Card(dialog)) = model.view.overlays.last_mut() else { return Vec::new() };
    if key.code == Code::Esc || key == Key::plain(Code::Enter) && dialog.focus == Focus::Cancel && dialog.listens(now) {
        return leave_card(model);
    }
    if !dialog.listens(now) {
        return Vec::new();
    }
    let last = model.geometry.overlay_lines.saturating_sub(usize::from(model.geometry.overlay_rows));
    let scroll = |dialog: &mut Dialog, by: isize| dialog.scroll = dialog.scroll.saturating_add_signed(by).min(last);
    match key.code {
        _ if key == RUN => return run(model),
        _ if key == Key::ctrl('r') => return anew(model),
        _ if key == Key::ctrl('u') => {
            if let Some(field) = dialog.field() {
                field.clear();
            }
        }
        Code::Down | Code::Tab | Code::Enter => dialog.travel(1),
        Code::Up | Code::BackTab => dialog.travel(-1),
        Code::PageDown => scroll(dialog, page),
        Code::PageUp => scroll(dialog, -page),
        Code::Backspace => {
            if let Some(field) = dialog.field() {
                field.pop();
            }
        }
        _ => {
            if let Some(letter) = key.typed() {
                dialog.type_in(letter);
            }
        }
    }
    Vec::new()
}

/// Left without doing anything: that is recorded too.
fn leave_card(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Card(dialog)) = model.view.overlays.pop() else { return Vec::new() };
    vec![note(record::of_card(AuditEvent::Cancelled, &dialog.card, &[], model.now))]
}

/// The target is read anew: another card, to be consented to anew.
fn anew(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Card(dialog)) = model.view.overlays.pop() else { return Vec::new() };
    let mut effects = vec![note(record::of_card(AuditEvent::Cancelled, &dialog.card, &[], model.now))];
    effects.extend(ask(model, dialog.card.action));
    effects
}

/// Leaving the program leaves an open card too.
pub fn leaving(model: &mut Model) -> Vec<Effect> {
    let open = matches!(model.view.overlays.last(), Some(Overlay::Card(_)));
    let mut effects = if open { leave_card(model) } else { Vec::new() };
    effects.push(Effect::Quit);
    effects
}

/// The chord: the guard decides.
fn run(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Card(dialog)) = model.view.overlays.last() else { return Vec::new() };
    let (typed, reason) = (dialog.typed.clone(), dialog.reason.clone());
    let consent = Consent { digest: dialog.card.digest(), typed, reason, given_at: model.now };
    decide(model, consent)
}

/// A code came back that stands for the phrase of the card: the guard decides, and sees whether it is the same card.
pub fn consented(model: &mut Model, digest: Digest, reason: String) -> Vec<Effect> {
    let Some(Overlay::Card(dialog)) = model.view.overlays.last() else { return Vec::new() };
    let typed = dialog.phrase().unwrap_or_default();
    let consent = Consent { digest, typed, reason, given_at: model.now };
    decide(model, consent)
}

fn decide(model: &mut Model, consent: Consent) -> Vec<Effect> {
    let now = model.now;
    let Some(Overlay::Card(dialog)) = model.view.overlays.last() else { return Vec::new() };
    let card = dialog.card.clone();
    let wrong = !guard::is_typed(dialog.phrase().as_deref(), &consent.typed);
    let readings = evidence::before(&model.live, &card.action, now);
    let running = model.actions.running();
    let failing = model.actions.audit_failure.clone();
    let situation = catalogue::situation(model, running.as_ref(), &readings);
    let decided = match failing {
        Some(why) => Err(vec![Safe::of(format!("the audit cannot be written: {why}"))]),
        None => guard::review(card.clone(), consent, &situation),
    };
    match decided {
        Ok(warrant) => {
            model.view.overlays.pop();
            let id = model.fresh_id();
            let (execution, orders) = Execution::begin(warrant, now);
            model.actions.current = Some(Current { id, run: record::run_id(id, now), told: false, execution });
            model.view.overlays.push(Overlay::Progress { scroll: 0 });
            obey(model, orders)
        }
        Err(why) => {
            let event = if wrong { AuditEvent::ConfirmationFailed } else { AuditEvent::Refused };
            if let Some(Overlay::Card(dialog)) = model.view.overlays.last_mut() {
                dialog.refused.clone_from(&why);
                dialog.typed.clear();
            }
            vec![note(record::of_card(event, &card, &why, now))]
        }
    }
}

fn note(entry: Entry) -> Effect {
    Effect::Record { run: None, entry: Box::new(entry) }
}

/// Something happened to the action that runs.
pub fn happened(model: &mut Model, id: u64, input: Input) -> Vec<Effect> {
    let now = model.now;
    let Some(current) = model.actions.current.as_mut().filter(|current| current.id == id) else { return Vec::new() };
    model.dirty = true;
    let orders = current.execution.step(input, now);
    obey(model, orders)
}

/// A source was read: what it says may be evidence.
pub fn read(model: &mut Model, source: SourceId, begun: Moment) -> Vec<Effect> {
    let now = model.now;
    let Some(current) = model.actions.current.as_ref().filter(|current| !is_over(&current.execution)) else {
        return Vec::new();
    };
    let execution = &current.execution;
    let id = current.id;
    let found = evidence::arrived(&model.live, execution.measures(), source, begun, execution.counts_from(), now);
    found.into_iter().flat_map(|reading| happened(model, id, Input::Read(reading))).collect()
}

/// Time passed: deadlines, and the leave to act that lapses.
pub fn time_passed(model: &mut Model) -> Vec<Effect> {
    let now = model.now;
    if model.actions.armed.is_some_and(|since| now.since(since) >= LAPSES) && model.actions.running().is_none() {
        model.actions.armed = None;
        say(model, "the leave to act lapsed after 30 idle minutes; :arm gives it back", Tone::Warn);
        return vec![note(Entry::new(AuditEvent::Disarmed, record::run_id(0, now)))];
    }
    let id = model.actions.current.as_ref().map(|current| current.id);
    id.map_or_else(Vec::new, |id| happened(model, id, Input::TimePassed))
}

/// `:arm`: leave to act again, where it was given at the start.
pub fn arm(model: &mut Model) -> Vec<Effect> {
    if !model.actions.spec.allow {
        say(model, "read-only from the start: begin again with --allow-actions", Tone::Warn);
        return Vec::new();
    }
    model.actions.armed = Some(model.now);
    say(model, "armed", Tone::Warn);
    vec![note(Entry::new(AuditEvent::Armed, record::run_id(0, model.now)))]
}

/// A key was pressed: somebody is there.
pub fn somebody_is_there(model: &mut Model) {
    if model.actions.armed.is_some() {
        model.actions.armed = Some(model.now);
    }
}

/// Keys of the view of a run: it scrolls, `c` asks to stop.
pub fn progress_key(model: &mut Model, key: Key) -> Vec<Effect> {
    let Some(Overlay::Progress { scroll }) = model.view.overlays.last_mut() else { return Vec::new() };
    match key.code {
        Code::Esc | Code::Char('q') => {
            model.view.overlays.pop();
        }
        Code::Down | Code::Char('j') => *scroll = scroll.saturating_add(1),
        Code::Up | Code::Char('k') => *scroll = scroll.saturating_sub(1),
        Code::Char('c') => {
            let id = model.actions.current.as_ref().map(|current| current.id);
            return id.map_or_else(Vec::new, |id| happened(model, id, Input::CancelAsked));
        }
        _ => {}
    }
    Vec::new()
}

/// Shows the action that runs, or ran last.
pub fn watch(model: &mut Model) {
    if model.actions.current.is_some() {
        model.view.overlays.push(Overlay::Progress { scroll: 0 });
    } else {
        say(model, "no action ran yet", Tone::Dim);
    }
}

/// Orders of the execution become effects of the program.
fn obey(model: &mut Model, orders: Vec<Order>) -> Vec<Effect> {
    let now = model.now;
    let Some(current) = &model.actions.current else { return Vec::new() };
    let (id, execution) = (current.id, &current.execution);
    let card = execution.warrant().card();
    let effects: Vec<Effect> = orders
        .into_iter()
        .filter_map(|order| {
            Some(match order {
                Order::Hold => Effect::Hold {
                    run: id,
                    key: card.target_key().hex(),
                    action: card.action.id.clone(),
                    target: card.action.target.name.clone(),
                    cool_down: card.action.limits.cool_down,
                },
                Order::Record(note) => {
                    Effect::Record { run: Some(id), entry: Box::new(record::of(execution, &note, &current.run, now)) }
                }
                Order::Run { step, approved } => Effect::RunAction { run: id, step, approved: Box::new(approved) },
                Order::ReadObjects => objects_read(id, card)?,
                Order::Release => Effect::Release { run: id },
            })
        })
        .collect();
    note_end(model);
    effects
}

/// The action's own reading of what is left; an order to a service looks by itself.
fn objects_read(run: u64, card: &Card) -> Option<Effect> {
    let (at, identity) = (card.action.target.at?, card.preview.identity.clone());
    match card.action.plan {
        Plan::Sessions { verb, .. } => {
            Some(Effect::ReadObjects { run, database: at, identity, objects: card.keys(), verb })
        }
        Plan::Flush { .. } => Some(Effect::CountKeys { run, cache: at, identity }),
        Plan::Service { .. } | Plan::Steps(_) => None,
    }
}

/// The first moment after its end: it goes to the past, and a mark to the charts.
fn note_end(model: &mut Model) {
    let Some(current) = &mut model.actions.current else { return };
    let Phase::Ended { outcome, .. } = current.execution.phase() else { return };
    if std::mem::replace(&mut current.told, true) {
        return;
    }
    let execution = &current.execution;
    let action = &execution.warrant().card().action;
    let what = Safe::of(format!("{} on {}", action.id, action.target.name));
    let seen = execution.trials().iter().find_map(|state| {
        let (before, after) = (state.before.as_ref()?, state.after.as_ref()?);
        Some(Safe::of(format!("{}: {} -> {}", state.trial.name, before.words, after.words)))
    });
    let words = execution.reasons().first().cloned().or(seen).unwrap_or_default();
    let past = Past { at: execution.began(), what: what.clone(), outcome, words };
    let target = action.target.clone();
    let effect = execution.steps().iter().find_map(|state| state.ended.as_ref().map(|(at, _)| *at));
    model.actions.remember(past);
    if let Some(at) = effect {
        mark(model, &target, &what, at);
    }
    say(model, format!("{what}: {outcome}"), crate::app::actions::progress::tone(outcome));
}

/// A mark on the charts of the target.
fn mark(model: &mut Model, target: &crate::remediation::action::Target, what: &Safe, when: Moment) {
    let Some(at) = target.at else { return };
    let series = match target.kind {
        SourceKind::Service => model.live.services.get_mut(at).map(|service| &mut service.latency),
        SourceKind::Database => model.live.databases.get_mut(at).map(|database| &mut database.used),
        SourceKind::Cache => model.live.caches.get_mut(at).map(|cache| &mut cache.series),
        SourceKind::Signal => model.live.signals.get_mut(at).map(|signal| &mut signal.series),
    };
    if let Some(series) = series {
        series.mark(when, what.clone());
    }
}
