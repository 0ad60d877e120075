//! `--watch`: what the dashboard does after every action, where nobody has a dashboard. The figures are read a few times before
//! it, and after it for as long as is asked for, or until one of them got worse.

use std::time::Duration;

use crate::app::Event;
use crate::app::actions::headless;
use crate::domain::Safe;
use crate::domain::source::{SourceId, SourceKind};
use crate::remediation::outcome::Outcome;
use crate::remediation::tripwire::BEFORE;

use super::{Driver, Told};

/// Pause between two readings before an action. A few times only, however long the pause of the configuration: whoever asks
/// for this wants to know what was before, and does not want to wait for a minute with an order that is given.
const PACE: Duration = Duration::from_secs(2);

/// Whether a source has figures that are watched.
pub(super) fn watches(id: SourceId) -> bool {
    matches!(id.kind, SourceKind::Service | SourceKind::Database)
}

impl Driver {
    /// Reads how things stand before it, often enough for what comes after to be held against it.
    pub(super) fn look_before(&mut self) {
        let enough = |d: &Driver| d.model.actions.tripwires.least() >= BEFORE;
        self.teller.tell(Told::Answer(vec![Safe::of(format!(
            "reads every service and database {BEFORE} times before it, to see afterwards what got worse"
        ))]));
        // What was not read often enough by then stays unknown.
        for _ in 0..BEFORE {
            self.pump(PACE, enough);
            if enough(self) || self.left.is_some() {
                break;
            }
            self.watch.refresh_all();
        }
    }

    /// That nobody stays after an action that had an effect.
    pub(super) fn tell_unwatched(&mut self) {
        let acted = self.model.actions.current.as_ref().is_some_and(|current| current.execution.has_acted());
        if acted {
            self.teller.tell(Told::Answer(vec![headless::unwatched()]));
        }
    }

    /// Stays after an action that had an effect. The status: that of its outcome, unless something got worse after it.
    pub(super) fn look_after(&mut self, time: Duration, status: u8) -> u8 {
        let Some(run) = self.model.actions.current.as_ref().map(|current| current.id) else { return status };
        if self.model.actions.tripwires.of(run).is_none() || self.left.is_some() {
            return status;
        }
        self.teller.tell(Told::Answer(vec![headless::watches(time)]));
        let worse = |d: &Driver| d.model.actions.tripwires.of(run).is_some_and(|wire| wire.worse().next().is_some());
        self.pump(time, worse);
        self.happened(Event::TimePassed);
        let Some(wire) = self.model.actions.tripwires.of(run) else { return status };
        let seen = headless::watched(wire, self.model.now);
        self.teller.tell(Told::Answer(seen.answer));
        self.teller.tell(Told::Trouble(seen.trouble));
        match seen.outcome {
            // What did not end well has a status of its own.
            Some(outcome) if status == Outcome::Verified.exit_status() => outcome.exit_status(),
            _ => status,
        }
    }
}
