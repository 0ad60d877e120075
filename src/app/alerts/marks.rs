//! Which services the alerts that fire are about: such an alert marks the service's row and its count, so that nothing
//! reads as ok beside it. Told by the labels of what is scraped, and by what a threshold watches; what cannot be told for
//! sure marks nothing. A silence changes nothing here, as in `check`.

use crate::alerts::lifecycle::{Alert, State};
use crate::alerts::severity::{LABEL, Severity};
use crate::app::table::Tone;
use crate::app::telemetry::Telemetry;
use crate::app::telemetry::metrics::TargetState;
use crate::app::telemetry::service::ServiceState;
use crate::config::resolved::MetricsSpec;
use crate::domain::{Safe, Verdict};

use super::listing;

/// What fires on a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// The worst that it says.
    pub verdict: Verdict,
    /// The names of what fires, the worst first.
    names: Vec<Safe>,
}

impl Mark {
    /// `HighErrorRate +1`.
    #[must_use]
    pub fn words(&self) -> String {
        let name = self.names.first().map_or("", Safe::as_str);
        if self.names.len() > 1 { format!("{name} +{}", self.names.len() - 1) } else { name.to_owned() }
    }

    fn add(&mut self, verdict: Verdict, name: &str) {
        // One rule that two evaluate is one.
        if !self.names.iter().any(|known| known.as_str() == name) {
            let at = if verdict > self.verdict { 0 } else { self.names.len() };
            self.names.insert(at, Safe::of(name));
        }
        self.verdict = self.verdict.max(verdict);
    }
}

/// The worst of what a rule fires on a target, or on a service by its name.
struct Hit<'a> {
    target: Option<&'a TargetState>,
    service: &'a str,
    verdict: Verdict,
    name: &'a str,
}

/// What fires on each service, by its place; nothing at all where nothing fires.
#[must_use]
pub fn of_services(telemetry: &Telemetry) -> Vec<Option<Mark>> {
    let hits = hits(telemetry);
    if hits.is_empty() {
        return Vec::new();
    }
    let of = |service: &ServiceState| {
        let is_about = |hit: &&Hit<'_>| match hit.target {
            Some(target) => target.is_about(&service.spec),
            None => hit.service == service.spec.name.as_str(),
        };
        let mut mark: Option<Mark> = None;
        for hit in hits.iter().filter(is_about) {
            mark.get_or_insert_with(|| Mark { verdict: Verdict::Ok, names: Vec::new() }).add(hit.verdict, hit.name);
        }
        mark
    };
    telemetry.services.iter().map(of).collect()
}

fn hits(telemetry: &Telemetry) -> Vec<Hit<'_>> {
    let mut hits: Vec<Hit<'_>> = Vec::new();
    for (told, own, _) in listing::snapshots(telemetry) {
        for (at, rule) in told.rules.iter().enumerate() {
            let firing = rule.alerts.iter().filter(|alert| alert.state == State::Firing);
            let worst = |alert: &Alert| Severity::of(alert.labels.get(LABEL)).firing();
            let name = rule.name.as_str();
            if let Some(own) = own.and_then(|own| own.get(at)) {
                let verdict = firing.filter_map(worst).max().filter(|_| own.subject.0 == "service");
                hits.extend(verdict.map(|verdict| Hit { target: None, service: &own.subject.1, verdict, name }));
                continue;
            }
            let mut of_rule: Vec<Option<Verdict>> = vec![None; telemetry.metrics.targets.len()];
            for alert in firing {
                let labels = (alert.labels.get("job"), alert.labels.get("instance"));
                for (worst_there, target) in of_rule.iter_mut().zip(&telemetry.metrics.targets) {
                    if is_of(labels, &target.spec) {
                        *worst_there = (*worst_there).max(worst(alert));
                    }
                }
            }
            hits.extend(of_rule.into_iter().zip(&telemetry.metrics.targets).filter_map(|(verdict, target)| {
                Some(Hit { target: Some(target), service: "", verdict: verdict?, name })
            }));
        }
    }
    hits
}

/// An alert over a whole job is about each of its targets.
fn is_of((job, instance): (&str, &str), spec: &MetricsSpec) -> bool {
    !job.is_empty() && job == spec.job && (instance.is_empty() || instance == spec.instance)
}

/// What is watched, counted: by verdict, and apart what would be ok if nothing fired on it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted {
    by_verdict: [usize; 4],
    alerting: usize,
    worst_alerting: Option<Verdict>,
}

impl Counted {
    /// One more.
    pub fn count(&mut self, verdict: Verdict, mark: Option<&Mark>) {
        if let (Verdict::Ok, Some(mark)) = (verdict, mark) {
            self.alerting += 1;
            self.worst_alerting = self.worst_alerting.max(Some(mark.verdict));
        } else if let Some(count) = self.by_verdict.get_mut(verdict as usize) {
            *count += 1;
        }
    }

    /// The worst of all; nothing where nothing was counted.
    #[must_use]
    pub fn worst(&self) -> Option<Verdict> {
        let there = |verdict: &Verdict| self.by_verdict.get(*verdict as usize).is_some_and(|count| *count > 0);
        Verdict::WORST_FIRST.into_iter().find(there).max(self.worst_alerting)
    }

    /// `1 down`, `2 alerting`, `9 ok`: what is not nothing, worst first.
    #[must_use]
    pub fn worst_first(&self) -> Vec<(String, Tone)> {
        let mut out = Vec::new();
        for verdict in Verdict::WORST_FIRST {
            if let Some(worst) = self.worst_alerting.filter(|_| verdict == Verdict::Ok) {
                out.push((format!("{} alerting", self.alerting), worst.into()));
            }
            let count = self.by_verdict.get(verdict as usize).copied().unwrap_or(0);
            if count > 0 {
                out.push((format!("{count} {verdict}"), verdict.into()));
            }
        }
        out
    }
}
