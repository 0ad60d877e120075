//! Rules that a server evaluates: what it is asked and when, and that its answers live as our own do.

use super::*;
use crate::alerts::lifecycle::{Evaluation, Failure, Gone, Outcome, State};
use crate::alerts::rules::By;
use crate::engine::by_server::Ask;

/// A server of figures: what an expression finds there.
struct Server {
    stage: Stage,
    asked: Vec<Ask>,
    known: Vec<(&'static str, Outcome)>,
    /// Every expression that it was asked, in order.
    log: Vec<String>,
}

#[expect(clippy::unnecessary_wraps, reason = "answers of a server come as outcomes")]
fn found(labels: &[(&str, &str)], value: f64) -> Outcome {
    Ok(Evaluation::complete(vec![(Labels::new(labels.iter().copied()), value)]))
}

#[expect(clippy::unnecessary_wraps, reason = "answers of a server come as outcomes")]
fn nothing() -> Outcome {
    Ok(Evaluation::complete(Vec::new()))
}

fn silent() -> Outcome {
    Err(Failure::NotEvaluated(Safe::of("the server does not tell: refused")))
}

impl Server {
    fn new(rules: &str) -> Server {
        let settings = Settings { rules_by: By::Server, ..Settings::default() };
        let mut server = Server { stage: Stage::with(settings), asked: Vec::new(), known: Vec::new(), log: Vec::new() };
        server.stage.rules(rules, 0);
        server
    }

    fn knows(&mut self, expr: &'static str, outcome: Outcome) {
        self.known.retain(|(known, _)| *known != expr);
        self.known.push((expr, outcome));
    }

    fn take(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            if let Output::AskServer(ask) = output {
                self.log.extend(ask.questions.iter().map(|(expr, _)| expr.clone()));
                self.asked.push(ask);
            }
        }
    }

    fn tick(&mut self, seconds: i32) {
        let outputs = self.stage.step(Input::TimePassed, seconds);
        self.take(outputs);
    }

    /// Answers everything that is asked, round after round. Of what it does not know it has nothing, and of what is absent it
    /// says that it is there.
    fn answer(&mut self, seconds: i32) {
        while let Some(ask) = self.asked.pop() {
            let answers = ask.questions.iter().map(|(expr, _)| {
                let known = self.known.iter().find(|(known, _)| known == expr);
                known.map_or_else(nothing, |(_, outcome)| outcome.clone())
            });
            let answers = answers.collect();
            let outputs = self.stage.step(Input::Judged { id: ask.id, answers }, seconds);
            self.take(outputs);
        }
    }

    fn round(&mut self, seconds: i32) {
        self.tick(seconds);
        self.answer(seconds);
    }
}

const POOL: &str = "- alert: A\n  expr: pool < 2\n  for: 10s\n  annotations: {summary: '{{ $value }} left'}\n";

#[test]
fn an_answer_lives_as_our_own_result_does() {
    let mut server = Server::new(POOL);
    server.knows("pool < 2", found(&[("job", "api")], 1.0));
    assert_eq!(server.stage.engine.next(), Some(moment(0).boot), "nothing is scraped that would be waited for");
    server.round(0);
    assert_eq!(server.stage.standing(0), "pending");
    assert_eq!(server.log, ["pool < 2"]);
    server.round(5);
    server.round(10);
    assert_eq!(server.stage.standing(0), "firing");
    let alert = server.stage.rule(0).alerts[0].clone();
    assert_eq!((alert.annotations[0].1.as_str(), alert.labels.get("alertname")), ("1 left", "A"));
    server.knows("pool < 2", nothing());
    server.round(15);
    assert_eq!((server.stage.rule(0).alerts[0].state, server.stage.standing(0).as_str()), (State::Resolved, "ok"));
    let cost = server.stage.alerts.as_ref().unwrap().cost.unwrap();
    assert_eq!(cost.per_minute, 12, "one rule every 5 s");
}

