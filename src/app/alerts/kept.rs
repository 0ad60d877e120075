//! What is kept over a restart of what a person said about alerts, and since when thresholds are past: in wall time, because
//! the line of a run ends with it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::alerts::lifecycle::Saved;
use crate::alerts::matcher;
use crate::alerts::silence::Silence;
use crate::app::Model;
use crate::domain::{Moment, Safe};

use super::acknowledging::{self, Acknowledged};

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// When it was made, in wall time, milliseconds.
    pub at: i64,
    /// What is silenced.
    pub silences: Vec<KeptSilence>,
    /// Who saw which alert, by its fingerprint.
    pub acknowledged: BTreeMap<u64, Acknowledged>,
    /// Thresholds that are past.
    pub thresholds: Saved,
}

/// A silence, in wall time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptSilence {
    /// Its matchers, as they can be read again.
    pub matchers: String,
    /// Since when, milliseconds.
    pub from: i64,
    /// Until when, milliseconds.
    pub until: i64,
    /// Who asked for it.
    pub by: String,
    /// Why.
    pub comment: String,
}

impl Kept {
    /// As things stand.
    #[must_use]
    pub fn of(model: &Model) -> Kept {
        let (alerts, now) = (&model.alerts, model.now);
        let to_wall = |at: i64| alerts.line.to_wall(at, now);
        let silence = |silence: &Silence| KeptSilence {
            matchers: matcher::text(&silence.matchers),
            from: to_wall(silence.from),
            until: to_wall(silence.until),
            by: silence.by.to_string(),
            comment: silence.comment.to_string(),
        };
        let known = alerts.acknowledged.iter();
        Kept {
            at: now.wall.timestamp_millis(),
            silences: alerts.silences.holding(alerts.line.at(now)).map(silence).collect(),
            acknowledged: known
                .map(|(key, known)| (*key, Acknowledged { at: to_wall(known.at), ..known.clone() }))
                .collect(),
            thresholds: alerts.thresholds.save(alerts.line, now),
        }
    }

    /// Whether another says the same, but for times that only pass.
    #[must_use]
    pub fn says(&self, other: &Kept) -> bool {
        fn silences(kept: &Kept) -> Vec<(&str, &str, &str)> {
            kept.silences.iter().map(|s| (s.matchers.as_str(), s.by.as_str(), s.comment.as_str())).collect()
        }
        fn past(kept: &Kept) -> Vec<(&str, Vec<&BTreeMap<String, String>>)> {
            let rules = kept.thresholds.rules.iter();
            rules.map(|rule| (rule.name.as_str(), rule.alerts.iter().map(|alert| &alert.labels).collect())).collect()
        }
        silences(self) == silences(other)
            && self.acknowledged.keys().eq(other.acknowledged.keys())
            && past(self) == past(other)
    }

    /// Whether there is anything that only time keeps up to date.
    #[must_use]
    pub fn ages(&self) -> bool {
        !self.thresholds.rules.is_empty()
    }
}

/// Takes up what an earlier run kept.
pub fn restore(model: &mut Model, kept: &Kept) {
    let now: Moment = model.now;
    let line = model.alerts.line;
    let here = line.at(now);
    let longest = model.alerts.spec.longest_silence;
    for silence in &kept.silences {
        let Ok(matchers) = matcher::parse(&silence.matchers) else { continue };
        let (from, until) = (line.of_wall(silence.from, now), line.of_wall(silence.until, now));
        let (by, comment) = (Safe::of(&silence.by), Safe::of(&silence.comment));
        let restored = Silence { id: 0, matchers, from, until, by, comment };
        // What is over meanwhile is over.
        let _ = model.alerts.silences.restore(restored, longest, here);
    }
    for (key, known) in kept.acknowledged.iter().take(acknowledging::MOST) {
        let at = line.of_wall(known.at, now).min(here);
        model.alerts.acknowledged.insert(*key, Acknowledged { at, ..known.clone() });
    }
    model.alerts.thresholds.restore(&kept.thresholds, line, now);
}
