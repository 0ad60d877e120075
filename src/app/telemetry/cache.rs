//! One cache: its newest figures and its hit ratio as a delta over the last minute.

use std::sync::Arc;
use std::time::Duration;

use crate::config::resolved::CacheSpec;
use crate::domain::cache::CacheReading;
use crate::domain::{Cause, Moment, PaneState, Readout, Safe, Verdict};
use crate::metrics::rate::{Growth, HitRate, HitRatio};
use crate::metrics::series::Series;

use super::service::BUCKET;

/// With fewer look-ups in the time that is looked over, a hit ratio says nothing: it is shown and not judged.
pub const FEWEST_LOOKUPS: u64 = 100;

/// A reading may come so much later than it should.
const GRACE: Duration = Duration::from_secs(60);

/// What is known of a cache.
#[derive(Clone, Debug)]
pub struct CacheState {
    /// What is asked.
    pub spec: Arc<CacheSpec>,
    /// Newest figures.
    pub readout: Readout<CacheReading>,
    /// Hits and misses over the last minute.
    pub ratio: HitRatio,
    /// The ratio over time; a gap where there was no traffic.
    pub series: Series,
    /// Keys evicted per second, between the two newest readings.
    pub evictions_per_second: Option<f64>,
    /// Keys that expired per second, the same.
    pub expirations_per_second: Option<f64>,
    evicted: Growth,
    expired: Growth,
}

/// What a ratio is based on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Basis {
    /// Hits and misses between two readings.
    Delta {
        /// Time between the two readings.
        over: Duration,
        /// Hits and misses in it.
        lookups: u64,
    },
    /// The same, over too few look-ups to judge it.
    TooFew {
        /// Time between the two readings.
        over: Duration,
        /// Hits and misses in it.
        lookups: u64,
    },
    /// The cache told a bare ratio since its start.
    Lifetime,
    /// Nobody asked the cache anything in this time.
    NoTraffic(Duration),
    /// There are not two readings to compare yet.
    NotYet,
}

/// A ratio between two readings, and what it is based on.
#[must_use]
pub fn based(rate: HitRate) -> (Option<f64>, Basis) {
    match rate {
        HitRate::Measured { ratio, over, hits, misses } => {
            let lookups = hits.saturating_add(misses);
            let few = lookups < FEWEST_LOOKUPS;
            (Some(ratio), if few { Basis::TooFew { over, lookups } } else { Basis::Delta { over, lookups } })
        }
        HitRate::NoTraffic { over } => (None, Basis::NoTraffic(over)),
        HitRate::NotYet => (None, Basis::NotYet),
    }
}

impl CacheState {
    /// Nothing known yet.
    #[must_use]
    pub fn new(spec: Arc<CacheSpec>, now: Moment) -> CacheState {
        let bucket = BUCKET.max(spec.interval * 2);
        CacheState {
            spec,
            readout: Readout::loading(now),
            ratio: HitRatio::default(),
            series: Series::new(180, bucket),
            evictions_per_second: None,
            expirations_per_second: None,
            evicted: Growth::default(),
            expired: Growth::default(),
        }
    }

    /// Takes one reading.
    pub fn take(&mut self, outcome: Result<CacheReading, Cause>, now: Moment, next_in: Duration) {
        let reading = match outcome {
            Ok(reading) => reading,
            Err(cause) => {
                self.series.push(now, None);
                self.readout.fail(cause, now, next_in);
                return;
            }
        };
        let run = reading.redis.as_ref().map(|r| r.run_id.clone()).unwrap_or_default();
        if self.ratio.push(now, reading.hits, reading.misses, &run) {
            self.series.mark(now, Safe::of("counters began anew"));
            (self.evicted, self.expired) = (Growth::default(), Growth::default());
        }
        self.note_rates(&reading, now);
        // Without traffic there is no ratio: a gap, not a failure.
        if let (ratio @ Some(_), _) = self.ratio_of(&reading) {
            self.series.push(now, ratio);
        }
        self.readout.set(reading, now);
    }

    /// Counters that are not told, or not twice in a row, have no rate.
    fn note_rates(&mut self, reading: &CacheReading, now: Moment) {
        let redis = reading.redis.as_ref();
        let oldest = self.spec.interval * 3 + GRACE;
        let rate = |growth: &mut Growth, total: Option<u64>| growth.take(total? as f64, now, oldest);
        self.evictions_per_second = rate(&mut self.evicted, redis.and_then(|redis| redis.evicted_keys));
        self.expirations_per_second = rate(&mut self.expired, redis.and_then(|redis| redis.expired_keys));
    }

    /// Between which readings the rates of its counters lie.
    #[must_use]
    pub fn pace(&self) -> Duration {
        self.evicted.over().map_or(Duration::ZERO, |(from, to)| to.since(from))
    }

    fn ratio_of(&self, reading: &CacheReading) -> (Option<f64>, Basis) {
        if reading.hits.is_none() || reading.misses.is_none() {
            return (
                reading.lifetime_ratio,
                if reading.lifetime_ratio.is_some() { Basis::Lifetime } else { Basis::NotYet },
            );
        }
        based(self.ratio.rate())
    }

    /// The hit ratio and what it is based on.
    #[must_use]
    pub fn hit_ratio(&self) -> (Option<f64>, Basis) {
        self.readout.value().map_or((None, Basis::NotYet), |reading| self.ratio_of(reading))
    }

    /// The state of its reading.
    #[must_use]
    pub fn state(&self, now: Moment) -> PaneState {
        self.readout.state(now, self.spec.interval)
    }

    /// Whether its ratio is under its target, and enough was asked to say so.
    #[must_use]
    pub fn is_under_target(&self) -> bool {
        match self.hit_ratio() {
            (_, Basis::TooFew { .. }) | (None, _) => false,
            (Some(ratio), _) => ratio < self.spec.target_ratio,
        }
    }

    /// Degraded under its target; a cache that is idle, or nearly so, is ok.
    #[must_use]
    pub fn verdict(&self, now: Moment) -> Verdict {
        let reading = self.state(now).verdict().unwrap_or(Verdict::Ok);
        reading.max(if self.is_under_target() { Verdict::Degraded } else { Verdict::Ok })
    }
}
