//! A rule that alerts, and the machine of its alerts: one result in, changes and series out. The same results at the same
//! times give the same history, byte for byte.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::World;
use super::alert::{Alert, Gone, State};
use super::gone::Why;
use super::outcome::{Basis, Elements, Failure, Outcome};
use super::saved::{Remembered, Restore};
use super::written::Written;
use crate::alerts::rules::{Alerting, Rule};
use crate::alerts::template;
use crate::domain::Safe;
use crate::metrics::labels::{Labels, NAME};

/// How long a resolved alert is kept, so that nobody misses that it was.
pub const RESOLVED_KEPT: Duration = Duration::from_secs(15 * 60);
/// Most alerts of one rule.
pub const MOST_ALERTS: usize = 10_000;
/// Most alerts of all rules, those resolved among them.
pub const MOST_IN_ALL: usize = 20_000;

/// What happened to an alert, or to its rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// When.
    pub at: i64,
    /// Of which rule.
    pub rule: String,
    /// Of which alert; none where it is the rule's.
    pub labels: Labels,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// It is there, for less than it must be.
    Pending,
    /// It fires.
    Firing,
    /// Its element has gone; it fires on for a while.
    Kept,
    /// It fired and has gone.
    Resolved {
        /// Why.
        gone: Gone,
    },
    /// It was pending and has gone.
    Dropped,
    /// It fired, and by the rule as it is now it has not lasted long enough.
    BackToPending,
    /// It takes up where it was before a restart.
    Restored,
    /// The rule gave more than its limit: its alerts were cleared.
    Cleared(Safe),
    /// The evaluation failed: nothing changed.
    Failed(Safe),
    /// It works again.
    Recovered,
}

/// What one result made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// What happened.
    pub changes: Vec<Change>,
    /// The samples that are to be appended.
    pub samples: Elements,
}

/// What the last evaluation gave.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Last {
    Never,
    Stood(Basis),
    Failed(Failure),
}

/// A rule that alerts, and its alerts.
#[derive(Clone, Debug)]
pub struct AlertingRule {
    /// As it was written.
    pub rule: Rule,
    /// What only a rule that alerts has.
    pub alerting: Alerting,
    /// Most alerts that it may give; 0 is no limit.
    pub limit: usize,
    pub(super) alerts: BTreeMap<Labels, Alert>,
    pub(super) last: Last,
    pub(super) evaluated_at: Option<i64>,
    /// When it was last evaluated without a failure.
    pub(super) stood_at: Option<i64>,
    /// So far back, in milliseconds, its group looks.
    pub(super) looks_back: i64,
    pub(super) written: Written,
    pub(super) remembered: BTreeMap<Labels, Remembered>,
    pub(super) restore: Restore,
    /// For how many alerts there is room beside the active ones of all other rules.
    pub(super) room: usize,
    /// Resolved alerts that were forgotten early, because there was no room.
    pub(super) dropped: u64,
    /// What who evaluated it last says of its result beside.
    pub(super) notes: Vec<Safe>,
}

impl AlertingRule {
    /// A rule without alerts.
    #[must_use]
    pub fn new(rule: Rule, alerting: Alerting, limit: usize) -> AlertingRule {
        AlertingRule {
            rule,
            alerting,
            limit,
            alerts: BTreeMap::new(),
            last: Last::Never,
            evaluated_at: None,
            stood_at: None,
            looks_back: 0,
            written: Written::default(),
            remembered: BTreeMap::new(),
            restore: Restore::default(),
            room: MOST_ALERTS,
            dropped: 0,
            notes: Vec::new(),
        }
    }

