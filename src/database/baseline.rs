//! How fast each statement was before: the baseline that its newest mean is compared with. It begins with the mean of the
//! entry's life before the first interval that we saw, and follows later intervals slowly; one that stands out moves it
//! least of all, so that a baseline does not soon hold the slowness that it is there to show. Pure.

use std::collections::HashMap;

use super::statements::StatementsDelta;
use crate::domain::statement::{StatementDelta, StatementId};

/// A mean this many times the baseline stands out.
pub const SLOWER: f64 = 3.0;
/// So many milliseconds in all are felt; with less, so many calls of such a mean: not a single unlucky one.
const TOTAL: f64 = 100.0;
const CALLS: i64 = 3;
const MEAN: f64 = 10.0;
/// Time constants, in seconds: a calm interval and one that stands out.
const CALM: f64 = 600.0;
const SLOW: f64 = 3600.0;
/// Baselines that are kept; beyond, those of statements that did nothing go.
const MOST: usize = 2000;
/// Means are compared by their ratio: nothing is faster than this, in milliseconds.
const FASTEST: f64 = 1e-3;

/// Baselines by statement, in milliseconds.
#[derive(Clone, Debug, Default)]
pub struct Baselines(HashMap<StatementId, f64>);

impl Baselines {
    /// Takes an interval.
    pub fn step(&mut self, delta: &StatementsDelta) {
        if self.0.len() > MOST {
            self.0.retain(|id, _| delta.rows.iter().any(|row| row.id == *id));
        }
        for row in &delta.rows {
            let Some(mean) = row.mean_ms() else { continue };
            let mean = mean.max(FASTEST);
            let Some(before) = self.0.get(&row.id).copied().or(row.mean_before_ms) else {
                self.0.insert(row.id, mean);
                continue;
            };
            let before = before.max(FASTEST);
            let slowly = if mean > before * SLOWER { SLOW } else { CALM };
            let share = (delta.elapsed.as_secs_f64() / slowly).min(0.5);
            self.0.insert(row.id, before * (mean / before).powf(share));
        }
    }

    /// The baseline of a statement, in milliseconds.
    #[must_use]
    pub fn of(&self, id: StatementId) -> Option<f64> {
        self.0.get(&id).copied()
    }

    /// How many times slower than its baseline a statement was, when it stands out.
    #[must_use]
    pub fn slower(&self, row: &StatementDelta) -> Option<f64> {
        let (mean, before) = (row.mean_ms()?, self.of(row.id)?);
        let felt = row.total_ms >= TOTAL || (row.calls >= CALLS && mean >= MEAN);
        (!row.new && felt && mean >= before * SLOWER).then(|| mean / before)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn row(calls: i64, mean: f64, before: Option<f64>) -> StatementDelta {
        StatementDelta {
            id: StatementId { user: 10, database: 5, query: 1, top_level: true },
            calls,
            total_ms: mean * calls as f64,
            rows: 0,
            blocks_hit: 0,
            blocks_read: 0,
            temp_blocks: 0,
            new: before.is_none(),
            mean_before_ms: before,
            query: None,
        }
    }

    fn told(of: &mut Baselines, row: &StatementDelta) -> Option<f64> {
        let delta =
            StatementsDelta { rows: vec![row.clone()], elapsed: Duration::from_secs(5), ..StatementsDelta::default() };
        of.step(&delta);
        of.slower(row).map(f64::round)
    }

    #[test]
    fn a_slow_statement_stands_out_for_a_long_time() {
        let mut baselines = Baselines::default();
        assert_eq!(told(&mut baselines, &row(100, 2.0, Some(2.0))), None);
        let mut ratio = told(&mut baselines, &row(3, 2000.0, Some(2.0)));
        assert!(ratio > Some(900.0), "{ratio:?}");
        for _ in 0..120 {
            // The server's own lifetime mean holds the slowness by now.
            ratio = told(&mut baselines, &row(3, 2000.0, Some(900.0)));
        }
        assert!(ratio > Some(100.0), "after ten minutes: {ratio:?}");
        for _ in 0..3000 {
            ratio = told(&mut baselines, &row(3, 2000.0, Some(1900.0)));
        }
        assert_eq!(ratio, None, "after hours it is how things are");
    }

    #[test]
    fn what_is_new_short_or_rare_does_not() {
        assert_eq!(told(&mut Baselines::default(), &row(9, 500.0, None)), None, "nothing to compare with");
        assert_eq!(told(&mut Baselines::default(), &row(9, 1.8, Some(0.3))), None, "nobody feels it");
        assert_eq!(told(&mut Baselines::default(), &row(1, 40.0, Some(4.0))), None, "a single call");
        assert_eq!(told(&mut Baselines::default(), &row(1, 400.0, Some(40.0))), Some(10.0));
    }
}
