//! What holds of a runbook whatever goes wrong in it: nothing is sent that nobody agreed to, nothing after what is not known,
//! and what undoes runs in reverse order, once, for what was done, after a person said so, each on disk.

use proptest::prelude::*;

use crate::remediation::execution::{Execution, Gate, Input, Note};
use crate::remediation::outcome::Outcome;
use crate::remediation::tests::runbook_world::*;
use crate::remediation::tests::world::{at, outcome};

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        12 => Just(End::Done),
        2 => Just(End::Fails),
        1 => Just(End::OtherTarget),
        1 => Just(End::Lost),
        1 => Just(End::Silent)
    ]
}

fn shows() -> impl Strategy<Value = Shows> {
    prop_oneof![8 => Just(Shows::Yes), 1 => Just(Shows::No), 1 => Just(Shows::Unknown), 1 => Just(Shows::OnlyOld)]
}

fn plot() -> impl Strategy<Value = Plot> {
    let sort = prop_oneof![
        5 => Just(Sort::Send),
        1 => Just(Sort::Wait),
        1 => Just(Sort::Look),
        1 => Just(Sort::Manual),
        1 => Just(Sort::Pause)
    ];
    let gate = prop_oneof![
        16 => Just(Asked::No),
        5 => Just(Asked::Answered(Gate::Go)),
        1 => Just(Asked::Answered(Gate::Skip)),
        1 => Just(Asked::Answered(Gate::Stop)),
        1 => Just(Asked::Silence)
    ];
    (sort, end(), shows(), prop::option::weighted(0.3, shows()), gate, prop::option::weighted(0.6, end()))
        .prop_map(|(sort, end, shows, when, gate, undo)| Plot { sort, end, shows, when, gate, undo })
}

fn script() -> impl Strategy<Value = Script> {
    (
        prop_oneof![4 => Just(Some(true)), 1 => Just(Some(false)), 1 => Just(None)],
        prop::option::weighted(0.2, 0usize..120),
        prop::option::weighted(0.15, 0usize..120),
        prop::option::weighted(0.15, 1usize..14),
        0.3f64..3.0,
    )
        .prop_map(|(undo, cancel_at, gone_at, full_from, pace)| Script {
            undo,
            cancel_at,
            gone_at,
            full_from,
            pace,
        })
}

fn number(title: &str) -> (bool, usize) {
    match title.strip_prefix("undo ") {
        Some(at) => (true, at.parse().unwrap()),
        None => (false, title[3..].parse().unwrap()),
    }
}

/// Whether a step of this plot can be shown to be done.
fn can_be_done(plot: &Plot) -> bool {
    match plot.sort {
        Sort::Send | Sort::Manual => plot.end == End::Done,
        Sort::Wait | Sort::Look => plot.shows == Shows::Yes || plot.sort == Sort::Look && plot.shows == Shows::No,
        Sort::Pause => true,
    }
}

/// Whether nobody knows if a step of this plot was done.
fn may_be_done(plot: &Plot) -> bool {
    match plot.sort {
        Sort::Send => matches!(plot.end, End::Lost | End::Silent),
        sort => sort == Sort::Manual,
    }
}

/// Whether a step of this plot may begin.
fn may_begin(plot: &Plot) -> bool {
    plot.when.is_none_or(|when| when == Shows::Yes) && matches!(plot.gate, Asked::No | Asked::Answered(Gate::Go))
}

fn effects(world: &World) -> Vec<(bool, usize, usize)> {
    let of = |(place, seen): (usize, &Seen)| match seen {
        Seen::Effect(title) => Some((number(title).0, number(title).1, place)),
        _ => None,
    };
    world.log.iter().enumerate().filter_map(of).collect()
}

