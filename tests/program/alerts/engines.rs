//! What the field's own engines tell, beside what a person said of it; and that much of it costs little.

use std::time::Duration;

use quarterdeck::app::Event;
use quarterdeck::app::alerts::Acknowledged;
use quarterdeck::app::alerts::counts::Counts;
use quarterdeck::app::report::Report;
use quarterdeck::domain::arrival::Reading;
use quarterdeck::domain::served::{Health, Pairs, Routed, RoutedAlert, Served, ServedAlert, ServedRule};
use quarterdeck::domain::source::{SourceId, SourceKind};
use quarterdeck::domain::{Arrival, Cause};

use super::rules::{Rules, TEAM, none, some};
use crate::world::World;
use crate::{drawn, text};

const ENGINES: &str = "name = \"x\"\nprometheus = \"http://127.0.0.1:9\"\nalertmanager = \"http://127.0.0.1:10\"";

fn arrive(world: &mut World, kind: SourceKind, outcome: Result<Reading, Cause>) {
    let (took, next_in) = (Duration::from_millis(12), Duration::from_secs(2));
    let begun = world.moment();
    let arrival = Arrival { source: SourceId::new(kind, 0), outcome, took, begun, next_in };
    world.tell(Event::ReadingArrived(Box::new(arrival)));
}

