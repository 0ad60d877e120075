//! What the engines tell as snapshots: what changed between two, what silence means, and what both tell.

use super::*;
use crate::app::telemetry::engines::EngineState;
use crate::config::Resolved;
use crate::config::resolved::{EndpointSpec, EngineSpec};
use crate::domain::served::RoutedSilence;
use crate::domain::target::Environment;

fn pairs(pairs: &[(&str, &str)]) -> Pairs {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn alert(job: &str, firing: bool) -> ServedAlert {
    ServedAlert {
        labels: pairs(&[("alertname", "Down"), ("job", job), ("severity", "critical")]),
        annotations: Vec::new(),
        value: 0.0,
        firing,
        active_at: None,
        kept_since: None,
    }
}

fn rule(alerts: Vec<ServedAlert>, health: Health) -> Served {
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
        health,
        alerts,
    };
    Served { rules: vec![rule], ..Served::default() }
}

fn words(told: &AlertsTold) -> Vec<(String, What)> {
    told.changes.iter().map(|change| (change.labels.get("job").to_owned(), change.what.clone())).collect()
}

#[test]
fn what_changed_is_told_and_what_was_there_at_first_is_not() {
    let at = Moment::fixed;
    let first = of_server(rule(vec![alert("a", true), alert("b", false)], Health::Good), None, at(0.0));
    assert_eq!(words(&first), []);
    assert_eq!(first.rules[0].standing.verdict, Verdict::Firing);
    let second = of_server(rule(vec![alert("b", true), alert("c", false)], Health::Good), Some(&first), at(15.0));
    let mut said = words(&second);
    said.sort_by(|left, right| left.0.cmp(&right.0));
    assert_eq!(
        said,
        [
            ("a".to_owned(), What::Resolved { gone: Gone::Mended }),
            ("b".to_owned(), What::Firing),
            ("c".to_owned(), What::Pending)
        ]
    );
    let resolved = |told: &AlertsTold| told.rules[0].alerts.iter().filter(|a| a.state == State::Resolved).count();
    assert_eq!(resolved(&second), 1);
    let third = of_server(rule(Vec::new(), Health::Failed("boom".to_owned())), Some(&second), at(30.0));
    assert_eq!((third.rules[0].standing.verdict, resolved(&third)), (Verdict::Error, 1));
    let fourth = of_server(rule(Vec::new(), Health::Good), Some(&third), at(30.0));
    assert_eq!((resolved(&fourth), fourth.changes.len()), (2, 2));
    let last = of_server(rule(Vec::new(), Health::Good), Some(&fourth), at(30.0 + 901.0));
    assert_eq!((last.rules[0].standing.verdict, resolved(&last), last.changes.len()), (Verdict::Ok, 0, 0));
    let gone = of_server(Served::default(), Some(&second), at(40.0));
    assert!(words(&gone).iter().all(|(_, what)| matches!(what, What::Cleared(_))) && gone.changes.len() == 2);
    // It may be among those that were too many.
    let crowded = of_server(Served { rules_left_out: 1, ..Served::default() }, Some(&second), at(40.0));
    assert_eq!(words(&crowded), []);
}

#[test]
fn rules_that_are_too_many_are_told_and_nothing_is_well() {
    let at = Moment::fixed;
    let mut resolved = Resolved::default();
    resolved.know.prometheus = Some(engine());
    let mut telemetry = Telemetry::new(&resolved, at(0.0));
    let prometheus = telemetry.prometheus.as_mut().unwrap();
    let told = |rules_left_out, left_out| Served { left_out, rules_left_out, ..rule(Vec::new(), Health::Good) };
    for (served, words) in [
        (told(0, 0), "1 rule, 0 alerts"),
        (told(2, 0), "1 rule, 0 alerts; 2 rules more are not shown"),
        (told(1, 7), "1 rule, 0 alerts; 7 and 1 rule more are not shown"),
    ] {
        let all = served.rules_left_out == 0;
        prometheus.serve(Ok(served), at(1.0), std::time::Duration::from_secs(15));
        assert_eq!((prometheus.words().as_str(), prometheus.leaves_rules_out()), (words, !all));
    }
}

