//! What is computed off the loop: pure functions of shared immutable inputs. An answer carries the number of its
//! question; a stale one is ignored.

use std::time::Duration;

use crate::database::statements::{StatementsDelta, delta};
use crate::domain::statement::StatementSnapshot;

/// A question.
#[derive(Debug)]
pub enum Job {
    /// What the statements did between two readings.
    StatementDelta {
        /// Number of the question.
        id: u64,
        /// Which database.
        database: usize,
        /// The reading before.
        earlier: StatementSnapshot,
        /// The newest.
        later: StatementSnapshot,
        /// Time between them.
        elapsed: Duration,
    },
}

/// An answer.
#[derive(Debug)]
pub enum JobResult {
    /// To [`Job::StatementDelta`].
    StatementDelta {
        /// Number of the question.
        id: u64,
        /// Which database.
        database: usize,
        /// What was done in between.
        delta: StatementsDelta,
    },
}

impl Job {
    /// Whether an answer to `earlier` is of no use any more once this is asked.
    #[must_use]
    pub fn replaces(&self, earlier: &Job) -> bool {
        match (self, earlier) {
            (Job::StatementDelta { database: mine, .. }, Job::StatementDelta { database: theirs, .. }) => mine == theirs,
        }
    }
}

/// Answers a question.
#[must_use]
pub fn run(job: Job) -> JobResult {
    match job {
        Job::StatementDelta { id, database, earlier, later, elapsed } => {
            JobResult::StatementDelta { id, database, delta: delta(&earlier, &later, elapsed) }
        }
    }
}
