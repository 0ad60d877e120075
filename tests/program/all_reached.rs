//! What a plan reaches beside its target: the services at the addresses of its requests and the databases of its steps are to be
//! known before it starts as well as its target is, and bear its mark.

use quarterdeck::app::actions::{catalogue, evidence, headless};
use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::source::{SourceId, SourceKind};
use quarterdeck::remediation::action::Action;
use quarterdeck::remediation::execution::Input;
use quarterdeck::remediation::step::StepEnd;

use crate::cards::{CHORD, card_of, orders, tell};
use crate::world::World;
use crate::world::readings::{Postgres, answer, cause, silence};
use crate::{drawn, text};

const SIZE: (u16, u16) = (100, 60);
const BODY: &str = r#"{"status":"ok"}"#;

fn world() -> World {
    let mut world = unread();
    for name in ["api", "worker", "worker deep", "aside"] {
        world.service(name, answer(200, BODY, 4.0));
    }
    world.database("main", Ok(Postgres::default().reading()));
    world
}

/// Nothing was read of anything yet.
fn unread() -> World {
    World::new(
        r#"
        [[service]]
        name = "api"
        url = "http://127.0.0.1:1/health"
        interval = "2s"
        [[service]]
        name = "worker"
        url = "http://127.0.0.1:2/health"
        interval = "2s"
        [[service]]
        name = "worker deep"
        url = "http://127.0.0.1:2/health/deep"
        interval = "2s"
        [[service]]
        name = "aside"
        url = "http://127.0.0.1:3/health"
        interval = "2s"
        [[database]]
        name = "main"
        url = "postgresql://ops@127.0.0.1/app"
        interval = "2s"
        [[runbook]]
        name = "drain"
        target = "api"
        level = "L2"
        [[runbook.step]]
        title = "pause the jobs"
        url = "http://127.0.0.1:2/jobs/pause"
        [[runbook]]
        name = "calm"
        target = "api"
        level = "L2"
        [[runbook.step]]
        title = "end the idle ones"
        sessions = "terminate idle"
        database = "main"
        [actions]
        allow = true
        "#,
    )
}

fn named(world: &World, id: &str) -> Action {
    let all = catalogue::all(&world.model);
    all.into_iter().find(|action| action.id.as_str() == id).unwrap_or_else(|| panic!("{id}"))
}

fn against(world: &World, id: &str) -> String {
    catalogue::reason_against(&world.model, &named(world, id)).map(|why| why.to_string()).unwrap_or_default()
}

/// Time passes, and only these are read in it.
fn pass(world: &mut World, seconds: u32, read: &[&str]) {
    for _ in 0..seconds / 2 {
        world.wait(2.0);
        for name in read {
            match *name {
                "main" => world.database(name, Ok(Postgres::default().reading())),
                name => world.service(name, answer(200, BODY, 4.0)),
            }
        }
    }
}

/// The card of the runbook whose one step is a request.
fn card(world: &mut World) -> String {
    let action = named(world, "drain");
    orders(world, Event::CardAsked(Box::new(action)));
    let card = headless::card(&world.model).unwrap_or_else(|| panic!("no card: {}", world.message()));
    let lines = headless::lines(&world.model, card);
    lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn press(world: &mut World) -> Vec<Effect> {
    drawn(world, SIZE, false);
    world.now += 0.5;
    world.write("api");
    orders(world, Event::KeyPressed(CHORD))
}

fn began(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Hold { .. }))
}

#[test]
fn nothing_starts_while_what_a_request_reaches_is_not_known() {
    for old in ["worker", "worker deep"] {
        let mut world = world();
        assert_eq!(against(&world, "drain"), "");
        let others: Vec<&str> = ["api", "worker", "worker deep"].into_iter().filter(|name| *name != old).collect();
        pass(&mut world, 40, &others);
        assert_eq!(against(&world, "drain"), format!("what is known of {old} is 40s old"));
        let menu = {
            world.press("a");
            text(&drawn(&mut world, SIZE, false))
        };
        assert!(menu.contains(&format!("what is known of {old} is 40s old")), "{menu}");
        world.service(old, answer(200, BODY, 4.0));
        assert_eq!(against(&world, "drain"), "", "what no step reaches is its own matter");
    }
}

