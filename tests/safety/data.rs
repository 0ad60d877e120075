//! Parameters are data (invariant 28): whatever stands in a value, from the configuration and from a person, it reaches what
//! would be sent as it is, or is refused; and on a real server nothing in it is ever read.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use quarterdeck::adapters::leave::Leave;
use quarterdeck::adapters::postgres::PostgresSource;
use quarterdeck::app::actions::{catalogue, parameters};
use quarterdeck::config::resolved::DatabaseSpec;
use quarterdeck::config::{Inputs, SourceFile, dsn, resolve};
use quarterdeck::remediation::action::{Action, Plan, SessionSelector};
use quarterdeck::remediation::query::SqlStep;
use quarterdeck::remediation::runbook::Deed;
use quarterdeck::remediation::step::{StepEnd, Work};

use crate::postgres_server::PostgresServer;
use crate::stage::{Stage, configuration};

const DEADLINE: Duration = Duration::from_secs(10);

/// A value: anything, and above all what means something to somebody.
fn value() -> impl Strategy<Value = String> {
    let hostile = prop::sample::select(vec![
        "'",
        "\"",
        "\\",
        "\n",
        "\r\n",
        ";",
        "$(id)",
        "`id`",
        "\0",
        "$1",
        "--",
        "/*",
        "*",
        "\t",
        "${IFS}",
        "&&",
        "|",
        ">",
        "%s",
        "FLUSHALL",
        "\r\n*1\r\n$8\r\nFLUSHALL\r\n",
        "'; DROP TABLE t; --",
        "-x",
        "é",
        "\u{202e}",
        "\u{1b}[2J",
        " ",
        "a",
    ]);
    prop_oneof![
        3 => prop::collection::vec(hostile, 0..6).prop_map(|parts| parts.concat()),
        1 => "\\PC{0,20}",
        1 => prop::collection::vec(any::<char>(), 0..12).prop_map(|letters| letters.into_iter().collect()),
    ]
}

/// A string of TOML that stands for exactly this text.
fn toml(text: &str) -> String {
    let letters = text.chars().map(|letter| format!("\\U{:08X}", u32::from(letter)));
    format!("\"{}\"", letters.collect::<String>())
}

/// The one step of a runbook, or nothing where the configuration is refused.
fn step(lines: &str) -> Option<Work> {
    let head = "[[database]]\nname = \"main\"\nurl = \"postgresql://ops@127.0.0.1/app\"\n[[cache]]\nname = \"redis\"\nredis = \"redis://127.0.0.1:6379\"\n\
                [[runbook]]\nname = \"r\"\ntarget = \"main\"\nlevel = \"L3\"\n[[runbook.step]]\n";
    let file = SourceFile { path: "world.toml".into(), text: format!("{head}{lines}\n") };
    let resolution = resolve(&Inputs { file: Some(file), ..Inputs::default() }).ok()?;
    let own = resolution.resolved.actions.own;
    let [Action { plan: Plan::Runbook(book), .. }] = own.as_slice() else { panic!("no runbook: {own:?}") };
    match &book.steps[0].deed {
        Deed::Work(work) => Some(work.clone()),
        other => panic!("{other:?}"),
    }
}

