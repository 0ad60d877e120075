//! What is kept over a restart of what a person said about alerts, and since when thresholds are past: in wall time, because
//! the line of a run ends with it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::alerts::identity;
use crate::alerts::lifecycle::Saved;
use crate::alerts::matcher;
use crate::alerts::silence::{self, Silence};
use crate::app::Model;
use crate::domain::{Moment, Safe};

use super::acknowledging::{self, Acknowledged};

/// By so much, in milliseconds, a time may differ that was written twice: the wall clock is set all the while.
const SLEW: u64 = 60_000;

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
    /// Its number; files of earlier versions have none.
    #[serde(default)]
    pub id: u64,
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
        let kept_silence = |silence: &Silence| KeptSilence {
            id: silence.id,
            matchers: matcher::text(&silence.matchers),
            from: to_wall(silence.from),
            until: to_wall(silence.until),
            by: silence.by.to_string(),
            comment: silence.comment.to_string(),
        };
        let known = alerts.acknowledged.iter();
        Kept {
            at: now.wall.timestamp_millis(),
            silences: alerts.silences.holding(alerts.line.at(now)).map(kept_silence).collect(),
            acknowledged: known
                .map(|(key, known)| (*key, Acknowledged { at: to_wall(known.at), ..known.clone() }))
                .collect(),
            thresholds: alerts.thresholds.save(alerts.line, now),
        }
    }

    /// Whether another says the same of alerts: what is silenced, and who saw what.
    #[must_use]
    pub fn says_of_alerts(&self, other: &Kept) -> bool {
        let plain = |kept: &Kept| Kept { thresholds: Saved::default(), ..kept.clone() };
        plain(self).says(&plain(other))
    }

    /// Whether another says the same, but for times that only pass.
    #[must_use]
    pub fn says(&self, other: &Kept) -> bool {
        fn silences(kept: &Kept) -> BTreeSet<u64> {
            kept.silences.iter().map(KeptSilence::key).collect()
        }
        fn past(kept: &Kept) -> Vec<(&str, Vec<&BTreeMap<String, String>>)> {
            let rules = kept.thresholds.rules.iter();
            rules.map(|rule| (rule.name.as_str(), rule.alerts.iter().map(|alert| &alert.labels).collect())).collect()
        }
        silences(self) == silences(other)
            && self.acknowledged.keys().eq(other.acknowledged.keys())
            && past(self) == past(other)
    }

    /// What several windows keep together: what I said, and what they did, unless the other took it back since `before`,
    /// which is what I gave to be kept last.
    #[must_use]
    pub fn joined(mine: &Kept, before: &Kept, theirs: &Kept) -> Kept {
        let keys = |kept: &Kept| kept.silences.iter().map(KeptSilence::key).collect::<BTreeSet<u64>>();
        let (own, known, other) = (keys(mine), keys(before), keys(theirs));
        let stays = |key: u64, mine: bool| {
            if mine {
                other.contains(&key) || !known.contains(&key)
            } else {
                !own.contains(&key) && !known.contains(&key)
            }
        };
        let kept = mine.silences.iter().filter(|silence| stays(silence.key(), true));
        let added = theirs.silences.iter().filter(|silence| stays(silence.key(), false) && silence.until > mine.at);
        let said = |key: &u64, said: &Acknowledged| {
            let (was, is) = (before.acknowledged.get(key), theirs.acknowledged.get(key));
            let is_mine = was.is_none_or(|was| was.by != said.by || was.at.abs_diff(said.at) > SLEW);
            if is_mine { Some(said.clone()) } else { is.cloned() }
        };
        let acknowledged = mine.acknowledged.iter().filter_map(|(key, own)| Some((*key, said(key, own)?)));
        let is_new = |key: &u64| !mine.acknowledged.contains_key(key) && !before.acknowledged.contains_key(key);
        let more = theirs.acknowledged.iter().filter(|(key, _)| is_new(key)).map(|(key, said)| (*key, said.clone()));
        Kept {
            at: mine.at,
            silences: kept.chain(added).take(silence::MOST).cloned().collect(),
            acknowledged: acknowledged.chain(more).take(acknowledging::MOST).collect(),
            thresholds: Saved::joined(&mine.thresholds, &before.thresholds, &theirs.thresholds),
        }
    }

    /// Whether there is anything that only time keeps up to date.
    #[must_use]
    pub fn ages(&self) -> bool {
        !self.thresholds.rules.is_empty()
    }
}

