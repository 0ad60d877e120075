//! Alerts: how they are told, thresholds of this configuration's own, and which actions answer which alerts.

use super::super::layers::Item;
use super::super::resolved::{OffKind, OwnAlert};
use super::super::value::Value;
use super::builder::Builder;
use super::given::{text, texts, time};
use super::told::unit_of_told;
use crate::domain::Safe;
use crate::domain::signal::Unit;
use crate::remediation::measure::Measure;

impl Builder<'_> {
    pub(super) fn alerts(&mut self) {
        let merged = self.merged;
        let given = |key: &str| merged.given("alerts", key).map(|given| given.value.clone());
        let spec = &mut self.resolved.alerts;
        for (key, kept) in [
            ("acknowledge_critical", &mut spec.acknowledge_critical),
            ("acknowledge_warning", &mut spec.acknowledge_warning),
            ("acknowledge_info", &mut spec.acknowledge_info),
            ("longest_silence", &mut spec.longest_silence),
            ("longest_alertmanager_silence", &mut spec.longest_alertmanager_silence),
        ] {
            if let Some(Value::Time(time)) = given(key) {
                *kept = time;
            }
        }
        spec.bell = given("bell") == Some(Value::Flag(true));
        spec.notify = given("notify") == Some(Value::Flag(true));
        for item in merged.of("alert") {
            if !self.switched_off(OffKind::Alert, item) {
                self.alert(item);
            }
        }
    }

    fn alert(&mut self, item: &Item) {
        let Some(when) = text(item, "when") else {
            return self.missing(item, "when", "missing: what is watched, and when is it bad?");
        };
        if let Some(known) = self.resolved.off.iter().find(|off| is_about(when, off)).cloned() {
            let why = format!("{:?} is off: {}", known.name.as_str(), known.why);
            return self.off(OffKind::Alert, item, why, known.turn_on);
        }
        let Some(wanted) = self.wanted_of_alert(item, "when", when) else { return };
        let (name, what) = (item.name.clone(), wanted.name.clone());
        let unit = self.unit_of(&wanted.measure);
        let severity = text(item, "severity").unwrap_or("warning").to_owned();
        let summary = text(item, "summary").map_or_else(|| format!("{what} {}", wanted.expect.words()), str::to_owned);
        let mut annotations = vec![("summary".to_owned(), summary)];
        annotations.extend(text(item, "runbook_url").map(|url| ("runbook_url".to_owned(), url.to_owned())));
        let place = item.place_of("when");
        let alert = OwnAlert {
            name,
            when: when.trim().to_owned(),
            subject: self.subject(&wanted.measure),
            measure: wanted.measure,
            what,
            bad: wanted.expect,
            unit,
            hold: wanted.hold,
            keep_firing: time(item, "keep_firing_for").unwrap_or_default(),
            labels: vec![("severity".to_owned(), severity)],
            annotations,
            file: place.origin.to_string(),
            line: place.line.unwrap_or(0),
        };
        self.resolved.alerts.own.push(alert);
    }

    /// The kind and the name of what is watched, as a label.
    fn subject(&self, measure: &Measure) -> (String, String) {
        let r = &self.resolved;
        let (kind, name): (&str, Option<&Safe>) = match measure {
            Measure::HitRatio(at) => ("cache", r.caches.get(*at).map(|cache| &cache.name)),
            Measure::Signal(at) => ("signal", r.signals.get(*at).map(|signal| &signal.name)),
            Measure::Service(at) | Measure::Latency(at) => ("service", r.services.get(*at).map(|s| &s.name)),
            Measure::UsedSlots(at)
            | Measure::UsedShare(at)
            | Measure::Blocked(at)
            | Measure::OldestIdleTransaction(at) => ("database", r.databases.get(*at).map(|d| &d.name)),
            Measure::Told(told) => return self.subject_of(*told),
            Measure::ObjectsLeft | Measure::Result => ("of", None),
        };
        (kind.to_owned(), name.map(ToString::to_string).unwrap_or_default())
    }

    /// The unit in which values of a measure are told.
    pub(super) fn unit_of(&self, measure: &Measure) -> Unit {
        match measure {
            Measure::Signal(at) => self.resolved.signals.get(*at).map(|s| s.unit.clone()).unwrap_or_default(),
            Measure::HitRatio(_) | Measure::UsedShare(_) => Unit(Safe::of("%")),
            Measure::Latency(_) => Unit(Safe::of("ms")),
            Measure::OldestIdleTransaction(_) => Unit(Safe::of("s")),
            Measure::Told(told) => Unit(Safe::of(unit_of_told(*told))),
            _ => Unit::default(),
        }
    }

    /// Which alerts an action answers.
    pub(super) fn answers(&mut self, item: &Item) {
        let known = self.resolved.actions.own.iter().any(|action| action.id.as_str() == item.name);
        if let Some(alerts) = texts(item, "alerts").filter(|_| known) {
            self.resolved.actions.answers.push((Safe::of(&item.name), alerts));
        }
    }
}

/// Whether what is off is what an alert watches.
fn is_about(when: &str, off: &super::super::resolved::OffSpec) -> bool {
    let kinds: &[&str] = match off.kind {
        OffKind::Service => &["service", "latency"],
        OffKind::Database => &["connections", "share", "blocked", "idle in transaction"],
        OffKind::Cache => &["cache"],
        OffKind::Signal => &["signal"],
        OffKind::Log => &["log lines", "log errors"],
        OffKind::Metrics => &["requests", "errors", "p50", "p95", "p99", "scrape"],
        OffKind::Action | OffKind::Alert => &[],
    };
    kinds.iter().any(|kind| {
        let behind = when.trim().strip_prefix(kind).and_then(|rest| rest.trim_start().strip_prefix(off.name.as_str()));
        behind.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    })
}
