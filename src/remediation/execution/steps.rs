//! The steps that an action comes down to.

use crate::domain::Safe;
use crate::domain::source::SourceKind;
use crate::remediation::action::Plan;
use crate::remediation::card::Card;
use crate::remediation::step::{FlushStep, ServiceWork, SessionVerb, SessionsStep, Step, Work};

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
        Plan::Sessions { .. } | Plan::Flush { .. } => Vec::new(),
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
