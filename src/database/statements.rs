//! What statements did between two readings of the server's cumulative counters. The server is never reset:
//! resets by others, evicted and new entries are seen by comparing. Texts are joined elsewhere.

use std::cmp::Ordering;
use std::time::Duration;

use crate::domain::statement::{StatementCounters, StatementDelta, StatementSnapshot};

/// Rows that are kept; totals count all.
pub const MOST_ROWS: usize = 200;

/// What happened between two snapshots.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatementsDelta {
    /// Entries that did something, by total time, largest first; at most [`MOST_ROWS`].
    pub rows: Vec<StatementDelta>,
    /// Time between the snapshots.
    pub elapsed: Duration,
    /// Execution time of all entries, milliseconds.
    pub total_ms: f64,
    /// Calls of all entries.
    pub calls: i64,
    /// Entries that did something, those left out of `rows` too.
    pub active: usize,
    /// The whole of the statistics was reset in between: the figures count from then.
    pub reset: bool,
    /// Entries that the server evicted in between; `None` where it does not tell (before 14).
    pub evicted: Option<i64>,
    /// Entries that were there before and are gone.
    pub vanished: usize,
    /// Entries that were not there before.
    pub new: usize,
}

/// Compares two snapshots, both sorted by id.
#[must_use]
pub fn delta(earlier: &StatementSnapshot, later: &StatementSnapshot, elapsed: Duration) -> StatementsDelta {
    let reset = was_reset(earlier, later);
    let mut result =
        StatementsDelta { elapsed, reset, evicted: evicted(earlier, later, reset), ..StatementsDelta::default() };
    let mut old = earlier.entries.iter().peekable();
    let mut rows = Vec::new();
    for now in later.entries.iter() {
        while old.next_if(|before| before.id < now.id).is_some() {
            result.vanished += 1;
        }
        let before = old.next_if(|before| before.id == now.id);
        result.new += usize::from(before.is_none());
        let row = if reset { since_zero(now, false) } else { between(before, now) };
        if row.calls > 0 || row.total_ms > 0.0 {
            result.calls = result.calls.saturating_add(row.calls);
            result.total_ms += row.total_ms;
            rows.push(row);
        }
    }
    result.vanished += old.count();
    result.active = rows.len();
    result.rows = largest(rows);
    result
}

/// The `MOST_ROWS` largest, sorted; without sorting all of them.
fn largest(mut rows: Vec<StatementDelta>) -> Vec<StatementDelta> {
    if rows.len() > MOST_ROWS {
        rows.select_nth_unstable_by(MOST_ROWS, by_total);
        rows.truncate(MOST_ROWS);
        rows.shrink_to_fit();
    }
    rows.sort_unstable_by(by_total);
    rows
}

fn by_total(a: &StatementDelta, b: &StatementDelta) -> Ordering {
    b.total_ms.total_cmp(&a.total_ms).then_with(|| b.calls.cmp(&a.calls)).then_with(|| a.id.cmp(&b.id))
}

fn was_reset(earlier: &StatementSnapshot, later: &StatementSnapshot) -> bool {
    match (earlier.stats_reset_us, later.stats_reset_us) {
        (before, Some(now)) => before.is_some_and(|before| now > before),
        _ => false,
    }
}

/// `dealloc` starts anew with a reset; a step back without one is a restart.
fn evicted(earlier: &StatementSnapshot, later: &StatementSnapshot, reset: bool) -> Option<i64> {
    let now = later.deallocations?;
    let before = if reset { 0 } else { earlier.deallocations? };
    Some(if now >= before { now - before } else { now })
}

fn between(before: Option<&StatementCounters>, now: &StatementCounters) -> StatementDelta {
    let Some(before) = before else { return since_zero(now, true) };
    // A counter never falls: the entry was reset, or evicted and made anew, and counts from zero.
    if now.calls < before.calls || now.total_ms < before.total_ms {
        return since_zero(now, false);
    }
    let step = |before: i64, now: i64| now.saturating_sub(before).max(0);
    StatementDelta {
        id: now.id,
        calls: step(before.calls, now.calls),
        total_ms: now.total_ms - before.total_ms,
        rows: step(before.rows, now.rows),
        blocks_hit: step(before.blocks_hit, now.blocks_hit),
        blocks_read: step(before.blocks_read, now.blocks_read),
        temp_blocks: step(before.temp_blocks, now.temp_blocks),
        new: false,
        mean_before_ms: (before.calls > 0).then(|| before.total_ms / before.calls as f64),
        query: None,
    }
}

