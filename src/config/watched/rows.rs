//! The rows of the table. The border: what a figure is worth at a moment is read elsewhere; here stand words and units.

use super::{ANSWERS, LINKS, Of, ROLES, Row, Takes, VERDICTS};
use crate::domain::source::SourceKind::{self, Alertmanager, Cache, Prometheus, Service, Signal};
use crate::remediation::measure::{Measure, Told};
use crate::remediation::shown::Shown;

const DATABASE: SourceKind = SourceKind::Database;

macro_rules! row {
    ($words:literal, $of:expr, $at:ident => $measure:expr, $what:literal, $takes:expr, $example:literal) => {
        Row { words: $words, of: $of, measure: |$at| $measure, what: $what, takes: $takes, example: $example }
    };
}

const fn bound(unit: &'static str) -> Takes {
    Takes::Bound(unit, "")
}

const PER_SECOND: Takes = Takes::Bound("", "/s");
const PER_MINUTE: Takes = Takes::Bound("", "/min");

/// All of it, by whose it is; of rows with the same words the first is what is meant by the words alone.
pub static ROWS: &[Row] = &[
    row!("service", Of::Service, at => Measure::Service(at), "health of", Takes::State(&VERDICTS), "down for 30s"),
    row!("service", Of::Service, at => Measure::Shown(Shown::Age(Service), at), "last reading of", Takes::Age, "older than 5m"),
    row!("latency", Of::Service, at => Measure::Latency(at), "latency of", bound("ms"), "> 500ms"),
    row!("probe p50", Of::Service, at => Measure::Shown(Shown::ProbePercentile(50), at), "p50 of the probes of", bound("ms"), "> 200ms"),
    row!("probe p95", Of::Service, at => Measure::Shown(Shown::ProbePercentile(95), at), "p95 of the probes of", bound("ms"), "> 500ms"),
    row!("probe p99", Of::Service, at => Measure::Shown(Shown::ProbePercentile(99), at), "p99 of the probes of", bound("ms"), "> 1s"),
    row!("failed probes", Of::Service, at => Measure::Shown(Shown::FailedProbes, at), "failed probes in 5m of", bound(""), "> 3"),
    row!("failed probes", Of::Service, at => Measure::Shown(Shown::FailedShare, at), "share of failed probes in 5m of", Takes::Share, "> 10 %"),
    row!("failures", Of::Service, at => Measure::Shown(Shown::FailuresInARow, at), "failures in a row of", bound(""), "> 5"),
    row!("status", Of::Service, at => Measure::Shown(Shown::Status, at), "status of", bound(""), ">= 500 for 1m"),
    row!("certificate", Of::Service, at => Measure::Shown(Shown::CertificateDays, at), "time left of the certificate of", bound("d"), "< 14d"),
    row!("child", Of::Service, at => Measure::Child(at, crate::domain::Safe::default()), "child of", Takes::Child, "CHILD down for 1m"),
    row!("requests", Of::Target, at => Measure::Told(Told::Requests(at)), "requests per second of", PER_SECOND, "> 100/s"),
    row!("errors", Of::Target, at => Measure::Told(Told::Errors(at)), "share of failed requests of", bound("%"), "> 5 %"),
    row!("p50", Of::Target, at => Measure::Told(Told::Percentile(at, 50)), "p50 of the requests of", bound("ms"), "> 100ms"),
    row!("p95", Of::Target, at => Measure::Told(Told::Percentile(at, 95)), "p95 of the requests of", bound("ms"), "> 500ms"),
    row!("p99", Of::Target, at => Measure::Told(Told::Percentile(at, 99)), "p99 of the requests of", bound("ms"), "> 1s"),
    row!("server cache", Of::Target, at => Measure::Told(Told::CacheHits(at)), "hit ratio as counted by", bound("%"), "< 80 % for 10m"),
    row!("scrape", Of::Target, at => Measure::Told(Told::Scrape(at)), "scrape of", Takes::State(&ANSWERS), "down for 30s"),
    row!("scrape", Of::Target, at => Measure::Told(Told::ScrapeAge(at)), "last page of", Takes::Age, "older than 1m"),
    row!("scrape time", Of::Target, at => Measure::Told(Told::ScrapeTime(at)), "time of the scrape of", bound("s"), "> 5s"),
    row!("samples", Of::Target, at => Measure::Told(Told::Samples(at)), "samples of", bound(""), "< 100"),
    row!("refused samples", Of::Target, at => Measure::Told(Told::RefusedSamples(at)), "refused samples of", bound(""), "> 0"),
    row!("page size", Of::Target, at => Measure::Told(Told::PageBytes(at)), "page of", bound("bytes"), "> 10 MiB"),
    row!("database", Of::Database, at => Measure::Shown(Shown::State(DATABASE), at), "database", Takes::State(&VERDICTS), "down for 30s"),
    row!("database", Of::Database, at => Measure::Shown(Shown::Age(DATABASE), at), "last reading of", Takes::Age, "older than 1m"),
    row!("connections", Of::Database, at => Measure::UsedSlots(at), "connections in use of", bound(""), "> 80"),
    row!("connections", Of::Database, at => Measure::UsedShare(at), "share of connections in use of", Takes::Share, "> 90 %"),
    row!("share", Of::Database, at => Measure::UsedShare(at), "share of connections in use of", bound("%"), "> 90 %"),
    row!("sessions", Of::Database, at => Measure::Shown(Shown::Sessions, at), "sessions of", bound(""), "> 200"),
    row!("active sessions", Of::Database, at => Measure::Shown(Shown::ActiveSessions, at), "active sessions of", bound(""), "> 50 for 2m"),
    row!("idle sessions", Of::Database, at => Measure::Shown(Shown::IdleSessions, at), "idle sessions of", bound(""), "> 80"),
    row!("open transactions", Of::Database, at => Measure::Shown(Shown::OpenTransactions, at), "sessions idle in transaction of", bound(""), "> 10"),
    row!("aborted transactions", Of::Database, at => Measure::Shown(Shown::AbortedTransactions, at), "sessions idle in a failed transaction of", bound(""), "> 0 for 1m"),
    row!("waiting sessions", Of::Database, at => Measure::Shown(Shown::WaitingSessions, at), "sessions that wait for a lock of", bound(""), "> 5"),
    row!("hidden sessions", Of::Database, at => Measure::Shown(Shown::HiddenSessions, at), "sessions that may not be seen of", bound(""), "> 0"),
    row!("blocked", Of::Database, at => Measure::Blocked(at), "blocked sessions of", bound(""), "> 5"),
    row!("idle in transaction", Of::Database, at => Measure::OldestIdleTransaction(at), "longest idle in transaction of", Takes::Lasting, "older than 5m"),
    row!("longest transaction", Of::Database, at => Measure::Shown(Shown::LongestTransaction, at), "longest transaction of", Takes::Lasting, "> 1h"),
    row!("longest query", Of::Database, at => Measure::Shown(Shown::LongestQuery, at), "longest query of", Takes::Lasting, "> 10m"),
    row!("commits", Of::Database, at => Measure::Shown(Shown::Commits, at), "commits per second of", PER_SECOND, "< 1/s for 5m"),
    row!("rollbacks", Of::Database, at => Measure::Shown(Shown::Rollbacks, at), "rollbacks per second of", PER_SECOND, "> 10/s"),
    row!("buffer hit", Of::Database, at => Measure::Shown(Shown::BufferHit, at), "buffer hit ratio of", bound("%"), "< 90 % for 10m"),
    row!("deadlocks", Of::Database, at => Measure::Shown(Shown::Deadlocks, at), "deadlocks a minute of", PER_MINUTE, "> 0/min"),
    row!("temp files", Of::Database, at => Measure::Shown(Shown::TemporaryBytes, at), "temporary files a minute of", Takes::Bound("bytes", "/min"), "> 1 GiB/min"),
    row!("size", Of::Database, at => Measure::Shown(Shown::Size, at), "size of", bound("bytes"), "> 500 GiB"),
    row!("role", Of::Database, at => Measure::Shown(Shown::DatabaseRole, at), "role of", Takes::State(&ROLES), "replica"),
    row!("clock", Of::Database, at => Measure::Shown(Shown::ClockSkew, at), "clock difference of", bound("s"), "> 2s"),
    row!("slowest statement", Of::Database, at => Measure::Shown(Shown::SlowestStatement, at), "highest mean of the statements of", bound("ms"), "> 2s"),
    row!("slower statements", Of::Database, at => Measure::Shown(Shown::SlowerStatements, at), "statements slower than before of", bound(""), "> 0 for 5m"),
    row!("statement calls", Of::Database, at => Measure::Shown(Shown::StatementCalls, at), "calls of statements per second of", PER_SECOND, "> 5000/s"),
    row!("statement load", Of::Database, at => Measure::Shown(Shown::StatementLoad, at), "seconds a second in statements of", bound(""), "> 8"),
    row!("statement", Of::Database, at => Measure::Statement(at, 0), "mean of statement", Takes::Statement, "QUERYID > 500ms"),
    row!("cache", Of::Cache, at => Measure::HitRatio(at), "hit ratio of", bound("%"), "< 80 % for 10m"),
    row!("cache", Of::Cache, at => Measure::Shown(Shown::State(Cache), at), "cache", Takes::State(&VERDICTS), "down for 30s"),
    row!("cache", Of::Cache, at => Measure::Shown(Shown::Age(Cache), at), "last reading of", Takes::Age, "older than 1m"),
    row!("memory", Of::Cache, at => Measure::Shown(Shown::Memory, at), "memory of", bound("bytes"), "> 4 GiB"),
    row!("memory", Of::Cache, at => Measure::Shown(Shown::MemoryShare, at), "share of maxmemory in use of", Takes::Share, "> 90 %"),
    row!("clients", Of::Cache, at => Measure::Shown(Shown::Clients, at), "clients of", bound(""), "> 500"),
    row!("blocked clients", Of::Cache, at => Measure::Shown(Shown::BlockedClients, at), "blocked clients of", bound(""), "> 10"),
    row!("keys", Of::Cache, at => Measure::Shown(Shown::Keys, at), "keys of", bound(""), "> 1M"),
    row!("evictions", Of::Cache, at => Measure::Shown(Shown::Evictions, at), "evictions per second of", PER_SECOND, "> 10/s for 5m"),
    row!("expirations", Of::Cache, at => Measure::Shown(Shown::Expirations, at), "expirations per second of", PER_SECOND, "> 1000/s"),
    row!("operations", Of::Cache, at => Measure::Shown(Shown::Operations, at), "operations per second of", PER_SECOND, "> 50k/s"),
    row!("cache role", Of::Cache, at => Measure::Shown(Shown::CacheRole, at), "role of", Takes::State(&ROLES), "replica"),
    row!("primary link", Of::Cache, at => Measure::Shown(Shown::PrimaryLink, at), "link to the primary of", Takes::State(&LINKS), "down for 30s"),
    row!("signal", Of::Signal, at => Measure::Signal(at), "", Takes::OwnUnit, "> 100 for 5m"),
    row!("signal", Of::Signal, at => Measure::Shown(Shown::State(Signal), at), "signal", Takes::State(&VERDICTS), "degraded for 10m"),
    row!("log lines", Of::Log, at => Measure::Told(Told::LogLines(Some(at))), "lines per second of", PER_SECOND, "> 1000/s"),
    row!("log errors", Of::Log, at => Measure::Told(Told::LogErrors(Some(at))), "errors a minute of", PER_MINUTE, "> 5/min"),
    row!("log warnings", Of::Log, at => Measure::Told(Told::LogWarnings(Some(at))), "warnings a minute of", PER_MINUTE, "> 50/min"),
    row!("log", Of::Log, at => Measure::Told(Told::Log(at)), "log", Takes::State(&ANSWERS), "down for 1m"),
    row!("prometheus", Of::Engine(Prometheus), _at => Measure::Told(Told::Engine(Prometheus)), "", Takes::State(&ANSWERS), "down for 1m"),
    row!("prometheus", Of::Engine(Prometheus), _at => Measure::Told(Told::EngineAge(Prometheus)), "last answer of", Takes::Age, "older than 5m"),
    row!("alertmanager", Of::Engine(Alertmanager), _at => Measure::Told(Told::Engine(Alertmanager)), "", Takes::State(&ANSWERS), "down for 1m"),
    row!("alertmanager", Of::Engine(Alertmanager), _at => Measure::Told(Told::EngineAge(Alertmanager)), "last answer of", Takes::Age, "older than 5m"),
];

