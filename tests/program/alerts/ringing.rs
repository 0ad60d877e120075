//! The bell: who is called when, and who is not called again.

use std::time::Duration;

use quarterdeck::alerts::lifecycle::Saved;
use quarterdeck::alerts::matcher;
use quarterdeck::alerts::silence::Asked;
use quarterdeck::app::{Effect, Event};

use super::rules::{Rules, TEAM, none, several, some};
use crate::world::World;

const BELL: &str = "name = \"x\"\n[alerts]\nbell = true";

fn rings(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::Ring { .. })).count()
}

fn world() -> World {
    let mut world = World::new(BELL);
    world.tell(Event::AlertsKept { kept: None, trouble: None, operator: "mia".into() });
    world
}

/// Time passes: how often it rang.
fn wait(world: &mut World, rules: &mut Rules, seconds: u32) -> usize {
    let mut rung = 0;
    for _ in 0..seconds {
        world.now += 1.0;
        rung += rings(&world.happen(Event::TimePassed));
        rung += rings(&rules.tell(world));
    }
    rung
}

const CRITICAL: &str = "groups:\n- name: g\n  interval: 1s\n  rules:\n  - {alert: Minor, expr: minor, labels: {severity: warning}}\n  - {alert: Other, expr: other, labels: {severity: warning}}\n  - {alert: Major, expr: major, labels: {severity: critical}}\n  - {alert: Worse, expr: worse, labels: {severity: critical}}\n";

#[test]
fn a_critical_one_rings_at_once_however_short_ago_it_rang() {
    let (mut world, mut rules) = (world(), Rules::new(CRITICAL));
    rules.answer("minor", some(&[], 1.0));
    assert_eq!(rings(&rules.tell(&mut world)), 1);
    rules.answer("major", some(&[], 1.0));
    assert_eq!(wait(&mut world, &mut rules, 1), 1, "a critical one does not wait for a warning's minute");
    // Criticals in a row ring as soon as it is not noise.
    rules.answer("worse", some(&[], 1.0));
    assert_eq!(wait(&mut world, &mut rules, 1), 0);
    assert_eq!(wait(&mut world, &mut rules, 15), 1);
    assert_eq!(wait(&mut world, &mut rules, 200), 0, "once each");
}

#[test]
fn what_is_held_back_rings_when_the_minute_is_over_unless_it_is_over_or_somebody_saw_it() {
    for (end, wanted) in [("", 1), ("resolved", 0), ("seen", 0)] {
        let (mut world, mut rules) = (world(), Rules::new(CRITICAL));
        rules.answer("minor", some(&[], 1.0));
        assert_eq!(rings(&rules.tell(&mut world)), 1);
        rules.answer("other", some(&[], 1.0));
        assert_eq!(wait(&mut world, &mut rules, 30), 0, "not more than once a minute");
        match end {
            "resolved" => rules.answer("other", none()),
            "seen" => world.press("6 A Down A"),
            _ => {}
        }
        assert_eq!(wait(&mut world, &mut rules, 100), wanted, "{end}");
    }
}

#[test]
fn what_fired_before_a_restart_does_not_ring_again() {
    let (mut world, mut rules) = (world(), Rules::new(TEAM));
    rules.answer("pool > 0.9", several(&[(&[("pool", "a")], 1.0), (&[("pool", "b")], 1.0)]));
    assert_eq!(rings(&rules.tell(&mut world)), 1);
    world.wait(60.0);
    rules.tell(&mut world);
    let saved = rules.saved(&world);
    let mut later = World::new(BELL);
    later.now = world.now + 60.0;
    later.tell(Event::AlertsKept { kept: None, trouble: None, operator: "mia".into() });
    let mut again = Rules::restored(TEAM, &saved, &later);
    again.answer("pool > 0.9", several(&[(&[("pool", "a")], 1.0), (&[("pool", "b")], 1.0)]));
    assert_eq!(rings(&again.tell(&mut later)), 0, "it rang for them before");
    again.answer("pool > 0.9", several(&[(&[("pool", "a")], 1.0), (&[("pool", "b")], 1.0), (&[("pool", "c")], 1.0)]));
    later.wait(30.0);
    assert_eq!(rings(&again.tell(&mut later)), 1, "what is new rings");
    let timeline = |world: &mut World| {
        world.press("8");
        crate::text(&crate::drawn(world, (120, 40), false))
    };
    let rows = timeline(&mut later);
    assert_eq!(
        (rows.matches("fires on").count(), rows.matches("pending").count()),
        (2, 1),
        "only what is new waited: {rows}"
    );
}

#[test]
fn nothing_rings_before_it_is_known_what_is_silenced() {
    let (mut world, mut rules) = (World::new(BELL), Rules::new(TEAM));
    rules.answer("pool > 0.9", some(&[], 1.0));
    assert_eq!(rings(&rules.tell(&mut world)), 0);
    let known = Event::AlertsKept { kept: None, trouble: None, operator: "mia".into() };
    let mut rung = rings(&world.happen(known));
    rung += wait(&mut world, &mut rules, 2);
    assert_eq!(rung, 1, "then it does");
    // Who never hears is called all the same.
    let (mut world, mut rules) = (World::new(BELL), Rules::new(TEAM));
    rules.answer("pool > 0.9", some(&[], 1.0));
    assert_eq!(wait(&mut world, &mut rules, 30), 1);
    let _ = Saved::default();
}

#[test]
fn what_began_while_it_was_silenced_rings_when_the_silence_ends() {
    for (end, wanted) in [("", 1), ("resolved", 0)] {
        let (mut world, mut rules) = (world(), Rules::new(CRITICAL));
        let asked = Asked {
            matchers: matcher::parse("alertname=Major").unwrap(),
            lasts: Duration::from_secs(300),
            comment: "deploy".into(),
        };
        let now = world.model.alerts.line.at(world.model.now);
        world.model.alerts.silences.add(asked, "mia".into(), now).unwrap();
        rules.answer("major", some(&[], 1.0));
        assert_eq!(wait(&mut world, &mut rules, 200), 0, "it is silenced");
        // Another one rings meanwhile, and for itself alone.
        rules.answer("minor", some(&[], 1.0));
        assert_eq!(wait(&mut world, &mut rules, 50), 1);
        if end == "resolved" {
            rules.answer("major", none());
        }
        assert_eq!(wait(&mut world, &mut rules, 100), wanted, "{end}");
        assert_eq!(wait(&mut world, &mut rules, 100), 0, "once");
    }
}
