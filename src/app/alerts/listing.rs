//! One list of all alerts and of the rules that have something to say, worst first. What an error hides nothing of: the
//! alerts of a rule that fails stand beside its failure.

use std::cmp::Reverse;
use std::time::Duration;

use crate::alerts::identity;
use crate::alerts::lifecycle::{Alert, Gone, State, Verdict as RuleVerdict};
use crate::alerts::severity::{LABEL, Severity};
use crate::app::telemetry::Telemetry;
use crate::app::telemetry::engines::Keeper;
use crate::config::resolved::OwnAlert;
use crate::domain::served::RoutedSilence;
use crate::domain::{Moment, Safe, Verdict, figure};
use crate::engine::alerts::{AlertsTold, RuleTold};

use super::ago;
use super::served::{CLOCKS, Origin};

/// How an entry stands, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stand {
    /// An alert fires.
    Firing,
    /// An alert has not lasted long enough.
    Pending,
    /// An alert fired and has gone, less than 15 minutes ago.
    Resolved,
    /// A rule fails.
    Error,
    /// A rule is not evaluated.
    NotEvaluated,
    /// There is nothing of what a rule asks for, or nothing any more of what an alert that fired was about.
    NoData,
    /// The range of a rule is not full yet.
    WarmingUp,
    /// A rule has nothing to measure: 0 of 0.
    NoTraffic,
    /// A rule looks for a kind of series of which there is none now: none yet, or none any more, which it says.
    NoneYet,
    /// A rule finds nothing.
    Ok,
}

impl Stand {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Stand::Firing => "firing",
            Stand::Pending => "pending",
            Stand::Resolved => "resolved",
            Stand::Error => "error",
            Stand::NotEvaluated => "not evaluated",
            Stand::NoData => "no data",
            Stand::WarmingUp => "warming up",
            Stand::NoTraffic => "no traffic",
            Stand::NoneYet => "none now",
            Stand::Ok => "ok",
        }
    }

    fn of_rule(verdict: RuleVerdict) -> Option<Stand> {
        match verdict {
            // Its alerts tell it.
            RuleVerdict::Firing | RuleVerdict::Pending => None,
            RuleVerdict::Error => Some(Stand::Error),
            RuleVerdict::NotEvaluated => Some(Stand::NotEvaluated),
            RuleVerdict::NoData => Some(Stand::NoData),
            RuleVerdict::WarmingUp => Some(Stand::WarmingUp),
            RuleVerdict::NoTraffic => Some(Stand::NoTraffic),
            RuleVerdict::NoneYet => Some(Stand::NoneYet),
            RuleVerdict::Ok => Some(Stand::Ok),
        }
    }
}

/// An alert, or a rule that has something to say by itself.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The snapshot that it stands in.
    pub told: &'a AlertsTold,
    /// Its rule.
    pub rule: &'a RuleTold,
    /// The threshold that its rule is, if it is one.
    pub own: Option<&'a OwnAlert>,
    /// Who tells it.
    pub by: Origin,
    /// What keeps it back at an Alertmanager.
    pub keeper: Option<Keeper<&'a RoutedSilence>>,
    /// The alert; none where the rule speaks.
    pub alert: Option<&'a Alert>,
    /// How it stands.
    pub stand: Stand,
    /// How bad that is.
    pub severity: Severity,
    /// So long ago its rule was looked at last, where that is too long ago to say anything about now.
    pub unlooked: Option<Duration>,
}

/// Evaluations that may be missed before what they told is of before.
const MISSED: u32 = 3;
/// No evaluation is that late at once.
const SOON: Duration = Duration::from_secs(10);

/// What is older than this says nothing about now, where it is looked at so often.
#[must_use]
pub fn fresh_for(interval: Duration) -> Duration {
    interval.saturating_mul(MISSED).max(SOON)
}

/// How long nobody has looked at a rule, where that is too long. What nobody ever looked at says so itself.
fn unlooked(told: &AlertsTold, rule: &RuleTold, by: Origin, now: Moment) -> Option<Duration> {
    let age = ago(told, rule.evaluated_at?, now);
    let clocks = if by == Origin::Prometheus { CLOCKS } else { Duration::ZERO };
    (age > fresh_for(rule.interval).saturating_add(clocks)).then_some(age)
}

