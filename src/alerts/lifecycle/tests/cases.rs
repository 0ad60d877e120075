//! One rule: from pending to resolved, errors, limits, what is kept, what is written.

use super::*;
use crate::metrics::store::STALE;

#[test]
fn an_alert_is_pending_until_it_has_lasted_and_not_a_moment_longer() {
    let mut rule = alerting(300, 0);
    assert_eq!(whats(&step(&mut rule, 0, &["a"])), [What::Pending]);
    assert_eq!(whats(&step(&mut rule, 299, &["a"])), []);
    assert_eq!((states(&rule), verdict(&rule, 299)), (vec![State::Pending], Verdict::Pending));
    assert_eq!(whats(&step(&mut rule, 300, &["a"])), [What::Firing], "at its end, not after it");
    let alert = rule.alerts().next().unwrap();
    assert_eq!((alert.active_at, alert.fired_at), (0, Some(300_000)));
    assert_eq!(verdict(&rule, 300), Verdict::Firing);
    assert_eq!(whats(&step(&mut rule, 315, &[])), [What::Resolved { gone: Gone::Mended }]);
    assert_eq!(verdict(&rule, 315), Verdict::Ok);
}

#[test]
fn without_for_it_fires_at_once_and_with_a_short_one_at_the_next_look() {
    let mut at_once = alerting(0, 0);
    assert_eq!(whats(&step(&mut at_once, 0, &["a"])), [What::Pending, What::Firing]);
    let mut short = alerting(1, 0);
    assert_eq!(whats(&step(&mut short, 0, &["a"])), [What::Pending]);
    assert_eq!(whats(&step(&mut short, 15, &["a"])), [What::Firing]);
}

#[test]
fn what_was_pending_and_vanishes_begins_anew() {
    let mut rule = alerting(300, 60);
    step(&mut rule, 0, &["a"]);
    assert_eq!(whats(&step(&mut rule, 285, &[])), [What::Dropped], "keep_firing_for is not for what never fired");
    assert_eq!(rule.alerts().count(), 0);
    step(&mut rule, 290, &["a"]);
    assert_eq!(whats(&step(&mut rule, 310, &["a"])), []);
    assert_eq!(whats(&step(&mut rule, 590, &["a"])), [What::Firing]);
}

#[test]
fn each_element_has_a_life_of_its_own() {
    let mut rule = alerting(30, 0);
    step(&mut rule, 0, &["a"]);
    step(&mut rule, 15, &["a", "b"]);
    step(&mut rule, 30, &["a", "b"]);
    assert_eq!(states(&rule), [State::Firing, State::Pending]);
    assert_eq!(whats(&step(&mut rule, 45, &["b"])), [What::Resolved { gone: Gone::Mended }, What::Firing]);
}

#[test]
fn a_failed_evaluation_touches_no_alert_and_shows_as_error() {
    let mut rule = alerting(30, 60);
    step(&mut rule, 0, &["a"]);
    let before: Vec<Alert> = rule.alerts().cloned().collect();
    assert_eq!(whats(&fail(&mut rule, 15)), [What::Failed("it failed".into_safe())]);
    assert_eq!(fail(&mut rule, 30), Step::default(), "told once");
    assert_eq!(rule.alerts().cloned().collect::<Vec<_>>(), before);
    let standing = rule.standing(30_000, Duration::from_secs(15));
    assert_eq!((standing.verdict, standing.pending), (Verdict::Error, 1));
    assert_eq!(standing.why.unwrap().as_str(), "it failed");
    assert_eq!(whats(&step(&mut rule, 45, &["a"])), [What::Recovered, What::Firing], "the time went on");
    fail(&mut rule, 60);
    assert_eq!(states(&rule), [State::Firing]);
    assert_eq!(rule.alerts().next().unwrap().kept_since, None);
    assert_eq!(rule.standing(60_000, Duration::from_secs(15)).firing, 1);
}

