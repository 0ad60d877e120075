//! Statements of a runbook on a real server: values stay values, what only reads cannot write, what writes says beforehand
//! whether it can log in, and nobody but the server of the card gets it.

use std::time::Duration;

use quarterdeck::adapters::postgres::PostgresSource;
use quarterdeck::domain::{Cause, Safe};
use quarterdeck::remediation::card::Preview;
use quarterdeck::remediation::object::Fate;
use quarterdeck::remediation::query::SqlStep;
use quarterdeck::remediation::sql_functions::computing::COMPUTING;
use quarterdeck::remediation::step::StepEnd;
use quarterdeck::remediation::upkeep::{Upkeep, UpkeepVerb};

use super::pooler::Pooler;
use super::{DEADLINE, source, url};
use crate::support::leave;
use crate::support::postgres_server::PostgresServer;

fn stage() -> PostgresServer {
    let server = PostgresServer::start(&[]);
    server.sql("postgres", "CREATE ROLE app LOGIN CONNECTION LIMIT 3");
    server.sql("postgres", "CREATE DATABASE shop OWNER app");
    server.sql(
        "shop",
        "SET ROLE app; CREATE TABLE hooks (id int, name text, active bool); INSERT INTO hooks VALUES (7, 'a', true)",
    );
    server
}

fn step(sql: &str, binds: &[&str], read_only: bool) -> SqlStep {
    SqlStep {
        database: 0,
        sql: sql.to_owned(),
        binds: binds.iter().map(|bind| (*bind).to_owned()).collect(),
        read_only,
        redact: false,
    }
}

fn words(lines: &[Safe]) -> String {
    lines.iter().map(Safe::as_str).collect::<Vec<_>>().join("\n")
}

fn said(end: &StepEnd) -> String {
    match end {
        StepEnd::Done { said, .. } => words(said),
        other => panic!("{other:?}"),
    }
}

/// The preview, and the statement as it stands then.
async fn run(server: &PostgresServer, step: &SqlStep) -> (Preview, StepEnd) {
    let mut source = source(&url(server, "app", "shop"));
    let card = source.preview_statement(step, DEADLINE).await.unwrap();
    let end = source.run_statement(&card.identity, step, &leave::whole(DEADLINE)).await;
    (card, end)
}

#[tokio::test]
async fn hostile_values_reach_the_table_as_they_are() {
    let server = stage();
    let hostile = "it's; DROP TABLE hooks; -- $(reboot) `x` \"q\" \n\t\\ $1 \u{202e}";
    let insert = step("INSERT INTO hooks VALUES ($1, $2, false)", &["9", hostile], false);
    let (card, end) = run(&server, &insert).await;
    assert_eq!(said(&end), "1 rows");
    let shown: Vec<String> = card.effect.iter().map(|line| line.one_line().to_string()).collect();
    assert!(shown.iter().any(|line| line.starts_with("$2 = it's; DROP")), "{shown:?}");
    let kept = server.sql("shop", "SELECT encode(convert_to(name, 'UTF8'), 'hex') FROM hooks WHERE id = 9");
    let hex: Vec<String> = hostile.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(kept.trim(), hex.concat());
    let (_, end) = run(&server, &step("INSERT INTO hooks VALUES (10, $1, false)", &["a\0b"], false)).await;
    assert!(matches!(end, StepEnd::Failed(_)), "{end:?}: a NUL is refused, and nothing is cut");
    let (_, end) = run(&server, &step("UPDATE hooks SET active = false WHERE id = $1", &["7 OR true"], false)).await;
    assert!(matches!(end, StepEnd::Failed(_)), "{end:?}: a value is a number or nothing");
    assert_eq!(server.sql("shop", "SELECT count(*) FILTER (WHERE active) FROM hooks").trim(), "1");
}

#[tokio::test]
async fn one_statement_and_no_more() {
    let server = stage();
    for sql in ["DELETE FROM hooks; SELECT 1", "UPDATE hooks SET active = $1", "DELETE FROM nothing", "VACUUM hooks, "]
    {
        let (_, end) = run(&server, &step(sql, &[], false)).await;
        assert!(matches!(end, StepEnd::Failed(_)), "{sql}: {end:?}");
    }
    assert_eq!(server.sql("shop", "SELECT count(*) FROM hooks").trim(), "1");
}

