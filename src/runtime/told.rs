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
    /// Whether alerts are kept: the newest telling.
    unkept: Option<Output>,
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
            unkept @ Output::Unkept(_) => self.unkept = Some(unkept),
            Output::Answered { .. } | Output::Keep(_) | Output::AskServer(_) => {}
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
            && self.store.is_none()
            && self.alerts.is_none()
            && self.dropped.is_none()
            && self.unkept.is_none()
    }

    /// All that waits.
    pub fn drain(&mut self) -> Vec<Output> {
        let told = std::mem::take(self);
        let targets = told.targets.into_iter().map(|(target, told)| Output::Target { target, told });
        let rest = [
            told.store.map(Output::Store),
            told.alerts.map(Output::Alerts),
            told.dropped.map(|dropped| Output::Behind { dropped }),
            told.unkept,
        ];
        targets.chain(rest.into_iter().flatten()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::lifecycle::{Change, What};
    use crate::domain::Moment;
    use crate::metrics::labels::Labels;
    use std::time::Duration;

    fn alerts(at: i64) -> Output {
        let change = Change { at, rule: "A".to_owned(), labels: Labels::default(), what: What::Firing };
        Output::Alerts(Arc::new(AlertsTold {
            at: Moment::fixed(0.0),
            line: at,
            rules: Vec::new(),
            recording: (0, 0),
            failing: Vec::new(),
            changes: vec![change],
            skipped: 0,
            dropped: 0,
            took: Duration::ZERO,
            cost: None,
            problems: Vec::new(),
            remarks: Vec::new(),
        }))
    }

    #[test]
    fn the_newest_wins_and_no_change_is_lost() {
        let mut told = Told::default();
        assert!(told.is_empty() && told.drain().is_empty());
        for at in 1..=3 {
            told.take(alerts(at));
            told.take(Output::Store(StoreTold { series: at as usize, ..StoreTold::default() }));
        }
        let outputs = told.drain();
        let [Output::Store(store), Output::Alerts(alerts)] = outputs.as_slice() else { panic!("{outputs:?}") };
        assert_eq!((store.series, alerts.line), (3, 3));
        assert_eq!(alerts.changes.iter().map(|change| change.at).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(told.is_empty());
    }
}
