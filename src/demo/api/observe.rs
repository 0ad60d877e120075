//! What happens around every request: an id, the counters, one line in the log.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use axum::{
    extract::{Request, State},
    http::HeaderValue,
    middleware::Next,
    response::Response,
};
use serde_json::json;

use super::{Api, fault::Fault};
use crate::demo::services::gateway::milliseconds;

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// The endpoint of a path as a label: from a fixed list, so that no client can make the counters grow.
fn endpoint(path: &str) -> &'static str {
    const FIXED: [&str; 11] = [
        "/health",
        "/health/deep",
        "/metrics",
        "/api/v1/cache/stats",
        "/api/v1/cache/warm",
        "/api/v1/commits/search",
        "/api/v1/reports/activity",
        "/api/v1/webhooks",
        "/api/v1/webhooks/retry-pending",
        "/api/v1/alerts",
        "/api/v1/traffic",
    ];
    FIXED
        .into_iter()
        .find(|fixed| *fixed == path)
        .unwrap_or_else(|| if path.starts_with("/api/v1/commits/") { "/api/v1/commits/{id}" } else { "other" })
}

/// Counts and logs one request.
pub async fn observe(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let number = NUMBER.fetch_add(1, Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ api.started_at.to_bits();
    let id = format!("{number:016x}");
    let method = match request.method().as_str() {
        known @ ("GET" | "POST" | "HEAD") => known.to_owned(),
        _ => "OTHER".to_owned(),
    };
    let endpoint = endpoint(request.uri().path());
    let mut response = next.run(request).await;
    let status = response.status().as_u16();
    api.pace.record(status >= 500);
    api.figures.record(&method, endpoint, status, began.elapsed());
    log(&api, &id, (&method, endpoint, status), milliseconds(began), response.extensions().get::<Fault>());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

fn log(api: &Api, id: &str, (method, endpoint, status): (&str, &str, u16), latency: f64, fault: Option<&Fault>) {
    let level = match status {
        500.. => "ERROR",
        400.. => "WARNING",
        _ if latency > 1_000.0 => "WARNING",
        _ => "INFO",
    };
    let message = match fault {
        Some(fault) => format!("{method} {endpoint} failed: {}", fault.message),
        None if latency > 1_000.0 => format!("slow request: {method} {endpoint} took {latency:.0} ms"),
        None => format!("{method} {endpoint} {status}"),
    };
    let mut fields = json!({
        "latency_ms": latency,
        "context": {"request_id": id, "method": method, "endpoint": endpoint, "status": status},
    });
    if let (Some(trace), Some(fields)) = (fault.and_then(Fault::trace), fields.as_object_mut()) {
        fields.insert("exception".to_owned(), trace.into());
    }
    api.log.write(level, &message, fields);
}

#[cfg(test)]
mod tests {
    use super::endpoint;

    #[test]
    fn labels_are_bounded() {
        assert_eq!(endpoint("/api/v1/commits/17"), "/api/v1/commits/{id}");
        assert_eq!(endpoint("/api/v1/commits/search"), "/api/v1/commits/search");
        assert_eq!(endpoint("/etc/passwd"), "other");
    }
}
