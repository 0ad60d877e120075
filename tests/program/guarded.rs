//! What keeps an action from starting, and what is left of it: old data while a card is open, refusals before there is a card,
//! keys that nobody can have meant, and the mark that an effect leaves on the charts.

use quarterdeck::app::view::Overlay;
use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::{Cause, Safe, Untrusted};
use quarterdeck::input::{Code, Key};
use quarterdeck::metrics::series::Series;
use quarterdeck::remediation::card::{Identity, Preview};
use quarterdeck::remediation::execution::{Input, Phase};
use quarterdeck::remediation::measure::{Evidence, Measure};
use quarterdeck::remediation::step::StepEnd;

use crate::cards::{orders, phase, tell};
use crate::world::World;
use crate::world::readings::{Postgres, answer, cause, counters, silence};
use crate::{drawn, text};

const SIZE: (u16, u16) = (100, 40);
const RUN: Key = Key::ctrl('t');

const WATCHED: &str = r#"
    [[origin]]
    name = "api"
    url = "https://api.example.com"
    [[service]]
    name = "api"
    url = "https://api.example.com/health"
    interval = "2s"
    [[database]]
    name = "main"
    url = "postgresql://ops@db.example.com/app"
    environment = "staging"
    interval = "2s"
    [[cache]]
    name = "api cache"
    url = "https://api.example.com/stats"
    hits = "/hits"
    misses = "/misses"
    interval = "2s"
    [[action]]
    name = "warm-cache"
    level = "L1"
    origin = "api"
    path = "/warm"
    [[action]]
    name = "restart-api"
    target = "api"
    unit = "api.service"
    watch = "service api"
    expect = "ok"
    [[runbook]]
    name = "warm-by-the-book"
    title = "warm it by the book"
    level = "L1"
    target = "api"
    watch = "cache api cache"
    expect = "rises"
    within = "1m"
    [[runbook.step]]
    title = "how is it"
    look = "cache api cache"
    [[runbook.step]]
    title = "warm it"
    origin = "api"
    path = "/warm"
    [actions]
    allow = true
"#;

fn world() -> World {
    let mut world = World::new(WATCHED);
    read(&mut world);
    world
}

/// Everything is read.
fn read(world: &mut World) {
    world.service("api", answer(200, "{}", 12.0));
    world.database("main", Ok(Postgres::default().reading()));
    let n = world.now as u64;
    world.cache("api cache", Ok(counters(1000 + 100 * n, 1000, None, 0)));
}

fn press(world: &mut World, key: Key) -> Vec<Effect> {
    orders(world, Event::KeyPressed(key))
}

/// Asks for a card by its name on the line of commands.
fn ask(world: &mut World, name: &str) -> Vec<Effect> {
    world.press(":");
    world.write(&format!("act {name}"));
    press(world, Key::plain(Code::Enter))
}

fn previewed(world: &mut World, effects: &[Effect], preview: &Preview) {
    for effect in effects {
        if let Effect::Preview(order) = effect {
            let begun = world.moment();
            orders(world, Event::Previewed { id: order.id, outcome: Box::new(Ok(preview.clone())), begun });
        }
    }
    drawn(world, SIZE, false);
    world.now += 0.5;
}

fn sessions() -> Preview {
    use quarterdeck::domain::session::{SessionId, SessionState};
    use quarterdeck::remediation::object::{Object, ObjectKey};
    let id = SessionId { pid: 7, backend_start_us: 1 };
    let object = Object {
        key: ObjectKey::Session { id, state: SessionState::IdleInTransaction, since_us: 7 },
        label: Safe::of("pid 7"),
        query: Untrusted::from("SELECT 1"),
        user: Safe::of("app"),
        application: Safe::of("api"),
        client: Safe::of("10.0.0.7"),
        database: Safe::default(),
        age: None,
        remark: Safe::default(),
    };
    Preview {
        identity: Identity { facts: vec![("database", Untrusted::from("app"))] },
        objects: vec![object],
        effect: vec![Untrusted::from("SELECT pg_terminate_backend(…)")],
        ..Preview::default()
    }
}

