//! What is known now of whatever can be watched: the readings that are there anyway, by what they measure. What cannot be
//! read, is old, or cannot be said is told as that, never as zero. The border: what is bad is judged by who asks.

mod caches;
mod databases;
mod services;
mod told;

use std::time::Duration;

use crate::alerts::lifecycle::Basis;
use crate::app::telemetry::Telemetry;
use crate::app::telemetry::cache::CacheState;
use crate::domain::signal::SignalValue;
use crate::domain::source::SourceKind;
use crate::domain::{Moment, PaneState, Readout, Safe, Verdict};
use crate::remediation::measure::Measure;
use crate::remediation::shown::Shown;

/// What is known of a reading.
#[derive(Clone, Debug, PartialEq)]
pub enum Known {
    /// Its value now.
    Value(f64),
    /// It lies between these two, and why it is not known better.
    Between(f64, f64, Box<Known>),
    /// It could not be read.
    Failed(Safe),
    /// There is none, and why.
    Nothing(Basis, Safe),
}

impl Known {
    fn failed(why: impl AsRef<str>) -> Known {
        Known::Failed(Safe::of(why))
    }

    fn value_of(value: impl Into<f64>) -> Known {
        Known::Value(value.into())
    }

    fn no_traffic(why: impl AsRef<str>) -> Known {
        Known::Nothing(Basis::NoTraffic, Safe::of(why))
    }

    /// At least so much.
    fn at_least(self, least: f64) -> Known {
        Known::Between(least, f64::INFINITY, Box::new(self))
    }
}

/// What is known of what a measure is about, `what` in words.
#[must_use]
pub fn known(live: &Telemetry, measure: &Measure, what: &Safe, now: Moment) -> Known {
    let asked = Asked { live, what, now };
    let found = match measure {
        Measure::Service(_) | Measure::Latency(_) | Measure::Child(..) => services::known(asked, measure),
        Measure::HitRatio(_) => caches::known(asked, measure),
        Measure::Signal(at) => signal(asked, *at),
        Measure::UsedSlots(_)
        | Measure::UsedShare(_)
        | Measure::Blocked(_)
        | Measure::OldestIdleTransaction(_)
        | Measure::Statement(..) => databases::known(asked, measure),
        Measure::Shown(Shown::Age(kind), at) => Some(age(asked, *kind, *at)),
        Measure::Shown(shown, at) => match shown.source() {
            SourceKind::Service => services::known(asked, measure),
            SourceKind::Cache => caches::known(asked, measure),
            SourceKind::Signal => signal_state(asked, *at),
            _ => databases::known(asked, measure),
        },
        Measure::Told(what) => Some(told::known(asked, *what)),
        Measure::ObjectsLeft | Measure::Result => None,
    };
    found.unwrap_or_else(|| asked.missing())
}

/// How far back what is known now reaches: a figure of the last minute is one of before an action for a minute.
#[must_use]
pub fn reach(live: &Telemetry, measure: &Measure) -> Duration {
    let rates = |at: usize| live.databases.get(at).and_then(|of| of.rates.as_ref()).map(|rates| rates.elapsed);
    let statements = |at: usize| {
        let begun = live.databases.get(at)?.statements_begun;
        Some(begun.later?.since(begun.earlier?))
    };
    match measure {
        Measure::Statement(at, _) => statements(*at).unwrap_or_default(),
        Measure::Shown(shown, _) if shown.reaches_back().is_some() => shown.reaches_back().unwrap_or_default(),
        Measure::Shown(shown, at) => match shown {
            Shown::Commits | Shown::Rollbacks | Shown::BufferHit => rates(*at).unwrap_or_default(),
            Shown::SlowestStatement | Shown::SlowerStatements | Shown::StatementCalls | Shown::StatementLoad => {
                statements(*at).unwrap_or_default()
            }
            Shown::Evictions | Shown::Expirations => live.caches.get(*at).map_or(Duration::ZERO, CacheState::pace),
            _ => Duration::ZERO,
        },
        _ => Duration::ZERO,
    }
}

