//! What a person does about alerts, and what the program does by itself: seen, silenced, answered, rung, kept.

use std::time::Duration;

use quarterdeck::app::pane::PaneId;
use quarterdeck::app::report::Report;
use quarterdeck::app::{Effect, Event};
use quarterdeck::input::Key;
use quarterdeck::remediation::audit::AuditEvent;

use super::rules::{Rules, TEAM, none, some};
use super::{SIZE, alarmed};
use crate::ship;
use crate::world::{World, text as words};
use crate::{drawn, snap, text};

fn strip(world: &mut World) -> String {
    text(&drawn(world, SIZE, false)).lines().next().unwrap_or_default().to_owned()
}

fn row(world: &World, of: &str) -> String {
    let rows = words(&world.pane(PaneId::Alerts));
    rows.lines().find(|row| row.contains(of)).unwrap_or_else(|| panic!("{of}\n{rows}")).to_owned()
}

/// An alert that fires since now.
fn firing(configuration: &str) -> (World, Rules) {
    let mut world = World::new(configuration);
    let mut rules = Rules::new(TEAM);
    rules.answer("pool > 0.9", some(&[("pool", "main")], 0.97));
    rules.tell(&mut world);
    world.press("6");
    (world, rules)
}

#[test]
fn the_clock_of_an_alert_runs_until_somebody_says_that_they_saw_it() {
    let (mut world, mut rules) = firing("name = \"x\"\n[alerts]\nacknowledge_warning = \"20m\"");
    world.tell(Event::AlertsKept { kept: None, trouble: None, operator: "mia".into() });
    assert!(row(&world, "PoolExhausted").contains("due in 20m"));
    for _ in 0..42 {
        world.wait(30.0);
        rules.tell(&mut world);
    }
    assert!(row(&world, "PoolExhausted").contains("not acknowledged for 21m"), "{}", row(&world, "PoolExhausted"));
    assert!(strip(&mut world).contains("ALERTS 1 firing"));
    let effects = world.act("A");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::KeepAlerts(kept) if kept.acknowledged.len() == 1)));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Record { .. })), "without an audit none is written");
    world.wait(61.0);
    assert!(row(&world, "PoolExhausted").contains("mia, 1m01s ago"), "{}", row(&world, "PoolExhausted"));
    assert!(strip(&mut world).contains("ALERTS 1 seen (firing)"), "{}", strip(&mut world));
    world.press("A");
    assert!(world.message().contains("mia saw it already"));
    world.press("8");
    assert!(text(&drawn(&mut world, SIZE, false)).contains("seen"), "the timeline has it");
    // What was said is over with the alert: when it fires again, its clock begins anew.
    rules.answer("pool > 0.9", none());
    rules.tell(&mut world);
    world.wait(30.0);
    rules.answer("pool > 0.9", some(&[("pool", "main")], 0.98));
    rules.tell(&mut world);
    world.wait(1.0);
    assert!(row(&world, "PoolExhausted").contains("due in 19m"), "{}", row(&world, "PoolExhausted"));
}

#[test]
fn where_actions_are_allowed_the_audit_has_who_saw_what() {
    let (mut world, _) = firing("name = \"x\"\n[actions]\nallow = true");
    let effects = world.act("A");
    let recorded = effects.iter().find_map(|effect| match effect {
        Effect::Record { run: None, entry, .. } => Some(entry.clone()),
        _ => None,
    });
    let entry = recorded.expect("a record");
    assert_eq!(entry.event(), AuditEvent::Acknowledged);
    assert!(format!("{:?}", entry.fields()).contains("PoolExhausted"));
}

#[test]
fn what_resolved_or_is_frozen_is_not_acknowledged() {
    let (mut world, mut rules) = firing("name = \"x\"");
    world.press("Space A");
    assert!(world.message().contains("FROZEN"), "{}", world.message());
    world.press("Space");
    rules.answer("pool > 0.9", none());
    world.wait(30.0);
    rules.tell(&mut world);
    world.press("A");
    assert!(world.message().contains("only what fires"), "{}", world.message());
    world.press("1 A");
    assert!(world.message().contains("choose an alert"), "{}", world.message());
}

