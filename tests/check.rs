//! `quarterdeck check` as a script sees it: JSON of schema 1, words, exit statuses, against a real sample system and
//! against servers that misbehave.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::string_slice, reason = "tests may panic")]

#[path = "check/alerts.rs"]
mod alerts;
#[path = "support/fake_http.rs"]
mod fake_http;
#[path = "check/judged.rs"]
mod judged;
#[path = "check/kept.rs"]
mod kept;
#[path = "support/postgres_server.rs"]
#[allow(dead_code, reason = "shared with the tests of the adapters")]
mod postgres_server;
#[path = "support/redis_server.rs"]
#[allow(dead_code, reason = "shared with the tests of the adapters")]
mod redis_server;
#[path = "demo/sample.rs"]
#[allow(dead_code, reason = "shared with the tests of the demo")]
mod sample;
#[path = "check/watched.rs"]
mod watched;
mod world;

use std::collections::BTreeSet;
use std::process::{Command, Output};

use fake_http::{FakeHttp, Step};
use sample::{PROGRAM, Sample, until};
use serde_json::Value;

/// One look, with nothing of this machine's environment in it.
fn check(arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.env_clear().env("PATH", std::env::var("PATH").unwrap_or_default()).env("XDG_STATE_HOME", "/nonexistent");
    command.arg("check").args(arguments).output().unwrap()
}

fn json(arguments: &[&str]) -> (i32, Value) {
    let all = [&["--json", "--sample", "200ms"], arguments].concat();
    let output = check(&all);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.ends_with("}\n") && text.lines().count() == 1, "{text} {:?}", String::from_utf8_lossy(&output.stderr));
    assert!(text.bytes().all(|b| b == b'\n' || (0x20..0x7f).contains(&b)), "only ASCII leaves: {text}");
    (output.status.code().unwrap(), serde_json::from_str(&text).unwrap())
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap_or_else(|| panic!("no object: {value}")).keys().map(String::as_str).collect()
}

fn has(value: &Value, wanted: &[&str]) {
    assert_eq!(keys(value), wanted.iter().copied().collect(), "{value}");
}

fn answer(status: &str, body: &str) -> Vec<Step> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}");
    vec![Step::Bytes(head.into_bytes())]
}

fn config(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("quarterdeck.toml");
    std::fs::write(&file, text).unwrap();
    (folder, file.to_string_lossy().into_owned())
}