#[test]
fn it_fires_on_from_the_first_look_without_its_element() {
    let mut rule = alerting(0, 60);
    step(&mut rule, 0, &["a"]);
    step(&mut rule, 100, &["a"]);
    assert_eq!(whats(&step(&mut rule, 115, &[])), [What::Kept]);
    assert_eq!(whats(&step(&mut rule, 174, &[])), [], "59 s after 115, not after 100");
    assert_eq!(whats(&step(&mut rule, 175, &[])), [What::Resolved { gone: Gone::Mended }]);
    let mut back = alerting(0, 60);
    step(&mut back, 0, &["a"]);
    step(&mut back, 15, &[]);
    step(&mut back, 30, &["a"]);
    assert_eq!(whats(&step(&mut back, 80, &[])), [What::Kept], "counted anew");
    assert_eq!(states(&back), [State::Firing]);
}

#[test]
fn resolved_alerts_stay_for_fifteen_minutes() {
    let mut rule = alerting(0, 0);
    step(&mut rule, 0, &["a"]);
    step(&mut rule, 10, &[]);
    step(&mut rule, 910, &[]);
    assert_eq!(states(&rule), [State::Resolved]);
    step(&mut rule, 911, &[]);
    assert_eq!(rule.alerts().count(), 0);
    step(&mut rule, 1000, &["a"]);
    step(&mut rule, 1010, &[]);
    assert_eq!(whats(&step(&mut rule, 1020, &["a"])), [What::Pending, What::Firing], "a new alert");
    assert_eq!(rule.alerts().next().unwrap().active_at, 1_020_000);
}

#[test]
fn equal_label_sets_fail_the_whole_evaluation() {
    let mut rule = of(&alerting_rule(0, 0, &[("instance", "all")], &[]), 0);
    step(&mut rule, 0, &["a"]);
    let both = step(&mut rule, 15, &["a", "b"]);
    let words = "vector contains metrics with the same labelset after applying alert labels".into_safe();
    assert_eq!(whats(&both), [What::Failed(words)]);
    assert_eq!((states(&rule), verdict(&rule, 15)), (vec![State::Firing], Verdict::Error));
    // The metric's name does not tell two alerts apart.
    let mut named = alerting(0, 0);
    let elements = vec![(labels(&[("__name__", "x")]), 1.0), (labels(&[("__name__", "y")]), 1.0)];
    let step = named.step(Ok(Evaluation::complete(elements)), 0, &mut Told::default());
    assert!(matches!(whats(&step).as_slice(), [What::Failed(_)]), "{step:?}");
}

#[test]
fn too_many_alerts_are_an_error_and_none_is_left() {
    let mut rule = of(&alerting_rule(0, 0, &[], &[]), 1);
    step(&mut rule, 0, &["a"]);
    let words = "exceeded limit of 1 with 2 alerts".into_safe();
    assert_eq!(whats(&step(&mut rule, 15, &["a", "b"])), [What::Cleared(words)]);
    assert_eq!((rule.alerts().count(), verdict(&rule, 15)), (0, Verdict::Error));
    assert_eq!(whats(&step(&mut rule, 30, &["b"])), [What::Recovered, What::Pending, What::Firing]);
    let mut resolved = of(&alerting_rule(0, 0, &[], &[]), 1);
    step(&mut resolved, 0, &["a"]);
    assert!(
        !matches!(whats(&step(&mut resolved, 15, &["b"])).as_slice(), [What::Cleared(_)]),
        "what is resolved does not count"
    );
}

#[test]
fn labels_and_annotations_are_expanded_and_told_anew() {
    let rule = alerting_rule(
        0,
        0,
        &[
            ("severity", "{{ if gt $value 5.0 }}page{{ else }}warn{{ end }}"),
            ("instance", ""),
            ("from", "{{ $labels.instance }}"),
        ],
        &[("summary", "{{ $labels.instance }} is {{ $value }}"), ("broken", "{{ nope }}")],
    );
    let mut rule = of(&rule, 0);
    rule.step(Ok(Evaluation::complete(vec![element("{{ $value }}", 3.0)])), 0, &mut Told::default());
    rule.step(Ok(Evaluation::complete(vec![element("{{ $value }}", 4.0)])), 1, &mut Told::default());
    let alert = rule.alerts().next().unwrap();
    let own = labels(&[("alertname", "Down"), ("severity", "warn"), ("from", "{{ $value }}")]);
    assert_eq!(alert.labels, own, "no name of a metric, nothing empty, nothing expanded twice");
    let broken = "<error expanding template: error parsing template __alert_Down: template: __alert_Down:1: function \"nope\" not defined>";
    assert_eq!(alert.annotations, pairs(&[("summary", "{{ $value }} is 4"), ("broken", broken)]));
    assert_eq!((alert.value, alert.state), (4.0, State::Firing), "the alert stays");
}

