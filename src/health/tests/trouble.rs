//! Bodies that say trouble in other shapes than the usual ones, all with HTTP 200: none of them is ok.

use super::{children, declared, read, read_text, verdict};
use crate::domain::Verdict::{self, Degraded, Down, Ok, Unknown};

fn all(cases: &[(Verdict, &str)]) {
    for (expected, body) in cases {
        let report = read(200, body);
        assert_eq!(report.verdict, *expected, "{body}: {}", report.rule);
    }
}

#[test]
fn the_body_decides_what_is_a_page() {
    for body in ["OK", "pong", "Healthy", "true", "", " ok\n"] {
        assert_eq!(declared("text/html; charset=utf-8", body).verdict, Ok, "{body:?}");
    }
    assert_eq!(declared("text/html", "Unhealthy").verdict, Down);
    assert_eq!(declared("text/html", "Degraded").verdict, Degraded);
    assert_eq!(declared("text/html", "It works!").verdict, Unknown, "an unlisted word, but no page");
    assert_eq!(declared("text/html", "[+]ping ok\n[-]etcd failed").verdict, Degraded);
    assert_eq!(declared("text/html", r#"{"status":"ok"}"#).verdict, Ok);
    for page in ["<h1>Sorry</h1>", "<!doctype html>", "Warning: <b>mysqli</b> refused", "\n<HTML>"] {
        let report = declared("text/html", page);
        assert_eq!((report.verdict, report.detail.as_str()), (Down, "invalid JSON: an HTML page"), "{page}");
    }
}

#[test]
fn every_duplicate_is_read() {
    all(&[
        (Down, r#"{"data":{"status":"ok"},"data":{"status":"down"}}"#),
        (Down, r#"{"data":{"status":"down"},"data":{"status":"ok"}}"#),
        (Down, r#"{"data":"ok","Data":{"status":"down"}}"#),
        (Down, r#"{"data":{"status":"ok"},"result":{"status":"down"}}"#),
        (Down, r#"{"status":{"code":"UP","code":"DOWN"}}"#),
        (Down, r#"{"status":{"code":"DOWN","code":"UP"}}"#),
        (Down, r#"{"status":{"code":"UP","value":"DOWN"}}"#),
        (Down, r#"{"healthy":true,"healthy":false}"#),
        (Degraded, r#"{"status":"ok","checks":{"db":"up"},"checks":{"db":"down"}}"#),
        (Degraded, r#"{"status":"ok","error":null,"error":"boom"}"#),
    ]);
    let twice = read(200, r#"{"data":{"status":"ok"},"data":{"status":"down"}}"#);
    assert!(twice.rule.as_str().contains("stands twice"), "{}", twice.rule);
    let children_of_both = read(200, r#"{"data":{"checks":{"a":"down"}},"data":{"checks":{"b":"down"}}}"#);
    assert_eq!(children(&children_of_both), ["a=down", "b=down"]);
}

#[test]
fn words_in_lists_and_objects() {
    all(&[
        (Down, r#"{"status":["DOWN"]}"#),
        (Down, r#"{"status":["UP","DOWN"]}"#),
        (Unknown, r#"{"status":["odd"]}"#),
        (Ok, r#"{"status":["UP"]}"#),
        (Down, r#"{"health":["DOWN"]}"#),
        (Down, r#"{"status":{"text":"DOWN"}}"#),
        (Degraded, r#"{"status":{"code":"UP","checks":{"db":"down"}}}"#),
        (Degraded, r#"{"status":[{"name":"db","status":"down"}]}"#),
    ]);
    assert_eq!(read(200, r#"{"status":["DOWN"]}"#).conflict.unwrap().as_str(), "200 but body says DOWN");
}

#[test]
fn the_envelope_health() {
    all(&[
        (Down, r#"{"health":{"status":"down"}}"#),
        (Degraded, r#"{"health":{"status":"degraded"}}"#),
        (Ok, r#"{"health":{"status":"ok"}}"#),
        (Down, r#"{"data":{"items":[]},"health":{"status":"down"}}"#),
        (Degraded, r#"{"health":{"db":"up","cache":"down"}}"#),
        (Degraded, r#"{"status":"ok","health":{"status":"down"}}"#),
    ]);
    assert_eq!(children(&read(200, r#"{"health":{"checks":{"db":"down"}}}"#)), ["db=down"]);
}

#[test]
fn containers_of_every_kind() {
    all(&[
        (Degraded, r#"{"status":"ok","checks":["down","down"]}"#),
        (Degraded, r#"{"status":"ok","checks":[true,false]}"#),
        (Degraded, r#"{"status":"ok","checks":["odd"]}"#),
        (Degraded, r#"{"status":"ok","checks":{"db":["down"]}}"#),
        (Degraded, r#"{"status":"ok","checks":{"db":["up","down"]}}"#),
        (Degraded, r#"{"status":"ok","checks":{"db":["odd"]}}"#),
        (Degraded, r#"{"status":"ok","checks":{"db":[["down"]]}}"#),
        (Degraded, r#"{"checks":[[{"name":"db","status":"down"}]]}"#),
        (Degraded, r#"{"status":"ok","checks":"down"}"#),
        (Degraded, r#"{"status":"ok","checks":"odd"}"#),
        (Degraded, r#"{"status":"ok","checks":false}"#),
        (Degraded, r#"{"status":"ok","checks":{"g":{"primary":true,"replica":false}}}"#),
        (Degraded, r#"{"status":"ok","checks":{"db":{"status":"up","error":"boom"}}}"#),
        (Degraded, r#"{"status":"ok","checks":{"node":{"state":"FAILED_TO_CONNECT"}}}"#),
        (Ok, r#"{"status":"ok","checks":["up","ok"]}"#),
        (Ok, r#"{"status":"ok","checks":{"db":["up"],"took":[1,2,3]}}"#),
        (Degraded, r#"["down"]"#),
    ]);
    let named = |body| children(&read(200, body));
    assert_eq!(named(r#"{"checks":["down","ok"]}"#), ["0=down", "1=ok"]);
    assert_eq!(named(r#"{"checks":["db: down","cache=up"]}"#), ["db=down", "cache=ok"]);
    assert_eq!(named(r#"{"checks":{"db":["down"]}}"#), ["db=down"]);
    assert_eq!(named(r#"{"checks":{"db":["up","down"]}}"#), ["db.1=down", "db.0=ok"]);
    assert_eq!(named(r#"{"checks":[[{"name":"db","status":"down"}]]}"#), ["db=down"]);
    assert_eq!(named(r#"{"checks":{"took":[1,2,3]}}"#), ["took=unknown"], "figures are one child, and judge nothing");
}

#[test]
fn switches() {
    all(&[
        (Down, r#"{"healthy":"no"}"#),
        (Down, r#"{"healthy":0}"#),
        (Down, r#"{"healthy":"false"}"#),
        (Down, r#"{"healthy":"down"}"#),
        (Down, r#"{"status":"ok","healthy":"no"}"#),
        (Down, r#"{"ok":0}"#),
        (Down, r#"{"ready":0}"#),
        (Unknown, r#"{"healthy":"odd"}"#),
        (Unknown, r#"{"healthy":null}"#),
        (Ok, r#"{"healthy":"yes"}"#),
        (Ok, r#"{"healthy":1}"#),
        (Ok, r#"{"status":"ok","up":"3 days","ready":0,"live":"https://example.com"}"#),
        (Ok, r#"{"healthy":17}"#),
        (Ok, r#"{"status":"ok","healthy":0,"unhealthy":0}"#),
        (Ok, r#"{"status":"ok","jobs":{"ok":0,"failed":0},"checks":{"nodes":{"up":0,"down":0}}}"#),
        (Down, r#"{"status":"ok","healthy":0,"uptime":5}"#),
    ]);
    assert_eq!(read(200, r#"{"healthy":0}"#).detail.as_str(), "200 but body says healthy: 0");
    assert_eq!(read(200, r#"{"healthy":"no"}"#).detail.as_str(), "200 but body says healthy: no");
}

#[test]
fn states_that_nobody_knows() {
    all(&[
        (Unknown, r#"{"state":"FAILED_TO_CONNECT"}"#),
        (Unknown, r#"{"status":"ok","state":"FAILED_TO_CONNECT"}"#),
        (Unknown, r#"{"state":"odd"}"#),
        (Down, r#"{"state":"failed: no route"}"#),
        (Down, r#"{"state":"odd","data":{"status":"down"}}"#),
        (Ok, r#"{"status":"ok","state":"leader"}"#),
        (Ok, r#"{"status":"ok","raft":{"state":"leader"},"address":{"state":"TX"}}"#),
    ]);
    assert_eq!(children(&read(200, r#"{"status":"ok","raft":{"state":"leader","peer":"down"}}"#)), ["raft.peer=down"]);
}

#[test]
fn success_in_words() {
    all(&[
        (Down, r#"{"success":"failed","data":{"status":"healthy"}}"#),
        (Down, r#"{"success":"no","status":"ok"}"#),
        (Down, r#"{"success":0,"status":"ok"}"#),
        (Unknown, r#"{"success":"odd"}"#),
        (Ok, r#"{"success":"yes"}"#),
        (Ok, r#"{"success":"Operation completed","data":{"status":"healthy"}}"#),
    ]);
    let report = read(200, r#"{"success":"failed","data":{"status":"healthy"}}"#);
    assert_eq!(report.detail.as_str(), "200 but body says success: failed");
}

#[test]
fn parts_that_are_booleans() {
    all(&[
        (Degraded, r#"{"database":false,"cache":true}"#),
        (Degraded, r#"{"status":"ok","database":false}"#),
        (Degraded, r#"{"status":"ok","database":"false"}"#),
        (Degraded, r#"{"vendor":true,"ledger":false,"timestamp":"2025-01-15T10:30:00Z"}"#),
        (Degraded, r#"{"status":"ok","services":{"ledger":false}}"#),
        (Degraded, r#"{"status":"ok","ledger_connected":false}"#),
        (Ok, r#"{"status":"ok","vendor":false,"debug":"false","is_disconnected":false}"#),
        (Ok, r#"{"status":"ok","features":{"beta":false,"dark":true},"maintenance":false}"#),
        (Ok, r#"{"debug":false,"maintenance":false}"#),
        (Ok, r#"{"status":"ok","features":{"cache":false,"queue":false},"config":{"database":true,"redis":false}}"#),
        (Degraded, r#"{"status":"ok","redis":{"connected":false}}"#),
        (Ok, r#"{"initialized":true,"sealed":false,"standby":false,"cluster_name":"v","server_time_utc":1516639589}"#),
    ]);
    assert_eq!(children(&read(200, r#"{"database":false,"cache":true}"#)), ["database=down", "cache=ok"]);
}

#[test]
fn sentences_about_parts() {
    all(&[
        (Degraded, r#"{"status":"ok","database":"error: connection refused"}"#),
        (Degraded, r#"{"status":"ok","database":"failed to connect"}"#),
        (Degraded, r#"{"status":"ok","database":"not connected (timeout)"}"#),
        (Ok, r#"{"status":"ok","os":"Red Hat Enterprise Linux","log_file":"error.log","jobs":"failed: 0"}"#),
        (Ok, r#"{"status":"ok","message":"error: none of your business","plan":"limited edition"}"#),
    ]);
    let report = read(200, r#"{"status":"ok","database":"error: connection refused"}"#);
    assert_eq!(report.detail.as_str(), "database: error: connection refused");
    assert_eq!(children(&report), ["database=down"]);
}

#[test]
fn errors_of_every_kind() {
    all(&[
        (Down, r#"{"error":{"code":500}}"#),
        (Down, r#"{"error":{"message":"gone","code":0}}"#),
        (Down, r#"{"errors":["db gone"]}"#),
        (Down, r#"{"errors":[{"message":"db gone"}]}"#),
        (Down, r#"{"errors":{"db":"gone"}}"#),
        (Down, r#"{"error":true}"#),
        (Down, r#"{"error":500}"#),
        (Degraded, r#"{"status":"ok","error":"database is gone"}"#),
        (Degraded, r#"{"status":"ok","errors":["db gone"]}"#),
        (Degraded, r#"{"data":{"status":"ok"},"error":"database is gone"}"#),
        (Degraded, r#"{"success":true,"data":{"status":"ok","error":"database is gone"}}"#),
        (Degraded, r#"{"status":"ok","database":{"error":"connection refused"}}"#),
        (Degraded, r#"{"status":"ok","database":{"error":"ECONNREFUSED"}}"#),
        (Degraded, r#"{"error":{"redis":{"status":"down"}}}"#),
    ]);
    let report = read(200, r#"{"status":"ok","error":"database is gone"}"#);
    assert_eq!(report.detail.as_str(), "error: database is gone");
    assert_eq!(read(200, r#"{"error":{"code":500}}"#).detail.as_str(), "200 but body says error: code 500");
}

#[test]
fn no_false_alarm() {
    for body in [
        r#"{"status":"ok","errors":0,"error_rate":0.01,"uptime":5}"#,
        r#"{"status":"ok","errors":[],"error":null,"exception":""}"#,
        r#"{"status":"ok","errors":17,"error":0,"errors":"17"}"#,
        r#"{"status":"ok","error":false,"errors":{}}"#,
        r#"{"status":"ok","error":"none","errors":"No errors"}"#,
        r#"{"status":"ok","error":{"code":0,"message":""},"errors":{"total":0,"last_hour":3}}"#,
        r#"{"status":"ok","error":{"code":200,"message":null}}"#,
        r#"{"status":"ok","errors":{"since":"2025-01-15T10:30:00Z","total":12,"limit":"5%"}}"#,
        r#"{"status":"ok","requests":{"total":100,"error":5},"metrics":{"error":0.02,"errors":[0,0,3]}}"#,
        r#"{"status":"ok","files":{"error":"/var/log/error.log"},"colors":{"error":"red"},"logging":{"error":true}}"#,
        r#"{"status":"ok","pages":{"error":"error.html"},"error":0.02}"#,
        r#"{"name":"influxdb","message":"ready for queries and writes","status":"pass","checks":[],"version":"2.7"}"#,
        r#"{"cluster_name":"c","status":"green","timed_out":false,"number_of_nodes":3,"relocating_shards":0}"#,
        r#"{"responseHeader":{"status":0,"QTime":1},"status":"OK"}"#,
        r#"{"health":"true","reason":""}"#,
        r#"{"client":{"message":"ok","ok":true},"server":{"message":"ok","ok":true}}"#,
        r#"{"metadatabase":{"status":"healthy"},"scheduler":{"status":"healthy"},"dag_processor":{"status":null}}"#,
        r#"{"problems":[],"healthy":true}"#,
        r#"{"code":0,"msg":"ok","data":{"status":"up"}}"#,
        r#"{"errors":0}"#,
        r#"{"errors":[]}"#,
        r#"{"error":null}"#,
        r#"{"service":"project-orchestrator"}"#,
        r#"{"status":"ok","info":{"db":{"status":"up"}},"error":{},"details":{"db":{"status":"up"}}}"#,
    ] {
        let report = read(200, body);
        assert_eq!(report.verdict, Ok, "{body}: {}", report.rule);
    }
}

#[test]
fn verbose_lines_are_all_read() {
    let good = "[+]part ok\n".repeat(2005);
    let failing = read_text(200, &format!("{good}[-]etcd failed: reason withheld\nhealthz check failed\n"));
    assert_eq!((failing.verdict, failing.checks[0].name.as_str()), (Down, "etcd"));
    assert_eq!(read_text(200, &format!("{good}[-]etcd failed\n")).verdict, Degraded);
    assert_eq!(read_text(200, &format!("{good}healthz check failed\n")).verdict, Down);
    assert_eq!(read_text(200, &format!("{good}healthz check passed\n")).verdict, Ok);
    assert_eq!(read_text(200, "[+]a ok\na check failed\nb check passed").verdict, Down, "the worst of them");
    let many = read_text(200, &"[-]etcd failed\n".repeat(60_000));
    assert_eq!((many.verdict, many.checks.len()), (Degraded, 256));
    assert_eq!(verdict(200, "\"odd\""), Unknown);
}
