//! Rules over what was scraped: what they stand on, when they are evaluated, what a reload and a restart do.

use super::*;
use crate::alerts::lifecycle::{Gone, Verdict};

#[test]
fn nothing_is_judged_before_the_first_look() {
    let mut stage = Stage::new(&["api"]);
    stage.alert("absent(a)", 0);
    assert_eq!(stage.standing(0), "not evaluated: not yet");
    stage.tick(3);
    assert_eq!(stage.standing(0), "not evaluated: not yet", "a is not absent: nobody looked");
    assert_eq!(stage.engine.next(), Some(moment(10).boot));
    stage.page(0, "a 1\n", 4);
    assert_eq!(stage.engine.next(), Some(moment(0).boot), "at once");
    stage.tick(4);
    assert_eq!(stage.standing(0), "ok");
    assert_eq!(stage.engine.next(), Some(moment(9).boot));
    assert_eq!(stage.alerts.as_ref().unwrap().skipped, 0);
    // Where nobody answers the wait has an end.
    let mut stage = Stage::new(&["api"]);
    stage.alert("a > 1", 0);
    stage.tick(10);
    assert_eq!(stage.standing(0), "no data: a");
}

/// What a rule records is absent where its rule found nothing, not before that was evaluated, and not while its range fills.
#[test]
fn what_is_recorded_is_absent_when_its_rule_found_nothing() {
    let rules = [
        "alert: Early\n  expr: absent(job:none)",
        "alert: Fills\n  expr: absent(job:rate)",
        "alert: Over\n  expr: absent_over_time(job:rate[10s])",
        "alert: Beside\n  expr: absent(job:none) or a > 5",
        "record: job:none\n  expr: a > 100",
        "record: job:rate\n  expr: rate(c[30s])",
        "record: job:gone\n  expr: nothing",
        "alert: Gone\n  expr: absent(job:gone)",
        "alert: There\n  expr: absent(job:there)",
        "record: job:there\n  expr: a",
        "record: job:bad\n  expr: a + on () {__name__=~\"a|c\"}",
        "alert: Bad\n  expr: absent(job:bad)",
    ];
    let mut stage = Stage::new(&["api"]);
    stage.rules(&rules.map(|rule| format!("- {rule}\n")).concat(), 0);
    let told = |stage: &Stage| (0..7).map(|at| stage.standing(at)).collect::<Vec<_>>();
    stage.page(0, "a 9\nc 1\n", 0);
    stage.tick(0);
    let unrecorded = |metric: &str| format!("no data: {metric}, which its rule has not recorded yet");
    let first = told(&stage);
    assert_eq!(first[..3], [unrecorded("job:none"), unrecorded("job:rate"), unrecorded("job:rate")]);
    assert_eq!((stage.rule(3).standing.firing, &first[5]), (1, &unrecorded("job:there")), "{first:?}");
    assert_eq!((first[4].as_str(), first[6].as_str()), ("firing", "firing"), "nothing was there, or it fails");
    stage.page(0, "a 9\nc 1\n", 5);
    stage.tick(5);
    let second = told(&stage);
    assert_eq!((second[0].as_str(), second[5].as_str(), stage.rule(3).standing.firing), ("firing", "ok", 2));
    // The rule that records was evaluated last when its range held one sample.
    assert!(second[1].starts_with("warming up") && second[2].starts_with("warming up"), "{second:?}");
    for second in (10..=45).step_by(5) {
        stage.page(0, "a 9\nc 1\n", second);
        stage.tick(second);
    }
    assert_eq!([stage.standing(1), stage.standing(2)], ["ok", "ok"]);
}