/// What a person may see or look for and that is not watched under its name: why, and what is.
pub static REFUSED: &[(&str, &str)] = &[
    ("hits", "a total since the start says nothing of now; cache NAME < 80 % is the ratio of the last minute"),
    ("misses", "a total since the start says nothing of now; cache NAME < 80 % is the ratio of the last minute"),
    ("hit ratio", "write cache NAME < 80 %, of a database's buffers buffer hit NAME < 90 %"),
    ("evicted keys", "a total since the start says nothing of now; evictions NAME > 10/s is what is evicted now"),
    ("expired keys", "a total since the start says nothing of now; expirations NAME > 100/s is what expires now"),
    ("maxmemory", "it is a setting; memory NAME > 90 % is held against it"),
    ("max_connections", "it is a setting; connections NAME > 90 % is held against it"),
    ("version", "it is no figure and no state; a new one is a mark on the timeline"),
    ("uptime", "a restart is a mark on the charts; that it does not answer is database NAME down or cache NAME down"),
    ("constant", "that a body never changes is a suspicion and no state; it stands beside the service"),
    ("holders", "who holds connections changes by name; connections NAME > 90 % is held against all of them"),
    ("vacuum", "who holds it back is the longest transaction: longest transaction NAME > 1h"),
    ("load", "it is a signal of this host: [[signal]] with load = true, then signal NAME > 2"),
    ("disk", "it is a signal of this host: [[signal]] with disk = \"/\", then signal NAME > 90 %"),
    ("queue", "it is a signal: [[signal]] with sql, redis or url, then signal NAME > 500"),
    ("backlog", "it is a signal: [[signal]] with sql, redis or url, then signal NAME > 500"),
    ("replication", "it is not read; a [[signal]] with sql over pg_stat_replication is, then signal NAME > 30s"),
    ("lag", "it is not read; a [[signal]] with sql over pg_stat_replication is, then signal NAME > 30s"),
    ("table", "rows of a table are counted by a [[signal]] with sql, then signal NAME > 1000"),
    ("series", "what a scraped series says is asked by a rules file: rules = [\"rules.yml\"]"),
    ("metric", "what a scraped series says is asked by a rules file: rules = [\"rules.yml\"]"),
    ("alert", "alerts are not watched by alerts; a rules file can: ALERTS{alertname=\"NAME\"}"),
];
