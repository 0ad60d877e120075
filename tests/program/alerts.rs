//! Alerts as a person meets them: page 6, the strip on every page, details, what was seen and what is silenced, what answers
//! them. What an engine would tell comes from rules as the files have them, over the real life of alerts.

#[path = "alerts/calm.rs"]
mod calm;
#[path = "alerts/doing.rs"]
mod doing;
#[path = "alerts/engines.rs"]
mod engines;
#[path = "alerts/everything.rs"]
mod everything;
#[path = "alerts/fresh.rs"]
mod fresh;
#[path = "alerts/least.rs"]
mod least;
#[path = "alerts/marked.rs"]
mod marked;
#[path = "alerts/quiet.rs"]
mod quiet;
#[path = "alerts/ringing.rs"]
mod ringing;
#[path = "alerts/rules.rs"]
pub mod rules;
#[path = "alerts/silences.rs"]
mod silences;
#[path = "alerts/thresholds.rs"]
mod thresholds;
#[path = "alerts/told.rs"]
mod told;
#[path = "alerts/watched.rs"]
mod watched;
#[path = "alerts/windows.rs"]
mod windows;

use quarterdeck::alerts::lifecycle::Failure;
use quarterdeck::app::pane::PaneId;
use quarterdeck::app::report::Report;
use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::{Cause, PaneState, Safe};
use quarterdeck::engine::Output;
use quarterdeck::engine::Question;
use quarterdeck::engine::output::Answer;

use crate::ship;
use crate::world::{World, text as words};
use crate::{drawn, snap, text};
use rules::{Rules, basis, none, some};

const SIZE: (u16, u16) = (120, 40);

/// A ship on which a bit of everything fires.
pub fn alarmed() -> (World, Rules) {
    let mut world = ship::at_sea();
    let mut rules = Rules::new(rules::TEAM);
    rules.answer("errors > 0.05", some(&[("instance", "api-1:8080"), ("job", "api")], 0.31));
    rules.tell(&mut world);
    world.wait(290.0);
    rules.answer("pool > 0.9", some(&[("pool", "main")], 0.97));
    rules.answer("backlog > 1000", some(&[("queue", "mail")], 4210.0));
    rules.answer("slow > 1", some(&[("instance", "search-1")], 1.4));
    rules.tell(&mut world);
    world.wait(130.0);
    rules.answer(
        "errors > 0.05",
        rules::several(&[
            (&[("instance", "api-1:8080"), ("job", "api")], 0.31),
            (&[("instance", "api-2:8080"), ("job", "api")], 0.12),
        ]),
    );
    rules.answer("slow > 1", none());
    rules.answer("broken", Err(Failure::Failed("many-to-many matching is not allowed: 12 on the right".into())));
    rules.answer(
        "histogram_quantile(0.9, native)",
        Err(Failure::NotEvaluated("native histograms lie outside of what is evaluated here".into())),
    );
    rules.answer("absent_metric > 0", basis::missing("absent_metric"));
    rules.answer("rate(young[1h]) > 0", basis::warming(130, 3600));
    rules.answer("hits / lookups < 0.8", basis::no_traffic());
    rules.tell(&mut world);
    world.wait(1.0);
    (world, rules)
}

#[test]
fn page_six() {
    let (mut world, _) = alarmed();
    world.press("6");
    for size in crate::SIZES {
        snap("alarmed", &mut world, size);
    }
    world.press("1");
    for size in crate::SIZES {
        snap("alarmed-overview", &mut world, size);
    }
    let buffer = drawn(&mut world, (80, 24), true);
    assert!(buffer.content.iter().all(|cell| cell.symbol().is_ascii()), "{}", text(&buffer));
    world.press("6");
    let buffer = drawn(&mut world, (80, 24), true);
    assert!(buffer.content.iter().all(|cell| cell.symbol().is_ascii()), "{}", text(&buffer));
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("alarmed-ascii-80x24", text(&buffer));
    });
}

#[test]
fn worst_first_and_what_is_ok_is_a_count_until_it_is_wanted() {
    let (mut world, _) = alarmed();
    world.press("6");
    let rows = words(&world.pane(PaneId::Alerts));
    let order = [
        "firing | critical | HighErrorRatio api-1:8080",
        "pending | critical | HighErrorRatio api-2:8080",
        "resolved | warning | Slow search-1",
        "error | warning | Broken",
        "not evaluated | warning | Native",
        "no data | info | Missing",
        "warming up | warning | Young",
        "no traffic | warning | ColdCache",
        "ok |  | 3 rules, Enter lists them",
    ];
    let places: Vec<usize> =
        order.iter().map(|row| rows.find(row).unwrap_or_else(|| panic!("{row}:\n{rows}"))).collect();
    assert!(places.is_sorted(), "{places:?}\n{rows}");
    assert!(!rows.contains("QuietA"));
    world.press("G");
    world.press("Enter");
    assert!(words(&world.pane(PaneId::Alerts)).contains("ok | warning | QuietA"));
}

