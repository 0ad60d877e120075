//! Scraping a real server on loopback: what is asked for, what is taken, and servers that mean harm.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use quarterdeck::adapters::http::HttpClients;
use quarterdeck::adapters::scrape::Scrape;
use quarterdeck::config::resolved::{EndpointSpec, MetricsSpec};
use quarterdeck::domain::cause::Phase;
use quarterdeck::domain::target::Environment;
use quarterdeck::domain::{Cause, Moment};
use quarterdeck::engine::output::{Output, TargetTold};
use quarterdeck::engine::{Body, Engine, Input, Settings};
use quarterdeck::metrics::exposition::Format;

use crate::support::fake_http::{FakeHttp, Step, answer, gzip, gzip_bomb};

fn spec(server: &FakeHttp) -> MetricsSpec {
    let url = server.url("/metrics").parse().unwrap();
    let request = EndpointSpec { url, headers: Vec::new(), bearer: None, ca_file: None };
    MetricsSpec::new("api", request, true, Environment::Local)
}

async fn scraped(server: &FakeHttp, deadline: Duration) -> Result<Body, Cause> {
    Scrape::new(spec(server), &HttpClients::new()).read(deadline).await
}

const SOON: Duration = Duration::from_secs(10);

/// What the engine makes of an answer.
fn told(answer: Result<Body, Cause>) -> TargetTold {
    let target = quarterdeck::engine::settings::TargetSettings {
        name: "api".into(),
        labels: quarterdeck::metrics::labels::Labels::new([("job", "api")]),
        interval: Duration::from_secs(2),
        durations: Vec::new(),
        requests: Vec::new(),
        status: Vec::new(),
        cache: Vec::new(),
        window: Duration::from_secs(60),
    };
    let mut engine = Engine::new(Settings { targets: vec![target], ..Settings::default() }, Moment::fixed(0.0));
    let input = Input::Scraped { target: 0, begun: Moment::fixed(1.0), took: Duration::ZERO, answer };
    match engine.step(input, Moment::fixed(1.0)).remove(0) {
        Output::Target { told, .. } => told,
        other => panic!("{other:?}"),
    }
}

const PAGE: &str = "# TYPE a counter\na_total{x=\"1\"} 4\n";

#[tokio::test]
async fn a_page_is_asked_for_as_prometheus_asks() {
    let server = FakeHttp::start(|_| answer(200, "Content-Type: text/plain; version=0.0.4\r\n", PAGE));
    let body = scraped(&server, SOON).await.unwrap();
    assert_eq!((body.bytes.as_slice(), body.format), (PAGE.as_bytes(), Format::Text));
    let head = server.requests().remove(0).to_lowercase();
    assert!(head.starts_with("get /metrics http/1.1"), "{head}");
    assert!(head.contains("accept: application/openmetrics-text;version=1.0.0"), "{head}");
    assert!(
        head.contains("accept-encoding: gzip") && head.contains("x-prometheus-scrape-timeout-seconds: 2"),
        "{head}"
    );
}

#[tokio::test]
async fn openmetrics_and_gzip_are_understood() {
    let server = FakeHttp::start(|_| {
        let headers = "Content-Type: application/openmetrics-text; version=1.0.0\r\nContent-Encoding: gzip\r\n";
        answer(200, headers, gzip(b"a_total 4\n# EOF\n"))
    });
    let body = scraped(&server, SOON).await.unwrap();
    assert_eq!(body.format, Format::OpenMetrics);
    assert_eq!(told(Ok(body)).page.unwrap().samples, 1);
}

#[tokio::test]
async fn anything_but_success_is_a_cause() {
    for (status, wanted) in [
        (404, Cause::HttpStatus { status: 404 }),
        (403, Cause::HttpDenied { status: 403 }),
        (429, Cause::RateLimited { retry_after: None }),
    ] {
        let server = FakeHttp::start(move |_| answer(status, "", PAGE));
        assert_eq!(scraped(&server, SOON).await.unwrap_err(), wanted);
    }
    let gone = FakeHttp::always(vec![Step::Close]);
    assert!(matches!(scraped(&gone, SOON).await, Err(Cause::ConnectionLost(_))));
    // A page of another kind is no metrics: nothing of it is taken.
    let html = FakeHttp::start(|_| answer(200, "Content-Type: text/html\r\n", "<!doctype html>\n<h1>Sign in</h1>\n"));
    let told = told(scraped(&html, SOON).await);
    assert!(told.page.unwrap_err().to_string().contains("line 1"));
}

