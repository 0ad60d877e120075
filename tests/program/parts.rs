//! A runbook's parts, each by itself: whom which step touches and leaves alone, what is consented to of each, and the mark on
//! whatever they change.

use std::sync::Arc;

use quarterdeck::app::{Effect, Event};
use quarterdeck::config::resolved::CacheSource;
use quarterdeck::domain::session::SessionState;
use quarterdeck::domain::{Safe, Untrusted};
use quarterdeck::input::{Code, Key};
use quarterdeck::remediation::card::{Identity, Preview};
use quarterdeck::remediation::execution::Input;
use quarterdeck::remediation::object::Excluded;

use crate::cards::{CHORD, card_of, done, object, orders};
use crate::world::World;
use crate::{drawn, text};

const SIZE: (u16, u16) = (120, 70);

fn world(steps: &str) -> World {
    World::new(&format!(
        r#"
        [[service]]
        name = "api"
        url = "http://127.0.0.1:1/health"
        [[database]]
        name = "main"
        url = "postgresql://ops@db.example.com/app"
        [[database]]
        name = "stock"
        url = "postgresql://ops@stock.example.com/app"
        [[cache]]
        name = "one"
        redis = "redis://127.0.0.1:6379"
        [[cache]]
        name = "two"
        redis = "redis://127.0.0.1:6380"
        [[runbook]]
        name = "calm"
        title = "calm them down"
        target = "api"
        level = "L2"
        {steps}
        [actions]
        allow = true
        windows = ["daily 00:00-24:00 UTC"]
        "#
    ))
}

const SESSIONS: &str = r#"
    [[runbook.step]]
    title = "end the idle ones"
    sessions = "terminate idle"
    database = "main"
    [[runbook.step]]
    title = "stop what blocks"
    sessions = "cancel root blocker"
    database = "stock"
"#;

/// The card of the runbook, made of these looks.
fn card(world: &mut World, found: Vec<Preview>) {
    world.all_read();
    world.press(":");
    world.write("act calm");
    let effects = orders(world, Event::KeyPressed(crate::world::key("Enter")));
    let ids = effects.iter().filter_map(|effect| match effect {
        Effect::Preview(order) => Some(order.id),
        _ => None,
    });
    let begun = world.moment();
    let looks: Vec<(u64, Preview)> = ids.zip(found).collect();
    assert!(!looks.is_empty(), "{effects:?} {}", world.message());
    for (id, preview) in looks {
        orders(world, Event::Previewed { id, outcome: Box::new(Ok(preview)), begun });
    }
}

fn sessions(system: &str, pids: std::ops::Range<i32>, state: SessionState, excluded: &str) -> Preview {
    Preview {
        identity: Identity { facts: vec![("system identifier", Untrusted::from(system))] },
        objects: pids.map(|pid| object(pid, state)).collect(),
        excluded: vec![Excluded { count: 2, why: Safe::of(excluded) }],
        effect: vec![Untrusted::from("SELECT …")],
        ..Preview::default()
    }
}

fn two() -> Vec<Preview> {
    vec![
        sessions("7001", 1..7, SessionState::Idle, "of users that are excluded (deploy)"),
        sessions("7002", 20..21, SessionState::Active, "of superusers"),
    ]
}

/// Whose session is ended, and whose statement only, is for the person to see: not one list of all.
#[test]
fn whom_each_step_touches_and_leaves_alone_stands_by_the_step() {
    let mut world = world(SESSIONS);
    card(&mut world, two());
    let screen = text(&drawn(&mut world, SIZE, false));
    let places: Vec<usize> = [
        "What it touches: 7",
        "step 1, terminate on main: 6",
        "step 2, cancel on stock: 1",
        "pid 20 ",
        "What it leaves alone",
        "step 1, terminate on main: 2 of users that are excluded (deploy)",
        "step 2, cancel on stock: 2 of superusers",
    ]
    .map(|words| screen.find(words).unwrap_or_else(|| panic!("{words:?} in\n{screen}")))
    .into();
    assert!(places.is_sorted(), "{places:?} in\n{screen}");
    let card = &card_of(&world).expect("a card").card;
    let all = quarterdeck::app::actions::headless::lines(&world.model, card);
    let text = all.iter().map(Safe::as_str).collect::<Vec<_>>().join("\n");
    let list = text.split("All 7 that it touches").nth(1).unwrap_or_else(|| panic!("{text}"));
    let place = |words: &str| list.find(words).unwrap_or_else(|| panic!("{words:?} in\n{list}"));
    assert!(place("step 1, terminate on main") < place("pid 6"), "{list}");
    assert!(place("pid 6") < place("step 2, cancel on stock") && place("step 2, cancel") < place("pid 20"), "{list}");
}

