//! The API: pggit's endpoints over a real pool, a real cache and real queries.

mod cache;
mod commits;
mod exposition;
mod fault;
mod figures;
mod health;
mod observe;
mod pool;
mod queue;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU16, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    extract::State,
    middleware,
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio::time::sleep;

use self::{
    cache::Cache,
    fault::Fault,
    figures::{Figures, Pace},
    pool::Pool,
};
use super::{
    error::DemoError,
    log_file::LogFile,
    services::{self, Lines},
    spec::{ServiceSpec, Told},
};

/// How many connections the pool keeps.
const POOL_SIZE: usize = 20;

/// All that a request may need.
#[derive(Debug)]
pub struct Api {
    started: Instant,
    started_at: f64,
    pool: Option<Pool>,
    cache: Option<Cache>,
    figures: Figures,
    pace: Pace,
    log: LogFile,
    gateway_port: AtomicU16,
    queue_depth: AtomicI64,
}

impl Api {
    fn pool(&self) -> Result<&Pool, Fault> {
        self.pool.as_ref().ok_or_else(|| Fault::unavailable("PostgreSQL is not installed here"))
    }
}

/// Serves the API.
pub async fn serve(spec: ServiceSpec, lines: Lines) -> Result<(), DemoError> {
    let api = Arc::new(Api {
        started: Instant::now(),
        started_at: chrono::Utc::now().timestamp_millis() as f64 / 1000.0,
        pool: spec.database_url.as_deref().map(|url| Pool::new(url, POOL_SIZE)).transpose()?,
        cache: spec.redis_url.as_deref().map(Cache::new).transpose()?,
        figures: Figures::default(),
        pace: Pace::default(),
        log: LogFile::open(&spec.log_path, "api")?,
        gateway_port: AtomicU16::new(spec.gateway_port),
        queue_depth: AtomicI64::new(-1),
    });
    api.log.write("INFO", "api started", json!({"pid": std::process::id()}));
    tokio::spawn(upkeep(Arc::clone(&api)));
    let router = router(Arc::clone(&api));
    services::serve(spec.port, router, lines, |line| match serde_json::from_str(line) {
        Ok(Told::GatewayAt(port)) => api.gateway_port.store(port, Relaxed),
        Err(error) => api.log.write("WARNING", &format!("unknown order: {error}"), json!({})),
    })
    .await
}

fn router(api: Arc<Api>) -> Router {
    Router::new()
        .route("/health", get(health::shallow))
        .route("/health/deep", get(health::deep))
        .route("/metrics", get(exposition::page))
        .route("/api/v1/cache/stats", get(cache::stats))
        .route("/api/v1/cache/warm", post(commits::warm))
        .route("/api/v1/traffic", get(traffic))
        .route("/api/v1/commits/search", get(commits::search))
        .route("/api/v1/commits/{id}", get(commits::one))
        .route("/api/v1/reports/activity", get(commits::activity))
        .route("/api/v1/webhooks", get(queue::webhooks))
        .route("/api/v1/webhooks/retry-pending", post(queue::retry_pending))
        .route("/api/v1/alerts", get(queue::alerts).post(queue::raise_alert))
        .layer(middleware::from_fn_with_state(Arc::clone(&api), observe::observe))
        .with_state(api)
}

/// `GET /api/v1/traffic`: requests per second over the last ones, and how many of a hundred failed.
async fn traffic(State(api): State<Arc<Api>>) -> Json<Value> {
    Json(json!({"requests_per_second": api.pace.per_second(), "errors_percent": api.pace.failed_percent()}))
}

/// Keeps the pool full and fresh, and knows how deep the queue is.
async fn upkeep(api: Arc<Api>) {
    let Some(pool) = &api.pool else { return };
    loop {
        let depth = queue::depth(pool).await.unwrap_or(-1);
        api.queue_depth.store(depth, Relaxed);
        if let Err(error) = pool.upkeep().await {
            api.log.write("WARNING", &format!("cannot open a connection for the pool: {error}"), json!({}));
        }
        sleep(Duration::from_secs(1)).await;
    }
}
