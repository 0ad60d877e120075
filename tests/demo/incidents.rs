//! Every incident really happens, and is really cured from outside.

use std::fs;

use crate::sample::{Sample, ask, until};

fn begin(scenario: &str) -> Sample {
    Sample::ready(&["--scenario", scenario, "--scenario-after", "2s"])
}

/// The share of hits among the next look-ups of the load.
fn hit_share(sample: &Sample) -> Option<f64> {
    let lookups = || Some((sample.figure("cache_hits_total")?, sample.figure("cache_misses_total")?));
    let (hits, misses) = lookups()?;
    let (after, lost) = until("forty look-ups", || lookups().filter(|now| now.0 + now.1 >= hits + misses + 40.0));
    Some((after - hits) / (after - hits + lost - misses))
}

#[test]
fn pool_exhaustion_is_cured_by_terminating_sessions_idle_in_transaction() {
    let sample = begin("pool-exhaustion");
    let database = sample.database();
    let leaked = "pg_stat_activity WHERE application_name = 'report-batch' AND state = 'idle in transaction'";
    until("requests time out on the pool", || {
        let (code, body) = sample.get("/api/v1/webhooks")?;
        (code == 503 && body["error"].as_str()?.contains("pool timeout")).then_some(())
    });
    assert!(database.number(&format!("SELECT count(*) FROM {leaked}")) > 20);
    until("the pool is full again", || {
        // A session that was just being opened is leaked after the look: a person terminates it at the next one.
        database.rows(&format!("SELECT pg_terminate_backend(pid)::text FROM {leaked}"));
        let whole = sample.get("/health/deep")?.1["checks"]["database"]["pool"]["available"].as_u64()? >= 15;
        (whole && database.number(&format!("SELECT count(*) FROM {leaked}")) == 0).then_some(())
    });
}

#[test]
fn pool_exhaustion_ends_when_some_of_its_sessions_are_terminated() {
    let sample = begin("pool-exhaustion");
    let database = sample.database();
    let of_batch = "pg_stat_activity WHERE application_name = 'report-batch'";
    let leaked = || database.number(&format!("SELECT count(*) FROM {of_batch} AND state = 'idle in transaction'"));
    until("the pool is nearly exhausted", || (leaked() > 10).then_some(()));
    // Who is younger than a guarded action's limit is left alone: the one that is the oldest stands for all that are not.
    let oldest = "state = 'idle in transaction' ORDER BY state_change LIMIT 1";
    assert_eq!(
        database.rows(&format!("SELECT pg_terminate_backend(pid)::text FROM {of_batch} AND {oldest}")),
        ["true"]
    );
    until("none of its sessions is left", || {
        (database.number(&format!("SELECT count(*) FROM {of_batch}")) == 0).then_some(())
    });
    until("the pool is full again", || {
        let whole = sample.get("/health/deep")?.1["checks"]["database"]["pool"]["available"].as_u64()? >= 15;
        whole.then_some(())
    });
    assert_eq!(database.number(&format!("SELECT count(*) FROM {of_batch}")), 0, "it does not begin again");
}

#[test]
fn cold_cache_is_cured_by_warming() {
    let sample = begin("cold-cache");
    until("most look-ups miss", || hit_share(&sample).filter(|share| *share < 0.5));
    assert_eq!(sample.post("/api/v1/cache/warm").0, 200);
    until("most look-ups hit", || hit_share(&sample).filter(|share| *share > 0.8));
}

#[test]
fn slow_query_is_cured_by_cancelling_the_report() {
    let sample = begin("slow-query");
    let database = sample.database();
    let index = "SELECT count(*) FROM pg_indexes WHERE indexname = 'commits_fingerprint_idx'";
    let plan = "EXPLAIN SELECT id FROM commits WHERE content_fingerprint(message) = 'x'";
    let report = "pg_stat_activity WHERE application_name = 'report-batch' AND state = 'active' AND query ~ 'other'";
    until("the index is gone and the report runs", || {
        let runs = database.number(&format!("SELECT count(*) FROM {report}")) == 1;
        (runs && database.number(index) == 0).then_some(())
    });
    assert!(database.rows(plan)[0].contains("Seq Scan"));
    until("the search is called without its index", || {
        let slow = "SELECT count(*) FROM pg_stat_statements WHERE query ~ '^SELECT id.*LIMIT' AND max_exec_time > 100";
        (database.number(slow) > 0).then_some(())
    });
    database.rows(&format!("SELECT pg_cancel_backend(pid)::text FROM {report}"));
    until("the job put its index back", || (database.number(index) == 1).then_some(()));
    assert!(!database.rows(plan)[0].contains("Seq Scan"));
}

