//! What was found at a bare origin becomes something to watch: with the gentle defaults, and marked as discovered, so
//! that away from loopback it can be watched but not acted on.

use std::time::Duration;

use url::Url;

use super::candidates::Pace;
use super::environments::url_is_loopback;
use super::names;
use super::resolved::{CacheSource, CacheSpec, EndpointSpec, Method, MetricsSpec, OriginSpec, ServiceSpec};
use crate::domain::Safe;
use crate::domain::target::Provenance;

/// Longest deadline that is taken without being asked for.
const DEADLINE: Duration = Duration::from_secs(5);
/// Hit ratio that is aimed at when nobody says otherwise.
const TARGET_RATIO: f64 = 0.8;

fn interval(pace: Pace, url: &Url) -> Duration {
    Duration::from_secs(match pace {
        Pace::Often if url_is_loopback(url) => 2,
        Pace::Often => 10,
        Pace::Seldom => 30,
        Pace::Scrape => 15,
    })
}

/// A health endpoint.
#[must_use]
pub fn service(origin: &OriginSpec, url: Url, pace: Pace, expect_json: bool) -> ServiceSpec {
    let interval = interval(pace, &url);
    ServiceSpec {
        name: Safe::of(names::of_url(&url)),
        method: Method::Get,
        headers: Vec::new(),
        bearer: None,
        ca_file: None,
        client_certificate: None,
        expected_status: Vec::new(),
        required: Vec::new(),
        body_decides: false,
        expect_json,
        interval,
        deadline: interval.mul_f64(0.8).min(DEADLINE),
        down_after: 3,
        up_after: 2,
        environment: origin.environment.clone(),
        provenance: Provenance::Discovered,
        url,
    }
}

/// An endpoint with figures of a cache.
#[must_use]
pub fn cache(origin: &OriginSpec, source: CacheSource) -> CacheSpec {
    let interval = interval(Pace::Often, &origin.url);
    CacheSpec {
        name: Safe::of("cache"),
        source,
        interval,
        deadline: interval.mul_f64(0.8).min(DEADLINE),
        target_ratio: TARGET_RATIO,
        environment: origin.environment.clone(),
        provenance: Provenance::Discovered,
    }
}

/// A page of metrics.
#[must_use]
pub fn metrics(origin: &OriginSpec, url: Url) -> MetricsSpec {
    let (name, loopback) = (names::of_url(&url), url_is_loopback(&url));
    let request = EndpointSpec { url, headers: Vec::new(), bearer: None, ca_file: None };
    let spec = MetricsSpec::new(&name, request, loopback, origin.environment.clone());
    MetricsSpec { provenance: Provenance::Discovered, ..spec }
}
