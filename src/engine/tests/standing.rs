//! What a rule without alerts is told as: ok only where it could have found something.

use super::*;
use crate::alerts::lifecycle::Verdict;

const HOUR: i32 = 3600;

/// One target whose interval is 5 s, with rules of these expressions, read over and over up to a second.
fn read_until(rules: &[&str], page: &str, last: i32) -> Stage {
    let mut stage = Stage::new(&["api"]);
    stage.exprs(rules);
    for second in (0..=last).step_by(5) {
        stage.page(0, page, second);
        stage.tick(second);
    }
    stage
}

impl Stage {
    fn exprs(&mut self, rules: &[&str]) {
        let text: String =
            rules.iter().map(|expr| format!("- alert: A\n  expr: {expr:?}\n")).collect::<Vec<_>>().concat();
        self.rules(&text, 0);
    }

    fn standings(&self, rules: &[&str]) -> Vec<String> {
        (0..rules.len()).map(|at| self.standing(at)).collect()
    }
}

#[test]
fn a_rate_over_fewer_than_two_samples_is_not_ok() {
    let rules = ["rate(a[5s]) > 1", "increase(a[8s]) > 1", "deriv(a[10s]) > 1", "rate(a[1m:1m]) > 1", "a > 1"];
    let stage = read_until(&rules, "a 1\n", 60);
    let wanted = [
        "no data: a, of which 5s are shorter than two scrapes",
        "ok",
        "ok",
        "no data: a range of 1m in steps of 1m, which holds no two",
        "ok",
    ];
    assert_eq!(stage.standings(&rules), wanted);
    // 8 s hold two scrapes only now and then.
    let mut stage = read_until(&rules[..2], "a 1\n", 55);
    stage.page(0, "a 1\n", 61);
    stage.tick(60);
    stage.tick(65);
    assert_eq!(stage.standing(1), "no data: a, of which 8s are shorter than two scrapes");
}

#[test]
fn after_a_gap_a_range_fills_anew() {
    let mut stage = read_until(&["rate(a[1m]) > 1", "max_over_time(a[1m]) > 5"], "a 1\n", 60);
    for second in (65..200).step_by(5) {
        stage.fails(0, second);
        stage.tick(second);
    }
    assert_eq!(stage.standing(0), "no data: a, whose target does not answer");
    stage.page(0, "a 1\n", 200);
    stage.tick(200);
    assert_eq!(stage.standings(&[""; 2]), ["warming up: 0s of 1m", "ok"]);
    stage.page(0, "a 1\n", 205);
    stage.tick(205);
    assert_eq!(stage.standing(0), "ok");
}

#[test]
fn what_other_matchers_do_not_find_is_none_yet() {
    let rules = [
        "requests{status=~\"5..\"} > 1",
        "rate(requests{status=~\"5..\"}[1m]) > 1",
        "rate(requests{status=~\"5..\"}[1m]) / on() requests > 1",
        "requests{status=~\"5..\"} > 1 or requests > 5",
        "nothing > 1 and requests{status=\"500\"} > 1",
        "sum(requests{status=\"500\"}) > 0",
    ];
    let mut stage = read_until(&rules, "requests{status=\"200\"} 1\n", 30);
    let none = "none now: requests{status=~\"5..\"}";
    let warming = "warming up: 30s of 1m";
    let wanted = [none, warming, warming, "ok", "no data: nothing", "none now: requests{status=\"500\"}"];
    assert_eq!(stage.standings(&rules), wanted);
    for second in (35..=90).step_by(5) {
        stage.page(0, "requests{status=\"200\"} 1\n", second);
        stage.tick(second);
    }
    assert_eq!(stage.standing(1), none);
    // Where the target fails nobody knows.
    stage.fails(0, 95);
    stage.tick(95);
    assert_eq!(stage.rule(0).standing.verdict, Verdict::NoData);
    // Nor where the metric has gone altogether.
    stage.page(0, "b 1\n", 100);
    stage.tick(100);
    assert_eq!(stage.standing(0), "no data: requests{status=~\"5..\"}");
}