fn states(told: &AlertsTold) -> Vec<(String, State)> {
    let all = told.rules.iter().flat_map(|rule| &rule.alerts);
    let mut all: Vec<(String, State)> = all.map(|alert| (alert.labels.get("job").to_owned(), alert.state)).collect();
    all.sort();
    all
}

#[test]
fn a_server_that_has_not_evaluated_its_rules_again_has_resolved_nothing() {
    let at = Moment::fixed;
    let both = || vec![alert("a", true), alert("b", false)];
    let there = [("a".to_owned(), State::Firing), ("b".to_owned(), State::Pending)];
    let first = of_server(rule(both(), Health::Good), None, at(0.0));
    for health in [Health::NotYet, Health::Failed("boom".to_owned())] {
        let again = of_server(rule(Vec::new(), health.clone()), Some(&first), at(15.0));
        assert_eq!(words(&again), [], "{health:?}");
        assert_eq!(states(&again), there, "{health:?}");
        let standing = &again.rules[0].standing;
        assert_eq!((standing.firing, standing.pending), (1, 1));
        assert!(matches!(standing.verdict, Verdict::NotEvaluated | Verdict::Error), "{standing:?}");
        assert_eq!(again.rules[0].alerts[0].active_at, first.rules[0].alerts[0].active_at);
        // It fires on, and what has gone by an evaluation has gone.
        let after = of_server(rule(vec![alert("a", true)], Health::Good), Some(&again), at(30.0));
        assert_eq!(words(&after), [("b".to_owned(), What::Dropped)]);
        assert_eq!(after.rules[0].standing.verdict, Verdict::Firing);
    }
}

#[test]
fn what_may_only_be_left_out_has_not_resolved() {
    let at = Moment::fixed;
    let first = of_server(rule(vec![alert("a", true), alert("b", true)], Health::Good), None, at(0.0));
    let fewer = Served { left_out: 1, ..rule(vec![alert("b", true)], Health::Good) };
    let second = of_server(fewer, Some(&first), at(15.0));
    assert_eq!(words(&second), []);
    assert_eq!(states(&second), [("a".to_owned(), State::Firing), ("b".to_owned(), State::Firing)]);
    assert_eq!((second.rules[0].standing.verdict, second.rules[0].standing.firing), (Verdict::Firing, 2));
}

#[test]
fn of_who_tells_alerts_alone_the_last_alert_of_a_name_resolves() {
    let at = Moment::fixed;
    let alone = |alerts: Vec<ServedAlert>, left_out: usize| {
        let mut served = rule(alerts, Health::Good);
        for rule in &mut served.rules {
            (rule.file, rule.group, rule.expr, rule.interval) = Default::default();
        }
        served.rules.retain(|rule| !rule.alerts.is_empty());
        Served { left_out, alerts_alone: true, ..served }
    };
    let first = of_server(alone(vec![alert("a", true)], 0), None, at(0.0));
    let many = of_server(alone(Vec::new(), 1), Some(&first), at(15.0));
    assert_eq!((words(&many), states(&many)), (vec![], vec![("a".to_owned(), State::Firing)]));
    assert_eq!(many.rules[0].standing.verdict, Verdict::Firing);
    let second = of_server(alone(Vec::new(), 0), Some(&many), at(30.0));
    assert_eq!(words(&second), [("a".to_owned(), What::Resolved { gone: Gone::Mended })]);
    assert_eq!(states(&second), [("a".to_owned(), State::Resolved)]);
    // Its name says nothing beside that: nobody knows its rule.
    let mut resolved = Resolved::default();
    resolved.know.prometheus = Some(engine());
    let mut telemetry = Telemetry::new(&resolved, at(30.0));
    telemetry.prometheus.as_mut().unwrap().told = Some(second.clone().into());
    let stands: Vec<_> = listing::all(&telemetry, at(30.0)).map(|entry| entry.stand).collect();
    assert_eq!(stands, [listing::Stand::Resolved]);
    let still = of_server(alone(Vec::new(), 0), Some(&second), at(600.0));
    assert_eq!((still.changes.len(), states(&still).len()), (0, 1));
    let last = of_server(alone(Vec::new(), 0), Some(&still), at(30.0 + 901.0));
    assert_eq!((last.changes.len(), last.rules.len()), (0, 0));
}