#[tokio::test]
async fn what_only_reads_cannot_write_and_shows_its_rows() {
    let server = stage();
    let (_, end) = run(&server, &step("SELECT id, name FROM hooks WHERE name = $1", &["a"], true)).await;
    assert_eq!(said(&end), "id  name\n7   a\n1 row");
    let (_, end) = run(&server, &step("SELECT * FROM generate_series(1, 1000)", &[], true)).await;
    assert!(said(&end).ends_with("more than 20 rows, the first of them are shown"), "{}", said(&end));
    for sql in [
        "WITH gone AS (DELETE FROM hooks RETURNING id) SELECT * FROM gone",
        "SELECT 1) AS q; DELETE FROM hooks; --",
        "SELECT nextval('s')",
    ] {
        let (_, end) = run(&server, &step(sql, &[], true)).await;
        assert!(matches!(end, StepEnd::Failed(_)), "{sql}: {end:?}");
    }
    assert_eq!(server.sql("shop", "SELECT count(*) FROM hooks").trim(), "1");
}

#[tokio::test]
async fn whether_a_second_login_can_succeed_is_said_beforehand() {
    let server = stage();
    let delete = step("DELETE FROM hooks", &[], false);
    let mut source = source(&url(&server, "app", "shop"));
    let card = source.preview_statement(&delete, DEADLINE).await.unwrap();
    assert!(words(&card.remarks).contains("a login of its own can succeed"), "{card:?}");
    let mut others = Vec::new();
    for _ in 0..2 {
        let dsn = format!("host=127.0.0.1 port={} user=app dbname=shop", server.port());
        let (client, connection) = tokio_postgres::connect(&dsn, tokio_postgres::NoTls).await.unwrap();
        others.push((client, tokio::spawn(connection)));
    }
    let full = source.preview_statement(&delete, DEADLINE).await.unwrap();
    assert_eq!(
        words(&full.obstacles),
        "it needs a login of its own, and this role's 3 connections (CONNECTION LIMIT) are taken"
    );
    let end = source.run_statement(&card.identity, &delete, &leave::whole(DEADLINE)).await;
    assert!(matches!(end, StepEnd::Failed(Cause::TooManyConnections(_))), "{end:?}");
    assert_eq!(server.sql("shop", "SELECT count(*) FROM hooks").trim(), "1");
}

#[tokio::test]
async fn another_server_gets_nothing_and_a_lock_is_not_waited_for_long() {
    let (server, other) = (stage(), stage());
    let delete = step("DELETE FROM hooks", &[], false);
    let mut there = source(&url(&other, "app", "shop"));
    let card = there.preview_statement(&delete, DEADLINE).await.unwrap();
    let mut here = source(&url(&server, "app", "shop"));
    for read_only in [true, false] {
        let step = SqlStep { read_only, ..step("SELECT 1", &[], true) };
        let end = here.run_statement(&card.identity, &step, &leave::whole(DEADLINE)).await;
        assert!(matches!(end, StepEnd::OtherTarget(_)), "{end:?}");
    }
    let dsn = format!("host=127.0.0.1 port={} user=app dbname=shop", server.port());
    let (client, connection) = tokio_postgres::connect(&dsn, tokio_postgres::NoTls).await.unwrap();
    let holder = tokio::spawn(connection);
    client.batch_execute("BEGIN; LOCK TABLE hooks").await.unwrap();
    let card = here.preview_statement(&delete, DEADLINE).await.unwrap();
    let end = here.run_statement(&card.identity, &delete, &leave::whole(Duration::from_secs(2))).await;
    assert!(matches!(end, StepEnd::Failed(_)), "{end:?}: the server gave up first, so it is known");
    holder.abort();
}

#[tokio::test]
async fn behind_a_pooler_nothing_is_written() {
    let server = stage();
    let pooler = Pooler::start(&server);
    let mut source = source(&pooler.url("shop"));
    let card = source.preview_statement(&step("DELETE FROM hooks", &[], false), DEADLINE).await.unwrap();
    assert!(words(&card.obstacles).contains("a direct DSN is needed"), "{card:?}");
    let end =
        source.run_statement(&card.identity, &step("DELETE FROM hooks", &[], false), &leave::whole(DEADLINE)).await;
    assert!(matches!(end, StepEnd::Failed(Cause::Misconfigured(_))), "{end:?}");
    let read = source
        .run_statement(&card.identity, &step("SELECT count(*) AS n FROM hooks", &[], true), &leave::whole(DEADLINE))
        .await;
    assert_eq!(said(&read), "n\n1\n1 row");
}

#[tokio::test]
async fn nothing_is_sent_when_the_leave_is_over_once_the_connection_stands() {
    let server = stage();
    let delete = step("DELETE FROM hooks", &[], false);
    let mut source = source(&url(&server, "app", "shop"));
    let card = source.preview_statement(&delete, DEADLINE).await.unwrap();
    for asked in [0, 1] {
        let end = source.run_statement(&card.identity, &delete, &leave::over_after(asked, DEADLINE)).await;
        assert!(matches!(end, StepEnd::Failed(Cause::Timeout { .. })), "the machine slept: {end:?}");
        assert_eq!(server.sql("shop", "SELECT count(*) FROM hooks"), "1");
    }
}

