//! Upkeep as an action: its danger, its limits, what shows that it was done, and what undoes it.

use std::time::Duration;

use crate::domain::Safe;
use crate::remediation::action::{Action, Limits, Plan, Target};
use crate::remediation::level::Level;
use crate::remediation::measure::{Expectation, Measure, Proof, Trial};
use crate::remediation::parameter::Given;

use super::{Upkeep, UpkeepVerb};

/// All of it ends within this, where nothing is said.
pub const DEADLINE: Duration = Duration::from_secs(30 * 60);
/// Its result is looked for so long.
const WITHIN: Duration = Duration::from_secs(30);

/// The action, whoever asks for it.
#[must_use]
pub fn action(id: Safe, title: Safe, target: Target, upkeep: Upkeep, deadline: Duration) -> Action {
    let shown = if upkeep.name.is_empty() { Safe::of("it") } else { Safe::of(&upkeep.name) };
    let result = Trial {
        measure: Measure::Result,
        expect: Expectation::Seen,
        name: Safe::of(format!("{} {shown}", upkeep.verb.proof_words())),
    };
    let (undo, warning) = match upkeep.verb {
        UpkeepVerb::Analyse => ("nothing has to be undone: statistics are read anew", None),
        UpkeepVerb::Vacuum | UpkeepVerb::VacuumAnalyse => (
            "nothing has to be undone: no row that anybody can see is touched",
            Some("it reads and writes much: the disk is busy with it"),
        ),
        UpkeepVerb::Reindex => (
            "nothing has to be undone: the index is used as before until the new one is ready",
            Some(
                "it needs room for a second copy of each index, and waits for every transaction that is older than it",
            ),
        ),
        UpkeepVerb::DropLeftover => ("nothing: but an invalid index was of no use to anybody", None),
    };
    Action {
        id,
        title,
        level: Level::L2,
        target,
        plan: Plan::Upkeep(upkeep),
        preconditions: Vec::new(),
        limits: Limits { cap: 1, cool_down: Duration::from_secs(10), deadline },
        proof: Proof { trials: vec![result], settle: Duration::ZERO, within: WITHIN, stable: Duration::ZERO },
        undo: Safe::of(undo),
        warnings: warning.map(Safe::of).into_iter().collect(),
        given: Given::default(),
    }
}
