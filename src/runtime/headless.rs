//! The same program without a screen: the same sources and the same `update`, driven until everything was read twice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::adapters::operator;
use crate::app::alerts::look_once;
use crate::app::doctor::listing;
use crate::app::report::Report;
use crate::app::{Effect, Event, Model, job, update};
use crate::config::Resolved;
use crate::config::resolved::{CacheSource, CacheSpec, MetricsSpec, ServiceSpec};
use crate::doctor;
use crate::domain::Safe;
use crate::domain::source::SourceId;
use crate::engine::Output;
use crate::engine::alerts::RuleTold;

use super::clock;
use super::documents::Documents;
use super::engine_thread::EngineThread;
use super::inbox::Inbox;
use super::keeping;
use super::log_thread::LogThread;
use super::panic;
use super::watch::Watch;

/// The longest that a look takes beyond the time between its readings: a few deadlines.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between the two readings no source asks by itself: a reading in between would cut the deltas short.
const BY_ITSELF: Duration = Duration::from_secs(24 * 3600);
/// Readings of everything.
const ROUNDS: u32 = 2;
/// How often what is found while looking is scraped.
const SCRAPED: Duration = Duration::from_secs(15);
/// How long the loop sleeps at most.
const STEP: Duration = Duration::from_millis(200);

/// Reads everything twice, `sample` apart.
pub fn look(resolved: &Resolved, sample: Duration) -> std::io::Result<Report> {
    let mut driver = Driver::of_a_look(resolved, sample)?;
    driver.model.now = clock::now();
    look_once(&mut driver.model);
    Ok(Report::of(&driver.model))
}

/// The same, and then the doctor judges the files that are named and what was seen.
pub fn examine(resolved: &Resolved, sample: Duration) -> std::io::Result<doctor::Report> {
    let mut resolved = resolved.clone();
    // For this one look nothing is scraped by itself; the dashboard does it as often as that.
    let usual = resolved.metrics.iter().map(|metrics| metrics.interval).max().unwrap_or(SCRAPED);
    resolved.know.doctor.scrape.get_or_insert(usual);
    let mut driver = Driver::of_a_look(&resolved, sample)?;
    driver.model.alerts.operator = operator::identity().user;
    driver.step(Event::DoctorAsked);
    let has_looked = |d: &Driver| d.model.live.doctor.looked.last().is_some();
    driver.pump(Instant::now() + PATIENCE, has_looked);
    driver.model.now = clock::now();
    let mut report = listing::report(&driver.model);
    if !has_looked(&driver) {
        report.left.push(Safe::of(format!("the files: they were not read within {} s", PATIENCE.as_secs())));
    }
    Ok(report)
}

impl Driver {
    /// Everything was read twice.
    fn of_a_look(resolved: &Resolved, sample: Duration) -> std::io::Result<Driver> {
        panic::install().map_err(std::io::Error::other)?;
        let resolved = read_when_told(resolved.clone(), sample);
        let inbox = Arc::new(Inbox::default());
        let watch = Watch::start(Arc::clone(&inbox))?;
        let logs = LogThread::start(&resolved.logs, Arc::clone(&inbox))?;
        let model = Model::new(&resolved, clock::now(), clock::local_offset());
        let engine = EngineThread::start(&resolved, ROUNDS, Arc::clone(&inbox))?;
        let rules = !resolved.know.rules.is_empty();
        let documents = Documents::new(&resolved.know, Arc::clone(&inbox));
        let (arrived, scraped) = (BTreeMap::new(), BTreeMap::new());
        let mut driver = Driver { model, watch, inbox, engine, documents, arrived, scraped };
        driver.take_up(&resolved);
        for (at, spec) in resolved.metrics.iter().enumerate() {
            driver.watch.metrics(at, spec, driver.engine.pages());
        }
        driver.watch.begin(&resolved);
        driver.watch.judge_rules(&mut driver.engine);
        let begun = Instant::now();
        driver.pump(begun + PATIENCE, |d| {
            d.model.discovering == 0 && d.everything_arrived(1) && d.everything_scraped(1) && d.logs_told()
        });
        driver.pump(Instant::now() + sample, |_| false);
        let before = driver.arrived.clone();
        driver.watch.refresh_all();
        let again = |d: &Driver| {
            d.arrived.iter().all(|(id, n)| before.get(id).is_none_or(|was| n > was))
                && d.everything_scraped(ROUNDS)
                && (!rules || d.is_evaluated())
        };
        driver.pump(Instant::now() + PATIENCE, again);
        drop(logs);
        Ok(driver)
    }
}