#[test]
fn missing_warming_and_idle_are_told_apart_from_ok() {
    let mut stage = Stage::new(&["api"]);
    let rules = [
        "nothing > 1",
        "a > 1",
        "rate(a[1m]) > 1",
        "rate(a[10s]) / rate(b[10s]) > 0.5",
        "rate(nothing[1m]) > 1 or a > 5",
        "(sum(nothing) or vector(0)) > 1",
        "a offset 1m > 1",
        "absent(a)",
        "a / on() nothing > 1",
        "histogram_quantile(0.9, rate(h_bucket[10s])) > 1",
        "a > 5 unless (rate(a[10s]) / rate(b[10s]) > 1)",
    ];
    let text: String = rules.iter().map(|expr| format!("- alert: A\n  expr: {expr:?}\n")).collect::<Vec<_>>().concat();
    stage.rules(&text, 0);
    let page = "a 0\nb 0\nh_bucket{le=\"1\"} 0\nh_bucket{le=\"+Inf\"} 0\n";
    for second in [0, 5, 10, 15, 20] {
        stage.page(0, page, second);
        stage.tick(second);
    }
    let standing: Vec<String> = (0..rules.len()).map(|at| stage.standing(at)).collect();
    let wanted = [
        "no data: nothing",
        "ok",
        "warming up: 20s of 1m",
        "no traffic",
        "ok",
        "ok",
        "warming up: 20s of 1m",
        "ok",
        "no data: nothing",
        "no traffic",
        "ok",
    ];
    assert_eq!(standing, wanted);
}

#[test]
fn what_a_failing_target_gave_is_missing_not_ok() {
    let mut stage = Stage::new(&["one", "two"]);
    stage.rules("- alert: A\n  expr: a > 5\n- alert: B\n  expr: rate(a[10s]) > 5\n- alert: Down\n  expr: up == 0\n", 0);
    for second in [0, 5, 10] {
        stage.page(0, "a 1\n", second);
        stage.page(1, "a 1\n", second);
        stage.tick(second);
    }
    assert_eq!([stage.standing(0), stage.standing(1), stage.standing(2)], ["ok", "ok", "ok"]);
    stage.page(0, "a 1\n", 15);
    stage.fails(1, 15);
    stage.tick(15);
    assert_eq!(stage.standing(0), "no data: a, whose target does not answer");
    assert_eq!(stage.standing(1), "no data: a, whose target does not answer");
    assert_eq!(stage.standing(2), "firing");
    // What a healthy target does not show any more is not lost, it has gone; other series of the kind are there.
    stage.page(0, "a 1\n", 20);
    stage.page(1, "b 1\n", 20);
    stage.tick(20);
    assert_eq!(stage.standing(0), "ok");
}

#[test]
fn an_alert_whose_target_fails_does_not_look_mended() {
    let mut stage = Stage::new(&["api"]);
    stage.alert("a > 5", 0);
    stage.page(0, "a 9\n", 0);
    stage.tick(0);
    assert_eq!(stage.standing(0), "firing");
    stage.fails(0, 5);
    stage.tick(5);
    assert_eq!(stage.standing(0), "no data: a, whose target does not answer");
    assert_eq!(stage.rule(0).alerts[0].gone, Gone::Data);
}

#[test]
fn later_rules_see_what_earlier_ones_recorded() {
    let mut stage = Stage::new(&["api"]);
    stage.rules(
        "- record: job:a:sum\n  expr: sum by (job) (a)\n- alert: A\n  expr: job:a:sum > 5\n- record: odd\n  expr: a > 5\n- alert: B\n  expr: odd > 1\n- record: none\n  expr: nothing > 1\n- alert: C\n  expr: none > 1\n- alert: D\n  expr: ALERTS{alertname=\"A\"} == 1\n",
        0,
    );
    stage.page(0, "a 1\n", 0);
    stage.tick(0);
    let standing: Vec<String> = (0..4).map(|at| stage.standing(at)).collect();
    assert_eq!(standing, ["ok", "ok", "no data: nothing", "ok"], "what is recorded stands on what it was made of");
    stage.page(0, "a 7\n", 5);
    stage.tick(5);
    assert_eq!([stage.standing(0), stage.standing(1), stage.standing(3)], ["firing", "firing", "firing"]);
    assert_eq!(stage.rule(0).alerts[0].labels.to_string(), "{alertname=\"A\", job=\"api\"}");
}

