//! `/health` and `/health/deep`: what was measured just now, never a constant.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Instant,
};

use axum::{Json, extract::State, http::StatusCode};
use chrono::{SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{Api, fault::Fault};
use crate::demo::services::gateway::milliseconds;

const VERSION: &str = "1.4.2";
/// From here on the queue is said to be too deep.
const DEEP: i64 = 1000;

fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// `GET /health`: the process answers.
pub async fn shallow(State(api): State<Arc<Api>>) -> Json<Value> {
    Json(json!({
        "status": "healthy",
        "version": VERSION,
        "timestamp": now(),
        "pid": std::process::id(),
        "uptime_seconds": api.started.elapsed().as_secs(),
    }))
}

/// `GET /health/deep`: the database, the cache and the queue answer.
pub async fn deep(State(api): State<Arc<Api>>) -> (StatusCode, Json<Value>) {
    let (database, cache) = tokio::join!(database(&api), cache(&api));
    let queue = queue(&api);
    let worst = |word: &str| [&database, &cache, &queue].iter().any(|check| check["status"] == word);
    let down = database["status"] == "unhealthy";
    let status = if down {
        "unhealthy"
    } else if worst("unhealthy") || worst("degraded") {
        "degraded"
    } else {
        "healthy"
    };
    let body = json!({
        "status": status,
        "version": VERSION,
        "timestamp": now(),
        "checks": {"database": database, "cache": cache, "queue": queue},
    });
    (if down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }, Json(body))
}

async fn database(api: &Api) -> Value {
    let Some(pool) = &api.pool else { return json!({"status": "disabled"}) };
    let began = Instant::now();
    let answered: Result<(), Fault> = async {
        pool.acquire().await?.query_typed_one("SELECT 1", &[]).await?;
        Ok(())
    }
    .await;
    let figures = json!({"size": pool.size(), "available": pool.available(), "in_use": pool.in_use()});
    match answered {
        Ok(()) => json!({"status": "healthy", "latency_ms": milliseconds(began), "pool": figures}),
        Err(fault) => json!({"status": "unhealthy", "error": fault.message, "pool": figures}),
    }
}

async fn cache(api: &Api) -> Value {
    let Some(cache) = &api.cache else { return json!({"status": "disabled"}) };
    match cache.ping().await {
        Ok(latency) => json!({"status": "healthy", "latency_ms": latency}),
        Err(error) => json!({"status": "unhealthy", "error": error.to_string()}),
    }
}

fn queue(api: &Api) -> Value {
    match api.queue_depth.load(Relaxed) {
        _ if api.pool.is_none() => json!({"status": "disabled"}),
        depth if depth < 0 => json!({"status": "unknown"}),
        depth if depth > DEEP => json!({"status": "degraded", "depth": depth}),
        depth => json!({"status": "healthy", "depth": depth}),
    }
}
