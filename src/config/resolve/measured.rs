//! What runbooks say of what is watched: `service api ok`, `cache redis < 80 %`, `signal queue depth`. A name may hold blanks:
//! the longest known one counts.

use super::super::layers::Item;
use super::super::nearest;
use super::builder::Builder;
use crate::domain::Safe;
use crate::domain::signal::Unit;
use crate::domain::threshold::Threshold;
use crate::remediation::measure::{Expectation, Measure};

/// What is measured, what it is called, and what must hold of it.
pub struct Wanted {
    pub measure: Measure,
    pub name: Safe,
    pub expect: Expectation,
    /// For how long, as the threshold itself says.
    pub hold: std::time::Duration,
}

impl Builder<'_> {
    /// What a look is at.
    pub(super) fn looked_at(&mut self, item: &Item, key: &str, words: &str) -> Option<(Measure, Safe)> {
        let (measure, name, rest) = self.measured(item, key, words)?;
        if !rest.is_empty() {
            self.wrong(item, key, &format!("{rest:?} is too much: only what is looked at is named"));
            return None;
        }
        Some((measure, name))
    }

    /// What must hold.
    pub(super) fn wanted(&mut self, item: &Item, key: &str, words: &str) -> Option<Wanted> {
        let (measure, name, rest) = self.measured(item, key, words)?;
        let of_service = matches!(measure, Measure::Service(_));
        let expect = match (rest.as_str(), of_service) {
            ("ok", true) => Expectation::Healthy,
            ("not ok", true) => Expectation::Unwell,
            ("down", true) => Expectation::Down,
            (_, true) => {
                self.wrong(item, key, "behind a service stands ok, not ok or down");
                return None;
            }
            ("", false) => {
                self.wrong(item, key, "what must hold is missing: a threshold such as \"< 80 %\"");
                return None;
            }
            (text, false) => match self.threshold_of(&measure, text) {
                Ok(threshold) => Expectation::Meets(threshold),
                Err(why) => {
                    self.wrong(item, key, &why);
                    return None;
                }
            },
        };
        let hold = match &expect {
            Expectation::Meets(threshold) => threshold.hold,
            _ => std::time::Duration::ZERO,
        };
        Some(Wanted { measure, name, expect, hold })
    }

    /// A bound in the unit of what it is compared with.
    fn threshold_of(&self, measure: &Measure, text: &str) -> Result<Threshold, String> {
        let threshold = Threshold::parse(text)?;
        let unit = match measure {
            Measure::Signal(at) => self.resolved.signals.get(*at).map(|signal| signal.unit.clone()),
            Measure::HitRatio(_) | Measure::UsedShare(_) => Some(Unit(Safe::of("%"))),
            _ => Some(Unit::default()),
        };
        threshold.in_unit(&unit.unwrap_or_default())
    }

    /// Kind and name, and what stands behind them.
    fn measured(&mut self, item: &Item, key: &str, words: &str) -> Option<(Measure, Safe, String)> {
        let r = &self.resolved;
        let (kind, rest) = words.trim().split_once(' ').unwrap_or((words.trim(), ""));
        let databases: Vec<&Safe> = r.databases.iter().map(|d| &d.name).collect();
        let (names, measure, what): (Vec<&Safe>, fn(usize) -> Measure, &str) = match kind {
            "cache" => (r.caches.iter().map(|c| &c.name).collect(), Measure::HitRatio, "hit ratio of"),
            "signal" => (r.signals.iter().map(|s| &s.name).collect(), Measure::Signal, ""),
            "connections" => (databases, Measure::UsedSlots, "connections in use of"),
            "share" => (databases, Measure::UsedShare, "share of connections in use of"),
            "blocked" => (databases, Measure::Blocked, "blocked sessions of"),
            "service" => (r.services.iter().map(|s| &s.name).collect(), Measure::Service, "health of"),
            _ => {
                let words = "begins with cache, signal, connections, share, blocked or service, and a name";
                self.wrong(item, key, words);
                return None;
            }
        };
        let rest = rest.trim();
        let fits = |name: &Safe| {
            rest.strip_prefix(name.as_str()).is_some_and(|behind| behind.is_empty() || behind.starts_with(' '))
        };
        let known = names.iter().enumerate().filter(|(_, name)| fits(name)).max_by_key(|(_, name)| name.as_str().len());
        let Some((at, name)) = known else {
            let hint = nearest::hint(rest, names.iter().map(|known| known.as_str()));
            self.wrong(item, key, &format!("there is no {kind} named as in {rest:?}{hint}"));
            return None;
        };
        let behind = rest.strip_prefix(name.as_str()).unwrap_or_default().trim().to_owned();
        Some((measure(at), Safe::of(format!("{what} {name}").trim()), behind))
    }
}
