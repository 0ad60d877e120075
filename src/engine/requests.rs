//! Figures of the server's own: requests, errors and durations from its histograms and counters, hits from those of a cache.

use std::collections::BTreeMap;
use std::time::Duration;

use super::growth::Growth;
use super::output::RequestsTold;
use super::settings::TargetSettings;
use crate::domain::Safe;
use crate::metrics::labels::Labels;
use crate::metrics::promql::quantile;

/// Requests over the window; none where the target has neither histogram nor counter of them.
pub fn requests(settings: &TargetSettings, growth: &mut Growth<'_>) -> Option<RequestsTold> {
    let bucket = |name: &str| format!("{name}_bucket");
    let histogram = settings.durations.iter().find(|name| growth.has(&bucket(name)));
    let of_requests = settings.requests.iter().find(|name| growth.has(name));
    let of_histogram = histogram.map(|name| Counted::of(&format!("{name}_count"), settings, growth));
    let of_counter = of_requests.map(|name| Counted::of(name, settings, growth));
    // Whichever knows the status tells of errors, and then of the number too: a ratio of one thing.
    let (counted, names) = match (of_histogram, of_counter) {
        (Some(own), Some(other)) if !own.has_status && other.has_status => (other, [histogram, of_requests]),
        (Some(own), _) => (own, [histogram, None]),
        (None, Some(other)) => (other, [of_requests, None]),
        (None, None) => return None,
    };
    let buckets = histogram.map(|name| (buckets(&bucket(name), growth), scale(name)));
    let at = |rank: f64| {
        let (buckets, scale) = buckets.as_ref()?;
        let value = quantile(rank, buckets.values().copied()) * scale;
        value.is_finite().then_some(value)
    };
    let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
    let seconds = growth.seconds();
    Some(RequestsTold {
        from: Safe::of(names.join(", ")),
        window: Duration::from_secs_f64(seconds),
        count: counted.all,
        per_second: counted.all / seconds,
        errors: (counted.has_status && counted.all > 0.0).then(|| (counted.failed / counted.all).clamp(0.0, 1.0)),
        p50: at(0.5),
        p95: at(0.95),
        p99: at(0.99),
    })
}

/// Ratio of hits, and how often was looked; none where nobody looked or nothing counts it.
pub fn cache(settings: &TargetSettings, growth: &mut Growth<'_>) -> Option<(f64, f64)> {
    settings.cache.iter().find_map(|(hits, misses)| {
        // Counters of labelled misses may not be there before the first of them.
        let (hits, misses) = (growth.sum(hits), growth.sum(misses));
        let looks = hits.or(misses).map(|_| hits.unwrap_or(0.0) + misses.unwrap_or(0.0))?;
        (looks > 0.0).then(|| (hits.unwrap_or(0.0) / looks, looks))
    })
}

struct Counted {
    all: f64,
    failed: f64,
    has_status: bool,
}

impl Counted {
    fn of(metric: &str, settings: &TargetSettings, growth: &mut Growth<'_>) -> Counted {
        let mut counted = Counted { all: 0.0, failed: 0.0, has_status: false };
        growth.each(metric, |labels, by| {
            counted.all += by;
            if let Some(failed) = status(labels, &settings.status) {
                counted.has_status = true;
                counted.failed += if failed { by } else { 0.0 };
            }
        });
        counted
    }
}

/// Whether the status of a series is one of the server's failures: `500`, `5xx`. None where it has no status.
fn status(labels: &Labels, names: &[String]) -> Option<bool> {
    let value = names.iter().map(|name| labels.get(name)).find(|value| !value.is_empty())?;
    let mut chars = value.chars();
    let class = chars.next().filter(char::is_ascii_digit)?;
    let rest = chars.as_str();
    (rest.len() == 2 && rest.chars().all(|c| c.is_ascii_digit() || matches!(c, 'x' | 'X'))).then_some(class == '5')
}

/// Upper bounds with how many requests lie at or below them, all series of the histogram together.
fn buckets(metric: &str, growth: &mut Growth<'_>) -> BTreeMap<u64, (f64, f64)> {
    let mut found: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
    growth.each(metric, |labels, by| {
        if let Ok(bound) = labels.get("le").parse::<f64>() {
            found.entry(bound.to_bits()).or_insert((bound, 0.0)).1 += by;
        }
    });
    found
}

/// Seconds that one unit of a histogram is, by its name.
fn scale(name: &str) -> f64 {
    if name.ends_with("_milliseconds") || name.ends_with("_ms") { 0.001 } else { 1.0 }
}
