//! In each incident of the sample system the menu begins with what cures it: for all that is wrong, and for the alert that is
//! selected. With the sample's own configuration and rules.

use std::time::Duration;

use quarterdeck::app::effect::PreviewOf;
use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::session::{Session, SessionState};
use quarterdeck::domain::signal::SignalValue;
use quarterdeck::input::Key;
use quarterdeck::remediation::execution::Input;
use quarterdeck::remediation::step::StepEnd;

use crate::alerts::rules::{Rules, some};
use crate::cards::orders;
use crate::world::readings::{Postgres, answer, cause, counters, session, silence};
use crate::world::{World, key};
use crate::{drawn, text};

const SIZE: (u16, u16) = (120, 40);
const RULES: &str = include_str!("../../assets/demo_rules.yml");
const UNWELL: &str = r#"{"status":"degraded","checks":{"upstream_eu":{"status":"unhealthy"}}}"#;
const DEEP: &str = r#"{"status":"degraded","checks":{"queue":{"status":"degraded","depth":1300}}}"#;

/// The sample as it is watched, without its files.
fn sample() -> World {
    let watched =
        concat!(include_str!("../../assets/demo.toml"), "\n", include_str!("../../assets/demo_database.toml"));
    let watched = watched
        .replace("rules = [\"RULES\"]", "")
        .replace("\"MANAGER\"", "\"manager\"")
        .replace("\"API\"", "\"http://127.0.0.1:8000\"")
        .replace("\"WORKER/health\"", "\"http://127.0.0.1:8001/health\"")
        .replace("\"GATEWAY/health\"", "\"http://127.0.0.1:8002/health\"")
        .replace("\"LOG\"", "\"/tmp/api.log\"")
        .replace("\"WORKER_LOG\"", "\"/tmp/worker.log\"")
        .replace("\"DATABASE\"", "\"postgresql://pggit@127.0.0.1:5432/pggit\"");
    World::new(&watched)
}

/// What is read of it.
struct Readings {
    database: Postgres,
    misses: u64,
    deep: &'static str,
    worker: bool,
    pending: f64,
}

impl Default for Readings {
    fn default() -> Readings {
        Readings { database: Postgres::default(), misses: 10, deep: "{}", worker: true, pending: 20.0 }
    }
}

impl Readings {
    /// Half a minute of it.
    fn tell(&self, world: &mut World) {
        for round in 1..16 {
            world.wait(2.0);
            world.service("api", answer(200, "{}", 5.0));
            world.service("api deep", answer(200, self.deep, 5.0));
            world.service("gateway", answer(200, UNWELL, 5.0));
            let worker = if self.worker { answer(200, self.deep, 5.0) } else { silence(cause("refused")) };
            world.service("worker", worker);
            world.cache("api cache", Ok(counters(300 * round, self.misses * round, None, 0)));
            world.signal("deliveries pending", Ok(SignalValue::Number(self.pending)));
            world.database("sample", Ok(self.database.clone().reading()));
        }
    }
}

fn blocked(pid: i32) -> Session {
    Session { blocked_by: vec![51], ..session(pid, SessionState::Active, 20, "UPDATE webhooks") }
}

