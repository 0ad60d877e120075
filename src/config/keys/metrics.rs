//! Keys of scraped endpoints, and of the rules over them.

use std::time::Duration;

use super::watched::{BEARER, CA_FILE, HEADERS};
use super::{Form, Key, Kind, Section, deadline, environment, interval, key, live, off};

/// `[[metrics]]`
pub static METRICS: Section = Section {
    name: "metrics",
    form: Form::Named,
    doc: "A Prometheus endpoint, scraped as it is: rules, charts, and the server's own figures beside the probe's.",
    one_of: &["url", "origin"],
    keys: &[
        live("name", Kind::Name, "\"api\"", "Name on screen."),
        live("origin", Kind::Name, "\"api\"", "Origin of the path."),
        live("path", Kind::UrlPath, "\"/metrics\"", "Path."),
        key("url", Kind::Url, "\"https://api.example.com/metrics\"", "", "The whole URL, instead of origin and path."),
        HEADERS,
        BEARER,
        CA_FILE,
        key("job", Kind::Name, "\"shop-api\"", "the name above", "Label job of its series, as your rules expect it."),
        key("instance", Kind::Name, "\"api-1:8000\"", "host and port", "Label instance of its series."),
        key(
            "service",
            Kind::Name,
            "\"api\"",
            "services of the same origin",
            "Service beside whose probe the server's own figures stand.",
        ),
        key(
            "durations",
            Kind::Texts,
            "[\"http_request_duration_seconds\"]",
            "the usual names",
            "Histograms of request durations in the order of trial, without _bucket; _milliseconds and _ms are scaled.",
        ),
        key(
            "requests",
            Kind::Texts,
            "[\"http_requests_total\"]",
            "the usual names",
            "Counters of requests, in the order of trial.",
        ),
        key("status", Kind::Texts, "[\"status\", \"code\"]", "the usual names", "Labels that hold the HTTP status."),
        key(
            "cache",
            Kind::Texts,
            "[\"cache_hits_total\", \"cache_misses_total\"]",
            "the usual names",
            "Counters of hits and of misses, in pairs.",
        ),
        key(
            "window",
            Kind::Time { least: Duration::from_secs(5) },
            "\"1m\"",
            "1m",
            "Over how long rates and percentiles are taken.",
        ),
        interval("15s; 2s on loopback"),
        deadline("the interval, at most 10s"),
        environment(),
        off(),
    ],
};

/// Before the first section: the rules files.
pub const RULES: Key = key(
    "rules",
    Kind::Files,
    "[\"prometheus-rules.yml\", \"rules/*.yml\"]",
    "none",
    "Rules files as Prometheus reads them, or globs of them, from this file's folder. --rules FILE takes their place.",
);

/// Before the first section: what the doctor reads beside the rules.
pub const DOCUMENTS: Key = key(
    "documents",
    Kind::Files,
    "[\"runbooks/*.md\", \"alertmanager.yml\"]",
    "none",
    "What the doctor looks at beside the rules, by its ending: Markdown, YAML, SQL, shell; or globs, from this file's folder.",
);

/// How often rules are evaluated.
pub const RULES_INTERVAL: Key = key(
    "rules_interval",
    Kind::Time { least: Duration::from_secs(1) },
    "\"15s\"",
    "15s",
    "How often a group of rules that does not say its interval is evaluated.",
);

/// Who may evaluate rules.
pub const JUDGES: &[&str] = &["prometheus", "scrape"];

/// Who evaluates rules.
pub const RULES_BY: Key = key(
    "rules_by",
    Kind::Word(JUDGES),
    "\"scrape\"",
    "prometheus where it is named, else scrape",
    "Who evaluates your rules files: the server of prometheus by its queries, or we over what is scraped here.",
);

/// Labels of the whole.
pub const EXTERNAL_LABELS: Key = key(
    "external_labels",
    Kind::Labels,
    "{ cluster = \"eu-1\" }",
    "none",
    "What templates of rules read as $externalLabels; as in Prometheus no series and no alert here has them.",
);

/// Memory of all series.
pub const METRICS_BYTES: Key = key(
    "metrics_bytes",
    Kind::Bytes,
    "\"256 MiB\"",
    "256 MiB",
    "Memory for scraped series, 256 KiB to 1 GiB; past it series are dropped, and counted.",
);

/// How long samples are kept.
pub const METRICS_HOURS: Key =
    key("metrics_hours", Kind::Count { least: 1, most: 48 }, "2", "2", "How many hours scraped samples are kept.");

/// Most series of a page.
pub const METRICS_SERIES: Key = key(
    "metrics_series",
    Kind::Count { least: 100, most: 1_000_000 },
    "50000",
    "50000",
    "Most series on one page; a page with more is refused as a whole.",
);
