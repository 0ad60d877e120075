//! From consent to the end of an action: the guard decides, the execution is fed with what happens, its orders become effects.

use crate::app::actions::sight::Sight;
use crate::app::actions::{
    Current, Past, against, bound, catalogue, evidence, is_over, progress, receivers, record, silencing,
};
use crate::app::effect::Unused;
use crate::app::table::Tone;
use crate::app::timeline::{Draft, Kind};
use crate::app::update::say;
use crate::app::view::Overlay;
use crate::app::{Effect, Model};
use crate::domain::source::{SourceId, SourceKind};
use crate::domain::{Moment, Safe};
use crate::remediation::action::Plan;
use crate::remediation::audit::AuditEvent;
use crate::remediation::card::Digest;
use crate::remediation::execution::{Execution, Input, Order, Phase};
use crate::remediation::guard::{self, Consent, Situation};
use crate::remediation::measure::Measure;
use crate::remediation::parameter::Given;
use crate::remediation::turn;

use super::{answers, approvals, marks, note};

/// The chord: the guard decides.
pub fn run(model: &mut Model) -> Vec<Effect> {
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
    let mut card = dialog.card.clone();
    let wrong = !guard::is_typed(dialog.phrase().as_deref(), &consent.typed);
    let readings = evidence::before(&model.live, &card.action, now);
    // Before and after are compared from here on, not from when the card was made.
    card.rebase(&readings);
    let running = model.actions.running();
    let failing = model.actions.audit_failure.clone();
    let approval = model.actions.second.approval(&card);
    let stale = against::stale(model, &card.action);
    let stood = catalogue::situation(model, running.as_ref(), &readings);
    let situation = Situation { approval, stale: stale.as_ref(), ..stood };
    let reason = consent.reason.clone();
    let decided = match failing {
        Some(why) => Err(vec![Safe::of(format!("the audit cannot be written: {why}"))]),
        // Only what nothing else speaks against is put before a second person.
        None if guard::second_person(&card, card.digest(), &situation).is_err() => {
            guard::may_ask(&card, &consent, &situation).map(|()| None)
        }
        None => guard::review(card.clone(), consent, &situation).map(Some),
    };
    match decided {
        Ok(None) => approvals::ask(model, &card, &reason),
        Ok(Some(warrant)) => {
            model.view.overlays.pop();
            let id = model.fresh_id();
            let (execution, orders) = Execution::begin(warrant, now);
            model.actions.current = Some(Current {
                id,
                run: record::run_id(id, now),
                told: false,
                live: Vec::new(),
                execution,
                note: String::new(),
                typing: false,
                marked: None,
                view: Sight::default(),
                asked: None,
                sight: Sight::default(),
            });
            model.view.overlays.push(Overlay::Progress { scroll: None });
            obey(model, orders)
        }
        Err(why) => {
            let event = match wrong {
                _ if now.since(card.read_at) > guard::CONSENT_LASTS => AuditEvent::ConfirmationExpired,
                true => AuditEvent::ConfirmationFailed,
                false => AuditEvent::Refused,
            };
            if let Some(Overlay::Card(dialog)) = model.view.overlays.last_mut() {
                dialog.refused.clone_from(&why);
                dialog.typed.clear();
            }
            vec![note(record::of_card(event, &card, &why, now))]
        }
    }
}

/// Something happened to the action that runs.
pub fn happened(model: &mut Model, id: u64, input: Input) -> Vec<Effect> {
    let now = model.now;
    let Some(current) = model.actions.current.as_mut().filter(|current| current.id == id) else {
        late(model, &input);
        return Vec::new();
    };
    model.dirty = true;
    let unrecorded = |phase| matches!(phase, Phase::Ended { recorded: false, .. });
    let before = current.execution.phase();
    let input = match input {
        Input::StepEnded { step, end } => Input::StepEnded { step, end: given(&current.execution).veil_end(end) },
        other => other,
    };
    let orders = current.execution.step(input, now);
    let is_recorded_now = unrecorded(before) && !unrecorded(current.execution.phase());
    if is_recorded_now {
        let action = &current.execution.warrant().card().action;
        let words = format!("the audit has a record of the end of {} on {} after all", action.id, action.target.name);
        model.timeline.push(now, Draft::new(Kind::Action, "recorded", Tone::Plain, words.clone()));
        say(model, words, Tone::Plain);
    }
    obey(model, orders)
}

/// What it was given: what a target says of it is freed of that where it is hidden.
fn given(execution: &Execution) -> &Given {
    &execution.warrant().card().action.given
}

/// What an action of before still waited for.
fn late(model: &mut Model, input: &Input) {
    if let Input::Written { written: Ok(()), .. } = input {
        let words = "a record of an action of before, which was given up, is in the audit after all";
        model.timeline.push(model.now, Draft::new(Kind::Action, "recorded", Tone::Plain, words.to_owned()));
    }
}

