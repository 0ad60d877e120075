//! What the field's own engines tell, as snapshots beside those of our own rules: who tells an alert, what changed since, and
//! which alerts of an Alertmanager are those that somebody else tells already.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use crate::alerts::lifecycle::{Alert, Change, Gone, Standing, State, Verdict, What};
use crate::app::telemetry::Telemetry;
use crate::app::telemetry::engines::Keeper;
use crate::domain::served::{Health, Pairs, Routed, RoutedAlert, Served, ServedAlert, ServedRule};
use crate::domain::{Cause, Moment, Safe, figure};
use crate::engine::alerts::{AlertsTold, Apart, RuleTold};
use crate::metrics::labels::Labels;

use super::listing;
use others::{Others, ends};

mod others;
mod twins;

pub use twins::{is_twin, twin_words, twins};

/// An alert that has gone is told for so long.
const RESOLVED_KEPT: i64 = 15 * 60 * 1000;
/// An evaluation that is older than so many intervals, and a minute for clocks that differ, says nothing about now.
const FRESH: u32 = 3;
/// Most alerts of a server that stay although it does not tell them now.
const CARRIED: usize = 10_000;
/// How far the clock of a server may differ from ours.
pub const CLOCKS: Duration = Duration::from_secs(60);

/// Who tells an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// Rules files, evaluated here.
    Rules,
    /// A threshold of the configuration.
    Threshold,
    /// A server with Prometheus' query API.
    Prometheus,
    /// An Alertmanager.
    Alertmanager,
}

impl Origin {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Origin::Rules => "rules",
            Origin::Threshold => "threshold",
            Origin::Prometheus => "prometheus",
            Origin::Alertmanager => "alertmanager",
        }
    }
}

/// The rules of a server, and what changed since the last time; nothing has the first time.
#[must_use]
pub fn of_server(served: Served, before: Option<&AlertsTold>, now: Moment) -> AlertsTold {
    let line = now.wall.timestamp_millis();
    let (recording, alone) = (served.recording, served.alerts_alone);
    let mut known: HashMap<(String, String, String), Vec<&RuleTold>> = HashMap::new();
    for rule in before.into_iter().flat_map(|told| &told.rules) {
        known.entry((rule.file.clone(), rule.group.clone(), rule.name.clone())).or_default().push(rule);
    }
    let mut since = Since { line, told_before: before.is_some(), room: CARRIED, changes: Vec::new() };
    let (all_told, all_rules) = (served.left_out == 0, served.rules_left_out == 0);
    let mut rules: Vec<RuleTold> = Vec::with_capacity(served.rules.len());
    for rule in served.rules {
        let certain = all_told && rule.health == Health::Good;
        let mut rule = told_rule(rule, line, alone);
        let key = (rule.file.clone(), rule.group.clone(), rule.name.clone());
        let same = |old: &&RuleTold| old.expr == rule.expr && old.labels == rule.labels;
        let old = known.get_mut(&key).and_then(|all| all.iter().position(same).map(|at| all.swap_remove(at)));
        since.follow(&mut rule, old, certain);
        rules.push(rule);
    }
    let gone = known.into_values().flatten();
    if alone {
        // Who tells alerts alone tells of a rule that has none by telling nothing.
        for old in gone {
            let mut rule = without_alerts(old);
            since.follow(&mut rule, Some(old), all_told);
            rules.extend(Some(rule).filter(|rule| !rule.alerts.is_empty()));
        }
        rules.sort_by(|left, right| left.name.cmp(&right.name));
    } else if all_rules {
        // A rule that went takes its alerts with it, and says so.
        for rule in gone {
            for alert in rule.alerts.iter().filter(|alert| alert.is_active()) {
                let what = What::Cleared(Safe::of("its server tells its rule no more"));
                since.say(rule, &alert.labels, what);
            }
        }
    }
    let changes = since.changes;
    AlertsTold { rules, recording, changes, ..empty(now, line) }
}

fn empty(now: Moment, line: i64) -> AlertsTold {
    AlertsTold {
        at: now,
        line,
        rules: Vec::new(),
        recording: (0, 0),
        failing: Vec::new(),
        changes: Vec::new(),
        skipped: 0,
        dropped: 0,
        took: Duration::ZERO,
        cost: None,
        problems: Vec::new(),
        remarks: Vec::new(),
    }
}

