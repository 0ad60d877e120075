//! Faults 13 to 15: bodies that are too large, that are no JSON, or that say something else than the status.

use quarterdeck::domain::health::HealthReport;
use quarterdeck::domain::{Cause, Verdict};

use super::probe_url;
use crate::support::fake_http::{FakeHttp, Step, answer, gzip_bomb, json};

const TOO_LARGE: Cause = Cause::BodyTooLarge { limit: 1024 * 1024 };

async fn read(steps: Vec<Step>) -> Result<HealthReport, Cause> {
    let server = FakeHttp::always(steps);
    probe_url(&server.url("/health")).await.result
}

fn head(headers: &str) -> Step {
    Step::Bytes(format!("HTTP/1.1 200 OK\r\n{headers}\r\n").into_bytes())
}

#[tokio::test]
async fn an_endless_chunked_body() {
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000)).into_bytes();
    let got = read(vec![head("Transfer-Encoding: chunked\r\n"), Step::Endless(chunk)]).await;
    assert_eq!(got.unwrap_err(), TOO_LARGE);
}

#[tokio::test]
async fn ten_gigabytes_announced() {
    let got = read(vec![head("Content-Length: 10737418240\r\n"), Step::Hang]).await;
    assert_eq!(got.unwrap_err(), TOO_LARGE, "refused before the first byte");
}

#[tokio::test]
async fn a_small_body_that_decompresses_without_end() {
    let bomb = gzip_bomb(64 * 1024 * 1024);
    assert!(bomb.len() < 512 * 1024, "what comes over the wire is under the cap");
    let got = read(answer(200, "Content-Encoding: gzip\r\n", bomb)).await;
    assert_eq!(got.unwrap_err(), TOO_LARGE);
}

#[tokio::test]
async fn the_cap_itself_is_allowed() {
    let body = format!("{{\"status\":\"ok\",\"pad\":\"{}\"}}", " ".repeat(1024 * 1024 - 24));
    assert_eq!(body.len(), 1024 * 1024);
    assert_eq!(read(json(200, &body)).await.unwrap().verdict, Verdict::Ok);
}

#[tokio::test]
async fn headers_without_end() {
    let got =
        read(vec![Step::Bytes(b"HTTP/1.1 200 OK\r\n".to_vec()), Step::Endless(b"X-Junk: y\r\n".repeat(100))]).await;
    assert!(matches!(got, Err(Cause::Protocol(_))), "{got:?}");
}

#[tokio::test]
async fn promised_json_that_is_none() {
    let declared = "Content-Type: application/json\r\n";
    let utf16: Vec<u8> = "\u{feff}{\"status\":\"ok\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for body in [b"<html>proxy error</html>".as_slice(), b"", b"{\"status\":\"ok\"", &utf16] {
        let report = read(answer(200, declared, body)).await.unwrap();
        assert_eq!(report.verdict, Verdict::Down, "{body:?}");
        assert!(report.detail.as_str().starts_with("invalid JSON"), "{}", report.detail);
    }
    let page = read(answer(200, "Content-Type: text/html\r\n", "<!doctype html><h1>Sorry</h1>")).await.unwrap();
    assert_eq!((page.verdict, page.detail.as_str()), (Verdict::Down, "invalid JSON: an HTML page"));
    let marked = read(answer(200, declared, b"\xef\xbb\xbf{\"status\":\"ok\"}")).await.unwrap();
    assert_eq!(marked.verdict, Verdict::Ok);
}

#[tokio::test]
async fn one_word_declared_as_html() {
    for (word, verdict) in [("OK", Verdict::Ok), ("pong", Verdict::Ok), ("Unhealthy", Verdict::Down)] {
        let report = read(answer(200, "Content-Type: text/html; charset=utf-8\r\n", word)).await.unwrap();
        assert_eq!(report.verdict, verdict, "{word}: {}", report.detail);
    }
}

#[tokio::test]
async fn what_a_page_lists_is_not_its_health() {
    let server = FakeHttp::always(json(200, r#"{"items":[{"id":1,"status":"failed"}]}"#));
    assert_eq!(probe_url(&server.url("/api/v1/workflows")).await.result.unwrap().verdict, Verdict::Ok);
    let asked_for_health = probe_url(&server.url("/api/v1/health/workflows")).await.result.unwrap();
    assert_eq!(asked_for_health.verdict, Verdict::Degraded);
}

#[tokio::test]
async fn code_and_body_disagree() {
    let down = read(json(200, r#"{"status":"DOWN"}"#)).await.unwrap();
    assert_eq!((down.verdict, down.conflict.unwrap().as_str()), (Verdict::Down, "200 but body says DOWN"));
    let ok = read(json(503, r#"{"status":"ok"}"#)).await.unwrap();
    assert_eq!((ok.verdict, ok.conflict.unwrap().as_str()), (Verdict::Down, "503 but body says ok"));
}
