//! What is asked of the store.

use super::*;
use crate::engine::Question;
use crate::engine::output::Answer;
use crate::metrics::exposition::Kind;

fn asked(stage: &mut Stage, question: Question, seconds: i32) -> Result<Answer, Safe> {
    match stage.step(Input::Asked { id: 7, question }, seconds).pop() {
        Some(Output::Answered { id: 7, answer }) => answer,
        other => panic!("{other:?}"),
    }
}

fn found(stage: &mut Stage, words: &str, most: usize) -> (Vec<String>, usize) {
    match asked(stage, Question::Find { words: words.to_owned(), most }, 10) {
        Ok(Answer::Found { series, in_all }) => (
            series.iter().map(|s| s.labels.filtered(|n| !matches!(n, "job" | "instance")).to_string()).collect(),
            in_all,
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn series_are_found_by_words_of_name_and_labels() {
    let mut stage = Stage::new(&["api"]);
    stage.page(
        0,
        "# HELP a_total All of it.\n# TYPE a_total counter\na_total{path=\"/Orders\"} 1\na_total{path=\"/x\"} 2\nb 3\n",
        5,
    );
    assert_eq!(found(&mut stage, "ORDERS total", 9), (vec!["a_total{path=\"/Orders\"}".into()], 1));
    assert_eq!(found(&mut stage, "a_total", 1), (vec!["a_total{path=\"/Orders\"}".into()], 2));
    assert_eq!(found(&mut stage, "api sCRape", 1).1, 2, "api is the job of all");
    assert_eq!(found(&mut stage, "", 0).1, 6);
    assert_eq!(found(&mut stage, "nothing", 9), (vec![], 0));
    let Ok(Answer::Found { series, .. }) = asked(&mut stage, Question::Find { words: "orders".into(), most: 1 }, 10)
    else {
        panic!()
    };
    assert_eq!(
        (series[0].value, series[0].kind, series[0].help.as_str()),
        (Some(1.0), Some(Kind::Counter), "All of it.")
    );
    // What has ended has no value.
    stage.page(0, "b 3\n", 10);
    let Ok(Answer::Found { series, .. }) = asked(&mut stage, Question::Find { words: "orders".into(), most: 1 }, 12)
    else {
        panic!()
    };
    assert_eq!(series[0].value, None);
}

#[test]
fn a_course_has_gaps_where_there_was_nothing_and_counters_are_rates() {
    let mut stage = Stage::new(&["api"]);
    for second in (5..=100).step_by(5) {
        if (40..60).contains(&second) {
            stage.fails(0, second);
        } else {
            stage.page(0, &format!("a_total {}\nb {second}\n", second * 3), second);
        }
    }
    let series = |name: &str| Labels::new([("__name__", name), ("job", "api"), ("instance", "here:80")]);
    let question = |name: &str| Question::Course { series: series(name), span: Duration::from_secs(100), points: 10 };
    let Ok(Answer::Courses { series: of, rates: true, step, .. }) = asked(&mut stage, question("a_total"), 100) else {
        panic!()
    };
    assert_eq!(step.as_secs(), 10);
    assert_eq!(
        of[0].1,
        [Some(3.0), Some(3.0), Some(3.0), None, None, None, Some(3.0), Some(3.0), Some(3.0), Some(3.0)]
            .map(|v: Option<f64>| v)
            .to_vec()
    );
    let Ok(Answer::Courses { series: of, rates: false, .. }) = asked(&mut stage, question("b"), 100) else { panic!() };
    assert_eq!(of[0].1[2..6], [Some(30.0), None, None, Some(60.0)]);
    let gone = asked(&mut stage, question("c"), 100).unwrap_err();
    assert!(gone.as_str().contains("not there any more"));
}

#[test]
fn an_expression_has_a_course_or_says_why_not() {
    let mut stage = Stage::new(&["api"]);
    stage.page(0, "a 4\n", 0);
    stage.page(0, "a 8\n", 10);
    let range =
        |expr: &str| Question::Range { expr: expr.to_owned(), span: Duration::from_secs(20), points: 2, most: 5 };
    let Ok(Answer::Courses { series, .. }) = asked(&mut stage, range("a * 2 > 10"), 10) else { panic!() };
    assert_eq!(series[0].1, [None, Some(16.0)]);
    assert!(asked(&mut stage, range("a @ 3"), 10).unwrap_err().as_str().contains('@'));
    assert!(asked(&mut stage, range("a >"), 10).unwrap_err().as_str().contains("not valid PromQL"));
}
