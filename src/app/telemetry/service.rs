//! One service: its newest report, its debounced verdict beside the raw one, its latency over time.

use std::sync::Arc;
use std::time::Duration;

use crate::config::resolved::ServiceSpec;
use crate::domain::certificate::Certificate;
use crate::domain::health::{HealthReading, HealthReport};
use crate::domain::{Moment, PaneState, Readout, Safe, Verdict};
use crate::health::constant::Constancy;
use crate::health::debounce::Debounced;
use crate::metrics::series::Series;
use crate::metrics::window::{Percentiles, Window};

/// Charts keep this many buckets of at least [`BUCKET`].
const BUCKETS: usize = 180;
/// Sparklines advance once per bucket.
pub const BUCKET: Duration = Duration::from_secs(5);
/// The same where many services are watched: a chart that moves on is sent whole, and over a slow line that is most of
/// what a wall of charts costs. The bucket that runs shows its highest figure at once in any case.
pub const BUCKET_OF_MANY: Duration = Duration::from_secs(10);
/// So many services are many.
const MANY: usize = 8;
pub use crate::domain::health::WINDOW;
/// A certificate with fewer days left makes a service degraded.
pub const CERTIFICATE_DAYS: i64 = 30;

/// What is known of a service.
#[derive(Clone, Debug)]
pub struct ServiceState {
    /// What is asked.
    pub spec: Arc<ServiceSpec>,
    /// The newest report that could be read, and how the newest probe went.
    pub readout: Readout<HealthReport>,
    /// Verdict that shows, and the raw one beside it.
    pub debounced: Debounced,
    /// Milliseconds of each probe, with gaps.
    pub latency: Series,
    /// The same, for percentiles.
    pub window: Window,
    /// Whether each probe of the window failed, 1, or not, 0.
    outcomes: Window,
    /// It answered once, or failed as often as makes it down: its verdict is not just that of a first attempt.
    settled: bool,
    /// Of the window, once per bucket; see [`ServiceState::percentiles`].
    percentiles: Option<Percentiles>,
    percentiles_at: Option<Moment>,
    /// Latency of the newest probe that was answered.
    pub last_latency: Option<Duration>,
    /// When that was.
    measured_at: Option<Moment>,
    /// When the newest probe ended.
    probed_at: Option<Moment>,
    /// Certificate, known even where the probe failed.
    pub certificate: Option<Certificate>,
    /// Version that the body told last.
    pub version: Option<Safe>,
    /// Whether the body never changes though it claims to.
    pub constant: Constancy,
}

impl ServiceState {
    /// Nothing known yet of one of `count` services.
    #[must_use]
    pub fn new(spec: Arc<ServiceSpec>, count: usize, now: Moment) -> ServiceState {
        let bucket = if count > MANY { BUCKET_OF_MANY } else { BUCKET }.max(spec.interval * 2);
        ServiceState {
            spec,
            readout: Readout::loading(now),
            debounced: Debounced::default(),
            latency: Series::new(BUCKETS, bucket),
            window: Window::new(WINDOW),
            outcomes: Window::new(WINDOW),
            settled: false,
            percentiles: None,
            percentiles_at: None,
            last_latency: None,
            measured_at: None,
            probed_at: None,
            certificate: None,
            version: None,
            constant: Constancy::default(),
        }
    }

    /// Takes one probe. Returns the new version when it changed.
    pub fn take(&mut self, reading: HealthReading, now: Moment, next_in: Duration) -> Option<Safe> {
        let raw = reading.verdict();
        self.debounced = self.debounced.step(raw, self.spec.down_after, self.spec.up_after);
        self.settled |= matches!(raw, Verdict::Ok | Verdict::Degraded) || self.is_down();
        // Of a probe that was denied or limited nobody knows whether it would have failed.
        if raw != Verdict::Unknown {
            self.outcomes.push(now, if raw == Verdict::Down { 1.0 } else { 0.0 });
        }
        let milliseconds = reading.latency.map(|d| d.as_secs_f64() * 1000.0);
        self.latency.push(now, milliseconds);
        if let Some(ms) = milliseconds {
            self.window.push(now, ms);
            self.last_latency = reading.latency;
            self.measured_at = Some(now);
        }
        self.probed_at = Some(now);
        self.note_percentiles(now);
        if reading.certificate.is_some() {
            self.certificate = reading.certificate;
        }
        match reading.result {
            Ok(report) => {
                self.constant = self.constant.step(&report, now);
                let version = report.version.clone();
                self.readout.set(report, now);
                self.note_version(version, now)
            }
            Err(cause) => {
                self.readout.fail(cause, now, next_in);
                None
            }
        }
    }