/// An incident: what is read, the alert of it, and how the line of its cure begins.
fn incident(name: &str) -> (Readings, Option<&'static str>, &'static str) {
    let calm = Readings::default;
    let of = |sessions: Vec<Session>, used| Postgres { used, sessions, ..Postgres::default() };
    let held = (51..64).map(|pid| session(pid, SessionState::IdleInTransaction, 20, "SELECT 1")).collect();
    let run = session(51, SessionState::Active, 30, "SELECT count(*) FROM commits");
    match name {
        "pool-exhaustion" => {
            let full = Readings { database: of(held, 97), ..calm() };
            (full, Some("db_connection_pool_available < 2"), "terminate sessions idle in transaction")
        }
        "cold-cache" => (Readings { misses: 2000, ..calm() }, None, "warm the cache"),
        "slow-query" => (
            Readings { database: of(vec![run], 20), ..calm() },
            Some("histogram_quantile(0.99, sum by (le, job) (rate(http_request_duration_seconds_bucket[30s]))) > 0.5"),
            "cancel what session 51 runs",
        ),
        "lock-pileup" => {
            let sessions = vec![run, blocked(60), blocked(61)];
            (
                Readings { database: of(sessions, 20), ..calm() },
                Some("~status=~\"5..\""),
                "cancel what the root blocker runs",
            )
        }
        "error-burst" => (calm(), Some("~status=~\"5..\""), "restart api"),
        "service-down" => (Readings { worker: false, ..calm() }, None, "restart worker"),
        "backlog" => {
            let deep = Readings { deep: DEEP, pending: 1300.0, ..calm() };
            (deep, Some("webhook_queue_depth > 1000"), "retry pending deliveries")
        }
        other => panic!("no incident {other}"),
    }
}

const INCIDENTS: [&str; 7] =
    ["pool-exhaustion", "cold-cache", "slow-query", "lock-pileup", "error-burst", "service-down", "backlog"];

fn played(name: &str, alert: bool) -> World {
    let (readings, expr, _) = incident(name);
    let (mut world, mut rules) = (sample(), Rules::new(RULES));
    rules.tell(&mut world);
    Readings::default().tell(&mut world);
    if let Some(expr) = expr.filter(|_| alert) {
        rules.answer(expr, some(&[("job", "api")], 2000.0));
    }
    rules.tell(&mut world);
    readings.tell(&mut world);
    rules.tell(&mut world);
    readings.tell(&mut world);
    world
}

/// The first line of the menu.
fn first(world: &mut World) -> String {
    world.press("a");
    let screen = text(&drawn(world, SIZE, false));
    let line = screen.lines().find(|line| line.contains("▶L")).unwrap_or_else(|| panic!("{screen}"));
    let (_, action) = line.split_once("▶L").unwrap();
    action.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').to_owned()
}

#[test]
fn in_each_incident_its_cure_comes_first() {
    for name in INCIDENTS {
        let (.., cure) = incident(name);
        let mut world = played(name, true);
        let line = first(&mut world);
        assert!(line.starts_with(cure), "{name}: {line}\n{}", text(&drawn(&mut world, SIZE, false)));
    }
}

/// Where no rules files are: by what is watched alone.
#[test]
fn what_is_watched_alone_tells_the_cure_too() {
    for name in ["pool-exhaustion", "cold-cache", "lock-pileup", "service-down", "backlog"] {
        let (.., cure) = incident(name);
        let line = first(&mut played(name, false));
        assert!(line.starts_with(cure), "{name}: {line}");
    }
}

#[test]
fn for_the_alert_that_is_selected_its_cure_comes_first_too() {
    for (name, cure) in [
        ("pool-exhaustion", "the pool of connections is exhausted"),
        ("slow-query", "cancel what session 51 runs"),
        ("error-burst", "restart api"),
        ("backlog", "retry pending deliveries"),
    ] {
        let mut world = played(name, true);
        world.press("6");
        drawn(&mut world, SIZE, false);
        let line = first(&mut world);
        assert!(line.starts_with(cure), "{name}: {line}\n{}", text(&drawn(&mut world, SIZE, false)));
    }
}

#[test]
fn the_menu_says_what_is_wrong_whom_it_is_about_and_what_would_prove_it() {
    let mut world = played("backlog", false);
    first(&mut world);
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("queue: degraded") && screen.contains("proof: deliveries pending must fall"), "{screen}");
    let mut world = played("slow-query", true);
    first(&mut world);
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("app pggit-api, active for 30s: SELECT count(*)"), "{screen}");
}

