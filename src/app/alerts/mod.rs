//! Alerts in the program: rules of the team's files as the engine tells them, and thresholds of the configuration's own, in
//! one list; who acknowledged what, and what is silenced. The rules themselves are evaluated elsewhere.

pub mod acknowledging;
pub mod concerns;
pub mod counts;
pub mod course;
pub mod detail;
pub mod kept;
pub mod links;
pub mod listing;
pub mod marks;
pub mod muting;
pub mod reread;
pub mod served;
pub mod thresholds;
mod woken;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::alerts::line::Line;
use crate::alerts::silence::Silences;
use crate::app::Model;
use crate::config::resolved::AlertsSpec;
use crate::domain::{Moment, Safe};
use crate::engine::alerts::AlertsTold;

pub use acknowledging::Acknowledged;
pub use kept::Kept;
pub use listing::{Entry, Stand};

/// What a person did about alerts, and the thresholds.
#[derive(Debug)]
pub struct Alerts {
    /// As configured.
    pub spec: AlertsSpec,
    /// The line of time on which everything here stands.
    pub line: Line,
    /// What is silenced.
    pub silences: Silences,
    /// Who saw which alert, by its fingerprint.
    pub acknowledged: BTreeMap<u64, Acknowledged>,
    /// Of these, those that this window itself saw active: only of them it can say that they are over.
    pub watched: BTreeSet<u64>,
    /// Who operates; empty until the system told.
    pub operator: Safe,
    /// Thresholds of the configuration's own.
    pub thresholds: thresholds::Thresholds,
    /// Rules that are ok are listed one by one.
    pub shows_ok: bool,
    /// The chart of the alert that is looked at.
    pub course: Option<course::Course>,
    /// How many there are, once somebody asked since something happened.
    pub counted: OnceLock<counts::Counts>,
    /// When it rang last, and whether for a critical alert.
    pub rang: Option<(Moment, bool)>,
    /// What began to fire and has not rung, by its fingerprint.
    pub held: BTreeSet<u64>,
    /// When all of that was found to be silenced, if it was.
    pub hushed: Option<Moment>,
    /// What an earlier run kept is taken up, or there is nothing.
    pub taken_up: bool,
    /// What was given to be kept last.
    pub kept: Option<Kept>,
    /// When that was.
    pub kept_at: Moment,
    /// Silences of other windows that do not hold here, by their number: each is told once.
    pub refused: BTreeSet<u64>,
}

impl Alerts {
    /// Nothing known yet.
    #[must_use]
    pub fn new(spec: &AlertsSpec, now: Moment) -> Alerts {
        let line = Line::begun(now);
        Alerts {
            spec: spec.clone(),
            line,
            silences: Silences::default(),
            acknowledged: BTreeMap::new(),
            watched: BTreeSet::new(),
            operator: Safe::default(),
            thresholds: thresholds::Thresholds::new(spec, line.at(now)),
            shows_ok: false,
            course: None,
            counted: OnceLock::new(),
            rang: None,
            held: BTreeSet::new(),
            hushed: None,
            taken_up: false,
            kept: None,
            kept_at: now,
            refused: BTreeSet::new(),
        }
    }
}

/// Thresholds as they stand with the readings of now: for who looks once and no more.
pub fn look_once(model: &mut Model) {
    let (line, now) = (model.alerts.line, model.now);
    if let Some(told) = model.alerts.thresholds.run_now(&model.live, line, now) {
        model.live.thresholds = Some(Arc::new(told));
    }
}

/// How long ago a time of a snapshot's own line was.
#[must_use]
pub fn ago(told: &AlertsTold, at: i64, now: Moment) -> Duration {
    let before = u64::try_from(told.line.saturating_sub(at)).unwrap_or(0);
    Duration::from_millis(before).saturating_add(now.since(told.at))
}