#[test]
fn what_is_not_evaluated_says_why_and_what_is_no_promql_changes_nothing() {
    let mut stage = Stage::new(&["api"]);
    stage.rules("- alert: A\n  expr: a @ 5 > 1\n- alert: B\n  expr: a > 1\n", 0);
    stage.page(0, "a 2\n", 0);
    stage.tick(0);
    assert_eq!(stage.standing(0), "not evaluated: the modifier @ is not evaluated here");
    assert_eq!(stage.standing(1), "firing");
    let remark = stage.alerts.as_ref().unwrap().remarks[0].line();
    assert_eq!(remark.as_str(), "rules.yml:6: group \"g\" rule \"A\".expr: the modifier @ is not evaluated here");
    for broken in ["- alert: C\n  expr: rate(a) >\n", "- alert: C\n  expr: nonsense(a)\n", "- alert C\n"] {
        stage.rules(broken, 3);
        let told = stage.alerts.clone().unwrap();
        assert_eq!((told.problems.len(), told.rules.len()), (1, 2), "{broken}: {:?}", told.problems);
    }
    stage.page(0, "a 2\n", 5);
    stage.tick(5);
    assert_eq!(stage.standing(1), "firing");
}

#[test]
fn a_failed_evaluation_resolves_nothing() {
    let mut stage = Stage::new(&["api"]);
    stage.alert("a * on() b > 5", 0);
    stage.page(0, "a 9\nb 1\n", 0);
    stage.tick(0);
    assert_eq!(stage.standing(0), "firing");
    stage.page(0, "a 9\nb{x=\"1\"} 1\nb{x=\"2\"} 1\n", 5);
    stage.tick(5);
    assert_eq!((stage.rule(0).standing.verdict, stage.rule(0).standing.firing), (Verdict::Error, 1));
}

#[test]
fn a_reload_keeps_alerts_and_a_restart_takes_them_up() {
    let mut stage = Stage::new(&["api"]);
    let rule = "- alert: A\n  expr: a > 5\n  for: 1m\n";
    stage.rules(rule, 0);
    let mut kept = None;
    for second in (0..40).step_by(5) {
        stage.page(0, "a 9\n", second);
        let outputs = stage.step(Input::TimePassed, second);
        kept = outputs.into_iter().find_map(|o| if let Output::Keep(saved) = o { Some(saved) } else { None }).or(kept);
    }
    assert_eq!(stage.standing(0), "pending");
    stage.rules(&format!("{rule}- alert: B\n  expr: b > 5\n"), 36);
    stage.page(0, "a 9\n", 40);
    stage.tick(40);
    assert_eq!(stage.rule(0).alerts[0].active_at, moment(0).wall.timestamp_millis());
    // Ten minutes later, in another run.
    let mut later = Stage::new(&["api"]);
    later.engine = Engine::new(Settings { targets: vec![target("api")], ..Settings::default() }, moment(640));
    later.step(Input::Restored(kept.unwrap()), 640);
    later.rules(rule, 640);
    later.page(0, "a 9\n", 641);
    later.tick(641);
    assert_eq!(later.standing(0), "pending");
    for second in [646, 651, 656, 661, 666] {
        later.page(0, "a 9\n", second);
        later.tick(second);
    }
    assert_eq!(later.standing(0), "firing", "35 s of the first run and 25 s of this one");
}

#[test]
fn slots_that_were_left_out_are_counted() {
    let mut stage = Stage::new(&["api"]);
    stage.alert("a > 5", 0);
    stage.page(0, "a 9\n", 0);
    stage.tick(0);
    stage.page(0, "a 9\n", 21);
    stage.tick(21);
    assert_eq!(stage.alerts.as_ref().unwrap().skipped, 3);
}

#[test]
fn a_target_that_is_found_while_running_is_taken_in() {
    let mut stage = Stage::new(&[]);
    stage.alert("a > 5", 0);
    assert_eq!(stage.engine.next(), Some(moment(10).boot));
    stage.step(Input::TargetFound(Box::new(target("found"))), 2);
    stage.told.push(None);
    stage.page(0, "a 9\n", 3);
    stage.tick(3);
    assert_eq!(stage.standing(0), "firing");
}