#[test]
fn a_filter_and_a_sort_find_among_what_is_ok_too() {
    let (mut world, _) = alarmed();
    world.press("6 /");
    world.write("quietb");
    world.press("Enter");
    let rows = words(&world.pane(PaneId::Alerts));
    assert!(rows.contains("ok | warning | QuietB") && !rows.contains("HighErrorRatio"), "{rows}");
}

#[test]
fn the_selection_follows_the_alert_when_the_list_sorts_anew() {
    let (mut world, mut rules) = alarmed();
    world.press("6 Down Down");
    let before = world.model.view.cursor(PaneId::Alerts).selected.expect("a row");
    let shown = |world: &World| {
        let view = world.pane(PaneId::Alerts);
        words(&view).lines().count()
    };
    let rows = shown(&world);
    world.wait(200.0);
    rules.answer("slow > 1", some(&[("instance", "search-9")], 3.0));
    rules.tell(&mut world);
    assert_eq!(world.model.view.cursor(PaneId::Alerts).selected, Some(before));
    assert!(shown(&world) > rows);
}

#[test]
fn the_states_of_the_page_in_words() {
    let state = |world: &World| world.pane(PaneId::Alerts).state;
    let mut world = World::new("name = \"x\"");
    world.press("6");
    assert!(matches!(state(&world), PaneState::Off { turn_on, .. } if turn_on.as_str().contains("--rules")));
    world.model.live.metrics.rules = vec!["rules.yml".into()];
    assert!(matches!(state(&world), PaneState::Loading { .. }));
    let mut broken = Rules::new("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n    for: soon\n");
    broken.tell(&mut world);
    let told = words(&world.pane(PaneId::Alerts));
    assert!(matches!(state(&world), PaneState::Error { .. }), "{:?}", state(&world));
    assert!(told.contains("rules.yml:6") && told.contains("r reads it again"), "{told}");
    snap("alerts-broken", &mut world, (80, 24));
    Rules::unreadable("Permission denied (os error 13)").tell(&mut world);
    assert!(matches!(state(&world), PaneState::Denied { .. }));
    Rules::new("groups:\n- name: g\n  rules:\n  - record: a:b\n    expr: up\n").tell(&mut world);
    assert!(matches!(state(&world), PaneState::Empty { asked } if asked.as_str().contains("rules.yml")));
    let mut good = Rules::new("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n");
    good.tell(&mut world);
    assert_eq!(state(&world), PaneState::Ok);
    world.press("Space");
    assert_eq!(state(&world), PaneState::Frozen);
    world.press("Space");
    world.wait(3600.0);
    assert!(matches!(state(&world), PaneState::Stale { .. }));
}

#[test]
fn what_was_read_last_and_is_not_in_force_is_told_above() {
    let (mut world, mut rules) = alarmed();
    rules.reload("groups:\n- name: team\n  rules:\n  - alert: A\n    expr: up\n    fro: 5m\n");
    rules.tell(&mut world);
    world.press("6");
    let told = words(&world.pane(PaneId::Alerts));
    assert!(told.contains("what was read last is not in force"), "{told}");
    assert!(told.contains("rules.yml:6"), "{told}");
    assert!(told.contains("HighErrorRatio"), "the rules before are in force");
    world.press("!");
    assert!(text(&drawn(&mut world, SIZE, false)).contains("rules file, not in force"));
}

#[test]
fn behind_an_alert_stands_all_that_is_known_of_it() {
    let (mut world, _) = alarmed();
    world.press("6 Down");
    let effects = world.act("Enter");
    let (id, question) = effects
        .iter()
        .find_map(|effect| match effect {
            Effect::AskEngine { id, question } => Some((*id, question.clone())),
            _ => None,
        })
        .expect("the course is asked for");
    let Question::Range { expr, points, .. } = question else { panic!("{question:?}") };
    assert_eq!(expr, "errors", "the left side alone");
    drawn(&mut world, SIZE, false);
    assert!(text(&drawn(&mut world, SIZE, false)).contains("its course is being asked for"));
    let values =
        (0..points).map(|at| (at % 17 != 3).then(|| 0.02 + 0.3 * (at as f64 / points as f64).powi(3))).collect();
    let labels = quarterdeck::metrics::labels::Labels::new([("instance", "api-1:8080"), ("job", "api")]);
    let answer = Answer::Courses {
        until: 0,
        step: std::time::Duration::from_secs(15),
        series: vec![(labels, values)],
        rates: false,
    };
    world.tell(Event::EngineTold(vec![Output::Answered { id, answer: Ok(answer) }]));
    for size in crate::SIZES {
        snap("alert-detail", &mut world, size);
    }
    let shown = text(&drawn(&mut world, (200, 60), false));
    for wanted in [
        "errors > 0.05",
        "5xx on api-1:8080",
        "https://wiki.example.com/runbooks/restart-api",
        "rules.yml:5",
        "instance",
        "held against > 0.05",
    ] {
        assert!(shown.contains(wanted), "{wanted}\n{shown}");
    }
    let copied = world.act("y");
    assert!(
        matches!(copied.as_slice(), [Effect::Copy(lines)] if lines[0].as_str() == "https://wiki.example.com/runbooks/restart-api")
    );
}

