//! Values stay values wherever they go.

use std::time::Duration;

use super::*;
use crate::remediation::command::CommandStep;
use crate::remediation::inward::Manual;
use crate::remediation::place::Place;
use crate::remediation::query::{RedisStep, SqlStep};
use crate::remediation::step::WritingMethod;

fn parameters(otherwise: &Otherwise) -> Vec<Parameter> {
    let one = |name: &str, kind| Parameter {
        name: name.to_owned(),
        kind,
        doc: Safe::default(),
        otherwise: otherwise.clone(),
    };
    vec![one("text", ParameterKind::Text(200)), one("n", ParameterKind::Integer)]
}

fn step(work: Work) -> RunbookStep {
    RunbookStep {
        title: Safe::of("do it"),
        deed: Deed::Work(work),
        deadline: Duration::from_secs(1),
        when: None,
        requires: Vec::new(),
        ask: false,
        may_fail: false,
        undo: None,
        entry: Safe::default(),
        named: Vec::new(),
    }
}

fn fill(work: Work, text: &str) -> Result<Work, Gap> {
    let plan = Plan::Runbook(Box::new(Runbook { steps: vec![step(work)], contacts: Vec::new() }));
    let given = [("text".to_owned(), text.to_owned()), ("n".to_owned(), "7".to_owned())];
    match filled(&plan, &parameters(&Otherwise::Refused), &given, false)?.plan {
        Plan::Runbook(mut runbook) => match runbook.steps.remove(0).deed {
            Deed::Work(work) => Ok(work),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn unknown(name: &str, key: &'static str) -> Gap {
    Gap::Unknown(name.to_owned(), Spot { entry: Safe::default(), key })
}

fn sql(sql: &str, binds: &[&str]) -> Work {
    let binds = binds.iter().map(|bind| (*bind).to_owned()).collect();
    Work::Sql(Box::new(SqlStep { database: 0, sql: sql.to_owned(), binds, read_only: false, redact: false }))
}

fn http(url: &str, body: Option<&str>) -> Work {
    Work::Http(Box::new(HttpStep {
        method: WritingMethod::Post,
        url: Url::parse(url).unwrap(),
        headers: Vec::new(),
        bearer: None,
        body: body.map(str::to_owned),
        ca_file: None,
        expected_status: Vec::new(),
    }))
}

fn argv(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn command(words: &[&str]) -> Work {
    Work::Command(Box::new(CommandStep {
        argv: argv(words),
        place: Place::Local,
        become_argv: None,
        expected_exit: Vec::new(),
        reads: false,
    }))
}

const HOSTILE: [&str; 8] =
    ["1; DROP TABLE t", "'; --", "{n}", "a/b?c#d", "%2e%2e", "\\..\\", "\"}, {\"all\": true", "$(id) `id`"];

#[test]
fn a_bind_takes_it_whole_and_the_text_never() {
    for value in HOSTILE {
        let Ok(Work::Sql(filled)) = fill(sql("UPDATE t SET a = $1 WHERE id = $2", &["{text}", "{n}"]), value) else {
            panic!("{value}")
        };
        assert_eq!(filled.sql, "UPDATE t SET a = $1 WHERE id = $2");
        assert_eq!(filled.binds, [value, "7"]);
    }
    let spliced = fill(sql("UPDATE t SET a = {n}", &[]), "x");
    assert!(matches!(spliced, Err(Gap::Misplaced(..))), "{spliced:?}");
    assert_eq!(fill(sql("SELECT 1", &["{txet}"]), "x").unwrap_err(), unknown("txet", "binds"));
    // What is no name of a parameter is what it is.
    let Ok(Work::Sql(array)) = fill(sql("SELECT $1", &["{1,2}"]), "x") else { panic!("an array") };
    assert_eq!(array.binds, ["{1,2}"]);
}

#[test]
fn a_segment_of_a_path_stays_one() {
    for value in HOSTILE {
        let Ok(Work::Http(filled)) = fill(http("http://h/a/{text}/b?q={text}", None), value) else { panic!("{value}") };
        let segments: Vec<&str> = filled.url.path_segments().unwrap().collect();
        assert_eq!(segments, ["a", encoded(value).as_str(), "b"], "{value}");
        let query: Vec<(String, String)> = filled.url.query_pairs().into_owned().collect();
        assert_eq!(query, [("q".to_owned(), value.to_owned())]);
    }
    for dots in [".", ".."] {
        assert!(matches!(fill(http("http://h/a/{text}/b", None), dots), Err(Gap::Misplaced(..))), "{dots}");
    }
    assert!(matches!(fill(http("http://h/a-{text}", None), "x"), Err(Gap::Misplaced(..))));
}

#[test]
fn a_value_of_a_body_stays_one() {
    let template = r#"{"why": "{text}", "n": "{n}", "told": "for {text}", "list": ["{n}", 1]}"#;
    for value in HOSTILE {
        let Ok(Work::Http(filled)) = fill(http("http://h/", Some(template)), value) else { panic!("{value}") };
        let read: Json = serde_json::from_str(filled.body.as_deref().unwrap()).unwrap();
        let told = format!("for {value}");
        assert_eq!(read, serde_json::json!({"why": value, "n": 7, "told": told, "list": [7, 1]}), "{value}");
    }
    assert!(matches!(fill(http("http://h/", Some("why={text}")), "x"), Err(Gap::Misplaced(..))));
    let Ok(Work::Http(untouched)) = fill(http("http://h/", Some("{ \"a\":1 }")), "x") else { panic!("untouched") };
    assert_eq!(untouched.body.as_deref(), Some("{ \"a\":1 }"));
}

#[test]
fn a_word_of_an_argument_list_stays_one_and_is_no_option() {
    for value in HOSTILE {
        let Ok(Work::Command(filled)) = fill(command(&["ctl", "{text}", "--id={text}"]), value) else {
            panic!("{value}")
        };
        assert_eq!(filled.argv, ["ctl".to_owned(), value.to_owned(), format!("--id={value}")]);
    }
    assert!(matches!(fill(command(&["ctl", "{text}"]), "--all"), Err(Gap::Misplaced(..))));
    assert!(fill(command(&["ctl", "--", "{text}"]), "--all").is_ok());
    assert!(matches!(fill(command(&["{text}"]), "sh"), Err(Gap::Misplaced(..))));
    let redis = Work::Redis(Box::new(RedisStep { cache: 0, argv: argv(&["DEL", "lock:{text}"]) }));
    let Ok(Work::Redis(filled)) = fill(redis, "a b") else { panic!("redis") };
    assert_eq!(filled.argv, ["DEL", "lock:a b"]);
}

#[test]
fn what_is_not_given_is_missing_or_leaves_its_step_out() {
    let manual = step(Work::Manual(Box::new(Manual { instruction: Safe::of("call {text}") })));
    let steps = vec![step(sql("SELECT 1", &[])), manual];
    let plan = Plan::Runbook(Box::new(Runbook { steps, contacts: Vec::new() }));
    let refused = filled(&plan, &parameters(&Otherwise::Refused), &[], false);
    assert_eq!(refused.unwrap_err(), Gap::Missing("text".to_owned()));
    let left = filled(&plan, &parameters(&Otherwise::LeftOut), &[], false).unwrap();
    assert_eq!(left.left_out, [(Safe::of("do it"), "text".to_owned())]);
    let Plan::Runbook(runbook) = left.plan else { panic!("a runbook") };
    assert_eq!(runbook.steps.len(), 1);
    let usual = filled(&plan, &parameters(&Otherwise::Value("9".to_owned())), &[], false).unwrap();
    assert!(format!("{:?}", usual.plan).contains("call 9") && usual.used == ["text"]);
}