#[test]
fn a_silence_shows_what_it_keeps_back_is_set_by_the_chord_alone_and_ends() {
    let (mut world, mut rules) = alarmed();
    world.tell(Event::AlertsKept { kept: None, trouble: None, operator: "mia".into() });
    world.press("6 Down");
    world.press("Z");
    snap("silence-form", &mut world, SIZE);
    snap("silence-form", &mut world, (80, 24));
    let before = Report::of(&world.model).json();
    // Nothing is set by Enter, without an end, or without a reason.
    world.press("Enter Enter Enter Ctrl-t");
    assert!(text(&drawn(&mut world, SIZE, false)).contains("for how long?"));
    world.write("3d");
    world.press("Ctrl-t");
    assert!(text(&drawn(&mut world, SIZE, false)).contains("longest"));
    world.press("Ctrl-u");
    world.write("2h");
    world.press("Tab Ctrl-t");
    assert!(text(&drawn(&mut world, SIZE, false)).contains("why?"));
    world.write("deploy of 1.2.4");
    assert_eq!(world.model.alerts.silences.holding(i64::MAX / 2).count(), 0);
    world.press("Ctrl-t");
    assert!(world.model.view.overlays.is_empty());
    assert!(strip(&mut world).contains("1 silenced"), "{}", strip(&mut world));
    let rows = words(&world.pane(PaneId::Alerts));
    assert!(rows.contains("silent 2h00m"), "{rows}");
    assert!(
        rows.contains("silence |  | alertname=\"HighErrorRatio\"")
            && rows.contains("keeps back 1 alert: deploy of 1.2.4"),
        "{rows}"
    );
    assert_eq!(before, Report::of(&world.model).json(), "what fires fires, for check too");
    assert!(rows.contains("firing | critical | HighErrorRatio api-1:8080"), "{rows}");
    for _ in 0..121 {
        world.wait(60.0);
        rules.tell(&mut world);
    }
    assert!(!strip(&mut world).contains("silenced"), "{}", strip(&mut world));
    world.press("8");
    assert!(text(&drawn(&mut world, SIZE, false)).contains("over: the silence of"));
}

#[test]
fn a_silence_ends_early_by_the_chord_on_its_row() {
    let (mut world, _) = firing("name = \"x\"");
    world.press("Z");
    world.write("2h");
    world.press("Tab");
    world.write("because");
    world.press("Ctrl-t G Enter");
    assert!(text(&drawn(&mut world, SIZE, false)).contains("Ctrl-T ends it now"));
    world.press("Enter G Z Ctrl-t");
    assert!(strip(&mut world).contains("ALERTS 1 firing"), "{}", strip(&mut world));
}

#[test]
fn an_action_answers_an_alert_by_name_or_by_its_address_and_opens_with_its_card() {
    let configuration = r#"
        [[action]]
        name = "restart-api"
        url = "https://api.example.com/restart"
        level = "L2"
        environment = "staging"
        [[action]]
        name = "warm"
        url = "https://api.example.com/warm"
        level = "L1"
        environment = "staging"
        alerts = ["PoolExhausted"]
        [actions]
        allow = true
    "#;
    let (mut world, mut rules) = firing(configuration);
    world.press("a");
    let shown = text(&drawn(&mut world, SIZE, false));
    assert!(shown.contains("first what answers PoolExhausted"), "{shown}");
    let place = |what: &str| shown.find(what).unwrap_or_else(|| panic!("{what}\n{shown}"));
    assert!(place("L1  warm") < place("L2  restart-api"), "{shown}");
    world.press("Esc");
    rules.answer("pool > 0.9", none());
    rules.answer("errors > 0.05", some(&[("instance", "api-1")], 0.4));
    for _ in 0..6 {
        world.wait(30.0);
        rules.tell(&mut world);
    }
    world.press("g Enter");
    assert!(text(&drawn(&mut world, SIZE, false)).contains("restart-api; a shows it first"));
    world.press("a");
    let shown = text(&drawn(&mut world, SIZE, false));
    let place = |what: &str| shown.find(what).unwrap_or_else(|| panic!("{what}\n{shown}"));
    assert!(place("L2  restart-api") < place("L1  warm"), "{shown}");
    assert!(world.model.actions.current.is_none(), "nothing starts by itself");
}

