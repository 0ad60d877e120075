//! What readings know of a cache: state, hit ratio, and what only Redis tells.

use super::{Asked, Known};
use crate::app::telemetry::cache::{Basis, CacheState};
use crate::domain::Verdict;
use crate::domain::cache::RedisFigures;
use crate::remediation::measure::Measure;
use crate::remediation::shown::Shown;

pub(super) fn known(asked: Asked<'_>, measure: &Measure) -> Option<Known> {
    let (_, at) = measure.source()?;
    let cache = asked.live.caches.get(at)?;
    let state = cache.state(asked.now);
    if let Measure::Shown(Shown::State(_), _) = measure {
        let judged = || judged(asked, cache);
        return Some(asked.state_of(&state).unwrap_or_else(judged));
    }
    if let Some(known) = asked.without(&state) {
        return Some(known);
    }
    match measure {
        Measure::HitRatio(_) => Some(ratio(asked, cache)),
        Measure::Shown(shown, _) => redis(asked, cache, cache.readout.value()?.redis.as_ref()?, *shown),
        _ => None,
    }
}

/// A cache that answers is not down; whether it is under its target is not known before its ratio is.
fn judged(asked: Asked<'_>, cache: &CacheState) -> Known {
    let stands = |verdict: Verdict| f64::from(verdict as u8);
    match cache.hit_ratio() {
        (None, Basis::NotYet) => {
            let why = asked.nothing("its hit ratio needs two readings");
            Known::Between(stands(Verdict::Ok), stands(Verdict::Degraded), Box::new(why))
        }
        _ if cache.is_under_target() => Known::Value(stands(Verdict::Degraded)),
        _ => Known::Value(stands(Verdict::Ok)),
    }
}

fn ratio(asked: Asked<'_>, cache: &CacheState) -> Known {
    match cache.hit_ratio() {
        (Some(ratio), Basis::Delta { .. } | Basis::Lifetime) => Known::Value(ratio),
        (_, Basis::TooFew { lookups, .. }) => Known::no_traffic(format!("only {lookups} look-ups in a minute")),
        (_, Basis::NoTraffic(_)) => Known::no_traffic("no traffic: 0 of 0"),
        _ => asked.nothing("it needs two readings"),
    }
}

fn redis(asked: Asked<'_>, cache: &CacheState, redis: &RedisFigures, shown: Shown) -> Option<Known> {
    let count = |figure: Option<u64>| asked.told(figure.map(|figure| figure as f64));
    let rate = |rate: Option<f64>| rate.map_or_else(|| asked.nothing("it needs two readings"), Known::Value);
    Some(match shown {
        Shown::Memory => count(redis.used_memory),
        Shown::MemoryShare => match (redis.used_memory, redis.max_memory) {
            (Some(_), Some(0)) => Known::failed("it has no maxmemory that this could be a share of"),
            (Some(used), Some(most)) => Known::Value(used as f64 / most as f64),
            _ => asked.told(None::<f64>),
        },
        Shown::Clients => count(redis.clients),
        Shown::BlockedClients => count(redis.blocked_clients),
        Shown::Keys => count(redis.keys),
        Shown::Operations => asked.told(redis.ops_per_second),
        Shown::Evictions => rate(cache.evictions_per_second),
        Shown::Expirations => rate(cache.expirations_per_second),
        Shown::CacheRole => match redis.role.as_str() {
            "master" => Known::value_of(0),
            "slave" | "replica" => Known::value_of(1),
            other => Known::failed(format!("its role is {other:?}")),
        },
        // A primary has no link that could be down.
        Shown::PrimaryLink => match redis.primary_link.as_ref().map(crate::domain::Safe::as_str) {
            Some("up") => Known::value_of(0),
            None if redis.role.as_str() == "master" => Known::value_of(0),
            Some(_) => Known::value_of(1),
            None => asked.told(None::<f64>),
        },
        _ => return None,
    })
}
