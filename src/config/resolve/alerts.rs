//! Alerts: how they are told, thresholds of this configuration's own, and which actions answer which alerts.

use super::super::layers::Item;
use super::super::resolved::{OffKind, OffSpec, OwnAlert};
use super::super::value::Value;
use super::super::watched::{self, Row, behind};
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
        if let Some(known) = self.off_that_is_meant(when).cloned() {
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

    /// What is off that these words are about. The longest name is meant, be what it names there or off.
    pub(super) fn off_that_is_meant(&self, words: &str) -> Option<&OffSpec> {
        let words = words.trim();
        let mut begun: Vec<&'static Row> = watched::ROWS.iter().filter(|row| row.behind(words).is_some()).collect();
        begun.sort_by_key(|row| std::cmp::Reverse(row.words.len()));
        for row in begun {
            let text = row.behind(words)?;
            // The longer the name, the less follows it.
            let of_kind = self.resolved.off.iter().filter(|off| row.of.off_kind() == Some(off.kind));
            let off = of_kind.filter_map(|off| Some((behind(text, off.name.as_str())?.len(), off)));
            let off = off.min_by_key(|(left, _)| *left);
            match (off, self.place(row, text).ok().map(|(_, rest)| rest.len())) {
                (Some((left, off)), known) if known.is_none_or(|known| left < known) => return Some(off),
                (_, Some(_)) => return None,
                (_, None) => {}
            }
        }
        None
    }

    /// Which alerts an action answers.
    pub(super) fn answers(&mut self, item: &Item) {
        let known = self.resolved.actions.own.iter().any(|action| action.id.as_str() == item.name);
        if let Some(alerts) = texts(item, "alerts").filter(|_| known) {
            self.resolved.actions.answers.push((Safe::of(&item.name), alerts));
        }
    }
}
