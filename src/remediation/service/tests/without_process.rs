//! Units without a process of their own: one that only stands for others is up whether or not they run.

use super::*;
use crate::remediation::service::proof::{cannot_be_shown, is_so_already, shown, shows_nothing};

const STAYS: Duration = Duration::from_secs(5);

fn unit(id: &str, active: &str, sub: &str, run: &str) -> ServiceFacts {
    let shown = format!(
        "Id={id}\nLoadState=loaded\nActiveState={active}\nSubState={sub}\nMainPID=0\nInvocationID={run}\nNRestarts=0\n"
    );
    systemd::read(shown.as_bytes()).unwrap()
}

/// As distributions have it for all clusters of PostgreSQL.
fn meta(run: &str) -> ServiceFacts {
    unit("postgresql.service", "active", "exited", run)
}

#[test]
fn which_units_have_none() {
    for (id, active, sub, none) in [
        ("postgresql.service", "active", "exited", true),
        ("multi-user.target", "active", "active", true),
        ("api.socket", "active", "listening", true),
        ("api.timer", "active", "waiting", true),
        ("api.service", "active", "running", false),
        ("postgresql.service", "inactive", "dead", false),
        ("postgresql.service", "failed", "failed", false),
        ("postgresql.service", "activating", "start", false),
    ] {
        assert_eq!(unit(id, active, sub, "a").no_process, none, "{id} {active} ({sub})");
    }
}

#[test]
fn a_start_shows_that_the_unit_is_up_anew_and_no_more() {
    let stopped = unit("postgresql.service", "inactive", "dead", "a");
    let mut watch = SteadyWatch::new(ServiceVerb::Start, stopped.clone(), STAYS);
    assert!(matches!(watch.read(&stopped, Moment::fixed(0.0)), Steadiness::NotYet(_)));
    assert!(matches!(watch.read(&meta("b"), Moment::fixed(1.0)), Steadiness::NotYet(_)));
    assert_eq!(watch.read(&meta("b"), Moment::fixed(6.0)), Steadiness::Steady);
    let words = shown(&meta("b"));
    assert!(words.as_str().contains("no process of its own") && !words.as_str().contains("new process"), "{words}");
    let mut watch = SteadyWatch::new(ServiceVerb::Start, stopped, STAYS);
    watch.read(&meta("b"), Moment::fixed(1.0));
    assert!(matches!(watch.read(&meta("c"), Moment::fixed(6.0)), Steadiness::Broken(_)), "it did not stay");
}

#[test]
fn a_restart_is_shown_by_a_process_alone() {
    let mut watch = SteadyWatch::new(ServiceVerb::Restart, meta("a"), Duration::ZERO);
    assert!(matches!(watch.read(&meta("b"), Moment::fixed(1.0)), Steadiness::NotYet(_)));
    let told = cannot_be_shown(ServiceVerb::Restart, &meta("a")).unwrap();
    assert!(told.as_str().contains("name the unit whose process it is"), "{told}");
    assert_eq!(cannot_be_shown(ServiceVerb::Restart, &running(1, "a", 0)), None);
    // In a runbook the step is over with its order: waiting would show no more.
    let words = shows_nothing(ServiceVerb::Restart, &meta("a")).unwrap();
    assert!(words.as_str().contains("told to restart") && words.as_str().contains("is not seen"), "{words}");
    assert_eq!(shows_nothing(ServiceVerb::Restart, &running(1, "a", 0)), None);
    assert_eq!(shows_nothing(ServiceVerb::Stop, &meta("a")), None);
}

/// What it stands for may be dead: the order is given, and shows nothing.
#[test]
fn what_is_up_without_a_process_is_not_said_to_run() {
    assert_eq!(is_so_already(ServiceVerb::Start, &meta("a")), None);
    assert!(is_so_already(ServiceVerb::Start, &running(1, "a", 0)).is_some());
    let words = shows_nothing(ServiceVerb::Start, &meta("a")).unwrap();
    assert!(words.as_str().contains("active (exited)") && words.as_str().contains("is not seen"), "{words}");
    assert_eq!(shows_nothing(ServiceVerb::Start, &unit("postgresql.service", "inactive", "dead", "a")), None);
    // By itself the order is not verified by what was there before it.
    let mut watch = SteadyWatch::new(ServiceVerb::Start, meta("a"), Duration::ZERO);
    assert!(matches!(watch.read(&meta("a"), Moment::fixed(1.0)), Steadiness::NotYet(_)));
}