#[test]
fn what_other_matchers_do_not_find_of_a_recorded_metric_is_none_yet() {
    let mut stage = Stage::new(&["api"]);
    let alert = |expr: &str| format!("- alert: A\n  expr: {expr}\n");
    let rules = ["rec{status=\"500\"} > 1", "rec > 5", "few > 1", "sum_over_time(rec{status=\"500\"}[10s]) > 1"];
    let recorded = "- record: rec\n  expr: requests\n- record: few\n  expr: requests > 5\n";
    stage.rules(&format!("{recorded}{}", rules.map(alert).concat()), 0);
    for second in (0..=60).step_by(5) {
        stage.page(0, "requests{status=\"200\"} 1\n", second);
        stage.tick(second);
    }
    let none = "none now: rec{status=\"500\"}";
    assert_eq!(stage.standings(&rules), [none, "ok", "ok", none], "what finds nothing records nothing");
}

#[test]
fn a_target_that_is_down_for_longer_than_samples_are_kept_is_not_ok() {
    let mut settings = Settings { targets: vec![target("one"), target("two")], ..Settings::default() };
    settings.store.keep = Duration::from_secs(600);
    let mut stage = Stage::with(settings);
    stage.rules(
        "- alert: A\n  expr: a > 5\n- alert: B\n  expr: a{job=\"one\"} > 5\n- alert: C\n  expr: a{x=\"1\"} > 5\n",
        0,
    );
    for second in (0..HOUR).step_by(5) {
        stage.page(0, "a{x=\"1\"} 1\n", second);
        if second < 30 {
            stage.page(1, "a 9\nc 1\n", second);
        } else {
            stage.fails(1, second);
        }
        stage.tick(second);
    }
    let wanted = ["no data: a, whose target does not answer", "ok", "ok"];
    assert_eq!([stage.standing(0), stage.standing(1), stage.standing(2)], wanted);
    assert_eq!(stage.values("count(a)", HOUR - 1)[0].1, 1.0);
    stage.page(0, "a{x=\"1\"} 1\n", HOUR);
    stage.page(1, "a 1\n", HOUR);
    stage.tick(HOUR);
    assert_eq!(stage.standing(0), "ok");
}

#[test]
fn a_target_that_never_answered_beside_its_like_is_not_ok() {
    let of = |name: &str, job: &str| {
        let labels = Labels::new([("job", job), ("instance", name)]);
        crate::engine::settings::TargetSettings { labels, ..target(name) }
    };
    let targets = vec![of("one", "api"), of("two", "api"), of("three", "node")];
    let mut stage = Stage::with(Settings { targets, ..Settings::default() });
    let rules = ["a > 5", "a{instance=\"one\"} > 5", "a{instance!=\"two\"} > 5", "n > 5", "up == 2"];
    stage.exprs(&rules);
    for second in [0, 5, 10] {
        stage.page(0, "a 1\n", second);
        stage.fails(1, second);
        stage.page(2, "n 1\n", second);
        stage.tick(second);
    }
    assert_eq!(stage.standings(&rules), ["no data: a, whose target does not answer", "ok", "ok", "ok", "ok"]);
}

#[test]
fn a_range_longer_than_what_is_kept_says_so_and_does_not_warm_for_ever() {
    let mut settings = Settings { targets: vec![target("api")], ..Settings::default() };
    settings.store.keep = Duration::from_secs(7200);
    let mut stage = Stage::with(settings);
    let rules = ["rate(a[6h]) > 1", "a offset 1d > 1", "max_over_time(rate(a[1h])[90m:]) > 1", "rate(a[2h]) > 1"];
    stage.exprs(&rules);
    let remarks: Vec<String> =
        stage.alerts.as_ref().unwrap().remarks.iter().map(|remark| remark.line().as_str().to_owned()).collect();
    assert_eq!(remarks.len(), 3, "{remarks:?}");
    assert_eq!(remarks[0], "rules.yml:6: group \"g\" rule \"A\".expr: it needs 6h of samples, 2h are kept");
    stage.page(0, "a 1\n", 0);
    stage.tick(0);
    let wanted = [
        "not evaluated: it needs 6h of samples, 2h are kept",
        "not evaluated: it needs 1d of samples, 2h are kept",
        "not evaluated: it needs 2h30m of samples, 2h are kept",
        "warming up: 0s of 2h",
    ];
    assert_eq!(stage.standings(&rules), wanted);
}
