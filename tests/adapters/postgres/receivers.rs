//! Whom a request reaches, read from a real server: rows of any types, read-only, bounded, and nothing left behind.

use std::time::Duration;

use quarterdeck::domain::Cause;

use super::{DEADLINE, source, url};
use crate::support::postgres_server::PostgresServer;

#[tokio::test]
async fn names_and_counts_read_only_and_bounded() {
    let server = PostgresServer::start(&[]);
    server.sql(
        "postgres",
        "CREATE TABLE queue (webhook_id bigint, status text); \
         INSERT INTO queue SELECT 1 + n % 3, 'pending' FROM generate_series(1, 30) AS n; INSERT INTO queue VALUES (NULL, 'pending')",
    );
    server.sql("postgres", "CREATE ROLE ops LOGIN; GRANT SELECT ON queue TO ops; GRANT DELETE ON queue TO ops");
    let mut source = source(&url(&server, "ops", "postgres"));
    let sql =
        "SELECT webhook_id, count(*) FROM queue WHERE status = 'pending' GROUP BY webhook_id; -- the team's own\n";
    let failed = source.receivers(sql, 10, DEADLINE).await;
    assert!(failed.is_err(), "what stands behind the end is another statement: {failed:?}");
    let sql = "SELECT webhook_id, count(*) FROM queue WHERE status = 'pending' GROUP BY webhook_id -- the team's own";
    let mut found = source.receivers(sql, 10, DEADLINE).await.unwrap();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let found: Vec<(String, f64)> = found.iter().map(|(name, count)| (name.one_line().to_string(), *count)).collect();
    assert_eq!(found, [(String::new(), 1.0), ("1".into(), 10.0), ("2".into(), 10.0), ("3".into(), 10.0)]);
    assert_eq!(source.receivers(sql, 2, DEADLINE).await.unwrap().len(), 2, "bounded");

    let sql = "SELECT 'x', NULL::bigint";
    assert!(source.receivers(sql, 9, DEADLINE).await.unwrap()[0].1.is_nan(), "a count that is not there is not zero");
    for writes in [
        "DELETE FROM queue RETURNING 'x', 1",
        "WITH gone AS (DELETE FROM queue RETURNING 1) SELECT 'x', count(*) FROM gone",
        "SELECT 'x', 1) AS a(name, count); DELETE FROM queue; SELECT (1",
    ] {
        assert!(source.receivers(writes, 9, DEADLINE).await.is_err(), "{writes}");
    }
    assert_eq!(source.receivers("SELECT 'all', count(*) FROM queue", 9, DEADLINE).await.unwrap()[0].1, 31.0);
    let slow = source.receivers("SELECT 'x', 1 FROM pg_sleep(30)", 9, Duration::from_millis(300)).await;
    assert!(matches!(slow, Err(Cause::Timeout { .. })), "{slow:?}");
    assert!(source.receivers("SELECT 'again', 1", 9, DEADLINE).await.is_ok(), "the next one is answered");
}
