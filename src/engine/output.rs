//! What comes out of the engine: what it knows of its targets, figures, alerts, and answers. All of it is plain values, to be
//! kept by the model as they are. Times are on the line of [`crate::alerts::line::Line`] unless they are a `Moment`.

use std::sync::Arc;
use std::time::Duration;

use super::alerts::AlertsTold;
use super::by_server::Ask;
use crate::alerts::lifecycle::Saved;
use crate::domain::{Cause, Moment, Safe};
use crate::metrics::exposition::Kind;
use crate::metrics::labels::Labels;

/// What the engine tells.
#[derive(Clone, Debug)]
pub enum Output {
    /// How a target was scraped.
    Target {
        /// Which, by its place.
        target: usize,
        /// How.
        told: TargetTold,
    },
    /// What the store holds now.
    Store(StoreTold),
    /// Rules and alerts after an evaluation or a reading of the files.
    Alerts(Arc<AlertsTold>),
    /// An answer to a question.
    Answered {
        /// Its number.
        id: u64,
        /// The answer, or why there is none.
        answer: Result<Answer, Safe>,
    },
    /// What is to be kept over a restart.
    Keep(Saved),
    /// What the server is to be asked for a cycle of rules; the answer is [`super::Input::Judged`].
    AskServer(Ask),
    /// Why what alerts become is not kept over a restart, or what was kept was not taken up; none where all is well.
    Unkept(Option<Safe>),
    /// Pages that came while the engine was too far behind, since the start; nothing of them was used.
    Behind {
        /// How many.
        dropped: u64,
    },
}

/// One round of a target.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetTold {
    /// When it was begun.
    pub at: Moment,
    /// How long the answer took.
    pub took: Duration,
    /// What was taken in, or why nothing was: a page past a bound is never half taken.
    pub page: Result<PageTold, Cause>,
    /// Figures of the server's own, over the window; `None` where there is nothing that they could be computed from.
    pub requests: Option<RequestsTold>,
    /// Ratio of cache hits over the window, 0..1, with the number of looks; `None` as above.
    pub cache: Option<(f64, f64)>,
}

/// A page that was taken in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageTold {
    /// Its bytes.
    pub bytes: usize,
    /// Its samples.
    pub samples: usize,
    /// Samples that were refused: repeated, out of order, too far ahead.
    pub refused: usize,
    /// Series that were not known.
    pub made: usize,
}

/// Requests as the server counts them.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestsTold {
    /// The histogram or counter that they come from.
    pub from: Safe,
    /// Over how long. Shorter than wanted while the range fills.
    pub window: Duration,
    /// Requests in the window.
    pub count: f64,
    /// Per second.
    pub per_second: f64,
    /// The part that failed (status 5xx), 0..1; `None` where there is no status, or no request.
    pub errors: Option<f64>,
    /// Seconds; `None` where there is no histogram, or no request.
    pub p50: Option<f64>,
    /// Seconds.
    pub p95: Option<f64>,
    /// Seconds.
    pub p99: Option<f64>,
}

/// What the store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreTold {
    /// Series.
    pub series: usize,
    /// Bytes of memory.
    pub bytes: usize,
    /// The bound on them.
    pub limit: usize,
    /// Series that the bound dropped so far.
    pub dropped: u64,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Series that were found.
    Found {
        /// The first of them, by name and labels.
        series: Vec<SeriesTold>,
        /// How many there are in all.
        in_all: usize,
    },
    /// Courses: each with a value per point, oldest first, `None` for a gap.
    Courses {
        /// The time of the newest point.
        until: i64,
        /// Between two points.
        step: Duration,
        /// By labels.
        series: Vec<(Labels, Vec<Option<f64>>)>,
        /// Whether they are rates per second of what was asked for.
        rates: bool,
    },
    /// Names of metrics.
    Names {
        /// The first of them, in order.
        names: Vec<String>,
        /// How many there are.
        in_all: usize,
    },
}

/// One series.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesTold {
    /// Its labels, the name among them.
    pub labels: Labels,
    /// The newest value; `None` where it has ended.
    pub value: Option<f64>,
    /// When that was.
    pub at: i64,
    /// What its family is, as far as the page said.
    pub kind: Option<Kind>,
    /// The help text of its family.
    pub help: Safe,
}
