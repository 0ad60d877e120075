//! What must hold before an action starts, as it is declared: the grammar of thresholds over fresh readings.

use std::time::Duration;

use super::super::layers::Item;
use super::builder::Builder;
use super::given::texts;
use crate::domain::source::SourceKind;
use crate::remediation::measure::{Expectation, Measure, Precondition};

impl Builder<'_> {
    /// Puts what an entry requires on its action.
    pub(super) fn requires(&mut self, item: &Item) {
        let Some(at) = self.resolved.actions.own.iter().position(|action| action.id.as_str() == item.name) else {
            return;
        };
        let Some(all) = self.required(item) else { return };
        if let Some(action) = self.resolved.actions.own.get_mut(at) {
            for required in all {
                if !action.preconditions.contains(&required) {
                    action.preconditions.push(required);
                }
            }
        }
    }

    /// What an entry requires, a step of a runbook among them; `None` when it makes no sense, which was told.
    pub(super) fn required(&mut self, item: &Item) -> Option<Vec<Precondition>> {
        let mut all: Vec<Precondition> = Vec::new();
        for words in texts(item, "requires").unwrap_or_default() {
            let wanted = self.wanted(item, "requires", &words)?;
            let Expectation::Meets(threshold) = wanted.expect else {
                let why =
                    "a state is waited for by a step of a runbook: wait = \"service NAME ok\"; here stands a figure";
                self.wrong(item, "requires", why);
                return None;
            };
            if !threshold.hold.is_zero() {
                self.wrong(item, "requires", "it holds now or not: without \"for\"");
                return None;
            }
            let fresh = self.fresh(&wanted.measure);
            let required = Precondition { measure: wanted.measure, threshold, fresh, name: wanted.name };
            if !all.contains(&required) {
                all.push(required);
            }
        }
        Some(all)
    }

    /// A reading counts for three of its intervals and a little.
    fn fresh(&self, measure: &Measure) -> Duration {
        let r = &self.resolved;
        let interval = match measure.source() {
            Some((SourceKind::Service, at)) => r.services.get(at).map(|service| service.interval),
            Some((SourceKind::Cache, at)) => r.caches.get(at).map(|cache| cache.interval),
            Some((SourceKind::Signal, at)) => r.signals.get(at).map(|signal| signal.interval),
            Some((SourceKind::Database, at)) => r.databases.get(at).map(|database| match measure {
                Measure::Statement(..) => database.statements_interval,
                Measure::Shown(shown, _) if shown.is_of_statements() => database.statements_interval,
                _ => database.interval,
            }),
            _ => None,
        };
        interval.unwrap_or(Duration::from_secs(10)) * 3 + Duration::from_secs(5)
    }
}
