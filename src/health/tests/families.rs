//! Each family of body shapes, and the rules that cut across them.

use super::{children, read, read_text, verdict};
use crate::domain::Verdict::{Degraded, Down, Ok, Unknown};
use crate::domain::health::BodyFamily;
use crate::health::{Asked, Expectation, Response, is_health_path, read_body};

fn required(names: &[&str], body: &str) -> crate::domain::health::HealthReport {
    let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
    let expectation = Expectation { required: &names, ..Expectation::default() };
    read_body(&Response::json(200, body.as_bytes()), &expectation)
}

#[test]
fn health_json_draft() {
    let body = r#"{"status":"warn","version":"1","releaseId":"1.2.2","checks":{
        "cassandra:responseTime":[{"componentId":"dfd6","status":"pass","observedValue":250,"observedUnit":"ms"}],
        "memory:utilization":[{"componentId":"a","status":"warn","observedValue":8.5,"observedUnit":"GiB","output":"high"},
                              {"componentId":"b","status":"pass"}],
        "uptime":[{"observedValue":1209600.245,"observedUnit":"s"}]}}"#;
    let report = read(200, body);
    assert_eq!((report.verdict, report.family), (Degraded, BodyFamily::HealthJson));
    assert_eq!(
        children(&report),
        ["uptime=unknown", "memory:utilization.a=degraded", "cassandra:responseTime=ok", "memory:utilization.b=ok"]
    );
    assert_eq!(report.checks[0].detail.as_str(), "1209600 s");
    assert_eq!(report.checks[1].detail.as_str(), "warn: high");
    assert_eq!(verdict(200, r#"{"status":"PASS"}"#), Ok);
    assert_eq!(verdict(500, r#"{"status":"fail","output":"x"}"#), Down);
    assert_eq!(required(&["cassandra"], body).verdict, Degraded);
    assert_eq!(required(&["uptime"], body).verdict, Unknown, "a figure is no verdict");
}

#[test]
fn actuator() {
    let body = r#"{"status":"DOWN","components":{"db":{"status":"DOWN","details":{"error":"refused"}},
        "discovery":{"status":"UP","components":{"eureka":{"status":"UNKNOWN"}}},
        "diskSpace":{"status":"UP","details":{"total":1,"exists":true}},"ping":{"status":"UP"}},"groups":["liveness"]}"#;
    let report = read(503, body);
    assert_eq!((report.verdict, report.family), (Down, BodyFamily::Actuator));
    assert_eq!(children(&report), ["db=down", "discovery.eureka=unknown", "discovery=ok", "diskSpace=ok", "ping=ok"]);
    let wrong_code = read(200, r#"{"status":"DOWN"}"#);
    assert_eq!(wrong_code.verdict, Down);
    assert_eq!(wrong_code.conflict.unwrap().as_str(), "200 but body says DOWN");
    assert_eq!(wrong_code.detail.as_str(), "200 but body says DOWN");
    assert_eq!(verdict(200, r#"{"status":"UNKNOWN"}"#), Unknown);
    assert_eq!(verdict(200, r#"{"status":"OUT_OF_SERVICE"}"#), Down);
    let old = r#"{"status":"UP","details":{"db":{"status":"DOWN","details":{"database":"H2"}}}}"#;
    assert_eq!(children(&read(200, old)), ["db=down"]);
}

#[test]
fn one_plain_word() {
    for (word, expected) in [("Healthy", Ok), ("Degraded", Degraded), ("Unhealthy", Down), ("Sturdy", Unknown)] {
        let report = read_text(200, word);
        assert_eq!((report.verdict, report.family), (expected, BodyFamily::PlainWord), "{word}");
    }
    assert_eq!(read_text(200, "Unhealthy").detail.as_str(), "200 but body says Unhealthy");
    assert_eq!(read_text(503, "Unhealthy").detail.as_str(), "HTTP 503");
}

#[test]
fn report_with_entries() {
    let body = r#"{"status":"Unhealthy","totalDuration":"00:00:51.84","entries":{
        "sql":{"status":"Unhealthy","duration":"00:00:50","description":"timeout","exception":null,"data":{}},
        "self":{"status":"Healthy","data":{"state":"ok"}}}}"#;
    let report = read(503, body);
    assert_eq!((report.verdict, report.family), (Down, BodyFamily::HealthReportEntries));
    assert_eq!(children(&report), ["sql=down", "self=ok"]);
    assert!(report.claims_change);
    let listed =
        r#"{"status":"Degraded","checks":[{"name":"sql","status":"Healthy"},{"name":"bus","status":"Degraded"}]}"#;
    assert_eq!(children(&read(200, listed)), ["bus=degraded", "sql=ok"]);
    let results = r#"{"status":"Healthy","results":{"sql":{"status":"Unhealthy"}}}"#;
    assert_eq!(
        (read(200, results).verdict, read(200, results).detail.as_str().to_owned()),
        (Degraded, "sql: Unhealthy".to_owned())
    );
}

#[test]
fn terminus() {
    let body = r#"{"status":"error","info":{"db":{"status":"up"}},"error":{"redis":{"status":"down","message":"no route"}},
        "details":{"db":{"status":"up"},"redis":{"status":"down","message":"no route"}}}"#;
    let report = read(503, body);
    assert_eq!((report.verdict, report.family), (Down, BodyFamily::Terminus));
    assert_eq!(children(&report), ["redis=down", "db=ok"], "each child once");
    assert_eq!(report.checks[0].detail.as_str(), "down: no route");
    assert_eq!(verdict(200, r#"{"status":"ok","info":{},"error":{},"details":{}}"#), Ok);
    assert_eq!(verdict(503, r#"{"status":"shutting_down"}"#), Down);
}

#[test]
fn kubernetes_verbose() {
    let body = "[+]ping ok\n[-]etcd failed: reason withheld\n[+]log ok\nhealthz check failed\n";
    let report = read_text(500, body);
    assert_eq!((report.verdict, report.family), (Down, BodyFamily::KubernetesVerbose));
    assert_eq!(children(&report), ["etcd=down", "ping=ok", "log=ok"]);
    assert_eq!(report.detail.as_str(), "etcd: failed");
    assert_eq!(read_text(200, "[+]ping ok\n[+]etcd excluded: ok\nlivez check passed").verdict, Ok);
    assert_eq!(read_text(200, "[+]ping ok\n[-]etcd failed\n").verdict, Degraded);
}

#[test]
fn trivial() {
    for body in ["OK", "pong", "true", " ok\n", ""] {
        assert_eq!((read_text(200, body).verdict, read_text(200, body).family), (Ok, BodyFamily::Trivial), "{body}");
        assert_eq!(read_text(503, body).verdict, Down);
    }
    assert_eq!(verdict(204, ""), Ok, "no content keeps no promise, and breaks none");
    assert_eq!(verdict(200, "true"), Ok);
    assert_eq!(verdict(200, "\"healthy\""), Ok);
    assert_eq!(verdict(200, "false"), Down);
    assert_eq!(read_text(503, "OK").conflict.unwrap().as_str(), "503 but body says OK");
}

#[test]
fn the_status_code() {
    let listed = [404, 200];
    let expectation = Expectation { expected_status: &listed, ..Expectation::default() };
    let answer = |status| read_body(&Response { status, content_type: None, body: b"" }, &expectation).verdict;
    assert_eq!([answer(404), answer(200), answer(204), answer(500)], [Ok, Ok, Down, Down]);
    assert_eq!(read(404, "{}").detail.as_str(), "HTTP 404");
    assert_eq!(read(200, r#"{"requests":5}"#).rule.as_str(), "status: HTTP 200; the body tells no status");
    assert_eq!(verdict(200, r#"{"status":200}"#), Ok);
    assert_eq!(verdict(200, r#"{"status":"503"}"#), Down);
    assert_eq!(verdict(200, r#"{"status":{"code":"DOWN","description":""}}"#), Down);
}

#[test]
fn children_by_configuration() {
    let body = r#"{"status":"ok","checks":{"database":"ok","cache":"down","odd":"banana"}}"#;
    assert_eq!(read(200, body).verdict, Degraded);
    assert_eq!(children(&read(200, body)), ["cache=down", "odd=unknown", "database=ok"]);
    assert_eq!(required(&["database"], body).verdict, Degraded);
    for name in ["cache", "Cache", "checks.cache"] {
        assert_eq!(required(&[name], body).verdict, Down, "{name}");
    }
    assert_eq!(required(&["odd"], body).verdict, Unknown);
    let absent = required(&["queue"], body);
    assert_eq!(
        (absent.verdict, absent.rule.as_str()),
        (Unknown, "required child queue is absent, so the state is unknown")
    );
    assert!(absent.checks.iter().any(|c| c.name.as_str() == "queue" && c.required));
    assert_eq!(
        required(&["service"], r#"{"status":"ok","service":"x-1"}"#).verdict,
        Unknown,
        "required, and says nothing known"
    );
    assert_eq!(
        read(200, r#"{"status":"ok","checks":{"odd":"banana"}}"#).verdict,
        Degraded,
        "unlisted is never healthy"
    );
}

#[test]
fn kinds_of_children() {
    let body = r#"{"status":"ok","checks":{"a":true,"b":false,"c":3,"d":null,"e":{"healthy":true},"f":{"error":"boom"},
        "g":{"primary":{"status":"up"},"replica":{"status":"down"}},"h":[{"status":"ok"}],"i":{"latency":3}}}"#;
    let report = read(200, body);
    assert_eq!(
        children(&report),
        [
            "b=down",
            "f=down",
            "g.replica=down",
            "c=unknown",
            "d=unknown",
            "i=unknown",
            "a=ok",
            "e=ok",
            "g.primary=ok",
            "h=ok"
        ]
    );
    assert_eq!(verdict(200, r#"{"status":"ok","checks":{"queue":3,"took":{"ms":3}}}"#), Ok, "figures judge nothing");
}

#[test]
fn siblings_are_children_only_by_their_word() {
    let body = r#"{"status":"ok","environment":"down","commit":"unknown","level":"error","debug":false,"queue":0,
        "database":{"status":"connected"},"cache":{"size":3},"services":{"a":"up","b":"http://b/"},"message":"fail"}"#;
    assert_eq!(children(&read(200, body)), ["database=ok", "services.a=ok"]);
    assert_eq!(read(200, body).verdict, Ok);
}

#[test]
fn envelopes() {
    assert_eq!(read(200, r#"{"data":{"data":{"status":"down"}}}"#).verdict, Down);
    assert_eq!(read(200, r#"{"result":"healthy"}"#).verdict, Ok);
    assert_eq!(read(200, r#"{"payload":{"checks":{"db":"down"}}}"#).detail.as_str(), "db: down");
    let own = read(200, r#"{"status":"ok","data":{"status":"down"}}"#);
    assert_ne!(own.family, BodyFamily::Envelope, "the outer object has a word of its own");
    assert_eq!((own.verdict, own.detail.as_str()), (Degraded, "data: down"));
    assert_eq!(read(200, r#"{"data":null,"success":true}"#).verdict, Ok);
    assert_eq!(read(200, r#"{"error":"database is gone"}"#).verdict, Down);
}

#[test]
fn duplicates_take_the_worst() {
    for body in [r#"{"status":"ok","status":"down"}"#, r#"{"status":"down","status":"ok"}"#] {
        let report = read(200, body);
        assert_eq!(report.verdict, Down, "{body}");
        assert!(report.rule.as_str().contains("stands twice"), "{}", report.rule);
    }
    for body in
        [r#"{"status":"ok","checks":{"db":"down","db":"ok"}}"#, r#"{"status":"ok","checks":{"db":"ok","db":"down"}}"#]
    {
        let twice = read(200, body);
        assert_eq!((twice.verdict, children(&twice)), (Degraded, vec!["db=down".to_owned()]), "{body}");
    }
    assert_eq!(verdict(200, r#"{"success":false,"success":true,"status":"ok"}"#), Down);
}

#[test]
fn what_was_asked_for() {
    assert!(is_health_path("/health/db") && is_health_path("/api/livez") && is_health_path("/status"));
    assert!(!is_health_path("/") && !is_health_path("/login") && !is_health_path("/delivery"));
    let page = Response { status: 200, content_type: Some(b"text/html"), body: b"<!DOCTYPE html><h1>Welcome</h1>" };
    let asked = |asked| read_body(&page, &Expectation { asked, ..Expectation::default() });
    assert_eq!(asked(Asked::Page).verdict, Ok);
    assert_eq!(
        (asked(Asked::Health).verdict, asked(Asked::Health).detail.as_str().to_owned()),
        (Down, "invalid JSON: an HTML page".to_owned())
    );
    let hello = Response { status: 200, content_type: None, body: b"Hello, World!" };
    assert_eq!(read_body(&hello, &Expectation { asked: Asked::Page, ..Expectation::default() }).verdict, Ok);
    assert_eq!(read_body(&hello, &Expectation::default()).verdict, Unknown);
    let head = Expectation { asked: Asked::Head, expect_json: true, ..Expectation::default() };
    assert_eq!(read_body(&Response::json(200, b""), &head).verdict, Ok);
}
