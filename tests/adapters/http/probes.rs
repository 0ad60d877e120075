//! What a probe does where all is well, and where the target sets limits.

use std::time::Duration;

use quarterdeck::adapters::http::{HealthProbe, HttpClients};
use quarterdeck::config::resolved::Method;
use quarterdeck::domain::secret::{Secret, SecretRef};
use quarterdeck::domain::{Cause, Verdict};

use super::{probe, probe_url, spec};
use crate::support::fake_http::{FakeHttp, Step, answer, gzip, json};

#[tokio::test]
async fn a_healthy_service() {
    let server = FakeHttp::always(json(200, r#"{"status":"healthy","version":"1.2.3"}"#));
    let reading = probe_url(&server.url("/health")).await;
    let report = reading.result.as_ref().unwrap();
    assert_eq!((reading.verdict(), report.status, report.detail.as_str()), (Verdict::Ok, 200, "v1.2.3"));
    assert!(reading.latency.is_some() && reading.certificate.is_none());
}

#[tokio::test]
async fn a_connection_is_kept_and_replaced() {
    let server = FakeHttp::always(json(200, r#"{"status":"ok"}"#));
    let mut probe = HealthProbe::new(spec(&server.url("/health")), &HttpClients::new());
    for _ in 0..5 {
        assert_eq!(probe.read().await.verdict(), Verdict::Ok);
    }
    assert_eq!(server.connections(), 1, "five probes over one connection");
    server.hang_up();
    assert_eq!(probe.read().await.verdict(), Verdict::Ok, "a kept connection that was closed is no failure");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_kept_connection_that_dies_under_the_request() {
    let server = FakeHttp::start({
        let asked = std::sync::atomic::AtomicUsize::new(0);
        move |_| match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            1 => vec![Step::Close],
            _ => json(200, r#"{"status":"ok"}"#),
        }
    });
    let mut probe = HealthProbe::new(spec(&server.url("/health")), &HttpClients::new());
    assert_eq!(probe.read().await.verdict(), Verdict::Ok);
    assert_eq!(probe.read().await.verdict(), Verdict::Ok, "asked once more over a new connection");
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn secrets_are_read_at_each_use() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "first\n").unwrap();
    let server = FakeHttp::always(json(200, r#"{"status":"ok"}"#));
    let mut with_secrets = spec(&server.url("/health"));
    with_secrets.bearer = Some(SecretRef::File(token.clone()));
    with_secrets.headers = vec![("X-Api-Key".to_owned(), SecretRef::Inline(Secret::new("k")))];
    let mut probe = HealthProbe::new(with_secrets, &HttpClients::new());
    probe.read().await.result.unwrap();
    std::fs::write(&token, "second\n").unwrap();
    probe.read().await.result.unwrap();
    let requests = server.requests().iter().map(|r| r.to_ascii_lowercase()).collect::<Vec<_>>();
    assert!(requests[0].contains("authorization: bearer first\r\n") && requests[0].contains("x-api-key: k\r\n"));
    assert!(requests[1].contains("authorization: bearer second\r\n"));
    std::fs::remove_file(&token).unwrap();
    assert!(matches!(probe.read().await.result, Err(Cause::SecretMissing(_))));
    assert_eq!(server.requests().len(), 2, "nothing is asked without the secret");
}

#[tokio::test]
async fn limits_and_denials_are_not_down() {
    let server = FakeHttp::start(|head| match head.split_whitespace().nth(1) {
        Some("/limited") => answer(429, "Retry-After: 17\r\n", ""),
        Some("/denied") => answer(403, "", ""),
        _ => answer(401, "", ""),
    });
    let limited = probe_url(&server.url("/limited")).await;
    assert_eq!(limited.verdict(), Verdict::Unknown);
    assert_eq!(limited.result.unwrap_err(), Cause::RateLimited { retry_after: Some(Duration::from_secs(17)) });
    for (path, status) in [("/denied", 403), ("/unknown", 401)] {
        let denied = probe_url(&server.url(path)).await;
        assert_eq!((denied.verdict(), denied.result.unwrap_err()), (Verdict::Unknown, Cause::HttpDenied { status }));
    }
    let mut expected = spec(&server.url("/denied"));
    expected.expected_status = vec![403];
    assert_eq!(probe(expected).await.verdict(), Verdict::Ok);
}

#[tokio::test]
async fn only_the_head_is_asked_for() {
    let server = FakeHttp::start(|head| {
        assert!(head.starts_with("HEAD /health HTTP/1.1\r\n"));
        vec![Step::Bytes(
            b"HTTP/1.1 200 x\r\nContent-Type: application/json\r\nContent-Length: 5000000\r\n\r\n".to_vec(),
        )]
    });
    let mut head = spec(&server.url("/health"));
    (head.method, head.expect_json) = (Method::Head, true);
    assert_eq!(probe(head).await.verdict(), Verdict::Ok);
}

#[tokio::test]
async fn compressed_bodies_are_read() {
    let server = FakeHttp::start(|head| {
        assert!(head.to_ascii_lowercase().contains("accept-encoding: gzip"));
        answer(200, "Content-Type: application/json\r\nContent-Encoding: gzip\r\n", gzip(br#"{"status":"DOWN"}"#))
    });
    let reading = probe_url(&server.url("/health")).await;
    assert_eq!(reading.result.unwrap().detail.as_str(), "200 but body says DOWN");
}

#[tokio::test]
async fn broken_off_and_broken_answers() {
    let server = FakeHttp::start(|head| match head.split_whitespace().nth(1) {
        Some("/nothing") => vec![Step::Close],
        Some("/half") => vec![Step::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"st".to_vec()), Step::Close],
        Some("/gzip") => answer(200, "Content-Encoding: gzip\r\n", "this is no gzip"),
        _ => vec![Step::Bytes(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()), Step::Close],
    });
    for path in ["/nothing", "/half"] {
        let cause = probe_url(&server.url(path)).await.result.unwrap_err();
        assert!(matches!(cause, Cause::ConnectionLost(_)), "{path}: {cause:?}");
    }
    for path in ["/gzip", "/ssh"] {
        let cause = probe_url(&server.url(path)).await.result.unwrap_err();
        assert!(matches!(cause, Cause::Protocol(_)), "{path}: {cause:?}");
    }
}