#[test]
fn resolved_is_only_what_the_server_still_has() {
    let queue = |of: &'static str, long: f64| (Labels::new([("q", of)]), long);
    let these = |elements: Vec<(Labels, f64)>| Ok(Evaluation::complete(elements));
    let gone = |server: &Server, of: &str| {
        let rule = server.stage.rule(0);
        let alert = rule.alerts.iter().find(|alert| alert.labels.get("q") == of).unwrap().clone();
        (alert.state, alert.gone)
    };
    let mut server = Server::new("- alert: A\n  expr: queue > 100\n");
    server.knows("queue > 100", these(vec![queue("a", 200.0), queue("b", 300.0)]));
    server.knows("queue", these(vec![queue("a", 200.0), queue("b", 300.0), queue("c", 1.0)]));
    server.round(0);
    // The one is right again, the other has gone: whether it is right nobody knows, although others are there.
    server.knows("queue > 100", nothing());
    server.knows("queue", these(vec![queue("a", 5.0), queue("c", 1.0)]));
    server.round(5);
    assert_eq!(gone(&server, "a"), (State::Resolved, Gone::Mended));
    assert_eq!(gone(&server, "b"), (State::Resolved, Gone::Data));
    // Where the server does not tell what it has, nothing is resolved.
    server.knows("queue > 100", these(vec![queue("a", 200.0)]));
    server.round(10);
    server.knows("queue > 100", nothing());
    server.knows("queue", silent());
    server.round(15);
    assert_eq!(
        (gone(&server, "a").0, server.stage.standing(0).as_str()),
        (State::Firing, "not evaluated: the server does not tell: refused; last evaluated 5s ago")
    );
}

#[test]
fn what_was_found_missing_counts_to_the_end_of_its_cycle() {
    let mut server = Server::new("- alert: A\n  expr: pool{job=\"api\"} < bound\n");
    server.knows("pool{job=\"api\"} < bound", found(&[("job", "api")], 1.0));
    server.round(0);
    assert_eq!(server.stage.standing(0), "firing");
    server.knows("pool{job=\"api\"} < bound", nothing());
    server.knows("absent(pool{job=\"api\"})", found(&[], 1.0));
    server.tick(5);
    let mut at = 5;
    // Each round takes long; what the first of them found is old when the last is answered.
    while let Some(ask) = server.asked.pop() {
        at += 16;
        let answers = ask.questions.iter().map(|(expr, _)| {
            let known = server.known.iter().find(|(known, _)| known == expr);
            known.map_or_else(nothing, |(_, outcome)| outcome.clone())
        });
        let answers = answers.collect();
        let outputs = server.stage.step(Input::Judged { id: ask.id, answers }, at);
        server.take(outputs);
    }
    assert_eq!(at, 5 + 3 * 16, "three rounds");
    assert_eq!(server.stage.rule(0).alerts[0].gone, Gone::Data);
}

#[test]
fn a_silent_server_resolves_nothing_says_how_old_that_is_and_goes_on() {
    let mut server = Server::new(POOL);
    server.knows("pool < 2", found(&[("job", "api")], 1.0));
    (0..=2).for_each(|at| server.round(5 * at));
    server.knows("pool < 2", silent());
    (3..=9).for_each(|at| server.round(5 * at));
    let standing = server.stage.rule(0).standing.clone();
    assert_eq!((standing.firing, server.stage.rule(0).alerts[0].state), (1, State::Firing));
    assert_eq!(server.stage.standing(0), "not evaluated: the server does not tell: refused; last evaluated 35s ago");
    server.knows("pool < 2", found(&[("job", "api")], 0.0));
    server.round(50);
    let alert = &server.stage.rule(0).alerts[0];
    assert_eq!((server.stage.standing(0).as_str(), alert.annotations[0].1.as_str()), ("firing", "0 left"));
    assert_eq!(alert.fired_at, Some(server.stage.engine.line.at(moment(10))), "it never began anew");
    // What the server refuses is the rule's fault, and resolves nothing either.
    server.knows("pool < 2", Err(Failure::Failed(Safe::of("the server refuses it: bad_data"))));
    server.round(55);
    assert_eq!(server.stage.standing(0), "error: the server refuses it: bad_data");
    assert_eq!(server.stage.rule(0).standing.firing, 1);
}

