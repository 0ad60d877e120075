//! Flushing the database of a Redis cache, as an action: it destroys, so it wants a maintenance window and the number of keys.

use std::time::Duration;

use crate::app::Model;
use crate::config::environments;
use crate::config::resolved::{CacheSource, CacheSpec};
use crate::domain::Safe;
use crate::domain::source::SourceKind;
use crate::remediation::action::{Action, Limits, Plan, Target};
use crate::remediation::level::Level;
use crate::remediation::measure::{Expectation, Measure, Proof, Trial};
use crate::remediation::parameter::Given;

/// A cache fills again at once: under this share of its keys it is taken for flushed.
const EMPTIED: f64 = 0.1;

/// The flush of a cache; only Redis knows it.
pub fn of_cache(model: &Model, at: usize, spec: &CacheSpec) -> Option<Action> {
    let CacheSource::Redis { target, .. } = &spec.source else { return None };
    let keys = Trial {
        measure: Measure::ObjectsLeft,
        expect: Expectation::FellTo(EMPTIED),
        name: Safe::of(format!("keys of {}", spec.name)),
    };
    Some(Action {
        id: Safe::of("flush-redis"),
        title: Safe::of(format!("flush database {}", target.database)),
        level: Level::L3,
        target: Target {
            kind: SourceKind::Cache,
            at: Some(at),
            name: spec.name.clone(),
            environment: spec.environment.clone(),
            provenance: spec.provenance,
            on_loopback: environments::redis_is_loopback(target),
        },
        plan: Plan::Flush { tolerance: model.actions.spec.flush_tolerance },
        preconditions: Vec::new(),
        limits: Limits { cap: 1, cool_down: Duration::from_secs(300), deadline: Duration::from_secs(10) },
        proof: Proof {
            trials: vec![keys],
            settle: Duration::ZERO,
            within: Duration::from_secs(30),
            stable: Duration::ZERO,
        },
        undo: Safe::of("nothing: the keys are gone"),
        warnings: vec![Safe::of("whatever asks the cache asks the database until it is full again")],
        given: Given::default(),
    })
}