#[test]
fn it_rings_only_where_that_was_asked_for_and_not_for_what_is_silenced() {
    let rings = |effects: &[Effect]| {
        effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Ring { bell, notify } => Some((*bell, notify.as_ref().map(ToString::to_string))),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    let told = |configuration: &str| {
        let mut world = World::new(configuration);
        world.tell(Event::AlertsKept { kept: None, trouble: None, operator: "mia".into() });
        let mut rules = Rules::new(TEAM);
        rules.answer("pool > 0.9", some(&[("pool", "\u{1b}]0;x\u{7}")], 0.97));
        let effects = rules.tell(&mut world);
        (world, rules, effects)
    };
    let (.., effects) = told("name = \"x\"");
    assert!(rings(&effects).is_empty(), "off by default");
    let (mut world, mut rules, effects) = told("name = \"x\"\n[alerts]\nbell = true\nnotify = true");
    assert_eq!(rings(&effects), [(true, Some("quarterdeck: 1 alert began to fire, 1 firing".to_owned()))]);
    rules.answer("slow > 1", some(&[], 2.0));
    world.wait(30.0);
    assert!(rings(&rules.tell(&mut world)).is_empty(), "not more than once a minute");
    world.press("6 Z Up");
    world.press("Ctrl-u");
    world.write("alertname=~\"Slow|Backlog\"");
    world.press("Tab");
    world.write("1h");
    world.press("Tab");
    world.write("known");
    world.press("Ctrl-t");
    rules.answer("slow > 1", none());
    world.wait(60.0);
    rules.tell(&mut world);
    rules.answer("slow > 1", some(&[], 2.0));
    world.wait(60.0);
    assert!(rings(&rules.tell(&mut world)).is_empty(), "it is silenced");
}

#[test]
fn what_fires_and_resolves_stands_on_the_timeline_and_on_the_charts() {
    let mut world = ship::at_sea();
    let mut rules = Rules::new(TEAM);
    rules.answer("pool > 0.9", some(&[("pool", "main")], 0.97));
    rules.tell(&mut world);
    world.wait(30.0);
    rules.answer("pool > 0.9", none());
    rules.tell(&mut world);
    let marks: Vec<String> =
        world.model.live.services[0].latency.all_marks().map(|(_, what)| what.to_string()).collect();
    assert!(
        marks.contains(&"PoolExhausted firing".to_owned()) && marks.contains(&"PoolExhausted resolved".to_owned()),
        "{marks:?}"
    );
    world.press("8");
    snap("alerts-timeline", &mut world, SIZE);
    world.press("G Up Enter");
    assert!(text(&drawn(&mut world, SIZE, false)).contains("pool"));
}

#[test]
fn what_was_said_comes_back_after_a_restart() {
    let (mut world, _) = firing("name = \"x\"");
    world.press("A Z");
    world.write("2h");
    world.press("Tab");
    world.write("because");
    let effects = world.act("Ctrl-t");
    let kept = effects.into_iter().find_map(|effect| match effect {
        Effect::KeepAlerts(kept) => Some(kept),
        _ => None,
    });
    let kept = kept.expect("it is kept");
    let read: quarterdeck::app::alerts::Kept = serde_json::from_str(&serde_json::to_string(&kept).unwrap()).unwrap();
    assert_eq!(read, *kept);
    // An hour later, in another run.
    let mut later = World::new("name = \"x\"");
    later.now = 3600.0;
    later.tell(Event::AlertsKept { kept: Some(Box::new(read)), trouble: None, operator: "mia".into() });
    let mut rules = Rules::new(TEAM);
    rules.answer("pool > 0.9", some(&[("pool", "main")], 0.97));
    rules.tell(&mut later);
    later.press("6");
    assert!(row(&later, "PoolExhausted").contains("silent 1h00m"), "{}", row(&later, "PoolExhausted"));
    for _ in 0..61 {
        later.wait(60.0);
        rules.tell(&mut later);
    }
    // The alert began anew: what was said of the one before does not count for it.
    assert!(
        row(&later, "PoolExhausted").contains("A in") || row(&later, "PoolExhausted").contains("not acknowledged"),
        "{}",
        row(&later, "PoolExhausted")
    );
    let _ = (Duration::ZERO, Key::ctrl('t'));
}

#[test]
fn a_watch_after_an_action_names_alerts_that_began_to_fire() {
    let mut world = crate::timeline::world(true);
    for _ in 0..12 {
        crate::timeline::probe(&mut world, Some(10.0));
    }
    crate::timeline::drained(&mut world, &[Some(10.0)]);
    let mut rules = Rules::new(TEAM);
    rules.answer("pool > 0.9", some(&[("pool", "main")], 0.97));
    let effects = rules.tell(&mut world);
    let recorded = effects.iter().any(|effect| {
        matches!(effect, Effect::Record { entry, .. } if entry.event() == AuditEvent::Tripped && format!("{:?}", entry.fields()).contains("PoolExhausted"))
    });
    assert!(recorded, "{effects:?}");
    assert!(text(&drawn(&mut world, SIZE, false)).contains("WORSE after drain"));
}

mod properties {
    use proptest::prelude::*;
    use quarterdeck::alerts::matcher;
    use quarterdeck::alerts::silence::Asked;
    use quarterdeck::app::alerts::counts::Counts;
    use quarterdeck::app::alerts::listing;

    use super::*;

    /// What an alert is, whatever a person did: states, values and verdicts.
    fn truth(world: &World) -> (String, Vec<(u64, &'static str)>, usize) {
        let stands =
            listing::all(&world.model.live, world.model.now).map(|entry| (entry.key(), entry.stand.word())).collect();
        let counts = Counts::of(&world.model.live, &world.model.alerts, world.model.now);
        (Report::of(&world.model).json(), stands, counts.active())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        /// Silences keep pages back, never state; and a day later none is left.
        #[test]
        fn silences_change_no_state_and_always_end(
            asked in proptest::collection::vec((0usize..5, 1u64..86_400), 0..12),
            pause in 0.0f64..100_000.0,
        ) {
            let (mut world, _) = alarmed();
            let before = truth(&world);
            let now = world.model.alerts.line.at(world.model.now);
            for (which, lasts) in asked {
                let text = ["alertname=~\"H.*|P.*\"", "severity=critical", "team=web", "job=~\"a|api\"", "alertname=None"][which];
                let asked = Asked {
                    matchers: matcher::parse(text).unwrap(),
                    lasts: Duration::from_secs(lasts),
                    comment: "x".into(),
                };
                world.model.alerts.silences.add(asked, "mia".into(), now).unwrap();
            }
            prop_assert_eq!(&truth(&world), &before);
            world.wait(pause);
            world.wait(86_400.0);
            let counts = Counts::of(&world.model.live, &world.model.alerts, world.model.now);
            prop_assert_eq!(counts.silenced, 0);
            prop_assert_eq!(counts.active(), before.2);
        }
    }
}
