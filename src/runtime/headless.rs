//! The same program without a screen: the same sources and the same `update`, driven until everything was read twice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::app::alerts::look_once;
use crate::app::report::Report;
use crate::app::{Effect, Event, Model, job, update};
use crate::config::Resolved;
use crate::config::resolved::{CacheSource, CacheSpec, ServiceSpec};
use crate::domain::source::SourceId;

use super::clock;
use super::inbox::Inbox;
use super::log_thread::LogThread;
use super::panic;
use super::watch::Watch;

/// The longest that a look takes beyond the time between its readings: a few deadlines.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between the two readings no source asks by itself: a reading in between would cut the deltas short.
const BY_ITSELF: Duration = Duration::from_secs(24 * 3600);
/// How long the loop sleeps at most.
const STEP: Duration = Duration::from_millis(200);

/// Reads everything twice, `sample` apart.
pub fn look(resolved: &Resolved, sample: Duration) -> std::io::Result<Report> {
    panic::install().map_err(std::io::Error::other)?;
    let resolved = read_when_told(resolved.clone(), sample);
    let inbox = Arc::new(Inbox::default());
    let watch = Watch::start(Arc::clone(&inbox))?;
    let logs = LogThread::start(&resolved.logs, Arc::clone(&inbox))?;
    let model = Model::new(&resolved, clock::now(), clock::local_offset());
    let mut driver = Driver { model, watch, inbox, arrived: BTreeMap::new() };
    driver.watch.begin(&resolved);
    let begun = Instant::now();
    driver.pump(begun + PATIENCE, |d| d.model.discovering == 0 && d.everything_arrived(1) && d.logs_told());
    driver.pump(Instant::now() + sample, |_| false);
    let before = driver.arrived.clone();
    driver.watch.refresh_all();
    let again = |d: &Driver| d.arrived.iter().all(|(id, n)| before.get(id).is_none_or(|was| n > was));
    driver.pump(Instant::now() + PATIENCE, again);
    drop(logs);
    driver.model.now = clock::now();
    look_once(&mut driver.model);
    Ok(Report::of(&driver.model))
}

/// Sources that are read only when they are told, and then read everything that they have.
fn read_when_told(mut resolved: Resolved, sample: Duration) -> Resolved {
    resolved.services.iter_mut().for_each(|s| s.interval = BY_ITSELF);
    resolved.signals.iter_mut().for_each(|s| s.interval = BY_ITSELF);
    for database in &mut resolved.databases {
        database.interval = BY_ITSELF;
        database.statements_interval = sample / 2;
        for scalar in &mut database.scalars {
            scalar.interval = sample / 2;
        }
    }
    for cache in &mut resolved.caches {
        cache.interval = BY_ITSELF;
        if let CacheSource::Redis { scalars, .. } = &mut cache.source {
            for scalar in scalars {
                scalar.interval = sample / 2;
            }
        }
    }
    resolved
}

struct Driver {
    model: Model,
    watch: Watch,
    inbox: Arc<Inbox>,
    arrived: BTreeMap<SourceId, u32>,
}

impl Driver {
    /// Takes what comes until it is enough, or the time is over.
    fn pump(&mut self, until: Instant, enough: impl Fn(&Driver) -> bool) {
        while !enough(self) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            for event in self.inbox.take_all(left.min(STEP)) {
                self.step(event);
            }
        }
    }

    fn step(&mut self, event: Event) {
        if let Event::ReadingArrived(arrival) = &event {
            *self.arrived.entry(arrival.source).or_default() += 1;
        }
        for effect in update(&mut self.model, event, clock::now()) {
            match effect {
                Effect::WatchService(id, spec) => {
                    self.watch.service(id, &ServiceSpec { interval: BY_ITSELF, ..ServiceSpec::clone(&spec) });
                }
                Effect::WatchCache(id, spec) => {
                    self.watch.cache(id, &CacheSpec { interval: BY_ITSELF, ..CacheSpec::clone(&spec) });
                }
                Effect::Compute(job) => self.step(Event::JobFinished(Box::new(job::run(job)))),
                // What concerns a screen has no meaning here.
                _ => {}
            }
        }
    }

    fn everything_arrived(&self, times: u32) -> bool {
        use crate::config::resolved::SignalSource;
        let live = &self.model.live;
        let own = live
            .signals
            .iter()
            .filter(|s| !matches!(s.spec.source, SignalSource::Database { .. } | SignalSource::Redis { .. }));
        let expected = live.services.len() + live.databases.len() + live.caches.len() + own.count();
        self.arrived.values().filter(|n| **n >= times).count() >= expected
    }

    fn logs_told(&self) -> bool {
        self.model.live.logs.states.iter().all(|s| s.value().is_some() || s.cause().is_some())
    }
}
