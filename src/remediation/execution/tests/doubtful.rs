//! What may have been done, and what words say of a failure.

use crate::domain::{Cause, Safe};
use crate::remediation::backup::{Backup, BackupStep, Scratch};
use crate::remediation::execution::{Execution, Input, Order, Phase, Question, StepState};
use crate::remediation::object::Fate;
use crate::remediation::outcome::Outcome;
use crate::remediation::step::{Step, StepEnd, Work};
use crate::remediation::tests::runbook_world::*;
use crate::remediation::tests::world::{at, outcome};

fn undone() -> Plot {
    Plot { sort: Sort::Send, end: End::Done, shows: Shows::Yes, when: None, gate: Asked::No, undo: Some(End::Done) }
}

fn agrees() -> Script {
    Script { undo: Some(true), pace: 0.5, ..Script::default() }
}

fn reasons(execution: &Execution) -> String {
    execution.reasons().iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn exit_1() -> StepEnd {
    StepEnd::Failed(Cause::CommandFailed { code: Some(1), said: Safe::of("half of it") })
}

/// The first step is done, the second ended so.
fn ended(end: StepEnd) -> Execution {
    let (mut execution, _) = Execution::begin(warrant(card(&[undone(), undone(), undone()])), at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    execution.step(Input::Recorded(Ok(())), at(1.0));
    let done = StepEnd::Done { fates: Vec::new(), said: Vec::new() };
    execution.step(Input::StepEnded { step: 0, end: done }, at(1.0));
    execution.step(Input::Recorded(Ok(())), at(1.0));
    execution.step(Input::StepEnded { step: 1, end }, at(2.0));
    execution.step(Input::Recorded(Ok(())), at(2.0));
    execution
}

fn offered(execution: &Execution) -> Vec<(String, bool)> {
    let Some(Question::Compensate(undos)) = execution.question() else { panic!("{:?}", execution.phase()) };
    undos.iter().map(|undoing| (undoing.undo.step.title.to_string(), undoing.of.is_in_doubt())).collect()
}

#[test]
fn what_may_have_been_done_is_offered_first_and_marked() {
    let cut = || Cause::Other(Safe::of("cut"));
    for end in [exit_1(), StepEnd::Miscarried(cut()), StepEnd::Cancelled(Safe::of("half"))] {
        let execution = ended(end.clone());
        assert_eq!(offered(&execution), [("undo 1".to_owned(), true), ("undo 0".to_owned(), false)], "{end:?}");
    }
    for end in [StepEnd::Failed(cut()), StepEnd::OtherTarget(Safe::of("another"))] {
        assert_eq!(offered(&ended(end.clone())), [("undo 0".to_owned(), false)], "{end:?}: nothing was done");
    }
}

#[test]
fn what_is_lost_is_undone_too() {
    for end in [End::Lost, End::Silent] {
        let lost = Plot { end, ..undone() };
        let (world, execution) = play(&[undone(), lost, undone()], &agrees());
        assert_eq!(world.orders, ["do 0", "do 1", "undo 1", "undo 0"]);
        assert_eq!(outcome(&execution).0, Outcome::Unknown);
    }
}

#[test]
fn what_had_nothing_to_do_is_not_undone() {
    let gone = |fate| vec![(crate::remediation::tests::world::key(7), fate)];
    for (fate, wanted) in [(Fate::Gone, false), (Fate::Changed, false), (Fate::Done, true)] {
        let (mut execution, _) = Execution::begin(warrant(card(&[undone(), undone()])), at(1.0));
        execution.step(Input::Held(Ok(())), at(1.0));
        execution.step(Input::Recorded(Ok(())), at(1.0));
        let end = StepEnd::Done { fates: gone(fate), said: Vec::new() };
        execution.step(Input::StepEnded { step: 0, end }, at(1.0));
        execution.step(Input::Recorded(Ok(())), at(1.0));
        let end = StepEnd::Failed(Cause::Other(Safe::of("no route")));
        execution.step(Input::StepEnded { step: 1, end }, at(2.0));
        execution.step(Input::Recorded(Ok(())), at(2.0));
        assert_eq!(execution.phase() == Phase::Offering, wanted, "{fate:?}: it was so already");
    }
}

#[test]
fn what_is_left_in_doubt_is_told_as_such() {
    let mut execution = ended(exit_1());
    execution.step(Input::CompensationsAnswered(false), at(3.0));
    let told = reasons(&execution);
    assert!(told.contains("not compensated: do 0, do 1 (may have been done)"), "{told}");
}

fn execution_of(work: Work) -> StepState {
    StepState::new(Step { title: Safe::of("it"), work, deadline: std::time::Duration::from_secs(5) })
}

#[test]
fn words_say_whether_anything_was_sent() {
    let told = reasons(&ended(exit_1()));
    assert!(told.contains("step 2: it was sent; what it did is not known: "), "{told}");
    let told = reasons(&ended(StepEnd::Failed(Cause::Other(Safe::of("no route")))));
    assert!(told.contains("step 2: nothing was done: no route"), "{told}");
    let begun = Work::Backup(Box::new(BackupStep {
        database: 0,
        name: Safe::of("main"),
        backup: Backup { folder: "/b".into(), scratch: Scratch::Watched(0), keep: None },
    }));
    let mut state = execution_of(begun);
    state.ended = Some((at(2.0), StepEnd::Miscarried(Cause::Other(Safe::of("the copy differs")))));
    let told = state.words().to_string();
    assert_eq!(told, "failed: it was begun, and did not come to its end: the copy differs");
    let words = ended(exit_1()).steps()[1].words().to_string();
    assert!(words.starts_with("failed: it was sent; what it did is not known"), "{words}");
}

#[test]
fn what_was_to_be_done_by_hand_may_have_been_begun() {
    let by_hand = Plot { sort: Sort::Manual, ..undone() };
    let (mut execution, _) = Execution::begin(warrant(card(&[by_hand, undone()])), at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    execution.step(Input::Recorded(Ok(())), at(1.0));
    execution.step(Input::CancelAsked, at(2.0));
    execution.step(Input::Recorded(Ok(())), at(2.0));
    assert_eq!(execution.phase(), Phase::Offering);
    assert_eq!(offered(&execution), [("undo 0".to_owned(), true)]);
}

#[test]
fn an_error_of_the_target_offers_what_undoes_it() {
    let card = card(&[undone()]);
    let (mut execution, _) = Execution::begin(warrant(card), at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    execution.step(Input::Recorded(Ok(())), at(1.0));
    let end = StepEnd::Unknown(Cause::HttpStatus { status: 502 });
    execution.step(Input::StepEnded { step: 0, end }, at(2.0));
    execution.step(Input::Recorded(Ok(())), at(2.0));
    let mut orders: Vec<Order> = Vec::new();
    for when in [5.0, 10.0] {
        let used = crate::remediation::measure::Measure::UsedSlots(0);
        let reading = crate::remediation::tests::world::evidence(used, Some(10.0), at(when));
        orders = execution.step(Input::Read(reading), at(when));
    }
    assert_eq!(execution.phase(), Phase::Offering, "{orders:?}");
}

#[test]
fn what_readings_do_not_show_is_offered_only_where_it_is_not_known() {
    let done = StepEnd::Done { fates: Vec::new(), said: Vec::new() };
    let lost = StepEnd::Unknown(Cause::Other(Safe::of("cut")));
    for (end, phase) in [(done, Phase::Closing(Outcome::NotVerified)), (lost, Phase::Offering)] {
        let (mut execution, _) = Execution::begin(warrant(card(&[undone()])), at(1.0));
        execution.step(Input::Held(Ok(())), at(1.0));
        execution.step(Input::Recorded(Ok(())), at(1.0));
        execution.step(Input::StepEnded { step: 0, end }, at(2.0));
        execution.step(Input::Recorded(Ok(())), at(2.0));
        execution.step(Input::TimePassed, at(100.0));
        assert_eq!(execution.phase(), phase);
    }
}
