//! Requests about silences whose answer leaves a doubt, before a real Alertmanager: what is read again tells what became of
//! them. Between stands a proxy that hands questions on and does with what changes something as each test says.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use quarterdeck::adapters::alertmanager::{Alertmanager, silences};
use quarterdeck::adapters::http::HttpClients;
use quarterdeck::adapters::leave::Leave;
use quarterdeck::remediation::object::{Fate, ObjectKey};
use quarterdeck::remediation::silencing;
use quarterdeck::remediation::step::{HttpStep, StepEnd, WritingMethod};
use serde_json::{Value, json};
use url::Url;

use crate::fake_http::{FakeHttp, Step, answer};
use crate::servers::{self, PATIENCE, Server};

/// One request to a server on this machine: status and body.
pub fn send(port: u16, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    let status = said.split_whitespace().nth(1).and_then(|status| status.parse().ok()).unwrap();
    (status, said.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

/// Hands on what only reads; the rest is the test's.
fn before(server: &Server, changes: impl Fn(&str, &str) -> Vec<Step> + Send + Sync + 'static) -> FakeHttp {
    let port = server.port;
    FakeHttp::start(move |head| {
        let mut words = head.split_whitespace();
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if method != "GET" {
            return changes(method, path);
        }
        let (status, body) = send(port, "GET", path, "");
        answer(status, "Content-Type: application/json\r\n", body)
    })
}

fn body() -> Value {
    let end = chrono::Utc::now() + chrono::TimeDelta::hours(2);
    let matcher = json!({"name": "alertname", "value": "Pool", "isRegex": false, "isEqual": true});
    json!({"matchers": [matcher], "startsAt": "1970-01-01T00:00:00Z", "createdBy": "kim", "comment": "x",
        "endsAt": end.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)})
}

fn make(server: &Server) -> String {
    let (status, said) = send(server.port, "POST", "/api/v2/silences", &body().to_string());
    assert_eq!(status, 200, "{said}");
    serde_json::from_str::<Value>(&said).unwrap()["silenceID"].as_str().unwrap().to_owned()
}

/// Another end of a silence that stays what it is otherwise.
pub fn extend(port: u16, id: &str) {
    let (_, known) = send(port, "GET", &format!("/api/v2/silence/{id}"), "");
    let mut changed: Value = serde_json::from_str(&known).unwrap();
    changed["endsAt"] = json!((chrono::Utc::now() + chrono::TimeDelta::days(2)).to_rfc3339());
    let (status, said) = send(port, "POST", "/api/v2/silences", &changed.to_string());
    assert!(status == 200 && said.contains(id), "{said}");
}

fn request(through: &FakeHttp, method: WritingMethod, path: &str, body: Option<String>) -> HttpStep {
    HttpStep {
        method,
        url: Url::parse(&through.url(path)).unwrap(),
        headers: Vec::new(),
        bearer: None,
        body,
        ca_file: None,
        expected_status: Vec::new(),
    }
}

fn leave(seconds: u64) -> Leave {
    let (given, begun) = (Duration::from_secs(seconds), Instant::now());
    Leave::new(given, move || given.saturating_sub(begun.elapsed()))
}

async fn key(server: &Server, id: &str) -> ObjectKey {
    let manager = Alertmanager::new(server.spec(), &HttpClients::new());
    silencing::object(&manager.find(id, PATIENCE).await.unwrap().unwrap().silence).key
}

async fn end(through: &FakeHttp, id: &str, agreed: &ObjectKey, seconds: u64) -> StepEnd {
    let request = request(through, WritingMethod::Delete, &format!("/api/v2/silence/{id}"), None);
    silences::run(&HttpClients::new(), &request, std::slice::from_ref(agreed), &leave(seconds)).await
}

async fn is_over(server: &Server, id: &str) -> bool {
    let manager = Alertmanager::new(server.spec(), &HttpClients::new());
    manager.find(id, PATIENCE).await.unwrap().unwrap().expired
}

#[tokio::test]
async fn an_end_that_nobody_answered_for_is_told_by_what_is_read() {
    if !servers::are_there("silences in doubt") {
        return;
    }
    let server = servers::alertmanager();
    let port = server.port;
    // It comes through, and its answer does not; or a gateway answers for it.
    // What the server itself refused is nobody's doing but another's.
    let cases = [(vec![Step::Close], Fate::Done), (answer(502, "", ""), Fate::Done), (answer(500, "", ""), Fate::Gone)];
    for (lost, fate) in cases {
        let id = make(&server);
        let through = before(&server, move |_, path| {
            assert_eq!(send(port, "DELETE", path, "").0, 200);
            lost.clone()
        });
        let agreed = key(&server, &id).await;
        let ended = end(&through, &id, &agreed, 30).await;
        let StepEnd::Done { fates, said } = &ended else { panic!("{ended:?}") };
        assert_eq!(fates, &[(agreed, fate)]);
        assert!(said[0].as_str().contains("read again: it ended at"), "{said:?}");
    }
    // It does not come through, and that is said of it: it holds.
    let id = make(&server);
    let agreed = key(&server, &id).await;
    let through = before(&server, |_, _| answer(500, "", ""));
    let ended = end(&through, &id, &agreed, 30).await;
    assert!(matches!(&ended, StepEnd::Failed(cause) if cause.to_string().contains("it holds until")), "{ended:?}");
    // Nothing is said of it: it may still come, and so long nobody knows.
    let through = before(&server, |_, _| vec![Step::Close]);
    let ended = end(&through, &id, &agreed, 7).await;
    assert!(matches!(&ended, StepEnd::Unknown(cause) if cause.to_string().contains("it holds until")), "{ended:?}");
    assert!(!is_over(&server, &id).await);
}

/// Neither an answer that all is well nor one that it is not says how the silence stands.
#[tokio::test]
async fn an_end_is_told_by_what_is_read_and_not_by_the_status() {
    if !servers::are_there("silences whose end is answered for") {
        return;
    }
    let server = servers::alertmanager();
    let port = server.port;
    // It is well, and nothing was done.
    let id = make(&server);
    let agreed = key(&server, &id).await;
    let through = before(&server, |_, _| answer(200, "", ""));
    let ended = end(&through, &id, &agreed, 7).await;
    let StepEnd::Unknown(cause) = &ended else { panic!("{ended:?}") };
    assert!(cause.to_string().starts_with("HTTP 200; read again: it holds until"), "{cause}");
    // It was done, and is.
    let through = before(&server, move |method, path| answer(send(port, method, path, "").0, "", ""));
    let ended = end(&through, &id, &agreed, 30).await;
    let StepEnd::Done { fates, said } = &ended else { panic!("{ended:?}") };
    assert_eq!(fates, &[(agreed, Fate::Done)]);
    assert!(said[0].as_str().starts_with("HTTP 200; read again: it ended at"), "{said:?}");
    // By the time of the request another server answers, which has never heard of it and says so in its own way.
    let (other, id) = (servers::alertmanager(), make(&server));
    let agreed = key(&server, &id).await;
    let at = Arc::new(AtomicU16::new(port));
    let (now, then) = (Arc::clone(&at), other.port);
    let through = FakeHttp::start(move |head| {
        let mut words = head.split_whitespace();
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if method != "GET" {
            now.store(then, Ordering::SeqCst);
        }
        let (status, body) = send(now.load(Ordering::SeqCst), method, path, "");
        assert!(method == "GET" || status >= 400, "{status} {body}");
        answer(status, "Content-Type: application/json\r\n", body)
    });
    let ended = end(&through, &id, &agreed, 30).await;
    let StepEnd::Unknown(cause) = &ended else { panic!("{ended:?}") };
    assert!(cause.to_string().contains("read again: the Alertmanager knows no such silence"), "{cause}");
    assert_eq!(at.load(Ordering::SeqCst), other.port);
    assert!(!is_over(&server, &id).await);
}

#[tokio::test]
async fn only_the_silence_that_was_agreed_to_is_ended() {
    if !servers::are_there("silences that are another by then") {
        return;
    }
    let server = servers::alertmanager();
    let id = make(&server);
    let agreed = key(&server, &id).await;
    let port = server.port;
    extend(port, &id);
    let through = before(&server, move |method, path| answer(send(port, method, path, "").0, "", ""));
    let ended = end(&through, &id, &agreed, 30).await;
    assert!(matches!(&ended, StepEnd::OtherTarget(words) if words.as_str().contains("now")), "{ended:?}");
    assert!(!is_over(&server, &id).await);
    // It is over by then, or was never known: nothing is sent.
    let now = key(&server, &id).await;
    assert_eq!(send(server.port, "DELETE", &format!("/api/v2/silence/{id}"), "").0, 200);
    let ended = end(&through, &id, &now, 30).await;
    assert!(matches!(&ended, StepEnd::OtherTarget(words) if words.as_str().contains("it ended at")), "{ended:?}");
    let unknown = "123e4567-e89b-12d3-a456-426614174000";
    let ended = end(&through, unknown, &now, 30).await;
    assert!(matches!(&ended, StepEnd::OtherTarget(words) if words.as_str().contains("knows no such")), "{ended:?}");
    assert!(through.requests().iter().all(|head| head.starts_with("GET ")), "{:?}", through.requests());
    // Between the look and the request somebody else ended it: the server's own refusal is no effect of ours, and no doubt.
    let id = make(&server);
    let agreed = key(&server, &id).await;
    let through = before(&server, move |method, path| {
        assert_eq!(send(port, "DELETE", path, "").0, 200);
        // Some of them take a second end as well, some refuse it.
        let (status, said) = send(port, method, path, "");
        if status >= 400 { answer(status, "", said) } else { answer(500, "", "already expired") }
    });
    let ended = end(&through, &id, &agreed, 30).await;
    let StepEnd::Done { fates, said } = &ended else { panic!("{ended:?}") };
    assert_eq!(fates, &[(agreed, Fate::Gone)]);
    assert!(said[0].as_str().contains("it ended at"), "{ended:?}");
}

#[tokio::test]
async fn a_silence_that_ended_by_itself_was_not_ended_by_the_request() {
    if !servers::are_there("silences that end by themselves") {
        return;
    }
    let server = servers::alertmanager();
    let port = server.port;
    // The silence comes to its own end meanwhile; and the request is lost, or taken.
    for answered in [vec![Step::Close], answer(200, "", "")] {
        let mut short = body();
        short["endsAt"] = json!((chrono::Utc::now() + chrono::TimeDelta::seconds(5)).to_rfc3339());
        let (status, said) = send(port, "POST", "/api/v2/silences", &short.to_string());
        assert_eq!(status, 200, "{said}");
        let id = serde_json::from_str::<Value>(&said).unwrap()["silenceID"].as_str().unwrap().to_owned();
        let agreed = key(&server, &id).await;
        let known = format!("/api/v2/silence/{id}");
        let through = before(&server, move |_, _| {
            let until = Instant::now() + PATIENCE;
            while !send(port, "GET", &known, "").1.contains("\"expired\"") {
                assert!(Instant::now() < until, "it does not end");
                std::thread::sleep(Duration::from_millis(50));
            }
            answered.clone()
        });
        let ended = end(&through, &id, &agreed, 120).await;
        let StepEnd::Done { fates, .. } = &ended else { panic!("{ended:?}") };
        assert_eq!(fates, &[(agreed, Fate::Gone)]);
    }
}

#[tokio::test]
async fn what_is_not_found_is_no_proof_of_an_end() {
    if !servers::are_there("silences that nobody knows") {
        return;
    }
    let server = servers::alertmanager();
    let manager = Alertmanager::new(server.spec(), &HttpClients::new());
    let id = make(&server);
    let seen = async |id: &str| manager.seen(&silencing::Silencing::End(id.to_owned()), None, PATIENCE).await;
    assert_eq!(seen(&id).await.is_so, Some(false));
    // One that was ended stays readable.
    assert_eq!(send(server.port, "DELETE", &format!("/api/v2/silence/{id}"), "").0, 200);
    assert_eq!(seen(&id).await.is_so, Some(true));
    let nowhere = seen("123e4567-e89b-12d3-a456-426614174000").await;
    assert_eq!(nowhere.is_so, None);
    assert!(nowhere.words.as_str().contains("knows no such silence"), "{nowhere:?}");
}

#[tokio::test]
async fn a_silence_that_nobody_answered_for_is_found_by_what_it_is() {
    if !servers::are_there("new silences in doubt") {
        return;
    }
    let server = servers::alertmanager();
    let port = server.port;
    let clients = HttpClients::new();
    let wanted = body().to_string();
    // One just like it is there before: it is not taken for the new one.
    let sent = wanted.clone();
    let (status, first) = send(port, "POST", "/api/v2/silences", &wanted);
    assert_eq!(status, 200, "{first}");
    let through = before(&server, move |_, _| {
        assert_eq!(send(port, "POST", "/api/v2/silences", &sent).0, 200);
        vec![Step::Close]
    });
    let asked = |through: &FakeHttp| request(through, WritingMethod::Post, "/api/v2/silences", Some(wanted.clone()));
    let ended = silences::run(&clients, &asked(&through), &[], &leave(30)).await;
    let StepEnd::Done { fates, .. } = &ended else { panic!("{ended:?}") };
    let [(ObjectKey::Named(id), Fate::Done)] = fates.as_slice() else { panic!("{ended:?}") };
    assert!(!first.contains(&id.one_line().to_string()), "{ended:?} {first}");
    let through = before(&server, |_, _| answer(500, "", ""));
    let ended = silences::run(&clients, &asked(&through), &[], &leave(30)).await;
    assert!(matches!(&ended, StepEnd::Failed(cause) if cause.to_string().contains("it is not there")), "{ended:?}");
}
