//! A backup as an action: its danger, its limits, and what shows that it is one.

use std::time::Duration;

use crate::domain::Safe;
use crate::remediation::action::{Action, Limits, Plan, Target};
use crate::remediation::level::Level;
use crate::remediation::measure::{Expectation, Measure, Proof, Trial};
use crate::remediation::parameter::Given;

use super::{Backup, OLD_AT_ONCE};

/// All of it ends within this, where nothing is said.
pub const DEADLINE: Duration = Duration::from_secs(30 * 60);
/// The file is read once more within this.
const WITHIN: Duration = Duration::from_secs(10 * 60);

/// The action.
#[must_use]
pub fn action(id: Safe, title: Safe, target: Target, backup: Backup, deadline: Duration) -> Action {
    let copy = Trial {
        measure: Measure::Result,
        expect: Expectation::Seen,
        name: Safe::of("a dump that was restored, with the same rows in every table"),
    };
    let undo = if backup.keep.is_some() {
        "what is listed as an old dump is deleted for good and cannot be brought back; else nothing has to be undone: a \
         file is added, and the scratch database is dropped"
    } else {
        "nothing has to be undone: a file is added, and the scratch database is dropped"
    };
    // The scratch server, and what is deleted.
    let cap = 1 + backup.keep.map_or(0, |_| OLD_AT_ONCE);
    Action {
        id,
        title,
        level: Level::L2,
        target,
        plan: Plan::Backup(Box::new(backup)),
        preconditions: Vec::new(),
        limits: Limits { cap, cool_down: Duration::from_secs(60), deadline },
        proof: Proof { trials: vec![copy], settle: Duration::ZERO, within: WITHIN, stable: Duration::ZERO },
        undo: Safe::of(undo),
        warnings: vec![Safe::of(
            "the dump is read as fast as the server gives it, and holds back vacuum until it ends",
        )],
        given: Given::default(),
    }
}
