//! What is computed off the loop: pure functions of shared immutable inputs. An answer carries the number of its
//! question; a stale one is ignored.

use std::sync::Arc;
use std::time::Duration;

use crate::database::statements::{StatementsDelta, delta};
use crate::doctor::{Options, Report, Seen, Source, examine_against};
use crate::domain::statement::StatementSnapshot;
use crate::logs::search::{Direction, next_error, next_match};
use crate::logs::{Filter, FilterResult, LineAddress, Runs, Segment};

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
    /// Which of the kept lines are wanted.
    LogFilter {
        /// Number of the question.
        id: u64,
        /// The kept log.
        segments: Vec<Arc<Segment>>,
        /// Which lines.
        filter: Filter,
    },
    /// The next line that matches.
    LogSearch {
        /// Number of the question.
        id: u64,
        /// The kept log.
        runs: Runs,
        /// From where.
        from: Option<LineAddress>,
        /// Which way.
        direction: Direction,
        /// What is searched for; `None` is an error.
        wanted: Option<Filter>,
        /// Only among these lines.
        shown: Filter,
    },
    /// What is wrong in the team's own files.
    Doctor {
        /// Number of the look.
        id: u64,
        /// The files.
        sources: Vec<Source>,
        /// How often targets are scraped.
        options: Options,
        /// What is scraped, where rules are to be held against it.
        seen: Option<Seen>,
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
    /// To [`Job::LogFilter`].
    LogFilter {
        /// Number of the question.
        id: u64,
        /// Which lines.
        found: FilterResult,
    },
    /// To [`Job::LogSearch`].
    LogSearch {
        /// Number of the question.
        id: u64,
        /// Where, if anywhere.
        at: Option<LineAddress>,
    },
    /// To [`Job::Doctor`].
    Doctor {
        /// Number of the look.
        id: u64,
        /// What was found.
        report: Report,
    },
}

impl Job {
    /// Whether an answer to `earlier` is of no use any more once this is asked.
    #[must_use]
    pub fn replaces(&self, earlier: &Job) -> bool {
        match (self, earlier) {
            (Job::StatementDelta { database: mine, .. }, Job::StatementDelta { database: theirs, .. }) => {
                mine == theirs
            }
            (Job::LogFilter { .. }, Job::LogFilter { .. })
            | (Job::LogSearch { .. }, Job::LogSearch { .. })
            | (Job::Doctor { .. }, Job::Doctor { .. }) => true,
            _ => false,
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
        Job::LogFilter { id, segments, filter } => JobResult::LogFilter { id, found: filter.run(&segments) },
        Job::LogSearch { id, runs, from, direction, wanted, shown } => {
            let at = match wanted {
                Some(wanted) => next_match(&runs, from, direction, &wanted, &shown),
                None => next_error(&runs, from, direction, &shown),
            };
            JobResult::LogSearch { id, at }
        }
        Job::Doctor { id, sources, options, seen } => {
            JobResult::Doctor { id, report: examine_against(&sources, options, seen.as_ref()) }
        }
    }
}
