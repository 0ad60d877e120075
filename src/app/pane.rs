//! What a pane shows, as data: title, state in words, blocks. Made from the model (`app::panes`), drawn by `ui`, which
//! knows nothing of services or databases.

use std::sync::Arc;

use crate::app::document::Line;
use crate::app::limit::Limit;
use crate::app::table::{RowKey, Table, Tone};
use crate::domain::{PaneState, Safe};

/// The panes that exist. Overview and pages are made of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PaneId {
    /// Health of services.
    Services,
    /// Latency charts.
    Latency,
    /// Connection slots and sessions by state.
    Connections,
    /// Statements by time in the last interval.
    SlowQueries,
    /// Hit ratios.
    Cache,
    /// The team's signals.
    Signals,
    /// Log lines.
    Logs,
    /// Sessions, one row each (database page).
    Sessions,
    /// What the database told of itself (database page).
    Database,
    /// What may be done, and what was done.
    Actions,
    /// What happened when.
    Timeline,
    /// What is scraped (metrics page).
    Targets,
    /// Series by words (metrics page).
    Series,
    /// The course of one series (metrics page).
    Course,
    /// Alerts and the rules behind them.
    Alerts,
    /// What the doctor found.
    Findings,
}

/// A pane, ready to be drawn.
#[derive(Clone, Debug)]
pub struct PaneView {
    /// Which.
    pub id: PaneId,
    /// Title, such as `Services 12 ok 1 degraded 1 down`.
    pub title: Line,
    /// Right end of the title: age or interval, such as `1s`.
    pub corner: Safe,
    /// Exactly one of the eight states.
    pub state: PaneState,
    /// What stands inside, from top to bottom. Old values stay here when the state is stale or error.
    pub blocks: Vec<Block>,
}

/// One thing inside a pane.
#[derive(Clone, Debug)]
pub enum Block {
    /// One line of text; cut at the right edge.
    Line(Line),
    /// A bar over the whole width: parts of a whole, 0..1 each, in order; the rest is free.
    Bar {
        /// Part and tone.
        parts: Vec<(f64, Tone)>,
        /// Where a limit lies, 0..1.
        limit: Option<f64>,
    },
    /// Label, sparkline or bars, figure.
    Chart(Chart),
    /// A table with its cursor; takes the height that is left.
    Table {
        /// Rows, arranged.
        table: Table,
        /// Selected row, when the pane has the focus.
        selected: Option<RowKey>,
        /// First row shown.
        offset: usize,
        /// Column it is sorted by, and whether turned round.
        sort: crate::app::table::Sort,
    },
    /// Log lines; takes the height that is left, newest at the bottom.
    Log(Vec<LogRow>),
    /// Two rows of small bars: a count over time, a part of it in another tone.
    Histogram {
        /// All, oldest first; `None` is "not watched then".
        all: Arc<[Option<u32>]>,
        /// The part drawn in `Tone::Bad`.
        part: Arc<[Option<u32>]>,
        /// What it counts, such as `lines, errors per 10 s`.
        label: Safe,
    },
}

/// A labelled chart: a sparkline in one row, bars in more.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    /// Left.
    pub label: Safe,
    /// One value a bucket, oldest first; `None` is a gap, drawn as a gap, NaN an attempt that failed, a cross.
    pub values: Arc<[Option<f32>]>,
    /// Top of the scale; `None` fits the values, and the limit where it is drawn.
    pub top: Option<f32>,
    /// Buckets (index into `values`) with a mark, such as a new version.
    pub marks: Vec<usize>,
    /// Right: the newest figure with its unit.
    pub figure: Safe,
    /// Tone of the figure.
    pub tone: Tone,
    /// Columns that the figure is given at least, so that the chart beside it stands still.
    pub figure_width: u16,
    /// Values on its bad side stand out; with more than one row it is drawn as a line.
    pub limit: Option<Limit>,
    /// Rows it wants beside the first.
    pub more_rows: u16,
}

impl Chart {
    /// A value as it is drawn: what is larger than what can be drawn is the largest of that, and no failure.
    #[must_use]
    pub fn height(value: f64) -> f32 {
        let drawn = if value.is_finite() { value.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) } else { value };
        drawn as f32
    }
}

/// One log line as it is drawn.
#[derive(Clone, Debug)]
pub struct LogRow {
    /// `12:04:30.118`, or blanks.
    pub time: Safe,
    /// `ERROR`, `WARN`, …; empty for a line that continues the one above.
    pub level: &'static str,
    /// Tone of the level.
    pub tone: Tone,
    /// Name of the log, when there are several.
    pub log: Safe,
    /// The message and what stands behind it.
    pub text: Safe,
    /// Its most useful other fields: `req=8f1c… status=503`; empty without any.
    pub context: Safe,
    /// The cursor stands here.
    pub selected: bool,
    /// It matches the search.
    pub matched: bool,
}
