//! The names of the actions that come with the program, and their levels, for the configuration: it names actions before
//! anything is known of what they could be aimed at.

use super::action::{Plan, SessionSelector};
use super::level::Level;
use super::runbook::Deed;
use super::step::SessionVerb;

/// Every built-in action.
pub const BUILT_IN: &[(&str, Level)] = &[
    ("cancel-query", Level::L2),
    ("terminate-session", Level::L2),
    ("terminate-idle-in-transaction", Level::L2),
    ("cancel-root-blocker", Level::L2),
    ("terminate-root-blocker", Level::L2),
    ("terminate-idle", Level::L2),
    ("flush-redis", Level::L3),
    ("explain", Level::L1),
    ("analyse", Level::L2),
    ("vacuum", Level::L2),
    ("vacuum-analyse", Level::L2),
    ("reindex", Level::L2),
    ("drop-leftover", Level::L2),
    ("silence-alert", Level::L2),
    ("expire-silence", Level::L2),
];

/// The built-in action that does the same as a plan, under whatever name that stands.
#[must_use]
pub fn of_plan(plan: &Plan) -> Option<&'static str> {
    match plan {
        Plan::Sessions { selector, verb } => Some(of_sessions(selector, *verb)),
        Plan::Flush { .. } => Some("flush-redis"),
        Plan::Upkeep(upkeep) => Some(upkeep.verb.word()),
        Plan::Explain { .. } => Some("explain"),
        _ => None,
    }
}

/// The same of a step of a runbook.
#[must_use]
pub fn of_deed(deed: &Deed) -> Option<&'static str> {
    match deed {
        Deed::Sessions { selector, verb, .. } => Some(of_sessions(selector, *verb)),
        Deed::Flush { .. } => Some("flush-redis"),
        Deed::Upkeep { upkeep, .. } => Some(upkeep.verb.word()),
        Deed::Explain { .. } => Some("explain"),
        _ => None,
    }
}

fn of_sessions(selector: &SessionSelector, verb: SessionVerb) -> &'static str {
    match (selector, verb) {
        (SessionSelector::Idle { .. }, _) => "terminate-idle",
        (SessionSelector::IdleInTransaction { .. }, _) => "terminate-idle-in-transaction",
        (SessionSelector::RootBlocker, SessionVerb::Cancel) => "cancel-root-blocker",
        (SessionSelector::RootBlocker, SessionVerb::Terminate) => "terminate-root-blocker",
        (SessionSelector::One(_) | SessionSelector::Pid(_) | SessionSelector::Given(_), verb) => match verb {
            SessionVerb::Cancel => "cancel-query",
            SessionVerb::Terminate => "terminate-session",
        },
    }
}
