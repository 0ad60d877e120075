//! What holds whatever goes wrong.

use proptest::prelude::*;

use crate::remediation::execution::{Execution, Input, Note};
use crate::remediation::level::Level;
use crate::remediation::object::Fate;
use crate::remediation::outcome::Outcome;
use crate::remediation::step::StepEnd;
use crate::remediation::tests::world::*;

fn faults() -> impl Strategy<Value = Faults> {
    let step = prop_oneof![
        4 => Just(StepFault::None),
        1 => Just(StepFault::Fails),
        2 => Just(StepFault::Lost),
        2 => Just(StepFault::Silent)
    ];
    (
        prop::bool::weighted(0.1),
        prop::option::weighted(0.3, 0usize..3),
        step,
        prop::collection::vec(1..6, 0..4),
        prop::bool::weighted(0.1),
        prop::option::weighted(0.7, 10.0f64..120.0),
        prop::option::weighted(0.3, 0usize..40),
        prop::option::weighted(0.3, 0usize..60),
        0.05f64..3.0,
        any::<bool>(),
        prop::bool::weighted(0.15),
    )
        .prop_map(
            |(held, full_from, step, gone, other_target, used_after, cancel_at, dies_at, pace, late, old)| Faults {
                held,
                full_from,
                step,
                gone,
                other_target,
                used_after,
                cancel_at,
                dies_at,
                pace,
                late,
                old,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Invariants 1, 2, 13, 25, 29 to 32, 34: no effect without its intent on disk, none beyond the card, none twice, one
    /// end, and success only where fresh readings show it.
    #[test]
    fn whatever_goes_wrong(faults in faults(), objects in 1i32..8) {
        let card = card(action(Level::L2), 0..objects);
        let keys = card.keys();
        let (world, execution) = play(card, faults.clone());

        for effect in &world.effects {
            prop_assert_eq!(effect.intents_on_disk, 1, "an effect without its intent");
            prop_assert!(effect.touched.iter().all(|key| keys.contains(key)), "beyond the card");
        }
        prop_assert!(world.effects.is_empty() || !faults.other_target, "it was done to another target");
        prop_assert!(world.effects.is_empty() || !world.stopped_first, "it was stopped before, and done all the same");
        prop_assert!(world.runs <= 1 && world.effects.len() <= 1, "sent twice");
        let terminal = world.disk.iter().filter(|note| **note != Note::Intent).count();
        let Some(execution) = execution else { return Ok(()) };

        let (outcome, recorded) = outcome(&execution);
        prop_assert_eq!(world.locks, 0, "locks are let go");
        prop_assert!(terminal <= 1);
        prop_assert_eq!(recorded, terminal == 1, "what is said to be on disk is there");
        if outcome == Outcome::Refused {
            prop_assert!(world.effects.is_empty(), "refused, and yet it had an effect");
        }
        if matches!(outcome, Outcome::Failed | Outcome::Cancelled | Outcome::TimedOut) {
            prop_assert!(world.effects.is_empty());
        }
        prop_assert!(!faults.old || outcome != Outcome::Verified, "shown only by what was begun before it");
        if outcome == Outcome::Verified {
            prop_assert_eq!(world.effects.len(), 1);
            prop_assert!(faults.used_after.is_some_and(|used| used < 90.0), "nothing fell");
            let effect = world.effect_at.unwrap();
            for trial in execution.trials() {
                prop_assert!(trial.after.as_ref().is_some_and(|after| after.at.boot > effect.boot));
            }
        }
        let lost = matches!(faults.step, StepFault::Lost | StepFault::Silent) && !world.effects.is_empty();
        if lost {
            prop_assert!(matches!(outcome, Outcome::Verified | Outcome::Unknown), "{outcome}: nobody can know");
        }
        let fates = execution.fates();
        if !world.effects.is_empty() {
            prop_assert_eq!(fates.len(), keys.len(), "every object of the card has its fate");
            let done = fates.iter().filter(|(_, fate)| *fate == Fate::Done).count();
            prop_assert!(lost || done == world.effects[0].touched.len());
        }
    }

    /// After the end nothing that still arrives does anything.
    #[test]
    fn the_end_is_the_end(faults in faults()) {
        let faults = Faults { dies_at: None, ..faults };
        let (_, execution) = play(card(action(Level::L2), 0..3), faults);
        let mut execution = execution.unwrap();
        let stands = |execution: &Execution, now: f64| {
            (execution.phase(), execution.fates(), execution.is_cancelled(), execution.lasted(at(now)))
        };
        let before = stands(&execution, 5000.0);
        let fates = execution.warrant().card().keys().into_iter().map(|key| (key, Fate::Refused)).collect();
        let end = StepEnd::Done { fates, said: Vec::new() };
        for input in [
            Input::CancelAsked,
            Input::TimePassed,
            Input::Held(Ok(())),
            Input::Recorded(Ok(())),
            Input::StepEnded { step: 0, end },
        ] {
            prop_assert!(execution.step(input, at(9999.0)).is_empty());
        }
        prop_assert_eq!(stands(&execution, 9999.0), before);
    }
}