fn since_zero(now: &StatementCounters, new: bool) -> StatementDelta {
    StatementDelta {
        id: now.id,
        calls: now.calls,
        total_ms: now.total_ms,
        rows: now.rows,
        blocks_hit: now.blocks_hit,
        blocks_read: now.blocks_read,
        temp_blocks: now.temp_blocks,
        new,
        mean_before_ms: None,
        query: None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::statement::StatementId;

    fn entry(query: i64, calls: i64, total_ms: f64) -> StatementCounters {
        let id = StatementId { user: 10, database: 5, query, top_level: true };
        StatementCounters { id, calls, total_ms, rows: calls, blocks_hit: calls, blocks_read: 0, temp_blocks: 0 }
    }

    fn snapshot(entries: &[StatementCounters]) -> StatementSnapshot {
        StatementSnapshot { entries: entries.into(), deallocations: Some(4), stats_reset_us: Some(1) }
    }

    fn step(earlier: &[StatementCounters], later: &[StatementCounters]) -> StatementsDelta {
        delta(&snapshot(earlier), &snapshot(later), Duration::from_secs(10))
    }

    #[test]
    fn counts_what_was_done_in_between() {
        let d = step(&[entry(1, 10, 100.0), entry(2, 5, 5.0)], &[entry(1, 12, 150.0), entry(2, 5, 5.0)]);
        assert_eq!((d.rows.len(), d.calls, d.total_ms), (1, 2, 50.0));
        assert_eq!(d.rows[0].mean_ms(), Some(25.0));
        assert_eq!(d.rows[0].mean_before_ms, Some(10.0), "not of the interval itself");
        assert_eq!((d.new, d.vanished, d.evicted, d.reset), (0, 0, Some(0), false));
    }

    #[test]
    fn sees_new_vanished_and_reset_entries() {
        let d = step(&[entry(1, 10, 100.0), entry(3, 9, 9.0)], &[entry(2, 1, 7.0), entry(3, 2, 1.0)]);
        assert_eq!((d.new, d.vanished), (1, 1));
        assert_eq!(
            d.rows.iter().map(|r| (r.id.query, r.calls, r.new)).collect::<Vec<_>>(),
            [(2, 1, true), (3, 2, false)]
        );
    }

    #[test]
    fn a_reset_of_the_server_counts_from_it() {
        let mut later = snapshot(&[entry(1, 11, 120.0)]);
        later.stats_reset_us = Some(2);
        later.deallocations = Some(1);
        let d = delta(&snapshot(&[entry(1, 10, 100.0)]), &later, Duration::from_secs(1));
        assert!(d.reset);
        assert_eq!((d.rows[0].calls, d.evicted), (11, Some(1)));
    }

    #[test]
    fn keeps_the_largest_and_counts_all() {
        let later: Vec<_> = (0..1000).map(|i| entry(i, 1, (i % 500) as f64 + 1.0)).collect();
        let d = step(&[], &later);
        assert_eq!((d.rows.len(), d.active, d.calls), (MOST_ROWS, 1000, 1000));
        assert!(d.rows.windows(2).all(|w| w[0].total_ms >= w[1].total_ms));
        assert_eq!(d.rows[0].total_ms, 500.0);
        assert_eq!(d.rows[199].total_ms, 401.0);
    }

    proptest! {
        #[test]
        fn never_negative(a in prop::collection::btree_map(0i64..40, (0i64..99, 0.0f64..1e6), 0..30),
                          b in prop::collection::btree_map(0i64..40, (0i64..99, 0.0f64..1e6), 0..30)) {
            let list = |m: &std::collections::BTreeMap<i64, (i64, f64)>| {
                m.iter().map(|(q, (calls, ms))| entry(*q, *calls, *ms)).collect::<Vec<_>>()
            };
            let d = step(&list(&a), &list(&b));
            prop_assert!(d.rows.iter().all(|r| r.calls >= 0 && r.total_ms >= 0.0 && r.rows >= 0));
            prop_assert_eq!(d.new, b.keys().filter(|k| !a.contains_key(k)).count());
            prop_assert_eq!(d.vanished, a.keys().filter(|k| !b.contains_key(k)).count());
        }
    }
}
