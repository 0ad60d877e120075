//! After an action the errors and the percentile that a server counts over everybody's requests are watched, where it is scraped:
//! a service whose probes all succeed may fail for its users.

use std::time::Duration;

use quarterdeck::app::Event;
use quarterdeck::domain::Safe;
use quarterdeck::engine::output::{Output, PageTold, RequestsTold, TargetTold};

use crate::timeline::{drained, probe, world_with};
use crate::world::World;

use crate::{drawn, text};

const SIZE: (u16, u16) = (120, 40);
const SCRAPED: &str = "[[metrics]]\nname = \"shop\"\nurl = \"https://api.example.com/metrics\"\ninterval = \"2s\"\n";

fn counted(count: f64, errors: Option<f64>, p95: f64) -> RequestsTold {
    let window = Duration::from_secs(60);
    let (from, per_second, p) = (Safe::of("x"), count / 60.0, Some(p95));
    RequestsTold { from, window, count, per_second, errors, p50: p, p95: p, p99: p }
}

/// A probe that succeeds, and a round of the server's page; with what was recorded of the tripwire.
fn round(world: &mut World, requests: Option<RequestsTold>) -> Vec<String> {
    probe(world, Some(12.0));
    let (at, page) = (world.moment(), Ok(PageTold::default()));
    let told = TargetTold { at, took: Duration::ZERO, page, requests, cache: None };
    world.tell(Event::EngineTold(vec![Output::Target { target: 0, told }]));
    world.effects.iter().filter(|effect| effect.contains("Tripped")).cloned().collect()
}

fn screen(world: &mut World) -> String {
    text(&drawn(world, SIZE, false))
}

/// The rounds before, the action, the rounds after; what was recorded.
fn acted(before: &[Option<RequestsTold>], after: &[Option<RequestsTold>]) -> (World, Vec<String>) {
    let mut world = world_with(true, SCRAPED);
    for requests in before {
        round(&mut world, requests.clone());
    }
    drained(&mut world, &[Some(12.0), Some(12.0)]);
    let recorded = after.iter().flat_map(|requests| round(&mut world, requests.clone())).collect();
    (world, recorded)
}

#[test]
fn errors_that_only_users_meet_are_told_once_and_recorded() {
    let good = Some(counted(6000.0, Some(0.001), 0.08));
    let bad = Some(counted(6000.0, Some(0.2), 0.08));
    let (mut world, recorded) = acted(&vec![good; 20], &vec![bad; 20]);
    assert_eq!(recorded.len(), 1, "{recorded:#?}");
    let shown = screen(&mut world);
    assert!(shown.contains("WORSE after drain: error ratio of shop 0.100% -> 20.0%"), "{shown}");
}

#[test]
fn so_is_a_percentile_that_only_users_meet() {
    let (good, slow) = (Some(counted(6000.0, None, 0.08)), Some(counted(6000.0, None, 0.9)));
    let (mut world, recorded) = acted(&vec![good; 20], &vec![slow; 20]);
    assert_eq!(recorded.len(), 1, "{recorded:#?}");
    assert!(screen(&mut world).contains("WORSE after drain: p95 of shop 80.0ms -> 900ms"), "{}", screen(&mut world));
}

#[test]
fn what_was_so_before_and_what_is_chance_is_not_worse() {
    let bad = Some(counted(6000.0, Some(0.2), 0.5));
    assert_eq!(acted(&vec![bad.clone(); 20], &vec![bad.clone(); 20]).1, Vec::<String>::new(), "it was so before");
    let good = Some(counted(6000.0, Some(0.0), 0.08));
    let three = Some(counted(3.0, Some(0.67), 5.0));
    assert_eq!(acted(&vec![good.clone(); 20], &vec![three; 20]).1, Vec::<String>::new(), "three requests are chance");
    // What is not known any more is told as that, and never as good.
    let (mut world, recorded) = acted(&vec![good; 20], &vec![None; 160]);
    assert_eq!(recorded, Vec::<String>::new());
    world.wait(0.0);
    let shown = screen(&mut world);
    assert!(shown.contains("of 2 of 6 figures it is UNKNOWN"), "{shown}");
}

#[test]
fn the_card_says_whether_they_are_seen() {
    let sees = |rounds: &[Option<RequestsTold>]| {
        let mut world = world_with(true, SCRAPED);
        for requests in rounds {
            round(&mut world, requests.clone());
        }
        world.press("a Enter");
        let shown = text(&drawn(&mut world, (120, 90), false));
        shown.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let told = sees(&vec![Some(counted(600.0, Some(0.0), 0.08)); 3]);
    assert!(told.contains("the servers' own error ratio") && !told.contains("errors that only others'"), "{told}");
    let untold = sees(&[None, None]);
    assert!(untold.contains("errors that only others'") && !untold.contains("the servers' own"), "{untold}");
}
