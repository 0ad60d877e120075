//! The cache in front of the database: real Redis entries, true counters of hits and misses.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use axum::{Json, extract::State};
use redis::{Client, aio::MultiplexedConnection};
use serde_json::{Value, json};
use tokio::{sync::Mutex, time::timeout};

use super::{Api, figures::Recent};
use crate::demo::{
    error::{DemoError, Doing},
    scenario::TTL_KEY,
};

/// How long an entry lives when nobody says otherwise.
const TTL: u64 = 240;
/// What stands at the key when nobody says otherwise. It stands there always: looking up a key that is not there would count as
/// a miss of the server, once for every entry that is put in.
const NOBODY_SAYS: u64 = 0;

/// The cache.
#[derive(Debug)]
pub struct Cache {
    client: Client,
    connection: Mutex<Option<MultiplexedConnection>>,
    /// Look-ups that found an entry.
    pub hits: AtomicU64,
    /// Look-ups that found none.
    pub misses: AtomicU64,
    recent: Recent,
}

impl Cache {
    /// Not connected yet.
    pub fn new(url: &str) -> Result<Self, DemoError> {
        Ok(Self {
            client: Client::open(url).doing("read the cache's address")?,
            connection: Mutex::new(None),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            recent: Recent::default(),
        })
    }

    async fn connection(&self) -> Result<MultiplexedConnection, DemoError> {
        let mut kept = self.connection.lock().await;
        if let Some(connection) = &*kept {
            return Ok(connection.clone());
        }
        let connected = timeout(Duration::from_secs(2), self.client.get_multiplexed_async_connection()).await;
        let connection = connected.doing("reach the cache within 2 s")?.doing("reach the cache")?;
        Ok(kept.insert(connection).clone())
    }

    async fn run<T: redis::FromRedisValue>(&self, pipeline: &redis::Pipeline) -> Result<T, DemoError> {
        let mut connection = self.connection().await?;
        let began = Instant::now();
        let answered = timeout(Duration::from_secs(2), pipeline.query_async(&mut connection)).await;
        self.recent.record(began.elapsed());
        match answered {
            Ok(Ok(value)) => Ok(value),
            failed => {
                *self.connection.lock().await = None;
                failed.doing("ask the cache within 2 s")?.doing("ask the cache")
            }
        }
    }

    /// Looks an entry up; a cache that does not answer is a miss.
    pub async fn get(&self, key: &str) -> Option<String> {
        let found: Result<(Option<String>,), _> = self.run(redis::pipe().cmd("GET").arg(key)).await;
        let value = found.ok().and_then(|(value,)| value);
        let counter = if value.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Relaxed);
        value
    }

    /// Puts entries in, for as long as the configured time to live says; spread, so that they do not end together.
    pub async fn put(&self, entries: &[(String, String)]) -> Result<(), DemoError> {
        let (told,): (Option<u64>,) = self.run(redis::pipe().cmd("GET").arg(TTL_KEY)).await?;
        let mut pipeline = redis::pipe();
        if told.is_none() {
            pipeline.cmd("SET").arg(TTL_KEY).arg(NOBODY_SAYS).ignore();
        }
        for (at, (key, value)) in entries.iter().enumerate() {
            let spread = (at as u64 * 7 + key.len() as u64 * 13) % 120;
            let ttl = told.filter(|seconds| *seconds != NOBODY_SAYS).unwrap_or(TTL + spread);
            pipeline.cmd("SET").arg(key).arg(value).arg("EX").arg(ttl).ignore();
        }
        self.run(&pipeline).await
    }

    /// Back to the built-in time to live.
    pub async fn restore_ttl(&self) -> Result<(), DemoError> {
        self.run(redis::pipe().cmd("SET").arg(TTL_KEY).arg(NOBODY_SAYS).ignore()).await
    }

    /// Whether it answers, and how fast in milliseconds.
    pub async fn ping(&self) -> Result<f64, DemoError> {
        let began = Instant::now();
        let (_,): (String,) = self.run(redis::pipe().cmd("PING")).await?;
        Ok(crate::demo::services::gateway::milliseconds(began))
    }

    async fn size(&self) -> Result<u64, DemoError> {
        let (size,): (u64,) = self.run(redis::pipe().cmd("DBSIZE")).await?;
        Ok(size)
    }
}

/// `GET /api/v1/cache/stats`.
pub async fn stats(State(api): State<Arc<Api>>) -> Json<Value> {
    let Some(cache) = &api.cache else {
        return Json(json!({"enabled": false, "hit_rate": null, "cache_stats": null}));
    };
    let (hits, misses) = (cache.hits.load(Relaxed), cache.misses.load(Relaxed));
    let total = hits + misses;
    Json(json!({
        "enabled": true,
        "hit_rate": (total > 0).then(|| hits as f64 / total as f64),
        "cache_stats": {
            "hits": hits,
            "misses": misses,
            "size": cache.size().await.ok(),
            "p50_ms": cache.recent.percentile(50),
            "p99_ms": cache.recent.percentile(99),
        },
    }))
}
