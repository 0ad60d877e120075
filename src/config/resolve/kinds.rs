//! Requests of a known kind, which need only a target: warming a cache and retrying deliveries, with their levels, their
//! guards and what shows that they worked. What a configuration says besides only makes them stricter.

use url::Url;

use super::super::keys::runbooks::parts_of;
use super::super::layers::Item;
use super::super::resolved::CacheSource;
use super::builder::Builder;
use super::given::text;
use super::steps::Touched;
use crate::domain::Safe;
use crate::remediation::action::Action;
use crate::remediation::level::Level;
use crate::remediation::measure::{Expectation, Measure, Precondition, Proof, Trial};
use crate::remediation::step::WritingMethod;

const WARM: &str = "warm";
const RETRY: &str = "retry";
/// Where a warming has no guard.
const NO_DATABASE: &str = "no database is watched: whether its connections are near their limit is not known";

/// Whether a request says whom it reaches.
fn reaches(item: &Item) -> bool {
    ["preview_sql", "preview_path"].iter().any(|key| item.given(key).is_some())
}

/// The least level of a request, be it an action or a step: what removes something, or reaches others, is no L1.
pub(super) fn least_of_request(item: &Item, method: WritingMethod) -> Level {
    let reaches_others = reaches(item) || text(item, "kind") == Some(RETRY);
    if method == WritingMethod::Delete || reaches_others { Level::L2 } else { Level::L1 }
}

/// What a request of a known kind does, in a few words.
pub(super) fn title_of(item: &Item) -> Option<&'static str> {
    match text(item, "kind") {
        Some(WARM) => Some("warm the cache"),
        Some(RETRY) => Some("retry deliveries"),
        _ => None,
    }
}

impl Builder<'_> {
    /// A retry says whom it reaches; that it does not was told.
    pub(super) fn has_receivers(&mut self, item: &Item) -> bool {
        let lacks = text(item, "kind") == Some(RETRY) && !reaches(item);
        if lacks {
            self.missing(
                item,
                "preview_sql",
                "kind = retry wants it, or preview_path, beside it: to which receivers, and how many",
            );
        }
        !lacks
    }

    /// What a step of a known kind requires directly before it: what guards an action of that kind.
    pub(super) fn kind_requires(&self, item: &Item, touched: &mut Touched) -> Vec<Precondition> {
        let undoes = parts_of(&item.name).is_some_and(|(_, _, undo)| undo);
        if text(item, "kind") != Some(WARM) || undoes {
            return Vec::new();
        }
        let room = self.room();
        if room.is_empty() && !touched.warnings.iter().any(|told| told.as_str() == NO_DATABASE) {
            touched.warnings.push(Safe::of(NO_DATABASE));
        }
        room
    }

    /// What shows that a request worked, where its kind says that. `None` when something is missing, which was told.
    pub(super) fn proof_of_request(&mut self, item: &Item, url: &Url) -> Option<Proof> {
        let kind = text(item, "kind");
        if !self.has_receivers(item) {
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
    pub(super) fn as_its_kind(&self, item: &Item, method: WritingMethod, action: &mut Action) {
        let least = least_of_request(item, method);
        let declared = text(item, "level").map(Level::parse);
        let warms = text(item, "kind") == Some(WARM);
        if declared.is_some_and(|declared| declared < least) {
            action.level = least;
            action.warnings.push(Safe::of(format!("it counts as {least}, whatever is declared")));
        }
        let Some(title) = title_of(item) else { return };
        if declared.is_none() {
            // That no level was given is no lack any more.
            action.warnings.clear();
            action.level = least;
        }
        let undo = if warms { "nothing needs to be undone" } else { "nothing: receivers may get a delivery twice" };
        if text(item, "title").is_none() {
            action.title = Safe::of(title);
        }
        if text(item, "undo").is_none() {
            action.undo = Safe::of(undo);
        }
        if warms {
            action.preconditions = self.room();
            if action.preconditions.is_empty() {
                action.warnings.push(Safe::of(NO_DATABASE));
            }
        }
    }
}
