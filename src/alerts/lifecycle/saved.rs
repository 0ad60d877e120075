//! What is kept over a restart: since when each alert has been there, in wall time, because the line of a run ends with it.
//! An alert takes up its `for` where it was, as Prometheus has it of `ALERTS_FOR_STATE`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::rule::{AlertingRule, since};
use crate::metrics::labels::Labels;

/// Most alerts that are kept of one rule.
const MOST_KEPT: usize = 1000;

/// The alerts of all rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// When it was written, in wall time, milliseconds.
    pub at: i64,
    /// Rule by rule.
    pub rules: Vec<SavedRule>,
}

/// The alerts of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedRule {
    /// In which file.
    pub file: String,
    /// In which group.
    pub group: String,
    /// Of which name.
    pub name: String,
    /// With which labels.
    pub labels: Vec<(String, String)>,
    /// Its active alerts.
    pub alerts: Vec<SavedAlert>,
}

/// One alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedAlert {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Since when it has been there, in wall time, milliseconds.
    pub active_at: i64,
    /// When it was last seen, in wall time, milliseconds.
    pub seen_at: i64,
    /// Since when it fires, in wall time, milliseconds; none where it does not.
    #[serde(default)]
    pub fired_at: Option<i64>,
}

/// An alert of an earlier run, on the line of this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Remembered {
    active_at: i64,
    seen_at: i64,
    /// Since when it fired: who was called for it was called then.
    pub(super) fired: Option<i64>,
}

/// How an alert of an earlier run takes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restore {
    /// An alert that had not lasted long enough lasts at least this long anew; shorter `for`s begin anew.
    pub grace: Duration,
    /// What was last seen longer ago is forgotten.
    pub outage: Duration,
}

impl Restore {
    /// As Prometheus is unless it is told otherwise.
    pub const PROMETHEUS: Restore = Restore { grace: Duration::from_secs(600), outage: Duration::from_secs(3600) };
}

impl Default for Restore {
    /// An hour's outage does not matter, and what was down meanwhile counts for nothing; a screen that is opened anew
    /// needs no grace.
    fn default() -> Restore {
        Restore { grace: Duration::ZERO, outage: Duration::from_secs(3600) }
    }
}

impl Restore {
    pub(super) fn is_near(self, kept: &Remembered, at: i64) -> bool {
        since(kept.seen_at, at) <= self.outage
    }

    /// Since when an alert that is there again has been there; none where it begins anew.
    pub(super) fn active_at(self, kept: &Remembered, hold: Duration, at: i64) -> Option<i64> {
        if hold < self.grace || !self.is_near(kept, at) || kept.active_at > at {
            return None;
        }
        let lasted = since(kept.active_at, kept.seen_at);
        let Some(left) = hold.checked_sub(lasted).filter(|left| !left.is_zero()) else { return Some(kept.active_at) };
        let milliseconds = |long: Duration| i64::try_from(long.as_millis()).unwrap_or(i64::MAX);
        if left < self.grace {
            return Some(at.saturating_add(milliseconds(self.grace)).saturating_sub(milliseconds(hold)));
        }
        // What lay between does not count.
        Some(kept.active_at.saturating_add(milliseconds(since(kept.seen_at, at))))
    }
}

impl AlertingRule {
    /// Its active alerts and those still remembered, by a way from the line to wall time.
    pub(super) fn save(&self, to_wall: &dyn Fn(i64) -> i64) -> Vec<SavedAlert> {
        let named = |labels: &Labels| labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let seen_at = self.evaluated_at.unwrap_or(i64::MIN);
        let active = self.alerts.values().filter(|alert| alert.is_active()).map(|alert| SavedAlert {
            labels: named(&alert.labels),
            active_at: to_wall(alert.active_at),
            seen_at: to_wall(seen_at.max(alert.active_at)),
            fired_at: alert.fired_at.map(to_wall),
        });
        let remembered = self.remembered.iter().map(|(labels, kept)| SavedAlert {
            labels: named(labels),
            active_at: to_wall(kept.active_at),
            seen_at: to_wall(kept.seen_at),
            fired_at: kept.fired.map(to_wall),
        });
        active.chain(remembered).take(MOST_KEPT).collect()
    }

    /// Takes up what an earlier run kept.
    pub(super) fn remember(&mut self, saved: &SavedRule, restore: Restore, of_wall: &dyn Fn(i64) -> i64) {
        self.restore = restore;
        for alert in saved.alerts.iter().take(MOST_KEPT) {
            let labels = Labels::new(alert.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            let (active_at, seen_at) = (of_wall(alert.active_at), of_wall(alert.seen_at));
            let kept = Remembered { active_at, seen_at, fired: alert.fired_at.map(of_wall) };
            self.remembered.insert(labels, kept);
        }
    }
}
