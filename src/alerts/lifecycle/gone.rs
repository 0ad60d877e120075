//! Why an alert has gone: green is only what was seen to be right again. An element whose own series ended, while others of its
//! rule are there, was not.

use std::collections::{BTreeMap, BTreeSet};

use super::World;
use super::alert::Gone;
use super::outcome::Basis;
use super::rule::{AlertingRule, Step, What};
use crate::metrics::labels::{Labels, NAME};

/// What an element that has gone is held against.
pub(super) struct Why<'o> {
    pub basis: &'o Basis,
    pub idle: &'o [Labels],
}

impl Why<'_> {
    /// Why an alert with these labels has gone; `given` are those of its rule, which stand in place of its element's.
    pub fn gone(&self, alert: &Labels, given: &[(String, String)]) -> Gone {
        let is_given = |name: &str| name == NAME || name == "alertname" || given.iter().any(|(known, _)| known == name);
        let is_it = |idle: &Labels| idle.iter().all(|(name, value)| is_given(name) || alert.get(name) == value);
        match self.basis {
            Basis::Missing(_) | Basis::NoneYet(_) | Basis::Warming { .. } => Gone::Data,
            Basis::NoTraffic => Gone::Traffic,
            Basis::Complete if self.idle.iter().any(is_it) => Gone::Traffic,
            Basis::Complete => Gone::Mended,
        }
    }
}

impl AlertingRule {
    /// What left the result, and of what its conditions judge now there is less than before, has lost its data.
    pub(super) fn prove(&mut self, before: Option<i64>, at: i64, world: &mut dyn World, step: &mut Step) {
        let is_open = |alert: &super::Alert| alert.resolved_at == Some(at) || alert.kept_since == Some(at);
        let is_open = |alert: &&super::Alert| alert.gone == Gone::Mended && is_open(alert);
        let open: Vec<Labels> = self.alerts.values().filter(is_open).map(|alert| alert.labels.clone()).collect();
        if open.is_empty() {
            return;
        }
        let given = &self.rule.labels;
        let is_given = |name: &str| name == NAME || name == "alertname" || given.iter().any(|(known, _)| known == name);
        let own = |labels: &Labels| labels.filtered(|name| !is_given(name));
        let mut counted = |at: i64| {
            let mut counts: BTreeMap<Labels, usize> = BTreeMap::new();
            for labels in world.judged(&self.rule.expr, at.saturating_sub(self.looks_back))? {
                *counts.entry(own(&labels)).or_default() += 1;
            }
            Some(counts)
        };
        let Some(now) = counted(at) else { return };
        let before = before.and_then(&mut counted).unwrap_or_default();
        let lost = open.into_iter().filter(|labels| {
            let key = own(labels);
            let wanted = before.get(&key).copied().unwrap_or_default().max(1);
            now.get(&key).copied().unwrap_or_default() < wanted
        });
        let lost: BTreeSet<Labels> = lost.collect();
        for labels in &lost {
            self.alerts.get_mut(labels).into_iter().for_each(|alert| alert.gone = Gone::Data);
        }
        for change in &mut step.changes {
            if matches!(change.what, What::Resolved { .. }) && lost.contains(&change.labels) {
                change.what = What::Resolved { gone: Gone::Data };
            }
        }
    }
}
