//! Gaps in time: a machine that slept, scrapes that were left out, a wall clock that was set, traffic that stopped.

use super::*;
use crate::alerts::lifecycle::{Gone, What};
use chrono::TimeDelta;

const NIGHT: i32 = 8 * 3600;

fn whats(stage: &Stage) -> Vec<What> {
    stage.alerts.as_ref().unwrap().changes.iter().map(|change| change.what.clone()).collect()
}

#[test]
fn a_night_of_sleep_neither_resolves_nor_fires() {
    let mut stage = Stage::new(&["api"]);
    stage.rules(
        "- alert: Fires\n  expr: a > 5\n- alert: Rate\n  expr: rate(c[1m]) > 0.1\n- alert: Waits\n  expr: a > 5\n  for: 10m\n- alert: Down\n  expr: up == 0\n- alert: Gone\n  expr: absent(a)\n",
        0,
    );
    for second in (0..=60).step_by(5) {
        stage.page(0, &format!("a 9\nc {second}\n"), second);
        stage.tick(second);
    }
    let states = |stage: &Stage| (0..5).map(|at| stage.standing(at)).collect::<Vec<_>>();
    let before = ["firing", "firing", "pending", "ok", "ok"];
    assert_eq!(states(&stage), before);
    // Awake: nothing is looked at before the targets were, and the network takes a while.
    let awake = NIGHT + 62;
    stage.tick(awake);
    assert_eq!(states(&stage)[..3], before[..3]);
    assert_eq!(stage.standing(3), "not evaluated: last 8h00m ago");
    stage.fails(0, awake + 1);
    stage.tick(awake + 1);
    stage.page(0, "a 9\nc 100\n", awake + 6);
    stage.tick(awake + 6);
    assert_eq!(stage.alerts.as_ref().unwrap().changes, [], "one round is no rate");
    assert!(stage.engine.next().unwrap() > moment(awake + 6).boot, "it is not asked again and again");
    stage.page(0, "a 9\nc 110\n", awake + 11);
    stage.tick(awake + 11);
    assert_eq!(states(&stage)[..4], before[..4]);
    assert_eq!(stage.alerts.as_ref().unwrap().changes, []);
    assert_eq!(stage.alerts.as_ref().unwrap().skipped, 0, "nobody was too slow");
    // It has lasted a minute before and goes on from there.
    for second in (16..560).step_by(5) {
        stage.page(0, &format!("a 9\nc {}\n", 110 + second), awake + second);
        stage.tick(awake + second);
        let lasted = second - 11 + 60 >= 600;
        assert_eq!(stage.standing(2), if lasted { "firing" } else { "pending" }, "{second}");
    }
}

#[test]
fn an_evaluation_that_takes_long_is_no_sleep() {
    let mut stage = Stage::new(&["api"]);
    stage.rules("- alert: Waits\n  expr: a > 5\n  for: 2m\n", 0);
    for second in [0, 5] {
        stage.page(0, "a 9\n", second);
        stage.tick(second);
    }
    // Each takes 40 s: what comes meanwhile waits.
    for second in [45, 85, 125] {
        let body = Body { bytes: b"a 9\n".to_vec(), format: Format::Text };
        let took = Duration::from_millis(3);
        stage.late(Input::Scraped { target: 0, begun: moment(second), took, answer: Ok(body) }, second);
        stage.late(Input::TimePassed, second);
        assert_eq!(stage.standing(0), if second < 120 { "pending" } else { "firing" }, "{second}");
    }
    assert_eq!(stage.alerts.as_ref().unwrap().skipped, 3 * 7, "those that were left out are counted");
}

#[test]
fn where_nobody_answers_after_a_sleep_the_wait_has_an_end() {
    let mut stage = Stage::new(&["api"]);
    stage.rules("- alert: Down\n  expr: up == 0\n", 0);
    stage.page(0, "a 9\n", 0);
    stage.tick(0);
    stage.fails(0, NIGHT);
    stage.tick(NIGHT);
    assert_eq!(whats(&stage), []);
    stage.fails(0, NIGHT + 10);
    stage.tick(NIGHT + 10);
    assert_eq!(whats(&stage), []);
    let due = stage.engine.next().unwrap();
    assert!(due > moment(NIGHT + 20).boot && due <= moment(NIGHT + 60).boot, "{due:?}");
    stage.fails(0, NIGHT + 58);
    stage.tick(NIGHT + 60);
    assert_eq!(stage.standing(0), "firing");
}

