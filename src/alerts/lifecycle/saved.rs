//! What is kept over a restart: since when each alert has been there, in wall time, because the line of a run ends with it.
//! An alert takes up its `for` where it was, as Prometheus has it of `ALERTS_FOR_STATE`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::rule::{AlertingRule, MOST_ALERTS, since};
use crate::metrics::labels::Labels;

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

/// What was last seen longer ago than this is not kept for another run.
const OUTAGE: i64 = 3_600_000;

type Alerts<'a> = BTreeMap<&'a BTreeMap<String, String>, &'a SavedAlert>;

impl Saved {
    /// What several runs beside each other keep together: all of mine, and of theirs what I did not end since `before`, which
    /// is what I kept or took up last.
    #[must_use]
    pub fn joined(mine: &Saved, before: &Saved, theirs: &Saved) -> Saved {
        let mut rules: Vec<SavedRule> = Vec::new();
        let more = theirs.rules.iter().filter(|rule| mine.of(rule).is_none());
        for rule in mine.rules.iter().chain(more) {
            let [own, known, other] = [mine, before, theirs].map(|saved| alerts(saved.of(rule)));
            let mut alerts: Vec<SavedAlert> = own
                .iter()
                .map(|(labels, alert)| {
                    // What lies there as I left it is of before me.
                    let other = other.get(labels).filter(|other| known.get(labels) != Some(other));
                    other.map_or_else(|| (*alert).clone(), |other| alert.with(other))
                })
                .collect();
            let left = other.iter().filter(|(labels, alert)| {
                let is_near = mine.at.saturating_sub(alert.seen_at) <= OUTAGE;
                is_near && !own.contains_key(*labels) && !known.contains_key(*labels)
            });
            alerts.extend(left.map(|(_, alert)| (*alert).clone()));
            // A rule that has more fails, and says so.
            alerts.truncate(MOST_ALERTS);
            if !alerts.is_empty() {
                rules.push(SavedRule { alerts, ..rule.clone() });
            }
        }
        Saved { at: mine.at, rules }
    }

    fn of(&self, rule: &SavedRule) -> Option<&SavedRule> {
        let is_same = |known: &&SavedRule| {
            known.name == rule.name
                && known.group == rule.group
                && known.file == rule.file
                && known.labels == rule.labels
        };
        self.rules.iter().find(is_same)
    }
}

fn alerts(rule: Option<&SavedRule>) -> Alerts<'_> {
    rule.into_iter().flat_map(|rule| &rule.alerts).map(|alert| (&alert.labels, alert)).collect()
}

impl SavedAlert {
    /// The same alert as two saw it: since when the first of them did. One that had ended before is another.
    fn with(&self, other: &SavedAlert) -> SavedAlert {
        if other.seen_at < self.active_at || other.active_at > self.seen_at {
            return self.clone();
        }
        SavedAlert {
            labels: self.labels.clone(),
            active_at: self.active_at.min(other.active_at),
            seen_at: self.seen_at.max(other.seen_at),
            fired_at: [self.fired_at, other.fired_at].into_iter().flatten().min(),
        }
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
        active.chain(remembered).take(MOST_ALERTS).collect()
    }

    /// Takes up what an earlier run kept.
    pub(super) fn remember(&mut self, saved: &SavedRule, restore: Restore, of_wall: &dyn Fn(i64) -> i64) {
        self.restore = restore;
        for alert in saved.alerts.iter().take(MOST_ALERTS) {
            let labels = Labels::new(alert.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            let (active_at, seen_at) = (of_wall(alert.active_at), of_wall(alert.seen_at));
            let kept = Remembered { active_at, seen_at, fired: alert.fired_at.map(of_wall) };
            self.remembered.insert(labels, kept);
        }
    }
}
