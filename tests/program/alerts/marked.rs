//! What fires on a service marks it wherever it is told: the header, the counts and the row agree with what `check` exits with.

use std::time::Duration;

use quarterdeck::app::Event;
use quarterdeck::app::pane::{Block, PaneId};
use quarterdeck::app::report::Report;
use quarterdeck::domain::Safe;
use quarterdeck::engine::Output;
use quarterdeck::engine::output::{PageTold, RequestsTold, TargetTold};

use super::rules::{Rules, TEAM, several, some};
use crate::world::readings::{answer, cause, counters};
use crate::world::{World, text as words};
use crate::{drawn, text};

const WATCHED: &str = r#"
    name = "shop"
    [[service]]
    name = "api"
    url = "http://localhost:8000/health"
    [[service]]
    name = "worker"
    url = "http://localhost:9000/health"
    [[metrics]]
    name = "api"
    url = "http://localhost:8000/metrics"
    job = "api"
    instance = "api-1:8000"
"#;

fn header(world: &mut World, width: u16) -> String {
    text(&drawn(world, (width, 24), false)).lines().next().unwrap_or_default().to_owned()
}

fn row(world: &World, name: &str) -> String {
    let rows = words(&world.pane(PaneId::Services));
    rows.lines().find(|row| row.contains(name)).unwrap_or_default().to_owned()
}

