//! From what is resolved to running sources: each gets its reader and its task. Clients are shared.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use crate::adapters::alertmanager::Alertmanager;
use crate::adapters::command::CommandSignal;
use crate::adapters::endpoint::{CacheEndpoint, JsonEndpoint};
use crate::adapters::host::HostSignal;
use crate::adapters::http::client::HttpClients;
use crate::adapters::http::discovery::{Discovery, discover};
use crate::adapters::http::probe::HealthProbe;
use crate::adapters::postgres::{Kin, PostgresSource};
use crate::adapters::prometheus::Prometheus;
use crate::adapters::redis::RedisSource;
use crate::adapters::scrape::Scrape;
use crate::app::Event;
use crate::app::event::Discovered;
use crate::config::resolved::{
    CacheSource, CacheSpec, DatabaseSpec, DatabaseTarget, EngineSpec, MetricsSpec, OriginSpec, RedisTarget,
    ServiceSpec, SignalSource, SignalSpec,
};
use crate::config::{Resolved, discovered};
use crate::domain::source::{SourceId, SourceKind};
use crate::domain::{Cause, Safe};
use crate::engine::{Output, Question};
use crate::remediation::backup::Scratch;

use super::clock;
use super::database_orders::DatabaseOrder;
use super::engine_thread::{EngineThread, Pages};
use super::inbox::Inbox;
use super::io_thread::IoThread;
use super::judging::Judging;
use super::scraping::Scraping;
use super::sources::{Reader, Source};

/// All sources that run.
pub struct Watch {
    io: IoThread,
    inbox: Arc<Inbox>,
    clients: HttpClients,
    refresh: watch::Sender<u64>,
    databases: Vec<mpsc::Sender<DatabaseOrder>>,
    /// What each database of the configuration is, for a connection of one's own.
    specs: Vec<DatabaseSpec>,
    /// Servers that only backups name.
    scratch: Vec<DatabaseTarget>,
    /// Where each cache of the configuration is, if it is a Redis.
    redis: Vec<Option<RedisTarget>>,
    /// The server with Prometheus' query API.
    server: Option<Arc<Prometheus>>,
    started: Instant,
    /// Whose sessions are no other operator's.
    kin: Kin,
}

/// Orders that wait for one database at most.
const ORDERS: usize = 16;

impl Watch {
    /// Starts the worker; nothing is watched yet.
    pub fn start(inbox: Arc<Inbox>) -> std::io::Result<Watch> {
        let (refresh, _) = watch::channel(0);
        Ok(Watch {
            io: IoThread::start()?,
            inbox,
            clients: HttpClients::new(),
            refresh,
            databases: Vec::new(),
            specs: Vec::new(),
            scratch: Vec::new(),
            redis: Vec::new(),
            server: None,
            started: Instant::now(),
            kin: Kin::default(),
        })
    }

    /// The worker, for tasks of the runtime's own.
    #[must_use]
    pub fn io(&self) -> &IoThread {
        &self.io
    }

    /// Watches everything that is resolved, and looks around at bare origins.
    pub fn begin(&mut self, resolved: &Resolved) {
        self.begin_only(resolved, |_| true);
        for (at, origin) in resolved.origins.iter().enumerate() {
            self.origin(at, origin.clone());
        }
    }

    /// Watches only what is needed, and looks around nowhere. What is left out keeps its place in the order.
    pub fn begin_only(&mut self, resolved: &Resolved, needed: impl Fn(SourceId) -> bool) {
        let spared = (&*resolved.actions.except_users, &*resolved.actions.except_applications);
        let wanted = |kind, at| Some(SourceId::new(kind, at)).filter(|id| needed(*id));
        for (at, spec) in resolved.services.iter().enumerate() {
            if let Some(id) = wanted(SourceKind::Service, at) {
                self.service(id, spec);
            }
        }
        self.specs.clone_from(&resolved.databases);
        self.scratch.clone_from(&resolved.actions.scratch_servers);
        for (at, spec) in resolved.databases.iter().enumerate() {
            match wanted(SourceKind::Database, at) {
                Some(id) => self.database(id, spec, spared),
                None => self.databases.push(mpsc::channel(1).0),
            }
        }
        for (at, spec) in resolved.caches.iter().enumerate() {
            self.redis.push(match &spec.source {
                CacheSource::Redis { target, .. } => Some(target.clone()),
                CacheSource::Endpoint { .. } => None,
            });
            if let Some(id) = wanted(SourceKind::Cache, at) {
                self.cache(id, spec);
            }
        }
        for (at, spec) in resolved.signals.iter().enumerate() {
            if let Some(id) = wanted(SourceKind::Signal, at) {
                self.signal(id, spec);
            }
        }
        self.server = resolved.know.prometheus.clone().map(|spec| Arc::new(Prometheus::new(spec, &self.clients)));
        if let (Some(server), Some(spec), Some(id)) =
            (&self.server, &resolved.know.prometheus, wanted(SourceKind::Prometheus, 0))
        {
            self.engine(id, Reader::Prometheus(Arc::clone(server)), spec);
        }
        if let (Some(spec), Some(id)) = (&resolved.know.alertmanager, wanted(SourceKind::Alertmanager, 0)) {
            self.engine(id, Reader::Alertmanager(Box::new(Alertmanager::new(spec.clone(), &self.clients))), spec);
        }
    }

