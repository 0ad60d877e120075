//! What is refused and why, names, and bounds; the semantics are held by files in Prometheus' test format.

mod properties;
mod subset;

use super::*;
use crate::metrics::labels::Labels;
use crate::metrics::store::{Sample, Store};

/// A store of these series, a sample a minute from 0.
fn store<'a>(series: impl IntoIterator<Item = (&'a [(&'a str, &'a str)], &'a [f64])>) -> Store {
    let mut store = Store::default();
    for (labels, values) in series {
        let labels = Labels::new(labels.iter().copied());
        for (at, value) in (0..).step_by(60_000).zip(values) {
            assert!(store.append(&labels, Sample { at, value: *value }));
        }
    }
    store
}

fn at(store: &Store, text: &str, minutes: i64) -> Result<Value, Failed> {
    Query::compile(text).unwrap().instant(store, minutes * 60_000, &Limits::default())
}

fn two_metrics() -> Store {
    let values: Vec<f64> = (0..10).map(f64::from).collect();
    store([
        (&[("__name__", "one_total"), ("env", "x")][..], values.as_slice()),
        (&[("__name__", "two_total"), ("env", "x")][..], values.as_slice()),
    ])
}

#[test]
fn what_lies_outside_is_refused_by_name() {
    for (text, construct) in [
        ("up @ 5", "the modifier @"),
        ("limitk(2, up)", "the aggregation limitk"),
        ("info(up)", "the function info"),
        ("up + fill(0) up", "the modifier fill"),
        ("up[5m + 1m]", "a duration expression"),
        ("up offset (5m)", "a duration expression"),
        ("up offset min(5m, 1m)", "a duration expression"),
        ("rate(up[5m] smoothed)", "the modifier smoothed"),
        ("up >/ 2", "the operator >/"),
        ("up </ bool 2", "the operator </"),
        ("mad_over_time(up[5m])", "the function mad_over_time"),
        ("histogram_count(up)", "the function histogram_count"),
        ("{a=\"b\" or c=\"d\"}", "or between label matchers"),
        ("up{a=\"\\xff\"}", "text that is not UTF-8"),
        ("up{a=~\"\\377|b\"}", "text that is not UTF-8"),
        ("\"\\xc3\"", "text that is not UTF-8"),
        ("info(up, {a=\"\"})", "the function info"),
        ("up anchored", "the modifier anchored"),
        ("anchored smoothed", "the modifier smoothed"),
        ("sum by (a) (rate(up[5m] anchored))", "the modifier anchored"),
    ] {
        match Query::compile(text) {
            Err(Refused::Outside(found)) => assert_eq!(found.as_str(), construct, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    let invalid = [
        "up[",
        "sum(",
        "rate(up)",
        "1 == 2",
        "foo[Inf]",
        "foo[0]",
        "up offset inf",
        "up offset 1e30",
        "nothing(up)",
        "up and 1",
        "exp(NaN)",
        "{a=~\".*\"}",
        "{}",
        "up{a=~\"(\"}",
        "round(up, 1, 2)",
        "clamp(up, 1)",
        "rate(up[5m)",
        "sum(up[5m])",
        "\"a\" + 1",
        "-\"a\"",
        "label_join(up, \"\", \"-\")",
        "up{a=~\"7\"} or {a!~\"\"} or {a!~\".+\"}",
    ];
    for text in invalid {
        assert!(matches!(Query::compile(text), Err(Refused::Invalid(_))), "{text}: {:?}", Query::compile(text));
    }
    for text in
        ["(((up)))", "rate((up[5m]))", "sum by (offset, min) (up)", "up # [what", "up{offset=\"inf\"}", "step + range"]
    {
        assert!(Query::compile(text).is_ok(), "{text}: {:?}", Query::compile(text));
    }
}

#[test]
fn nesting_is_bounded() {
    for deep in [
        "-".repeat(5_000) + "up",
        "-".repeat(900) + "up",
        "(".repeat(900) + "up" + &")".repeat(900),
        "up + ".repeat(900) + "up",
        "up ^ ".repeat(900) + "up",
        "abs(".repeat(450) + "up" + &")".repeat(450),
        "rate((".repeat(90) + "up" + &")[1m:1m])".repeat(90),
        "a".repeat(40_000),
    ] {
        let _ = Query::compile(&deep).map(|query| query.selectors().len());
    }
    let chain = "up + ".repeat(90) + "up";
    assert_eq!(Query::compile(&chain).unwrap().selectors().len(), 91);
    assert!(at(&two_metrics(), &chain, 5).is_ok());
}

#[test]
fn names_go_at_once_as_servers_have_it() {
    let store = two_metrics();
    let failed = at(&store, "sum by (env) (rate({env=\"x\"}[5m]))", 5);
    assert_eq!(failed, Err(Failed::data("vector cannot contain metrics with the same labelset")));
    for text in ["-{env=\"x\"}", "{env=\"x\"} * 2", "abs({env=\"x\"})", "{env=\"x\"} > bool 1"] {
        assert_eq!(at(&store, text, 5), Err(Failed::same_labels()), "{text}");
    }
    let replaced = at(&store, "label_replace(rate(one_total[5m]), \"was\", \"$1\", \"__name__\", \"(.*)\")", 5);
    let elements = replaced.unwrap().into_elements().unwrap();
    assert_eq!(elements.first().map(|(labels, _)| labels.to_string()).as_deref(), Some("{env=\"x\"}"));
    assert!(at(&store, "{env=\"x\"} > 1", 5).is_ok());
}

#[test]
fn every_bound_bites_with_words() {
    let store = two_metrics();
    let bounded = |text: &str, limits: Limits| Query::compile(text).unwrap().instant(&store, 540_000, &limits);
    let samples = Limits { samples: 10, ..Limits::default() };
    assert_eq!(
        bounded("sum(rate({env=\"x\"}[9m]))", samples),
        Err(Failed::too_much("more than 10 samples to look at"))
    );
    let steps = Limits { steps: 100, ..Limits::default() };
    assert_eq!(
        bounded("sum_over_time(one_total[1h:1s])", steps),
        Err(Failed::too_much("more than 100 steps of a subquery"))
    );
    let series = Limits { series: 1, ..Limits::default() };
    assert_eq!(bounded("{env=\"x\"}", series), Err(Failed::too_much("more than 1 series in the result")));
    let doubling = (0..40)
        .fold("one_total".to_owned(), |inner, _| format!("label_join({inner}, \"env\", \"\", \"env\", \"env\")"));
    assert!(matches!(bounded(&doubling, Limits::default()), Err(Failed::TooMuch(_))));
    let range = Query::compile("one_total").unwrap().range(&store, 0, 1_000_000, 1, &steps);
    assert_eq!(range, Err(Failed::too_much("more than 100 steps")));
}

#[test]
fn a_query_tells_what_it_reads() {
    let query = Query::compile("sum(rate(a_total{code=~\"5..\"}[5m] offset 1m)) / max_over_time(b[1h:1m]) > scalar(c)");
    let query = query.unwrap();
    let metrics: Vec<Option<&str>> = query.selectors().iter().map(|selector| selector.metric()).collect();
    assert_eq!(metrics, [Some("a_total"), Some("b"), Some("c")]);
    assert_eq!(query.reach(), 3_600_000);
}
