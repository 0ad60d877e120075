//! What the field's own engines told: the rules and alerts of a server, the alerts and silences of an Alertmanager.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use crate::app::alerts::served;
use crate::config::resolved::EngineSpec;
use crate::domain::served::{Routed, RoutedSilence, Served};
use crate::domain::{Cause, Moment, PaneState, Readout, Safe, hidden};
use crate::engine::alerts::AlertsTold;

/// One engine.
#[derive(Clone, Debug)]
pub struct EngineState {
    /// How it is asked.
    pub spec: Arc<EngineSpec>,
    /// Where it is, for people.
    pub address: Safe,
    /// How asking goes.
    pub readout: Readout<Counted>,
    /// Its rules and alerts; of an Alertmanager those that nobody else tells.
    pub told: Option<Arc<AlertsTold>>,
    /// What an Alertmanager told.
    pub routed: Option<Arc<Routed>>,
    /// What keeps an alert back there, by the alert's fingerprint; a silence by its place.
    pub kept_back: Arc<HashMap<u64, Keeper<usize>>>,
    /// Rules and alerts of a server that the team's files tell as well, by their fingerprint.
    pub twins: Arc<HashSet<u64>>,
}

/// What keeps an alert back at its Alertmanager: nobody is called for it, and it is there all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper<S> {
    /// A silence.
    Silence(S),
    /// Another alert that is there, by a rule of inhibition.
    Alert,
}

/// How much an engine told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Rules that alert.
    pub rules: usize,
    /// Alerts that are there.
    pub alerts: usize,
    /// Alerts or silences that were left out.
    pub left_out: usize,
    /// Rules that were left out.
    pub rules_left_out: usize,
    /// It tells alerts alone.
    pub alerts_alone: bool,
}

impl EngineState {
    /// Nothing known yet.
    #[must_use]
    pub fn new(spec: &EngineSpec, now: Moment) -> EngineState {
        EngineState {
            address: Safe::of(hidden::url_without_secrets(&spec.request.url)),
            spec: Arc::new(spec.clone()),
            readout: Readout::loading(now),
            told: None,
            routed: None,
            kept_back: Arc::default(),
            twins: Arc::default(),
        }
    }

    /// Takes rules; what happened since stands in what is told.
    pub fn serve(&mut self, outcome: Result<Served, Cause>, now: Moment, next_in: Duration) -> Option<Arc<AlertsTold>> {
        match outcome {
            Ok(served) => {
                let alerts = served.rules.iter().map(|rule| rule.alerts.len()).sum();
                let counted = Counted {
                    rules: served.rules.len(),
                    alerts,
                    left_out: served.left_out,
                    rules_left_out: served.rules_left_out,
                    alerts_alone: served.alerts_alone,
                };
                self.readout.set(counted, now);
                let told = Arc::new(served::of_server(served, self.told.as_deref(), now));
                self.told = Some(Arc::clone(&told));
                Some(told)
            }
            Err(cause) => {
                self.fail(cause, now, next_in);
                None
            }
        }
    }

    /// Takes what an Alertmanager told; what of it is shown is found beside the others.
    pub fn route(&mut self, outcome: Result<Routed, Cause>, now: Moment, next_in: Duration) {
        match outcome {
            Ok(routed) => {
                let (alerts, left_out) = (routed.alerts.len(), routed.left_out);
                self.readout.set(Counted { alerts, left_out, ..Counted::default() }, now);
                self.routed = Some(Arc::new(routed));
            }
            Err(cause) => self.fail(cause, now, next_in),
        }
    }

    /// What it told stays, and of no rule is it known any more that it is ok.
    fn fail(&mut self, cause: Cause, now: Moment, next_in: Duration) {
        if let Some(told) = &mut self.told {
            served::unknown(Arc::make_mut(told), &cause);
        }
        self.readout.fail(cause, now, next_in);
    }

    /// How much it told: `12 rules, 3 alerts`.
    #[must_use]
    pub fn words(&self) -> Safe {
        let Some(told) = self.readout.value() else { return Safe::default() };
        let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        let mut words = plural(told.alerts, "alert");
        if let Some(routed) = &self.routed {
            words = format!("{words}, {}", plural(routed.silences.len(), "silence"));
        } else if told.alerts_alone {
            words = format!("{words}; it tells no rules");
        } else {
            words = format!("{}, {words}", plural(told.rules, "rule"));
        }
        let mut more = Vec::new();
        if told.left_out > 0 {
            more.push(told.left_out.to_string());
        }
        if told.rules_left_out > 0 {
            more.push(plural(told.rules_left_out, "rule"));
        }
        let left_out =
            if more.is_empty() { String::new() } else { format!("; {} more are not shown", more.join(" and ")) };
        Safe::of(format!("{words}{left_out}"))
    }

    /// It has rules of which it is not known how they are, because there are too many.
    #[must_use]
    pub fn leaves_rules_out(&self) -> bool {
        self.readout.value().is_some_and(|told| told.rules_left_out > 0)
    }

    /// Its one state.
    #[must_use]
    pub fn state(&self, now: Moment) -> PaneState {
        self.readout.state(now, self.spec.interval)
    }

    /// What keeps an alert back now. A silence ends by itself, also where nobody tells that; one of which no end is known, and
    /// another alert, hold only while their Alertmanager tells them.
    #[must_use]
    pub fn keeper_of(&self, key: impl FnOnce() -> u64, now: Moment) -> Option<Keeper<&RoutedSilence>> {
        if self.kept_back.is_empty() {
            return None;
        }
        let is_told = || self.state(now).is_fresh();
        let Keeper::Silence(place) = *self.kept_back.get(&key())? else {
            return is_told().then_some(Keeper::Alert);
        };
        let silence = self.routed.as_ref()?.silences.get(place)?;
        let at = now.wall.timestamp_millis();
        let began = silence.starts_at.is_none_or(|from| from <= at);
        let holds = began && silence.ends_at.map_or_else(is_told, |until| at < until);
        holds.then_some(Keeper::Silence(silence))
    }
}
