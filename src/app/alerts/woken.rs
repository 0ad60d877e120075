//! A sleep of the machine, for thresholds: nothing is judged after it until what is watched was read well again, or ought to
//! have been. A network takes its time; what lies between counts for nothing.

use std::time::Duration;

use crate::app::actions::evidence;
use crate::app::telemetry::Telemetry;
use crate::config::resolved::OwnAlert;
use crate::domain::source::SourceKind;
use crate::domain::{Moment, Readout, Verdict};
use crate::remediation::measure::{Measure, Told};

/// Who looks every second and did not for so long was asleep, or stopped.
const LATE: Duration = Duration::from_secs(30);
/// So long it is waited for readings.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether thresholds are looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gate {
    /// When somebody asked last.
    asked: Option<Moment>,
    /// Since when it is closed.
    woke: Option<Moment>,
    /// It was closed when somebody asked before.
    opened: bool,
}

impl Gate {
    /// Whether they may be judged.
    pub(super) fn is_open(&mut self, own: &[OwnAlert], live: &Telemetry, now: Moment) -> bool {
        let slept = self.asked.replace(now).is_some_and(|asked| now.since(asked) >= LATE);
        if slept {
            self.woke = Some(now);
        }
        let Some(woke) = self.woke else { return true };
        let is_over = now.since(woke) >= PATIENCE || own.iter().all(|own| is_read(live, &own.measure, woke, now));
        if is_over {
            self.woke = None;
            self.opened = true;
        }
        is_over
    }

    /// Whether this is the first look after a sleep.
    pub(super) fn was_closed(&mut self) -> bool {
        std::mem::take(&mut self.opened)
    }
}

fn is_well_since<T>(readout: &Readout<T>, woke: Moment) -> bool {
    readout.cause().is_none() && readout.last().is_some_and(|(_, at)| at >= woke)
}

/// Whether it was read well by an attempt that was begun after waking.
fn is_read(live: &Telemetry, measure: &Measure, woke: Moment, now: Moment) -> bool {
    match measure {
        // A log that is quiet is read nevertheless.
        Measure::Told(Told::LogLines(_) | Told::LogErrors(_) | Told::LogWarnings(_) | Told::Log(_)) => true,
        Measure::Told(Told::Engine(kind) | Told::EngineAge(kind)) => {
            let engine = if *kind == SourceKind::Prometheus { &live.prometheus } else { &live.alertmanager };
            engine.as_ref().is_some_and(|engine| is_well_since(&engine.readout, woke))
        }
        Measure::Told(told) => {
            let target = told.target().and_then(|at| live.metrics.targets.get(at));
            target.is_some_and(|target| is_well_since(&target.page, woke))
        }
        measure => match measure.source() {
            Some((SourceKind::Service, at)) => live.services.get(at).is_some_and(|service| {
                service.probed_at().is_some_and(|at| at >= woke) && service.raw_verdict(now) == Verdict::Ok
            }),
            _ => evidence::read_at(live, measure).is_some_and(|at| at >= woke),
        },
    }
}
