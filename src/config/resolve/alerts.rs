//! Alerts: how they are told, thresholds of this configuration's own, and which actions answer which alerts.

use super::super::layers::Item;
use super::super::resolved::{OffKind, OffSpec, OwnAlert};
use super::super::value::Value;
use super::super::watched::{self, behind};
use super::builder::Builder;
use super::given::{text, texts, time};
use crate::domain::Safe;

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
        let is_off = |off: &&OffSpec| is_about(when, off) && !self.is_scraped_for_both(off);
        if let Some(known) = self.resolved.off.iter().find(is_off).cloned() {
            let why = format!("{:?} is off: {}", known.name.as_str(), known.why);
            return self.off(OffKind::Alert, item, why, known.turn_on);
        }
        let Some(wanted) = self.wanted_of_alert(item, "when", when) else { return };
        let (name, what) = (item.name.clone(), wanted.name.clone());
        let severity = text(item, "severity").unwrap_or("warning").to_owned();
        let summary = text(item, "summary").map_or_else(|| format!("{what} {}", wanted.expect.words()), str::to_owned);
        let mut annotations = vec![("summary".to_owned(), summary)];
        annotations.extend(text(item, "runbook_url").map(|url| ("runbook_url".to_owned(), url.to_owned())));
        let place = item.place_of("when");
        let alert = OwnAlert {
            name,
            when: when.trim().to_owned(),
            subject: wanted.subject,
            measure: wanted.measure,
            what,
            bad: wanted.expect,
            unit: wanted.unit,
            states: wanted.states,
            hold: wanted.hold,
            keep_firing: time(item, "keep_firing_for").unwrap_or_default(),
            labels: vec![("severity".to_owned(), severity)],
            annotations,
            file: place.origin.to_string(),
            line: place.line.unwrap_or(0),
        };
        self.resolved.alerts.own.push(alert);
    }

    /// Whether what is off is a second name of a scraped endpoint: what is said of it is said of the one that is scraped.
    fn is_scraped_for_both(&self, off: &OffSpec) -> bool {
        off.kind == OffKind::Metrics && self.twins.iter().any(|(name, _)| name == off.name.as_str())
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
pub fn is_about(when: &str, off: &OffSpec) -> bool {
    let mut rows = watched::ROWS.iter().filter(|row| row.of.off_kind() == Some(off.kind));
    rows.any(|row| row.behind(when.trim()).is_some_and(|rest| behind(rest, off.name.as_str()).is_some()))
}
