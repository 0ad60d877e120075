//! What a card says of what nobody looks at for it: a target whose readings are old, one that is down, one that is not watched;
//! what the watch after it does not see; and of many victims how long they are as they are.

use std::time::Duration;

use quarterdeck::app::Event;
use quarterdeck::app::actions::{catalogue, headless};
use quarterdeck::domain::Untrusted;
use quarterdeck::domain::session::SessionState;
use quarterdeck::remediation::action::Action;
use quarterdeck::remediation::card::{Identity, Preview};
use quarterdeck::remediation::object::Object;

use crate::acting::armed;
use crate::cards::{object, orders};
use crate::world::World;
use crate::world::readings::{answer, cause, silence};

const BODY: &str = r#"{"status":"ok"}"#;

fn world(service: &str) -> World {
    World::new(&format!(
        r#"
        {service}
        [[action]]
        name = "warm-cache"
        url = "http://127.0.0.1:1/cache/warm"
        level = "L1"
        target = "api"
        environment = "local"
        [actions]
        allow = true
        "#
    ))
}

const WATCHED: &str = "[[service]]\nname = \"api\"\nurl = \"http://127.0.0.1:1/health\"\ninterval = \"2s\"\n";

fn warm(world: &World) -> Action {
    let all = catalogue::all(&world.model);
    all.into_iter().find(|action| action.id.as_str() == "warm-cache").unwrap()
}

fn against(world: &World) -> String {
    catalogue::reason_against(&world.model, &warm(world)).map(|why| why.to_string()).unwrap_or_default()
}

fn card(world: &mut World) -> String {
    let action = warm(world);
    orders(world, Event::CardAsked(Box::new(action)));
    text(world)
}

fn text(world: &World) -> String {
    let card = headless::card(&world.model).unwrap_or_else(|| panic!("no card: {}", world.message()));
    let lines = headless::lines(&world.model, card);
    lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Attempts that come on time and tell nothing are no data.
#[test]
fn nothing_starts_on_a_last_good_reading_that_is_old() {
    let mut world = world(WATCHED);
    world.service("api", answer(200, BODY, 4.0));
    assert_eq!(against(&world), "");
    for _ in 0..300 {
        world.wait(2.0);
        world.service("api", silence(cause("limited")));
    }
    assert_eq!(against(&world), "what is known of api is 10m00s old");
    world.service("api", answer(200, BODY, 4.0));
    assert_eq!(against(&world), "");
}

/// That it is down is what is known, and what many an action is for; the card says so.
#[test]
fn what_is_down_can_be_acted_on_and_the_card_says_that_it_is() {
    let mut world = world(WATCHED);
    world.service("api", answer(200, BODY, 4.0));
    for _ in 0..30 {
        world.wait(2.0);
        world.service("api", silence(cause("refused")));
    }
    assert_eq!(against(&world), "");
    let card = card(&mut world);
    assert!(card.contains("api does not answer well") && card.contains("last good 1m00s ago"), "{card}");
}

#[test]
fn what_nobody_watches_is_said_to_be_not_known() {
    let card = card(&mut world(""));
    assert!(card.contains("api in LOCAL, not watched: how it is now is not known"), "{card}");
}

#[test]
fn a_card_says_what_the_watch_after_it_does_not_see() {
    let mut world = world(WATCHED);
    world.all_read();
    let card = card(&mut world);
    let watched = card.lines().find(|line| line.starts_with("watched after it")).unwrap_or_else(|| panic!("{card}"));
    for words in
        ["failed probes and latency", "for 5m", "only with --watch", "NOT seen: connections", "errors that only"]
    {
        assert!(watched.contains(words), "{words:?} in {watched}");
    }
}

#[test]
fn many_are_broken_down_by_how_long_they_are_as_they_are() {
    let mut world = armed("staging");
    let all = catalogue::all(&world.model);
    let action = all.into_iter().find(|action| action.id.as_str() == "terminate-idle").unwrap();
    orders(&mut world, Event::CardAsked(Box::new(action)));
    let id = world.model.actions.asked.as_ref().unwrap().0;
    let aged = |pid: i32| {
        let age = Some(Duration::from_secs(60 * u64::from(pid.unsigned_abs())));
        Object { age, ..object(pid, SessionState::Idle) }
    };
    let preview = Preview {
        identity: Identity { facts: vec![("database", Untrusted::from("app"))] },
        objects: (11..20).map(aged).collect(),
        ..Preview::default()
    };
    let begun = world.moment();
    orders(&mut world, Event::Previewed { id, outcome: Box::new(Ok(preview)), begun });
    let card = text(&world);
    let group = card.lines().find(|line| line.trim_start().starts_with("9  app")).unwrap_or_else(|| panic!("{card}"));
    assert!(group.contains("for 11m00s to 19m00s"), "{group}");
}
