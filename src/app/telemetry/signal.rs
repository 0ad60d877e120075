//! One signal: its newest value, its course, and whether its threshold is crossed.

use std::sync::Arc;
use std::time::Duration;

use crate::config::resolved::SignalSpec;
use crate::domain::signal::SignalValue;
use crate::domain::threshold::Crossing;
use crate::domain::{Cause, Moment, PaneState, Readout, Safe, Verdict};
use crate::metrics::rate::Growth;
use crate::metrics::series::Series;

use super::service::BUCKET;

/// A reading of a counter that is older than so many of its pauses is nothing to compare with.
const OLDEST: u32 = 5;

/// What is known of a signal.
#[derive(Clone, Debug)]
pub struct SignalState {
    /// What is asked.
    pub spec: Arc<SignalSpec>,
    /// Newest value.
    pub readout: Readout<SignalValue>,
    /// Its course, with gaps.
    pub series: Series,
    /// Its threshold.
    pub crossing: Crossing,
    /// Where it is a counter: what it was compared with.
    pub growth: Growth,
}

impl SignalState {
    /// Nothing known yet.
    #[must_use]
    pub fn new(spec: Arc<SignalSpec>, now: Moment) -> SignalState {
        let bucket = BUCKET.max(spec.interval * 2);
        SignalState {
            spec,
            readout: Readout::loading(now),
            series: Series::new(180, bucket),
            crossing: Crossing::Clear,
            growth: Growth::default(),
        }
    }

    /// Takes one reading.
    pub fn take(&mut self, outcome: Result<SignalValue, Cause>, now: Moment, next_in: Duration) {
        let outcome = match outcome {
            Ok(value) if self.spec.counter => match self.grown(&value, now) {
                Ok(Some(rate)) => Ok(SignalValue::Number(rate)),
                // The next reading has something to be compared with.
                Ok(None) => return,
                Err(cause) => Err(cause),
            },
            outcome => outcome,
        };
        let outcome = outcome.map(|value| value.in_unit(&self.spec.unit));
        if let Some(threshold) = &self.spec.threshold {
            self.crossing = threshold.step(self.crossing, outcome.as_ref().ok(), now);
        }
        self.series.push(now, outcome.as_ref().ok().map(SignalValue::number));
        match outcome {
            Ok(value) => self.readout.set(value, now),
            Err(cause) => self.readout.fail(cause, now, next_in),
        }
    }

    /// The growth of a counter per second; none where there is nothing to compare it with.
    fn grown(&mut self, value: &SignalValue, now: Moment) -> Result<Option<f64>, Cause> {
        match value {
            SignalValue::Number(total) if total.is_finite() && *total >= 0.0 => {
                Ok(self.growth.take(*total, now, self.spec.interval.max(BUCKET) * OLDEST))
            }
            _ => Err(Cause::Other(Safe::of("a counter is a number from 0 on, and this is none"))),
        }
    }

    /// The state of its reading.
    #[must_use]
    pub fn state(&self, now: Moment) -> PaneState {
        self.readout.state(now, self.spec.interval)
    }

    /// Degraded once the threshold is crossed; a value that cannot be read is unknown.
    #[must_use]
    pub fn verdict(&self, now: Moment) -> Verdict {
        match self.state(now) {
            state if !state.is_fresh() => Verdict::Unknown,
            _ if matches!(self.crossing, Crossing::Crossed { .. }) => Verdict::Degraded,
            _ if self.crossing == Crossing::Unknown => Verdict::Unknown,
            _ => Verdict::Ok,
        }
    }
}
