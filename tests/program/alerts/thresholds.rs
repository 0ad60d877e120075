//! Thresholds without a query language: the same life, over the readings that are there anyway.

use proptest::prelude::*;
use quarterdeck::app::alerts::listing::{self, Stand};
use quarterdeck::app::pane::PaneId;
use quarterdeck::app::report::Report;
use quarterdeck::domain::Cause;
use quarterdeck::domain::signal::SignalValue;

use crate::snap;
use crate::world::readings::{Postgres, answer, cause, silence};
use crate::world::{World, text as words};

const WATCHED: &str = r#"
    [[service]]
    name = "api"
    url = "https://api.example.com/health"
    interval = "5s"
    [[database]]
    name = "main"
    url = "postgresql://ops@db.example.com/app"
    interval = "5s"
    [[signal]]
    name = "jobs waiting"
    sql = "SELECT count(*) FROM jobs"
    interval = "5s"
    [[alert]]
    name = "ApiDown"
    when = "service api down for 30s"
    severity = "critical"
    runbook_url = "https://wiki.example.com/api"
    [[alert]]
    name = "JobsPileUp"
    when = "signal jobs waiting > 100 for 1m"
    summary = "{{ $value }} jobs wait"
    keep_firing_for = "1m"
    [[alert]]
    name = "Slots"
    when = "connections main > 90 %"
    [[alert]]
    name = "OpenTransaction"
    when = "idle in transaction older than 5m"
    severity = "info"
    [[alert]]
    name = "Slow"
    when = "latency api > 500ms"
"#;

fn stands(world: &World) -> Vec<(String, Stand)> {
    let mut found: Vec<_> =
        listing::all(&world.model.live, world.model.now).map(|entry| (entry.rule.name.clone(), entry.stand)).collect();
    found.sort();
    found
}

fn stand(world: &World, name: &str) -> Stand {
    let found: Vec<Stand> =
        stands(world).into_iter().filter(|(known, _)| known == name).map(|(_, stand)| stand).collect();
    found.into_iter().min().unwrap_or_else(|| panic!("{name}"))
}

fn round(world: &mut World, up: bool, jobs: Option<f64>) {
    world.now += 5.0;
    world.service("api", if up { answer(200, r#"{"status":"ok"}"#, 12.0) } else { silence(cause("refused")) });
    world.database("main", Ok(Postgres::default().reading()));
    world.signal("jobs waiting", jobs.map(SignalValue::Number).ok_or(Cause::OurLockTimeout));
}

#[test]
fn a_threshold_lives_as_a_rule_does() {
    let mut world = World::new(WATCHED);
    world.wait(0.5);
    assert!(stands(&world).iter().all(|(_, stand)| *stand == Stand::NoData), "{:?}", stands(&world));
    round(&mut world, true, Some(3.0));
    round(&mut world, true, Some(3.0));
    assert_eq!((stand(&world, "ApiDown"), stand(&world, "JobsPileUp")), (Stand::Ok, Stand::Ok));
    for _ in 0..4 {
        round(&mut world, false, Some(400.0));
    }
    assert_eq!((stand(&world, "ApiDown"), stand(&world, "JobsPileUp")), (Stand::Pending, Stand::Pending));
    for _ in 0..12 {
        round(&mut world, false, Some(400.0));
    }
    assert_eq!((stand(&world, "ApiDown"), stand(&world, "JobsPileUp")), (Stand::Firing, Stand::Firing));
    world.press("6");
    let rows = words(&world.pane(PaneId::Alerts));
    assert!(rows.contains("firing | critical | ApiDown api | health of api is down | down"), "{rows}");
    assert!(rows.contains("JobsPileUp jobs waiting | 400 jobs wait | 400"), "{rows}");
    snap("thresholds", &mut world, (120, 40));
    assert_eq!(Report::of(&world.model).verdict.word(), "down");
    world.press("Enter");
    snap("threshold-detail", &mut world, (100, 30));
    // Nothing that is not known ends it: neither a failure nor silence.
    for _ in 0..20 {
        round(&mut world, false, None);
    }
    assert_eq!(stand(&world, "JobsPileUp"), Stand::Firing);
    assert!(stands(&world).contains(&("JobsPileUp".into(), Stand::Error)), "{:?}", stands(&world));
    world.wait(600.0);
    world.wait(600.0);
    assert_eq!((stand(&world, "ApiDown"), stand(&world, "JobsPileUp")), (Stand::Firing, Stand::Firing));
    // Good again: kept for a minute, then resolved.
    for _ in 0..3 {
        round(&mut world, true, Some(1.0));
    }
    assert_eq!((stand(&world, "ApiDown"), stand(&world, "JobsPileUp")), (Stand::Resolved, Stand::Firing));
    for _ in 0..14 {
        round(&mut world, true, Some(1.0));
    }
    assert_eq!(stand(&world, "JobsPileUp"), Stand::Resolved);
}

#[test]
fn what_is_wrong_with_a_threshold_is_told_where_it_stands() {
    use quarterdeck::config::{Inputs, SourceFile, resolve};
    let why = |alert: &str| {
        let text = format!(
            "[[service]]\nname = \"api\"\nurl = \"https://api.example.com/health\"\n[[alert]]\nname = \"A\"\n{alert}"
        );
        let file = SourceFile { path: "world.toml".into(), text };
        let problems = resolve(&Inputs { file: Some(file), ..Inputs::default() }).expect_err(alert);
        problems.iter().map(|problem| problem.line().to_string()).collect::<Vec<_>>().join("\n")
    };
    for (alert, wanted) in [
        ("severity = \"warning\"", "when"),
        ("when = \"service ap down\"", "there is no service named"),
        ("when = \"service api slow\"", "ok, not ok, degraded or down"),
        ("when = \"service api down for ever\"", "is not a time"),
        ("when = \"latency api > 50 %\"", "percent"),
        ("when = \"idle in transaction older than 5m\"", "no database"),
        ("when = \"load > 5\"", "it is a signal of this host"),
        ("when = \"wibble > 5\"", "begins with"),
        ("when = \"service api down\"\nfor = \"5m\"", "for"),
    ] {
        let told = why(alert);
        assert!(told.contains(wanted), "{alert}: {told}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    /// Whatever is not known, for however long, ends no alert; and what is not known is never ok.
    #[test]
    fn what_is_not_known_ends_nothing_and_is_never_ok(unknown in proptest::collection::vec((0u8..4, 1.0f64..400.0), 1..30)) {
        let mut world = World::new(WATCHED);
        for _ in 0..20 {
            round(&mut world, false, Some(400.0));
        }
        prop_assert_eq!(stand(&world, "JobsPileUp"), Stand::Firing);
        for (kind, pause) in unknown {
            world.now += pause;
            match kind {
                0 => world.signal("jobs waiting", Err(Cause::OurLockTimeout)),
                1 => world.signal("jobs waiting", Ok(SignalValue::Number(f64::NAN))),
                2 => world.database("main", Err(cause("slots"))),
                _ => world.wait(1.0),
            }
            prop_assert_eq!(stand(&world, "JobsPileUp"), Stand::Firing, "{:?}", stands(&world));
            let ok = stands(&world).into_iter().any(|(name, stand)| name == "JobsPileUp" && stand == Stand::Ok);
            prop_assert!(!ok);
        }
    }
}