fn told_rule(rule: ServedRule, line: i64, alone: bool) -> RuleTold {
    let ServedRule { file, group, name, expr, hold, interval, evaluated, labels, annotations, health, alerts } = rule;
    let alerts: Vec<Alert> = alerts.into_iter().map(|alert| told_alert(alert, hold, line)).collect();
    let count = |state| alerts.iter().filter(|alert: &&Alert| alert.state == state).count();
    let (firing, pending) = (count(State::Firing), count(State::Pending));
    let age = evaluated.map(|at| Duration::from_millis(u64::try_from(line.saturating_sub(at)).unwrap_or(0)));
    let old = age.filter(|age| *age > interval.saturating_mul(FRESH).saturating_add(CLOCKS));
    let (verdict, why) = match health {
        Health::Failed(words) => (Verdict::Error, Some(Safe::one_line(words.as_bytes()))),
        _ if firing > 0 => (Verdict::Firing, None),
        _ if pending > 0 => (Verdict::Pending, None),
        Health::NotYet => (Verdict::NotEvaluated, Some(Safe::of("not yet"))),
        Health::Good => match old {
            Some(age) => (Verdict::NotEvaluated, Some(Safe::of(format!("last {} ago", figure::age(age))))),
            // Who tells alerts alone tells of no rule that it is ok.
            None if alone => (Verdict::NotEvaluated, None),
            None => (Verdict::Ok, None),
        },
    };
    let file = if file.is_empty() { Origin::Prometheus.word().to_owned() } else { format!("prometheus {file}") };
    RuleTold {
        file,
        line: 0,
        group,
        name,
        expr,
        hold,
        interval,
        evaluated_at: evaluated,
        labels,
        annotations,
        standing: Standing { verdict, why, firing, pending, remembered: 0 },
        alerts,
        apart: Apart::default(),
    }
}

fn told_alert(alert: ServedAlert, hold: Duration, line: i64) -> Alert {
    let active_at = alert.active_at.unwrap_or(line).min(line);
    let hold = i64::try_from(hold.as_millis()).unwrap_or(i64::MAX);
    // When it began to fire the interface does not tell: not before it was there for long enough.
    let fired_at = alert.firing.then(|| active_at.saturating_add(hold).min(line));
    Alert {
        labels: labels(alert.labels),
        annotations: alert.annotations,
        value: alert.value,
        is_least: false,
        state: if alert.firing { State::Firing } else { State::Pending },
        active_at,
        fired_at,
        resolved_at: None,
        gone: Gone::Mended,
        kept_since: alert.kept_since,
    }
}

fn labels(pairs: Pairs) -> Labels {
    Labels::new(pairs)
}

/// A rule of which its server tells no alert.
fn without_alerts(rule: &RuleTold) -> RuleTold {
    let standing = Standing { verdict: Verdict::NotEvaluated, why: None, firing: 0, pending: 0, remembered: 0 };
    RuleTold { standing, alerts: Vec::new(), apart: Apart::default(), ..rule.clone() }
}

/// What happened since the last time.
struct Since {
    /// Now, on the line of time.
    line: i64,
    /// There was a last time.
    told_before: bool,
    /// So many alerts may still stay that are not told now.
    room: usize,
    changes: Vec<Change>,
}

impl Since {
    fn say(&mut self, rule: &RuleTold, labels: &Labels, what: What) {
        self.changes.push(Change { at: self.line, rule: rule.name.clone(), labels: labels.clone(), what });
    }

    /// What happened to the alerts of a rule; one that fired and has gone stays for a while. Where its server does not know it
    /// for `certain`, what is not there has not gone: the rule was not evaluated, or not everything was told.
    fn follow(&mut self, rule: &mut RuleTold, old: Option<&RuleTold>, certain: bool) {
        if !self.told_before {
            return;
        }
        let before: HashMap<&Labels, &Alert> =
            old.map(|old| old.alerts.iter().map(|alert| (&alert.labels, alert)).collect()).unwrap_or_default();
        for alert in &rule.alerts {
            let was = before.get(&alert.labels).map(|known| known.state);
            match (was, alert.state) {
                (Some(State::Firing), State::Firing) | (Some(State::Pending), State::Pending) => {}
                (_, State::Firing) => self.say(rule, &alert.labels, What::Firing),
                (Some(State::Firing), _) => self.say(rule, &alert.labels, What::BackToPending),
                (_, _) => self.say(rule, &alert.labels, What::Pending),
            }
        }
        let there: HashSet<&Labels> = rule.alerts.iter().map(|alert| &alert.labels).collect();
        let mut stays: Vec<Alert> = Vec::new();
        for (labels, alert) in before.into_iter().filter(|(labels, _)| !there.contains(labels)) {
            match alert.state {
                State::Firing | State::Pending if !certain => {
                    if self.room > 0 {
                        self.room -= 1;
                        stays.push(alert.clone());
                    }
                }
                State::Firing => {
                    self.say(rule, labels, What::Resolved { gone: Gone::Mended });
                    stays.push(Alert { state: State::Resolved, resolved_at: Some(self.line), ..alert.clone() });
                }
                State::Pending => self.say(rule, labels, What::Dropped),
                State::Resolved if alert.resolved_at.is_some_and(|at| self.line.saturating_sub(at) < RESOLVED_KEPT) => {
                    stays.push(alert.clone());
                }
                State::Resolved => {}
            }
        }
        stays.sort_by(|left, right| left.labels.cmp(&right.labels));
        count(&mut rule.standing, &stays);
        rule.alerts.extend(stays);
    }
}

