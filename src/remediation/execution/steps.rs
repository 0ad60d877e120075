//! The steps that an action comes down to.

use std::time::Duration;

use crate::domain::source::SourceKind;
use crate::domain::{Moment, Safe, Untrusted};
use crate::remediation::action::Plan;
use crate::remediation::backup::BackupStep;
use crate::remediation::card::Card;
use crate::remediation::explain::{ExplainStep, Planned};
use crate::remediation::measure::{Evidence, Measure};
use crate::remediation::runbook::{Deed, Runbook, RunbookStep};
use crate::remediation::service::LOOK;
use crate::remediation::service::facts::{ServiceFacts, ServiceState};
use crate::remediation::step::{Binding, FlushStep, ServiceWork, SessionVerb, SessionsStep, Step, StepEnd, Work};
use crate::remediation::upkeep::{Relation, Standing, UpkeepStep};

use super::orders::StepState;

/// What upkeep within a runbook did is looked for so long.
const SHOWN_WITHIN: Duration = Duration::from_secs(60);

/// Its steps; none for a plan that does not fit its target, which then proves nothing.
pub fn of(card: &Card) -> Vec<StepState> {
    match &card.action.plan {
        Plan::Runbook(runbook) => of_runbook(card, runbook),
        _ => alone(card).into_iter().map(StepState::new).collect(),
    }
}

/// A runbook of which a step does not fit its card comes down to nothing.
fn of_runbook(card: &Card, runbook: &Runbook) -> Vec<StepState> {
    let made = runbook.steps.iter().enumerate().map(|(place, step)| {
        let mut state = of_item(card, runbook, place, step)?;
        state.undo = match &step.undo {
            // What is never done is never undone.
            Some(_) if state.barred.is_some() => None,
            Some(undo) => Some(Box::new(of_item(card, runbook, runbook.steps.len() + place, undo)?)),
            None => None,
        };
        Some(state)
    });
    made.collect::<Option<Vec<_>>>().unwrap_or_default()
}

fn of_item(card: &Card, runbook: &Runbook, place: usize, item: &RunbookStep) -> Option<StepState> {
    let (found, barred) = (card.part(place)?, card.barred(place).cloned());
    let work = match &item.deed {
        Deed::Work(work) => work.clone(),
        Deed::Sessions { database, verb, .. } => Work::Sessions(SessionsStep { database: *database, verb: *verb }),
        Deed::Service { step, stable, order } => Work::Service(Box::new(ServiceWork {
            step: (**step).clone(),
            before: found.service.clone().or_else(|| barred.as_ref().map(|_| unseen()))?,
            order: *order,
            stable: *stable,
            within: item.deadline.saturating_sub(LOOK.saturating_add(*order)),
            binding: runbook.binding(place),
        })),
        Deed::Upkeep { database, upkeep } => Work::Upkeep(Box::new(UpkeepStep {
            database: *database,
            verb: upkeep.verb,
            lock_timeout: upkeep.lock_timeout,
            on: found.relation.clone().or_else(|| barred.as_ref().map(|_| no_relation()))?,
            within: SHOWN_WITHIN,
        })),
        Deed::Explain { database, redact, .. } => Work::Explain(Box::new(ExplainStep {
            database: *database,
            what: found.planned.clone().or_else(|| barred.as_ref().map(|_| no_statement()))?,
            redact: *redact,
        })),
        Deed::Backup { database, name, backup } => {
            Work::Backup(Box::new(BackupStep { database: *database, name: name.clone(), backup: (**backup).clone() }))
        }
        Deed::Flush { cache, tolerance } => Work::Flush(FlushStep {
            cache: *cache,
            count: found.count.or_else(|| barred.as_ref().map(|_| 0))?,
            tolerance: *tolerance,
        }),
    };
    let mut state = StepState::new(Step { title: item.title.clone(), work, deadline: item.deadline });
    state.part = Some(place);
    state.when.clone_from(&item.when);
    state.requires.clone_from(&item.requires);
    state.ask = item.ask;
    state.may_fail = item.may_fail;
    state.barred = barred;
    Some(state)
}

/// What cannot run was not seen, and is never begun.
fn no_relation() -> Relation {
    Relation { oid: 0, name: Untrusted::default(), command: Untrusted::default(), standing: Standing::default() }
}