#[tokio::test]
async fn fault_13_an_endless_page_ends_with_the_bound_or_the_deadline() {
    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";
    let fast = FakeHttp::always(vec![Step::Bytes(HEAD.to_vec()), Step::Endless(b"a 1\n".repeat(20_000))]);
    let limit = 50 << 20;
    assert_eq!(scraped(&fast, Duration::from_secs(30)).await.unwrap_err(), Cause::BodyTooLarge { limit });
    let slow = FakeHttp::always(vec![Step::Bytes(HEAD.to_vec()), Step::Drip(b"a 1\n", Duration::from_millis(20))]);
    let begun = Instant::now();
    let after = Duration::from_millis(300);
    assert_eq!(scraped(&slow, after).await.unwrap_err(), Cause::Timeout { phase: Phase::Body, after });
    assert!(begun.elapsed() < Duration::from_secs(5));
    let announced = FakeHttp::start(|_| {
        vec![Step::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\na 1\n".to_vec()), Step::Hang]
    });
    assert_eq!(scraped(&announced, SOON).await.unwrap_err(), Cause::BodyTooLarge { limit });
}

#[tokio::test]
async fn fault_13_a_gzip_bomb_is_refused_by_what_it_unpacks_to() {
    let bomb = gzip_bomb(200 << 20);
    assert!(bomb.len() < 2 << 20, "{}", bomb.len());
    let server = FakeHttp::start(move |_| answer(200, "Content-Encoding: gzip\r\n", &bomb));
    assert_eq!(scraped(&server, SOON).await.unwrap_err(), Cause::BodyTooLarge { limit: 50 << 20 });
}

#[tokio::test]
async fn fault_19_ninety_thousand_series_are_refused_with_their_number_and_are_not_zero() {
    let taken = Arc::new(AtomicUsize::new(0));
    let theirs = Arc::clone(&taken);
    let server = FakeHttp::start(move |_| {
        let line = |n: usize| format!("http_requests_total{{route=\"/orders/{n:06}\"}} 1.5\n");
        let make = move |at: usize| {
            (at < 900).then(|| (0..100).map(|n| line(at * 100 + n)).collect::<Vec<_>>().concat().into_bytes())
        };
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n".to_vec();
        vec![Step::Bytes(head), Step::Made(Arc::new(make), Arc::clone(&theirs)), Step::Close]
    });
    let told = told(scraped(&server, SOON).await);
    assert!(taken.load(Ordering::SeqCst) > 3_000_000);
    let why = told.page.unwrap_err().to_string();
    assert!(why.contains("90 000 series, at most 50 000"), "{why}");
    assert_eq!(told.requests, None);
}

#[tokio::test]
async fn fault_20_a_malformed_line_is_told_by_its_number() {
    let page = "a 1\n".repeat(4711) + "b 1_2\n" + "c 1\n";
    let server = FakeHttp::start(move |_| answer(200, "Content-Type: text/plain\r\n", &page));
    let why = told(scraped(&server, SOON).await).page.unwrap_err().to_string();
    assert!(why.contains("line 4712: expected") && why.contains("1_2"), "{why}");
}

#[tokio::test]
async fn a_bearer_token_is_sent_and_never_told() {
    let server = FakeHttp::start(|_| answer(200, "Content-Type: text/plain\r\n", "echo{token=\"s3cret-token-7\"} 1\n"));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "s3cret-token-7\n").unwrap();
    let mut spec = spec(&server);
    spec.request.bearer = Some(quarterdeck::domain::secret::SecretRef::File(folder.path().join("token")));
    let body = Scrape::new(spec, &HttpClients::new()).read(SOON).await.unwrap();
    assert!(server.requests()[0].contains("Bearer s3cret-token-7"));
    assert!(!String::from_utf8(body.bytes).unwrap().contains("s3cret"));
}
