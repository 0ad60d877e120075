//! Requests of a known kind, which need only a target: warming a cache and retrying deliveries, with their levels, their
//! guards and what shows that they worked. What a configuration says besides only makes them stricter.

use url::Url;

use super::super::layers::Item;
use super::super::resolved::CacheSource;
use super::builder::Builder;
use super::given::text;
use crate::domain::Safe;
use crate::remediation::action::Action;
use crate::remediation::level::Level;
use crate::remediation::measure::{Expectation, Measure, Proof, Trial};

const WARM: &str = "warm";
const RETRY: &str = "retry";

impl Builder<'_> {
    /// What shows that a request worked, where its kind says that. `None` when something is missing, which was told.
    pub(super) fn proof_of_request(&mut self, item: &Item, url: &Url) -> Option<Proof> {
        let kind = text(item, "kind");
        if kind == Some(RETRY) && !["preview_sql", "preview_path"].iter().any(|key| item.given(key).is_some()) {
            self.missing(
                item,
                "preview_sql",
                "kind = retry wants it, or preview_path, beside it: to which receivers, and how many",
            );
            return None;
        }
        let mut proof = self.proof(item)?;
        if !proof.trials.is_empty() {
            return Some(proof);
        }
        let missing = match kind {
            Some(WARM) => {
                proof.trials.extend(self.cache_at(url));
                "kind = warm wants it beside it: cache NAME, whose hit ratio rises; no one cache has this origin"
            }
            Some(RETRY) => "kind = retry wants it beside it: signal NAME, the depth of the queue, which falls",
            _ => return Some(proof),
        };
        if proof.trials.is_empty() {
            self.missing(item, "watch", missing);
            return None;
        }
        Some(proof)
    }

    /// The hit ratio of the one cache that answers at the same origin.
    fn cache_at(&self, url: &Url) -> Option<Trial> {
        let mut there = self.resolved.caches.iter().enumerate().filter(|(_, cache)| match &cache.source {
            CacheSource::Endpoint { request, .. } => request.url.origin() == url.origin(),
            CacheSource::Redis { .. } => false,
        });
        let (at, cache) = there.next()?;
        let trial = || Trial {
            measure: Measure::HitRatio(at),
            expect: Expectation::Rose,
            name: Safe::of(format!("hit ratio of {}", cache.name)),
        };
        there.next().is_none().then(trial)
    }

    /// Gives a request of a known kind its level, its guards and its words.
    pub(super) fn as_its_kind(&self, item: &Item, action: &mut Action) {
        let (least, title, undo) = match text(item, "kind") {
            Some(WARM) => (Level::L1, "warm the cache", "nothing needs to be undone"),
            Some(RETRY) => (Level::L2, "retry deliveries", "nothing: receivers may get a delivery twice"),
            _ => return,
        };
        let declared = text(item, "level").map(Level::parse);
        action.level = declared.map_or(least, |declared| declared.max(least));
        // That no level was given is no lack any more.
        action.warnings.clear();
        if declared.is_some_and(|declared| declared < least) {
            action.warnings.push(Safe::of(format!("it counts as {least}, whatever is declared")));
        }
        if text(item, "title").is_none() {
            action.title = Safe::of(title);
        }
        if text(item, "undo").is_none() {
            action.undo = Safe::of(undo);
        }
        if least == Level::L1 {
            action.preconditions = self.room();
            if action.preconditions.is_empty() {
                let words = "no database is watched: whether its connections are near their limit is not known";
                action.warnings.push(Safe::of(words));
            }
        }
    }
}