#[test]
fn exit_statuses_of_verdicts() {
    for (status, body, verdict, code) in [
        ("200 OK", r#"{"status":"ok"}"#, "ok", 0),
        ("200 OK", r#"{"status":"degraded"}"#, "degraded", 1),
        ("200 OK", r#"{"status":"ok","checks":{"cache":"down"}}"#, "degraded", 1),
        ("503 Service Unavailable", r#"{"status":"down"}"#, "down", 2),
        ("200 OK", "<html>hello", "down", 2),
        ("429 Too Many Requests", "{}", "unknown", 3),
        ("403 Forbidden", "{}", "unknown", 3),
    ] {
        let server = FakeHttp::always(answer(status, body));
        let (exit, report) = json(&[&server.url("/health")]);
        assert_eq!((exit, &report["verdict"]), (code, &Value::from(verdict)), "{status} {body}: {report}");
        assert_eq!(
            report["services"][0]["status"],
            status.split(' ').next().unwrap().parse::<u16>().unwrap(),
            "{report}"
        );
        assert_eq!(server.requests().len(), 2, "two readings, no more");
    }
}

#[test]
fn the_newest_result_counts_without_debouncing() {
    let seen = std::sync::atomic::AtomicUsize::new(0);
    let server = FakeHttp::start(move |_| match seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => answer("200 OK", r#"{"status":"ok"}"#),
        _ => answer("503 Service Unavailable", r#"{"status":"down"}"#),
    });
    let (exit, report) = json(&[&server.url("/health")]);
    assert_eq!((exit, &report["services"][0]["verdict"]), (2, &Value::from("down")), "{report}");
}

#[test]
fn nobody_answers() {
    let gone = FakeHttp::always(Vec::new()).url("/health");
    let (exit, report) = json(&[&gone]);
    assert_eq!(exit, 2, "{report}");
    let service = &report["services"][0];
    assert!(
        service["status"].is_null() && service["latency_ms"].is_null() && service["certificate_days_left"].is_null()
    );
    assert!(service["detail"].as_str().unwrap().contains("refused"), "{service}");
}

#[test]
fn a_database_and_a_redis_that_are_gone() {
    let gone = FakeHttp::always(Vec::new()).address();
    let (database, redis) = (format!("postgresql://a@{gone}/a"), format!("redis://{gone}/0"));
    let (exit, report) = json(&["--db", &database, "--redis", &redis]);
    assert_eq!((exit, &report["verdict"]), (2, &Value::from("down")), "{report}");
    let database = &report["databases"][0];
    for key in ["server_version", "role", "connections", "slow_queries", "cache_hit_ratio"] {
        assert!(database[key].is_null(), "{key}: {database}");
    }
    assert!(database["problems"].to_string().contains("refused"), "{database}");
    assert!(report["caches"][0]["hit_ratio"].is_null() && report["caches"][0]["verdict"] == "down", "{report}");
}

#[test]
fn absent_sources_are_absent_keys() {
    let server = FakeHttp::always(answer("200 OK", r#"{"status":"ok","version":"1.2.3"}"#));
    let (_, report) = json(&[&server.url("/health")]);
    has(&report, &["schema", "verdict", "checked_at", "services"]);
    assert_eq!(report["schema"], 1);
    assert!(chrono::DateTime::parse_from_rfc3339(report["checked_at"].as_str().unwrap()).is_ok());
}

#[test]
fn counters_are_compared_and_an_idle_cache_is_ok() {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let server = FakeHttp::start(move |head| {
        let busy = head.starts_with("GET /busy");
        let step = if busy { asked.fetch_add(100, std::sync::atomic::Ordering::SeqCst) } else { 0 };
        answer("200 OK", &format!(r#"{{"hits":{},"misses":{},"rate":0.5}}"#, 9000 + step, 100 + step))
    });
    let text = format!(
        "[[cache]]\nname = \"busy\"\nurl = \"{}\"\nhits = \"/hits\"\nmisses = \"/misses\"\n\
         [[cache]]\nname = \"idle\"\nurl = \"{}\"\nhits = \"/hits\"\nmisses = \"/misses\"\n\
         [[cache]]\nname = \"bare\"\nurl = \"{}\"\nratio = \"/rate\"\ntarget = \"40 %\"\n",
        server.url("/busy"),
        server.url("/idle"),
        server.url("/bare")
    );
    let (_folder, file) = config(&text);
    let (exit, report) = json(&["--config", &file]);
    has(&report["caches"][0], &["name", "verdict", "hit_ratio", "basis", "source"]);
    let told: Vec<_> = report["caches"].as_array().unwrap().iter().map(|c| (&c["verdict"], &c["hit_ratio"])).collect();
    assert_eq!(told[0], (&Value::from("degraded"), &Value::from(0.5)), "{report}");
    assert_eq!(told[1], (&Value::from("ok"), &Value::Null), "{report}");
    assert_eq!(told[2], (&Value::from("ok"), &Value::from(0.5)), "{report}");
    assert!(report["caches"][1]["basis"].as_str().unwrap().starts_with("no traffic"), "{report}");
    assert_eq!(report["caches"][2]["basis"], "lifetime");
    assert_eq!(exit, 1);
}

#[test]
fn signals_past_their_threshold() {
    let (_folder, file) = config(
        "[[signal]]\nname = \"jobs\"\ncommand = [\"echo\", \"1200\"]\nunit = \"jobs\"\nthreshold = \"> 1000 for 5m\"\n\
         [[signal]]\nname = \"broken\"\ncommand = [\"false\"]\n",
    );
    let (exit, report) = json(&["--config", &file]);
    has(&report["signals"][0], &["name", "verdict", "value", "unit", "detail"]);
    assert_eq!(
        (&report["signals"][0]["verdict"], &report["signals"][0]["value"]),
        (&"degraded".into(), &1200.0.into())
    );
    assert_eq!(report["signals"][0]["unit"], "jobs");
    assert_eq!(report["signals"][0]["detail"], "past its threshold (> 1000 for 5m)");
    assert_eq!((&report["signals"][1]["verdict"], &report["signals"][1]["value"]), (&"unknown".into(), &Value::Null));
    assert_eq!(report["signals"][1]["detail"], "command ended with 1: it said nothing");
    assert_eq!(exit, 3, "unknown is worse than degraded");
}

#[test]
fn a_figure_leaves_in_the_unit_that_is_named() {
    let instant = (chrono::Utc::now() - chrono::TimeDelta::seconds(90)).to_rfc3339();
    let body = format!(r#"{{"text":"71.4%","plain":5,"last":"{instant}"}}"#);
    let server = FakeHttp::start(move |_| answer("200 OK", &body));
    let pointed = |name: &str, rest: &str| {
        format!("[[signal]]\nname = \"{name}\"\nurl = \"{}\"\npointer = \"/{name}\"\n{rest}", server.url("/figures"))
    };
    let (_folder, file) = config(&format!(
        "{}{}{}[[signal]]\nname = \"disk\"\ndisk = \"/\"\n\
         [[signal]]\nname = \"printed\"\ncommand = [\"echo\", \"50\"]\nunit = \"%\"\nthreshold = \"< 10 %\"\n",
        pointed("text", "unit = \"%\"\nthreshold = \"> 71 %\"\n"),
        pointed("plain", "unit = \"%\"\nthreshold = \"< 10 %\"\n"),
        pointed("last", "threshold = \"older than 1h\"\n"),
    ));
    let (exit, report) = json(&["--config", &file]);
    let told = |at: usize| {
        (&report["signals"][at]["verdict"], &report["signals"][at]["value"], &report["signals"][at]["unit"])
    };
    assert_eq!(told(0), (&"degraded".into(), &71.4.into(), &"%".into()), "{report}");
    assert_eq!(told(1), (&"degraded".into(), &5.0.into(), &"%".into()), "five percent is under ten: {report}");
    let age = told(2).1.as_f64().unwrap();
    assert!((89.0..200.0).contains(&age) && told(2).0 == "ok" && told(2).2 == "s", "an age, not an epoch: {report}");
    let disk = used_part("/");
    assert!((told(3).1.as_f64().unwrap() - disk).abs() < 2.0 && told(3).2 == "%", "{report} where df says {disk}");
    assert_eq!(told(4), (&"ok".into(), &50.0.into(), &"%".into()), "{report}");
    assert_eq!(exit, 1);

    let text = String::from_utf8(check(&["--sample", "100ms", "--config", &file]).stdout).unwrap();
    for wanted in [
        "text     71.4%  past its threshold (> 71 %)",
        "plain    5.00%  past its threshold (< 10 %)",
        "last     1m3",
        "printed  50.0%",
    ] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    assert!(text.lines().all(|line| line == line.trim_end()), "no blanks at the end of a line\n{text}");
}

/// Used part of a file system in percent, as `df` says it.
fn used_part(path: &str) -> f64 {
    let output = Command::new("df").args(["--output=used,avail", "-k", path]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let figures: Vec<f64> = text.lines().last().unwrap().split_whitespace().map(|n| n.parse().unwrap()).collect();
    100.0 * figures[0] / (figures[0] + figures[1])
}

#[test]
fn a_figure_that_is_not_there_says_why() {
    let server = FakeHttp::always(answer("200 OK", r#"{"a":1}"#));
    let gone = FakeHttp::always(Vec::new()).address();
    let (_folder, file) = config(&format!(
        "[[signal]]\nname = \"pointer\"\nurl = \"{}\"\npointer = \"/b\"\n\
         [[signal]]\nname = \"missing\"\ncommand = [\"no-such-program-here\"]\n\
         [[signal]]\nname = \"folder\"\ndisk = \"/no/such/folder\"\n\
         [[signal]]\nname = \"carried\"\nredis = [\"DBSIZE\"]\n\
         [[cache]]\nname = \"redis\"\nredis = \"redis://{gone}\"\n\
         [[database]]\nname = \"db\"\nurl = \"postgresql://a@{gone}/a\"\n\
         [[log]]\nname = \"app\"\nfiles = \"/no/such/folder/app.log\"\n\
         [[log]]\nname = \"unit\"\ncommand = [\"no-such-program-here\", \"-f\"]\n",
        server.url("/figures")
    ));
    let (_, report) = json(&["--config", &file]);
    let text = String::from_utf8(check(&["--sample", "100ms", "--config", &file]).stdout).unwrap();
    for (section, at, wanted) in [
        ("signals", 0, "no number at /b"),
        ("signals", 1, "program not installed: no-such-program-here"),
        ("signals", 2, "no such file: /no/such/folder"),
        ("signals", 3, "connection refused"),
        ("logs", 0, "no file /no/such/folder/app.log yet"),
        ("logs", 1, "program not installed: no-such-program-here"),
    ] {
        let detail = report[section][at]["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(wanted), "{section} {at}: {report}");
        assert!(text.contains(detail), "{detail}\n{text}");
    }
    assert!(report["databases"][0]["basis"].as_str().unwrap().contains("refused"), "{report}");
    assert!(report["caches"][0]["basis"].as_str().unwrap().contains("refused"), "{report}");
    assert!(!text.contains("null") && !text.contains("needs two readings"), "{text}");
}

#[test]
fn hostile_text_leaves_as_text() {
    let body = r#"{"status":"ok","checks":{"ca\u001b[2Jche\u202e":{"status":"down","message":"\u009b31m\u0007"}}}"#;
    let server = FakeHttp::always(answer("200 OK", body));
    let url = server.url("/health");
    let (_, report) = json(&[&url]);
    let told = report["services"][0]["checks"].to_string();
    assert!(told.contains("ca\\\\x1b[2Jche\\\\u{202e}"), "{told}");
    let text = String::from_utf8(check(&["--sample", "100ms", &url]).stdout).unwrap();
    assert!(text.contains("ca\\x1b[2Jche\\u{202e}"), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{7}', '\u{202e}']), "{text}");
}

#[test]
fn a_log_is_counted_and_not_judged() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("app.log");
    std::fs::write(&log, "level=error msg=a\nlevel=info msg=b\nlevel=error msg=c\n").unwrap();
    let server = FakeHttp::always(answer("200 OK", r#"{"status":"ok"}"#));
    let missing = folder.path().join("nothing.log");
    let url = server.url("/health");
    let arguments = [url.as_str(), "--log", log.to_str().unwrap(), "--log", missing.to_str().unwrap()];
    let (exit, report) = json(&arguments);
    has(&report["logs"][0], &["name", "lines", "errors", "dropped", "detail"]);
    assert_eq!((&report["logs"][0]["lines"], &report["logs"][0]["errors"]), (&3.into(), &2.into()), "{report}");
    assert_eq!(report["logs"][0]["dropped"], 0);
    assert!(report["logs"][1]["lines"].is_null(), "{report}");
    assert_eq!(exit, 0);
}

#[tokio::test]
async fn a_role_that_may_not_see_the_others_is_no_ok() {
    let server = postgres_server::PostgresServer::shared();
    server.sql("postgres", "CREATE ROLE mon LOGIN; CREATE EXTENSION pg_stat_statements");
    let admin = format!("postgresql://admin@127.0.0.1:{}/postgres", server.port());
    let (other, connection) = tokio_postgres::connect(&admin, tokio_postgres::NoTls).await.unwrap();
    let driven = tokio::spawn(connection);
    other.batch_execute("BEGIN; SELECT 1").await.unwrap();
    let url = format!("postgresql://mon@127.0.0.1:{}/postgres", server.port());
    let (exit, report) = json(&["--db", &url]);
    let database = &report["databases"][0];
    assert_eq!((exit, &database["verdict"]), (3, &Value::from("unknown")), "{report}");
    assert!(database["problems"].to_string().contains("GRANT pg_read_all_stats TO \\\"mon\\\""), "{report}");
    let text = String::from_utf8(check(&["--sample", "100ms", "--db", &url]).stdout).unwrap();
    assert!(text.contains("GRANT pg_read_all_stats TO \"mon\""), "{text}");
    // What was told helps.
    server.sql("postgres", "GRANT pg_read_all_stats TO \"mon\"");
    let (exit, report) = json(&["--db", &url]);
    assert_eq!((exit, report["databases"][0]["problems"].to_string()), (0, "[]".to_owned()), "{report}");
    driven.abort();
}

#[test]
fn usage() {
    for arguments in [&["--sample", "never"][..], &["--nonsense"], &["--sample", "1ms"]] {
        let output = check(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
}

#[test]
fn the_sample_system_as_it_is() {
    let sample = Sample::ready(&[]);
    let (database, redis) = (sample.at.database_url.clone().unwrap(), sample.at.redis_url.clone().unwrap());
    let (api, gateway) = (format!("{}/health/deep", sample.at.api_url), format!("{}/health", sample.at.gateway_url));
    let log = sample.at.log_path.to_string_lossy().into_owned();
    let arguments = ["--json", "--sample", "2s", &api, &gateway, "--db", &database, "--redis", &redis, "--log", &log];
    // The first seconds of a sample may still be settling.
    let report = until("statements ran in between", || {
        let output = check(&arguments);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "the gateway is degraded: {report}");
        (report["databases"][0]["slow_queries"].as_array().is_some_and(|q| q.len() > 2)).then_some(report)
    });
    has(&report, &["schema", "verdict", "checked_at", "services", "databases", "caches", "logs"]);
    for service in report["services"].as_array().unwrap() {
        has(service, &["name", "url", "verdict", "status", "latency_ms", "detail", "checks", "certificate_days_left"]);
        assert!(service["latency_ms"].as_f64().unwrap() > 0.0 && service["status"] == 200);
        assert!(!service["checks"].as_array().unwrap().is_empty());
        service["checks"].as_array().unwrap().iter().for_each(|c| has(c, &["name", "verdict", "detail"]));
    }
    let database = &report["databases"][0];
    has(
        database,
        &[
            "name",
            "verdict",
            "server_version",
            "role",
            "connections",
            "slow_queries",
            "cache_hit_ratio",
            "basis",
            "problems",
        ],
    );
    assert_eq!((&database["role"], &database["verdict"]), (&"primary".into(), &"ok".into()), "{database}");
    has(&database["connections"], &["used", "usable", "max", "by_state"]);
    let connections = &database["connections"];
    let figure = |key: &str| connections[key].as_u64().unwrap();
    // How many of its pool the sample has open is its own affair.
    assert!((2..figure("usable")).contains(&figure("used")) && figure("usable") < figure("max"), "{connections}");
    assert!(connections["by_state"].as_object().unwrap().values().all(Value::is_u64));
    let ratio = database["cache_hit_ratio"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&ratio));
    let basis = database["basis"].as_str().unwrap();
    let seconds: f64 = basis.strip_prefix("delta ").and_then(|b| b.strip_suffix('s')).unwrap().parse().unwrap();
    assert!(seconds >= 2.0, "two readings, 2 s apart: {basis}");
    for query in database["slow_queries"].as_array().unwrap() {
        has(query, &["query", "calls", "mean_ms", "total_ms"]);
        assert!(query["calls"].as_i64().unwrap() > 0 && query["total_ms"].as_f64().unwrap() >= 0.0);
        assert!(query["query"].is_string(), "{query}");
    }
    let cache = &report["caches"][0];
    assert!(cache["source"].as_str().unwrap().starts_with("redis 127.0.0.1:"), "{cache}");
    assert!(cache["basis"].as_str().unwrap().starts_with("last "), "{cache}");
    assert!(report["logs"][0]["lines"].as_u64().unwrap() > 0);
    words(&arguments[3..]);
}

fn words(arguments: &[&str]) {
    let output = check(arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("DEGRADED  20"), "the year: {text}");
    for kind in ["service", "database", "cache", "log"] {
        assert!(lines.iter().any(|l| l.split_whitespace().nth(1) == Some(kind)), "{kind}: {text}");
    }
    assert!(lines.iter().any(|l| l.contains("of 97 usable connections") || l.contains("usable connections")), "{text}");
    assert!(!text.contains('\u{1b}'));
}

/// A server with health, and metrics that go on counting.
fn counting(broken: bool) -> FakeHttp {
    let seen = std::sync::atomic::AtomicU64::new(1);
    FakeHttp::start(move |head| {
        if head.starts_with("GET /metrics") {
            let n = seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst) * 100;
            let last = if broken { "broken 1_2\n" } else { "pool_free 1\n" };
            let body = format!(
                "http_requests_total{{status=\"200\"}} {}\nhttp_requests_total{{status=\"500\"}} {}\n{last}",
                n - n / 4,
                n / 4
            );
            let length = body.len();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{body}");
            return vec![Step::Bytes(head.into_bytes())];
        }
        answer("200 OK", r#"{"status":"ok"}"#)
    })
}

#[test]
fn metrics_are_scraped_twice_and_rules_judged_after_that() {
    let server = counting(false);
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.yml");
    let text = "groups: [{name: g, rules: [{alert: Pool, expr: pool_free < 2}, {alert: Slow, expr: 'rate(http_requests_total[5m]) > 1'}]}]\n";
    std::fs::write(&rules, text).unwrap();
    let metrics = server.url("/metrics");
    let (code, report) = json(&[&server.url("/health"), "--metrics", &metrics, "--rules", rules.to_str().unwrap()]);
    let of = &report["metrics"][0];
    assert_eq!(
        (of["verdict"].as_str(), of["samples"].as_u64(), of["url"].as_str()),
        (Some("ok"), Some(3), Some(&*metrics))
    );
    assert_eq!(of["error_ratio"], 0.25, "{report}");
    assert!(of["requests_per_second"].as_f64().unwrap() > 50.0, "{report}");
    assert!(of["p95_ms"].is_null() && of["detail"].is_null(), "{report}");
    assert!(code <= 2, "{report}");
    assert_eq!(server.requests().iter().filter(|head| head.starts_with("GET /metrics")).count(), 2);
    let words = String::from_utf8(check(&["--metrics", &metrics, "--sample", "200ms"]).stdout).unwrap();
    assert!(
        words.contains("metrics") && words.contains("errors 25.0%") && words.contains("http_requests_total"),
        "{words}"
    );
}

#[test]
fn a_page_that_cannot_be_read_is_unknown_and_says_the_line() {
    let server = counting(true);
    let (code, report) = json(&["--metrics", &server.url("/metrics")]);
    let of = &report["metrics"][0];
    assert_eq!((code, of["verdict"].as_str()), (3, Some("unknown")), "{report}");
    assert!(of["detail"].as_str().unwrap().contains("line 3") && of["samples"].is_null(), "{report}");
    assert!(of["requests_per_second"].is_null(), "{report}");
}

#[test]
fn metrics_that_are_found_at_a_bare_origin_are_scraped() {
    let server = FakeHttp::start(|head| match head.split(' ').nth(1) {
        Some("/health") => answer("200 OK", r#"{"status":"ok"}"#),
        Some("/metrics") => {
            let body = "# TYPE a_total counter\na_total 1\n";
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            vec![Step::Bytes(head.into_bytes())]
        }
        _ => answer("404 Not Found", "{}"),
    });
    let (code, report) = json(&[&server.url("")]);
    let of = &report["metrics"][0];
    assert_eq!((code, of["verdict"].as_str(), of["samples"].as_u64()), (0, Some("ok"), Some(1)), "{report}");
    assert!(of["requests_per_second"].is_null() && of["url"].as_str().unwrap().ends_with("/metrics"), "{report}");
}
