//! Caches: Redis servers and endpoints with counters.

use std::time::Duration;

use super::super::environments::{redis_is_loopback, url_is_loopback};
use super::super::layers::Item;
use super::super::problem::Layer;
use super::super::redis_url;
use super::super::resolved::{CacheSource, CacheSpec, FlushOn, OffKind, Resolved};
use super::builder::Builder;
use super::given::{file, flag, provenance, ratio, secret, text, time, turn_on};
use super::reach::Reach;
use crate::domain::Safe;
use crate::remediation::measure::Measure;

/// The target where none is given.
const TARGET: f64 = 0.8;

impl<'a> Builder<'a> {
    pub fn caches(&mut self) {
        let merged = self.merged;
        for item in merged.of("cache") {
            if self.switched_off(OffKind::Cache, item) {
                continue;
            }
            let sourced = item.section.one_of.iter().any(|key| item.given(key).is_some());
            if !sourced && item.place.layer == Layer::Profile {
                self.off(OffKind::Cache, item, "set its URL", turn_on(item, "redis", "\"redis://HOST:6379\""));
            } else if !sourced {
                self.missing(item, "redis", "missing: redis, url, or origin and path, say where it is");
            } else if let Some(url) = text(item, "redis") {
                self.redis_cache(item, url);
            } else {
                self.endpoint_cache(item);
            }
        }
    }

    fn redis_cache(&mut self, item: &Item, url: &str) {
        let mut target = match redis_url::parse(url) {
            Ok(target) => target,
            Err(words) => return self.unusable(OffKind::Cache, item, "redis", &words, "--redis URL"),
        };
        if let Some(password) = secret(item, "password") {
            target.password = Some(password);
        }
        target.ca_file = file(item, "ca_file").or(target.ca_file);
        target.flush_on = FlushOn { replica: flag(item, "flush_replica"), cluster: flag(item, "flush_cluster") };
        let loopback = redis_is_loopback(&target);
        if !loopback && item.place_of("redis").origin.as_str().ends_with("in .env") {
            return self.off(OffKind::Cache, item, ".env names a server that is not on this machine", "--redis URL");
        }
        if loopback && self.is_about_another_machine(OffKind::Cache, item, "redis") {
            return;
        }
        let source = CacheSource::Redis { target, scalars: Vec::new() };
        self.cache(item, None, source, loopback, "redis");
    }

    fn endpoint_cache(&mut self, item: &'a Item) {
        let (url, origin) = match self.reach(item) {
            Reach::At(url, origin) => (url, origin),
            Reach::Off(why, turn_on) => return self.off(OffKind::Cache, item, why, turn_on),
            Reach::Wrong => return,
        };
        let pointer = |key: &str| text(item, key).map(str::to_owned);
        let (hits, misses, ratio) = (pointer("hits"), pointer("misses"), pointer("ratio"));
        match (&hits, &misses, &ratio) {
            (Some(_), None, _) => self.missing_beside(item, "hits", "wants misses beside it"),
            (None, Some(_), _) => self.missing_beside(item, "misses", "wants hits beside it"),
            (None, None, None) => {
                self.missing(item, "hits", "missing: hits and misses, or ratio, say which figures count");
            }
            _ => {}
        }
        let loopback = url_is_loopback(&url);
        let request = self.request(item, url);
        self.cache(item, origin, CacheSource::Endpoint { request, hits, misses, ratio }, loopback, "url");
    }

    fn cache(&mut self, item: &Item, origin: Option<&Item>, source: CacheSource, loopback: bool, key: &str) {
        let cache = CacheSpec {
            name: Safe::of(&item.name),
            source,
            interval: time(item, "interval").unwrap_or(Duration::from_secs(if loopback { 2 } else { 10 })),
            deadline: time(item, "deadline").unwrap_or(Duration::from_secs(5)),
            target_ratio: ratio(item, "target").unwrap_or(TARGET),
            environment: self.environment(item, origin, loopback),
            provenance: provenance(item, key),
        };
        self.resolved.caches.push(cache);
    }

    /// A ratio of a cache's whole life hardly moves by what was asked since: whoever wants it as a proof gets none, and is told.
    pub(super) fn mind_whole_lives(&mut self) {
        let Resolved { caches, actions, .. } = &mut self.resolved;
        for action in &mut actions.own {
            let trials = action.proof.trials.iter().filter_map(|trial| match trial.measure {
                Measure::HitRatio(at) => caches.get(at),
                _ => None,
            });
            let tells_no_counters =
                |cache: &&CacheSpec| matches!(&cache.source, CacheSource::Endpoint { hits: None, .. });
            let warned = trials.filter(tells_no_counters).map(|cache| {
                Safe::of(format!(
                    "{0} tells only a ratio of its whole life, which proves nothing of what is asked from here on: it will end \
                     as not verified; hits and misses under [[cache]] {0} would show it",
                    cache.name
                ))
            });
            action.warnings.extend(warned.collect::<Vec<_>>());
        }
    }
}