fn engine() -> EngineSpec {
    let request =
        EndpointSpec { url: "http://127.0.0.1:9".parse().unwrap(), headers: Vec::new(), bearer: None, ca_file: None };
    let second = Duration::from_secs(2);
    EngineSpec { request, interval: second, deadline: second, environment: Environment::Local, on_loopback: true }
}

#[test]
fn a_server_that_is_silent_tells_of_no_rule_that_it_is_ok() {
    let mut state = EngineState::new(&engine(), Moment::fixed(0.0));
    state.serve(Ok(rule(Vec::new(), Health::Good)), Moment::fixed(0.0), Duration::from_secs(2));
    assert_eq!(state.told.as_ref().unwrap().rules[0].standing.verdict, Verdict::Ok);
    let refused = Cause::Refused { family: "IPv4" };
    assert!(state.serve(Err(refused), Moment::fixed(2.0), Duration::from_secs(2)).is_none());
    assert_eq!(state.told.as_ref().unwrap().rules[0].standing.verdict, Verdict::NotEvaluated);
    assert!(!state.state(Moment::fixed(2.0)).is_fresh());
}

/// A server and an Alertmanager.
fn both(told: Vec<ServedAlert>, routed: Routed) -> Telemetry {
    let mut resolved = Resolved::default();
    resolved.know.prometheus = Some(engine());
    resolved.know.alertmanager = Some(engine());
    let now = Moment::fixed(0.0);
    let mut telemetry = Telemetry::new(&resolved, now);
    let pause = Duration::from_secs(2);
    telemetry.prometheus.as_mut().unwrap().serve(Ok(rule(told, Health::Good)), now, pause);
    telemetry.alertmanager.as_mut().unwrap().route(Ok(routed), now, pause);
    join(&mut telemetry, now);
    telemetry
}

fn routed(name: &str, job: &str, cluster: &str, silenced: &[&str]) -> RoutedAlert {
    RoutedAlert {
        labels: pairs(&[("alertname", name), ("job", job), ("severity", "critical"), ("cluster", cluster)]),
        annotations: Vec::new(),
        starts_at: None,
        silenced_by: silenced.iter().map(|id| (*id).to_owned()).collect(),
        inhibited: false,
        receivers: Vec::new(),
    }
}

/// A silence that holds from one second to another.
fn silence(id: &str, from: f64, until: f64) -> RoutedSilence {
    let at = |second: f64| Some(Moment::fixed(second).wall.timestamp_millis());
    RoutedSilence {
        id: id.to_owned(),
        matchers: "{alertname=\"Down\"}".to_owned(),
        starts_at: at(from),
        ends_at: at(until),
        by: "kim".to_owned(),
        comment: "upgrade".to_owned(),
    }
}

/// Each active alert with the silence that keeps it back.
fn kept_back(telemetry: &Telemetry, now: f64) -> Vec<String> {
    let mut told: Vec<String> = listing::all(telemetry, Moment::fixed(now))
        .filter_map(|entry| {
            let job = entry.alert?.labels.get("job").to_owned();
            let silenced = match entry.keeper {
                Some(Keeper::Silence(silence)) => silence.id.as_str(),
                Some(Keeper::Alert) => "inhibited",
                None => "",
            };
            Some(format!("{} {job} {} {silenced}", entry.rule.name, entry.by.word()))
        })
        .collect();
    told.sort();
    told
}

