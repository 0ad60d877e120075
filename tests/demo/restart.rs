//! The sample's services are restarted through the same step as any other: its process manager is a declared one.

use std::time::Duration;

use quarterdeck::adapters::act::Commands;
use quarterdeck::remediation::place::Place;
use quarterdeck::remediation::service::facts::ServiceState;
use quarterdeck::remediation::service::proof::is_new_process;
use quarterdeck::remediation::service::{Manager, ServiceStep, ServiceVerb};
use quarterdeck::remediation::step::StepEnd;

use crate::sample::{Sample, signal, until};

const DEADLINE: Duration = Duration::from_secs(30);

fn step(sample: &Sample, service: &str) -> ServiceStep {
    let call = |verb: &str| [sample.at.manager.as_slice(), &[verb.to_owned(), service.to_owned()]].concat();
    let manager = Manager::Program {
        service: service.to_owned(),
        status: call("status"),
        restart: call("restart"),
        stop: call("stop"),
        start: call("start"),
    };
    ServiceStep { manager, verb: ServiceVerb::Restart, place: Place::Local, become_argv: None }
}

#[test]
fn a_service_of_the_sample_is_restarted_by_a_step() {
    let sample = Sample::start(&[]);
    let step = step(&sample, "worker");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let facts = || runtime.block_on(Commands::here().service_facts(&step, DEADLINE)).unwrap();
    let restart = || runtime.block_on(Commands::here().run_service(&step, DEADLINE));

    let before = facts();
    assert_eq!((before.state, before.restarts), (ServiceState::Running, Some(0)));
    assert!(matches!(restart(), StepEnd::Done { .. }));
    let after = facts();
    assert!(is_new_process(&before, &after), "{before:?} {after:?}");

    signal(after.main_pid().unwrap(), "-KILL");
    let down = until("the manager sees it", || Some(facts()).filter(|facts| facts.state == ServiceState::Failed));
    assert!(down.instances.is_empty());
    assert!(matches!(restart(), StepEnd::Done { .. }));
    assert!(is_new_process(&after, &facts()));
}