fn began(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Hold { .. }))
}

/// What is recorded, in words.
fn recorded(effects: &[Effect]) -> Vec<String> {
    let record = |effect: &Effect| match effect {
        Effect::Record { entry, .. } => Some(format!("{entry:?}")),
        _ => None,
    };
    effects.iter().filter_map(record).collect()
}

#[test]
fn data_that_go_stale_while_the_card_is_open_stop_the_chord() {
    let mut world = world();
    let effects = ask(&mut world, "terminate-idle-in-transaction");
    previewed(&mut world, &effects, &sessions());
    world.wait(10.0);
    world.write("main");
    let effects = press(&mut world, RUN);
    assert!(!began(&effects), "nothing starts on stale data");
    let told = recorded(&effects);
    assert!(told.iter().any(|entry| entry.contains("Refused") && entry.contains("what is known of main is 10s old")));
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("refused: what is known of main is 10s old"), "{screen}");
    read(&mut world);
    world.write("main");
    assert!(began(&press(&mut world, RUN)), "it was read again");
}

#[test]
fn a_request_to_a_service_that_nobody_probes_does_not_start_and_one_to_a_failing_service_does() {
    let mut world = world();
    ask(&mut world, "warm-cache");
    previewed(&mut world, &[], &Preview::default());
    world.wait(10.0);
    let effects = press(&mut world, RUN);
    assert!(!began(&effects) && recorded(&effects).iter().any(|entry| entry.contains("what is known of api")));
    world.service("api", silence(cause("refused")));
    world.wait(1.0);
    assert!(began(&press(&mut world, RUN)), "that it does not answer is known, and new");
}

#[test]
fn a_service_that_does_not_answer_can_be_restarted() {
    let mut world = world();
    // The probe hangs: the last good reading is old and no failure has come yet.
    world.wait(10.0);
    let effects = ask(&mut world, "restart-api");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Preview(_))), "{}", world.message());
}

#[test]
fn what_is_refused_before_a_card_is_recorded_once_a_minute() {
    let mut world = world();
    world.press("Space");
    let first = ask(&mut world, "warm-cache");
    let told = recorded(&first);
    assert!(told.len() == 1 && told[0].contains("Refused") && told[0].contains("FROZEN"), "{told:?}");
    for _ in 0..3 {
        world.now += 1.0;
        assert!(recorded(&ask(&mut world, "warm-cache")).is_empty(), "the same again within a minute");
    }
    assert_eq!(recorded(&ask(&mut world, "terminate-idle")).len(), 1, "another action");
    world.now += 61.0;
    let told = recorded(&orders(&mut world, Event::TimePassed));
    let again = told.iter().filter(|entry| entry.contains("warm-cache") && entry.contains("FROZEN")).count();
    assert!(again == 1 && told.iter().any(|entry| entry.contains("times") && entry.contains('3')), "{told:?}");
    world.now += 61.0;
    assert!(recorded(&orders(&mut world, Event::TimePassed)).is_empty(), "each is counted once");
}

#[test]
fn a_card_that_could_not_be_made_is_recorded() {
    let mut world = world();
    let effects = ask(&mut world, "terminate-idle");
    let id = effects.iter().find_map(|effect| match effect {
        Effect::Preview(order) => Some(order.id),
        _ => None,
    });
    let begun = world.moment();
    let failed = Err(Cause::Other(Safe::of("the server went away")));
    let effects = orders(&mut world, Event::Previewed { id: id.unwrap(), outcome: Box::new(failed), begun });
    let told = recorded(&effects);
    assert!(told.iter().any(|entry| entry.contains("Refused") && entry.contains("no card: the server went away")));
    let read_only = WATCHED.replace("allow = true", "allow = false");
    let mut world = World::new(&read_only);
    assert!(recorded(&ask(&mut world, "warm-cache")).is_empty(), "read-only there is no audit to write to");
}