impl KeptSilence {
    /// What tells it from every other, also where an earlier version kept it without a number.
    #[must_use]
    pub fn key(&self) -> u64 {
        match self.id {
            0 => identity::of_silence(&self.matchers, &self.by, &self.comment, self.from),
            id => id,
        }
    }
}

/// What another window said meanwhile is taken over: words of what is silenced and heard again by it. What was said here
/// since `given`, which `theirs` was joined with, nobody can have taken back.
pub fn share(model: &mut Model, theirs: &Kept, given: &Kept) -> Vec<Safe> {
    let mine = Kept::of(model);
    let joined = Kept::joined(&mine, given, theirs);
    let mut told = Vec::new();
    let stays: BTreeSet<u64> = joined.silences.iter().map(KeptSilence::key).collect();
    for gone in mine.silences.iter().filter(|silence| !stays.contains(&silence.key())) {
        if model.alerts.silences.end(gone.key()).is_some() {
            told.push(Safe::of(format!("in another window: heard again: {}", gone.matchers)));
        }
    }
    let known: BTreeSet<u64> = mine.silences.iter().map(KeptSilence::key).collect();
    let mut refused = BTreeSet::new();
    for new in joined.silences.iter().filter(|silence| !known.contains(&silence.key())) {
        let (by, matchers) = (&new.by, &new.matchers);
        match silence_again(model, new) {
            Ok(()) => {
                told.push(Safe::of(format!("in another window: silenced by {by}: {matchers}: {}", new.comment)));
            }
            Err(why) => {
                if !model.alerts.refused.contains(&new.key()) {
                    told.push(Safe::of(format!(
                        "in another window: silenced by {by}, and not here: {matchers}: {why}"
                    )));
                }
                refused.insert(new.key());
            }
        }
    }
    model.alerts.refused = refused;
    let (line, now) = (model.alerts.line, model.now);
    let here = line.at(now);
    let at = |known: &Acknowledged| line.of_wall(known.at, now).min(here);
    let said = joined.acknowledged.iter().map(|(key, known)| (*key, Acknowledged { at: at(known), ..known.clone() }));
    model.alerts.acknowledged = said.collect();
    told
}

/// Takes up one silence; what is over meanwhile is over.
fn silence_again(model: &mut Model, silence: &KeptSilence) -> Result<(), String> {
    let (now, line) = (model.now, model.alerts.line);
    let matchers = matcher::parse(&silence.matchers)?;
    let (from, until) = (line.of_wall(silence.from, now), line.of_wall(silence.until, now));
    let (by, comment) = (Safe::of(&silence.by), Safe::of(&silence.comment));
    let restored = Silence { id: silence.key(), matchers, from, until, by, comment };
    model.alerts.silences.restore(restored, model.alerts.spec.longest_silence, line.at(now)).map(|_id| ())
}

/// Takes up what an earlier run kept.
pub fn restore(model: &mut Model, kept: &Kept) {
    let now: Moment = model.now;
    let line = model.alerts.line;
    let here = line.at(now);
    for silence in &kept.silences {
        // What this build refuses stays in the file, and is told when the file is shared.
        let _is_over = silence_again(model, silence);
    }
    for (key, known) in kept.acknowledged.iter().take(acknowledging::MOST) {
        let at = line.of_wall(known.at, now).min(here);
        model.alerts.acknowledged.insert(*key, Acknowledged { at, ..known.clone() });
    }
    model.alerts.thresholds.restore(&kept.thresholds, line, now);
}
