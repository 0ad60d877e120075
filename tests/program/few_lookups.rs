//! A hit ratio of a few look-ups is a dice game: it is told, and nothing is required by it, compared with it or proved by it.

use quarterdeck::app::view::Overlay;
use quarterdeck::app::{Effect, Event};
use quarterdeck::input::Key;
use quarterdeck::remediation::execution::{Input, Phase};
use quarterdeck::remediation::outcome::Outcome;
use quarterdeck::remediation::step::StepEnd;

use crate::cards::orders;
use crate::world::World;
use crate::world::readings::counters;
use crate::{drawn, text};

const SIZE: (u16, u16) = (120, 60);

/// A cache and its warming; `requires` is a line of the action.
fn world(requires: &str) -> World {
    World::new(&format!(
        r#"
        [[cache]]
        name = "shop"
        redis = "redis://127.0.0.1:6379/0"
        interval = "2s"
        [[action]]
        name = "warm"
        url = "http://127.0.0.1:1/warm"
        level = "L1"
        watch = "cache shop"
        expect = "rises"
        settle = "0s"
        stable = "0s"
        within = "30s"
        {requires}
        [actions]
        allow = true
        "#
    ))
}

/// Two seconds later so many hits and misses were counted.
fn read(world: &mut World, hits: u64, misses: u64) {
    world.now += 2.0;
    world.cache("shop", Ok(counters(hits, misses, Some("run"), 0)));
}

/// The card of the warming, as it is seen.
fn card(world: &mut World) -> String {
    world.press(":");
    world.write("act warm");
    world.press("Enter");
    let seen = text(&drawn(world, SIZE, false));
    world.now += 0.5;
    seen
}

/// It was consented to and sent, and the endpoint answered.
fn warmed(world: &mut World) {
    card(world);
    let Some(Overlay::Card(dialog)) = world.model.view.overlays.last() else { panic!("no card: {}", world.message()) };
    let phrase = dialog.phrase().unwrap_or_default();
    world.write(&phrase);
    let effects = orders(world, Event::KeyPressed(Key::ctrl('t')));
    let Some(Effect::Hold { run, .. }) = effects.first() else { panic!("{effects:?}") };
    let run = *run;
    let done = StepEnd::Done { fates: Vec::new(), said: Vec::new() };
    for input in [Input::Held(Ok(())), Input::Recorded(Ok(())), Input::StepEnded { step: 0, end: done }] {
        orders(world, Event::ActionHappened { run, input: Box::new(input) });
    }
}

fn outcome(world: &World) -> Option<Outcome> {
    match world.model.actions.current.as_ref().expect("it runs").execution.phase() {
        Phase::Ended { outcome, .. } | Phase::Closing(outcome) => Some(outcome),
        _ => None,
    }
}

#[test]
fn what_rose_from_a_few_look_ups_is_not_verified() {
    // None of three look-ups hit before; afterwards nine of ten do.
    let mut world = world("");
    read(&mut world, 1000, 1000);
    read(&mut world, 1000, 1003);
    warmed(&mut world);
    for n in 1..12 {
        read(&mut world, 1000 + 900 * n, 1003 + 100 * n);
    }
    assert_eq!(outcome(&world), None, "there was nothing that it could rise from");
    world.wait(31.0);
    assert_eq!(outcome(&world), Some(Outcome::NotVerified));
}

#[test]
fn what_rose_from_many_is_verified() {
    let mut world = world("");
    read(&mut world, 1000, 1000);
    read(&mut world, 1000, 1300);
    warmed(&mut world);
    for n in 1..4 {
        read(&mut world, 1000 + 900 * n, 1300 + 100 * n);
    }
    assert_eq!(outcome(&world), Some(Outcome::Verified));
}

#[test]
fn nothing_that_is_required_holds_by_a_few_look_ups() {
    for (misses, holds) in [(3, false), (300, true)] {
        let mut world = world("requires = [\"cache shop < 50%\"]");
        read(&mut world, 1000, 1000);
        read(&mut world, 1000, 1000 + misses);
        let seen = card(&mut world);
        let few = format!("0% of {misses} look-ups, too few to judge");
        let seen = if seen.contains(&few) { seen } else { format!("{seen}\n{}", world.message()) };
        assert_eq!(seen.contains(&few), !holds, "{seen}");
    }
}
