//! The gateway: takes deliveries, answers look-ups, and is degraded, since nobody listens at its upstream in Europe.

use std::{sync::Arc, time::Instant};

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::Lines;
use crate::demo::{error::DemoError, spec::ServiceSpec};

/// A port that is reserved and where nobody listens: the upstream that fails.
const DEAD_UPSTREAM: u16 = 1;

/// Serves the gateway.
pub async fn serve(spec: ServiceSpec, lines: Lines) -> Result<(), DemoError> {
    let router = Router::new()
        .route("/health", get(health))
        .route("/enrich/{id}", get(enrich))
        .route("/hooks", post(async || Json(json!({"accepted": true}))))
        .with_state(Arc::new(Instant::now()));
    super::serve(spec.port, router, lines, |_| {}).await
}

async fn health(State(started): State<Arc<Instant>>) -> Json<Value> {
    let asked = Instant::now();
    let upstream = match TcpStream::connect(("127.0.0.1", DEAD_UPSTREAM)).await {
        Ok(_) => json!({"status": "healthy"}),
        Err(error) => json!({"status": "unhealthy", "error": error.to_string()}),
    };
    let failing = upstream.get("error").is_some();
    Json(json!({
        "status": if failing { "degraded" } else { "healthy" },
        "version": "0.9.4",
        "uptime_seconds": started.elapsed().as_secs(),
        "checks": {
            "rate_limiter": {"status": "healthy", "remaining": 480},
            "upstream_us": {"status": "healthy", "latency_ms": milliseconds(asked)},
            "upstream_eu": upstream,
        },
    }))
}

async fn enrich(Path(id): Path<u64>) -> Json<Value> {
    Json(json!({"id": id, "region": if id % 2 == 0 { "eu" } else { "us" }}))
}

/// Milliseconds since a moment, with three decimals.
pub fn milliseconds(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 1_000_000.0).round() / 1_000.0
}
