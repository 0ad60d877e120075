//! Who said that they saw an alert, and how long nobody has. The clock of an alert runs from when it began to fire; what was
//! said of it is over with it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::app::Model;
use crate::app::telemetry::engines::Keeper;
use crate::domain::{Moment, Safe};

use super::listing::{Entry, Stand};
use super::{Alerts, ago, listing};

/// Most that are remembered.
pub const MOST: usize = 1000;

/// That somebody saw an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// Who.
    pub by: String,
    /// When, on the line of time.
    pub at: i64,
    /// Which alert, for who reads what is kept.
    pub alert: String,
}

/// What was done about an alert.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// Its pages are kept back.
    Silenced {
        /// For how long.
        left: Duration,
        /// By which silence; none of ours where an Alertmanager does it.
        id: Option<u64>,
    },
    /// Another alert keeps its pages back, at an Alertmanager.
    Inhibited,
    /// Somebody saw it.
    By {
        /// Who.
        who: Safe,
        /// How long ago.
        ago: Duration,
    },
    /// Nobody did, and it is not too late.
    Due {
        /// So long.
        left: Duration,
    },
    /// Nobody did for too long.
    Late {
        /// So long after it began to fire.
        after: Duration,
    },
    /// Nobody has to.
    Needless,
}

impl Seen {
    /// Whether nobody has to be called for it any more.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self, Seen::Silenced { .. } | Seen::Inhibited | Seen::By { .. } | Seen::Needless)
    }
}

impl Alerts {
    /// What was done about an alert.
    #[must_use]
    pub fn seen(&self, entry: &Entry<'_>, now: Moment) -> Seen {
        let Some(alert) = entry.alert.filter(|_| entry.is_active()) else { return Seen::Needless };
        let here = self.line.at(now);
        if let Some(silence) = self.silences.of(&alert.labels, here) {
            return Seen::Silenced { left: silence.left(here), id: Some(silence.id) };
        }
        match entry.keeper {
            Some(Keeper::Silence(silence)) => {
                let left = silence.ends_at.map_or(0, |at| at.saturating_sub(now.wall.timestamp_millis()));
                return Seen::Silenced { left: Duration::from_millis(u64::try_from(left).unwrap_or(0)), id: None };
            }
            Some(Keeper::Alert) => return Seen::Inhibited,
            None => {}
        }
        let known = if self.acknowledged.is_empty() { None } else { self.acknowledged.get(&entry.key()) };
        if let Some(known) = known {
            let acknowledged = Duration::from_millis(u64::try_from(here.saturating_sub(known.at)).unwrap_or(0));
            // What was said of an earlier time that it was there does not count.
            if acknowledged <= ago(entry.told, alert.active_at, now) {
                return Seen::By { who: Safe::of(&known.by), ago: acknowledged };
            }
        }
        let within = self.spec.acknowledge_within(entry.severity);
        let (Some(within), Stand::Firing) = (within, entry.stand) else { return Seen::Needless };
        let lasted = entry.since(now).unwrap_or_default();
        match within.checked_sub(lasted).filter(|left| !left.is_zero()) {
            Some(left) => Seen::Due { left },
            None => Seen::Late { after: lasted },
        }
    }
}

/// What is over needs no word any more: what was active here and has gone by its rule's evaluation. What nobody knows stays,
/// and so does what another window looks at alone.
pub fn forget(model: &mut Model) {
    if model.alerts.acknowledged.is_empty() {
        model.alerts.watched.clear();
        return;
    }
    let mut active = std::collections::BTreeSet::new();
    let mut doubtful = false;
    for entry in listing::all(&model.live, model.now) {
        if entry.is_active() {
            active.insert(entry.key());
        }
        let fails = matches!(entry.stand, Stand::Error | Stand::NotEvaluated | Stand::NoData | Stand::WarmingUp);
        doubtful |= fails || entry.rule.standing.remembered > 0;
    }
    // Before the rules were read nothing is known of any.
    doubtful |= model.live.metrics.alerts.is_none() && !model.live.metrics.rules.is_empty();
    // The same of an engine that has told nothing, or tells nothing any more.
    let engines = [&model.live.prometheus, &model.live.alertmanager].into_iter().flatten();
    doubtful |= engines.into_iter().any(|engine| engine.told.is_none() || !engine.state(model.now).is_fresh());
    let Alerts { acknowledged, watched, .. } = &mut model.alerts;
    if !doubtful {
        acknowledged.retain(|key, _| active.contains(key) || !watched.contains(key));
    }
    watched.extend(active);
    watched.retain(|key| acknowledged.contains_key(key));
    while model.alerts.acknowledged.len() > MOST {
        let oldest = model.alerts.acknowledged.iter().min_by_key(|(_, known)| known.at).map(|(key, _)| *key);
        let Some(oldest) = oldest else { return };
        model.alerts.acknowledged.remove(&oldest);
    }
}