#[test]
fn what_is_active_is_written_and_what_has_gone_ends() {
    let mut rule = alerting(30, 0);
    let told = |step: Step| -> Vec<(String, f64)> {
        step.samples.into_iter().map(|(series, value)| (series.to_string(), value)).collect()
    };
    let pending = r#"ALERTS{alertname="Down", alertstate="pending", instance="a"}"#.to_owned();
    let firing = pending.replace("pending", "firing");
    let since = r#"ALERTS_FOR_STATE{alertname="Down", instance="a"}"#.to_owned();
    assert_eq!(told(step(&mut rule, 100, &["a"])), [(pending.clone(), 1.0), (since.clone(), 100.0)]);
    assert_eq!(fail(&mut rule, 115).samples, [], "an error writes and ends nothing");
    let fired = told(step(&mut rule, 130, &["a"]));
    assert_eq!(fired[..2], [(firing.clone(), 1.0), (since.clone(), 100.0)]);
    assert_eq!((fired.len(), fired[2].0.as_str(), fired[2].1.to_bits()), (3, pending.as_str(), STALE));
    let gone = told(step(&mut rule, 145, &[]));
    assert!(gone.iter().all(|(_, value)| value.to_bits() == STALE), "{gone:?}");
    assert_eq!(gone.iter().map(|(name, _)| name).collect::<Vec<_>>(), [&firing, &since]);
    assert_eq!(told(step(&mut rule, 160, &[])), []);
}

#[test]
fn a_rule_is_ok_only_on_a_fresh_and_complete_result() {
    let mut rule = alerting(0, 0);
    let standing = |rule: &AlertingRule, second: i64| {
        let standing = rule.standing(second * 1000, Duration::from_secs(15));
        let why = standing.why.map(|why| why.as_str().to_owned());
        (standing.verdict.word(), why.unwrap_or_default())
    };
    let on = |rule: &mut AlertingRule, basis: Basis| {
        rule.step(Ok(Evaluation::on(Vec::new(), basis)), 0, &mut Told::default());
    };
    assert_eq!(standing(&rule, 0), ("not evaluated", "not yet".into()));
    on(&mut rule, Basis::Missing(vec!["latency_bucket".into_safe()]));
    assert_eq!(standing(&rule, 0), ("no data", "latency_bucket".into()));
    on(&mut rule, Basis::Warming { have: Duration::from_secs(130), need: Duration::from_secs(300) });
    assert_eq!(standing(&rule, 0), ("warming up", "2m10s of 5m".into()));
    on(&mut rule, Basis::NoTraffic);
    assert_eq!(standing(&rule, 0), ("no traffic", String::new()));
    rule.step(Err(Failure::NotEvaluated("@ is not supported".into_safe())), 0, &mut Told::default());
    assert_eq!(standing(&rule, 0), ("not evaluated", "@ is not supported".into()));
    on(&mut rule, Basis::Complete);
    assert_eq!(standing(&rule, 45), ("ok", String::new()));
    assert_eq!(standing(&rule, 46), ("not evaluated", "last 46s ago".into()), "ok does not outlive its data");
}

#[test]
fn an_alert_whose_data_went_is_resolved_for_that_and_the_rule_is_not_ok() {
    let mut rule = alerting(0, 0);
    step(&mut rule, 0, &["a"]);
    let missing = Evaluation::on(Vec::new(), Basis::Missing(Vec::new()));
    let step = rule.step(Ok(missing), 15_000, &mut Told::default());
    assert_eq!(whats(&step), [What::Resolved { gone: Gone::Data }]);
    assert!(rule.alerts().next().unwrap().gone == Gone::Data);
    assert_eq!(verdict(&rule, 15), Verdict::NoData);
}
