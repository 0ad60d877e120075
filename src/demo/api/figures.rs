//! What the API counts: requests by their labels, durations in buckets, and recent durations for percentiles.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Upper bounds of the buckets, in seconds.
pub const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// How many durations a percentile looks back on.
const KEPT: usize = 512;

/// A cumulative histogram.
#[derive(Debug, Clone, Default)]
pub struct Histogram {
    /// Observations at or below each bound.
    pub buckets: [u64; BUCKETS.len()],
    /// All observations.
    pub count: u64,
    /// Their sum in seconds.
    pub sum: f64,
}

/// Labels of a request: method, endpoint, status.
pub type Labels = (String, &'static str, u16);

/// All counters. Endpoints come from a fixed list, so their number is bounded.
#[derive(Debug, Default)]
pub struct Figures {
    requests: Mutex<BTreeMap<Labels, u64>>,
    durations: Mutex<BTreeMap<(String, &'static str), Histogram>>,
}

impl Figures {
    /// Counts one request.
    pub fn record(&self, method: &str, endpoint: &'static str, status: u16, took: Duration) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry((method.to_owned(), endpoint, status)).or_default() += 1;
        drop(requests);
        let mut durations = self.durations.lock().unwrap_or_else(PoisonError::into_inner);
        let histogram = durations.entry((method.to_owned(), endpoint)).or_default();
        let seconds = took.as_secs_f64();
        for (bucket, bound) in histogram.buckets.iter_mut().zip(BUCKETS) {
            *bucket += u64::from(seconds <= bound);
        }
        histogram.count += 1;
        histogram.sum += seconds;
    }

    /// Requests by their labels.
    pub fn requests(&self) -> BTreeMap<Labels, u64> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Durations by method and endpoint.
    pub fn durations(&self) -> BTreeMap<(String, &'static str), Histogram> {
        self.durations.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// When the last requests came, and whether the server failed them.
#[derive(Debug, Default)]
pub struct Pace(Mutex<VecDeque<(Instant, bool)>>);

impl Pace {
    /// One came.
    pub fn record(&self, failed: bool) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back((Instant::now(), failed));
    }

    /// How many a second, over the last five or as many as are kept.
    pub fn per_second(&self) -> f64 {
        let recent = self.recent();
        let over = if recent.len() == KEPT { recent.first().map_or(5.0, |(age, _)| age.as_secs_f64()) } else { 5.0 };
        (recent.len() as f64 / over.max(0.1) * 10.0).round() / 10.0
    }

    /// How many of a hundred of them failed; none without requests.
    pub fn failed_percent(&self) -> Option<f64> {
        let recent = self.recent();
        let failed = recent.iter().filter(|(_, failed)| *failed).count();
        (!recent.is_empty()).then(|| (failed as f64 / recent.len() as f64 * 1000.0).round() / 10.0)
    }

    /// Ages of the last five seconds' requests.
    fn recent(&self) -> Vec<(Duration, bool)> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let aged = kept.iter().map(|(at, failed)| (at.elapsed(), *failed));
        aged.filter(|(age, _)| *age <= Duration::from_secs(5)).collect()
    }
}

/// The last durations.
#[derive(Debug, Default)]
pub struct Recent(Mutex<VecDeque<Duration>>);

impl Recent {
    /// Keeps one more.
    pub fn record(&self, took: Duration) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back(took);
    }

    /// A percentile in milliseconds; none without durations.
    pub fn percentile(&self, percent: usize) -> Option<f64> {
        let mut sorted: Vec<_> = self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        sorted.get(rank).map(|took| (took.as_secs_f64() * 1_000_000.0).round() / 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_told_of_a_hundred() {
        let pace = Pace::default();
        assert_eq!(pace.failed_percent(), None);
        (0..8).for_each(|at| pace.record(at == 3));
        assert_eq!((pace.failed_percent(), pace.per_second()), (Some(12.5), 1.6));
    }

    #[test]
    fn percentiles_are_nearest_rank() {
        let recent = Recent::default();
        assert_eq!(recent.percentile(99), None);
        (1..=100).for_each(|at| recent.record(Duration::from_millis(at)));
        assert_eq!((recent.percentile(50), recent.percentile(99)), (Some(50.0), Some(99.0)));
    }
}
