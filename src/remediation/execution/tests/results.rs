//! Actions whose proof is their own result: what may show it, and what may not.

use crate::domain::Safe;
use crate::domain::statement::StatementId;
use crate::remediation::action::{Action, Plan, SessionSelector};
use crate::remediation::backup::Backup;
use crate::remediation::execution::{Execution, Input, Order, Phase};
use crate::remediation::explain::{Explained, Planned};
use crate::remediation::level::Level;
use crate::remediation::measure::{Expectation, Measure, Trial};
use crate::remediation::outcome::Outcome;
use crate::remediation::step::{SessionVerb, StepEnd};
use crate::remediation::tests::world::*;
use crate::remediation::upkeep::{Relation, Upkeep, UpkeepVerb};

/// A plan that is asked for, or sessions that are signalled, both proved by nothing but the action's own result.
fn proved_by_its_result(plan: Plan, planned: Option<Planned>) -> Execution {
    let trial = Trial { measure: Measure::Result, expect: Expectation::Seen, name: Safe::of("its result") };
    let mut card = card(Action { plan, ..action(Level::L2) }, 0..1);
    card.action.proof.trials = vec![trial];
    card.action.proof.stable = std::time::Duration::ZERO;
    card.preview.planned = planned;
    let (mut execution, _) = Execution::begin(warrant(card), at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    execution.step(Input::Recorded(Ok(())), at(1.0));
    execution
}

fn answered(execution: &mut Execution, said: &[&str]) -> Phase {
    let said = said.iter().map(|line| Safe::of(*line)).collect();
    let end = StepEnd::Done { fates: Vec::new(), said };
    execution.step(Input::StepEnded { step: 0, end }, at(2.0));
    execution.phase()
}

#[test]
fn a_plan_that_was_read_after_the_consent_is_its_own_proof() {
    let statement = StatementId { user: 1, database: 1, query: 1, top_level: true };
    let plan = || Plan::Explain { of: Explained::Kept(statement), redact: false };
    let planned = Planned { statement: "SELECT 1".into(), generic: false };
    let mut execution = proved_by_its_result(plan(), Some(planned.clone()));
    assert_eq!(
        answered(&mut execution, &["Result  (cost=0.00..0.01 rows=1 width=4)"]),
        Phase::Closing(Outcome::Verified)
    );
    assert_eq!(execution.trials()[0].after.as_ref().unwrap().words.as_str(), "1 line");
    let mut execution = proved_by_its_result(plan(), Some(planned));
    assert_eq!(answered(&mut execution, &[]), Phase::Verifying, "no plan came");
}

#[test]
fn what_an_effect_answers_proves_nothing() {
    let plan = Plan::Sessions { selector: SessionSelector::RootBlocker, verb: SessionVerb::Terminate };
    let mut execution = proved_by_its_result(plan, None);
    assert_eq!(answered(&mut execution, &["200 OK", "done"]), Phase::Verifying);
    let late = |when| Input::Read(evidence(Measure::Result, Some(1.0), at(when)));
    execution.step(late(2.0), at(2.5));
    assert_eq!(execution.phase(), Phase::Verifying, "a reading of before it settled");
}

#[test]
fn only_a_step_that_can_be_stopped_is_stopped_and_once() {
    let relation =
        Relation { oid: 7, name: "public.t".into(), command: "VACUUM public.t".into(), ..Relation::default() };
    let asked = Upkeep { verb: UpkeepVerb::Vacuum, name: "t".to_owned(), lock_timeout: std::time::Duration::ZERO };
    let mut card = card(Action { plan: Plan::Upkeep(asked), ..action(Level::L2) }, 0..0);
    card.preview.relation = Some(relation);
    let (mut execution, _) = Execution::begin(warrant(card), at(1.0));
    execution.step(Input::Held(Ok(())), at(1.0));
    execution.step(Input::Recorded(Ok(())), at(1.0));
    let orders = execution.step(Input::CancelAsked, at(1.5));
    assert!(matches!(orders.as_slice(), [Order::Interrupt]), "{orders:?}");
    assert!(execution.step(Input::CancelAsked, at(1.6)).is_empty());
    let end = StepEnd::Cancelled(Safe::of("as before"));
    execution.step(Input::StepEnded { step: 0, end }, at(2.0));
    assert_eq!(execution.phase(), Phase::Closing(Outcome::Cancelled));
    let plan = Plan::Sessions { selector: SessionSelector::RootBlocker, verb: SessionVerb::Terminate };
    let mut sessions = proved_by_its_result(plan, None);
    assert!(sessions.step(Input::CancelAsked, at(1.5)).is_empty());
    assert!(sessions.cancel_words().contains("will finish"));
}

/// What it left by then nobody has seen: of what leaves something behind, another target is not said to be nothing.
#[test]
fn another_target_is_surely_nothing_only_where_nothing_is_left_behind() {
    let ended = |plan| {
        let mut execution = proved_by_its_result(plan, None);
        let end = StepEnd::OtherTarget(Safe::of("another server"));
        execution.step(Input::StepEnded { step: 0, end }, at(2.0));
        execution.surely_did_nothing()
    };
    assert!(ended(Plan::Sessions { selector: SessionSelector::RootBlocker, verb: SessionVerb::Terminate }));
    let backup = Backup { folder: "/tmp".into(), scratch: crate::remediation::backup::Scratch::Watched(0), keep: None };
    assert!(!ended(Plan::Backup(Box::new(backup))));
}