fn pairs(pairs: &[(&str, &str)]) -> Pairs {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A rule of a server whose alerts fire for these instances.
fn served(instances: &[&str]) -> Reading {
    let alert = |instance: &&str| ServedAlert {
        labels: pairs(&[("alertname", "Down"), ("instance", instance), ("severity", "critical")]),
        annotations: Vec::new(),
        value: 0.0,
        firing: true,
        active_at: None,
        kept_since: None,
    };
    let rule = ServedRule {
        file: "/etc/r.yml".to_owned(),
        group: "g".to_owned(),
        name: "Down".to_owned(),
        expr: "up == 0".to_owned(),
        hold: Duration::ZERO,
        interval: Duration::from_secs(15),
        evaluated: None,
        labels: Vec::new(),
        annotations: Vec::new(),
        health: Health::Good,
        alerts: instances.iter().map(alert).collect(),
    };
    Reading::Served(Box::new(Served { rules: vec![rule], ..Served::default() }))
}

fn said(world: &mut World, key: u64) {
    let at = world.model.alerts.line.at(world.model.now);
    let said = Acknowledged { by: "kim".to_owned(), at, alert: "Other".to_owned() };
    world.model.alerts.acknowledged.insert(key, said);
}

fn acknowledged(world: &World) -> usize {
    world.model.alerts.acknowledged.len()
}

#[test]
fn what_was_said_of_an_alert_that_this_window_never_saw_stays() {
    let mut world = World::new("name = \"x\"");
    let mut rules = Rules::new(TEAM);
    rules.answer("pool > 0.9", some(&[("pool", "main")], 0.97));
    rules.tell(&mut world);
    world.press("6 A");
    said(&mut world, 7);
    assert_eq!(acknowledged(&world), 2);
    rules.answer("pool > 0.9", none());
    world.wait(30.0);
    rules.tell(&mut world);
    let left: Vec<u64> = world.model.alerts.acknowledged.keys().copied().collect();
    assert_eq!(left, [7], "another window may look at what this one does not");
}

#[test]
fn what_was_said_of_an_engines_alert_stays_until_it_tells_that_it_is_over() {
    let mut world = World::new(ENGINES);
    let mut rules = Rules::new(TEAM);
    arrive(&mut world, SourceKind::Alertmanager, Ok(Reading::Routed(Box::default())));
    arrive(&mut world, SourceKind::Prometheus, Ok(served(&["a"])));
    world.press("6 A");
    assert_eq!(acknowledged(&world), 1, "{}", world.message());
    // A rule that this program evaluates changes; the server is silent.
    arrive(&mut world, SourceKind::Prometheus, Err(Cause::Refused { family: "IPv4" }));
    rules.tell(&mut world);
    world.model.live.prometheus.as_mut().unwrap().told = None;
    rules.tell(&mut world);
    assert_eq!(acknowledged(&world), 1, "it does not tell");
    arrive(&mut world, SourceKind::Prometheus, Ok(served(&["a"])));
    assert_eq!(acknowledged(&world), 1);
    arrive(&mut world, SourceKind::Alertmanager, Ok(Reading::Routed(Box::default())));
    arrive(&mut world, SourceKind::Prometheus, Ok(served(&[])));
    assert_eq!(acknowledged(&world), 0, "it is over");
}

#[test]
fn of_thousands_of_alerts_that_both_engines_tell_none_is_told_twice() {
    let names: Vec<String> = (0..5000).map(|at| format!("host-{at}")).collect();
    let routed = |name: &String| RoutedAlert {
        labels: pairs(&[("alertname", "Down"), ("instance", name), ("severity", "critical"), ("cluster", "eu")]),
        annotations: Vec::new(),
        starts_at: None,
        silenced_by: Vec::new(),
        inhibited: false,
        receivers: Vec::new(),
    };
    let routed = Routed { alerts: names.iter().map(routed).collect(), ..Routed::default() };
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut world = World::new(ENGINES);
    arrive(&mut world, SourceKind::Prometheus, Ok(served(&[])));
    arrive(&mut world, SourceKind::Alertmanager, Ok(Reading::Routed(Box::new(routed))));
    arrive(&mut world, SourceKind::Prometheus, Ok(served(&names)));
    assert_eq!(world.model.live.alertmanager.as_ref().unwrap().told.as_ref().unwrap().rules.len(), 0);
}

/// Invariant 41: what an inhibition keeps back is there as it would be without one, counted and judged; nobody is called for it,
/// and it ends with what it was told by.
#[test]
fn an_inhibition_hides_pages_and_never_state() {
    let routed = |inhibited| {
        let alert = RoutedAlert {
            labels: pairs(&[("alertname", "Down"), ("instance", "a"), ("severity", "critical")]),
            annotations: Vec::new(),
            starts_at: None,
            silenced_by: Vec::new(),
            inhibited,
            receivers: Vec::new(),
        };
        Ok(Reading::Routed(Box::new(Routed { alerts: vec![alert], ..Routed::default() })))
    };
    let after = |world: &mut World, inhibited| {
        world.now += 61.0;
        let mut effects = Vec::new();
        for (kind, outcome) in
            [(SourceKind::Alertmanager, routed(inhibited)), (SourceKind::Prometheus, Ok(served(&["a"])))]
        {
            arrive(world, kind, outcome);
            effects.append(&mut world.effects);
        }
        let counts = Counts::of(&world.model.live, &world.model.alerts, world.model.now);
        let verdict = Report::of(&world.model).json();
        let verdict = verdict.split("\"verdict\":").nth(1).map(|rest| rest.chars().take(6).collect::<String>());
        let state = (counts.active(), counts.verdict, verdict);
        (state, counts.inhibited, drawn(world, (120, 40), false), effects.iter().any(|words| words.contains("Ring")))
    };
    let ringing = format!("{ENGINES}\n[alerts]\nbell = true");
    let world = || {
        let mut world = World::new(&ringing);
        world.tell(Event::AlertsKept { kept: None, trouble: None, operator: "mia".into() });
        arrive(&mut world, SourceKind::Prometheus, Ok(served(&[])));
        world.press("6");
        world
    };
    let (plain, none, screen, rings) = after(&mut world(), false);
    assert!(none == 0 && rings, "{}", text(&screen));
    let mut world = world();
    let (kept_back, inhibited, screen, rings) = after(&mut world, true);
    let screen = text(&screen);
    assert_eq!(kept_back, plain, "{screen}");
    assert!(inhibited == 1 && !rings && screen.contains("ALERTS 1 inhibited (firing)"), "{screen}");
    assert!(
        screen
            .lines()
            .any(|line| line.contains("firing") && line.trim_end_matches('│').trim_end().ends_with("inhibited")),
        "{screen}"
    );
    let (_, inhibited, screen, rings) = after(&mut world, false);
    assert!(inhibited == 0 && rings, "the other alert has gone, it fires on: {}", text(&screen));
}