/// Sources that are read only when they are told, and then read everything that they have.
fn read_when_told(mut resolved: Resolved, sample: Duration) -> Resolved {
    resolved.services.iter_mut().for_each(|s| s.interval = BY_ITSELF);
    resolved.signals.iter_mut().for_each(|s| s.interval = BY_ITSELF);
    resolved.metrics.iter_mut().for_each(|m| m.interval = BY_ITSELF);
    let engines = [&mut resolved.know.prometheus, &mut resolved.know.alertmanager];
    engines.into_iter().flatten().for_each(|engine| engine.interval = BY_ITSELF);
    // What one look sees begins nothing and ends nothing; what is kept says how long it has been so.
    resolved.know.keeps = false;
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
    engine: EngineThread,
    documents: Documents,
    arrived: BTreeMap<SourceId, u32>,
    scraped: BTreeMap<usize, u32>,
}

impl Driver {
    /// Since when thresholds are past is taken from what the windows of this user keep: one look sees no time pass.
    fn take_up(&mut self, resolved: &Resolved) {
        let kept = match keeping::look(resolved.actions.audit.clone(), &resolved.name) {
            Ok(kept) => kept.map(Box::new),
            Err(why) => {
                tracing::warn!("{why}");
                None
            }
        };
        self.step(Event::AlertsKept { kept, trouble: None, operator: Safe::default() });
    }

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
        if let Event::EngineTold(outputs) = &event {
            for output in outputs {
                if let Output::Target { target, .. } = output {
                    *self.scraped.entry(*target).or_default() += 1;
                }
            }
        }
        for effect in update(&mut self.model, event, clock::now()) {
            match effect {
                Effect::WatchService(id, spec) => {
                    self.watch.service(id, &ServiceSpec { interval: BY_ITSELF, ..ServiceSpec::clone(&spec) });
                }
                Effect::WatchCache(id, spec) => {
                    self.watch.cache(id, &CacheSpec { interval: BY_ITSELF, ..CacheSpec::clone(&spec) });
                }
                Effect::WatchMetrics(at, spec) => {
                    let spec = MetricsSpec { interval: BY_ITSELF, ..MetricsSpec::clone(&spec) };
                    self.engine.found(&spec);
                    self.watch.metrics(at, &spec, self.engine.pages());
                }
                Effect::Compute(job) => self.step(Event::JobFinished(Box::new(job::run(job)))),
                Effect::ReadDocuments { id, programs } => self.documents.read(id, programs),
                Effect::AskEngine { id, question } => self.engine.ask(id, question),
                Effect::AskServer { id, question } => self.watch.ask_server(id, question),
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
        let engines = usize::from(live.prometheus.is_some()) + usize::from(live.alertmanager.is_some());
        let expected = live.services.len() + live.databases.len() + live.caches.len() + own.count() + engines;
        self.arrived.values().filter(|n| **n >= times).count() >= expected
    }

    fn everything_scraped(&self, times: u32) -> bool {
        self.scraped.values().filter(|n| **n >= times).count() >= self.model.live.metrics.targets.len()
    }

    /// All rules were evaluated, or there are none in force.
    fn is_evaluated(&self) -> bool {
        let alerts = self.model.live.metrics.alerts.as_ref();
        alerts.is_some_and(|told| told.rules.iter().all(RuleTold::is_evaluated))
    }

    fn logs_told(&self) -> bool {
        self.model.live.logs.states.iter().all(|s| s.value().is_some() || s.cause().is_some())
    }
}