/// Alerts that stay count as others do; of a rule that says why nobody knows how it is they change no word.
fn count(standing: &mut Standing, stays: &[Alert]) {
    standing.firing += stays.iter().filter(|alert| alert.state == State::Firing).count();
    standing.pending += stays.iter().filter(|alert| alert.state == State::Pending).count();
    if standing.why.is_none() {
        standing.verdict = match (standing.firing, standing.pending) {
            (0, 0) => standing.verdict,
            (0, _) => Verdict::Pending,
            _ => Verdict::Firing,
        };
    }
}

/// The server did not answer: of no rule is it known that it is ok.
pub fn unknown(told: &mut AlertsTold, cause: &Cause) {
    told.changes.clear();
    for rule in &mut told.rules {
        if rule.standing.verdict == Verdict::Ok {
            rule.standing.verdict = Verdict::NotEvaluated;
            rule.standing.why = Some(Safe::of(format!("its server does not tell: {}", cause.short())));
        }
    }
}

/// What keeps an alert back, if anything does.
type Kept = Option<Keeper<usize>>;

/// Holds what an Alertmanager has against what others tell: an alert that is told already is not told twice, but kept back by
/// its silence.
pub fn join(telemetry: &mut Telemetry, now: Moment) {
    twins(telemetry);
    let Some(state) = &telemetry.alertmanager else { return };
    let (Some(routed), Some((_, at))) = (state.routed.clone(), state.readout.last()) else { return };
    let mut others = Others::default();
    for entry in listing::all(telemetry, now).filter(|entry| entry.by != Origin::Alertmanager && entry.is_active()) {
        let Some(alert) = entry.alert else { continue };
        others.add(&entry.rule.name, entry.key(), &alert.labels);
    }
    let silences: HashMap<&str, usize> =
        routed.silences.iter().enumerate().map(|(at, silence)| (silence.id.as_str(), at)).collect();
    let mut own: BTreeMap<String, Vec<(Alert, Kept)>> = BTreeMap::new();
    let line = at.wall.timestamp_millis();
    for alert in &routed.alerts {
        let labels = labels(alert.labels.clone());
        // So long it is kept back as the last of its silences holds.
        let known = alert.silenced_by.iter().filter_map(|id| silences.get(id.as_str()).copied());
        let silence = known.max_by_key(|at| ends(&routed, *at)).map(Keeper::Silence);
        let keeper = silence.or(alert.inhibited.then_some(Keeper::Alert));
        if !others.meet(&labels, keeper, &routed) {
            let name = labels.get("alertname").to_owned();
            own.entry(name).or_default().push((routed_alert(alert, labels, line), keeper));
        }
    }
    let mut kept_back = others.kept_back();
    let mut told = empty(at, line);
    for (name, alerts) in own {
        let (alerts, kept): (Vec<Alert>, Vec<Kept>) = alerts.into_iter().unzip();
        let rule = routed_rule(name, alerts);
        for (alert, keeper) in rule.alerts.iter().zip(kept) {
            let key = crate::alerts::identity::of_alert(&rule.file, &rule.group, &rule.name, &alert.labels);
            kept_back.extend(keeper.map(|keeper| (key, keeper)));
        }
        told.rules.push(rule);
    }
    if let Some(state) = &mut telemetry.alertmanager {
        state.told = Some(told.into());
        state.kept_back = kept_back.into();
    }
}

fn routed_alert(alert: &RoutedAlert, labels: Labels, line: i64) -> Alert {
    let at = alert.starts_at.unwrap_or(line).min(line);
    Alert {
        labels,
        annotations: alert.annotations.clone(),
        value: f64::NAN,
        is_least: false,
        state: State::Firing,
        active_at: at,
        fired_at: Some(at),
        resolved_at: None,
        gone: Gone::Mended,
        kept_since: None,
    }
}

fn routed_rule(name: String, alerts: Vec<Alert>) -> RuleTold {
    let standing = Standing { verdict: Verdict::Firing, why: None, firing: alerts.len(), pending: 0, remembered: 0 };
    RuleTold {
        file: Origin::Alertmanager.word().to_owned(),
        line: 0,
        group: String::new(),
        name,
        expr: String::new(),
        hold: Duration::ZERO,
        interval: Duration::ZERO,
        evaluated_at: None,
        labels: Vec::new(),
        annotations: Vec::new(),
        standing,
        alerts,
        apart: Apart::default(),
    }
}

/// How many alerts an Alertmanager keeps back because of another alert.
#[must_use]
pub fn inhibited(routed: &Routed) -> usize {
    routed.alerts.iter().filter(|alert| alert.inhibited).count()
}

#[cfg(test)]
mod tests;