    /// Gives an order to a database; `false` when it has too many, or there is none.
    #[must_use]
    pub fn order(&self, database: usize, order: DatabaseOrder) -> bool {
        self.databases.get(database).is_some_and(|sender| sender.try_send(order).is_ok())
    }

    /// Where orders to a database go, for whoever gives several.
    #[must_use]
    pub fn orders(&self, database: usize) -> Option<mpsc::Sender<DatabaseOrder>> {
        self.databases.get(database).cloned()
    }

    /// Sessions of this program.
    #[must_use]
    pub fn kin(&self) -> Kin {
        self.kin.clone()
    }

    /// A second connection to a database, not opened yet; it reads nothing by itself.
    #[must_use]
    pub fn own_source(&self, database: usize) -> Option<PostgresSource> {
        let bare = |spec: &DatabaseSpec| DatabaseSpec { scalars: Vec::new(), ..spec.clone() };
        self.specs.get(database).map(|spec| PostgresSource::new(bare(spec)).among(&self.kin))
    }

    /// The server where a backup may be restored.
    #[must_use]
    pub fn scratch(&self, scratch: Scratch) -> Option<DatabaseSpec> {
        match scratch {
            Scratch::Watched(at) => self.specs.get(at).cloned(),
            Scratch::Declared(at) => self.scratch.get(at).cloned().map(DatabaseSpec::bare),
        }
    }

    /// Where a cache of the configuration is, if it is a Redis.
    #[must_use]
    pub fn redis(&self, cache: usize) -> Option<RedisTarget> {
        self.redis.get(cache).cloned().flatten()
    }

    /// The clients that ask over HTTP.
    #[must_use]
    pub fn clients(&self) -> &HttpClients {
        &self.clients
    }