#[test]
fn nothing_starts_before_anything_was_read_of_what_it_reaches() {
    let mut world = unread();
    for (next, missing) in [("api", "api"), ("worker", "worker"), ("worker deep", "worker deep")] {
        assert_eq!(against(&world, "drain"), format!("nothing was read of {missing} yet"));
        // That it cannot be read is something that was read.
        let read = if next == "worker" { silence(cause("refused")) } else { answer(200, BODY, 4.0) };
        world.service(next, read);
    }
    assert!(!against(&world, "drain").contains("yet"), "{}", against(&world, "drain"));
    assert_eq!(against(&world, "calm"), "nothing was read of main yet");
    world.database("main", Ok(Postgres::default().reading()));
    assert_eq!(against(&world, "calm"), "");
}

#[test]
fn a_chord_is_refused_once_what_a_request_reaches_is_old() {
    let mut world = world();
    card(&mut world);
    pass(&mut world, 30, &["api", "worker deep"]);
    let effects = press(&mut world);
    assert!(!began(&effects), "nothing starts on stale data");
    let refused = card_of(&world).expect("the card").refused.clone();
    assert!(refused.iter().any(|why| why.as_str() == "what is known of worker is 30s old"), "{refused:?}");
    let card = headless::card(&world.model).expect("the card");
    let against = headless::against(&world.model, card);
    assert!(against.iter().any(|why| why.as_str().starts_with("what is known of worker is 3")), "{against:?}");
    world.service("worker", answer(200, BODY, 4.0));
    assert!(began(&press(&mut world)), "it was read again");
}

#[test]
fn nothing_starts_while_a_database_of_a_step_is_not_known() {
    let mut world = world();
    pass(&mut world, 40, &["api"]);
    assert_eq!(against(&world, "calm"), "what is known of main is 40s old");
    world.database("main", Ok(Postgres::default().reading()));
    assert_eq!(against(&world, "calm"), "");
}

/// That it is down is known, and may be what the request is for; whoever consents is told.
#[test]
fn what_a_request_reaches_may_be_down_and_the_card_says_so() {
    let mut world = world();
    for _ in 0..15 {
        world.wait(2.0);
        world.service("api", answer(200, BODY, 4.0));
        world.service("worker deep", answer(200, BODY, 4.0));
        world.service("worker", silence(cause("refused")));
    }
    assert_eq!(against(&world, "drain"), "");
    let card = card(&mut world);
    assert_eq!(card.matches("worker does not answer well").count(), 1, "{card}");
    assert!(card.contains("last good 30s ago"), "{card}");
}

/// `run` reads only what an action needs: that is all that it reaches.
#[test]
fn what_is_reached_is_read_for_a_run_and_what_is_not_is_left_alone() {
    let world = world();
    let needs = |id: &str, kind, at| evidence::needs(&world.model, &named(&world, id), SourceId::new(kind, at));
    for at in [0, 1, 2] {
        assert!(needs("drain", SourceKind::Service, at), "{at}");
    }
    assert!(!needs("drain", SourceKind::Service, 3));
    assert!(!needs("drain", SourceKind::Database, 0));
    assert!(needs("calm", SourceKind::Database, 0));
}

#[test]
fn the_services_that_a_request_reaches_bear_its_mark() {
    let mut world = world();
    card(&mut world);
    let effects = press(&mut world);
    let Some(Effect::Hold { run, .. }) = effects.first() else { panic!("{effects:?}") };
    let run = *run;
    tell(&mut world, run, Input::Held(Ok(())));
    tell(&mut world, run, Input::Recorded(Ok(())));
    tell(&mut world, run, Input::StepEnded { step: 0, end: StepEnd::Done { fates: Vec::new(), said: Vec::new() } });
    let marks = |at: usize| world.model.live.services[at].latency.all_marks().count();
    assert_eq!([0, 1, 2, 3].map(marks), [1, 1, 1, 0], "its target, and the two at the address of its request");
}
