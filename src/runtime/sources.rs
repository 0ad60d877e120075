//! One task per source: wait for its slot, read within its deadline, tell what came, wait again. A source never
//! overlaps itself; failures wait longer and longer; a refresh ends any wait.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use crate::adapters::alertmanager::Alertmanager;
use crate::adapters::command::CommandSignal;
use crate::adapters::endpoint::{CacheEndpoint, JsonEndpoint, figure_at};
use crate::adapters::host::HostSignal;
use crate::adapters::http::probe::HealthProbe;
use crate::adapters::postgres::PostgresSource;
use crate::adapters::prometheus::Prometheus;
use crate::adapters::redis::RedisSource;
use crate::domain::arrival::Reading;
use crate::domain::backoff::{self, Schedule};
use crate::domain::cause::Phase;
use crate::domain::source::SourceId;
use crate::domain::{Arrival, Cause};

use super::clock;
use super::database_orders::{self, DatabaseOrder};
use super::inbox::Inbox;
use super::pace;

/// What a task reads from.
pub enum Reader {
    /// A service.
    Health(Box<HealthProbe>),
    /// PostgreSQL.
    Database(Box<PostgresSource>),
    /// A cache behind an endpoint.
    CacheEndpoint(Box<CacheEndpoint>),
    /// Redis.
    Redis(Box<RedisSource>),
    /// A figure in a JSON endpoint.
    Endpoint(Box<JsonEndpoint>, String),
    /// A number that a program prints.
    Command(CommandSignal),
    /// Disk, memory, load of this host.
    Host(HostSignal),
    /// The rules of a server with Prometheus' query API.
    Prometheus(Arc<Prometheus>),
    /// An Alertmanager.
    Alertmanager(Box<Alertmanager>),
    /// It cannot even be tried.
    Broken(Cause),
}

/// A source with its schedule.
pub struct Source {
    /// Which.
    pub id: SourceId,
    /// What it reads from.
    pub reader: Reader,
    /// Pause between readings.
    pub interval: Duration,
    /// Deadline of one reading.
    pub deadline: Duration,
    /// What else is to be done over the connection of a database.
    pub orders: Option<mpsc::Receiver<DatabaseOrder>>,
}

impl Source {
    /// Reads for ever. `refresh` changes when a person wants everything read now.
    pub async fn run(mut self, inbox: Arc<Inbox>, mut refresh: watch::Receiver<u64>, started: Instant) {
        let phase = pace::phase(self.id.at(), self.interval);
        let mut schedule = Schedule::new(self.interval, self.reader.longest_pause());
        loop {
            // One that came while the last pause ended is obeyed too.
            if refresh.has_changed().unwrap_or(false) {
                self.reader.hasten();
            }
            refresh.mark_unchanged();
            let begun = Instant::now();
            let at = clock::now();
            #[cfg(debug_assertions)]
            super::fault::reached("source");
            let outcome = self.reader.read(self.deadline).await;
            let failures = schedule.failures();
            let cause = failed(&outcome);
            match cause {
                Some(cause) if failures == 0 => tracing::warn!("{:?} {}: {cause}", self.id.kind, self.id.index),
                None if failures > 0 => {
                    tracing::info!("{:?} {}: answers again after {failures} attempts", self.id.kind, self.id.index);
                }
                _ => {}
            }
            let pause = schedule.after(cause, chance());
            let next = pace::next(begun.duration_since(started), pause, phase);
            let next_in = next.saturating_sub(started.elapsed());
            inbox.post(Arrival { source: self.id, outcome, took: begun.elapsed(), begun: at, next_in });
            let until = tokio::time::Instant::now() + next_in;
            loop {
                tokio::select! {
                    () = tokio::time::sleep_until(until) => break,
                    asked = refresh.changed() => {
                        if asked.is_err() {
                            return;
                        }
                        self.reader.hasten();
                        break;
                    }
                    order = next_order(&mut self.orders) => {
                        // What an order changed is read at once: fresh evidence.
                        if self.reader.obey(order, &inbox).await {
                            break;
                        }
                    }
                }
            }
        }
    }
}

/// The next order; none ever comes where nobody can give one.
async fn next_order(orders: &mut Option<mpsc::Receiver<DatabaseOrder>>) -> DatabaseOrder {
    loop {
        match orders {
            Some(open) => match open.recv().await {
                Some(order) => return order,
                None => *orders = None,
            },
            None => std::future::pending().await,
        }
    }
}

/// The cause that slows a source down. A service that answers "I am down" is asked at its ordinary pace: only targets
/// that cannot be reached, limit us or deny us are left alone for longer.
fn failed(outcome: &Result<Reading, Cause>) -> Option<&Cause> {
    match outcome {
        Err(cause) => Some(cause),
        Ok(Reading::Health(reading)) => reading.result.as_ref().err(),
        Ok(_) => None,
    }
}

impl Reader {
    /// After failures it is asked more and more rarely, up to this.
    fn longest_pause(&self) -> Duration {
        if matches!(self, Reader::Health(_)) { backoff::PROBE_CAP } else { backoff::CAP }
    }

    /// Carries an order out; whether something may have changed by it.
    async fn obey(&mut self, order: DatabaseOrder, inbox: &Inbox) -> bool {
        match self {
            Reader::Database(source) => database_orders::obey(source, order, inbox).await,
            _ => false,
        }
    }

    /// Everything is wanted now, also what a connection carries at a pace of its own.
    fn hasten(&mut self) {
        match self {
            Reader::Database(source) => source.hasten(),
            Reader::Redis(source) => source.hasten(),
            _ => {}
        }
    }

    async fn read(&mut self, deadline: Duration) -> Result<Reading, Cause> {
        match self {
            Reader::Health(probe) => Ok(Reading::Health(Box::new(probe.read().await))),
            Reader::Database(source) => source.read(deadline).await.map(|r| Reading::Database(Box::new(r))),
            Reader::CacheEndpoint(endpoint) => endpoint.read().await.map(|r| Reading::Cache(Box::new(r))),
            Reader::Redis(source) => source.read(deadline).await.map(|r| Reading::Cache(Box::new(r))),
            Reader::Endpoint(endpoint, pointer) => {
                endpoint.read().await.and_then(|value| figure_at(&value, pointer)).map(Reading::Signal)
            }
            Reader::Command(command) => command.read(deadline).await.map(Reading::Signal),
            Reader::Host(host) => read_host(host.clone(), deadline).await.map(Reading::Signal),
            Reader::Prometheus(server) => server.read(deadline).await.map(|r| Reading::Served(Box::new(r))),
            Reader::Alertmanager(manager) => manager.read(deadline).await.map(|r| Reading::Routed(Box::new(r))),
            Reader::Broken(cause) => Err(cause.clone()),
        }
    }
}

/// A file system that hangs must not hang the worker: it is asked on the blocking pool, within the deadline.
async fn read_host(host: HostSignal, deadline: Duration) -> Result<crate::domain::signal::SignalValue, Cause> {
    match tokio::time::timeout(deadline, tokio::task::spawn_blocking(move || host.read())).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(stopped)) => Err(Cause::Other(stopped.to_string().into())),
        Err(_elapsed) => Err(Cause::Timeout { phase: Phase::Whole, after: deadline }),
    }
}

/// A number in 0..1 for spreading retries; its quality does not matter.
pub fn chance() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    (RandomState::new().hash_one(0u8) >> 11) as f64 / (1u64 << 53) as f64
}