    /// Reads every source now.
    pub fn refresh_all(&self) {
        self.refresh.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Watches a service.
    pub fn service(&self, id: SourceId, spec: &ServiceSpec) {
        let reader = Reader::Health(Box::new(HealthProbe::new(spec.clone(), &self.clients)));
        self.run(Source { id, reader, interval: spec.interval, deadline: spec.deadline, orders: None });
    }

    fn database(&mut self, id: SourceId, spec: &DatabaseSpec, (users, applications): (&[String], &[String])) {
        let source = PostgresSource::new(spec.clone()).sparing(users, applications).among(&self.kin);
        let reader = Reader::Database(Box::new(source));
        let (sender, orders) = mpsc::channel(ORDERS);
        self.databases.push(sender);
        self.run(Source { id, reader, interval: spec.interval, deadline: spec.deadline, orders: Some(orders) });
    }

    /// Watches a cache.
    pub fn cache(&self, id: SourceId, spec: &CacheSpec) {
        let reader = match &spec.source {
            CacheSource::Redis { target, scalars } => {
                Reader::Redis(Box::new(RedisSource::new(target.clone(), scalars.clone())))
            }
            endpoint @ CacheSource::Endpoint { .. } => {
                match CacheEndpoint::new(endpoint, &self.clients, spec.deadline) {
                    Some(endpoint) => Reader::CacheEndpoint(Box::new(endpoint)),
                    None => Reader::Broken(Cause::Misconfigured(Safe::of("no pointer to a figure is given"))),
                }
            }
        };
        self.run(Source { id, reader, interval: spec.interval, deadline: spec.deadline, orders: None });
    }

    /// Scrapes an endpoint; its pages go to the engine.
    pub fn metrics(&self, target: usize, spec: &MetricsSpec, pages: Pages) {
        let scraping = Scraping::new(target, spec, Scrape::new(spec.clone(), &self.clients), pages);
        self.io.spawn(scraping.run(self.refresh.subscribe(), self.started));
    }

    /// Asks the server what the rules of the engine need, where there is one.
    pub fn judge_rules(&self, engine: &mut EngineThread) {
        if let (Some(server), Some(asks)) = (&self.server, engine.asks()) {
            self.io.spawn(Judging::new(Arc::clone(server), engine.pages()).run(asks));
        }
    }

    fn engine(&self, id: SourceId, reader: Reader, spec: &EngineSpec) {
        self.run(Source { id, reader, interval: spec.interval, deadline: spec.deadline, orders: None });
    }

    /// Asks the server with Prometheus' query API; the answer comes as if the engine gave it.
    pub fn ask_server(&self, id: u64, question: Question) {
        let Some(server) = self.server.clone() else { return };
        let inbox = Arc::clone(&self.inbox);
        self.io.spawn(async move {
            let answer = server.ask(&question, clock::now().wall.timestamp_millis()).await;
            let answer = answer.map_err(|cause| Safe::of(format!("the server does not tell: {cause}")));
            inbox.tell_engine(vec![Output::Answered { id, answer }]);
        });
    }

    fn signal(&self, id: SourceId, spec: &SignalSpec) {
        let reader = match &spec.source {
            // Carried by the connection of a database or a cache.
            SignalSource::Database { .. } | SignalSource::Redis { .. } => return,
            SignalSource::Endpoint { request, pointer } => {
                let endpoint = JsonEndpoint::new(request.clone(), &self.clients, spec.deadline);
                Reader::Endpoint(Box::new(endpoint), pointer.clone())
            }
            SignalSource::Command { argv } => {
                Reader::Command(CommandSignal::new(argv.clone()).in_unit(spec.unit.clone()))
            }
            host => Reader::Host(HostSignal::new(host.clone())),
        };
        self.run(Source { id, reader, interval: spec.interval, deadline: spec.deadline, orders: None });
    }

    fn run(&self, source: Source) {
        self.io.spawn(source.run(Arc::clone(&self.inbox), self.refresh.subscribe(), self.started));
    }

    fn origin(&self, at: usize, origin: OriginSpec) {
        let (clients, inbox) = (self.clients.clone(), Arc::clone(&self.inbox));
        self.io.spawn(async move {
            let begun = Instant::now();
            let found = discover(&clients, &origin.url).await;
            inbox.tell(Event::OriginDiscovered(Box::new(told(at, &origin, found, begun.elapsed()))));
        });
    }
}

/// What was found, as things to watch and in words.
fn told(at: usize, origin: &OriginSpec, found: Discovery, took: Duration) -> Discovered {
    let mut told = vec![Safe::of(format!("discovery at {}, {} ms", origin.url, took.as_millis()))];
    if let Some(cause) = &found.unreachable {
        told.push(Safe::of(format!("  nobody answers there: {cause}")));
    }
    if found.answers_everything {
        told.push(Safe::of("  it answers any path alike; what looks like that answer was not taken for a find"));
    }
    for asked in &found.asked {
        let mark = if asked.found { "+" } else { " " };
        told.push(Safe::of(format!("  {mark} {:<28} {}", asked.path, asked.answer)));
    }
    if found.metrics.is_some() {
        told.push(Safe::of("  metrics are there, and scraped from now on"));
    }
    let mut services: Vec<ServiceSpec> =
        found.services.into_iter().map(|f| discovered::service(origin, f.url, f.pace, false)).collect();
    if let (Some(_), true) = (&found.unreachable, services.is_empty()) {
        // An origin that is down stays on the screen as down; it is not forgotten.
        services.push(discovered::service(origin, origin.url.clone(), crate::config::candidates::Pace::Often, false));
    }
    Discovered {
        origin: at,
        services,
        caches: found.cache.map(|c| discovered::cache(origin, c)).into_iter().collect(),
        metrics: found.metrics.map(|url| discovered::metrics(origin, url)).into_iter().collect(),
        told,
    }
}