/// The runbook, at the end of its look.
fn by_the_book(world: &mut World) -> u64 {
    world.wait(1.0);
    read(world);
    let effects = ask(world, "warm-by-the-book");
    previewed(world, &effects, &Preview::default());
    let effects = press(world, RUN);
    let Some(Effect::Hold { run, .. }) = effects.first() else { panic!("{effects:?} {}", world.message()) };
    let run = *run;
    tell(world, run, Input::Held(Ok(())));
    tell(world, run, Input::Recorded(Ok(())));
    world.now += 1.0;
    let words = Safe::of("50 %");
    let seen = Evidence { measure: Measure::HitRatio(0), value: Some(0.5), at: world.moment(), words, chance: 0.0 };
    tell(world, run, Input::Read(seen));
    tell(world, run, Input::Recorded(Ok(())));
    assert_eq!(phase(world), Phase::Reviewing { step: 1 }, "what must hold is read again before the first effect");
    world.now += 1.0;
    read(world);
    assert_eq!(phase(world), Phase::Running { step: 1 });
    run
}

fn marks(series: &Series) -> Vec<(f64, String)> {
    series.all_marks().map(|(at, what)| (at.boot.as_secs_f64(), what.to_string())).collect()
}

#[test]
fn the_mark_stands_where_something_was_changed_and_on_every_chart_that_shows_it() {
    let mut world = world();
    let run = by_the_book(&mut world);
    world.now += 120.0;
    let effect = world.moment().boot.as_secs_f64();
    tell(&mut world, run, Input::StepEnded { step: 1, end: StepEnd::Done { fates: Vec::new(), said: Vec::new() } });
    let live = &world.model.live;
    for series in [&live.caches[0].series, &live.services[0].latency] {
        let found = marks(series);
        assert!(matches!(found.as_slice(), [(at, _)] if (at - effect).abs() < 0.01), "at the effect: {found:?}");
    }
    tell(&mut world, run, Input::Recorded(Ok(())));
    world.wait(70.0);
    tell(&mut world, run, Input::Recorded(Ok(())));
    assert!(matches!(phase(&world), Phase::Ended { .. }), "{:?}", phase(&world));
    let live = &world.model.live;
    for series in [&live.caches[0].series, &live.services[0].latency] {
        let found = marks(series);
        let [(at, words)] = found.as_slice() else { panic!("{found:?}") };
        assert!((at - effect).abs() < 0.01 && words.ends_with("not verified"), "it names the end: {found:?}");
    }
    assert!(marks(&live.databases[0].used).is_empty());
}

#[test]
fn what_sent_nothing_leaves_no_mark() {
    let mut world = world();
    let run = by_the_book(&mut world);
    let end = StepEnd::Failed(Cause::Other(Safe::of("refused")));
    tell(&mut world, run, Input::StepEnded { step: 1, end });
    for _ in 0..3 {
        tell(&mut world, run, Input::Recorded(Ok(())));
    }
    assert!(matches!(phase(&world), Phase::Ended { .. }), "{:?}", phase(&world));
    assert!(marks(&world.model.live.services[0].latency).is_empty());
}

#[test]
fn a_key_that_stops_is_deaf_as_long_as_one_that_goes_on() {
    let mut world = world();
    by_the_book(&mut world);
    let cancelled = |world: &World| world.model.actions.current.as_ref().unwrap().execution.is_cancelled();
    assert!(matches!(world.model.view.overlays.last(), Some(Overlay::Progress { .. })));
    press(&mut world, Key::char('c'));
    assert!(!cancelled(&world), "the view was never seen");
    drawn(&mut world, SIZE, false);
    world.now += 0.3;
    press(&mut world, Key::char('c'));
    assert!(!cancelled(&world), "only just seen");
    world.now += 0.2;
    press(&mut world, Key::char('c'));
    assert!(cancelled(&world));
}
