//! All mutable state of the program, with one owner.

use std::time::Duration;

use crate::app::actions::Actions;
use crate::app::alerts::Alerts;
use crate::app::concerns::Changes;
use crate::app::geometry::Geometry;
use crate::app::telemetry::Telemetry;
use crate::app::telemetry::logs::LogsState;
use crate::app::timeline::Timeline;
use crate::app::view::{Overlay, View};
use crate::config::Resolved;
use crate::config::resolved::{OffSpec, ScreenSpec};
use crate::domain::target::Environment;
use crate::domain::{Moment, Safe};
use crate::input::Command;
use crate::remediation::guard::FROZEN;

/// The program's state.
#[derive(Debug)]
pub struct Model {
    /// Time of the newest event.
    pub now: Moment,
    /// When it started.
    pub started: Moment,
    /// Name in the header.
    pub name: Safe,
    /// What is known.
    pub live: Telemetry,
    /// Since when what is watched is as it is.
    pub changes: Changes,
    /// What happened when.
    pub timeline: Timeline,
    /// What was known when the screen was frozen; shown instead until it goes on.
    pub frozen: Option<Box<Frozen>>,
    /// What may be done, is being done and was done.
    pub actions: Actions,
    /// What a person did about alerts, and thresholds on readings.
    pub alerts: Alerts,
    /// What the person looks at.
    pub view: View,
    /// What the last draw put where.
    pub geometry: Geometry,
    /// How the screen looks.
    pub screen: ScreenSpec,
    /// What is named but off.
    pub off: Vec<OffSpec>,
    /// What was assumed, ignored, probed and found; the newest last.
    pub notes: Vec<Safe>,
    /// Origins that are still being looked at.
    pub discovering: usize,
    /// What it costs.
    pub meters: Meters,
    /// Local time less UTC, for showing local times.
    pub local_offset: chrono::FixedOffset,
    /// The screen no longer shows the model.
    pub dirty: bool,
    /// Numbers of jobs and messages.
    pub next_id: u64,
}

/// The screen as it was.
#[derive(Debug)]
pub struct Frozen {
    /// What was known.
    pub telemetry: Telemetry,
    /// When.
    pub at: Moment,
}

/// What the program costs, and what it dropped.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meters {
    /// Bytes written to the terminal so far.
    pub bytes: u64,
    /// Bytes per second over the last ten seconds; not known before.
    pub bytes_per_second: Option<f64>,
    /// Where the last ten seconds began.
    pub window: Option<(Moment, u64)>,
    /// Attempts of all sources since the start.
    pub attempts: u64,
    /// Readings that were displaced before anybody looked.
    pub displaced: u64,
}

/// Most notes that are kept.
pub const NOTES: usize = 400;

impl Model {
    /// That the screen stands still, and the keys that let it go on from here: what lies over the page is closed first.
    #[must_use]
    pub fn frozen_words(&self) -> Safe {
        let key = |command: Command| command.info().and_then(|info| info.keys.first()).map(ToString::to_string);
        let (thaw, close) = (key(Command::Freeze).unwrap_or_default(), key(Command::Close).unwrap_or_default());
        let first = if self.view.overlays.is_empty() { String::new() } else { format!("{close} closes this, then ") };
        Safe::of(format!("{FROZEN}; {first}{thaw} goes on"))
    }

    /// When something on the screen changes by itself before the next frame slot: a dialog that begins to take keys.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Moment> {
        match self.view.overlays.last()? {
            Overlay::Card(dialog) => dialog.sight.listens_at(self.now),
            Overlay::Approval(dialog) => dialog.sight.listens_at(self.now),
            Overlay::Progress { .. } => self.actions.current.as_ref()?.sight.listens_at(self.now),
            _ => None,
        }
    }

    /// The program before the first event.
    #[must_use]
    pub fn new(resolved: &Resolved, now: Moment, local_offset: chrono::FixedOffset) -> Model {
        Model {
            now,
            started: now,
            name: resolved.name.clone(),
            live: Telemetry::new(resolved, now),
            changes: Changes::default(),
            timeline: Timeline::default(),
            frozen: None,
            actions: Actions::new(&resolved.actions, now),
            alerts: Alerts::new(&resolved.alerts, now),
            view: View::default(),
            geometry: Geometry::default(),
            screen: resolved.screen.clone(),
            off: resolved.off.clone(),
            notes: resolved.notes.clone(),
            discovering: resolved.origins.len(),
            meters: Meters::default(),
            local_offset,
            dirty: true,
            next_id: 0,
        }
    }

    /// What the screen shows: the present, or the moment it was frozen.
    #[must_use]
    pub fn shown(&self) -> (&Telemetry, Moment) {
        match &self.frozen {
            Some(frozen) => (&frozen.telemetry, frozen.at),
            None => (&self.live, self.now),
        }
    }

    /// The logs that the screen shows: keys move and narrow these, also while it is frozen.
    pub fn shown_logs(&mut self) -> &mut LogsState {
        match &mut self.frozen {
            Some(frozen) => &mut frozen.telemetry.logs,
            None => &mut self.live.logs,
        }
    }

    /// The strictest environment among the targets; local when there is none.
    #[must_use]
    pub fn environment(&self) -> Environment {
        let services = self.live.services.iter().map(|s| &s.spec.environment);
        let databases = self.live.databases.iter().map(|d| &d.spec.environment);
        let caches = self.live.caches.iter().map(|c| &c.spec.environment);
        services.chain(databases).chain(caches).max().cloned().unwrap_or(Environment::Local)
    }

    /// Keeps a note, the oldest goes.
    pub fn note(&mut self, text: impl Into<Safe>) {
        if self.notes.len() >= NOTES {
            self.notes.remove(0);
        }
        self.notes.push(text.into());
    }

    /// Probes per minute, as configured: what the watched systems bear.
    #[must_use]
    pub fn probes_per_minute(&self) -> f64 {
        let per_minute = |interval: Duration| 60.0 / interval.as_secs_f64().max(0.05);
        let live = &self.live;
        live.services.iter().map(|s| per_minute(s.spec.interval)).sum::<f64>()
            + live.databases.iter().map(|d| per_minute(d.spec.interval)).sum::<f64>()
            + live.caches.iter().map(|c| per_minute(c.spec.interval)).sum::<f64>()
            + live.metrics.targets.iter().map(|t| per_minute(t.spec.interval)).sum::<f64>()
            + live.prometheus.iter().chain(&live.alertmanager).map(|e| per_minute(e.spec.interval)).sum::<f64>()
    }

    /// A fresh number.
    pub fn fresh_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }
}
