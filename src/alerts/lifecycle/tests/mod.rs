//! The life of alerts against what Prometheus and its compliance cases say, with a world that answers as it is told.

mod bounds;
mod cases;
mod groups;
mod properties;
mod restart;

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::alerts::rules::{Alerting, Kind, Rule};

/// Answers by expression; keeps what is appended.
#[derive(Default)]
pub struct Told {
    pub answers: BTreeMap<String, Outcome>,
    pub appended: Vec<(String, i64, f64)>,
}

impl Told {
    pub fn value(&mut self, series: &str) -> Option<f64> {
        self.appended.iter().rev().find(|(name, _, _)| name == series).map(|(_, _, value)| *value)
    }
}

impl World for Told {
    fn evaluate(&mut self, expr: &str, _at: i64) -> Outcome {
        if let Some(series) = expr.strip_prefix("recorded:") {
            let value = self.value(series).into_iter().map(|value| (Labels::default(), value)).collect();
            return Ok(Evaluation::complete(value));
        }
        self.answers.get(expr).cloned().unwrap_or_else(|| Ok(Evaluation::complete(Vec::new())))
    }

    fn append(&mut self, series: &Labels, at: i64, value: f64) {
        self.appended.push((series.to_string(), at, value));
    }
}

pub fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::new(pairs.iter().copied())
}

pub fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

/// An element of one label.
pub fn element(instance: &str, value: f64) -> (Labels, f64) {
    (labels(&[("__name__", "up"), ("instance", instance)]), value)
}

pub fn alerting_rule(hold: u64, keep: u64, own: &[(&str, &str)], annotations: &[(&str, &str)]) -> Rule {
    let (hold, keep_firing) = (Duration::from_secs(hold), Duration::from_secs(keep));
    let kind = Kind::Alert(Alerting { hold, keep_firing, annotations: pairs(annotations) });
    Rule { name: "Down".into(), expr: "up == 0".into(), line: 1, expr_line: 1, labels: pairs(own), kind }
}

pub fn alerting(hold: u64, keep: u64) -> AlertingRule {
    of(&alerting_rule(hold, keep, &[], &[]), 0)
}

pub fn of(rule: &Rule, limit: usize) -> AlertingRule {
    let Kind::Alert(alerting) = &rule.kind else { panic!("{rule:?}") };
    AlertingRule::new(rule.clone(), alerting.clone(), limit)
}

/// One step at a second, over instances that are there.
pub fn step(rule: &mut AlertingRule, second: i64, instances: &[&str]) -> Step {
    let elements = instances.iter().map(|instance| element(instance, 0.0)).collect();
    rule.step(Ok(Evaluation::complete(elements)), second * 1000, &mut Told::default())
}

pub fn fail(rule: &mut AlertingRule, second: i64) -> Step {
    rule.step(Err(Failure::Failed("it failed".into_safe())), second * 1000, &mut Told::default())
}

/// What happened, without when and to whom.
pub fn whats(step: &Step) -> Vec<What> {
    step.changes.iter().map(|change| change.what.clone()).collect()
}

pub fn states(rule: &AlertingRule) -> Vec<State> {
    rule.alerts().map(|alert| alert.state).collect()
}

pub fn verdict(rule: &AlertingRule, second: i64) -> Verdict {
    rule.standing(second * 1000, Duration::from_secs(15)).verdict
}

pub trait IntoSafe {
    fn into_safe(self) -> crate::domain::Safe;
}

impl IntoSafe for &str {
    fn into_safe(self) -> crate::domain::Safe {
        crate::domain::Safe::of(self)
    }
}
