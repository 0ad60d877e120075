//! Proofs and waits on what reaches back: a figure of five minutes says nothing of an action before five minutes have passed.
//! The border: how far a figure reaches back is known to itself, from when on it counts to who runs the action.

use std::time::Duration;

use super::super::resolved::Resolved;
use super::builder::Builder;
use super::given::time;
use crate::domain::source::SourceKind;
use crate::domain::{Safe, figure};
use crate::remediation::measure::Measure;

/// A reading may come so much later than its round.
const LATE: Duration = Duration::from_secs(5);

impl Builder<'_> {
    /// Whoever proves by what reaches back waits for the first reading that does not reach back to before.
    pub(super) fn mind_reach(&mut self) {
        let merged = self.merged;
        let declared = |name: &str| {
            let items = merged.of("action").chain(merged.of("runbook"));
            items.filter(|item| item.name == name).find_map(|item| time(item, "within"))
        };
        let resolved = &mut self.resolved;
        let mut own = std::mem::take(&mut resolved.actions.own);
        for action in &mut own {
            let trials = action.proof.trials.iter();
            let Some(first) = trials.filter_map(|trial| first_that_counts(resolved, &trial.measure)).max() else {
                continue;
            };
            let needed = action.proof.settle + first + action.proof.stable;
            if action.proof.within < needed && declared(action.id.as_str()).is_some() {
                action.warnings.push(Safe::of(format!(
                    "it is proved within {}, whatever is declared: what shows it reaches back to before it until then",
                    figure::age(needed)
                )));
            }
            action.proof.within = action.proof.within.max(needed);
        }
        resolved.actions.own = own;
    }
}

/// After how long the first reading comes that reaches back to nothing of before; none where every reading counts at once.
pub(super) fn first_that_counts(resolved: &Resolved, measure: &Measure) -> Option<Duration> {
    let (shown, at) = match measure {
        Measure::Statement(at, _) => (None, *at),
        Measure::Shown(shown, at) if shown.reaches_back().is_some() || shown.is_between_readings() => {
            (Some(shown), *at)
        }
        _ => return None,
    };
    let database = || resolved.databases.get(at);
    let every = match shown {
        None => database()?.statements_interval,
        Some(shown) if shown.is_of_statements() => database()?.statements_interval,
        Some(shown) => match shown.source() {
            SourceKind::Service => resolved.services.get(at)?.interval,
            SourceKind::Cache => resolved.caches.get(at)?.interval,
            _ => database()?.interval,
        },
    };
    // What lies between two readings reaches back one round.
    Some(shown.and_then(|shown| shown.reaches_back()).unwrap_or(every) + every + LATE)
}