impl<'a> Entry<'a> {
    fn of_alert(
        told: &'a AlertsTold,
        rule: &'a RuleTold,
        own: Option<&'a OwnAlert>,
        by: Origin,
        alert: &'a Alert,
        unlooked: Option<Duration>,
    ) -> Entry<'a> {
        let stand = match alert.state {
            State::Firing => Stand::Firing,
            State::Pending => Stand::Pending,
            // What nobody saw to be right again is no better known than a rule without data.
            State::Resolved if alert.gone == Gone::Data => Stand::NoData,
            State::Resolved => Stand::Resolved,
        };
        let severity = Severity::of(alert.labels.get(LABEL));
        Entry { told, rule, own, by, keeper: None, alert: Some(alert), stand, severity, unlooked }
    }

    /// Why its rule stands as it does, where that needs more than the word.
    #[must_use]
    pub fn why(&self) -> Option<Safe> {
        match self.unlooked {
            Some(age) if self.stand == Stand::NotEvaluated => {
                Some(Safe::of(format!("last looked at {} ago", figure::age(age))))
            }
            _ => self.rule.standing.why.clone(),
        }
    }

    /// Its fingerprint.
    #[must_use]
    pub fn key(&self) -> u64 {
        let RuleTold { file, group, name, labels, .. } = self.rule;
        match self.alert {
            Some(alert) => identity::of_alert(file, group, name, &alert.labels),
            None => identity::of_rule(file, group, name, labels),
        }
    }

    /// For how long it has stood so; none where nobody knows.
    #[must_use]
    pub fn since(&self, now: Moment) -> Option<Duration> {
        let alert = self.alert?;
        let at = match self.stand {
            Stand::Firing => alert.fired_at.unwrap_or(alert.active_at),
            Stand::Resolved | Stand::NoData => alert.resolved_at?,
            _ => alert.active_at,
        };
        Some(ago(self.told, at, now))
    }

    /// Whether it is an alert that is there.
    #[must_use]
    pub fn is_active(&self) -> bool {
        matches!(self.stand, Stand::Firing | Stand::Pending)
    }

    /// What it says about the whole; none where it says nothing.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        match self.stand {
            Stand::Firing => self.severity.firing(),
            Stand::Pending => self.severity.pending(),
            Stand::Error | Stand::NotEvaluated | Stand::NoData => Some(Verdict::Unknown),
            Stand::Ok => Some(Verdict::Ok),
            Stand::Resolved | Stand::WarmingUp | Stand::NoTraffic | Stand::NoneYet => None,
        }
    }

    /// The severity as the team wrote it.
    #[must_use]
    pub fn severity_word(&self) -> &'a str {
        match self.alert {
            Some(alert) => alert.labels.get(LABEL),
            None => self.rule.labels.iter().find(|(name, _)| name == LABEL).map_or("", |(_, value)| value),
        }
    }

    /// An annotation: expanded where there is an alert, as it was written where there is none.
    #[must_use]
    pub fn annotation(&self, name: &str) -> Option<&'a str> {
        let all = self.alert.map_or(&self.rule.annotations, |alert| &alert.annotations);
        all.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str()).filter(|text| !text.is_empty())
    }
}

/// The snapshots: that of the files' rules, that of the thresholds, and those of the field's own engines.
pub fn snapshots(telemetry: &Telemetry) -> impl Iterator<Item = (&AlertsTold, Option<&[OwnAlert]>, Origin)> {
    let files = telemetry.metrics.alerts.as_deref().map(|told| (told, None, Origin::Rules));
    let own = telemetry.thresholds.as_deref().map(|own| (&own.told, Some(own.alerts.as_ref()), Origin::Threshold));
    let engines = [(&telemetry.prometheus, Origin::Prometheus), (&telemetry.alertmanager, Origin::Alertmanager)];
    let engines = engines.into_iter().filter_map(|(state, by)| Some((state.as_ref()?.told.as_deref()?, None, by)));
    files.into_iter().chain(own).chain(engines)
}

/// Everything that is there, in the order of the files. A rule that nobody looks at any more stands as not evaluated, its
/// alerts beside that as they were.
pub fn all(telemetry: &Telemetry, now: Moment) -> impl Iterator<Item = Entry<'_>> {
    snapshots(telemetry).flat_map(move |(told, own, by)| {
        told.rules.iter().enumerate().flat_map(move |(at, rule)| {
            let own = own.and_then(|own| own.get(at));
            let unlooked = unlooked(told, rule, by, now);
            let alerts = rule.alerts.iter().map(move |alert| {
                let entry = Entry::of_alert(told, rule, own, by, alert, unlooked);
                let there = telemetry.alertmanager.as_ref().filter(|_| entry.is_active());
                Entry { keeper: there.and_then(|there| there.keeper_of(|| entry.key(), now)), ..entry }
            });
            let severity = rule.labels.iter().find(|(name, _)| name == LABEL).map_or("", |(_, value)| value);
            let severity = Severity::of(severity);
            // Where a server tells alerts alone, nobody knows the rule: it has nothing to say beside them.
            let is_name = by == Origin::Prometheus && rule.expr.is_empty() && rule.standing.why.is_none();
            let itself =
                Stand::of_rule(rule.standing.verdict).filter(|stand| !is_name || *stand != Stand::NotEvaluated);
            let known = itself.filter(|stand| matches!(stand, Stand::Error | Stand::NoData | Stand::NotEvaluated));
            let itself = known.or(unlooked.map(|_| Stand::NotEvaluated)).or(itself);
            alerts.chain(itself.map(|stand| Entry {
                told,
                rule,
                own,
                by,
                keeper: None,
                alert: None,
                stand,
                severity,
                unlooked,
            }))
        })
    })
}

/// The same, worst first; of what is equally bad the newest first.
#[must_use]
pub fn ranked(telemetry: &Telemetry, now: Moment) -> Vec<Entry<'_>> {
    let mut found: Vec<Entry<'_>> = all(telemetry, now).collect();
    found.sort_by_cached_key(|entry| (entry.stand, Reverse(entry.severity), entry.since(now)));
    found
}

/// The entry of a fingerprint.
#[must_use]
pub fn find(telemetry: &Telemetry, key: u64, now: Moment) -> Option<Entry<'_>> {
    all(telemetry, now).find(|entry| entry.key() == key)
}
