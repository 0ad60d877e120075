//! What a reading says of sessions, slots, counters and signals.

use std::time::Duration;

use quarterdeck::adapters::postgres::PostgresSource;
use quarterdeck::config::resolved::ScalarQuery;
use quarterdeck::database::counters::rates;
use quarterdeck::domain::Cause;
use quarterdeck::domain::database::DatabaseReading;
use quarterdeck::domain::session::{Session, SessionState};
use quarterdeck::domain::signal::SignalValue;
use quarterdeck::domain::source::SignalId;

use crate::support::postgres_server::PostgresServer;

use super::{DEADLINE, SUPERUSER, database, read, session, source, url, with_scalars};

fn of_application(reading: &DatabaseReading, application: &str) -> Vec<Session> {
    let sessions = reading.sessions.as_ref().unwrap();
    sessions.list.iter().filter(|s| s.application.as_bytes() == application.as_bytes()).cloned().collect()
}

#[tokio::test]
async fn sessions_by_state_with_ages_and_blockers() {
    // Transaction ids are the whole server's: others' transactions would be the older ones.
    let server = &PostgresServer::start(&[]);
    server.sql("postgres", "CREATE DATABASE readings_states");
    let idle = session(server, "r_idle", "readings_states").await;
    let holder = session(server, "r_holder", "readings_states").await;
    let waiter = session(server, "r_waiter", "readings_states").await;
    idle.batch_execute("CREATE TABLE t (a int); SELECT 'the last query'").await.unwrap();
    holder.batch_execute("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE; INSERT INTO t VALUES (1)").await.unwrap();
    let waiting = tokio::spawn(async move { waiter.batch_execute("SELECT a FROM t").await });
    let mut source = source(&url(server, SUPERUSER, "readings_states"));
    let reading = loop {
        let reading = read(&mut source).await;
        if of_application(&reading, "r_waiter").iter().any(|s| !s.blocked_by.is_empty()) {
            break reading;
        }
        tokio::task::yield_now().await;
    };
    let one = |name: &str| of_application(&reading, name).pop().unwrap_or_else(|| panic!("{name} is missing"));
    let (idle_row, holder_row, waiter_row) = (one("r_idle"), one("r_holder"), one("r_waiter"));
    assert_eq!(idle_row.state, SessionState::Idle);
    assert!(idle_row.query.as_bytes().ends_with(b"'the last query'"), "{:?}", idle_row.query);
    assert_eq!(idle_row.query_age, None, "nothing runs");
    assert_eq!(holder_row.state, SessionState::IdleInTransaction);
    assert!(holder_row.holds_back_vacuum && holder_row.transaction_age >= holder_row.state_age);
    assert_eq!(waiter_row.state, SessionState::Active);
    assert_eq!(waiter_row.blocked_by, [holder_row.id.pid]);
    assert_eq!(waiter_row.wait.as_ref().unwrap().as_str(), "Lock:relation");
    assert_eq!((waiter_row.user.as_bytes(), waiter_row.database.as_bytes()), (&b"admin"[..], &b"readings_states"[..]));
    assert_eq!(waiter_row.client.as_str(), "127.0.0.1");
    let sessions = reading.sessions.as_ref().unwrap();
    assert!(sessions.waiting >= 1 && sessions.blocked >= 1);
    assert!(sessions.oldest_idle_in_transaction >= holder_row.state_age);
    assert!(sessions.hidden.is_none());
    assert!(of_application(&reading, "quarterdeck").iter().all(|s| s.id != idle_row.id));
    assert_eq!(sessions.by_state.iter().map(|(_, n)| n).sum::<u32>() + 1, reading.slots.as_ref().unwrap().used);
    holder.batch_execute("ROLLBACK").await.unwrap();
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn identity_slots_and_own_session() {
    let server = database("readings_identity");
    let mut source = source(&url(server, SUPERUSER, "readings_identity"));
    let reading = read(&mut source).await;
    assert_eq!(reading.server.version_num.to_string(), server.sql("postgres", "SHOW server_version_num"));
    assert!(!reading.server.replica && !reading.server.pooler);
    assert_eq!(
        reading.server.system_identifier.as_ref().unwrap().as_str(),
        server.sql("postgres", "SELECT system_identifier FROM pg_control_system()")
    );
    assert!(reading.server.clock_skew_seconds.abs() < 5.0, "{}", reading.server.clock_skew_seconds);
    let slots = reading.slots.as_ref().unwrap();
    assert_eq!((slots.max, slots.reserved, slots.usable()), (100, 3, 97));
    let ours = "SELECT count(*), max(pid) FROM pg_stat_activity \
                WHERE application_name = 'quarterdeck' AND datname = 'readings_identity'";
    let (count, pid) = server.sql("postgres", ours).split_once('|').map(|(c, p)| (c.to_owned(), p.to_owned())).unwrap();
    assert_eq!(count, "1", "one kept connection");
    read(&mut source).await;
    assert_eq!(server.sql("postgres", ours), format!("1|{pid}"), "the same one");
    let list = &reading.sessions.as_ref().unwrap().list;
    assert!(list.iter().all(|s| s.id.pid.to_string() != pid), "our own session is not listed");
}

#[tokio::test]
async fn the_session_is_read_only_and_short_tempered() {
    let server = database("readings_careful");
    server.sql("readings_careful", "CREATE TABLE t (a int)");
    let mut source = with_scalars(
        &format!("{}?schema=app", url(server, SUPERUSER, "readings_careful")),
        &[
            "WITH w AS (INSERT INTO public.t VALUES (1) RETURNING a) SELECT count(*) FROM w",
            "SELECT current_setting('statement_timeout') = '2s' AND current_setting('lock_timeout') = '250ms'",
            "SELECT current_setting('search_path') = 'app'",
        ],
    );
    let reading = read(&mut source).await;
    let told: Vec<String> = reading.scalars.iter().map(|(_, value)| format!("{value:?}")).collect();
    assert!(told[0].contains("read-only transaction"), "{told:?}");
    assert_eq!(&told[1..], ["Ok(Number(1.0))", "Ok(Number(1.0))"]);
}

/// What a signal sets ends with its own transaction, so that the next one cannot write either.
#[tokio::test]
async fn no_signal_opens_the_door_for_the_next() {
    let server = database("readings_door");
    server.sql("readings_door", "CREATE TABLE t (a int)");
    let insert = "WITH w AS (INSERT INTO public.t VALUES (1) RETURNING a) SELECT count(*) FROM w";
    let doors = [
        "SELECT (set_config('default_transaction_read_only', 'off', false) = 'off')::int",
        "SELECT (set_config('transaction_read_only', 'off', false) = 'off')::int",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
        "SET TRANSACTION READ WRITE",
        "COMMIT",
        "BEGIN TRANSACTION READ WRITE",
        "SELECT (set_config('statement_timeout', '0', false) = '0')::int",
    ];
    for door in doors {
        let patient = "SELECT current_setting('statement_timeout') = '2s'";
        let url = url(server, SUPERUSER, "readings_door");
        let mut source = with_scalars(&url, &[door, insert, patient]);
        for round in 0..2 {
            let reading = read(&mut source).await;
            let told = reading.scalars.get(1).map(|(_, value)| format!("{value:?}")).unwrap_or_default();
            assert!(told.contains("read-only transaction"), "{door}, round {round}: {told}");
            assert_eq!(reading.scalars[2].1, Ok(SignalValue::Number(1.0)), "{door}");
        }
    }
    assert_eq!(server.sql("readings_door", "SELECT count(*) FROM t"), "0");
}

#[tokio::test]
async fn a_time_without_a_zone_is_of_the_servers_zone() {
    let server = database("readings_zone");
    server.sql("readings_zone", "ALTER DATABASE readings_zone SET timezone = 'Europe/Berlin'");
    let queries = ["SELECT timestamp '2026-01-02 03:04:05'", "SELECT timestamp '2026-07-02 03:04:05'"];
    let mut source = with_scalars(&url(server, SUPERUSER, "readings_zone"), &queries);
    let told: Vec<_> = read(&mut source).await.scalars.into_iter().map(|(_, value)| value).collect();
    let winter = 1_767_323_045.0 - 3600.0;
    assert_eq!(told[0], Ok(SignalValue::Instant(winter)));
    assert_eq!(told[1], Ok(SignalValue::Instant(winter + 181.0 * 86_400.0 - 3600.0)));
}

#[tokio::test]
async fn counters_become_rates_and_size_comes_later() {
    let server = database("readings_counters");
    let client = session(server, "r_counters", "readings_counters").await;
    client.batch_execute("CREATE TABLE t AS SELECT generate_series(1, 1000) a").await.unwrap();
    let mut source = source(&url(server, SUPERUSER, "readings_counters"));
    let first = read(&mut source).await.counters.unwrap();
    assert_eq!(first.size_bytes, None, "the first reading does not wait for it");
    for _ in 0..5 {
        client.batch_execute("SELECT count(*) FROM t").await.unwrap();
    }
    let _ = client.batch_execute("SELECT 1/0").await;
    client.batch_execute("SELECT pg_stat_force_next_flush()").await.unwrap();
    let second = loop {
        let counters = read(&mut source).await.counters.unwrap();
        if counters.commits >= first.commits + 5 && counters.rollbacks > first.rollbacks {
            break counters;
        }
        tokio::task::yield_now().await;
    };
    let rates = rates(&first, &second, Duration::from_secs(1)).unwrap();
    assert!(rates.hit_ratio.unwrap() > 0.0 && rates.commits_per_second >= 5.0 && rates.rollbacks_per_second >= 1.0);
    let size: i64 = server.sql("postgres", "SELECT pg_database_size('readings_counters')").parse().unwrap();
    let told = second.size_bytes.unwrap();
    assert!((told - size).abs() < size / 4, "{told} against {size}");
}

#[tokio::test]
async fn signals_of_every_type_each_alone() {
    let server = database("readings_signals");
    let mut source = with_scalars(
        &url(server, SUPERUSER, "readings_signals"),
        &[
            "SELECT 42",
            "SELECT -12345.0625::numeric",
            "SELECT interval '1 hour 1 second'",
            "SELECT timestamptz '2026-01-02 03:04:05Z'",
            "SELECT true",
            "SELECT NULL::int",
            "SELECT 1 WHERE false",
            "SELECT 1, 2",
            "SELECT generate_series(1, 5)",
            "SELECT 'word'",
            "SELECT 1/0",
            "SELECT 1; SELECT 2",
            "SELECT 7;",
        ],
    );
    let reading = read(&mut source).await;
    let told: Vec<_> = reading.scalars.into_iter().map(|(_, value)| value).collect();
    assert_eq!(told.len(), 13);
    assert_eq!(told[0], Ok(SignalValue::Number(42.0)));
    assert_eq!(told[1], Ok(SignalValue::Number(-12345.0625)));
    assert_eq!(told[2], Ok(SignalValue::Number(3601.0)));
    assert_eq!(told[3], Ok(SignalValue::Instant(1_767_323_045.0)));
    assert_eq!(told[4], Ok(SignalValue::Number(1.0)));
    assert!(matches!(told[5], Err(Cause::NoSuchFigure { .. })) && matches!(told[6], Err(Cause::NoSuchFigure { .. })));
    assert!(told[7..10].iter().all(|v| matches!(v, Err(Cause::Misconfigured(_)))), "{:?}", &told[7..10]);
    assert!(matches!(&told[10], Err(Cause::Other(words)) if words.as_str().contains("division by zero")));
    assert!(matches!(told[11], Err(Cause::Other(_))), "{:?}", told[11]);
    assert_eq!(told[12], Ok(SignalValue::Number(7.0)));
    assert!(read(&mut source).await.sessions.is_ok(), "the connection took no harm");
}

#[tokio::test]
async fn a_signal_that_takes_too_long_fails_alone() {
    let server = database("readings_slow");
    let mut source =
        with_scalars(&url(server, SUPERUSER, "readings_slow"), &["SELECT 1 FROM pg_sleep(60)", "SELECT 5"]);
    let reading = read(&mut source).await;
    assert_eq!(reading.scalars[0].1, Err(Cause::OurQueryCancelled), "ended by the server's statement_timeout");
    assert_eq!(reading.scalars[1].1, Ok(SignalValue::Number(5.0)));
    assert!(reading.sessions.is_ok());
}

#[tokio::test]
async fn a_signal_is_read_when_due_or_waited_for() {
    let server = database("readings_due");
    let mut spec = super::spec(&url(server, SUPERUSER, "readings_due"));
    let query =
        |at| ScalarQuery { signal: SignalId(at), sql: format!("SELECT {at}"), interval: Duration::from_secs(3600) };
    spec.scalars = vec![query(0), query(1)];
    let mut source = PostgresSource::new(spec);
    assert_eq!(read(&mut source).await.scalars.len(), 2);
    assert_eq!(read(&mut source).await.scalars.len(), 0);
    source.hasten();
    assert_eq!(read(&mut source).await.scalars.len(), 2, "somebody waits for them");
    assert_eq!(read(&mut source).await.scalars.len(), 0, "once");
}

#[tokio::test]
async fn hostile_bytes_in_names_and_queries_come_as_bytes() {
    let server = database("readings_hostile");
    let client = session(server, "x", "readings_hostile").await;
    client.batch_execute("SET application_name = E'evil\\x1b[31m'; SELECT E'\\x1b]52;c;!\\x07'").await.unwrap();
    let mut source = source(&url(server, SUPERUSER, "readings_hostile"));
    let reading = read(&mut source).await;
    let list = &reading.sessions.as_ref().unwrap().list;
    let mine = list.iter().find(|s| s.database.as_bytes() == b"readings_hostile").unwrap();
    assert!(mine.application.as_bytes().starts_with(b"evil"));
    assert!(!mine.application.one_line().as_str().contains('\x1b'));
}

#[tokio::test]
async fn over_the_socket_and_by_the_address() {
    let server = database("readings_socket");
    let folder = server.socket_folder().display().to_string().replace('/', "%2F");
    let over_socket = format!("postgresql://{SUPERUSER}@{folder}:{}/readings_socket", server.port());
    let reading = read(&mut source(&over_socket)).await;
    assert!(reading.server.address.as_str().starts_with("/tmp/"), "{}", reading.server.address);
    let by_address =
        format!("host=db.invalid hostaddr=127.0.0.1 port={} user={SUPERUSER} dbname=postgres", server.port());
    assert!(source(&by_address).read(DEADLINE).await.is_ok(), "the name is not looked up");
}

#[tokio::test]
async fn a_pile_of_waiting_sessions_is_grouped_by_the_server() {
    let server = PostgresServer::start(&["max_connections = 120"]);
    server.sql("postgres", "CREATE TABLE t (a int)");
    let holder = session(&server, "r_holder", "postgres").await;
    holder.batch_execute("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let mut waiters = Vec::new();
    for _ in 0..70 {
        let waiter = session(&server, "r_pile", "postgres").await;
        waiters.push(tokio::spawn(async move { waiter.batch_execute("SELECT a FROM t").await }));
    }
    let mut source = source(&url(&server, SUPERUSER, "postgres"));
    while read(&mut source).await.sessions.unwrap().waiting < 70 {
        tokio::task::yield_now().await;
    }
    // Past 64 waiting sessions the next reading lets the server group them, and asks only some who blocks them.
    let reading = read(&mut source).await;
    let sessions = reading.sessions.as_ref().unwrap();
    assert_eq!((sessions.waiting, sessions.blocked, sessions.left_out), (70, 64, 0));
    assert_eq!((sessions.unasked, sessions.blocked_as_known()), (6, None), "any of the others may be blocked too");
    assert_eq!(sessions.by_state, [(SessionState::Active, 70), (SessionState::IdleInTransaction, 1)]);
    let slots = reading.slots.as_ref().unwrap();
    assert_eq!(slots.used, 72);
    assert_eq!((slots.holders[0].application.as_bytes(), slots.holders[0].count), (&b"r_pile"[..], 70));
    holder.batch_execute("ROLLBACK").await.unwrap();
    for waiter in waiters {
        waiter.await.unwrap().unwrap();
    }
    read(&mut source).await;
    let reading = read(&mut source).await;
    assert_eq!(reading.sessions.unwrap().waiting, 0);
}

#[tokio::test]
async fn sessions_at_rest_stay_in_the_list_and_the_gone_leave_it() {
    let server = PostgresServer::start(&[]);
    let staying = session(&server, "r_staying", "postgres").await;
    let leaving = session(&server, "r_leaving", "postgres").await;
    staying.batch_execute("SELECT 'stays'").await.unwrap();
    leaving.batch_execute("SELECT 'leaves'").await.unwrap();
    let mut source = source(&url(&server, SUPERUSER, "postgres"));
    let first = read(&mut source).await;
    // Past the margin of a second they count as at rest, and only their pids are sent.
    server.sql("postgres", "SELECT pg_sleep(2.1)");
    read(&mut source).await;
    drop(leaving);
    let reading = loop {
        let reading = read(&mut source).await;
        // Whoever slept for us goes too, and may take longer.
        if reading.sessions.as_ref().unwrap().list.len() == 1 {
            break reading;
        }
        tokio::task::yield_now().await;
    };
    let (before, now) =
        (of_application(&first, "r_staying").remove(0), of_application(&reading, "r_staying").remove(0));
    assert_eq!((before.id, &before.query), (now.id, &now.query));
    assert!(now.state_age.unwrap() >= before.state_age.unwrap() + Duration::from_secs(2), "its age goes on");
    staying.batch_execute("BEGIN").await.unwrap();
    let stirred = of_application(&read(&mut source).await, "r_staying").remove(0);
    assert_eq!(stirred.state, SessionState::IdleInTransaction);
}
