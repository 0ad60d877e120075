//! The field's own engines over HTTP on loopback: what they are asked and with which credentials, what is made of their
//! answers, and servers that mean harm. The real servers have tests of their own.

use std::time::Duration;

use quarterdeck::adapters::alertmanager::Alertmanager;
use quarterdeck::adapters::http::HttpClients;
use quarterdeck::adapters::prometheus::Prometheus;
use quarterdeck::config::resolved::{EndpointSpec, EngineSpec};
use quarterdeck::domain::cause::Phase;
use quarterdeck::domain::secret::{Secret, SecretRef};
use quarterdeck::domain::served::Served;
use quarterdeck::domain::target::Environment;
use quarterdeck::domain::{Cause, Verdict};

use crate::support::fake_http::{FakeHttp, Step, answer, gzip_bomb, json};

fn spec(server: &FakeHttp) -> EngineSpec {
    let request = EndpointSpec {
        url: server.url("/tenant/").parse().unwrap(),
        headers: vec![("X-Scope-OrgID".to_owned(), SecretRef::Inline(Secret::new("blue")))],
        bearer: Some(SecretRef::Inline(Secret::new("t0ken"))),
        ca_file: None,
    };
    let deadline = Duration::from_secs(30);
    EngineSpec { request, interval: deadline, deadline, environment: Environment::Local, on_loopback: true }
}

fn prometheus(server: &FakeHttp) -> Prometheus {
    Prometheus::new(spec(server), &HttpClients::new())
}

const PATIENCE: Duration = Duration::from_secs(30);
const RULES: &str = r#"{"status":"success","data":{"groups":[{"name":"g","file":"r","interval":1,"rules":[
    {"type":"alerting","name":"A","query":"a","duration":0,"health":"ok","alerts":[]}]}]}}"#;

#[tokio::test]
async fn a_server_is_asked_behind_its_path_with_its_credentials() {
    let server = FakeHttp::start(|_| json(200, RULES));
    assert_eq!(prometheus(&server).read(PATIENCE).await.unwrap().rules.len(), 1);
    let head = server.requests().remove(0).to_lowercase();
    assert!(head.starts_with("get /tenant/api/v1/rules http/1.1"), "{head}");
    assert!(head.contains("x-scope-orgid: blue") && head.contains("authorization: bearer t0ken"), "{head}");
    let server = FakeHttp::start(|_| json(200, r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#));
    prometheus(&server).query("sum(rate(a[5m])) > 1 & 2", 1500).await.unwrap();
    let head = server.requests().remove(0);
    assert!(
        head.starts_with("GET /tenant/api/v1/query?query=sum%28rate%28a%5B5m%5D%29%29+%3E+1+%26+2&time=1.500"),
        "{head}"
    );
}

#[tokio::test]
async fn who_has_no_rules_to_tell_is_asked_for_alerts() {
    let server = FakeHttp::start(|head| {
        if head.contains("/rules") {
            return json(404, "");
        }
        json(
            200,
            r#"{"status":"success","data":{"alerts":[{"labels":{"alertname":"A"},"state":"firing","value":"1"}]}}"#,
        )
    });
    let served = prometheus(&server).read(PATIENCE).await.unwrap();
    assert!(served.alerts_alone && served.rules[0].name == "A" && served.rules[0].alerts[0].firing);
}

#[tokio::test]
async fn what_a_server_says_of_a_failure_is_told_in_its_words() {
    let error = r#"{"status":"error","errorType":"bad_data","error":"parse error:\u001b[31m unexpected \"}\""}"#;
    for status in [400, 422, 200] {
        let server = FakeHttp::start(move |_| json(status, error));
        let cause = prometheus(&server).query("}", 0).await.unwrap_err();
        let words = cause.to_string();
        assert!(words.contains("bad_data: parse error:") && !words.contains('\u{1b}'), "{words}");
    }
    for (status, wanted) in [(401, Cause::HttpDenied { status: 401 }), (500, Cause::HttpStatus { status: 500 })] {
        let server = FakeHttp::start(move |_| json(status, error));
        assert_eq!(prometheus(&server).read(PATIENCE).await.unwrap_err(), wanted);
    }
}

#[tokio::test]
async fn bodies_that_mean_harm_are_causes_and_say_nothing_of_any_alert() {
    let deep = format!("{{\"status\":\"success\",\"data\":{}", "[".repeat(100_000));
    let many = format!("{{\"status\":\"success\",\"data\":{{\"groups\":[{}0]}}}}", "0,".repeat(700_000));
    let bodies: [(&str, Vec<Step>); 8] = [
        ("no JSON", answer(200, "", "<html>")),
        ("nothing", answer(200, "", "")),
        ("no status", json(200, "{}")),
        ("no groups", json(200, r#"{"status":"success"}"#)),
        ("deep", json(200, &deep)),
        ("many", json(200, &many)),
        ("a bomb", answer(200, "Content-Encoding: gzip\r\n", gzip_bomb(64 << 20))),
        (
            "cut off",
            vec![Step::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"status\"".to_vec()), Step::Close],
        ),
    ];
    for (what, steps) in bodies {
        let server = FakeHttp::always(steps);
        let cause = prometheus(&server).read(PATIENCE).await.expect_err(what);
        assert!(cause.verdict() == Verdict::Unknown || what == "cut off", "{what}: {cause}");
        let manager = Alertmanager::new(spec(&server), &HttpClients::new());
        assert!(manager.read(PATIENCE).await.is_err(), "{what}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_is_left_at_the_deadline() {
    let server = FakeHttp::always(vec![Step::Hang]);
    let after = Duration::from_millis(200);
    let cause = prometheus(&server).read(after).await.unwrap_err();
    assert_eq!(cause, Cause::Timeout { phase: Phase::Answer, after });
}

#[tokio::test]
async fn strange_rules_are_taken_as_far_as_they_make_sense() {
    let odd = r#"{"status":"success","data":{"groups":[null,{"rules":[{"name":"\u0000\u202e","duration":-5,
        "alerts":[{"value":{},"labels":{"a":1},"activeAt":"soon"}]}],"interval":1e400}]}}"#;
    let server = FakeHttp::start(move |_| json(200, odd));
    let Served { rules, .. } = prometheus(&server).read(PATIENCE).await.unwrap();
    assert_eq!((rules.len(), rules[0].hold, rules[0].interval), (1, Duration::ZERO, Duration::ZERO));
    assert!(rules[0].alerts[0].value.is_nan() && rules[0].alerts[0].labels.is_empty());
}
