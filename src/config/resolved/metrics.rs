//! What is scraped, the rules over it, and the bounds of both.

use std::path::PathBuf;
use std::time::Duration;

use super::{EndpointSpec, ServiceSpec};
use crate::alerts::rules::By;
use crate::domain::Safe;
use crate::domain::target::{Environment, Provenance};

/// One scraped target.
#[derive(Clone, Debug)]
pub struct MetricsSpec {
    /// Name on screen.
    pub name: Safe,
    /// How it is asked.
    pub request: EndpointSpec,
    /// The label `job` of its series.
    pub job: String,
    /// The label `instance` of its series.
    pub instance: String,
    /// The service that its figures are about; without a word the services of the same origin.
    pub service: Option<String>,
    /// Pause between rounds.
    pub interval: Duration,
    /// Deadline of one round.
    pub deadline: Duration,
    /// Histograms of request durations, in the order of trial.
    pub durations: Vec<String>,
    /// Counters of requests, in the order of trial.
    pub requests: Vec<String>,
    /// Labels that hold a status.
    pub status: Vec<String>,
    /// Counters of cache hits and misses, in the order of trial.
    pub cache: Vec<(String, String)>,
    /// Over how long figures are taken.
    pub window: Duration,
    /// Environment.
    pub environment: Environment,
    /// How we know of it.
    pub provenance: Provenance,
}

/// Rules, and what the memory of all series may hold.
#[derive(Clone, Debug)]
pub struct KnowSpec {
    /// Rules files or globs of them.
    pub rules: Vec<String>,
    /// How often a group that says nothing is evaluated.
    pub rules_interval: Duration,
    /// Who evaluates them.
    pub rules_by: By,
    /// What templates read as `$externalLabels`.
    pub external_labels: Vec<(String, String)>,
    /// Bytes of all series.
    pub bytes: usize,
    /// How long samples are kept.
    pub keep: Duration,
    /// Most series on one page.
    pub series: usize,
    /// Whether alerts are kept over a restart; else what is kept is only looked at.
    pub keeps: bool,
    /// Where; without a word the state folder of the user.
    pub state: Option<PathBuf>,
    /// A server with Prometheus' query API, whose rules and alerts stand beside ours.
    pub prometheus: Option<EngineSpec>,
    /// An Alertmanager.
    pub alertmanager: Option<EngineSpec>,
    /// What the doctor looks at beside the rules.
    pub doctor: DoctorSpec,
}

/// Files for the doctor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DoctorSpec {
    /// Documents, SQL, scripts, or globs of them: each is taken by its ending.
    pub documents: Vec<String>,
    /// Alertmanager configurations, whatever they are called.
    pub alertmanager: Vec<String>,
    /// The configurations that this was resolved from.
    pub configurations: Vec<PathBuf>,
    /// How often targets are scraped, where somebody said so; else as often as they are here.
    pub scrape: Option<Duration>,
}

/// An engine of the field, as it is asked.
#[derive(Clone, Debug)]
pub struct EngineSpec {
    /// Its address, before the paths of its interface.
    pub request: EndpointSpec,
    /// Pause between readings.
    pub interval: Duration,
    /// Deadline of one reading, or of one question.
    pub deadline: Duration,
    /// Environment.
    pub environment: Environment,
    /// Whether it is on this machine.
    pub on_loopback: bool,
}

impl Default for KnowSpec {
    fn default() -> KnowSpec {
        KnowSpec {
            rules: Vec::new(),
            rules_interval: Duration::from_secs(15),
            rules_by: By::default(),
            external_labels: Vec::new(),
            bytes: 256 << 20,
            keep: Duration::from_hours(2),
            series: 50_000,
            keeps: true,
            state: None,
            prometheus: None,
            alertmanager: None,
            doctor: DoctorSpec::default(),
        }
    }
}

/// Usual names of histograms of request durations.
pub const DURATIONS: [&str; 14] = [
    "http_server_request_duration_seconds",
    "http_request_duration_seconds",
    "http_server_requests_seconds",
    "http_requests_duration_seconds",
    "http_request_duration_highr_seconds",
    "starlette_requests_processing_time_seconds",
    "fastapi_requests_duration_seconds",
    "gin_request_duration_seconds",
    "flask_http_request_duration_seconds",
    "request_duration_seconds",
    "http_server_duration_milliseconds",
    "http_request_duration_milliseconds",
    "http_server_request_duration_milliseconds",
    "http_request_duration_ms",
];

/// Usual names of counters of requests.
pub const REQUESTS: [&str; 9] = [
    "http_requests_total",
    "http_server_requests_total",
    "http_request_total",
    "starlette_requests_total",
    "fastapi_requests_total",
    "gin_requests_total",
    "flask_http_request_total",
    "requests_total",
    "api_requests_total",
];

/// Usual labels that hold a status.
pub const STATUS: [&str; 6] =
    ["status", "code", "status_code", "http_status_code", "http_response_status_code", "http_status"];

/// Usual names of counters of cache hits and misses.
pub const CACHE: [(&str, &str); 5] = [
    ("cache_hits_total", "cache_misses_total"),
    ("cache_hit_total", "cache_miss_total"),
    ("app_cache_hits_total", "app_cache_misses_total"),
    ("redis_keyspace_hits_total", "redis_keyspace_misses_total"),
    ("http_cache_hits_total", "http_cache_misses_total"),
];

/// Over how long figures are taken where nobody says otherwise.
pub const WINDOW: Duration = Duration::from_mins(1);
/// Longest deadline that is taken without being asked for.
const DEADLINE: Duration = Duration::from_secs(10);

impl MetricsSpec {
    /// With the gentle defaults: every 15 s, every 2 s on loopback.
    #[must_use]
    pub fn new(name: &str, request: EndpointSpec, loopback: bool, environment: Environment) -> MetricsSpec {
        let words = |of: &[&str]| of.iter().map(|word| (*word).to_owned()).collect();
        let host = request.url.host_str().unwrap_or_default();
        let port = request.url.port_or_known_default().unwrap_or_default();
        let interval = Duration::from_secs(if loopback { 2 } else { 15 });
        MetricsSpec {
            name: Safe::of(name),
            job: name.to_owned(),
            instance: format!("{host}:{port}"),
            service: None,
            interval,
            deadline: interval.min(DEADLINE),
            durations: words(&DURATIONS),
            requests: words(&REQUESTS),
            status: words(&STATUS),
            cache: CACHE.iter().map(|(hits, misses)| ((*hits).to_owned(), (*misses).to_owned())).collect(),
            window: WINDOW,
            environment,
            provenance: Provenance::Configured,
            request,
        }
    }

    /// Whether its figures are about a service: the one that is named, or those of the same origin.
    #[must_use]
    pub fn is_about(&self, service: &ServiceSpec) -> bool {
        match &self.service {
            Some(name) => name == service.name.as_str(),
            None => self.request.url.origin() == service.url.origin(),
        }
    }

    /// Scraped that often; the deadline goes with it.
    #[must_use]
    pub fn every(mut self, interval: Duration) -> MetricsSpec {
        self.deadline = interval.min(DEADLINE);
        self.interval = interval;
        self
    }
}