fn healthy() -> World {
    let mut world = World::new(WATCHED);
    scrape(&mut world, None);
    for name in ["api", "worker"] {
        world.service(name, answer(200, r#"{"status":"healthy"}"#, 4.0));
    }
    world
}

fn scrape(world: &mut World, requests: Option<RequestsTold>) {
    let told =
        TargetTold { at: world.moment(), took: Duration::ZERO, page: Ok(PageTold::default()), requests, cache: None };
    world.tell(Event::EngineTold(vec![Output::Target { target: 0, told }]));
}

#[test]
fn a_critical_alert_marks_its_service_and_the_header_says_what_check_exits_with() {
    let mut world = healthy();
    assert!(header(&mut world, 80).contains("OK   targets 2 ok"), "{}", header(&mut world, 80));
    let mut rules = Rules::new(TEAM);
    let fails = [("instance", "api-1:8000"), ("job", "api")];
    rules.answer("errors > 0.05", some(&fails, 0.31));
    rules.tell(&mut world);
    world.wait(130.0);
    rules.answer("errors > 0.05", some(&fails, 0.31));
    rules.tell(&mut world);
    for name in ["api", "worker"] {
        world.service(name, answer(200, r#"{"status":"healthy"}"#, 4.0));
    }
    scrape(&mut world, None);
    for width in [80, 120, 200] {
        let header = header(&mut world, width);
        assert!(header.contains("DOWN ALERTS 1 firing"), "{header}");
        assert!(header.contains(if width == 80 { "1 alerting 1 ok" } else { "targets 1 alerting 1 ok" }), "{header}");
    }
    assert_eq!(Report::of(&world.model).verdict.exit_code(), 2, "as the header says");
    assert!(
        row(&world, "api").contains("OK !") && row(&world, "api").contains("! HighErrorRatio"),
        "{}",
        row(&world, "api")
    );
    assert!(!row(&world, "worker").contains('!'), "{}", row(&world, "worker"));
    assert!(text(&drawn(&mut world, (120, 40), false)).contains("Services 1 ok 1 alerting"));
    world.wait(30.0);
    // What fires on another instance, or on nothing that is watched here, marks nobody; the header tells it all the same.
    rules.answer("errors > 0.05", several(&[(&[("instance", "api-2:8000"), ("job", "api")], 0.31)]));
    rules.tell(&mut world);
    world.wait(130.0);
    rules.answer("errors > 0.05", several(&[(&[("instance", "api-2:8000"), ("job", "api")], 0.31)]));
    rules.tell(&mut world);
    for name in ["api", "worker"] {
        world.service(name, answer(200, r#"{"status":"healthy"}"#, 4.0));
    }
    scrape(&mut world, None);
    assert!(header(&mut world, 120).contains("DOWN ALERTS 1 firing  targets 2 ok"), "{}", header(&mut world, 120));
    assert!(!row(&world, "api").contains("OK !"), "{}", row(&world, "api"));
}

#[test]
fn what_users_wait_heads_the_latency_and_stays_on_the_narrow_screen() {
    let mut world = healthy();
    let requests = RequestsTold {
        window: Duration::from_secs(34),
        from: Safe::of("http"),
        count: 934.0,
        per_second: 27.5,
        errors: Some(0.0878),
        p50: Some(0.004),
        p95: Some(7.15),
        p99: Some(9.0),
    };
    scrape(&mut world, Some(requests));
    let screen = text(&drawn(&mut world, (80, 24), false));
    assert!(screen.contains("Latency srv p95 7.15s "), "{screen}");
    assert!(screen.contains("srv (34s) p95 7.15s err 8.78%"), "{screen}");
    let screen = text(&drawn(&mut world, (200, 60), false));
    assert!(screen.contains("Latency srv p95 7.15s errors 8.78% (34s)"), "{screen}");
    let pane = words(&world.pane(PaneId::Latency));
    assert!(pane.find("api (server").is_some_and(|at| at < pane.find("worker n=1").unwrap_or(0)), "{pane}");
}

#[test]
fn what_keeps_a_database_shut_is_told_by_its_first_pane_alone() {
    let mut world = World::new("[[database]]\nname = \"db\"\nurl = \"postgresql://mon@db.test/db\"\n");
    world.database("db", Err(cause("login")));
    world.press("3");
    let screen = text(&drawn(&mut world, (120, 40), false));
    assert_eq!(screen.matches("password authentication failed").count(), 1, "{screen}");
    assert_eq!(screen.matches("see Connections").count(), 3, "{screen}");
    // Where that pane is not seen, each tells it itself.
    world.press("Tab z");
    let screen = text(&drawn(&mut world, (120, 40), false));
    assert!(screen.contains("password authentication failed"), "{screen}");
}

#[test]
fn log_lines_stand_where_they_stood_when_a_longer_name_scrolls_in() {
    let mut world = World::new(
        "[[log]]\nname = \"api\"\nfiles = \"/x/a.log\"\n[[log]]\nname = \"background-jobs\"\nfiles = \"/x/b.log\"\n",
    );
    let place = |world: &World| {
        let view = world.pane(PaneId::Logs);
        let rows = view.blocks.iter().find_map(|block| if let Block::Log(rows) = block { Some(rows) } else { None });
        rows.map_or_else(Vec::new, |rows| rows.iter().map(|row| row.log.as_str().len()).collect())
    };
    world.log("api", &["2026-11-23T10:00:00Z INFO one"]);
    let before = place(&world);
    world.log("background-jobs", &["2026-11-23T10:00:01Z INFO two"]);
    assert_eq!((before, place(&world)), (vec![15], vec![15, 15]));
}

#[test]
fn every_cache_has_its_row_on_the_narrow_screen_and_none_is_told_twice() {
    let mut world = World::new(
        "[[cache]]\nname = \"pages\"\nurl = \"http://localhost:8000/cache\"\nhits = \"/hits\"\nmisses = \"/misses\"\n[[cache]]\nname = \"redis\"\nredis = \"redis://localhost:6379\"\n[[metrics]]\nname = \"api\"\nurl = \"http://localhost:8000/metrics\"\n",
    );
    for (hits, misses) in [(0, 0), (960, 40)] {
        for name in ["pages", "redis"] {
            world.cache(name, Ok(counters(hits, misses, Some("a"), 0)));
        }
        let told = TargetTold {
            at: world.moment(),
            took: Duration::ZERO,
            page: Ok(PageTold::default()),
            requests: None,
            cache: Some((0.9, 500.0)),
        };
        world.tell(Event::EngineTold(vec![Output::Target { target: 0, told }]));
        world.wait(5.0);
    }
    let screen = text(&drawn(&mut world, (80, 24), false));
    for row in ["Cache 2 ok", "pages", "redis"] {
        assert!(screen.contains(row), "{row}\n{screen}");
    }
    assert!(!screen.contains("server's counters"), "{screen}");
}
