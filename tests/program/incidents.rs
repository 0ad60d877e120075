//! What stands out in an incident, in the words of the panes and of the last line.

use quarterdeck::app::chrome::chrome;
use quarterdeck::app::pane::PaneId;
use quarterdeck::app::view::Overlay;
use quarterdeck::domain::Verdict;
use quarterdeck::domain::session::SessionState;
use quarterdeck::domain::signal::SignalValue;

use crate::world::readings::{Postgres, answer, cause, session, silence};
use crate::world::{World, text};

const WATCHED: &str = r#"
name = "sample"

[[service]]
name = "api"
url = "http://127.0.0.1:8000/health"
interval = "2s"

[[database]]
name = "main"
url = "postgresql://app@127.0.0.1/app"
interval = "2s"

[[signal]]
name = "p95"
url = "http://127.0.0.1:8000/metrics.json"
pointer = "/p95"
unit = "ms"
threshold = "> 500"
interval = "2s"

[[signal]]
name = "load"
load = true
interval = "2s"
"#;

fn alerts(world: &World) -> Vec<String> {
    chrome(&world.model).alerts.into_iter().map(|alert| alert.text.to_string()).collect()
}

fn good(world: &mut World) {
    world.service("api", answer(200, r#"{"status":"ok"}"#, 5.0));
    world.database("main", Ok(Postgres::default().reading()));
    world.signal("p95", Ok(SignalValue::Number(100.0)));
    world.signal("load", Ok(SignalValue::Number(9.0)));
}

#[test]
fn the_last_line_ranks_all_that_is_wrong() {
    let mut world = World::new(WATCHED);
    world.wait(1.0);
    assert!(alerts(&world).is_empty(), "a first answer may take a moment");
    good(&mut world);
    assert!(alerts(&world).is_empty());
    for _ in 0..3 {
        world.wait(2.0);
        world.service("api", silence(cause("timeout")));
        world.signal("p95", Ok(SignalValue::Number(812.0)));
        world.database("main", Err(cause("slots")));
    }
    let told = alerts(&world);
    assert_eq!(told[..2], ["database main down: connection slots exhausted", "api down: timeout"], "{told:?}");
    assert_eq!(told.last().unwrap(), "signal p95 degraded: 812ms > 500ms");
    assert!(told.iter().all(|alert| !alert.contains("load") || alert.contains("unknown")), "{told:?}");
}

#[test]
fn what_has_no_threshold_is_not_called_ok() {
    let mut world = World::new(WATCHED);
    good(&mut world);
    let shown = text(&world.pane(PaneId::Signals));
    assert!(shown.contains("\n- | load | 9"), "{shown}");
    assert!(shown.contains("> 500ms"), "the unit stands with the bound: {shown}");
    let strip: String = chrome(&world.model).strip.iter().map(|span| span.text.to_string()).collect();
    assert_eq!(strip, "OK   targets 3 ok");
}

#[test]
fn who_blocks_the_others_is_named_and_degrades_after_seconds() {
    let mut world = World::new(WATCHED);
    let reading = || {
        let mut sessions = vec![session(21_308, SessionState::IdleInTransaction, 31, "ALTER TABLE webhooks")];
        sessions.extend((0..20).map(|n| {
            let mut one = session(30_000 + n, SessionState::Active, 9, "SELECT 1");
            one.blocked_by = vec![if n == 0 { 21_308 } else { 30_000 }];
            one
        }));
        Postgres { used: 22, sessions, ..Postgres::default() }.reading()
    };
    let verdict = |world: &World| world.model.live.databases[0].verdict(world.moment());
    world.database("main", Ok(reading()));
    let shown = text(&world.pane(PaneId::Connections));
    assert!(shown.contains("! pid 21308 pggit-api blocks 20, idle in tx 31s"), "{shown}");
    assert!(shown.contains("+1 quarterdeck"), "22 used, 21 listed: {shown}");
    assert_eq!(verdict(&world), Verdict::Ok, "a moment of waiting is no fault");
    for _ in 0..3 {
        world.wait(2.0);
        world.database("main", Ok(reading()));
    }
    assert_eq!(verdict(&world), Verdict::Degraded);
    assert_eq!(text(&world.pane(PaneId::Connections)).matches("21308").count(), 1, "told once");
    assert!(
        alerts(&world).contains(&"database main degraded: pid 21308 pggit-api blocks 20, idle in tx 31s".to_owned())
    );
}

#[test]
fn a_statement_slower_than_before_comes_first_and_is_marked() {
    let mut world = World::new(WATCHED);
    let mut slow = (50, 100.0);
    for round in 0..40i64 {
        slow = if round < 5 { (slow.0 + 50, slow.1 + 100.0) } else { (slow.0 + 3, slow.1 + 3.0 * 60.0) };
        let rows = vec![
            (1, 1000 + round * 900, 1000.0 + round as f64 * 900.0, "SELECT often"),
            (2, slow.0, slow.1, "SELECT by_fingerprint"),
        ];
        world.database("main", Ok(Postgres { statements: Some(Ok(rows)), ..Postgres::default() }.reading()));
        world.wait(5.0);
    }
    let shown = text(&world.pane(PaneId::SlowQueries));
    let rows: Vec<&str> = shown.lines().filter(|line| line.contains("SELECT")).collect();
    assert!(rows[0].contains("by_fingerprint") && rows[0].contains("!×2"), "{shown}");
    assert!(!rows[1].contains('!'), "{shown}");
    assert!(shown.contains("1 slower than before"), "{shown}");
}

#[test]
fn what_hangs_says_its_age_and_until_when_it_speaks() {
    let mut world = World::new(WATCHED);
    for round in 0..3i64 {
        let rows = vec![(1, 10 + round * 19, 10.0 + round as f64 * 19.0, "SELECT 1")];
        world.database("main", Ok(Postgres { statements: Some(Ok(rows)), ..Postgres::default() }.reading()));
        world.wait(5.0);
    }
    world.wait(36.0);
    world.database("main", Err(cause("timeout")));
    world.wait(5.0);
    let connections = text(&world.pane(PaneId::Connections));
    assert!(connections.starts_with("Connections STALE 46s 12/97"), "{connections}");
    let statements = text(&world.pane(PaneId::SlowQueries));
    assert!(statements.starts_with("Statements STALE 46s by time, 5s until 12:00:10Z: 19 calls"), "{statements}");
    for pane in [PaneId::Sessions, PaneId::Database] {
        assert!(text(&world.pane(pane)).contains("STALE 46s"));
    }
}

#[test]
fn percentiles_say_what_they_stand_on() {
    let mut world = World::new(WATCHED);
    let title = |world: &World| text(&world.pane(PaneId::Latency)).lines().next().unwrap().to_owned();
    let mut probe = |milliseconds: Option<f64>| {
        let reading = milliseconds.map_or_else(|| silence(cause("timeout")), |ms| answer(200, "{}", ms));
        world.service("api", reading);
        world.wait(5.0);
        title(&world)
    };
    probe(Some(4.0));
    assert_eq!(probe(Some(4.0)), "Latency of probes api (5m n=2)");
    assert_eq!(probe(Some(4.0)), "Latency of probes api p50 4.00ms (5m n=3)");
    for _ in 0..17 {
        probe(Some(4.0));
    }
    assert_eq!(probe(None), "Latency of probes api 1 of 21 failed p50 4.00ms p95 4.00ms p99 4.00ms (5m n=20, 10s ago)");
}

#[test]
fn a_first_failure_is_not_yet_down() {
    let mut world = World::new(WATCHED);
    let shown = |world: &World| text(&world.pane(PaneId::Services)).lines().nth(2).unwrap().to_owned();
    world.service("api", silence(cause("timeout")));
    assert!(shown(&world).starts_with("UNKN") && shown(&world).contains("fail 1/3: timeout"), "{}", shown(&world));
    world.service("api", silence(cause("timeout")));
    world.service("api", silence(cause("timeout")));
    assert!(shown(&world).starts_with("DOWN") && shown(&world).contains("timeout 3x"), "{}", shown(&world));
    let mut other = World::new(WATCHED);
    good(&mut other);
    other.service("api", silence(cause("timeout")));
    assert!(shown(&other).starts_with("OK?") && shown(&other).contains("fail 1/3: timeout"), "{}", shown(&other));
}

#[test]
fn enter_opens_the_first_row_and_a_filter_is_seen() {
    let mut world = World::new(WATCHED);
    good(&mut world);
    world.press("Enter");
    assert!(matches!(world.model.view.overlays.last(), Some(Overlay::Document { .. })), "{}", world.message());
    world.press("Esc /");
    world.write("ap");
    world.press("Enter");
    assert!(text(&world.pane(PaneId::Services)).starts_with("Services /ap 1 ok"));
}

#[test]
fn the_command_line_never_guesses() {
    let mut world = World::new(WATCHED);
    for (typed, told) in [("foo", "no command foo"), ("f", "no command f"), ("", "")] {
        world.model.view.message = None;
        world.press(":");
        world.write(typed);
        world.press("Enter");
        assert_eq!(world.message(), told);
        assert!(world.model.view.overlays.is_empty());
    }
    world.press(":");
    world.write("databa");
    world.press("Enter");
    assert_eq!(world.model.view.page, quarterdeck::app::view::Page::Database);
}

#[test]
fn a_message_does_not_take_the_place_of_what_is_wrong() {
    let mut world = World::new(WATCHED);
    good(&mut world);
    for _ in 0..3 {
        world.service("api", silence(cause("refused")));
    }
    world.press("T");
    let around = chrome(&world.model);
    assert_eq!(around.alerts[0].text.as_str(), "api down: refused");
    world.press("Space");
    assert!(!chrome(&world.model).message.is_empty());
    assert_eq!(chrome(&world.model).alerts.len(), 1);
}
