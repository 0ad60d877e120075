//! A real systemd: restarts that help, that do not last, that never end, and a systemd that is away.

use std::time::{Duration, Instant};

use quarterdeck::adapters::act::Commands;
use quarterdeck::domain::cause::Phase;
use quarterdeck::domain::{Cause, Moment, Safe};
use quarterdeck::remediation::place::Place;
use quarterdeck::remediation::service::facts::{ServiceFacts, ServiceState};
use quarterdeck::remediation::service::proof::{Steadiness, SteadyWatch, is_new_process};
use quarterdeck::remediation::service::{Manager, ServiceStep, ServiceVerb};
use quarterdeck::remediation::step::StepEnd;

use super::lab::Lab;
use super::{DEADLINE, runs, skipped, words};

fn lab() -> Option<Lab> {
    Lab::boot().map_err(|why| skipped("a real systemd", &why)).ok()
}

fn ask(lab: &Lab, unit: &str, verb: ServiceVerb) -> ServiceStep {
    let manager = Manager::Systemd { unit: unit.to_owned(), user: false };
    ServiceStep { manager, verb, place: Place::Local, become_argv: Some(lab.way_in()) }
}

async fn facts(lab: &Lab, unit: &str) -> ServiceFacts {
    Commands::here().service_facts(&ask(lab, unit, ServiceVerb::Status), DEADLINE).await.unwrap()
}

async fn order(lab: &Lab, unit: &str, verb: ServiceVerb, deadline: Duration) -> StepEnd {
    Commands::here().run_service(&ask(lab, unit, verb), deadline).await
}

/// Reads until the watch has made up its mind.
async fn verdict(lab: &Lab, unit: &str, mut watch: SteadyWatch) -> Steadiness {
    let begun = Instant::now();
    loop {
        let at = Moment::fixed(begun.elapsed().as_secs_f64());
        match watch.read(&facts(lab, unit).await, at) {
            Steadiness::NotYet(_) => assert!(begun.elapsed() < DEADLINE, "{unit} never settles"),
            settled => return settled,
        }
    }
}

#[tokio::test]
async fn a_restart_brings_a_new_process_that_stays() {
    let Some(lab) = lab() else { return };
    let before = facts(&lab, "api.service").await;
    assert_eq!(before.state, ServiceState::Running);
    let dependents: Vec<&str> = before.required_by.iter().map(Safe::as_str).collect();
    assert!(dependents.contains(&"web.service (requires it)"), "{dependents:?}");
    assert!(dependents.contains(&"lab.target (wants it)"), "{dependents:?}");

    let end = order(&lab, "api.service", ServiceVerb::Restart, DEADLINE).await;
    assert!(matches!(end, StepEnd::Done { .. }), "{end:?}");
    let after = facts(&lab, "api.service").await;
    assert!(before.main_pid().is_some() && before.main_pid() != after.main_pid());
    assert!(before.invocation().is_some() && before.invocation() != after.invocation());
    assert!(is_new_process(&before, &after));
    assert!(!is_new_process(&after, &facts(&lab, "api.service").await));
    let watch = SteadyWatch::new(ServiceVerb::Restart, before, Duration::from_millis(500));
    assert_eq!(verdict(&lab, "api.service", watch).await, Steadiness::Steady);

    assert!(matches!(order(&lab, "web.service", ServiceVerb::Stop, DEADLINE).await, StepEnd::Done { .. }));
    let stopped = facts(&lab, "web.service").await;
    assert_eq!((stopped.state, stopped.instances.len()), (ServiceState::Stopped, 0));
    assert!(matches!(order(&lab, "web.service", ServiceVerb::Start, DEADLINE).await, StepEnd::Done { .. }));
    assert!(is_new_process(&stopped, &facts(&lab, "web.service").await));
}

