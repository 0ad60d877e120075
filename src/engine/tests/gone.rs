//! Alerts whose own series went while others of their rule are there: nobody saw that they are right again.

use super::*;
use crate::alerts::lifecycle::{Gone, State};

/// Scrapes and evaluates every 5 s: `before` until 60 s, `after` until the alerts end. Why each alert went.
fn ends(rules: &str, before: &str, after: &str) -> Vec<(String, Option<Gone>)> {
    let mut stage = Stage::new(&["api"]);
    stage.rules(rules, 0);
    for second in (0..=60).step_by(5) {
        stage.page(0, before, second);
        stage.tick(second);
    }
    let last = stage.alerts.as_ref().unwrap().rules.len() - 1;
    assert!(stage.rule(last).standing.firing > 0, "{}", stage.standing(last));
    for second in (65..=140).step_by(5) {
        stage.page(0, after, second);
        stage.tick(second);
    }
    let gone = |alert: &crate::alerts::lifecycle::Alert| {
        (alert.labels.get("of").to_owned(), (alert.state == State::Resolved).then_some(alert.gone))
    };
    stage.rule(last).alerts.iter().map(gone).collect()
}

fn one(expr: &str, before: &str, after: &str) -> Vec<(String, Option<Gone>)> {
    ends(&format!("- alert: A\n  expr: {expr}\n"), before, after)
}

#[test]
fn an_alert_whose_own_series_went_is_not_mended_while_others_are_there() {
    let before = "a{of=\"x\"} 9\na{of=\"y\"} 9\nb{of=\"x\"} 1\nb{of=\"y\"} 1\n";
    let after = "a{of=\"y\"} 1\nb{of=\"x\"} 1\nb{of=\"y\"} 1\n";
    let lost = [("x".to_owned(), Some(Gone::Data)), ("y".to_owned(), Some(Gone::Mended))];
    for expr in [
        "a > 5",
        "5 < a",
        "a > 5 * b",
        "a > 5 and b > 0",
        "a > 5 unless b > 5",
        "a > 5 or b > 5",
        "sum by (of) (a) > 5",
        "max by (of) (max_over_time(a[20s])) > 5",
        "topk(5, a) > 5",
        "avg_over_time((a > 5)[20s:5s]) > 0",
        "label_replace(a, \"z\", \"$1\", \"of\", \"(.*)\") > 5",
        "(a > bool 5) == 1",
    ] {
        assert_eq!(one(expr, before, after), lost, "{expr}");
    }
}

#[test]
fn what_is_judged_anew_is_mended() {
    let mended = |of: &str| vec![(of.to_owned(), Some(Gone::Mended))];
    assert_eq!(one("absent(a)", "b 1\n", "a 1\nb 1\n"), mended(""));
    assert_eq!(one("a unless b", "a{of=\"x\"} 1\n", "a{of=\"x\"} 1\nb{of=\"x\"} 1\n"), mended("x"));
    assert_eq!(one("count(a > 5) > 0", "a{of=\"x\"} 9\n", "a{of=\"x\"} 1\n"), mended(""));
    assert_eq!(one("up == 0 or a > 5", "a{of=\"x\"} 9\n", "a{of=\"x\"} 1\n"), mended("x"));
    // A rule's own labels are none of its element's.
    let rules = "- alert: A\n  expr: a > 5\n  labels:\n    of: z\n";
    assert_eq!(ends(rules, "a{of=\"x\"} 9\n", "a{of=\"x\"} 1\n"), mended("z"));
}

/// Of those that one aggregation looks at one decides: where it has gone nobody saw it right.
#[test]
fn a_highest_or_lowest_of_fewer_series_is_not_mended() {
    let (both, quiet) = ("a{of=\"x\"} 9\na{of=\"y\"} 1\n", "a{of=\"x\"} 1\na{of=\"y\"} 1\n");
    let why = |gone: Gone| vec![(String::new(), Some(gone))];
    for expr in ["max(a) > 5", "max(a) / 2 > 4", "1 - min(-a) > 5", "max(a) > 5 and max(a) < 100"] {
        assert_eq!(one(expr, both, "a{of=\"y\"} 1\n"), why(Gone::Data), "{expr}");
        assert_eq!(one(expr, both, quiet), why(Gone::Mended), "{expr}");
    }
    // More than before is no loss, and a sum or a count is of what is there.
    assert_eq!(one("max(a) > 5", both, &format!("{quiet}a{{of=\"z\"}} 1\n")), why(Gone::Mended));
    for expr in ["sum(a) > 5", "count(a) > 1"] {
        assert_eq!(one(expr, both, "a{of=\"y\"} 1\n"), why(Gone::Mended), "{expr}");
    }
}

