//! Paths that are asked only whether they answer: what their JSON lists is business, not health.

use crate::domain::Verdict::{self, Degraded, Down, Ok, Unknown};
use crate::health::{Asked, Expectation, Response, read_body};

fn page(body: &str) -> Verdict {
    let expectation = Expectation { asked: Asked::Page, ..Expectation::default() };
    read_body(&Response::json(200, body.as_bytes()), &expectation).verdict
}

#[test]
fn lists_are_business() {
    for body in [
        r#"{"items":[{"id":1,"status":"failed"}]}"#,
        r#"{"items":[{"status":"pending"}]}"#,
        r#"[{"id":1,"name":"nightly","status":"failed"}]"#,
        r#"{"success":true,"data":[{"status":"failed"}]}"#,
        r#"{"success":true,"data":{"workflows":[{"status":"failed"}],"total":1}}"#,
        r#"{"success":"Operation completed","data":[]}"#,
        r#"{"count":1,"results":[{"status":"failed"}]}"#,
        r#"{"results":{"count":1,"items":[{"status":"failed"}]}}"#,
        r#"{"entries":[{"status":"failed"}]}"#,
        r#"{"services":[{"name":"doc_store","status":"unhealthy"}],"details":{"last":{"status":"failed"}}}"#,
        r#"{"workflow":{"id":7,"status":"failed"},"state":"TX","database":false}"#,
    ] {
        assert_eq!(page(body), Ok, "{body}");
    }
}

#[test]
fn its_own_word_and_its_checks_count() {
    assert_eq!(page(r#"{"status":"down"}"#), Down);
    assert_eq!(page(r#"{"data":{"status":"degraded"}}"#), Degraded);
    assert_eq!(page(r#"{"success":false,"data":[]}"#), Down);
    assert_eq!(page(r#"{"status":"odd"}"#), Unknown);
    assert_eq!(page(r#"{"status":"ok","checks":{"db":"down"}}"#), Degraded);
    assert_eq!(page(r#"{"checks":[{"name":"db","status":"down"}]}"#), Degraded);
    assert_eq!(page(r#"{"components":{"db":{"status":"DOWN"}}}"#), Degraded);
    assert_eq!(page(r#"{"error":"database is gone"}"#), Down);
}

#[test]
fn who_requires_a_child_asks_for_health() {
    let required = ["database".to_owned()];
    let expectation = Expectation { asked: Asked::Page, required: &required, ..Expectation::default() };
    let body = br#"{"database":"disconnected"}"#;
    assert_eq!(read_body(&Response::json(200, body), &expectation).verdict, Down);
}
