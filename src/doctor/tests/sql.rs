//! SQL: the statistics views, read wrongly and rightly.

use super::*;

fn of(text: &str) -> Vec<(usize, &'static str)> {
    codes(Kind::Sql, text)
}

#[test]
fn columns_that_do_not_exist() {
    let gone = [
        "SELECT datname, count(*) AS n, max_conn FROM pg_stat_activity GROUP BY datname, max_conn",
        "SELECT a.procpid FROM pg_stat_activity a",
        "SELECT relname, indexname FROM pg_stat_user_indexes ORDER BY indexname",
        "SELECT round(otta / cc) AS waste FROM (SELECT * FROM pgstattuple_approx('t')) x",
        "SELECT l.pid, l.query FROM pg_locks AS l JOIN pg_stat_activity s ON s.pid = l.pid",
        "SELECT pid FROM pg_catalog.pg_stat_activity WHERE waiting",
        "SELECT d.datname FROM pg_stat_database d WHERE d.connections > 3",
        "SELECT pid FROM pg_stat_activity WHERE pid IN (SELECT process FROM pg_locks)",
    ];
    for text in gone {
        assert_eq!(of(text), [(1, "QD-S001")], "{text}");
    }
    let right = [
        "SELECT datname, count(*) connections FROM pg_stat_activity GROUP BY 1 ORDER BY connections",
        "SELECT pid, now() - query_start AS age, left(query, 80) FROM pg_stat_activity WHERE state <> 'idle' ORDER BY age DESC",
        "SELECT max_conn FROM pg_stat_activity, settings_of_ours",
        "SELECT a.pid, b.anything FROM pg_stat_activity a JOIN ours b ON b.pid = a.pid WHERE shade = 1",
        "WITH pg_stat_activity AS (SELECT 1 AS max_conn) SELECT max_conn FROM pg_stat_activity",
        "SELECT EXTRACT(EPOCH FROM now() - xact_start)::bigint AS s FROM pg_stat_activity WHERE backend_type = 'client backend'",
        "SELECT pid FROM pg_stat_activity WHERE query_start < now() - interval '5 minutes' AND datname = $1",
        "SELECT c.relname, i.idx_scan FROM pg_stat_user_indexes i JOIN pg_class c ON c.oid = i.relid",
        "SELECT pid, mode, relation::regclass FROM pg_locks WHERE NOT granted",
        "SELECT s.pid, x.n FROM pg_stat_activity s CROSS JOIN LATERAL (SELECT count(*) AS n FROM pg_locks l WHERE l.pid = s.pid) x",
        "SELECT query, calls, total_exec_time / calls AS mean FROM pg_stat_statements ORDER BY mean DESC LIMIT 5",
        "SELECT string_agg(DISTINCT state, ',' ORDER BY state) FROM pg_stat_activity",
        "SELECT count(*) FILTER (WHERE state = 'active') AS running FROM pg_stat_activity",
        "SELECT \"pid\", CASE WHEN state = 'x' THEN 1 ELSE 0 END flag FROM pg_stat_activity",
        "SELECT * FROM pg_stat_activity a (x, y) WHERE x = 1",
        "SELECT 1",
    ];
    for text in right {
        assert_eq!(of(text), [], "{text}");
    }
}

#[test]
fn what_is_meant_by_a_column() {
    let of = |text: &str| instead(Kind::Sql, text, "QD-S001");
    let text = "SELECT datname, count(*), max_conn FROM pg_stat_activity GROUP BY datname";
    assert_eq!(
        of(text),
        "SELECT datname, count(*), current_setting('max_connections')::int AS max_conn FROM pg_stat_activity GROUP BY datname;"
    );
    assert_eq!(of("SELECT procpid FROM pg_stat_activity"), "SELECT pid FROM pg_stat_activity;");
    assert_eq!(of("SELECT shade FROM pg_stat_activity"), "");
    assert_eq!(of("SELECT pid, usrname FROM pg_stat_activity"), "SELECT pid, usename FROM pg_stat_activity;");
    assert!(
        of("SELECT otta FROM (SELECT * FROM pgstattuple_approx('a.b')) t").ends_with("FROM pgstattuple_approx('a.b');")
    );
}