    /// Its alerts, those resolved a while ago among them, by labels.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.values()
    }

    /// Resolved alerts that were forgotten early, because there was no room.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many of its alerts are pending or firing.
    pub(super) fn active(&self) -> usize {
        self.alerts.values().filter(|alert| alert.is_active()).count()
    }

    /// Forgets what resolved first, where there is no room for all.
    fn make_room(&mut self) {
        let over = self.alerts.len().saturating_sub(self.room.min(MOST_ALERTS));
        if over == 0 {
            return;
        }
        let mut resolved: Vec<(i64, Labels)> = self.resolved().map(|(at, labels)| (at, labels.clone())).collect();
        resolved.sort();
        for (_, labels) in resolved.into_iter().take(over) {
            self.drop_resolved(&labels);
        }
    }

    /// What resolved, and when.
    pub(super) fn resolved(&self) -> impl Iterator<Item = (i64, &Labels)> {
        let gone = |alert: &Alert| alert.resolved_at.filter(|_| !alert.is_active());
        self.alerts.iter().filter_map(move |(labels, alert)| Some((gone(alert)?, labels)))
    }

    /// Forgets one that resolved, early.
    pub(super) fn drop_resolved(&mut self, labels: &Labels) {
        self.alerts.remove(labels);
        self.dropped += 1;
    }

    /// When it was evaluated last.
    pub fn evaluated_at(&self) -> Option<i64> {
        self.evaluated_at
    }

    /// The machine slept until now: what waits or goes on for a while has not lasted longer for that.
    pub fn slept(&mut self, now: i64) {
        let Some(before) = self.evaluated_at else { return };
        let slept = now.saturating_sub(before).max(0);
        for alert in self.alerts.values_mut().filter(|alert| alert.is_active()) {
            if alert.state == State::Pending {
                alert.active_at = alert.active_at.saturating_add(slept);
            }
            alert.kept_since = alert.kept_since.map(|since| since.saturating_add(slept));
        }
    }

    /// Takes a result. `world` answers what templates ask.
    pub fn step(&mut self, outcome: Outcome, at: i64, world: &mut dyn World) -> Step {
        self.evaluated_at = Some(at);
        let evaluation = match outcome {
            Ok(evaluation) => evaluation,
            Err(failure) => return self.failed(failure, at),
        };
        let found = match self.elements(evaluation.elements, at, world) {
            Ok(mut found) => {
                for alert in &mut found {
                    alert.is_least = evaluation.is_least;
                }
                found
            }
            Err(failure) => return self.failed(failure, at),
        };
        let mut step = Step::default();
        if matches!(self.last, Last::Failed(_)) {
            step.changes.push(self.change(at, Labels::default(), What::Recovered));
        }
        self.notes = evaluation.notes;
        let why = Why { basis: &evaluation.basis, idle: &evaluation.idle };
        let before = self.stood_at.replace(at);
        let present: BTreeSet<Labels> = found.iter().map(|alert| alert.labels.clone()).collect();
        for alert in found {
            self.seen(alert, at, &mut step);
        }
        self.move_on(&present, &why, at, &mut step);
        self.prove(before, at, world, &mut step);
        self.make_room();
        self.forget(&evaluation.basis, at);
        self.last = Last::Stood(evaluation.basis);
        let active = self.active();
        if self.limit > 0 && active > self.limit {
            return self.cleared(active, at);
        }
        step.samples = self.written.step(self.series(world.ahead()));
        step
    }

    /// Expands the templates of a result as [`AlertingRule::step`] would, for what they ask of `world` alone; nothing changes.
    pub fn ask(&self, elements: &Elements, at: i64, world: &mut dyn World) {
        let texts = self.rule.labels.iter().chain(&self.alerting.annotations).map(|(_, text)| text);
        if texts.into_iter().any(|text| text.contains("query")) {
            let _asked = self.elements(elements.clone(), at, world);
        }
    }

    /// A failure touches no alert.
    fn failed(&mut self, failure: Failure, at: i64) -> Step {
        let words = failure.words().clone();
        let known = matches!(&self.last, Last::Failed(before) if *before == failure);
        self.last = Last::Failed(failure);
        let changes = if known { Vec::new() } else { vec![self.change(at, Labels::default(), What::Failed(words))] };
        Step { changes, samples: Elements::new() }
    }

    /// Too many: none of them is believed.
    fn cleared(&mut self, active: usize, at: i64) -> Step {
        let words = Safe::of(format!("exceeded limit of {} with {active} alerts", self.limit));
        self.alerts.clear();
        let failure = Failure::Failed(words.clone());
        let known = matches!(&self.last, Last::Failed(before) if *before == failure);
        self.last = Last::Failed(failure);
        let changes = if known { Vec::new() } else { vec![self.change(at, Labels::default(), What::Cleared(words))] };
        Step { changes, samples: Elements::new() }
    }

    fn change(&self, at: i64, labels: Labels, what: What) -> Change {
        Change { at, rule: self.rule.name.clone(), labels, what }
    }

    /// The alerts of a result, with their templates expanded, in the order of their labels.
    fn elements(&self, elements: Elements, at: i64, world: &mut dyn World) -> Result<Vec<Alert>, Failure> {
        if elements.len() > MOST_ALERTS {
            let words = format!("{} elements; {MOST_ALERTS} alerts are the most", elements.len());
            return Err(Failure::Failed(Safe::of(words)));
        }
        if elements.len() > self.room {
            let (count, room) = (elements.len(), self.room);
            let words = format!("{count} elements; {MOST_IN_ALL} alerts of all rules are the most, {room} are left");
            return Err(Failure::Failed(Safe::of(words)));
        }
        let external_labels = world.external_labels();
        let external_url = world.external_url();
        let name = format!("__alert_{}", self.rule.name);
        let mut found: BTreeMap<Labels, Alert> = BTreeMap::new();
        for (element, value) in elements {
            let data = template::Data {
                name: &name,
                labels: &element,
                external_labels: &external_labels,
                external_url: &external_url,
                value,
                at,
            };
            let mut expand = |text: &str| {
                template::expand(text, &data, &mut |expr| match world.evaluate(expr, at) {
                    Ok(evaluation) => Ok(evaluation.elements),
                    Err(failure) => Err(failure.words().as_str().to_owned()),
                })
            };
            let mut labels = element.with(NAME, "");
            for (name, text) in &self.rule.labels {
                labels = labels.with(name, &expand(text));
            }
            let labels = labels.with("alertname", &self.rule.name);
            let annotations =
                self.alerting.annotations.iter().map(|(name, text)| (name.clone(), expand(text))).collect();
            let alert = Alert {
                labels: labels.clone(),
                annotations,
                value,
                is_least: false,
                state: State::Pending,
                active_at: at,
                fired_at: None,
                resolved_at: None,
                gone: Gone::Mended,
                kept_since: None,
            };
            if found.insert(labels, alert).is_some() {
                let words = "vector contains metrics with the same labelset after applying alert labels";
                return Err(Failure::Failed(Safe::of(words)));
            }
        }
        Ok(found.into_values().collect())
    }

    /// An element is there: its alert is told anew, or begins.
    fn seen(&mut self, mut alert: Alert, at: i64, step: &mut Step) {
        if let Some(known) = self.alerts.get_mut(&alert.labels).filter(|known| known.is_active()) {
            known.value = alert.value;
            known.is_least = alert.is_least;
            known.annotations = alert.annotations;
            known.kept_since = None;
            return;
        }
        let mut what = What::Pending;
        let kept = self.remembered.remove(&alert.labels);
        if let Some((kept, active_at)) =
            kept.and_then(|kept| Some((kept, self.restore.active_at(&kept, self.alerting.hold, at)?)))
        {
            alert.active_at = active_at;
            alert.fired_at = kept.fired.filter(|fired| *fired <= at);
            what = What::Restored;
        }
        step.changes.push(self.change(at, alert.labels.clone(), what));
        self.alerts.insert(alert.labels.clone(), alert);
    }

    /// What has lasted fires; what has gone is dropped, kept firing, or resolved.
    fn move_on(&mut self, present: &BTreeSet<Labels>, why: &Why<'_>, at: i64, step: &mut Step) {
        let (hold, keep) = (self.alerting.hold, self.alerting.keep_firing);
        let mut told = Vec::new();
        let given = &self.rule.labels;
        self.alerts.retain(|labels, alert| {
            if !present.contains(labels) {
                let kept = alert.state == State::Firing && alert.is_kept(keep, at);
                match alert.state {
                    State::Pending => {
                        told.push((labels.clone(), What::Dropped));
                        return false;
                    }
                    State::Resolved => return alert.resolved_at.is_some_and(|gone| since(gone, at) <= RESOLVED_KEPT),
                    State::Firing if kept => {
                        if alert.kept_since == Some(at) {
                            alert.gone = why.gone(labels, given);
                            told.push((labels.clone(), What::Kept));
                        }
                    }
                    State::Firing => {
                        alert.state = State::Resolved;
                        alert.resolved_at = Some(at);
                        alert.gone = why.gone(labels, given);
                        told.push((labels.clone(), What::Resolved { gone: alert.gone }));
                        return true;
                    }
                }
            }
            let lasted = since(alert.active_at, at) >= hold;
            if alert.state == State::Pending && lasted {
                alert.state = State::Firing;
                // One that takes up where it was fires since then.
                alert.fired_at.get_or_insert(at);
                told.push((labels.clone(), What::Firing));
            }
            if alert.state == State::Pending {
                // By the rule as it is now it has not fired yet.
                alert.fired_at = None;
            }
            // A new reading of the files may have made `for` longer.
            if alert.state == State::Firing && !lasted {
                alert.state = State::Pending;
                (alert.fired_at, alert.kept_since) = (None, None);
                told.push((labels.clone(), What::BackToPending));
            }
            true
        });
        let changes: Vec<Change> = told.into_iter().map(|(labels, what)| self.change(at, labels, what)).collect();
        step.changes.extend(changes);
    }

    /// What a restart remembered and a complete result does not show has gone meanwhile.
    fn forget(&mut self, basis: &Basis, at: i64) {
        let restore = self.restore;
        if *basis == Basis::Complete {
            self.remembered.clear();
        } else {
            self.remembered.retain(|_, kept| restore.is_near(kept, at));
        }
    }

    /// `ALERTS` and `ALERTS_FOR_STATE` of what is active.
    fn series(&self, ahead: i64) -> Elements {
        let active = self.alerts.values().filter(|alert| alert.is_active());
        active
            .flat_map(|alert| {
                let began = alert.active_at.saturating_add(ahead).div_euclid(1000) as f64;
                [(alert.series(), 1.0), (alert.for_state_series(), began)]
            })
            .collect()
    }
}

/// The time from one to another; none where they are the other way round.
pub(super) fn since(from: i64, to: i64) -> Duration {
    Duration::from_millis(u64::try_from(to.saturating_sub(from)).unwrap_or(0))
}
