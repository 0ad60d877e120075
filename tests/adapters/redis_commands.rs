//! Commands of a runbook on a real Redis: words stay words, only the server of the card gets them, and what it says is shown.

use std::time::Duration;

use quarterdeck::adapters::redis::command;
use quarterdeck::config::redis_url;
use quarterdeck::config::resolved::RedisTarget;
use quarterdeck::domain::Safe;
use quarterdeck::remediation::query::RedisStep;
use quarterdeck::remediation::step::StepEnd;

use crate::support::leave;
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
    command::run(&at(server), &card.identity, &step(argv), &leave::whole(DEADLINE)).await
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
    let end = command::run(&at(&server), &card.identity, &step(&["MONITOR"]), &leave::whole(DEADLINE)).await;
    assert!(matches!(end, StepEnd::Failed(_)), "{end:?}");
}

#[tokio::test]
async fn another_server_gets_nothing_and_a_block_ends_at_the_deadline() {
    let (server, other) = (RedisServer::start(&[]), RedisServer::start(&[]));
    server.ask(&["SET", "keep", "1"]);
    let card = command::preview(&at(&other), &step(&["DEL", "keep"]), DEADLINE).await.unwrap();
    let end = command::run(&at(&server), &card.identity, &step(&["DEL", "keep"]), &leave::whole(DEADLINE)).await;
    assert!(matches!(end, StepEnd::OtherTarget(_)), "{end:?}");
    assert_eq!(server.ask(&["DBSIZE"]).trim(), "1");
    let card = command::preview(&at(&server), &step(&["BLPOP", "q", "0"]), DEADLINE).await.unwrap();
    let end =
        command::run(&at(&server), &card.identity, &step(&["BLPOP", "q", "0"]), &leave::whole(Duration::from_secs(1)))
            .await;
    assert!(matches!(end, StepEnd::Unknown(_)), "{end:?}");
}

#[tokio::test]
async fn lists_are_told_by_their_number_and_first_elements() {
    let server = RedisServer::start(&[]);
    let long: Vec<String> = (0..5000).map(|n| format!("element-{n}")).collect();
    let push: Vec<&str> = ["RPUSH", "long"].into_iter().chain(long.iter().map(String::as_str)).collect();
    server.ask(&push);
    server.ask(&["RPUSH", "short", "a\u{1b}[2Jb", "two"]);
    server.ask(&["HSET", "map", "name", "x"]);
    let told = said(&run(&server, &["LRANGE", "long", "0", "-1"]).await);
    assert!(told.starts_with("5000 elements: \"element-0\", \"element-1\""), "{told}");
    assert!(told.ends_with('…') && told.chars().count() <= 401, "{told}");
    let told = said(&run(&server, &["LPOP", "short", "2"]).await);
    assert_eq!(told, "2 elements: \"a\\x1b[2Jb\", \"two\"");
    assert_eq!(said(&run(&server, &["HGETALL", "map"]).await), "2 elements: \"name\", \"x\"");
    assert_eq!(said(&run(&server, &["KEYS", "nothing*"]).await), "0 elements");
    assert_eq!(said(&run(&server, &["BLPOP", "nothing", "0.01"]).await), "nil");
    let nested = "return {1, {false, {2, 'x'}}, redis.status_reply('FINE')}";
    let told = said(&run(&server, &["EVAL", nested, "0"]).await);
    assert_eq!(told, "3 elements: 1, (2 elements: nil, (2 elements: 2, \"x\")), FINE");
}

#[tokio::test]
async fn an_answer_that_is_too_large_to_be_kept_is_read_over() {
    let server = RedisServer::start(&[]);
    server.ask(&["EVAL", "return redis.call('SET', 'big', string.rep('x', 3000000))", "0"]);
    let told = said(&run(&server, &["MGET", "big", "nothing"]).await);
    assert!(told.starts_with("2 elements: ") && told.ends_with("xxx\"… (3000000 bytes), nil"), "{told}");
}

#[tokio::test]
async fn an_error_inside_a_list_is_no_success() {
    let server = RedisServer::start(&[]);
    let script = "redis.call('SET', 'k', '1'); return {1, {redis.error_reply('ERR inner\u{1b}')}}";
    let end = run(&server, &["EVAL", script, "0"]).await;
    let StepEnd::Unknown(cause) = &end else { panic!("{end:?}") };
    let told = cause.to_string();
    assert!(told.contains("1 error") && told.contains("ERR inner"), "{told}");
    assert!(!told.contains('\u{1b}'), "{told}");
    assert_eq!(server.ask(&["GET", "k"]).trim(), "1", "it had an effect all the same");
}

/// An error is not always the whole truth: what a script had done by then stays.
#[tokio::test]
async fn an_error_in_the_middle_is_not_nothing() {
    let server = RedisServer::start(&[]);
    for (at, last) in [
        "return redis.error_reply('ERR later')",
        "return redis.call('INCR', 'text')",
        "return redis.call('SET')",
        "return redis.call('NOSUCH')",
        "return redis.pcall('SET')",
    ]
    .iter()
    .enumerate()
    {
        let key = format!("k{at}");
        server.ask(&["SET", "text", "x"]);
        let end = run(&server, &["EVAL", &format!("redis.call('SET', KEYS[1], '1'); {last}"), "1", &key]).await;
        assert!(matches!(end, StepEnd::Unknown(_)), "{last}: {end:?}");
        assert_eq!(server.ask(&["GET", &key]).trim(), "1", "it had an effect all the same");
    }
    for refused in [&["NOSUCH", "a"][..], &["EVAL"], &["EVALSHA", &"0".repeat(40), "0"], &["CONFIG", "NOSUCH"]] {
        let end = run(&server, refused).await;
        assert!(matches!(end, StepEnd::Failed(_)), "{refused:?} was never begun: {end:?}");
    }
}

/// The look before it took so long, or the machine slept.
#[tokio::test]
async fn nothing_is_sent_when_the_leave_is_over_after_the_look() {
    let server = RedisServer::start(&[]);
    let set = step(&["SET", "a", "1"]);
    let card = command::preview(&at(&server), &set, DEADLINE).await.unwrap();
    let end = command::run(&at(&server), &card.identity, &set, &leave::over_after(1, DEADLINE)).await;
    assert!(matches!(end, StepEnd::Failed(_)), "{end:?}");
    assert_eq!(server.ask_all(&[&["EXISTS", "a"]]), "0");
}