/// Without its conditions the expression has several elements where it had one: that is no failure of the rule.
#[test]
fn what_only_its_conditions_make_unambiguous_is_judged() {
    let info = "info{i=\"1\",role=\"main\"} 1\ninfo{i=\"1\",role=\"spare\"} 0\n";
    let (before, after) = (format!("a{{i=\"1\",of=\"x\"}} 9\n{info}"), format!("a{{i=\"1\",of=\"x\"}} 1\n{info}"));
    let mended = [("x".to_owned(), Some(Gone::Mended))];
    for expr in [
        "a * on (i) group_left (role) (info == 1) > 5",
        "a * on (i) group_left () (info == 1) > 5",
        "sum by (i, of) (a * on (i) group_left () (info == 1)) > 5",
        "(info == 1) * on (i) group_right (role) a > 5",
        "label_replace(info == 1, \"role\", \"\", \"role\", \".*\") * on (i) group_right () a > 5",
    ] {
        assert_eq!(one(expr, &before, &after), mended, "{expr}");
    }
}

#[test]
fn what_matches_many_to_many_is_an_error_with_its_words_and_ends_nothing() {
    let mut stage = Stage::new(&["api"]);
    stage.rules("- alert: A\n  expr: a * on (i) group_left () info > 5\n", 0);
    let one = "a{i=\"1\",of=\"x\"} 9\ninfo{i=\"1\",role=\"main\"} 1\n";
    for second in (0..=20).step_by(5) {
        stage.page(0, one, second);
        stage.tick(second);
    }
    assert_eq!(stage.rule(0).standing.firing, 1);
    for second in (25..=900).step_by(5) {
        stage.page(0, "a{i=\"1\",of=\"x\"} 1\ninfo{i=\"1\",role=\"main\"} 1\ninfo{i=\"1\",role=\"spare\"} 1\n", second);
        stage.tick(second);
    }
    let standing = &stage.rule(0).standing;
    assert_eq!((standing.verdict.word(), standing.firing), ("error", 1), "{}", stage.standing(0));
    assert!(stage.standing(0).contains("many-to-many matching not allowed"), "{}", stage.standing(0));
}

#[test]
fn what_a_rule_records_is_judged_by_what_it_records_of() {
    let rules = "- record: bad\n  expr: a > 5\n- alert: A\n  expr: bad\n";
    let before = "a{of=\"x\"} 9\na{of=\"y\"} 9\n";
    let found = ends(rules, before, "a{of=\"y\"} 1\n");
    assert_eq!(found, [("x".to_owned(), Some(Gone::Data)), ("y".to_owned(), Some(Gone::Mended))]);
    let rules = "- record: all\n  expr: sum by (of) (a)\n- alert: A\n  expr: all > 5\n";
    let found = ends(rules, before, "a{of=\"y\"} 1\n");
    assert_eq!(found, [("x".to_owned(), Some(Gone::Data)), ("y".to_owned(), Some(Gone::Mended))]);
}

#[test]
fn one_that_fires_on_for_a_while_is_held_against_what_is_there_when_it_ends() {
    let rules = "- alert: A\n  expr: a > 5\n  keep_firing_for: 30s\n";
    let found = ends(rules, "a{of=\"x\"} 9\na{of=\"y\"} 9\n", "a{of=\"y\"} 1\n");
    assert_eq!(found, [("x".to_owned(), Some(Gone::Data)), ("y".to_owned(), Some(Gone::Mended))]);
}

#[test]
fn what_was_there_says_for_how_long_it_has_gone() {
    let mut stage = Stage::new(&["api"]);
    stage.rules(
        "- alert: A\n  expr: a{of=\"x\"} > 5\n- alert: B\n  expr: a{of=\"z\"} > 5\n- alert: C\n  expr: b > 5\n",
        0,
    );
    stage.page(0, "a{of=\"x\"} 9\na{of=\"y\"} 9\nb 1\n", 0);
    stage.tick(0);
    for second in (5..=600).step_by(5) {
        stage.page(0, "a{of=\"y\"} 9\n", second);
        stage.tick(second);
    }
    assert_eq!(stage.standing(0), "none now: a{of=\"x\"}, gone for 9m55s");
    assert_eq!(stage.standing(1), "none now: a{of=\"z\"}");
    assert_eq!(stage.standing(2), "no data: b, gone for 9m55s");
}
