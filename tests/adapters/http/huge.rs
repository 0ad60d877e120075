//! Fault 19: an origin with more figures than anybody reads, and an endpoint whose body is too large. Bounded bytes,
//! bounded memory, and words for what was cut or refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use quarterdeck::adapters::endpoint::{CacheEndpoint, JsonEndpoint};
use quarterdeck::adapters::http::{HttpClients, discover};
use quarterdeck::config::resolved::{CacheSource, EndpointSpec};
use quarterdeck::domain::Cause;
use url::Url;

use crate::logs::{is_alone, resident_mib};
use crate::support::fake_http::{FakeHttp, Step, json};

const MIB: usize = 1 << 20;
/// Most that the system itself keeps between a server and somebody who stopped reading.
const BETWEEN: usize = 12 * MIB;

/// One of many series, some 580 bytes of it, so that 90 000 of them are 50 MB.
fn series(number: usize) -> String {
    let filler = "x".repeat(500);
    format!("http_requests_total{{route=\"/orders/{number:06}\",instance=\"{filler}\"}} 1.5\n")
}

/// An origin whose metrics are so many series; what was taken of them.
fn with_metrics(count: usize) -> (FakeHttp, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let theirs = Arc::clone(&taken);
    let server = FakeHttp::start(move |head| match head.split_whitespace().nth(1) {
        Some("/health") => json(200, r#"{"status":"ok"}"#),
        Some("/metrics") => {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n\r\n\
                        # HELP http_requests_total Requests.\n# TYPE http_requests_total counter\n";
            // A hundred in one piece.
            let make = move |at: usize| (at < count / 100).then(|| (0..100).map(|n| series(at * 100 + n)).collect());
            let make = move |at: usize| make(at).map(String::into_bytes);
            vec![Step::Bytes(head.into()), Step::Made(Arc::new(make), Arc::clone(&theirs)), Step::Close]
        }
        _ => json(404, "{}"),
    });
    (server, taken)
}

/// Looks around at an origin with so many series: what was said of its metrics, and MiB that it took at most.
async fn looked_at(count: usize) -> (String, usize) {
    let (server, taken) = with_metrics(count);
    let begun = Instant::now();
    let found = discover(&HttpClients::new(), &Url::parse(&server.url("/")).unwrap()).await;
    assert!(begun.elapsed() < Duration::from_secs(10), "a few deadlines of one path: {:?}", begun.elapsed());
    assert_eq!(found.metrics.unwrap().path(), "/metrics");
    assert_eq!(found.services.iter().map(|s| s.path).collect::<Vec<_>>(), ["/health"], "the rest is found as ever");
    let said = found.asked.iter().find(|asked| asked.path == "/metrics").unwrap().answer.to_string();
    (said, taken.load(Ordering::SeqCst))
}

#[tokio::test]
async fn fault_19_metrics_of_ninety_thousand_series_and_their_growth() {
    if !is_alone("http::huge::fault_19_metrics_of_ninety_thousand_series_and_their_growth") {
        return;
    }
    let size = series(0).len() * 90_000;
    assert!(size > 50_000_000, "{size}");
    let (_, little) = looked_at(100).await;
    let before = resident_mib();
    let mut told = Vec::new();
    for growth in [1, 2] {
        let (said, taken) = looked_at(90_000 * growth).await;
        assert!(taken < BETWEEN, "{} of {} MiB were taken", taken / MIB, size * growth / MIB);
        told.push(said);
    }
    assert!(resident_mib() < before + 24, "{} MiB, before {before}", resident_mib());
    assert_eq!(told, ["200, found; only its first 64 KiB read"; 2]);
    assert_eq!(little, 100 * series(0).len(), "a small page is read whole");
}

fn request(url: &str) -> EndpointSpec {
    EndpointSpec { url: Url::parse(url).unwrap(), headers: Vec::new(), bearer: None, ca_file: None }
}

#[tokio::test]
async fn fault_19_a_body_of_fifty_megabytes_is_refused_in_words_and_is_not_zero() {
    for announced in [true, false] {
        let taken = Arc::new(AtomicUsize::new(0));
        let theirs = Arc::clone(&taken);
        let server = FakeHttp::start(move |_| {
            let body = 50 * MIB;
            let length = if announced { format!("Content-Length: {body}\r\n") } else { String::new() };
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{length}\r\n");
            let start = br#"{"hits":0,"misses":0,"keys":[""#.to_vec();
            let make = move |at: usize| match at {
                0 => Some(start.clone()),
                1..50 => Some(vec![b'k'; MIB]),
                _ => None,
            };
            vec![Step::Bytes(head.into_bytes()), Step::Made(Arc::new(make), Arc::clone(&theirs)), Step::Close]
        });
        let (clients, deadline) = (HttpClients::new(), Duration::from_secs(10));
        let source = CacheSource::Endpoint {
            request: request(&server.url("/api/v1/cache/stats")),
            hits: Some("/hits".to_owned()),
            misses: Some("/misses".to_owned()),
            ratio: None,
        };
        let told = CacheEndpoint::new(&source, &clients, deadline).unwrap().read().await.unwrap_err();
        assert_eq!(told, Cause::BodyTooLarge { limit: MIB as u64 });
        assert_eq!((told.to_string().as_str(), told.short().as_str()), ("body larger than 1.00 MiB", "body too large"));
        let signal = JsonEndpoint::new(request(&server.url("/stats")), &clients, deadline).read().await;
        assert_eq!(signal.unwrap_err(), told);
        assert!(taken.load(Ordering::SeqCst) < 2 * BETWEEN, "{} bytes were taken", taken.load(Ordering::SeqCst));
    }
}