#[tokio::test]
async fn what_crashes_again_and_again_is_not_restarted() {
    let Some(lab) = lab() else { return };
    assert!(lab.run(&["systemctl", "start", "looping.service"]).status.success());
    let before = facts(&lab, "looping.service").await;
    assert!(lab.run(&["touch", "/run/lab/loop"]).status.success());
    let end = order(&lab, "looping.service", ServiceVerb::Restart, DEADLINE).await;
    assert!(matches!(end, StepEnd::Done { .. }), "systemd calls it done: {end:?}");
    let watch = SteadyWatch::new(ServiceVerb::Restart, before, Duration::from_secs(20));
    let verdict = verdict(&lab, "looping.service", watch).await;
    assert!(matches!(verdict, Steadiness::Broken(_)), "{verdict:?}");
}

#[tokio::test]
async fn an_old_process_that_never_leaves_is_no_restart() {
    let Some(lab) = lab() else { return };
    assert!(lab.run(&["systemctl", "start", "stubborn.service"]).status.success());
    let before = facts(&lab, "stubborn.service").await;
    let deadline = Duration::from_secs(2);
    let end = order(&lab, "stubborn.service", ServiceVerb::Restart, deadline).await;
    assert_eq!(end, StepEnd::Unknown(Cause::Timeout { phase: Phase::Whole, after: deadline }));
    let after = facts(&lab, "stubborn.service").await;
    assert_eq!((after.state, after.main_pid()), (ServiceState::Stopping, before.main_pid()));
    assert!(!is_new_process(&before, &after));
    let judged = SteadyWatch::new(ServiceVerb::Restart, before, Duration::ZERO).read(&after, Moment::fixed(0.0));
    assert!(matches!(judged, Steadiness::NotYet(_)), "{judged:?}");
}

#[tokio::test]
async fn what_cannot_be_restarted_says_why_and_how_it_is_now() {
    let Some(lab) = lab() else { return };
    let end = order(&lab, "broken.service", ServiceVerb::Restart, DEADLINE).await;
    let StepEnd::Failed(Cause::CommandFailed { code: Some(_), said }) = end else { panic!("{end:?}") };
    assert!(said.as_str().contains("Job for broken.service failed"), "{said}");
    assert!(said.as_str().contains("now failed"), "{said}");
    let end = order(&lab, "nowhere.service", ServiceVerb::Restart, DEADLINE).await;
    assert!(matches!(end, StepEnd::Failed(Cause::CommandFailed { code: Some(5), .. })), "{end:?}");
    let end = order(&lab, "nowhere.service", ServiceVerb::Status, DEADLINE).await;
    assert!(matches!(&end, StepEnd::Failed(Cause::Misconfigured(words)) if words.as_str().contains("not-found")));
}

#[tokio::test]
async fn a_systemd_that_is_away_is_a_failure_in_words() {
    let Some(lab) = lab() else { return };
    // The same machine, with its sockets out of sight.
    let blind = words(&["sh", "-c", "mount -t tmpfs tmpfs /run && exec \"$@\"", "sh"]);
    let way = [words(&["unshare", "--mount"]), blind].concat();
    for verb in [ServiceVerb::Status, ServiceVerb::Restart] {
        let step = ServiceStep { become_argv: Some(way.clone()), ..ask(&lab, "api.service", verb) };
        let end = Commands::here().run_service(&step, DEADLINE).await;
        let StepEnd::Failed(Cause::CommandFailed { code: Some(1), said }) = end else { panic!("{end:?}") };
        assert!(said.as_str().contains("not been booted with systemd"), "{said}");
    }
}

#[test]
fn nothing_of_it_outlives_the_test() {
    let Some(lab) = lab() else { return };
    let init = i32::try_from(lab.init()).unwrap();
    let panicked = std::thread::spawn(move || {
        let _held = lab;
        std::panic::resume_unwind(Box::new("a test that fails"));
    });
    assert!(panicked.join().is_err());
    super::until("systemd is gone", || (!runs(init)).then_some(()));
}
