//! What stands around the panes, as data: header, alert strip, tabs, hints, prompt. Made from the model, drawn by `ui`.

use crate::app::document::Line;
use crate::app::view::Page;
use crate::domain::Safe;
use crate::domain::target::Environment;

/// Everything outside the panes.
#[derive(Clone, Debug)]
pub struct Chrome {
    /// Name of what is watched.
    pub name: Safe,
    /// Strictest environment among the targets.
    pub environment: Environment,
    /// `read-only`; later `armed`.
    pub mode: Safe,
    /// The alert strip: counts of services by verdict now, alerts later. Never dropped.
    pub strip: Line,
    /// `12:04:31Z`.
    pub clock: Safe,
    /// `every 1s  42 probes/min  2.1 KB/s`, most important first; dropped from the right when narrow.
    pub meters: Vec<Safe>,
    /// The screen is frozen since this long; shouted.
    pub frozen: Option<Safe>,
    /// Page shown.
    pub page: Page,
    /// Keys that are of use here and now: key and what it does.
    pub hints: Vec<(Safe, &'static str)>,
    /// The newest message, or the worst thing now, at the right of the hints.
    pub message: Line,
    /// The line being typed: sign, text.
    pub prompt: Option<(&'static str, Safe)>,
}
