//! What stands around and over the panes, as data: header, alert strip, tabs, hints, prompt, overlays. Made from the
//! model, drawn by `ui`.

use crate::app::completion::Completion;
use crate::app::document::{Document, Line, Span};
use crate::app::pane::{Chart, PaneId};
use crate::app::view::Page;
use crate::domain::Safe;
use crate::domain::target::Environment;
use crate::input::dialog::Hint;

/// Everything outside the panes.
#[derive(Clone, Debug)]
pub struct Chrome {
    /// Name of what is watched.
    pub name: Safe,
    /// Strictest environment among the targets.
    pub environment: Environment,
    /// `read-only`; later `armed`.
    pub mode: Span,
    /// The alert strip: the verdict over everything, alerts, what is watched by verdict. Never dropped.
    pub strip: Line,
    /// The same where there is less and less room: without the noun of the counts; beside alerts only with what is not
    /// ok; without the verdict.
    pub strip_shorter: [Line; 3],
    /// `12:04:31Z`.
    pub clock: Safe,
    /// `every 1s  42 probes/min  2.1 KB/s`, most important first; dropped from the right when narrow.
    pub meters: Vec<Safe>,
    /// The screen is frozen since this long; shouted.
    pub frozen: Option<Safe>,
    /// Page shown.
    pub page: Page,
    /// The pane with the focus.
    pub focused: PaneId,
    /// The pane with the focus covers the whole page.
    pub zoomed: bool,
    /// Columns scrolled to the right in log lines.
    pub scroll_right: usize,
    /// Keys that are of use here and now: key and what it does.
    pub hints: Vec<(Safe, &'static str)>,
    /// The newest message; it stands where the hints are.
    pub message: Line,
    /// What is wrong now, worst first, at the right of the last line.
    pub alerts: Vec<Span>,
    /// The line being typed: sign, text, and what the keys do to it.
    pub prompt: Option<(&'static str, Safe, &'static [Hint])>,
}

/// Something that lies over the page, ready to be drawn.
#[derive(Clone, Debug)]
pub enum OverlayView<'a> {
    /// A text to read.
    Document {
        /// The text.
        document: &'a Document,
        /// First line shown, counted after wrapping; past the end shows the end.
        scroll: usize,
    },
    /// A text with lines below it that one chooses among or types in.
    Form {
        /// The text.
        document: Document,
        /// First line shown.
        scroll: usize,
        /// The lines below.
        foot: Vec<Line>,
        /// Which of them has the focus.
        chosen: Option<usize>,
        /// Keys of use, for its frame.
        keys: &'static [Hint],
    },
    /// A text below a chart.
    Charted {
        /// The chart; none where there is none.
        chart: Option<Chart>,
        /// The text.
        document: Document,
        /// First line shown.
        scroll: usize,
        /// Keys of use, for its frame.
        keys: &'static [Hint],
    },
    /// The command line with its completions.
    Palette {
        /// What was typed.
        typed: Safe,
        /// What can be typed behind the name of its command.
        offered: Vec<Completion>,
        /// Which completion is chosen.
        chosen: usize,
    },
}
