//! JSON endpoints that are read for figures.

use std::time::Duration;

use quarterdeck::adapters::endpoint::{CacheEndpoint, JsonEndpoint, figure_at};
use quarterdeck::adapters::http::HttpClients;
use quarterdeck::config::resolved::{CacheSource, EndpointSpec};
use quarterdeck::domain::signal::SignalValue;
use quarterdeck::domain::{Cause, Verdict};
use url::Url;

use crate::support::fake_http::{FakeHttp, answer, json};

const DEADLINE: Duration = Duration::from_secs(10);

fn request(url: &str) -> EndpointSpec {
    EndpointSpec { url: Url::parse(url).unwrap(), headers: Vec::new(), bearer: None, ca_file: None }
}

#[tokio::test]
async fn a_signal_by_its_pointer() {
    let server = FakeHttp::always(json(200, r#"{"queue":{"pending":1250}}"#));
    let mut endpoint = JsonEndpoint::new(request(&server.url("/stats")), &HttpClients::new(), DEADLINE);
    let value = endpoint.read().await.unwrap();
    assert_eq!(figure_at(&value, "/queue/pending"), Ok(SignalValue::Number(1250.0)));
}

#[tokio::test]
async fn failures_are_causes() {
    let server = FakeHttp::start(|head| match head.split_whitespace().nth(1) {
        Some("/gone") => json(404, "{}"),
        Some("/denied") => json(401, "{}"),
        Some("/empty") => json(200, ""),
        _ => answer(200, "Content-Type: text/html\r\n", "<html>"),
    });
    let read =
        async |path: &str| JsonEndpoint::new(request(&server.url(path)), &HttpClients::new(), DEADLINE).read().await;
    assert_eq!(read("/gone").await, Err(Cause::HttpStatus { status: 404 }));
    assert_eq!(read("/denied").await, Err(Cause::HttpDenied { status: 401 }));
    for (path, words) in [("/empty", "invalid JSON: empty"), ("/page", "invalid JSON: an HTML page")] {
        let cause = read(path).await.unwrap_err();
        assert_eq!((cause.to_string().as_str(), cause.verdict()), (words, Verdict::Unknown), "{path}");
    }
}

#[tokio::test]
async fn an_endless_number_takes_no_other_with_it() {
    let server =
        FakeHttp::always(json(200, r#"{"hit_rate":NaN,"hits":7,"misses":3,"big":1e400,"idle":null,"queue":5}"#));
    let clients = HttpClients::new();
    let mut endpoint = JsonEndpoint::new(request(&server.url("/stats")), &clients, DEADLINE);
    let value = endpoint.read().await.unwrap();
    assert_eq!(figure_at(&value, "/queue"), Ok(SignalValue::Number(5.0)));
    for pointer in ["/hit_rate", "/big"] {
        let cause = figure_at(&value, pointer).unwrap_err();
        assert!(cause.to_string().contains("NaN or infinite"), "{cause}");
        assert_eq!(cause.verdict(), Verdict::Unknown);
    }
    let source = |hits: Option<&str>, misses: Option<&str>| CacheSource::Endpoint {
        request: request(&server.url("/stats")),
        hits: hits.map(str::to_owned),
        misses: misses.map(str::to_owned),
        ratio: Some("/hit_rate".to_owned()),
    };
    let mut counted = CacheEndpoint::new(&source(Some("/hits"), Some("/misses")), &clients, DEADLINE).unwrap();
    let reading = counted.read().await.unwrap();
    assert_eq!((reading.hits, reading.misses, reading.lifetime_ratio), (Some(7), Some(3), None));
    for (hits, misses) in [(None, None), (Some("/hits"), None), (Some("/hits"), Some("/big")), (Some("/idle"), None)] {
        let mut bare = CacheEndpoint::new(&source(hits, misses), &clients, DEADLINE).unwrap();
        let cause = bare.read().await.unwrap_err();
        assert!(cause.to_string().contains(": it is "), "{cause}");
        assert_eq!(cause.verdict(), Verdict::Unknown);
    }
}

#[tokio::test]
async fn the_counters_of_a_cache() {
    let server = FakeHttp::always(json(200, r#"{"cache_stats":{"hits":714,"misses":"286"},"hit_rate":71.4}"#));
    let source = |hits: Option<&str>, ratio: Option<&str>| CacheSource::Endpoint {
        request: request(&server.url("/api/v1/cache/stats")),
        hits: hits.map(str::to_owned),
        misses: Some("/cache_stats/misses".to_owned()),
        ratio: ratio.map(str::to_owned),
    };
    let clients = HttpClients::new();
    let mut cache =
        CacheEndpoint::new(&source(Some("/cache_stats/hits"), Some("/hit_rate")), &clients, DEADLINE).unwrap();
    let reading = cache.read().await.unwrap();
    assert_eq!((reading.hits, reading.misses), (Some(714), Some(286)));
    assert!((reading.lifetime_ratio.unwrap() - 0.714).abs() < 1e-9);
    let mut bare = CacheEndpoint::new(&source(None, None), &clients, DEADLINE).unwrap();
    assert_eq!(bare.read().await.unwrap().hits, None, "not asked for is not told");
    let mut wrong = CacheEndpoint::new(&source(Some("/hits"), None), &clients, DEADLINE).unwrap();
    assert_eq!(wrong.read().await, Err(Cause::NoSuchFigure { pointer: "/hits".into() }), "never zero");
}