fn has_ended(execution: &Execution, at: usize) -> bool {
    execution.steps()[at].is_done() || execution.steps()[at].skipped.is_some()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// Invariants 2, 30, 31, 32 for several steps: one after the other, each at most once, none after one that is not done.
    #[test]
    fn one_after_the_other(plots in prop::collection::vec(plot(), 1..7), script in script()) {
        let (world, execution) = play(&plots, &script);
        let (outcome, recorded) = outcome(&execution);
        prop_assert_eq!(world.locks, 0);
        let mut orders: Vec<usize> = Vec::new();
        for title in world.orders.iter().filter(|title| !number(title).0) {
            let (_, at) = number(title);
            prop_assert!(orders.last().is_none_or(|last| *last < at), "{:?}: sent twice or out of order", world.orders);
            orders.push(at);
            prop_assert!((0..at).all(|before| has_ended(&execution, before)), "{} after what is not done", title);
            prop_assert!(may_begin(&plots[at]), "{} was not to begin: {:?}", title, plots[at]);
        }
        if let Some(before) = world.before_stop {
            let after = world.orders.iter().skip(before).find(|title| !number(title).0);
            prop_assert!(after.is_none(), "{:?} was begun after a stop", after);
        }
        for (undo, at, place) in effects(&world) {
            prop_assert!(world.log[..place].contains(&Seen::Noted(Note::Intent)), "an effect without its intent");
            if !undo && plots[at].gate != Asked::No {
                prop_assert!(world.log[..place].contains(&Seen::Go(format!("do {at}"))), "nobody said go on");
            }
        }
        let is_end = |seen: &&Seen| matches!(seen, Seen::Noted(Note::Outcome(_) | Note::Refused(_) | Note::Cancelled(_)));
        let ends = world.log.iter().filter(is_end).count();
        prop_assert_eq!(usize::from(recorded), ends, "what is said to be on disk is there");
        if recorded {
            prop_assert!(is_end(&world.log.last().unwrap()), "something happened after the end");
        }
        if outcome == Outcome::Refused {
            prop_assert!(effects(&world).is_empty());
        }
        if outcome == Outcome::Verified {
            let lost = plots.last().is_some_and(|plot| matches!(plot.end, End::Lost | End::Silent));
            let all = (0..plots.len() - 1).all(|at| has_ended(&execution, at));
            prop_assert!(all && (lost || has_ended(&execution, plots.len() - 1)), "verified, and not all was done");
        }
    }

    /// Invariant 33: what undoes runs for completed steps only, in reverse order, once, after a person agreed, each end on
    /// disk before the next; one that fails stops the rest, and people are called.
    #[test]
    fn what_undoes(plots in prop::collection::vec(plot(), 1..7), script in script()) {
        let (world, execution) = play(&plots, &script);
        let undone: Vec<usize> = world.orders.iter().map(|t| number(t)).filter(|(undo, _)| *undo).map(|(_, at)| at).collect();
        prop_assert!(undone.windows(2).all(|two| two[0] > two[1]), "{:?}: not in reverse order, or twice", undone);
        if !undone.is_empty() {
            let agreed = world.log.iter().position(|seen| *seen == Seen::Agreed);
            prop_assert!(agreed.is_some(), "undone, and nobody agreed");
            let (outcome, _) = outcome(&execution);
            prop_assert!(!matches!(outcome, Outcome::Verified | Outcome::Refused), "{}", outcome);
            for (undo, _, place) in effects(&world) {
                prop_assert!(!undo || Some(place) > agreed);
            }
        }
        for at in &undone {
            let state = &execution.steps()[*at];
            let completed = can_be_done(&plots[*at]) && state.is_done();
            prop_assert!(completed || may_be_done(&plots[*at]) && state.is_in_doubt(), "step {} was not begun", at);
        }
        let doubtful = undone.iter().position(|at| execution.steps()[*at].is_in_doubt());
        prop_assert!(doubtful.is_none_or(|place| place == 0), "what may have been done comes first");
        let bad = undone.iter().position(|at| plots[*at].undo != Some(End::Done));
        if let Some(bad) = bad {
            prop_assert_eq!(bad, undone.len() - 1, "it went on after a compensation that failed");
            let told = execution.reasons().iter().any(|why| why.as_str().contains("ada, 0123"));
            prop_assert!(told, "nobody is called");
        }
        // Whatever was done and can be undone is undone or told, once the runbook did not end well.
        let (outcome, _) = outcome(&execution);
        if matches!(outcome, Outcome::Failed | Outcome::Cancelled | Outcome::TimedOut | Outcome::Unknown) {
            for (at, state) in execution.steps().iter().enumerate() {
                let begun = state.is_done() || state.is_in_doubt();
                let left = begun && state.undo.as_ref().is_some_and(|undo| !undo.is_done());
                let told = execution.reasons().iter().any(|why| why.as_str().contains(&format!("do {at}")));
                prop_assert!(!left || told, "step {} was left as it is and that is not told: {:?}", at, execution.reasons());
            }
        }
        // Each end is on disk before anything else has its effect.
        for (undo, at, place) in effects(&world) {
            let title = if undo { format!("undo of step {0}: undo {at}", at + 1) } else { format!("step {}: do {at}", at + 1) };
            let next = effects(&world).into_iter().find(|(_, _, later)| *later > place).map(|(_, _, later)| later);
            if let Some(next) = next {
                let noted = |seen: &Seen| matches!(seen, Seen::Noted(Note::Step { title: t, .. }) if t.as_str() == title);
                prop_assert!(world.log[place..next].iter().any(noted), "{} is not on disk before the next", title);
            }
        }
    }

    /// Invariants 19 and 20: a condition that is not known, or known only from before, is never true; nor does a wait ever
    /// pass on it.
    #[test]
    fn what_is_not_known_is_not_true(
        mut plots in prop::collection::vec(plot(), 1..5),
        unknown in prop_oneof![Just(Shows::Unknown), Just(Shows::OnlyOld)],
        place: prop::sample::Index,
        waits: bool,
    ) {
        let at = place.index(plots.len());
        if waits {
            plots[at].sort = Sort::Wait;
            plots[at].shows = unknown;
            plots[at].when = None;
            plots[at].gate = Asked::No;
        } else {
            plots[at].when = Some(unknown);
        }
        let (world, execution) = play(&plots, &Script { undo: Some(true), pace: 0.7, ..Script::default() });
        let later = world.orders.iter().any(|title| {
            let (undo, place) = number(title);
            !undo && (place > at || place == at && !waits)
        });
        prop_assert!(!later, "{:?}", world.orders);
        prop_assert!(outcome(&execution).0 != Outcome::Verified);
    }

    /// After the end nothing that still arrives does anything.
    #[test]
    fn the_end_is_the_end(plots in prop::collection::vec(plot(), 1..5), script in script()) {
        let (_, mut execution) = play(&plots, &script);
        let before = execution.phase();
        for input in [
            Input::CancelAsked,
            Input::TimePassed,
            Input::NobodyThere,
            Input::GateAnswered(Gate::Go),
            Input::CompensationsAnswered(true),
            Input::Recorded(Ok(())),
        ] {
            prop_assert!(execution.step(input, at(99_999.0)).is_empty());
        }
        prop_assert_eq!(execution.phase(), before);
    }
}