#[test]
fn a_group_waits_for_its_answers_and_no_longer_than_it_must() {
    let mut server = Server::new(POOL);
    server.knows("pool < 2", found(&[("job", "api")], 1.0));
    server.tick(0);
    let first = server.asked.pop().unwrap();
    assert_eq!(first.questions, [("pool < 2".to_owned(), moment(0).wall.timestamp_millis())]);
    server.tick(5);
    server.tick(10);
    assert!(server.asked.is_empty(), "it is asked once at a time");
    assert_eq!(server.stage.engine.next(), Some(moment(20).boot), "ten seconds for the answer and ten to spare");
    server.tick(20);
    assert_eq!(server.stage.standing(0), "not evaluated: the server gave no answer");
    assert_eq!(server.stage.engine.next(), Some(moment(5).boot), "its slot has come long ago");
    server.tick(20);
    assert_eq!(server.asked.len(), 1, "and it is asked anew");
    // What comes too late is nobody's.
    let late = server.stage.step(Input::Judged { id: first.id, answers: vec![nothing()] }, 21);
    assert!(late.is_empty(), "{late:?}");
    server.answer(21);
    assert_eq!(server.stage.standing(0), "pending");
    assert_eq!(server.stage.alerts.as_ref().unwrap().skipped, 3, "5, 10 and 15 were left out");
}

#[test]
fn an_empty_result_is_ok_only_where_there_is_something() {
    let mut server = Server::new("- alert: A\n  expr: rate(errors_total{code=~\"5..\"}[1m]) > 1\n");
    let many = "absent(count_over_time(errors_total{code=~\"5..\"}[60000ms]) >= 2)";
    let one = "absent(count_over_time(errors_total{code=~\"5..\"}[60000ms]) >= 1)";
    let any = "absent(count_over_time(errors_total[60000ms]) >= 1)";
    let absent = || found(&[], 1.0);
    server.round(0);
    assert_eq!(server.stage.standing(0), "ok", "{:?}", server.log);
    let before = server.log.len();
    server.round(30);
    assert_eq!(server.log.len(), before + 1, "what is there is looked at once a minute");
    server.knows(many, absent());
    server.round(65);
    assert!(
        server
            .stage
            .standing(0)
            .starts_with("no data: errors_total{code=~\"5..\"}, of which the range holds fewer than 2")
    );
    server.knows(one, absent());
    server.round(130);
    assert_eq!(server.stage.standing(0), "none now: errors_total{code=~\"5..\"}");
    server.knows(any, absent());
    server.round(195);
    assert_eq!(server.stage.standing(0), "no data: errors_total{code=~\"5..\"}");
    server.knows(many, silent());
    server.round(260);
    assert!(
        server.stage.standing(0).starts_with("no data: errors_total{code=~\"5..\"}, of which the server does not tell")
    );
    // A failure is not remembered for a minute.
    server.knows(many, nothing());
    server.round(265);
    assert_eq!(server.stage.standing(0), "ok");
}

#[test]
fn nothing_of_nothing_is_no_traffic_and_not_ok() {
    let mut server = Server::new("- alert: A\n  expr: rate(hits[1m]) / rate(looked[1m]) < 0.7\n");
    let side = "max(rate(hits[1m]) / rate(looked[1m]))";
    server.knows(side, found(&[], f64::NAN));
    server.round(0);
    assert_eq!(server.stage.standing(0), "no traffic", "{:?}", server.log);
    let asked = |server: &Server| server.log.iter().filter(|expr| *expr == side).count();
    server.round(5);
    assert_eq!((asked(&server), server.stage.standing(0).as_str()), (1, "no traffic"), "a no holds for a while");
    server.knows(side, found(&[], 0.9));
    server.round(20);
    assert_eq!((asked(&server), server.stage.standing(0).as_str()), (2, "ok"));
    server.round(40);
    assert_eq!(asked(&server), 2, "once a minute");
    // An alert whose traffic ends is not mended: that is looked at at once.
    let expr = "rate(hits[1m]) / rate(looked[1m]) < 0.7";
    server.knows(expr, found(&[], 0.5));
    server.round(65);
    assert_eq!(server.stage.standing(0), "firing");
    server.knows(expr, nothing());
    server.knows(side, found(&[], f64::NAN));
    server.round(70);
    assert_eq!((asked(&server), server.stage.standing(0).as_str()), (3, "no traffic"));
    assert_eq!(server.stage.rule(0).alerts[0].gone, crate::alerts::lifecycle::Gone::Traffic);
    // What is missing stays no data; what is not told of the side alone takes nothing from the result.
    server.knows("absent(count_over_time(looked[60000ms]) >= 2)", found(&[], 1.0));
    server.round(140);
    assert!(server.stage.standing(0).starts_with("no data: looked"), "{}", server.stage.standing(0));
    server.knows("absent(count_over_time(looked[60000ms]) >= 2)", nothing());
    server.knows(side, silent());
    server.round(210);
    assert_eq!(server.stage.standing(0), "ok");
}