#[test]
fn hostile_labels_and_annotations_come_out_harmless() {
    let mut world = ship::at_sea();
    let mut rules = Rules::new(rules::TEAM);
    let evil = "\u{1b}]0;own\u{7}\u{1b}[2J{{ $labels.job }}\u{202e}gnp\u{9b}2J";
    rules.answer("pool > 0.9", some(&[("pool", evil)], 1.0));
    rules.tell(&mut world);
    world.wait(1.0);
    for keys in ["1", "6", "Down Enter", "Esc Z", "Esc 8 G", "Enter"] {
        world.press(keys);
        let buffer = drawn(&mut world, (200, 60), false);
        let bad = |symbol: &str| {
            symbol.chars().any(|c| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        };
        assert!(buffer.content.iter().all(|cell| !bad(cell.symbol())), "{}", text(&buffer));
    }
    let json = Report::of(&world.model).json();
    assert!(json.is_ascii() && !json.contains('\u{1b}'), "{json}");
    assert!(json.contains("{{ $labels.job }}"), "a label's value is never expanded");
}

#[test]
fn the_strip_is_seen_on_every_page_and_at_every_size() {
    let (mut world, _) = alarmed();
    for page in ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"] {
        world.press(page);
        for size in [(200, 60), (120, 40), (80, 24), (60, 16), (40, 10)] {
            let shown = text(&drawn(&mut world, size, false));
            assert!(
                shown.contains("ALERTS 1 firing 1 pending") || shown.contains("ALERTS 2 firing 2 pending"),
                "{page} {size:?}\n{shown}"
            );
        }
    }
}

#[test]
fn nothing_is_said_where_there_are_no_rules() {
    let mut world = ship::at_sea();
    assert!(!text(&drawn(&mut world, SIZE, false)).contains("ALERTS"));
    let mut rules = Rules::new("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n");
    rules.tell(&mut world);
    assert!(!text(&drawn(&mut world, SIZE, false)).to_lowercase().contains("alerts:"));
    rules.answer("up", Err(Failure::Failed("no".into())));
    world.wait(60.0);
    rules.tell(&mut world);
    assert!(text(&drawn(&mut world, SIZE, false)).contains("alerts: 1 error"));
}

#[test]
fn an_error_hides_no_alert_and_ends_none() {
    let (mut world, mut rules) = alarmed();
    world.wait(60.0);
    rules.answer("errors > 0.05", Err(Failure::Failed("the engine stumbled".into())));
    rules.tell(&mut world);
    world.press("6");
    let rows = words(&world.pane(PaneId::Alerts));
    assert!(rows.contains("firing | critical | HighErrorRatio api-1:8080"), "{rows}");
    assert!(rows.contains("error | critical | HighErrorRatio"), "{rows}");
}

#[test]
fn check_tells_alerts_and_joins_them_to_the_verdict() {
    let (mut world, mut rules) = alarmed();
    let report = Report::of(&world.model);
    let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
    let alerts = json["alerts"].as_array().expect("alerts");
    let first = &alerts[0];
    assert_eq!((first["name"].as_str(), first["state"].as_str()), (Some("HighErrorRatio"), Some("firing")));
    assert_eq!((first["severity"].as_str(), first["value"].as_f64()), (Some("critical"), Some(0.31)));
    assert_eq!(first["labels"]["instance"], "api-1:8080");
    assert!(first["since"].as_str().is_some_and(|since| since.ends_with('Z')));
    assert!(alerts.iter().all(|alert| alert["state"] != "ok" && alert["state"] != "resolved"));
    assert_eq!(json["verdict"], "down");
    let lines: Vec<String> = report.words().iter().map(Safe::to_string).collect();
    assert!(lines.iter().any(|line| line.starts_with("firing   alert    HighErrorRatio")), "{lines:#?}");
    assert!(lines.iter().any(|line| line.contains("3 rules")), "{lines:#?}");
    // Where alerts are all there is, their words alone decide.
    let verdict = |rules: &mut Rules| {
        let mut world = World::new("name = \"x\"");
        rules.tell(&mut world);
        Report::of(&world.model).verdict.word()
    };
    let one = |labels: &str| {
        Rules::new(&format!(
            "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n    labels: {{severity: {labels}}}\n"
        ))
    };
    assert_eq!(verdict(&mut one("warning")), "ok");
    let firing = |severity: &str| {
        let mut rules = one(severity);
        rules.answer("up", some(&[], 1.0));
        verdict(&mut rules)
    };
    assert_eq!((firing("critical"), firing("warning"), firing("none")), ("down", "degraded", "unknown"));
    for answer in [Err(Failure::Failed("x".into())), Err(Failure::NotEvaluated("x".into())), basis::missing("up")] {
        let mut rules = one("critical");
        rules.answer("up", answer);
        assert_eq!(verdict(&mut rules), "unknown");
    }
    let _ = (&mut world, &mut rules, Cause::NoAuth);
}
