//! A cache and a signal, whole.

use crate::app::document::Document;
use crate::app::panes::{basis_words, signal_verdict, threshold_words, words_of};
use crate::app::table::Tone;
use crate::app::telemetry::cache::CacheState;
use crate::app::telemetry::signal::SignalState;
use crate::config::resolved::{CacheSource, SignalSource};
use crate::domain::{Moment, PaneState, Safe, figure, hidden};

pub fn cache(cache: &CacheState, now: Moment) -> Document {
    let spec = &cache.spec;
    let mut out = Document::new(Safe::of(format!("Cache {}", spec.name)));
    let verdict = cache.verdict(now);
    out.field("verdict", Safe::of(verdict.word()), verdict.into());
    reading(&mut out, &cache.state(now), now);
    let (ratio, basis) = cache.hit_ratio();
    out.field("hit ratio", ratio.map_or_else(|| Safe::of("-"), |r| Safe::of(figure::percent(r))), Tone::Plain);
    out.field("basis", Safe::of(basis_words(basis)), Tone::Dim);
    out.field("target", Safe::of(figure::percent(spec.target_ratio)), Tone::Plain);
    match &spec.source {
        CacheSource::Endpoint { request, .. } => {
            out.field("from", Safe::of(hidden::url_without_secrets(&request.url)), Tone::Plain)
        }
        CacheSource::Redis { target, .. } => out.field(
            "from",
            Safe::of(format!("Redis {}:{} db {}", target.host, target.port, target.database)),
            Tone::Plain,
        ),
    };
    let Some(value) = cache.readout.value() else { return out };
    let count = |n: Option<u64>| n.map_or_else(|| Safe::of("-"), |n| Safe::of(n.to_string()));
    out.field("hits", count(value.hits), Tone::Plain);
    out.field("misses", count(value.misses), Tone::Plain);
    if let Some(redis) = &value.redis {
        out.heading(format!("Redis {}", redis.version));
        out.field("role", redis.role.clone(), Tone::Plain);
        if let Some(link) = &redis.primary_link {
            out.field("link to primary", link.clone(), Tone::Plain);
        }
        let bytes = |n: Option<u64>| n.map_or_else(|| Safe::of("-"), |n| Safe::of(figure::bytes(n)));
        out.field("used memory", bytes(redis.used_memory), Tone::Plain);
        let limit = match redis.max_memory {
            Some(0) => Safe::of("no limit"),
            other => bytes(other),
        };
        out.field("maxmemory", limit, Tone::Plain);
        if let Some(policy) = &redis.eviction_policy {
            out.field("eviction", policy.clone(), Tone::Plain);
        }
        out.field("evicted keys", count(redis.evicted_keys), Tone::Plain);
        out.field("expired keys", count(redis.expired_keys), Tone::Plain);
        out.field("clients", count(redis.clients), Tone::Plain);
        out.field("blocked clients", count(redis.blocked_clients), Tone::Plain);
        for (index, keys) in &redis.keyspace {
            out.field(&format!("db{index}"), Safe::of(format!("{keys} keys")), Tone::Plain);
        }
    }
    out
}

pub fn signal(signal: &SignalState, now: Moment) -> Document {
    let spec = &signal.spec;
    let mut out = Document::new(Safe::of(format!("Signal {}", spec.name)));
    match signal_verdict(signal, now) {
        Some(verdict) => out.field("verdict", Safe::of(verdict.word()), verdict.into()),
        None => out.field("verdict", "not judged: it has no threshold", Tone::Dim),
    };
    reading(&mut out, &signal.state(now), now);
    if let Some(value) = signal.readout.value() {
        out.field("value", words_of(value, spec.unit.0.as_str(), now), Tone::Plain);
    }
    if spec.counter {
        let over = signal.growth.over().map(|(from, to)| format!(", over {}", figure::span(to.since(from))));
        let words = format!("growth of a counter per second{}", over.unwrap_or_default());
        out.field("is", Safe::of(words), Tone::Plain);
    }
    if let Some(threshold) = &spec.threshold {
        out.field("bad when", threshold_words(signal, threshold, now), Tone::Plain);
    }
    out.field("from", asked_of(&spec.source), Tone::Plain);
    out.field("asked every", Safe::of(figure::duration(spec.interval)), Tone::Plain);
    out
}

/// Where a signal is read, in words.
#[must_use]
pub fn asked_of(source: &SignalSource) -> Safe {
    match source {
        SignalSource::Database { .. } => Safe::of("a read-only query"),
        SignalSource::Redis { .. } => Safe::of("a read-only Redis command"),
        SignalSource::Endpoint { request, pointer } => {
            Safe::of(format!("{} at {pointer}", hidden::url_without_secrets(&request.url)))
        }
        SignalSource::Command { argv } => Safe::of(argv.join(" ")),
        SignalSource::Disk { path } => Safe::of(format!("used part of the file system of {}", path.display())),
        SignalSource::Memory => Safe::of("used part of this host's memory"),
        SignalSource::Load => Safe::of("load of this host, per core"),
    }
}

fn reading(out: &mut Document, state: &PaneState, now: Moment) {
    out.field("reading", state.words(), if state.is_fresh() { Tone::Ok } else { Tone::Unknown });
    if let PaneState::Error { cause, since, .. } = state {
        out.field("failed with", Safe::of(cause.to_string()), Tone::Bad);
        out.field("since", Safe::of(figure::age(now.since(*since))), Tone::Plain);
        for line in cause.advice() {
            out.field("do", line, Tone::Accent);
        }
    }
    if let PaneState::Denied { fix, .. } = state {
        for line in fix {
            out.field("run", line.clone(), Tone::Accent);
        }
    }
}