    /// Once per bucket: figures over five minutes need not flicker each second, nor cost a line each second.
    fn note_percentiles(&mut self, now: Moment) {
        if self.percentiles_at.is_none_or(|at| now.since(at) >= BUCKET) {
            self.percentiles = self.window.percentiles(now);
            self.percentiles_at = Some(now);
        }
    }

    /// The percentiles with their age, when no probe measures any more; nothing once the window holds no sample.
    #[must_use]
    pub fn percentiles(&self, now: Moment) -> Option<(Percentiles, Option<Duration>)> {
        let age = now.since(self.measured_at?);
        let percentiles = self.percentiles.filter(|_| age <= WINDOW)?;
        let old = self.measured_at < self.probed_at || matches!(self.state(now), PaneState::Stale { .. });
        Some((percentiles, old.then_some(age)))
    }

    /// How long the newest probe took; `None` when it was not answered.
    #[must_use]
    pub fn measured(&self) -> Option<Duration> {
        self.last_latency.filter(|_| self.measured_at == self.probed_at)
    }

    /// When the newest probe ended, answered or not.
    #[must_use]
    pub fn probed_at(&self) -> Option<Moment> {
        self.probed_at
    }

    fn is_down(&self) -> bool {
        self.debounced.failures() >= self.spec.down_after.max(1)
    }

    /// While it fails and is not down yet: after how many failures in a row it will be.
    #[must_use]
    pub fn failing(&self) -> Option<u32> {
        let pending = self.debounced.raw() == Some(Verdict::Down) && !self.is_down();
        let was_down = self.settled && self.debounced.state() == Some(Verdict::Down);
        (pending && !was_down).then_some(self.spec.down_after.max(1))
    }

    /// Probes of the window that failed, and all of which that is known: percentiles know only of those that were answered.
    #[must_use]
    pub fn failed(&self, now: Moment) -> (usize, usize) {
        self.outcomes.above(now, 0.5)
    }

    fn note_version(&mut self, version: Option<Safe>, now: Moment) -> Option<Safe> {
        let version = version?;
        let before = self.version.replace(version.clone());
        let changed = before.is_some_and(|b| b != version);
        changed.then(|| {
            self.latency.mark(now, Safe::of(format!("version {version}")));
            version
        })
    }

    /// Whole days left on the certificate.
    #[must_use]
    pub fn certificate_days_left(&self, now: Moment) -> Option<i64> {
        self.certificate.as_ref().map(|c| c.days_left(now.wall))
    }

    /// The state of its reading.
    #[must_use]
    pub fn state(&self, now: Moment) -> PaneState {
        self.readout.state(now, self.spec.interval)
    }

    /// The raw verdict of the newest probe, certificate included; unknown before the first and when stale.
    #[must_use]
    pub fn raw_verdict(&self, now: Moment) -> Verdict {
        self.judged(self.debounced.raw(), now)
    }

    /// The verdict that lists show: debounced, and unknown once the data is old. A green cell never outlives its data.
    #[must_use]
    pub fn shown_verdict(&self, now: Moment) -> Verdict {
        // A first failure or two of what never answered: being checked, not known to be down.
        let state = self.debounced.state().filter(|state| self.settled || *state != Verdict::Down);
        self.judged(state, now)
    }

    fn judged(&self, verdict: Option<Verdict>, now: Moment) -> Verdict {
        if matches!(self.state(now), PaneState::Stale { .. } | PaneState::Loading { .. }) {
            return Verdict::Unknown;
        }
        let certificate = match self.certificate_days_left(now) {
            Some(days) if days < CERTIFICATE_DAYS => Verdict::Degraded,
            _ => Verdict::Ok,
        };
        verdict.unwrap_or(Verdict::Unknown).max(certificate)
    }
}
