//! `/metrics`: the counters in the Prometheus text format 0.0.4, written by hand.

use std::{
    fmt::Write,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use axum::{
    extract::State,
    http::{HeaderName, header},
};

use super::{
    Api,
    figures::{BUCKETS, Histogram},
};

/// A page under construction; writing to a `String` cannot fail.
#[derive(Debug, Default)]
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push_str(name);
        for (at, (label, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{}{label}=\"{text}\"", if at == 0 { "{" } else { "," });
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    fn single(&mut self, name: &str, kind: &str, help: &str, value: f64) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }

    fn histogram(&mut self, name: &str, labels: &[(&str, &str)], histogram: &Histogram) {
        let with = |bound: &str| {
            let mut all: Vec<(&str, String)> =
                labels.iter().map(|(label, text)| (*label, (*text).to_owned())).collect();
            all.push(("le", bound.to_owned()));
            all
        };
        let bounds = BUCKETS.iter().map(ToString::to_string).chain(["+Inf".to_owned()]);
        for (bound, count) in bounds.zip(histogram.buckets.iter().chain([&histogram.count])) {
            let all = with(&bound);
            let all: Vec<(&str, &str)> = all.iter().map(|(label, text)| (*label, text.as_str())).collect();
            self.sample(&format!("{name}_bucket"), &all, *count as f64);
        }
        self.sample(&format!("{name}_sum"), labels, histogram.sum);
        self.sample(&format!("{name}_count"), labels, histogram.count as f64);
    }
}

/// `GET /metrics`.
pub async fn page(State(api): State<Arc<Api>>) -> ([(HeaderName, &'static str); 1], String) {
    let mut page = Page::default();
    page.family("http_requests_total", "counter", "Requests by method, endpoint and status.");
    for ((method, endpoint, status), count) in api.figures.requests() {
        let labels = [("method", &*method), ("endpoint", endpoint), ("status", &*status.to_string())];
        page.sample("http_requests_total", &labels, count as f64);
    }
    page.family("http_request_duration_seconds", "histogram", "Duration of requests by method and endpoint.");
    for ((method, endpoint), histogram) in api.figures.durations() {
        let labels = [("method", &*method), ("endpoint", endpoint)];
        page.histogram("http_request_duration_seconds", &labels, &histogram);
    }
    if let Some(cache) = &api.cache {
        let (hits, misses) = (cache.hits.load(Relaxed), cache.misses.load(Relaxed));
        page.single("cache_hits_total", "counter", "Look-ups that the cache answered.", hits as f64);
        page.single("cache_misses_total", "counter", "Look-ups that the cache did not answer.", misses as f64);
    }
    if let Some(pool) = &api.pool {
        let help = "Connections of the pool that are open and free.";
        page.single("db_connection_pool_available", "gauge", help, pool.available() as f64);
        page.single("db_connection_pool_size", "gauge", "Connections that the pool keeps.", pool.size() as f64);
    }
    let depth = api.queue_depth.load(Relaxed);
    if depth >= 0 {
        page.single("webhook_queue_depth", "gauge", "Deliveries that wait.", depth as f64);
    }
    let help = "When the process began, in seconds since 1970.";
    page.single("process_start_time_seconds", "gauge", help, api.started_at);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut page = Page::default();
        page.sample("x", &[("a", "1\\2\"3\n4"), ("b", "c")], 2.0);
        assert_eq!(page.0, "x{a=\"1\\\\2\\\"3\\n4\",b=\"c\"} 2\n");
    }

    #[test]
    fn a_histogram_is_cumulative_and_ends_with_infinity() {
        let figures = super::super::figures::Figures::default();
        figures.record("GET", "/health", 200, std::time::Duration::from_millis(7));
        let mut page = Page::default();
        let all = figures.durations();
        page.histogram("d", &[], all.values().next().unwrap());
        assert!(page.0.contains("d_bucket{le=\"0.005\"} 0\nd_bucket{le=\"0.01\"} 1\n"), "{}", page.0);
        assert!(page.0.contains("d_bucket{le=\"+Inf\"} 1\nd_sum 0.007\nd_count 1\n"), "{}", page.0);
    }
}
