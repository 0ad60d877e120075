//! Requests that change something: what a server repeats of them tells no secret.

use std::time::Duration;

use quarterdeck::adapters::http::HttpClients;
use quarterdeck::adapters::http::change::change;
use quarterdeck::domain::secret::{Secret, SecretRef};
use quarterdeck::domain::{Cause, Safe};
use quarterdeck::remediation::step::{HttpStep, StepEnd, WritingMethod};
use url::Url;

use crate::support::fake_http::{FakeHttp, answer};
use crate::support::leave;

const DEADLINE: Duration = Duration::from_secs(20);

fn step(url: &str, body: &str) -> HttpStep {
    let header = |name: &str, value: &str| (name.to_owned(), SecretRef::Inline(Secret::new(value)));
    HttpStep {
        method: WritingMethod::Post,
        url: Url::parse(url).unwrap(),
        headers: vec![header("X-Api-Key", "header-hunter2"), header("X-Plain", "not-a-secret")],
        bearer: Some(SecretRef::Inline(Secret::new("bearer-hunter2"))),
        body: Some(body.to_owned()),
        ca_file: None,
        expected_status: Vec::new(),
    }
}

async fn said(body: &str, echoed: &str) -> String {
    let server = FakeHttp::always(answer(200, "", format!("header-hunter2 bearer-hunter2 not-a-secret\n{echoed}")));
    match change(&HttpClients::new(), &step(&server.url("/do"), body), &leave::whole(DEADLINE)).await {
        StepEnd::Done { said, .. } => said.iter().map(Safe::as_str).collect::<Vec<_>>().join("\n"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_body_that_is_repeated_tells_no_secret() {
    let json =
        r#"{"user":"web-user","auth":{"api_key":"json-hunter2","pin":12345678},"list":[{"token":["a\"b c-hunter2"]}]}"#;
    let told = said(json, json).await;
    assert!(!told.contains("hunter2") && !told.contains("12345678"), "{told}");
    assert!(told.contains("web-user") && told.contains("not-a-secret"), "only secrets are hidden: {told}");
    let form = "user=web-user&password=form%20hunter2%21&x=1";
    let told = said(form, &format!("{form}\nyou sent form hunter2! and form+hunter2%21")).await;
    assert!(!told.contains("hunter2"), "{told}");
    assert!(told.contains("web-user"), "{told}");
}

/// Post/Redirect/Get: it was done, and the page that shows it stands elsewhere; or it was sent to a login page. Nobody knows.
#[tokio::test]
async fn what_is_answered_by_sending_elsewhere_may_have_been_done() {
    for status in [301, 302, 303, 307, 308] {
        let server = FakeHttp::always(answer(status, "Location: /done\r\n", ""));
        let sent = step(&server.url("/do"), "{}");
        let end = change(&HttpClients::new(), &sent, &leave::whole(DEADLINE)).await;
        assert!(matches!(end, StepEnd::Unknown(Cause::HttpStatus { .. })), "{status}: {end:?}");
        assert_eq!(server.requests().len(), 1, "nobody goes there");
    }
    let server = FakeHttp::always(answer(303, "Location: /done\r\n", ""));
    let sent = HttpStep { expected_status: vec![303], ..step(&server.url("/do"), "{}") };
    let end = change(&HttpClients::new(), &sent, &leave::whole(DEADLINE)).await;
    assert!(matches!(end, StepEnd::Done { .. }), "it is expected: {end:?}");
    let server = FakeHttp::always(answer(404, "", ""));
    let end = change(&HttpClients::new(), &step(&server.url("/do"), "{}"), &leave::whole(DEADLINE)).await;
    assert!(matches!(end, StepEnd::Failed(_)), "{end:?}");
}

/// A handler may answer that something is wrong after it did a part of it: then what a failure used up stays used up.
#[tokio::test]
async fn only_what_is_turned_away_at_the_door_surely_did_nothing() {
    let clients = HttpClients::new();
    for status in 400..500 {
        let server = FakeHttp::always(answer(status, "", ""));
        let end = change(&clients, &step(&server.url("/do"), "{}"), &leave::whole(DEADLINE)).await;
        let at_the_door = matches!(status, 401 | 403..=406 | 411..=415 | 417 | 421 | 425 | 426 | 428 | 429 | 431);
        match end {
            StepEnd::Failed(_) => assert!(at_the_door, "{status}"),
            StepEnd::Miscarried(Cause::HttpStatus { status: told }) => assert!(!at_the_door && told == status),
            end => panic!("{status}: {end:?}"),
        }
    }
}

/// The connection took so long, or the machine slept while it was made: not a byte of the request is sent.
#[tokio::test]
async fn nothing_is_sent_when_the_leave_is_over_once_the_connection_stands() {
    let server = FakeHttp::always(answer(200, "", "done"));
    let sent = step(&server.url("/do"), "{}");
    let end = change(&HttpClients::new(), &sent, &leave::over_after(1, DEADLINE)).await;
    assert!(matches!(end, StepEnd::Failed(Cause::Timeout { .. })), "{end:?}");
    let end = change(&HttpClients::new(), &sent, &leave::over_after(0, DEADLINE)).await;
    assert!(matches!(end, StepEnd::Failed(Cause::Timeout { .. })), "{end:?}");
    assert_eq!(server.requests(), Vec::<String>::new());
    assert!(matches!(change(&HttpClients::new(), &sent, &leave::whole(DEADLINE)).await, StepEnd::Done { .. }));
    assert_eq!(server.requests().len(), 1);
}