#[test]
fn slow_query_is_cured_by_creating_the_index() {
    let sample = begin("slow-query");
    let database = sample.database();
    let index = "SELECT count(*) FROM pg_indexes WHERE indexname = 'commits_fingerprint_idx'";
    until("the index is gone", || (database.number(index) == 0).then_some(()));
    database.rows("CREATE INDEX commits_fingerprint_idx ON commits (content_fingerprint(message))");
    let plan = "EXPLAIN SELECT id FROM commits WHERE content_fingerprint(message) = 'x'";
    assert!(!database.rows(plan)[0].contains("Seq Scan"));
}

#[test]
fn lock_pileup_is_cured_by_cancelling_the_root_blocker() {
    let sample = begin("lock-pileup");
    let database = sample.database();
    let blocked = "SELECT count(*) FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0";
    until("three sessions are blocked", || (database.number(blocked) >= 3).then_some(()));
    let root = "SELECT DISTINCT root.application_name FROM pg_stat_activity AS waiting
        JOIN pg_stat_activity AS root ON root.pid = ANY (pg_blocking_pids(waiting.pid))
        WHERE cardinality(pg_blocking_pids(root.pid)) = 0";
    until("the migration is the root", || (database.rows(root) == ["schema-migration"]).then_some(()));
    let cancel = "SELECT pg_cancel_backend(pid)::text FROM pg_stat_activity
        WHERE application_name = 'schema-migration' AND state = 'active' AND query ~ '^UPDATE webhooks'";
    assert_eq!(database.rows(cancel), ["true"]);
    until("nobody waits", || (database.number(blocked) == 0).then_some(()));
    until("webhooks answer", || sample.get("/api/v1/webhooks").filter(|(code, _)| *code == 200));
    let left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'schema-migration'";
    until("the migration rolled back and went", || (database.number(left) == 0).then_some(()));
    let column = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'webhooks'::regclass AND attname = 'owner'";
    assert_eq!(database.number(column), 0, "nothing of it is left");
}

#[test]
fn error_burst_is_cured_by_restarting_the_api() {
    let sample = begin("error-burst");
    let failed = || sample.get("/api/v1/commits/7").map(|(code, _)| code);
    until("requests fail", || failed().filter(|code| *code == 500));
    until("traces are in the log", || {
        let log = fs::read_to_string(&sample.at.log_path).ok()?;
        log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()).find(|line| {
            line["level"] == "ERROR" && line["exception"].as_str().is_some_and(|trace| trace.starts_with("Traceback"))
        })
    });
    assert_eq!(failed(), Some(500), "it does not heal by itself");
    let before = sample.get("/health").unwrap().1["pid"].clone();
    assert_ne!(sample.manage("restart", "api")["pid"], before);
    until("requests succeed", || failed().filter(|code| *code == 200));
}

#[test]
fn service_down_is_cured_by_restarting_the_worker() {
    let sample = begin("service-down");
    until("the worker refuses", || ask("GET", &sample.at.worker_url, "/health").is_none().then_some(()));
    assert!(sample.manage("status", "worker")["pid"].is_null());
    sample.manage("restart", "worker");
    until("the worker is healthy", || {
        ask("GET", &sample.at.worker_url, "/health").filter(|(_, body)| body["status"] == "healthy")
    });
}

#[test]
fn backlog_is_cured_by_retrying_what_is_pending() {
    let sample = begin("backlog");
    until("more than a thousand deliveries wait", || {
        sample.figure("webhook_queue_depth").filter(|depth| *depth > 1000.0)
    });
    let (code, body) = sample.post("/api/v1/webhooks/retry-pending");
    assert!(code == 200 && body["retried"].as_u64().unwrap() > 1000);
    until("the queue is short", || sample.figure("webhook_queue_depth").filter(|depth| *depth < 50.0));
}
