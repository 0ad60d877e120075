//! The bell, where it was asked for: what began to fire calls a person once. A critical one does not wait for the pause after
//! a lesser one; what is held back calls when the pause or its silence is over, unless it is over or somebody saw it.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::alerts::lifecycle::Change;
use crate::alerts::severity::Severity;
use crate::app::alerts::acknowledging::Seen;
use crate::app::alerts::listing::{self, Entry, Stand};
use crate::app::{Effect, Model};
use crate::domain::Safe;
use crate::metrics::labels::Labels;

/// Between two rings.
const PAUSE: Duration = Duration::from_secs(60);
/// Between two rings for critical alerts.
const SHORT: Duration = Duration::from_secs(10);
/// What is silenced is known by then, or it is not going to be.
const PATIENCE: Duration = Duration::from_secs(10);
/// So often it is looked whether a silence has ended.
const LOOK: Duration = Duration::from_secs(1);

/// Alerts began to fire: they are to ring.
pub fn began(model: &mut Model, fired: &[&Change]) {
    if fired.is_empty() || !(model.alerts.spec.bell || model.alerts.spec.notify) {
        return;
    }
    let fired: BTreeSet<(&str, &Labels)> = fired.iter().map(|change| (change.rule.as_str(), &change.labels)).collect();
    let is_meant =
        |entry: &Entry<'_>| entry.alert.is_some_and(|alert| fired.contains(&(entry.rule.name.as_str(), &alert.labels)));
    let firing = listing::all(&model.live, model.now).filter(|entry| entry.stand == Stand::Firing).filter(is_meant);
    let keys: Vec<u64> = firing.map(|entry| entry.key()).collect();
    model.alerts.held.extend(keys);
    model.alerts.hushed = None;
}

/// Rings for what is to ring and may.
pub fn ring(model: &mut Model) -> Option<Effect> {
    let now = model.now;
    let knows = model.alerts.taken_up || now.since(model.started) >= PATIENCE;
    let hushed = model.alerts.hushed.is_some_and(|at| now.since(at) < LOOK);
    if model.alerts.held.is_empty() || !knows || hushed {
        return None;
    }
    let (mut firing, mut critical, mut held, mut silenced) = (0, false, BTreeSet::new(), BTreeSet::new());
    for entry in listing::all(&model.live, now).filter(|entry| entry.stand == Stand::Firing) {
        let key = entry.key();
        match model.alerts.seen(&entry, now) {
            // It calls when its silence or the other alert ends, if it still fires then.
            Seen::Silenced { .. } | Seen::Inhibited => {
                silenced.extend(Some(key).filter(|key| model.alerts.held.contains(key)));
                continue;
            }
            Seen::By { .. } => continue,
            _ => {}
        }
        firing += 1;
        if entry.severity > Severity::Info && model.alerts.held.contains(&key) {
            held.insert(key);
            critical |= entry.severity == Severity::Critical;
        }
    }
    let new = held.len();
    model.alerts.hushed = (new == 0).then_some(now);
    held.extend(&silenced);
    model.alerts.held = held;
    let pause = |was_critical: bool| match (critical, was_critical) {
        (true, false) => Duration::ZERO,
        (true, true) => SHORT,
        (false, _) => PAUSE,
    };
    if new == 0 || model.alerts.rang.is_some_and(|(at, was_critical)| now.since(at) < pause(was_critical)) {
        return None;
    }
    model.alerts.held = silenced;
    model.alerts.rang = Some((now, critical));
    let (bell, notify) = (model.alerts.spec.bell, model.alerts.spec.notify);
    // Only our own words: what alerts say is outside text, and a notice is the terminal's.
    let plural = if new == 1 { " began" } else { "s began" };
    let words = Safe::of(format!("quarterdeck: {new} alert{plural} to fire, {firing} firing"));
    Some(Effect::Ring { bell, notify: notify.then_some(words) })
}
