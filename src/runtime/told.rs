//! What the metrics engine told and the loop has not taken yet: of each subject the newest, but no change of an alert is lost.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::Output;
use crate::engine::alerts::AlertsTold;
use crate::engine::output::{StoreTold, TargetTold};

/// Most changes that wait; a loop that takes none for so long has other worries.
const CHANGES: usize = 10_000;

/// The newest of each.
#[derive(Default)]
pub struct Told {
    targets: BTreeMap<usize, TargetTold>,
    store: Option<StoreTold>,
    alerts: Option<Arc<AlertsTold>>,
    dropped: Option<u64>,
}

impl Told {
    /// Takes one in; answers have a lane of their own, and what is kept is not for the loop.
    pub fn take(&mut self, output: Output) {
        match output {
            Output::Target { target, told } => {
                self.targets.insert(target, told);
            }
            Output::Store(told) => self.store = Some(told),
            Output::Alerts(mut told) => {
                if let Some(before) = self.alerts.take().filter(|before| !before.changes.is_empty()) {
                    let newer = std::mem::take(&mut Arc::make_mut(&mut told).changes);
                    let all = before.changes.iter().cloned().chain(newer);
                    Arc::make_mut(&mut told).changes = all.take(CHANGES).collect();
                }
                self.alerts = Some(told);
            }
            Output::Behind { dropped } => self.dropped = Some(dropped),
            Output::Answered { .. } | Output::Keep(_) => {}
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty() && self.store.is_none() && self.alerts.is_none() && self.dropped.is_none()
    }

    /// All that waits.
    pub fn drain(&mut self) -> Vec<Output> {
        let told = std::mem::take(self);
        let targets = told.targets.into_iter().map(|(target, told)| Output::Target { target, told });
        let rest = [
            told.store.map(Output::Store),
            told.alerts.map(Output::Alerts),
            told.dropped.map(|dropped| Output::Behind { dropped }),
        ];
        targets.chain(rest.into_iter().flatten()).collect()
    }
}