/// A source was read: what it says may be evidence.
pub fn read(model: &mut Model, source: SourceId, begun: Moment) -> Vec<Effect> {
    seen(model, source, begun, |_| true)
}

/// What the statements of a database did since they were read before is known now: later than the reading that brought them.
pub fn compared(model: &mut Model, database: usize) -> Vec<Effect> {
    let begun = model.live.databases.get(database).and_then(|database| database.statements_begun.later);
    let Some(begun) = begun else { return Vec::new() };
    seen(model, SourceId::new(SourceKind::Database, database), begun, Measure::is_of_statements)
}

fn seen(model: &mut Model, source: SourceId, begun: Moment, counts: impl Fn(&Measure) -> bool) -> Vec<Effect> {
    let now = model.now;
    let Some(current) = model.actions.current.as_ref().filter(|current| !is_over(&current.execution)) else {
        return Vec::new();
    };
    let (id, execution) = (current.id, &current.execution);
    let measures = execution.measures().filter(|measure| counts(measure));
    let found = evidence::arrived(&model.live, measures, source, begun, execution.counts_from(), now);
    found.into_iter().flat_map(|reading| happened(model, id, Input::Read(reading))).collect()
}

/// The step that runs says how far it is.
pub fn told(model: &mut Model, run: u64, lines: &[Safe]) {
    if let Some(current) = model.actions.current.as_mut().filter(|current| current.id == run) {
        current.live = lines.iter().map(|line| given(&current.execution).veil(line)).collect();
    }
}

/// The action's own reading of what is left; an order to a service looks by itself.
fn objects_read(run: u64, execution: &Execution) -> Option<Effect> {
    let card = execution.warrant().card();
    let (at, identity) = (card.action.target.at?, card.preview.identity.clone());
    match card.action.plan {
        Plan::Sessions { verb, .. } => {
            let objects = execution.to_be_gone();
            Some(Effect::ReadObjects { run, database: at, identity, objects, verb })
        }
        Plan::Flush { .. } => Some(Effect::CountKeys { run, cache: at, identity }),
        Plan::Steps(ref steps) => {
            let request = Box::new(silencing::request(steps)?.clone());
            Some(Effect::ReadSilence { run, request, made: execution.made() })
        }
        Plan::Service { .. }
        | Plan::Explain { .. }
        | Plan::Upkeep(_)
        | Plan::Backup(_)
        | Plan::Wanting(_)
        | Plan::Runbook(_) => None,
    }
}

/// Shows the action that runs, or ran last.
pub fn watch(model: &mut Model) {
    if model.actions.current.is_some() {
        model.view.overlays.push(Overlay::Progress { scroll: None });
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
                    beside: card.keys_beside().iter().map(Digest::hex).collect(),
                    action: card.action.id.clone(),
                    target: card.action.target.name.clone(),
                    cool_down: card.action.limits.cool_down,
                    spending: execution.warrant().spending(bound::terms),
                    turns: turn::of(card),
                },
                Order::Record(note) => {
                    let entry = Box::new(record::of(execution, &note, &current.run, now));
                    Effect::Record { run: Some(id), number: execution.records(), entry }
                }
                Order::Run { step, approved } => {
                    let receivers = receivers::at(model, &card.action, step);
                    Effect::RunAction { run: id, step, approved: Box::new(approved), receivers }
                }
                Order::ReadObjects => objects_read(id, execution)?,
                Order::Release => Effect::Release { run: id, unused: unused(execution) },
                Order::Interrupt => Effect::Interrupt { run: id },
                Order::Refresh => Effect::RefreshAll,
            })
        })
        .collect();
    answers::call(model);
    marks::keep(model);
    note_end(model);
    effects
}

/// What was locked for nothing, if that is sure.
fn unused(execution: &Execution) -> Option<Unused> {
    let card = execution.warrant().card();
    let keys = std::iter::once(card.target_key()).chain(card.keys_beside()).map(|key| key.hex());
    let unused = || Unused { action: card.action.id.clone(), keys: keys.collect() };
    execution.surely_did_nothing().then(unused)
}

/// The first moment after its end: it goes to the past.
fn note_end(model: &mut Model) {
    let Some(current) = &mut model.actions.current else { return };
    let Phase::Ended { outcome, recorded } = current.execution.phase() else { return };
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
    let (told, tone) = progress::standing(execution);
    let past = Past { at: execution.began(), what: what.clone(), outcome, words };
    model.actions.remember(past);
    super::tripwire::begin(model);
    if !recorded {
        // The timeline has what the audit has; of this it has nothing.
        let words = format!("{what} ended, and the AUDIT HAS NO RECORD OF IT");
        model.timeline.push(model.now, Draft::new(Kind::Action, outcome.word(), Tone::Bad, words));
    }
    say(model, Safe::of(format!("{what}: {told}")), tone);
}