#[tokio::test]
async fn a_change_that_met_no_row_changed_nothing() {
    let server = stage();
    for (sql, fates) in [
        ("UPDATE hooks SET active = false WHERE id = 7 AND active", vec![]),
        ("UPDATE hooks SET active = false WHERE id = 7 AND active", vec![Fate::Gone]),
        ("DELETE FROM hooks WHERE id = 8", vec![Fate::Gone]),
        ("SELECT 1 WHERE false", vec![]),
    ] {
        let StepEnd::Done { fates: found, .. } = run(&server, &step(sql, &[], false)).await.1 else { panic!("{sql}") };
        assert_eq!(found.into_iter().map(|(_, fate)| fate).collect::<Vec<_>>(), fates, "{sql}");
    }
}

#[tokio::test]
async fn who_cannot_be_seen_has_a_place_too() {
    let server = PostgresServer::start(&["max_connections = 8", "superuser_reserved_connections = 3"]);
    server.sql("postgres", "CREATE ROLE app LOGIN");
    let delete = step("DELETE FROM hooks", &[], false);
    let mut source = source(&url(&server, "app", "postgres"));
    let card = source.preview_statement(&delete, DEADLINE).await.unwrap();
    assert!(words(&card.remarks).contains("1 of 5 slots are taken"), "{card:?}");
    let mut crowd = Vec::new();
    for _ in 0..4 {
        crowd.push(super::session(&server, "crowd", "postgres").await);
    }
    let full = source.preview_statement(&delete, DEADLINE).await.unwrap();
    let told = words(&full.obstacles);
    assert!(told.contains("5 of 5 slots are taken"), "{full:?}");
    assert!(told.contains("4 of them cannot be seen: GRANT pg_read_all_stats TO \"app\";"), "{told}");
    server.sql("postgres", "ALTER DATABASE postgres CONNECTION LIMIT 5");
    server.configure("max_connections = 20");
    drop(crowd);
    server.restart();
    let mut crowd = Vec::new();
    for _ in 0..4 {
        crowd.push(super::session(&server, "crowd", "postgres").await);
    }
    let mut source = self::source(&url(&server, "app", "postgres"));
    let full = source.preview_statement(&delete, DEADLINE).await.unwrap();
    let told = words(&full.obstacles);
    assert!(told.contains("this database's 5 connections (CONNECTION LIMIT) are taken"), "{full:?}");
    let sharers = upkeep_of_the_same(&mut source).await;
    assert!(sharers.contains("this database's 5 connections (CONNECTION LIMIT) are taken"), "{sharers}");
    // No limit but the server's own holds a superuser.
    server.sql("postgres", "ALTER ROLE app SUPERUSER");
    let mut source = self::source(&url(&server, "app", "postgres"));
    let card = source.preview_statement(&delete, DEADLINE).await.unwrap();
    assert!(card.obstacles.is_empty() && words(&card.remarks).contains("a login of its own can succeed"), "{card:?}");
}

/// What upkeep says of the same question at the same time.
async fn upkeep_of_the_same(source: &mut PostgresSource) -> String {
    let upkeep = Upkeep { verb: UpkeepVerb::Analyse, name: "pg_catalog.pg_class".to_owned(), lock_timeout: DEADLINE };
    words(&source.look_at_relation(&upkeep, DEADLINE, DEADLINE).await.unwrap().obstacles)
}

/// What counts as computing is held against what the server itself says of its functions.
#[test]
fn what_counts_as_computing_changes_nothing_says_the_server() {
    // They read, or give another value each time.
    const READING: [&str; 21] = [
        "clock_timestamp",
        "current_query",
        "currval",
        "gen_random_uuid",
        "lastval",
        "pg_blocking_pids",
        "pg_current_wal_lsn",
        "pg_database_size",
        "pg_indexes_size",
        "pg_is_in_recovery",
        "pg_last_wal_receive_lsn",
        "pg_last_wal_replay_lsn",
        "pg_last_xact_replay_timestamp",
        "pg_relation_size",
        "pg_size_bytes",
        "pg_table_size",
        "pg_tablespace_size",
        "pg_total_relation_size",
        "random",
        "timeofday",
        "txid_current",
    ];
    let server = PostgresServer::shared();
    let volatile = server.sql(
        "postgres",
        "SELECT DISTINCT proname FROM pg_proc WHERE provolatile = 'v' AND pronamespace = 'pg_catalog'::regnamespace",
    );
    let changing: Vec<&str> = volatile.lines().filter(|name| !READING.contains(name)).collect();
    assert!(changing.contains(&"pg_promote") && changing.contains(&"lo_unlink"), "{changing:?}");
    let wrong: Vec<&&str> = COMPUTING.iter().filter(|name| changing.contains(name)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