#[test]
fn what_only_the_files_record_is_not_asked_in_vain() {
    let rules = "- record: job:errors:rate\n  expr: sum by (job) (rate(errors_total[1m]))\n\
                 - alert: A\n  expr: job:errors:rate > 1\n- alert: B\n  expr: absent(ALERTS{alertname=\"X\"})\n";
    let mut server = Server::new(rules);
    server.knows("sum by (job) (rate(errors_total[1m]))", found(&[("job", "api")], 3.0));
    server.round(0);
    let told = "job:errors:rate is recorded by these files, and the server that is asked does not have it";
    assert_eq!(server.stage.standing(0), format!("not evaluated: {told}"));
    assert!(server.stage.standing(1).contains("ALERTS is written by this program"), "{}", server.stage.standing(1));
    let names = "count by (__name__) ({__name__=~\"ALERTS|job:errors:rate\"})";
    assert_eq!(server.log, [names, "sum by (job) (rate(errors_total[1m]))"]);
    // What is recorded here is there for charts.
    assert_eq!(server.stage.values("job:errors:rate", 1), [("job:errors:rate{job=\"api\"}".to_owned(), 3.0)]);
    // A server that records it too is asked, from then on without looking for it.
    server.knows(names, found(&[("__name__", "job:errors:rate")], 4.0));
    server.knows("job:errors:rate > 1", found(&[("__name__", "job:errors:rate"), ("job", "api")], 3.0));
    server.round(5);
    assert_eq!(server.stage.standing(0), "firing");
    server.round(10);
    assert_eq!(server.log[server.log.len() - 2..], ["job:errors:rate > 1", "job:errors:rate"], "and what it fires on");
}

#[test]
fn what_is_recorded_and_not_read_is_not_asked_for() {
    let rules = "- record: job:read\n  expr: sum by (job) (job:read:first)\n\
                 - record: job:read:first\n  expr: first\n\
                 - record: job:unread\n  expr: sum by (job) (job:unread:first)\n\
                 - record: job:unread:first\n  expr: second\n\
                 - alert: A\n  expr: job:read > 1\n- alert: B\n  expr: up == 0\n";
    let mut server = Server::new(rules);
    server.round(0);
    assert_eq!(
        server.log,
        ["count by (__name__) ({__name__=~\"job:read|job:read:first\"})", "first", "up == 0", "absent(up)"]
    );
    let told = server.stage.alerts.clone().unwrap();
    assert_eq!(
        (told.recording, told.failing.len()),
        ((4, 1), 1),
        "what is not asked for does not fail: {:?}",
        told.failing
    );
    // Once it is read it is asked for.
    server.stage.rules(&format!("{rules}- alert: C\n  expr: '{{__name__=~\"job:unread:.*\"}} > 1'\n"), 5);
    server.log.clear();
    server.round(5);
    assert!(server.log.iter().any(|expr| expr == "second"), "{:?}", server.log);
}

#[test]
fn the_answers_of_one_cycle_have_a_bound_together() {
    let rules: String = (0..6).fold(String::new(), |all, at| all + &format!("- alert: A{at}\n  expr: m{at} > 1\n"));
    let many = |count: usize| {
        let element = |at: usize| (Labels::new([("at", at.to_string())]), 0.0);
        Ok(Evaluation::complete((0..count).map(element).collect()))
    };
    let mut server = Server::new(&rules);
    for expr in ["m0 > 1", "m1 > 1", "m2 > 1", "m3 > 1"] {
        server.knows(expr, many(45_000));
    }
    server.knows("m4 > 1", many(20_001));
    server.knows("m5 > 1", many(3));
    server.round(0);
    assert!(server.stage.standing(3).starts_with("error: 45000 elements; "), "{}", server.stage.standing(3));
    let told = "not evaluated: the answers of one evaluation of its group are past 200k series or 64.0 MiB";
    assert_eq!(server.stage.standing(4), told);
    assert_eq!(server.stage.standing(5), "firing", "what still fits is taken");
    // The next evaluation has room again.
    server.knows("m0 > 1", nothing());
    server.round(5);
    assert!(server.stage.standing(4).starts_with("error: 20001 elements; "), "{}", server.stage.standing(4));
    // Few series may be as much: by their bytes.
    let mut server = Server::new(&rules);
    let long = |of: &str| (Labels::new([("text", of.repeat(33 << 20))]), 0.0);
    server.knows("m0 > 1", Ok(Evaluation::complete(vec![long("a")])));
    server.knows("m1 > 1", Ok(Evaluation::complete(vec![long("b")])));
    server.round(0);
    assert_eq!(server.stage.standing(1), told);
}

