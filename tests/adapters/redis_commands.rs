//! Commands of a runbook on a real Redis: words stay words, only the server of the card gets them, and what it says is shown.

use std::time::Duration;

use quarterdeck::adapters::redis::command;
use quarterdeck::config::redis_url;
use quarterdeck::config::resolved::RedisTarget;
use quarterdeck::domain::Safe;
use quarterdeck::remediation::query::RedisStep;
use quarterdeck::remediation::step::StepEnd;

use crate::support::redis_server::RedisServer;

const DEADLINE: Duration = Duration::from_secs(20);

fn at(server: &RedisServer) -> RedisTarget {
    redis_url::parse(&format!("redis://127.0.0.1:{}", server.port)).unwrap()
}

fn step(argv: &[&str]) -> RedisStep {
    RedisStep { cache: 0, argv: argv.iter().map(|word| (*word).to_owned()).collect() }
}

async fn run(server: &RedisServer, argv: &[&str]) -> StepEnd {
    let card = command::preview(&at(server), &step(argv), DEADLINE).await.unwrap();
    command::run(&at(server), &card.identity, &step(argv), DEADLINE).await
}

fn said(end: &StepEnd) -> String {
    match end {
        StepEnd::Done { said, .. } => said.iter().map(Safe::as_str).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn hostile_words_stay_words() {
    let server = RedisServer::start(&[]);
    let hostile = "it's; FLUSHALL \r\n*1\r\n$8\r\nFLUSHALL\r\n $(reboot) \"q\" \0 \u{202e}";
    server.ask(&["SET", "keep", "1"]);
    assert_eq!(said(&run(&server, &["SET", hostile, hostile]).await), "OK");
    assert_eq!(server.ask(&["STRLEN", hostile]).trim(), hostile.len().to_string());
    assert_eq!(server.ask(&["DBSIZE"]).trim(), "2");
    assert_eq!(said(&run(&server, &["DEL", hostile]).await), "1");
    assert_eq!(said(&run(&server, &["GET", "keep"]).await), "1");
    assert_eq!(said(&run(&server, &["GET", hostile]).await), "nil");
}

#[tokio::test]
async fn what_is_refused_is_a_failure_and_what_has_no_answer_is_never_sent() {
    let server = RedisServer::start(&[]);
    server.ask(&["SET", "text", "x"]);
    let end = run(&server, &["INCR", "text"]).await;
    assert!(matches!(end, StepEnd::Failed(_)), "{end:?}");
    let card = command::preview(&at(&server), &step(&["MONITOR"]), DEADLINE).await.unwrap();
    assert_eq!(card.obstacles.len(), 1, "{card:?}");
    let end = command::run(&at(&server), &card.identity, &step(&["MONITOR"]), DEADLINE).await;
    assert!(matches!(end, StepEnd::Failed(_)), "{end:?}");
}

#[tokio::test]
async fn another_server_gets_nothing_and_a_block_ends_at_the_deadline() {
    let (server, other) = (RedisServer::start(&[]), RedisServer::start(&[]));
    server.ask(&["SET", "keep", "1"]);
    let card = command::preview(&at(&other), &step(&["DEL", "keep"]), DEADLINE).await.unwrap();
    let end = command::run(&at(&server), &card.identity, &step(&["DEL", "keep"]), DEADLINE).await;
    assert!(matches!(end, StepEnd::OtherTarget(_)), "{end:?}");
    assert_eq!(server.ask(&["DBSIZE"]).trim(), "1");
    let card = command::preview(&at(&server), &step(&["BLPOP", "q", "0"]), DEADLINE).await.unwrap();
    let end = command::run(&at(&server), &card.identity, &step(&["BLPOP", "q", "0"]), Duration::from_secs(1)).await;
    assert!(matches!(end, StepEnd::Unknown(_)), "{end:?}");
}