/// The mark is for whoever looks at the chart of what was changed, whatever the runbook is aimed at.
#[test]
fn every_target_that_a_step_changes_bears_the_mark() {
    let mut world = world(SESSIONS);
    card(&mut world, two());
    drawn(&mut world, SIZE, false);
    world.wait(0.5);
    world.write("api");
    world.press("Tab");
    world.write("INC-7");
    let effects = orders(&mut world, Event::KeyPressed(CHORD));
    let Some(Effect::Hold { run, .. }) = effects.first() else { panic!("{effects:?}") };
    let run = *run;
    let tell = |world: &mut World, input| orders(world, Event::ActionHappened { run, input: Box::new(input) });
    tell(&mut world, Input::Held(Ok(())));
    let effects = tell(&mut world, Input::Recorded(Ok(())));
    let [Effect::RunAction { approved, step: 0, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let end = done(approved.objects());
    tell(&mut world, Input::StepEnded { step: 0, end });
    for database in &world.model.live.databases {
        assert_eq!(database.used.all_marks().count(), 1, "{}", database.spec.name);
    }
}

/// Two flushes whose counts change places come to the same sum, and are another card.
#[test]
fn the_count_of_each_step_is_consented_to() {
    let steps = "[[runbook.step]]\nflush = \"one\"\n[[runbook.step]]\nflush = \"two\"";
    let digest = |counts: [u64; 2]| {
        let mut world = world(steps);
        let flush = |count| Preview {
            identity: Identity { facts: vec![("run id", Untrusted::from("abc"))] },
            effect: vec![Untrusted::from("FLUSHDB ASYNC")],
            count: Some(count),
            ..Preview::default()
        };
        card(&mut world, counts.map(flush).into());
        card_of(&world).unwrap_or_else(|| panic!("no card: {}", world.message())).card.digest()
    };
    assert_eq!(digest([3, 500]), digest([3, 500]));
    assert_ne!(digest([3, 500]), digest([500, 3]));
}

/// Where nobody scrolled the step at hand stays in sight; scrolling goes on from there.
#[test]
fn scrolling_the_view_of_a_run_begins_where_it_stands() {
    let steps: Vec<String> =
        (0..40).map(|n| format!("[[runbook.step]]\ntitle = \"rest {n}\"\npause = \"1s\"\n")).collect();
    let mut world = world(&format!("{}{SESSIONS}", steps.concat()));
    card(&mut world, two());
    drawn(&mut world, SIZE, false);
    world.wait(0.5);
    world.write("api");
    world.press("Tab");
    world.write("INC-7");
    let effects = orders(&mut world, Event::KeyPressed(CHORD));
    let Some(Effect::Hold { run, .. }) = effects.first() else { panic!("{effects:?}") };
    let run = *run;
    let tell = |world: &mut World, input| orders(world, Event::ActionHappened { run, input: Box::new(input) });
    tell(&mut world, Input::Held(Ok(())));
    tell(&mut world, Input::Recorded(Ok(())));
    for _ in 0..25 {
        world.wait(1.5);
        tell(&mut world, Input::Recorded(Ok(())));
    }
    // The first line that is seen stands in the frame: `31-48 of 90`.
    let first = |world: &mut World| {
        drawn(world, (80, 24), false);
        let screen = text(&drawn(world, (80, 24), false));
        let place =
            screen.lines().find_map(|line| line.split(" of ").next().filter(|_| line.contains("calm them down")));
        let place = place.and_then(|line| line.rsplit(' ').next()?.split('-').next()?.parse::<usize>().ok());
        place.unwrap_or_else(|| panic!("{screen}"))
    };
    let followed = first(&mut world);
    assert!(followed > 10, "the step at hand is in sight: {followed}");
    let screen = text(&drawn(&mut world, (80, 24), false));
    assert!(screen.contains("c asks to stop"), "where its line is out of sight, too: {screen}");
    world.press("k");
    assert_eq!(first(&mut world), followed - 1);
    orders(&mut world, Event::KeyPressed(Key::plain(Code::PageUp)));
    assert_eq!(first(&mut world), followed - 19);
    for _ in 0..followed {
        world.press("k");
    }
    assert_eq!(first(&mut world), 1, "the top stays the top");
    world.press("j");
    assert_eq!(first(&mut world), 2);
}

/// What opens a cache's endpoint stands in its address, and in no detail.
#[test]
fn the_address_of_a_cache_is_shown_without_its_secrets() {
    let mut world = World::new(
        "[[cache]]\nname = \"pages\"\nurl = \"https://api.example.com/stats\"\nhits = \"/h\"\nmisses = \"/m\"\n",
    );
    let spec = Arc::make_mut(&mut world.model.live.caches[0].spec);
    let CacheSource::Endpoint { request, .. } = &mut spec.source else { panic!("a page") };
    request.url.set_query(Some("token=hunter2&part=a"));
    world.press("4 Enter");
    let text = text(&drawn(&mut world, SIZE, false));
    assert!(text.contains("api.example.com/stats") && text.contains("part=a") && !text.contains("hunter2"), "{text}");
}