#[test]
fn idle_sessions() {
    let text = "SELECT pg_terminate_backend(pid)\nFROM pg_stat_activity\nWHERE state = 'idle'\n  AND query_start < now() - interval '5 min'";
    assert_eq!(of(text), [(1, "QD-S003"), (4, "QD-S002")]);
    let mended = instead(Kind::Sql, text, "QD-S002");
    assert!(mended.contains("AND state_change < now()") && mended.contains("pid <> pg_backend_pid()"), "{mended}");
    assert_eq!(of(&mended), [], "what is written instead is right itself");
    for right in [
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = 42",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'a' AND pid <> pg_backend_pid()",
        "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query_start < now() - interval '5 min'",
        "SELECT pid FROM pg_stat_activity WHERE state <> 'idle' AND query_start < now() - interval '5 min'",
        "SELECT pid, query_start FROM pg_stat_activity WHERE state = 'idle' AND state_change < now() - interval '5 min'",
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity",
    ] {
        assert_eq!(of(right), [], "{right}");
    }
}

/// A condition that is added stands where conditions stand, and holds for all.
#[test]
fn a_termination_is_limited_where_its_filter_ends() {
    let mended = |text: &str| instead(Kind::Sql, text, "QD-S003").replace('\n', " ");
    let text = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'x' OR (wait_event = 'y') ORDER BY pid LIMIT 3";
    let right = mended(text);
    assert!(right.contains("WHERE (state = 'x' OR (wait_event = 'y'))   AND datname"), "{right}");
    assert!(right.ends_with("pg_backend_pid() ORDER BY pid LIMIT 3;"), "{right}");
    let right = mended("SELECT pg_terminate_backend(pid) FROM pg_stat_activity ORDER BY pid");
    assert!(right.contains("FROM pg_stat_activity WHERE datname") && right.ends_with("ORDER BY pid;"), "{right}");
    // Beside another relation a bare name is ambiguous.
    for (from, name) in [
        ("pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid", "a"),
        ("pg_locks l, pg_stat_activity", "pg_stat_activity"),
    ] {
        let right = mended(&format!("SELECT pg_terminate_backend({name}.pid) FROM {from} WHERE NOT l.granted"));
        for column in ["datname", "usename", "backend_type", "pid"] {
            assert!(right.contains(&format!("AND {name}.{column} ")), "{right}");
        }
    }
}

#[test]
fn long_running() {
    let text = "-- long-running queries\nSELECT pid FROM pg_stat_activity\nWHERE query != '<idle>'\nORDER BY query_start DESC;";
    assert_eq!(of(text), [(3, "QD-S004"), (4, "QD-S007")]);
    let mended = instead(Kind::Sql, text, "QD-S007");
    assert_eq!(mended, "SELECT pid FROM pg_stat_activity\nWHERE state <> 'idle'\nORDER BY query_start;");
    assert_eq!(of("SELECT pid FROM pg_stat_activity ORDER BY query_start DESC; -- the latest"), []);
}

#[test]
fn indexes_and_means() {
    let missing = "-- find missing indexes\nSELECT relname, indexrelname FROM pg_stat_user_indexes WHERE idx_scan = 0";
    assert_eq!(of(missing), [(2, "QD-S005"), (2, "QD-S006")]);
    let mended = instead(Kind::Sql, missing, "QD-S006");
    assert!(!of(&mended).iter().any(|(_, c)| *c == "QD-S006"), "{mended}");
    assert_eq!(of("SELECT query FROM pg_stat_statements WHERE mean_exec_time > 100"), [(1, "QD-S008")]);
    assert_eq!(of("SELECT query, mean_exec_time FROM pg_stat_statements ORDER BY total_exec_time DESC"), []);
}

#[test]
fn anything_is_read_to_its_end() {
    for text in [
        "(",
        ")",
        "select",
        "select (select (select",
        "select from",
        "from from",
        "'",
        "select a. from pg_locks a",
        "$$",
        ";;;",
        "select * from pg_locks l (",
    ] {
        let _ = of(text);
    }
    let _ = of(&"select (".repeat(20_000));
    let _ = of(&format!("select {} from pg_locks", "(pid".repeat(20_000)));
}
