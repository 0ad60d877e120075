//! Which locks an action takes: two ways to one target meet at one of them, two targets at none.

use std::collections::BTreeSet;
use std::time::Duration;

use super::world::{action, card};
use crate::domain::Safe;
use crate::domain::source::SourceKind;
use crate::remediation::action::{Databases, Plan, SessionSelector, Target};
use crate::remediation::card::{Card, Identity};
use crate::remediation::command::CommandStep;
use crate::remediation::level::Level;
use crate::remediation::place::Place;
use crate::remediation::query::SqlStep;
use crate::remediation::runbook::Deed;
use crate::remediation::service::facts::ServiceFacts;
use crate::remediation::step::{Step, Work};
use crate::remediation::tests::runbook_world;
use crate::remediation::turn::{self, Reach, Turn};
use crate::remediation::written;

fn on(name: &str, facts: &[(&'static str, &str)]) -> Card {
    let mut card = card(action(Level::L2), 0..3);
    card.action.target = Target { kind: SourceKind::Service, name: Safe::of(name), ..card.action.target };
    card.preview.identity = Identity { facts: facts.iter().map(|(name, value)| (*name, (*value).into())).collect() };
    card
}

fn meet(one: &Card, two: &Card) -> bool {
    let locks = |card: &Card| -> BTreeSet<String> {
        let keys: Vec<_> = card.keys_beside().into_iter().chain([card.target_key()]).map(|key| key.hex()).collect();
        let set: BTreeSet<String> = keys.iter().cloned().collect();
        assert_eq!(set.len(), keys.len(), "no lock twice: the second would be held by the first");
        set
    };
    !locks(one).is_disjoint(&locks(two))
}

fn unit(name: &str, place: &str, machine: &str) -> Card {
    let facts = [("service", "api.service"), ("manager", "systemd"), ("where", place), ("machine", machine)];
    on(name, &facts)
}

#[test]
fn two_ways_to_one_configured_target_exclude_each_other() {
    let request = on("api", &[("origin", "http://127.0.0.1:8000"), ("known by", "its address alone")]);
    let restart = unit("api", "here", "m1");
    assert!(meet(&request, &restart));
    assert!(!meet(&request, &unit("worker", "here", "m1")));
    let staging = request.action.target.clone();
    let production = Target { environment: crate::domain::target::Environment::Production, ..staging.clone() };
    assert_ne!(staging.key(), production.key());
}

#[test]
fn two_names_of_one_machine_are_one_target_and_one_name_on_two_is_two() {
    assert!(meet(&unit("a", "over ssh on web1", "m1"), &unit("b", "over ssh on web1.example", "m1")));
    assert!(!meet(&unit("a", "over ssh on web1", "m1"), &unit("b", "over ssh on web2", "m2")));
    assert!(!meet(&unit("a", "over ssh on web1", ""), &unit("b", "over ssh on web2", "")), "not read is no machine");
    let of = |name, manager, containers| {
        on(name, &[("service", "api"), ("manager", manager), ("where", "here"), ("containers", containers)])
    };
    assert!(meet(
        &of("a", "docker compose -p shop", "aaaa, bbbb"),
        &of("b", "docker compose -f shop.yaml", "aaaa, bbbb")
    ));
    assert!(!meet(&of("a", "docker compose -p shop", "aaaa"), &of("b", "docker compose -p mall", "cccc")));
}

#[test]
fn one_program_on_two_targets_is_two() {
    let command = |name: &str, place: Place| {
        let argv = ["kubectl", "rollout", name].map(str::to_owned).to_vec();
        let step = CommandStep { argv, place, become_argv: None, expected_exit: Vec::new(), reads: false };
        let mut card = on(name, &[]);
        card.preview.identity = written::of(&Work::Command(Box::new(step))).identity;
        card
    };
    assert!(!meet(&command("api", Place::Local), &command("worker", Place::Local)));
    assert!(meet(&command("api", Place::Local), &command("api", Place::Ssh { host: "web1".to_owned() })));
    let told = |card: &Card| {
        card.preview.identity.facts.iter().map(|(_, value)| value.one_line().to_string()).collect::<Vec<_>>().join("; ")
    };
    assert!(told(&command("api", Place::Local)).contains("nothing is read"), "the card says that nothing is read");
    assert!(told(&command("api", Place::Ssh { host: "web1".to_owned() })).contains("the host by its key"));
}

fn program(words: &[&str], reads: bool) -> Work {
    let argv = words.iter().map(|word| (*word).to_owned()).collect();
    Work::Command(Box::new(CommandStep {
        argv,
        place: Place::Local,
        become_argv: None,
        expected_exit: Vec::new(),
        reads,
    }))
}

fn runs(name: &str, work: Work) -> Card {
    let mut card = on(name, &[]);
    card.action.plan = Plan::Steps(vec![Step { title: Safe::of("run"), work, deadline: Duration::from_secs(5) }]);
    card
}

/// What a program reaches nobody knows; but the same one, in the same place, reaches the same.
#[test]
fn one_program_by_two_ways_excludes_itself() {
    let restart = || program(&["kubectl", "rollout", "api"], false);
    assert!(meet(&runs("api", restart()), &runs("shop", restart())));
    assert!(!meet(&runs("api", restart()), &runs("shop", program(&["kubectl", "rollout", "worker"], false))));
    assert!(!meet(&runs("api", restart()), &runs("shop", program(&["kubectl", "rolloutapi"], false))));
    let looks = || program(&["kubectl", "get", "pods"], true);
    assert!(!meet(&runs("api", looks()), &runs("shop", looks())), "who only looks excludes nobody");
    let Plan::Runbook(mut runbook) = runbook_world::card(&[runbook_world::sent()]).action.plan else { panic!() };
    runbook.steps[0].deed = Deed::Work(restart());
    let mut book = on("shop", &[]);
    book.action.plan = Plan::Runbook(runbook);
    assert!(meet(&book, &runs("api", restart())), "in a runbook too");
}

/// A part whose target cannot be read, or is read in another way, is the configured one all the same.
#[test]
fn what_the_steps_of_a_runbook_change_is_locked_as_it_is_configured() {
    let Plan::Runbook(mut runbook) = runbook_world::card(&[runbook_world::sent()]).action.plan else { panic!() };
    let sql = |read_only| {
        let (sql, binds) = ("UPDATE x SET y = 1".to_owned(), Vec::new());
        Deed::Work(Work::Sql(Box::new(SqlStep { database: 3, sql, binds, read_only, redact: false })))
    };
    runbook.steps[0].deed = sql(false);
    let mut book = on("shop", &[]);
    book.action.plan = Plan::Runbook(runbook.clone());
    assert_eq!(book.action.plan.reached(), [(SourceKind::Database, 3)]);
    let database = Target { kind: SourceKind::Database, name: Safe::of("main"), ..book.action.target.clone() };
    let mut alone = on("main", &[]);
    alone.action.target = database.clone();
    assert!(!meet(&book, &alone));
    book.preview.configured = vec![database.key(), database.key()];
    assert!(meet(&book, &alone));
    runbook.steps[0].deed = sql(true);
    assert!(Plan::Runbook(runbook).reached().is_empty(), "what only reads is nobody's way");
}

#[test]
fn servers_that_do_not_say_which_they_are_are_told_by_their_address() {
    let database = |name, server| {
        on(name, &[("system identifier", "not readable"), ("server", server), ("database", "shop (oid 5)")])
    };
    assert!(!meet(&database("a", "10.0.0.1 port 5432"), &database("b", "10.0.0.2 port 5432")));
    assert!(meet(&database("a", "10.0.0.1 port 5432"), &database("b", "10.0.0.1 port 5432")));
}

#[test]
fn the_machine_of_a_card_is_the_machine_of_the_effect() {
    let on = |machine: &str| ServiceFacts { machine: Safe::of(machine), ..ServiceFacts::default() };
    assert!(on("m1").is_bound_to(&on("m1")));
    assert!(!on("m1").is_bound_to(&on("m2")), "the address leads elsewhere, and nothing ran at either");
    assert!(!on("m1").is_bound_to(&on("")), "not read is not the same");
    assert!(on("").is_bound_to(&on("m1")));
}

#[test]
fn a_turn_reaches_as_far_as_the_sessions_that_may_be_found() {
    let idle = |databases| SessionSelector::Idle {
        older_than: Duration::from_secs(5),
        user: None,
        application: None,
        databases,
        except_users: Vec::new(),
        except_applications: Vec::new(),
    };
    for (selector, reach) in [
        (idle(Databases::Present), Reach::Database),
        (SessionSelector::IdleInTransaction { older_than: Duration::from_secs(5) }, Reach::Database),
        (idle(Databases::Every), Reach::Server),
        (idle(Databases::Named("side".to_owned())), Reach::Server),
        (SessionSelector::RootBlocker, Reach::Server),
        (SessionSelector::Pid(7), Reach::Server),
    ] {
        let mut card = card(action(Level::L2), 0..3);
        let Plan::Sessions { verb, .. } = card.action.plan else { panic!() };
        card.action.plan = Plan::Sessions { selector, verb };
        assert_eq!(turn::of(&card), [Turn { database: 0, reach }]);
    }
    let mut reads = card(action(Level::L1), 0..0);
    reads.action.plan = Plan::Steps(Vec::new());
    assert!(turn::of(&reads).is_empty());
}
