//! The steps that an action comes down to.

use crate::domain::Safe;
use crate::domain::source::SourceKind;
use crate::remediation::action::{Action, Plan};
use crate::remediation::step::{SessionVerb, SessionsStep, Step, Work};

/// Its steps; none for a plan that does not fit its target, which then proves nothing.
pub fn of(action: &Action) -> Vec<Step> {
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
        Plan::Sessions { .. } => Vec::new(),
    }
}
