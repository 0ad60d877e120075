//! What `check` says of readings that real servers give only now and then: certificates, rights, quiet caches.

use std::time::Duration;

use proptest::prelude::*;
use quarterdeck::app::pane::PaneId;
use quarterdeck::app::report::Report;
use quarterdeck::domain::certificate::Certificate;
use quarterdeck::domain::signal::SignalValue;
use quarterdeck::domain::{Cause, Safe, Verdict};
use serde_json::Value;

use crate::world::readings::{Postgres, answer, counters};
use crate::world::{World, text};

fn told(world: &World) -> (Verdict, Value, String) {
    let report = Report::of(&world.model);
    let words: Vec<String> = report.words().iter().map(ToString::to_string).collect();
    (report.verdict, serde_json::from_str(&report.json()).unwrap(), words.join("\n"))
}

#[test]
fn a_certificate_that_ends_soon_says_so() {
    for (days, verdict, detail) in [
        (19, Verdict::Degraded, "certificate: 19 days left"),
        (1, Verdict::Degraded, "certificate: 1 day left"),
        (45, Verdict::Ok, ""),
    ] {
        let mut world = World::new("[[service]]\nname = \"api\"\nurl = \"https://api.test/health\"\n");
        let now = world.moment().wall;
        let not_after = now + chrono::TimeDelta::hours(24 * days + 1);
        let mut reading = answer(200, r#"{"status":"ok"}"#, 3.0);
        reading.certificate =
            Some(Certificate { not_before: now, not_after, subject: Safe::of("a"), issuer: Safe::of("b") });
        world.service("api", reading);
        let (worst, json, words) = told(&world);
        assert_eq!((worst, json["services"][0]["detail"].as_str().unwrap()), (verdict, detail), "{json}");
        let line =
            if days == 1 { "certificate: 1 day left".to_owned() } else { format!("certificate: {days} days left") };
        assert_eq!(words.matches(&line).count(), 1, "{words}");
    }
}

#[test]
fn a_right_that_is_missing_is_unknown_and_the_grant_is_told() {
    let mut world = World::new("[[database]]\nname = \"db\"\nurl = \"postgresql://mon@db.test/db\"\n");
    let mut reading = Postgres::default().reading();
    if let Ok(sessions) = &mut reading.sessions {
        sessions.hidden = Some((1, Safe::of("GRANT pg_read_all_stats TO \"mon\";")));
    }
    let fix = vec![Safe::of("CREATE EXTENSION pg_stat_statements;")];
    reading.statements = Some(Err(Cause::Denied { missing: Safe::of("the extension pg_stat_statements"), fix }));
    world.database("db", Ok(reading));
    let (worst, json, words) = told(&world);
    assert_eq!((worst, &json["databases"][0]["verdict"]), (Verdict::Unknown, &"unknown".into()), "{json}");
    for line in ["GRANT pg_read_all_stats TO \"mon\";", "CREATE EXTENSION pg_stat_statements;"] {
        assert!(words.contains(line), "{words}");
        let problems = json["databases"][0]["problems"].as_array().unwrap();
        assert!(problems.iter().any(|p| p.as_str().unwrap().contains(line)), "{json}");
    }
}

#[test]
fn a_statement_that_is_no_query_hides_its_literals_too() {
    for (redact, shown) in [(true, "ALTER ROLE app PASSWORD ?"), (false, "ALTER ROLE app PASSWORD 'hunter2'")] {
        let mut world = World::new(&format!(
            "[screen]\nredact = {redact}\n[[database]]\nname = \"db\"\nurl = \"postgresql://mon@db.test/db\"\n"
        ));
        for calls in [1, 3] {
            let statements = Some(Ok(vec![(7, calls, calls as f64, "ALTER ROLE app PASSWORD 'hunter2'")]));
            world.database("db", Ok(Postgres { statements, ..Postgres::default() }.reading()));
            world.wait(2.0);
        }
        let (_, json, words) = told(&world);
        assert_eq!(json["databases"][0]["slow_queries"][0]["query"], shown, "{json}");
        assert!(words.contains(shown) && text(&world.pane(PaneId::SlowQueries)).contains(shown), "{words}");
    }
}

#[test]
fn a_few_look_ups_are_shown_and_not_judged() {
    for (misses, verdict, basis) in [
        (1, Verdict::Ok, "last 2s, 4 look-ups: too little traffic to judge"),
        (96, Verdict::Ok, "last 2s, 99 look-ups: too little traffic to judge"),
        (97, Verdict::Degraded, "last 2s"),
    ] {
        let mut world = World::new("[[cache]]\nname = \"redis\"\nredis = \"redis://cache.test\"\n");
        world.cache("redis", Ok(counters(1000, 10, Some("a"), 0)));
        world.wait(2.0);
        world.cache("redis", Ok(counters(1003, 10 + misses, Some("a"), 0)));
        let (worst, json, words) = told(&world);
        let cache = &json["caches"][0];
        assert_eq!((worst, cache["basis"].as_str().unwrap()), (verdict, basis), "{json}");
        assert!(cache["hit_ratio"].is_f64() && words.contains(basis), "{words}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The judgement, the pane and `check` see one figure, whether it came as `5`, `5%` or `0.05` of a whole.
    #[test]
    fn percent_is_the_same_for_judge_pane_and_check(tenths in 0u32..1500, bound in 0u32..150, written in any::<bool>(), ratio in any::<bool>()) {
        let value = f64::from(tenths) / 10.0;
        let sign = if written { " %" } else { "" };
        let mut world = World::new(&format!(
            "[[signal]]\nname = \"share\"\ncommand = [\"share\"]\nunit = \"%\"\nthreshold = \"< {bound}{sign}\"\n"
        ));
        let told_as = if ratio { SignalValue::Ratio(value / 100.0) } else { SignalValue::Number(value) };
        world.signal("share", Ok(told_as));
        let (worst, json, words) = told(&world);
        let at_bound = (value - f64::from(bound)).abs() < 1e-9;
        let expected = if value < f64::from(bound) { Verdict::Degraded } else { Verdict::Ok };
        prop_assert!(at_bound || worst == expected, "{}", json);
        let number = json["signals"][0]["value"].as_f64().unwrap();
        prop_assert!((number - value).abs() < 0.001 && json["signals"][0]["unit"] == "%", "{}", json);
        let figure = quarterdeck::domain::figure::percent(value / 100.0);
        let pane = text(&world.pane(PaneId::Signals));
        prop_assert!(words.contains(&figure) && pane.contains(&figure), "{}\n{}\n{}", figure, words, pane);
    }
}

#[test]
fn a_source_that_never_answered_says_how_long() {
    let mut world = World::new("[[signal]]\nname = \"jobs\"\ncommand = [\"sleep\", \"99\"]\n");
    world.wait(Duration::from_secs(7).as_secs_f64());
    let (worst, json, words) = told(&world);
    assert_eq!((worst, &json["signals"][0]["detail"]), (Verdict::Unknown, &"no answer within 7s".into()));
    assert!(words.contains("no answer within 7s"), "{words}");
}

#[test]
fn a_wrong_password_is_told_once_with_what_mends_it_below_level_columns() {
    let mut world = World::new(
        "[[service]]\nname = \"a-service-of-a-long-name\"\nurl = \"http://localhost:8000/health\"\n[[database]]\nname = \"db\"\nurl = \"postgresql://mon@db.test/db\"\n",
    );
    world.service("a-service-of-a-long-name", answer(200, r#"{"status":"ok"}"#, 3.0));
    world.database("db", Err(crate::world::readings::cause("login")));
    let (_, _, words) = told(&world);
    assert_eq!(words.matches("password authentication failed").count(), 1, "{words}");
    assert!(words.contains("; check user and password"), "{words}");
    assert!(!words.contains("once a minute"), "{words}");
    let column = |line: &str, what: &str| words.lines().find(|l| l.contains(line)).and_then(|l| l.find(what)).unwrap();
    assert_eq!(column("service", " 200 "), column("database", " login refused"), "{words}");
}