#[test]
fn an_alert_that_both_engines_tell_is_told_once_and_kept_back_by_its_silence() {
    let all = Routed {
        alerts: vec![
            routed("Down", "a", "eu", &["one"]),
            routed("Down", "b", "eu", &[]),
            routed("Full", "c", "eu", &["one"]),
        ],
        silences: vec![silence("one", 0.0, 60.0)],
        left_out: 0,
    };
    let telemetry = both(vec![alert("a", true)], all);
    assert_eq!(
        kept_back(&telemetry, 0.0),
        ["Down a prometheus one", "Down b alertmanager ", "Full c alertmanager one"]
    );
}

#[test]
fn a_silence_ends_also_where_its_alertmanager_tells_nothing_any_more() {
    let endless = RoutedSilence { ends_at: None, ..silence("endless", 0.0, 0.0) };
    let all = Routed {
        alerts: vec![routed("Down", "a", "eu", &["one"]), routed("Full", "b", "eu", &["endless"])],
        silences: vec![silence("one", 0.0, 60.0), endless],
        left_out: 0,
    };
    let mut telemetry = both(vec![alert("a", true)], all);
    let refused = Cause::Refused { family: "IPv4" };
    telemetry.alertmanager.as_mut().unwrap().route(Err(refused), Moment::fixed(2.0), Duration::from_secs(2));
    join(&mut telemetry, Moment::fixed(2.0));
    // Of what has no end it is known only as long as its Alertmanager tells it.
    assert_eq!(kept_back(&telemetry, 59.0), ["Down a prometheus one", "Full b alertmanager "]);
    assert_eq!(kept_back(&telemetry, 60.0), ["Down a prometheus ", "Full b alertmanager "]);
}

/// Another alert keeps it back as long as its Alertmanager tells that, and a silence that is known beside it.
#[test]
fn what_another_alert_keeps_back_is_told_as_that() {
    let inhibited = |alert: RoutedAlert| RoutedAlert { inhibited: true, ..alert };
    let all = Routed {
        alerts: vec![
            inhibited(routed("Down", "a", "eu", &[])),
            inhibited(routed("Full", "b", "eu", &[])),
            inhibited(routed("Full", "c", "eu", &["one"])),
            routed("Full", "d", "eu", &[]),
        ],
        silences: vec![silence("one", 0.0, 60.0)],
        left_out: 0,
    };
    let mut telemetry = both(vec![alert("a", true)], all);
    let told = [
        "Down a prometheus inhibited",
        "Full b alertmanager inhibited",
        "Full c alertmanager one",
        "Full d alertmanager ",
    ];
    assert_eq!(kept_back(&telemetry, 0.0), told);
    let refused = Cause::Refused { family: "IPv4" };
    telemetry.alertmanager.as_mut().unwrap().route(Err(refused), Moment::fixed(2.0), Duration::from_secs(2));
    join(&mut telemetry, Moment::fixed(2.0));
    let told = ["Down a prometheus ", "Full b alertmanager ", "Full c alertmanager ", "Full d alertmanager "];
    assert_eq!(kept_back(&telemetry, 600.0), told, "nobody tells it any more");
}

#[test]
fn an_alert_is_kept_back_only_where_all_that_it_is_at_its_alertmanager_is() {
    let kept = |eu: &[&str], us: &[&str]| {
        let all = Routed {
            alerts: vec![routed("Down", "a", "eu", eu), routed("Down", "a", "us", us)],
            silences: vec![silence("long", 0.0, 90.0), silence("short", 0.0, 60.0), silence("soon", 0.0, 30.0)],
            left_out: 0,
        };
        kept_back(&both(vec![alert("a", true)], all), 0.0).join(", ")
    };
    assert_eq!(kept(&["long"], &[]), "Down a prometheus ");
    assert_eq!(kept(&[], &["long"]), "Down a prometheus ");
    // The first that ends gives it free; of two that keep the same one back the last.
    assert_eq!(kept(&["long"], &["short"]), "Down a prometheus short");
    assert_eq!(kept(&["short"], &["long"]), "Down a prometheus short");
    assert_eq!(kept(&["soon", "long"], &["short"]), "Down a prometheus short");
}