/// When the newest reading of it was taken in; none where it failed or there is none.
#[must_use]
pub fn read_at(live: &Telemetry, measure: &Measure) -> Option<Moment> {
    fn at<T>(readout: &Readout<T>) -> Option<Moment> {
        readout.last().filter(|_| readout.cause().is_none()).map(|(_, at)| at)
    }
    let (kind, place) = measure.source()?;
    match kind {
        // That it does not answer is what a probe found out: a reading too.
        SourceKind::Service => live.services.get(place)?.probed_at(),
        SourceKind::Cache => at(&live.caches.get(place)?.readout),
        SourceKind::Signal => at(&live.signals.get(place)?.readout),
        SourceKind::Database => databases::read_at(live.databases.get(place)?, measure),
        SourceKind::Prometheus | SourceKind::Alertmanager => None,
    }
}

/// What is asked, of what, and when.
#[derive(Clone, Copy)]
struct Asked<'a> {
    live: &'a Telemetry,
    what: &'a Safe,
    now: Moment,
}

impl Asked<'_> {
    fn missing(self) -> Known {
        self.nothing("there is no reading")
    }

    /// Nothing of the kind is there, and why.
    fn nothing(self, why: &str) -> Known {
        Known::Nothing(Basis::Missing(vec![self.what.clone()]), Safe::of(why))
    }

    /// Why there is no fresh value; none where there is one.
    fn without(self, state: &PaneState) -> Option<Known> {
        match state {
            PaneState::Loading { .. } | PaneState::Off { .. } => Some(self.missing()),
            PaneState::Error { cause, .. } => Some(Known::Failed(cause.short())),
            state if state.is_fresh() => None,
            state => Some(Known::Failed(state.words())),
        }
    }

    /// How something stands by the state of its reading alone; none where the reading is fresh.
    fn state_of(self, state: &PaneState) -> Option<Known> {
        match state {
            PaneState::Error { cause, .. } if cause.verdict() == Verdict::Down => {
                Some(Known::value_of(Verdict::Down as u8))
            }
            state => self.without(state),
        }
    }

    /// What it does not tell.
    fn told<T: Into<f64>>(self, value: Option<T>) -> Known {
        value.map_or_else(|| self.nothing("it does not tell that"), Known::value_of)
    }

    /// Since a moment; missing where there was none.
    fn since(self, at: Option<Moment>) -> Known {
        at.map_or_else(|| self.missing(), |at| Known::Value(self.now.since(at).as_secs_f64()))
    }
}

fn signal(asked: Asked<'_>, at: usize) -> Option<Known> {
    let signal = asked.live.signals.get(at)?;
    if let Some(known) = asked.without(&signal.state(asked.now)) {
        return Some(known);
    }
    match signal.readout.value()? {
        // Nothing is from the future: what is ahead is no age.
        SignalValue::Instant(at) => {
            let age = asked.now.wall.timestamp_micros() as f64 / 1e6 - at;
            Some(if age < -60.0 { Known::failed("its time lies ahead") } else { Known::Value(age.max(0.0)) })
        }
        value => Some(Known::Value(value.number())),
    }
}

fn signal_state(asked: Asked<'_>, at: usize) -> Option<Known> {
    let signal = asked.live.signals.get(at)?;
    let known = || match signal.verdict(asked.now) {
        Verdict::Unknown => Known::failed("it cannot be held against its threshold"),
        verdict => Known::value_of(verdict as u8),
    };
    Some(asked.state_of(&signal.state(asked.now)).unwrap_or_else(known))
}

/// Seconds since the last reading that went well.
fn age(asked: Asked<'_>, kind: SourceKind, at: usize) -> Known {
    let live = asked.live;
    asked.since(match kind {
        SourceKind::Service => live.services.get(at).and_then(|of| of.readout.last()).map(|(_, at)| at),
        SourceKind::Database => live.databases.get(at).and_then(|of| of.server.last()).map(|(_, at)| at),
        SourceKind::Cache => live.caches.get(at).and_then(|of| of.readout.last()).map(|(_, at)| at),
        SourceKind::Signal => live.signals.get(at).and_then(|of| of.readout.last()).map(|(_, at)| at),
        SourceKind::Prometheus | SourceKind::Alertmanager => None,
    })
}
