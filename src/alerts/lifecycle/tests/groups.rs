//! Groups: order, schedule, offsets, limits of what is recorded, a new reading of the files.

use super::*;
use crate::alerts::rules;
use crate::metrics::store::STALE;

fn record(name: &str, expr: &str, own: &[(&str, &str)]) -> Rule {
    Rule { name: name.into(), expr: expr.into(), line: 1, expr_line: 1, labels: pairs(own), kind: Kind::Record }
}

fn group(name: &str, rules: Vec<Rule>) -> rules::Group {
    rules::Group { file: "f".into(), name: name.into(), line: 1, interval: None, limit: 0, query_offset: None, rules }
}

fn book(groups: &[rules::Group]) -> Book {
    Book::new(groups, Duration::from_secs(15), 0)
}

fn rule_of(book: &Book) -> &AlertingRule {
    book.groups()[0].alerting().next().unwrap()
}

#[test]
fn a_later_rule_sees_what_an_earlier_one_recorded_in_the_same_cycle() {
    let mut alert = alerting_rule(0, 0, &[], &[("a", "{{ $value }} {{ query \"recorded:m\" | first | value }}")]);
    alert.expr = "recorded:m".into();
    let mut world = Told::default();
    world.answers.insert("x".into(), Ok(Evaluation::complete(vec![(Labels::default(), 7.0)])));
    let mut forward = book(&[group("g", vec![record("m", "x", &[]), alert.clone()])]);
    assert_eq!(forward.run(0, &mut world).len(), 2);
    assert_eq!(rule_of(&forward).alerts().next().unwrap().annotations, pairs(&[("a", "7 7")]));
    let mut backward = book(&[group("g", vec![alert, record("m", "x", &[])])]);
    world.appended.clear();
    assert_eq!(backward.run(0, &mut world), [], "it was not there yet");
    assert_eq!(backward.run(15_000, &mut world).len(), 2);
}

#[test]
fn what_is_recorded_bears_the_rules_name_and_labels_and_ends() {
    let mut rule = RecordingRule::new(record("m:new", "x", &[("team", "core"), ("job", "")]), 2);
    let elements = |count: usize| {
        (0..count).map(|n| (labels(&[("__name__", "old"), ("job", "j"), ("n", &n.to_string())]), n as f64)).collect()
    };
    let told = |samples: Elements| {
        samples.into_iter().map(|(series, value)| (series.to_string(), value.to_bits())).collect::<Vec<_>>()
    };
    let name = |n: usize| format!(r#"m:new{{n="{n}", team="core"}}"#);
    let two = told(rule.step(Ok(Evaluation::complete(elements(2))), 0));
    assert_eq!(two, [(name(0), 0_f64.to_bits()), (name(1), 1_f64.to_bits())]);
    assert_eq!(rule.step(Ok(Evaluation::complete(elements(3))), 1), []);
    assert_eq!(rule.failure, Some(Failure::Failed("exceeded limit of 2 with 3 series".into_safe())));
    assert_eq!(rule.step(Err(Failure::Failed("x".into_safe())), 2), [], "an error ends nothing");
    let one = told(rule.step(Ok(Evaluation::complete(elements(1))), 3));
    assert_eq!(one, [(name(0), 0_f64.to_bits()), (name(1), STALE)]);
    assert_eq!(rule.failure, None);
    let mut equal = RecordingRule::new(record("m", "x", &[("n", "1")]), 0);
    assert_eq!(equal.step(Ok(Evaluation::complete(elements(2))), 0), []);
    assert!(equal.failure.is_some());
}

#[test]
fn groups_keep_their_own_time_and_look_back_by_their_offset() {
    let mut slow = group("slow", vec![record("s", "x", &[])]);
    slow.interval = Some(Duration::from_secs(60));
    slow.query_offset = Some(Duration::from_secs(5));
    let mut book = book(&[group("fast", vec![record("f", "x", &[])]), slow]);
    let mut world = Told::default();
    world.answers.insert("x".into(), Ok(Evaluation::complete(vec![(Labels::default(), 1.0)])));
    assert_eq!(book.next(), Some(0));
    for second in 0..=60 {
        book.run(second * 1000 + 3, &mut world);
    }
    let times =
        |name: &str| world.appended.iter().filter(|(n, _, _)| n == name).map(|(_, at, _)| *at).collect::<Vec<_>>();
    assert_eq!(times("f"), [0, 15_000, 30_000, 45_000, 60_000], "on the grid, whenever it was looked at");
    assert_eq!(times("s"), [-5000, 55_000]);
    assert_eq!(book.next(), Some(75_000));
    book.run(200_000, &mut world);
    assert_eq!(book.groups()[0].schedule.missed(), 8);
}

#[test]
fn a_new_reading_keeps_the_alerts_of_rules_that_are_the_same() {
    let mut world = Told::default();
    world.answers.insert("up == 0".into(), Ok(Evaluation::complete(vec![element("a", 0.0)])));
    world.answers.insert("x".into(), Ok(Evaluation::complete(vec![(Labels::default(), 1.0)])));
    let mut rule = alerting_rule(30, 0, &[], &[]);
    let mut book =
        book(&[group("g", vec![rule.clone(), record("m", "x", &[])]), group("h", vec![record("n", "x", &[])])]);
    for second in [0, 15, 30] {
        book.run(second * 1000, &mut world);
    }
    assert_eq!(states(rule_of(&book)), [State::Firing]);
    // Another expression, a longer `for`, another place in the group; the rest is gone.
    rule.kind = Kind::Alert(Alerting { hold: Duration::from_secs(60), ..Alerting::default() });
    world.appended.clear();
    book.reload(&[group("g", vec![record("new", "x", &[]), rule.clone()])], 40_000, &mut world);
    let ended: Vec<(&str, bool)> =
        world.appended.iter().map(|(name, _, value)| (name.as_str(), value.to_bits() == STALE)).collect();
    assert_eq!(ended, [("m", true), ("n", true)]);
    assert_eq!(states(rule_of(&book)), [State::Firing]);
    let changes = book.run(45_000, &mut world);
    assert_eq!(changes.iter().map(|change| &change.what).collect::<Vec<_>>(), [&What::BackToPending]);
    let changes = book.run(60_000, &mut world);
    assert_eq!(changes.iter().map(|change| &change.what).collect::<Vec<_>>(), [&What::Firing], "since it began");
    // With other labels it is another rule.
    rule.labels = pairs(&[("severity", "page")]);
    book.reload(&[group("g", vec![rule])], 61_000, &mut world);
    assert_eq!(states(rule_of(&book)), []);
}

#[test]
fn files_lead_to_alerts() {
    let text = "groups:\n- name: g\n  interval: 1m\n  rules:\n  - alert: Down\n    expr: up == 0\n    labels: {severity: page}\n";
    let loaded = rules::Loaded::of(&[("f.yml", Ok(text))]);
    let mut world = Told::default();
    world.answers.insert("up == 0".into(), Ok(Evaluation::complete(vec![element("a", 0.0)])));
    let mut book = book(&loaded.groups);
    let changes = book.run(1, &mut world);
    assert_eq!(changes.len(), 2);
    assert_eq!(world.appended[0].0, r#"ALERTS{alertname="Down", alertstate="firing", instance="a", severity="page"}"#);
}
