//! Rules that a server evaluates by itself and that stand in the team's files as well, which it evaluates for us: one rule is told
//! by two, and counts once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::alerts::identity;
use crate::alerts::lifecycle::State;
use crate::alerts::rules::By;
use crate::app::alerts::listing::Entry;
use crate::app::telemetry::Telemetry;
use crate::domain::Safe;
use crate::engine::alerts::{AlertsTold, RuleTold};
use crate::metrics::labels::Labels;
use crate::metrics::promql;

use super::Origin;

/// Finds them among what is told now.
pub fn twins(telemetry: &mut Telemetry) {
    let ours = telemetry.metrics.alerts.clone().filter(|_| telemetry.metrics.by == By::Server);
    let Some(server) = &mut telemetry.prometheus else { return };
    let found = match (&ours, server.told.as_deref()) {
        (Some(ours), Some(theirs)) => of(ours, theirs),
        _ => HashSet::new(),
    };
    if *server.twins != found {
        server.twins = Arc::new(found);
    }
}

fn of(ours: &AlertsTold, theirs: &AlertsTold) -> HashSet<u64> {
    let mut by_name: HashMap<&str, Vec<&RuleTold>> = HashMap::new();
    for rule in &ours.rules {
        by_name.entry(&rule.name).or_default().push(rule);
    }
    let mut found = HashSet::new();
    for rule in &theirs.rules {
        let RuleTold { file, group, name, labels, .. } = rule;
        let same_name = by_name.get(name.as_str()).into_iter().flatten();
        let Some(our) = same_name.copied().find(|our| same(our, rule)) else { continue };
        // Where the server stands worse than we do, that is told.
        if our.standing.verdict >= rule.standing.verdict {
            found.insert(identity::of_rule(file, group, name, labels));
        }
        let told: HashMap<&Labels, State> = our.alerts.iter().map(|alert| (&alert.labels, alert.state)).collect();
        // What we do not tell, or as less, is not told twice.
        let twice =
            rule.alerts.iter().filter(|alert| told.get(&alert.labels).is_some_and(|state| *state >= alert.state));
        found.extend(twice.map(|alert| identity::of_alert(file, group, name, &alert.labels)));
    }
    found
}

/// Who is told only alerts knows no expression, and nothing is the same as what nobody knows.
fn same(our: &RuleTold, their: &RuleTold) -> bool {
    let sorted = |labels: &[(String, String)]| {
        let mut labels = labels.to_vec();
        labels.sort();
        labels
    };
    our.hold == their.hold
        && sorted(&our.labels) == sorted(&their.labels)
        && (our.expr == their.expr
            || promql::canonical(&our.expr).is_some_and(|expr| promql::canonical(&their.expr) == Some(expr)))
}

/// Whether an entry is told by its server of a rule that the team's files have as well, and that tells it too.
#[must_use]
pub fn is_twin(telemetry: &Telemetry, entry: &Entry<'_>) -> bool {
    entry.by == Origin::Prometheus
        && telemetry
            .prometheus
            .as_ref()
            .is_some_and(|server| !server.twins.is_empty() && server.twins.contains(&entry.key()))
}

/// What is said of that.
#[must_use]
pub fn twin_words(telemetry: &Telemetry, entry: &Entry<'_>) -> Option<Safe> {
    is_twin(telemetry, entry).then(|| Safe::of("a rule of the files: counted there, not twice"))
}
