//! Thresholds on what scraped targets and logs tell: the server's own requests, the scrape itself, lines and errors of logs.
//! And what none of them says after a sleep of the machine.

use std::time::Duration;

use quarterdeck::app::Event;
use quarterdeck::app::alerts::listing::{self, Stand};
use quarterdeck::app::alerts::words;
use quarterdeck::config::{Inputs, SourceFile, resolve};
use quarterdeck::domain::Safe;
use quarterdeck::engine::Output;
use quarterdeck::engine::output::{PageTold, RequestsTold, TargetTold};

use crate::world::World;
use crate::world::readings::{answer, cause, silence};

const WATCHED: &str = r#"
    [[service]]
    name = "api"
    url = "https://api.example.com/health"
    interval = "5s"
    [[metrics]]
    name = "pages"
    url = "https://api.example.com/metrics"
    interval = "5s"
    [[log]]
    name = "worker"
    files = "/var/log/worker.log"
    [[log]]
    name = "mail"
    files = "/var/log/mail.log"
"#;

fn world(alerts: &[&str]) -> World {
    let alert = |(at, when): (usize, &&str)| format!("[[alert]]\nname = \"A{at}\"\nwhen = \"{when}\"\n");
    World::new(&format!("{WATCHED}{}", alerts.iter().enumerate().map(alert).collect::<String>()))
}

fn requests(per_second: f64, errors: Option<f64>, p95: Option<f64>) -> RequestsTold {
    let count = per_second * 60.0;
    RequestsTold {
        from: Safe::of("x"),
        window: Duration::from_secs(60),
        count,
        per_second,
        errors,
        p50: p95,
        p95,
        p99: p95,
    }
}

fn scraped(world: &mut World, requests: Option<RequestsTold>) {
    let told =
        TargetTold { at: world.moment(), took: Duration::ZERO, page: Ok(PageTold::default()), requests, cache: None };
    world.tell(Event::EngineTold(vec![Output::Target { target: 0, told }]));
    world.wait(5.0);
}

fn not_scraped(world: &mut World) {
    let told = TargetTold {
        at: world.moment(),
        took: Duration::ZERO,
        page: Err(cause("refused")),
        requests: None,
        cache: None,
    };
    world.tell(Event::EngineTold(vec![Output::Target { target: 0, told }]));
    world.wait(5.0);
}

/// How each stands, worst first, with its value.
fn stands(world: &World) -> Vec<(Stand, String)> {
    let now = world.model.now;
    let mut found: Vec<(String, Stand, String)> = listing::all(&world.model.live, now)
        .map(|entry| {
            let value = words::value(&entry, now).map(|value| value.to_string()).unwrap_or_default();
            (entry.rule.name.clone(), entry.stand, value)
        })
        .collect();
    found.sort();
    found.dedup_by(|next, first| next.0 == first.0);
    found.into_iter().map(|(_, stand, value)| (stand, value)).collect()
}

fn all(stand: Stand, count: usize) -> Vec<(Stand, String)> {
    vec![(stand, String::new()); count]
}

#[test]
fn the_servers_own_requests_are_watched_by_the_name_of_target_or_service() {
    let mut world = world(&["requests pages > 100/s", "errors api > 5 %", "p95 api > 500ms", "p99 pages > 1s"]);
    world.wait(1.0);
    assert_eq!(stands(&world), all(Stand::NoData, 4));
    scraped(&mut world, None);
    assert_eq!(stands(&world), all(Stand::NoData, 4), "one page is no rate");
    scraped(&mut world, Some(requests(20.0, Some(0.01), Some(0.02))));
    assert_eq!(stands(&world), all(Stand::Ok, 4));
    scraped(&mut world, Some(requests(0.0, None, None)));
    let idle = stands(&world);
    assert_eq!(idle[0].0, Stand::Ok, "no request is a rate of nothing");
    assert_eq!(idle[1..], all(Stand::NoTraffic, 3));
    scraped(&mut world, Some(requests(150.0, Some(0.2), Some(0.7))));
    let fires = |value: &str| (Stand::Firing, value.to_owned());
    assert_eq!(stands(&world), [fires("150/s"), fires("20.0%"), fires("700ms"), (Stand::Ok, String::new())]);
    // What cannot be read ends nothing.
    for _ in 0..20 {
        not_scraped(&mut world);
    }
    assert_eq!(stands(&world)[..3].iter().filter(|(stand, _)| *stand == Stand::Firing).count(), 3);
    scraped(&mut world, Some(requests(20.0, Some(0.01), Some(0.02))));
    assert!(stands(&world)[..3].iter().all(|(stand, _)| *stand == Stand::Resolved), "{:?}", stands(&world));
}

#[test]
fn the_scrape_itself_is_watched() {
    let mut world = world(&["scrape pages down for 20s", "scrape api older than 12s", "scrape pages not ok"]);
    scraped(&mut world, None);
    assert_eq!(stands(&world), all(Stand::Ok, 3));
    for _ in 0..3 {
        not_scraped(&mut world);
    }
    let found: Vec<Stand> = stands(&world).into_iter().map(|(stand, _)| stand).collect();
    assert_eq!(found, [Stand::Pending, Stand::Firing, Stand::Firing]);
    for _ in 0..4 {
        not_scraped(&mut world);
    }
    assert_eq!(stands(&world)[0], (Stand::Firing, "down".to_owned()));
    scraped(&mut world, None);
    assert!(stands(&world).iter().all(|(stand, _)| *stand == Stand::Resolved), "{:?}", stands(&world));
}