/// The warm cache is no cure of a backlog, and does not end like one.
#[test]
fn a_verdict_speaks_of_its_own_figure_alone() {
    let mut world = played("backlog", true);
    first(&mut world);
    for _ in 0..20 {
        if text(&drawn(&mut world, SIZE, false)).contains("▶L1  warm the cache on api") {
            break;
        }
        world.press("Down");
    }
    world.press("Enter");
    drawn(&mut world, SIZE, false);
    world.wait(0.5);
    let effects = orders(&mut world, Event::KeyPressed(Key::ctrl('t')));
    let [Effect::Hold { run, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let run = *run;
    let tell = |world: &mut World, input: Input| orders(world, Event::ActionHappened { run, input: Box::new(input) });
    tell(&mut world, Input::Held(Ok(())));
    tell(&mut world, Input::Recorded(Ok(())));
    tell(&mut world, Input::StepEnded { step: 0, end: StepEnd::Done { fates: Vec::new(), said: Vec::new() } });
    for round in 0..10 {
        world.wait(2.0);
        world.cache("api cache", Ok(counters(100_000 + 1000 * round, 200, None, 0)));
    }
    tell(&mut world, Input::Recorded(Ok(())));
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("verified (hit ratio of api cache: rose)"), "{screen}");
    assert!(world.message().contains("hit ratio of api cache"), "{}", world.message());
}

/// Two counts of one queue: each with its source and its age; before and after are of one.
#[test]
fn a_card_with_two_counts_says_where_each_is_from() {
    let mut world = played("backlog", true);
    first(&mut world);
    let effects = orders(&mut world, Event::KeyPressed(key("Enter")));
    let order = effects.into_iter().find_map(|effect| match effect {
        Effect::Preview(order) => Some(order),
        _ => None,
    });
    let order = order.expect("whom it reaches is read");
    assert!(matches!(order.of, PreviewOf::Receivers(_)));
    let read = quarterdeck::app::actions::receivers::found(vec![("billing".into(), 1240.0), ("search".into(), 97.0)]);
    let begun = world.moment();
    orders(&mut world, Event::Previewed { id: order.id, outcome: Box::new(Ok(read)), begun });
    world.wait(3.0);
    let screen = text(&drawn(&mut world, SIZE, false));
    for words in [
        "waiting now: 1337 for 2 receivers",
        "by SQL in database sample, 3s ago",
        "deliveries pending: 1300, and before and after are of this one",
        "http://127.0.0.1:8000/health/deep at /checks/queue/depth, 3s ago",
        "they differ by 37",
    ] {
        assert!(screen.contains(words), "{words:?} in\n{screen}");
    }
    world.wait(0.5);
    world.write("api");
    let effects = orders(&mut world, Event::KeyPressed(Key::ctrl('t')));
    let [Effect::Hold { run, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let run = *run;
    let tell = |world: &mut World, input: Input| orders(world, Event::ActionHappened { run, input: Box::new(input) });
    tell(&mut world, Input::Held(Ok(())));
    tell(&mut world, Input::Recorded(Ok(())));
    tell(&mut world, Input::StepEnded { step: 0, end: StepEnd::Done { fates: Vec::new(), said: Vec::new() } });
    for pending in [900.0, 400.0, 300.0, 200.0] {
        world.wait(5.0);
        world.signal("deliveries pending", Ok(SignalValue::Number(pending)));
    }
    let screen = text(&drawn(&mut world, SIZE, false));
    assert!(screen.contains("deliveries pending: 1300 -> 900"), "before is the signal's, as after is:\n{screen}");
}

#[test]
fn a_session_is_only_offered_by_what_asks_for_one() {
    let mut world = played("lock-pileup", false);
    first(&mut world);
    assert!(!text(&drawn(&mut world, SIZE, false)).contains("session 51 runs"));
    let short = Postgres {
        sessions: vec![Session {
            query_age: Some(Duration::from_secs(1)),
            ..session(51, SessionState::Active, 1, "x")
        }],
        ..Postgres::default()
    };
    let mut world = played("slow-query", true);
    world.database("sample", Ok(short.reading()));
    assert!(!first(&mut world).contains("session 51"), "it runs for a second only");
}