/// What a shell makes of a line in which every word stands in single quotes; `None` where anything stands outside of them.
fn words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match (quoted, letter) {
            (_, '\'') => quoted = !quoted,
            (true, letter) => word.push(letter),
            (false, ' ') => words.push(std::mem::take(&mut word)),
            // The one thing that may stand between quotes.
            (false, '\\') => {
                letters.next_if_eq(&'\'')?;
                word.push('\'');
            }
            (false, _) => return None,
        }
    }
    words.push(word);
    (!quoted).then_some(words)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A program here and behind ssh: words stay words.
    #[test]
    fn words_of_a_program_stay_words(values in prop::collection::vec(value(), 1..4), far: bool) {
        let list: Vec<String> = std::iter::once("ctl".to_owned()).chain(values).collect();
        let quoted: Vec<String> = list.iter().map(|word| toml(word)).collect();
        let place = if far { "ssh = \"web1\"\n" } else { "" };
        let Some(Work::Command(command)) = step(&format!("command = [{}]\n{place}", quoted.join(", "))) else {
            prop_assert!(list.iter().any(|word| word.contains(char::is_control) || word.is_empty()), "{list:?} was refused");
            return Ok(());
        };
        prop_assert_eq!(&command.argv, &list);
        let sent = command.whole();
        prop_assert_eq!(sent.is_err(), list.iter().any(|word| word.contains('\0')));
        let Ok(sent) = sent else { return Ok(()) };
        if far {
            let (line, client) = sent.split_last().unwrap();
            prop_assert_eq!(words(line), Some(list));
            prop_assert_eq!(client.last().map(String::as_str), Some("web1"));
        } else {
            prop_assert_eq!(sent, list);
        }
    }

    /// A statement, a command to Redis and a request: values are bound, counted and carried, and change nothing else.
    #[test]
    fn values_never_become_text_of_an_order(value in value()) {
        let text = toml(&value);
        if let Some(work) = step(&format!("statement = \"UPDATE t SET a = $1\"\nbinds = [{text}]\ndatabase = \"main\"")) {
            let Work::Sql(sql) = work else { panic!("{work:?}") };
            prop_assert_eq!((sql.sql.as_str(), sql.binds), ("UPDATE t SET a = $1", vec![value.clone()]));
        }
        if let Some(work) = step(&format!("redis = [\"SET\", {text}]\ncache = \"redis\"")) {
            let Work::Redis(redis) = work else { panic!("{work:?}") };
            prop_assert_eq!(redis.argv, vec!["SET".to_owned(), value.clone()]);
        }
        if let Some(work) = step(&format!("url = \"https://api.example.com/x\"\nbody = {text}")) {
            let Work::Http(http) = work else { panic!("{work:?}") };
            prop_assert_eq!((http.url.as_str(), http.body, http.headers.len()), ("https://api.example.com/x", Some(value.clone()), 0));
        }
    }

    /// What a person types to narrow an action is the name itself, or refused.
    #[test]
    fn what_narrows_is_a_name(value in value()) {
        let stage = Stage::new(&configuration("staging", ""));
        let idle = catalogue::all(&stage.world.model).into_iter().find(|action| action.id.as_str() == "terminate-idle").unwrap();
        match parameters::narrowed(idle, &[("user".to_owned(), value.clone())], false) {
            Ok(Action { plan: Plan::Sessions { selector: SessionSelector::Idle { user, application, .. }, .. }, .. }) => {
                prop_assert_eq!((user, application), (Some(value), None));
            }
            Ok(other) => prop_assert!(false, "{other:?}"),
            Err(_) => prop_assert!(value.trim().is_empty(), "{value:?} was refused"),
        }
    }
}

/// On a real server: the value that arrives is the one that was sent, byte for byte, or none is.
#[test]
fn a_value_arrives_as_it_is_or_not_at_all() {
    let server = PostgresServer::start(&[]);
    let url = format!("postgresql://admin@127.0.0.1:{}/postgres", server.port());
    let io = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let spec = DatabaseSpec::bare(dsn::parse(&url, &|_| None, None).unwrap().0);
    let source = std::cell::RefCell::new(PostgresSource::new(spec));
    let mut runner = TestRunner::new(Config { cases: 150, failure_persistence: None, ..Config::default() });
    let verdict = runner.run(&value(), |value| {
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap();
        let hex: String = value.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
        // Byte for byte: a value that was cut short compares as false, it is no error.
        let sql = format!("SELECT (convert_to($1::text, 'UTF8') = decode('{hex}', 'hex'))::text AS same");
        let step =
            SqlStep { database: 0, sql: sql.clone(), binds: vec![value.clone()], read_only: true, redact: false };
        let mut source = source.borrow_mut();
        let card = io.block_on(source.preview_statement(&step, DEADLINE)).unwrap_or_else(|cause| panic!("{cause}"));
        let end = io.block_on(source.run_statement(&card.identity, &step, &Leave::new(DEADLINE, || DEADLINE)));
        match end {
            StepEnd::Done { said, .. } => {
                prop_assert!(said.iter().any(|line| line.as_str() == "true"), "{value:?}: {said:?}");
                prop_assert!(!value.contains('\0'));
            }
            StepEnd::Failed(cause) => prop_assert!(value.contains('\0'), "{value:?}: {cause}"),
            other => prop_assert!(false, "{value:?}: {other:?}"),
        }
        Ok(())
    });
    verdict.unwrap_or_else(|why| panic!("{why}"));
}
