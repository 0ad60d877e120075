//! What the sample serves: pggit's endpoints with real figures behind them.

use std::{collections::BTreeMap, fs};

use serde_json::Value;

use crate::sample::{Sample, ask, page, until};

#[test]
fn the_sample_answers_as_pggit_does() {
    let sample = Sample::ready(&[]);
    endpoints(&sample);
    services(&sample);
    sessions_are_real(&sample);
    the_cache_is_real(&sample);
    metrics_are_true(&sample);
    log_lines_are_json(&sample);
}

fn endpoints(sample: &Sample) {
    let (code, health) = sample.get("/health").unwrap();
    assert_eq!((code, &health["status"]), (200, &Value::from("healthy")));
    let (_, deep) = until("deep health knows its queue", || {
        sample.get("/health/deep").filter(|(_, deep)| deep["checks"]["queue"]["depth"].is_u64())
    });
    assert!(deep["checks"]["database"]["latency_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(deep["checks"]["cache"]["status"], "healthy");
    let (_, webhooks) = sample.get("/api/v1/webhooks").unwrap();
    assert!(webhooks["items"].as_array().unwrap().iter().all(|item| item["is_active"].is_boolean()));
    let (_, alerts) = sample.get("/api/v1/alerts").unwrap();
    assert!(alerts["total"].as_u64().unwrap() >= 300);
    assert!(alerts["items"][0]["severity"].is_string());
    let (code, warmed) = sample.post("/api/v1/cache/warm");
    assert_eq!((code, &warmed["entries"]), (200, &Value::from(400)));
    let (code, retried) = sample.post("/api/v1/webhooks/retry-pending");
    assert!(code == 200 && retried["retried"].is_u64());
    assert_eq!(sample.get("/api/v1/commits/0").unwrap().0, 404);
}

fn services(sample: &Sample) {
    let (code, gateway) = ask("GET", &sample.at.gateway_url, "/health").unwrap();
    assert_eq!((code, &gateway["status"]), (200, &Value::from("degraded")));
    assert_eq!(gateway["checks"]["upstream_eu"]["status"], "unhealthy");
    until("the worker delivers", || {
        let (_, worker) = ask("GET", &sample.at.worker_url, "/health")?;
        (worker["status"] == "healthy" && worker["delivered_total"].as_u64()? > 0).then_some(())
    });
}

fn sessions_are_real(sample: &Sample) {
    let database = sample.database();
    until("the pool has twenty sessions", || {
        let sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pggit-api'";
        (database.number(sessions) == 20).then_some(())
    });
    assert!(database.number("SELECT count(*) FROM pg_stat_statements WHERE query LIKE '%FROM commits WHERE id%'") > 0);
    let told = database.number("SELECT count(*) FROM pg_stat_statements WHERE query ILIKE '%password%'");
    assert_eq!(told, 0, "a password stands in the list of statements");
}

fn the_cache_is_real(sample: &Sample) {
    let lookups = || {
        let (_, stats) = sample.get("/api/v1/cache/stats")?;
        Some((stats["cache_stats"]["hits"].as_u64()?, stats["cache_stats"]["misses"].as_u64()?))
    };
    let (hits, misses) = lookups().unwrap();
    assert_eq!(sample.get("/api/v1/commits/15000").unwrap().0, 200);
    until("a cold commit is a miss", || lookups().filter(|(_, now)| *now > misses));
    assert_eq!(sample.get("/api/v1/commits/15000").unwrap().0, 200);
    until("a warm commit is a hit", || lookups().filter(|(now, _)| *now > hits));
}

fn metrics_are_true(sample: &Sample) {
    let read = || {
        let page = page(&sample.at.api_url, "/metrics").unwrap();
        let (mut types, mut values) = (BTreeMap::new(), BTreeMap::new());
        for line in page.lines() {
            match line.strip_prefix("# TYPE ") {
                Some(said) => {
                    let (name, kind) = said.split_once(' ').unwrap();
                    types.insert(name.to_owned(), kind.to_owned());
                }
                None if line.starts_with('#') => {}
                None => {
                    let (name, value) = line.rsplit_once(' ').unwrap();
                    assert!(values.insert(name.to_owned(), value.parse::<f64>().unwrap()).is_none(), "{name} twice");
                }
            }
        }
        (types, values)
    };
    let missing = "http_requests_total{method=\"GET\",endpoint=\"other\",status=\"404\"}";
    let (types, before) = read();
    assert_eq!(types["http_requests_total"], "counter");
    assert_eq!(types["http_request_duration_seconds"], "histogram");
    for name in
        ["db_connection_pool_available", "webhook_queue_depth", "process_start_time_seconds", "cache_hits_total"]
    {
        assert!(before.contains_key(name) && types.contains_key(name), "{name}");
    }
    (0..3).for_each(|_| drop(page(&sample.at.api_url, "/nowhere")));
    let (_, after) = read();
    assert_eq!(after[missing] - before.get(missing).copied().unwrap_or(0.0), 3.0);
    let labels = "method=\"GET\",endpoint=\"other\"";
    let infinite = after[&format!("http_request_duration_seconds_bucket{{{labels},le=\"+Inf\"}}")];
    assert_eq!(infinite, after[&format!("http_request_duration_seconds_count{{{labels}}}")]);
}

fn log_lines_are_json(sample: &Sample) {
    let text = fs::read_to_string(&sample.at.log_path).unwrap();
    // The last line may be half written.
    let (whole, _) = text.rsplit_once('\n').unwrap();
    let lines: Vec<Value> = whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(|line| line["timestamp"].is_string() && line["level"].is_string()));
    assert!(lines.iter().any(|line| line["context"]["request_id"].is_string() && line["latency_ms"].is_f64()));
}
