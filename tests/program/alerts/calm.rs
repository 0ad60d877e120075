//! What calls nobody: a watchdog that always fires, what is only worth a look some day; and what stays on a small screen.

use quarterdeck::app::alerts::counts::{self, Counts};
use quarterdeck::app::report::Report;
use quarterdeck::app::table::Tone;

use super::alarmed;
use super::rules::{Rules, some};
use crate::world::World;
use crate::{drawn, text};

fn one(labels: &str, hold: &str) -> Rules {
    let text = format!(
        "groups:\n- name: g\n  rules:\n  - alert: Watchdog\n    expr: up\n    for: {hold}\n    labels: {{severity: {labels}}}\n  - {{alert: B, expr: b}}\n"
    );
    let mut rules = Rules::new(&text);
    rules.answer("up", some(&[], 1.0));
    rules
}

#[test]
fn what_calls_nobody_does_not_keep_the_strip_yellow() {
    for (severity, hold, tone) in [
        ("none", "0s", Tone::Plain),
        ("info", "0s", Tone::Plain),
        ("info", "1h", Tone::Plain),
        ("warning", "0s", Tone::Warn),
        ("warning", "1h", Tone::Warn),
        ("critical", "0s", Tone::Bad),
    ] {
        let mut world = World::new("name = \"x\"");
        one(severity, hold).tell(&mut world);
        let counts = Counts::of(&world.model.live, &world.model.alerts, world.model.now);
        let strip = counts::strip(&counts);
        assert!(strip.iter().all(|span| span.tone == tone), "{severity} {hold}: {strip:?}");
        assert_eq!(counts.active(), 1, "it is counted all the same");
    }
}

#[test]
fn what_may_be_worth_a_look_some_day_degrades_nothing_before_it_fires() {
    let verdict = |severity: &str, hold: &str| {
        let mut world = World::new("name = \"x\"");
        one(severity, hold).tell(&mut world);
        Report::of(&world.model).verdict.word()
    };
    assert_eq!((verdict("info", "1h"), verdict("warning", "1h")), ("ok", "degraded"));
    assert_eq!((verdict("info", "0s"), verdict("none", "0s")), ("degraded", "ok"));
}

#[test]
fn the_smallest_screen_shows_name_and_value_of_an_alert() {
    let (mut world, _) = alarmed();
    world.press("6");
    let shown = text(&drawn(&mut world, (80, 24), false));
    let row = |what: &str| shown.lines().find(|line| line.contains(what)).unwrap_or_else(|| panic!("{what}\n{shown}"));
    assert!(row("firing ").contains("ALERTS"));
    let first = shown.lines().find(|line| line.contains("HighErrorRatio api-1:8080") && line.contains(" firing "));
    assert!(first.is_some_and(|row| row.contains("31.0%") && row.contains("due in")), "{shown}");
    assert!(row("PoolExhausted").contains("0.97"), "{shown}");
}
