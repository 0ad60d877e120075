//! What nobody looks at any more, what cannot be read and what was read anew: told on every page, and never as ok.

use std::time::Duration;

use quarterdeck::app::Event;
use quarterdeck::app::pane::PaneId;
use quarterdeck::app::report::Report;
use quarterdeck::domain::{Cause, Safe};
use quarterdeck::engine::Output;
use quarterdeck::engine::output::{PageTold, TargetTold};

use super::SIZE;
use super::rules::{Rules, TEAM, some};
use crate::world::{World, text as words};
use crate::{drawn, text};

const QUIET: &str = "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up == 0\n  - alert: B\n    expr: down\n";
const PAGES: [&str; 9] = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

fn shown(world: &mut World, page: &str) -> String {
    world.press(page);
    text(&drawn(world, SIZE, false))
}

fn title(world: &World) -> String {
    world.pane(PaneId::Alerts).title.iter().map(|span| span.text.as_str()).collect()
}

#[test]
fn an_engine_that_hangs_never_leaves_rules_ok() {
    let mut world = World::new("name = \"x\"");
    let mut rules = Rules::new(QUIET);
    rules.tell(&mut world);
    world.wait(20.0);
    assert!(title(&world).contains("2 ok"), "{}", title(&world));
    assert_eq!(Report::of(&world.model).verdict.word(), "ok");
    world.wait(280.0);
    for page in PAGES {
        let shown = shown(&mut world, page);
        assert!(shown.lines().next().unwrap().contains("alerts: 2 not evaluated"), "{page}\n{shown}");
        assert!(shown.contains("last looked at 5m00s ago"), "{page}\n{shown}");
    }
    world.press("6");
    assert!(!title(&world).contains("ok"), "{}", title(&world));
    let rows = words(&world.pane(PaneId::Alerts));
    assert!(rows.contains("not evaluated") && !rows.contains("ok |"), "{rows}");
    let report = Report::of(&world.model);
    assert_eq!(report.verdict.word(), "unknown");
    assert!(report.words().iter().all(|line| !line.as_str().starts_with("ok ")), "{:#?}", report.words());
    // It comes back.
    rules.tell(&mut world);
    assert!(title(&world).contains("2 ok"), "{}", title(&world));
}

#[test]
fn what_fired_when_it_was_last_looked_at_stands_beside_that_nobody_looks() {
    let mut world = World::new("name = \"x\"");
    let mut rules = Rules::new(TEAM);
    rules.answer("pool > 0.9", some(&[("pool", "main")], 0.97));
    rules.tell(&mut world);
    world.wait(600.0);
    let shown = shown(&mut world, "1");
    assert!(shown.lines().next().unwrap().contains("ALERTS 1 firing 11 unknown"), "{shown}");
    let report = Report::of(&world.model).json();
    assert!(report.contains("PoolExhausted") && report.contains("not evaluated"), "{report}");
}

#[test]
fn rules_files_that_are_never_read_are_told() {
    let mut world = World::new("name = \"x\"\nrules = [\"/mnt/far/rules.yml\"]\n");
    world.wait(5.0);
    assert!(!shown(&mut world, "1").contains("not read"), "it is early");
    world.wait(55.0);
    for page in PAGES {
        let shown = shown(&mut world, page);
        assert!(shown.contains("not read for 1m00s"), "{page}\n{shown}");
        assert!(shown.lines().next().unwrap().contains("1 unknown"), "{page}\n{shown}");
    }
}

#[test]
fn broken_rules_files_are_told_on_every_page() {
    let mut world = World::new("name = \"x\"");
    let mut rules = Rules::new(QUIET);
    rules.tell(&mut world);
    world.wait(15.0);
    rules.reload(&QUIET.replace("- name: g", "- nam: g"));
    rules.tell(&mut world);
    world.wait(1.0);
    for page in PAGES {
        let shown = shown(&mut world, page);
        assert!(shown.contains("rules files unknown"), "{page}\n{shown}");
        assert!(shown.lines().next().unwrap().contains("1 unknown"), "{page}\n{shown}");
    }
    assert!(shown(&mut world, "8").contains("rules files"), "on the timeline");
    rules.reload(QUIET);
    rules.tell(&mut world);
    world.wait(1.0);
    assert!(!shown(&mut world, "1").contains("rules files unknown"));
}

#[test]
fn a_target_that_does_not_answer_is_told_on_every_page() {
    let mut world = World::new("[[metrics]]\nname = \"api\"\nurl = \"http://localhost:8000/metrics\"\n");
    let round = |world: &mut World, page: Result<PageTold, Cause>| {
        let told = TargetTold { at: world.moment(), took: Duration::from_millis(3), page, requests: None, cache: None };
        world.tell(Event::EngineTold(vec![Output::Target { target: 0, told }]));
        world.wait(1.0);
    };
    round(&mut world, Ok(PageTold::default()));
    assert!(!shown(&mut world, "1").contains("unknown"));
    round(&mut world, Err(Cause::Refused { family: "IPv4" }));
    for page in PAGES {
        let shown = shown(&mut world, page);
        assert!(shown.contains("metrics api unknown: "), "{page}\n{shown}");
        assert!(shown.lines().next().unwrap().contains("1 unknown"), "{page}\n{shown}");
    }
    round(&mut world, Ok(PageTold::default()));
    assert!(!shown(&mut world, "1").contains("metrics api"));
}

#[test]
fn a_reading_that_changes_rules_is_told_and_an_alert_does_not_go_with_its_rule_unsaid() {
    let mut world = World::new("name = \"x\"");
    let mut rules = Rules::new(TEAM);
    rules.answer("pool > 0.9", some(&[("pool", "main")], 0.97));
    rules.tell(&mut world);
    world.wait(60.0);
    let without: String = {
        let (before, rest) = TEAM.split_once("  - alert: PoolExhausted").unwrap();
        let (_, after) = rest.split_once("  - alert: Backlog").unwrap();
        format!("{before}  - alert: Backlog{after}")
    };
    let changed = without.replace("slow > 1", "slow > 2") + "  - {alert: Fresh, expr: fresh}\n";
    rules.read_again(&changed, &mut world);
    world.wait(1.0);
    let page = shown(&mut world, "1");
    assert!(page.contains("rules read again: 1 new, 1 changed, 1 gone"), "{page}");
    let timeline = shown(&mut world, "8");
    for wanted in ["Fresh", "Slow", "PoolExhausted"] {
        assert!(timeline.contains(wanted), "{wanted}\n{timeline}");
    }
    assert!(timeline.contains("rule gone") && timeline.contains("was firing"), "{timeline}");
    // What changed nothing says nothing.
    let rows = |world: &mut World| words(&world.pane(PaneId::Timeline)).lines().count();
    let before = rows(&mut world);
    rules.read_again(&changed, &mut world);
    world.wait(1.0);
    assert_eq!(rows(&mut world), before);
    let _ = Safe::default();
}