#[test]
fn lines_and_errors_of_a_log_or_of_all_are_watched() {
    let alerts = ["log lines worker > 2/s", "log errors worker > 3/min", "log errors > 3/min", "log lines mail < 0.2"];
    let mut world = world(&alerts);
    world.wait(1.0);
    assert_eq!(stands(&world), all(Stand::NoData, 4));
    for _ in 0..10 {
        world.wait(5.0);
        world.log("worker", &["all is well"]);
        world.log("mail", &["sent", "sent", "sent", "sent"]);
    }
    let found: Vec<Stand> = stands(&world).into_iter().map(|(stand, _)| stand).collect();
    assert_eq!(
        found,
        [Stand::Ok, Stand::WarmingUp, Stand::WarmingUp, Stand::Ok],
        "of less than a minute nobody can tell"
    );
    for _ in 0..3 {
        world.wait(5.0);
        world.log("worker", &["all is well"]);
        world.log("mail", &["ERROR no", "ERROR no", "sent", "sent"]);
    }
    let found: Vec<Stand> = stands(&world).into_iter().map(|(stand, _)| stand).collect();
    assert_eq!(found, [Stand::Ok, Stand::Ok, Stand::Firing, Stand::Ok], "those of another log are not its own");
    world.wait(5.0);
    world.log("worker", &["x"; 40]);
    world.wait(5.0);
    assert_eq!(stands(&world)[0], (Stand::Firing, "4.10/s".to_owned()));
}

#[test]
fn too_many_errors_need_no_whole_minute() {
    let mut world = world(&["log errors > 3"]);
    world.wait(5.0);
    world.log("mail", &["ERROR no"; 5]);
    world.wait(5.0);
    assert_eq!(stands(&world)[0], (Stand::Firing, ">=5/min".to_owned()));
}

#[test]
fn what_is_wrong_is_told_with_the_nearest_name() {
    let why = |when: &str, more: &str| {
        let text = format!("{WATCHED}{more}[[alert]]\nname = \"A\"\nwhen = \"{when}\"\n");
        let file = SourceFile { path: "world.toml".into(), text };
        let problems = resolve(&Inputs { file: Some(file), ..Inputs::default() }).expect_err(when);
        problems.iter().map(|problem| problem.line().to_string()).collect::<Vec<_>>().join("\n")
    };
    let other = "[[service]]\nname = \"lonely\"\nurl = \"https://b.example.com/health\"\n";
    for (when, wanted) in [
        ("p95 page > 500ms", "pages"),
        ("errors apj > 5 %", "api"),
        ("log errors workr > 5", "worker"),
        ("requests lonely > 5", "nobody scrapes"),
        ("scrape pages slow", "ok, not ok or down; an age"),
        ("errors api > 5ms", "percent"),
        ("requsts api > 5", "requests"),
        ("log errors worker", "a threshold such as"),
    ] {
        let told = why(when, other);
        assert!(told.contains(wanted), "{when}: {told}");
    }
    let runbook = "[[runbook]]\nname = \"r\"\ntarget = \"api\"\n[[runbook.step]]\nlook = \"p95 api\"\n";
    let told = why("p95 api > 1s", runbook);
    assert!(told.contains("watched by an [[alert]] alone"), "{told}");
}

const SLEEPER: &str = r#"
    [[service]]
    name = "api"
    url = "https://api.example.com/health"
    interval = "5s"
    [[alert]]
    name = "A0"
    when = "service api down"
    [[alert]]
    name = "A1"
    when = "service api not ok for 5m"
"#;

fn found(world: &World) -> Vec<Stand> {
    stands(world).into_iter().map(|(stand, _)| stand).collect()
}

#[test]
fn after_a_sleep_nothing_is_judged_before_it_was_read_again() {
    let mut world = World::new(SLEEPER);
    for _ in 0..10 {
        world.wait(5.0);
        world.service("api", answer(200, r#"{"status":"ok"}"#, 12.0));
    }
    assert_eq!(found(&world), [Stand::Ok, Stand::Ok]);
    // Awake, and the network is not.
    world.wait(8.0 * 3600.0);
    for _ in 0..4 {
        world.service("api", silence(cause("refused")));
        world.wait(5.0);
        assert_eq!(found(&world), [Stand::NotEvaluated, Stand::NotEvaluated]);
    }
    world.service("api", answer(200, r#"{"status":"ok"}"#, 12.0));
    world.wait(5.0);
    assert_eq!(found(&world), [Stand::Ok, Stand::Ok]);
}

#[test]
fn a_night_counts_for_nothing_and_the_wait_has_an_end() {
    let mut world = World::new(SLEEPER);
    for _ in 0..20 {
        world.wait(5.0);
        world.service("api", silence(cause("refused")));
    }
    assert_eq!(found(&world), [Stand::Firing, Stand::Pending]);
    world.wait(8.0 * 3600.0);
    let mut lasted = 0.0;
    while lasted < 65.0 {
        world.service("api", silence(cause("refused")));
        world.wait(5.0);
        lasted += 5.0;
    }
    assert_eq!(found(&world)[1], Stand::Pending, "eight hours of sleep are no five minutes");
    assert_eq!(found(&world)[0], Stand::Firing);
    for _ in 0..60 {
        world.service("api", silence(cause("refused")));
        world.wait(5.0);
    }
    assert_eq!(found(&world), [Stand::Firing, Stand::Firing]);
}