#[test]
fn scrapes_that_are_left_out_are_rounds_without_an_answer() {
    let mut stage = Stage::new(&["api"]);
    for second in (0..=60).step_by(5) {
        stage.page(0, "a 9\n", second);
    }
    // Failures wait longer and longer.
    for second in [65, 70, 80, 100, 130] {
        stage.fails(0, second);
    }
    assert_eq!(stage.values("count_over_time(up[2m])", 130)[0].1, 24.0);
    assert_eq!(stage.values("avg_over_time(up[2m])", 130)[0].1, 10.0 / 24.0);
    // Those of the pause that goes on are told by then too.
    stage.rules("- alert: A\n  expr: avg_over_time(up[2m]) < 0.2\n", 130);
    stage.tick(160);
    assert_eq!(stage.values("count_over_time(up[1m])", 160)[0].1, 10.0, "the last two may yet come");
    stage.page(0, "a 9\n", 165);
    assert_eq!(stage.values("sum_over_time(up[1m])", 165)[0].1, 1.0);
    assert_eq!(stage.values("count_over_time(up[1m])", 165)[0].1, 12.0);
    // A gap after a good round is none of the target's.
    stage.page(0, "a 9\n", 265);
    assert_eq!(stage.values("count_over_time(up[1m])", 265)[0].1, 1.0);
}

#[test]
fn a_wall_clock_that_was_set_counts_for_time_and_for_times_of_pages() {
    let mut stage = Stage::new(&["api"]);
    stage.page(0, "a 1\n", 0);
    let at = |seconds: i32| {
        let mut now = moment(seconds);
        now.wall += TimeDelta::hours(1);
        now
    };
    let epoch = at(10).wall.timestamp();
    stage.rules("- alert: Drift\n  expr: abs(time() - started) > 5\n- alert: Hour\n  expr: hour() != 13\n- alert: Age\n  expr: time() - timestamp(own) > 5\n- alert: Gone\n  expr: absent(own)\n", 0);
    let page = format!("started {epoch}\nown 1 {}\n", epoch * 1000);
    let body = || Body { bytes: page.clone().into_bytes(), format: Format::Text };
    for seconds in [10, 15] {
        let answer = Ok(body());
        let outputs = stage
            .engine
            .step(Input::Scraped { target: 0, begun: at(seconds), took: Duration::ZERO, answer }, at(seconds));
        if let Some(Output::Target { told, .. }) = outputs.first() {
            assert_eq!(told.page.as_ref().unwrap().refused, usize::from(seconds > 10), "{told:?}");
        }
    }
    let outputs = stage.engine.step(Input::TimePassed, at(15));
    let told = outputs.into_iter().find_map(|output| if let Output::Alerts(told) = output { Some(told) } else { None });
    stage.alerts = told;
    let states: Vec<String> = (0..4).map(|rule| stage.standing(rule)).collect();
    assert_eq!(states, ["ok", "ok", "ok", "ok"]);
}

#[test]
fn an_alert_whose_traffic_stopped_is_not_told_as_mended() {
    let mut stage = Stage::new(&["api"]);
    stage.alert("sum by (route) (rate(failed[10s])) / sum by (route) (rate(all[10s])) > 0.5", 0);
    let page = |a: i32, b: i32| {
        format!(
            "failed{{route=\"a\"}} {a}\nall{{route=\"a\"}} {a}\nfailed{{route=\"b\"}} {b}\nall{{route=\"b\"}} {b}\n"
        )
    };
    for second in [0, 5, 10] {
        stage.page(0, &page(second, second), second);
        stage.tick(second);
    }
    assert_eq!(stage.rule(0).standing.firing, 2);
    // One route has no requests any more, the other works.
    stage.page(0, &page(10, 15), 15);
    stage.tick(15);
    assert_eq!(whats(&stage), [What::Resolved { gone: Gone::Traffic }]);
    stage.page(0, &page(10, 20), 20);
    stage.tick(20);
    let page = |b: i32| format!("failed{{route=\"b\"}} 20\nall{{route=\"b\"}} {b}\n");
    stage.page(0, &page(25), 25);
    stage.tick(25);
    assert_eq!(whats(&stage), [What::Resolved { gone: Gone::Mended }]);
}