/// As [`no_relation`], of a statement.
fn no_statement() -> Planned {
    Planned { statement: Untrusted::default(), generic: false }
}

/// As [`no_relation`], of a service.
fn unseen() -> ServiceFacts {
    ServiceFacts { state: ServiceState::Unknown, words: Safe::of("not seen"), ..ServiceFacts::default() }
}

fn alone(card: &Card) -> Vec<Step> {
    let action = &card.action;
    match &action.plan {
        Plan::Steps(steps) => steps.clone(),
        Plan::Sessions { verb, .. } if action.target.kind == SourceKind::Database => {
            let Some(database) = action.target.at else { return Vec::new() };
            vec![Step {
                title: Safe::of(match verb {
                    SessionVerb::Cancel => "cancel their queries",
                    SessionVerb::Terminate => "terminate the sessions",
                }),
                work: Work::Sessions(SessionsStep { database, verb: *verb }),
                deadline: action.limits.deadline,
            }]
        }
        Plan::Flush { tolerance } if action.target.kind == SourceKind::Cache => {
            let (Some(cache), Some(count)) = (action.target.at, card.preview.count) else { return Vec::new() };
            vec![Step {
                title: Safe::of("flush the database"),
                work: Work::Flush(FlushStep { cache, count, tolerance: *tolerance }),
                deadline: action.limits.deadline,
            }]
        }
        Plan::Explain { redact, .. } if action.target.kind == SourceKind::Database => {
            let (Some(database), Some(what)) = (action.target.at, card.preview.planned.clone()) else {
                return Vec::new();
            };
            vec![Step {
                title: Safe::of("ask the server for its plan"),
                work: Work::Explain(Box::new(ExplainStep { database, what, redact: *redact })),
                deadline: action.limits.deadline,
            }]
        }
        Plan::Upkeep(upkeep) if action.target.kind == SourceKind::Database => {
            let (Some(database), Some(on)) = (action.target.at, card.preview.relation.clone()) else {
                return Vec::new();
            };
            let (verb, lock_timeout, within) = (upkeep.verb, upkeep.lock_timeout, action.proof.within);
            vec![Step {
                title: Safe::of(format!("{} {}", verb.words(), on.name.one_line())),
                work: Work::Upkeep(Box::new(UpkeepStep { database, verb, lock_timeout, on, within })),
                deadline: action.limits.deadline,
            }]
        }
        Plan::Backup(backup) if action.target.kind == SourceKind::Database => {
            let Some(database) = action.target.at else { return Vec::new() };
            let name = action.target.name.clone();
            vec![Step {
                title: Safe::of(format!("back up {name}, restore it, compare")),
                work: Work::Backup(Box::new(BackupStep { database, name, backup: (**backup).clone() })),
                deadline: action.limits.deadline,
            }]
        }
        Plan::Sessions { .. }
        | Plan::Flush { .. }
        | Plan::Explain { .. }
        | Plan::Upkeep(_)
        | Plan::Backup(_)
        | Plan::Wanting(_)
        | Plan::Runbook(_) => Vec::new(),
        Plan::Service { step, stable } => {
            let Some(before) = card.preview.service.clone() else { return Vec::new() };
            let (step, stable, within) = ((**step).clone(), *stable, action.proof.within);
            let (order, binding) = (action.limits.deadline, Binding::Alone);
            vec![Step {
                title: Safe::of(format!("{} {}", step.verb.word(), step.name())),
                work: Work::Service(Box::new(ServiceWork { step, before, order, stable, within, binding })),
                deadline: LOOK.saturating_add(order),
            }]
        }
    }
}

/// What a step that only reads has read: it is itself what the action is for, and was begun after the consent. Of a step that
/// changes something no answer proves anything.
pub fn answer(step: &Step, end: &StepEnd, began: Moment) -> Option<Evidence> {
    let (Work::Explain(_), StepEnd::Done { said, .. }) = (&step.work, end) else { return None };
    let words = Safe::of(format!("{} line{}", said.len(), if said.len() == 1 { "" } else { "s" }));
    let value = Some(f64::from(u8::from(!said.is_empty())));
    Some(Evidence { measure: Measure::Result, value, at: began, words, chance: 0.0 })
}
