//! What the metrics engine told: targets with figures of their own, what the store holds, rules and their alerts. The series
//! themselves stay with the engine.

use std::sync::Arc;

use crate::domain::Safe;
use crate::engine::alerts::AlertsTold;
use crate::engine::output::{Output, StoreTold, TargetTold};

/// What is known of metrics and alerts.
#[derive(Clone, Debug, Default)]
pub struct MetricsState {
    /// What is scraped, by its place in the configuration.
    pub targets: Vec<TargetState>,
    /// What the store holds; `None` before the first scrape.
    pub store: Option<StoreTold>,
    /// The rules files that are named.
    pub rules: Vec<Safe>,
    /// Rules and alerts; `None` where no rules are named, or before they were read.
    pub alerts: Option<Arc<AlertsTold>>,
}

/// One scraped target.
#[derive(Clone, Debug)]
pub struct TargetState {
    /// Name on screen.
    pub name: Safe,
    /// Its last round; `None` before the first.
    pub told: Option<TargetTold>,
    /// Failed rounds in a row.
    pub failures: u32,
}

impl MetricsState {
    /// Nothing known yet of these targets.
    #[must_use]
    pub fn new(names: impl IntoIterator<Item = Safe>) -> MetricsState {
        let target = |name| TargetState { name, told: None, failures: 0 };
        MetricsState { targets: names.into_iter().map(target).collect(), ..MetricsState::default() }
    }

    /// Takes in what the engine told; what answers a person, or is to be kept on disk, is not for this place.
    pub fn take(&mut self, output: Output) {
        match output {
            Output::Target { target, told } => {
                if let Some(state) = self.targets.get_mut(target) {
                    state.failures = if told.page.is_ok() { 0 } else { state.failures.saturating_add(1) };
                    state.told = Some(told);
                }
            }
            Output::Store(told) => self.store = Some(told),
            Output::Alerts(told) => self.alerts = Some(told),
            Output::Answered { .. } | Output::Keep(_) => {}
        }
    }
}
