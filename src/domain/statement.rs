//! PostgreSQL statements: the server's cumulative counters of one entry, and what was done between two readings.

use std::sync::Arc;

use super::untrusted::Untrusted;

/// Key of an entry in `pg_stat_statements`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatementId {
    /// `userid`.
    pub user: u32,
    /// `dbid`.
    pub database: u32,
    /// `queryid`.
    pub query: i64,
    /// `toplevel` (true before version 14).
    pub top_level: bool,
}

impl StatementId {
    /// Named by its number alone: of the present database, of whichever role.
    #[must_use]
    pub fn bare(query: i64) -> StatementId {
        StatementId { user: 0, database: 0, query, top_level: true }
    }

    /// Whether it is.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.user == 0 && self.database == 0
    }
}

/// Cumulative counters of one entry, as the server keeps them. Times in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StatementCounters {
    /// Which.
    pub id: StatementId,
    /// `calls`.
    pub calls: i64,
    /// `total_exec_time` (`total_time` before 13).
    pub total_ms: f64,
    /// `rows`.
    pub rows: i64,
    /// `shared_blks_hit`.
    pub blocks_hit: i64,
    /// `shared_blks_read`.
    pub blocks_read: i64,
    /// `temp_blks_written`.
    pub temp_blocks: i64,
}

/// A whole reading of the counters, shared with the compute thread.
#[derive(Clone, Debug, Default)]
pub struct StatementSnapshot {
    /// Sorted by id.
    pub entries: Arc<[StatementCounters]>,
    /// `pg_stat_statements_info.dealloc` (from 14): entries evicted so far.
    pub deallocations: Option<i64>,
    /// `pg_stat_statements_info.stats_reset`, microseconds since 1970 (from 14).
    pub stats_reset_us: Option<i64>,
}

/// What one entry did between two readings.
#[derive(Clone, Debug, PartialEq)]
pub struct StatementDelta {
    /// Which.
    pub id: StatementId,
    /// Calls in between.
    pub calls: i64,
    /// Execution time in between, milliseconds.
    pub total_ms: f64,
    /// Rows in between.
    pub rows: i64,
    /// Blocks found in shared buffers.
    pub blocks_hit: i64,
    /// Blocks that were not.
    pub blocks_read: i64,
    /// Temporary blocks written.
    pub temp_blocks: i64,
    /// Was not in the earlier reading.
    pub new: bool,
    /// Mean over the entry's life before, milliseconds; `None` when there was none.
    pub mean_before_ms: Option<f64>,
    /// The text, once it was fetched.
    pub query: Option<Arc<Untrusted>>,
}

impl StatementDelta {
    /// Mean execution time in between, milliseconds; `None` without calls.
    #[must_use]
    pub fn mean_ms(&self) -> Option<f64> {
        (self.calls > 0).then(|| self.total_ms / self.calls as f64)
    }
}