#[test]
fn templates_ask_the_server_too_and_its_words_stand_beside_a_result() {
    let rules = "- alert: A\n  expr: pool < 2\n  annotations:\n    \
                 summary: '{{ with printf \"up{job=%q}\" $labels.job | query }}{{ . | first | value }} up{{ end }}'\n";
    let mut server = Server::new(rules);
    server.knows("up{job=\"api\"}", found(&[("job", "api")], 3.0));
    let noted =
        Evaluation { notes: vec![Safe::of("the server warns: partial")], ..found(&[("job", "api")], 1.0).unwrap() };
    server.knows("pool < 2", Ok(noted));
    server.round(0);
    assert_eq!(server.stage.rule(0).alerts[0].annotations[0].1, "3 up");
    assert_eq!(server.stage.standing(0), "firing: the server warns: partial");
    server.knows("up{job=\"api\"}", silent());
    server.round(5);
    let alert = &server.stage.rule(0).alerts[0];
    assert!(alert.annotations[0].1.contains("the server does not tell: refused"), "{alert:?}");
    assert_eq!(alert.state, State::Firing);
}

#[test]
fn constructs_that_are_not_evaluated_here_are_the_servers() {
    let mut server = Server::new("- alert: A\n  expr: rate(errors_total[5m] @ end()) > 1\n");
    let told = server.stage.alerts.clone().unwrap();
    assert_eq!((told.rules.len(), told.problems.len(), told.remarks.len()), (1, 0, 0));
    server.knows("absent(errors_total)", found(&[], 1.0));
    server.round(0);
    assert_eq!(server.stage.standing(0), "no data: errors_total");
    // What is asked of other labels is looked at too: a metric that is there is not what was asked.
    let mut server = Server::new("- alert: A\n  expr: rate(errors_total{code=~\"5..\"}[5m] @ end()) > 1\n");
    server.knows("absent(errors_total{code=~\"5..\"})", found(&[], 1.0));
    server.round(0);
    assert_eq!(server.stage.standing(0), "none now: errors_total{code=~\"5..\"}");
    server.knows("absent(errors_total)", found(&[], 1.0));
    server.round(65);
    assert_eq!(server.stage.standing(0), "no data: errors_total{code=~\"5..\"}");
    // What is no PromQL stays a problem of the file.
    server.stage.rules("- alert: A\n  expr: rate(errors_total[5m\n", 5);
    assert_eq!(server.stage.alerts.as_ref().unwrap().problems.len(), 1);
}

#[test]
fn a_reading_of_the_files_takes_over_and_old_answers_are_nobodys() {
    let mut server = Server::new(POOL);
    server.knows("pool < 2", found(&[("job", "api")], 1.0));
    (0..=2).for_each(|at| server.round(5 * at));
    server.tick(15);
    let open = server.asked.pop().unwrap();
    server.stage.rules(&POOL.replace("pool < 2", "pool < 3"), 16);
    assert_eq!(server.stage.rule(0).standing.firing, 1);
    let late = server.stage.step(Input::Judged { id: open.id, answers: vec![nothing()] }, 17);
    assert!(late.is_empty(), "{late:?}");
    server.knows("pool < 3", found(&[("job", "api")], 2.0));
    server.round(20);
    assert_eq!(
        (server.stage.standing(0).as_str(), server.stage.rule(0).alerts[0].annotations[0].1.as_str()),
        ("firing", "2 left")
    );
}
