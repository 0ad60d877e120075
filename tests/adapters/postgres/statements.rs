//! `pg_stat_statements`: deltas over real readings, texts of what is new at the top, resets.

use std::time::Duration;

use quarterdeck::adapters::postgres::PostgresSource;
use quarterdeck::config::resolved::DatabaseSpec;
use quarterdeck::database::statements::delta;
use quarterdeck::domain::database::StatementsReading;

use super::{SUPERUSER, read, session, spec, url};
use crate::support::postgres_server::PostgresServer;

async fn statements(source: &mut PostgresSource) -> StatementsReading {
    loop {
        if let Some(part) = read(source).await.statements {
            return part.unwrap();
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn deltas_texts_and_resets() {
    let server = PostgresServer::start(&[]);
    server.sql("postgres", "CREATE EXTENSION pg_stat_statements; CREATE TABLE t AS SELECT generate_series(1, 50000) a");
    let client = session(&server, "load", "postgres").await;
    let base = Duration::from_millis(1);
    let mut source =
        PostgresSource::new(DatabaseSpec { statements_interval: base, ..spec(&url(&server, SUPERUSER, "postgres")) });
    let first = statements(&mut source).await;
    assert!(first.texts.is_empty() && !first.snapshot.entries.is_empty());
    assert!(first.snapshot.entries.windows(2).all(|w| w[0].id < w[1].id), "sorted");
    for _ in 0..20 {
        client.batch_execute("SELECT /* marked */ count(*) FROM t a WHERE a.a % 7 = 3").await.unwrap();
    }
    let second = statements(&mut source).await;
    let step = delta(&first.snapshot, &second.snapshot, base);
    assert!(!step.reset && step.evicted == Some(0));
    let (id, text) = second
        .texts
        .iter()
        .find(|(_, text)| text.one_line().as_str().contains("marked"))
        .expect("the text of what is new at the top comes along");
    assert!(text.one_line().as_str().contains("$1"), "normalised: {text:?}");
    let row = step.rows.iter().find(|row| row.id == *id).unwrap();
    assert_eq!(row.calls, 20);
    assert!(row.new && row.total_ms > 0.0);
    client.batch_execute("SELECT /* marked */ count(*) FROM t a WHERE a.a % 9 = 1").await.unwrap();
    let third = statements(&mut source).await;
    assert!(third.texts.iter().all(|(known, _)| known != id), "a text comes once");
    let step = delta(&second.snapshot, &third.snapshot, base);
    assert_eq!(step.rows.iter().find(|row| row.id == *id).unwrap().calls, 1);
    server.sql("postgres", "SELECT pg_stat_statements_reset()");
    let fourth = statements(&mut source).await;
    let step = delta(&third.snapshot, &fourth.snapshot, base);
    assert!(step.reset && step.vanished > 0);
    assert!(step.rows.iter().all(|row| row.calls >= 0 && row.total_ms >= 0.0));
}

#[tokio::test]
async fn evicted_entries_are_counted() {
    let server = PostgresServer::start(&["pg_stat_statements.max = 100"]);
    server.sql("postgres", "CREATE EXTENSION pg_stat_statements");
    let client = session(&server, "load", "postgres").await;
    let base = Duration::from_millis(1);
    let mut source =
        PostgresSource::new(DatabaseSpec { statements_interval: base, ..spec(&url(&server, SUPERUSER, "postgres")) });
    let first = statements(&mut source).await;
    for at in 0..150 {
        client.batch_execute(&format!("SELECT 1{}", ", 1".repeat(at))).await.unwrap();
    }
    let second = statements(&mut source).await;
    let step = delta(&first.snapshot, &second.snapshot, base);
    assert!(step.evicted.unwrap() > 0, "{:?}", step.evicted);
}

#[tokio::test]
async fn our_own_statements_are_left_out() {
    let server = PostgresServer::start(&[]);
    server.sql("postgres", "CREATE EXTENSION pg_stat_statements");
    let base = Duration::from_millis(1);
    let mut source =
        PostgresSource::new(DatabaseSpec { statements_interval: base, ..spec(&url(&server, SUPERUSER, "postgres")) });
    for _ in 0..6 {
        let reading = statements(&mut source).await;
        assert!(reading.texts.iter().all(|(_, text)| !text.as_bytes().starts_with(b"/* quarterdeck")));
    }
    let last = statements(&mut source).await.snapshot;
    let ours = server.sql(
        "postgres",
        "SELECT string_agg(queryid::text, ',') FROM pg_stat_statements \
         WHERE query LIKE '/* quarterdeck: one reading%' OR query LIKE '/* quarterdeck: counters%'",
    );
    let ours: Vec<i64> = ours.split(',').map(|id| id.parse().unwrap()).collect();
    assert_eq!(ours.len(), 2);
    assert!(last.entries.iter().all(|entry| !ours.contains(&entry.id.query)));
}
