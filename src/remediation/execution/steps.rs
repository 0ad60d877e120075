//! The steps that an action comes down to.

use crate::domain::source::SourceKind;
use crate::domain::{Moment, Safe};
use crate::remediation::action::Plan;
use crate::remediation::backup::BackupStep;
use crate::remediation::card::Card;
use crate::remediation::explain::ExplainStep;
use crate::remediation::measure::{Evidence, Measure};
use crate::remediation::step::{FlushStep, ServiceWork, SessionVerb, SessionsStep, Step, StepEnd, Work};
use crate::remediation::upkeep::UpkeepStep;

/// Its steps; none for a plan that does not fit its target, which then proves nothing.
pub fn of(card: &Card) -> Vec<Step> {
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
        Plan::Sessions { .. } | Plan::Flush { .. } | Plan::Explain { .. } | Plan::Upkeep(_) | Plan::Backup(_) => {
            Vec::new()
        }
        Plan::Service { step, stable } => {
            let Some(before) = card.preview.service.clone() else { return Vec::new() };
            let (stable, within) = (*stable, action.proof.within);
            vec![Step {
                title: Safe::of(format!("{} {}", step.verb.word(), step.name())),
                work: Work::Service(Box::new(ServiceWork { step: (**step).clone(), before, stable, within })),
                deadline: action.limits.deadline,
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
    Some(Evidence { measure: Measure::Result, value, at: began, words })
}
