//! What is found on a bare origin, and what is not mistaken for a find.

use quarterdeck::adapters::http::{Discovery, HttpClients, discover};
use quarterdeck::config::resolved::CacheSource;
use quarterdeck::domain::Cause;
use url::Url;

use crate::support::fake_http::{FakeHttp, Step, answer, json};

fn path(head: &str) -> &str {
    head.split_whitespace().nth(1).unwrap()
}

async fn look_at(server: &FakeHttp) -> Discovery {
    discover(&HttpClients::new(), &Url::parse(&server.url("/")).unwrap()).await
}

fn services(discovery: &Discovery) -> Vec<&'static str> {
    discovery.services.iter().map(|s| s.path).collect()
}

#[tokio::test]
async fn a_service_as_the_documents_have_it() {
    let server = FakeHttp::start(|head| match path(head) {
        "/health" => json(200, r#"{"status":"healthy"}"#),
        "/health/deep" => json(503, r#"{"status":"unhealthy","checks":{"database":"unhealthy"}}"#),
        "/healthz" => answer(204, "", ""),
        "/status" => json(200, r#"{"uptime":5}"#),
        "/ping" => answer(401, "", ""),
        "/api/v1/cache/stats" => json(200, r#"{"hit_rate":0.7,"cache_stats":{"hits":7,"misses":3}}"#),
        "/metrics" => answer(200, "Content-Type: text/plain\r\n", "# TYPE up gauge\nup 1\n".repeat(200_000)),
        _ => json(404, r#"{"detail":"Not Found"}"#),
    });
    let found = look_at(&server).await;
    assert_eq!(services(&found), ["/health", "/health/deep", "/healthz"]);
    assert_eq!(found.metrics.unwrap().path(), "/metrics");
    match found.cache {
        Some(CacheSource::Endpoint { hits, misses, .. }) => {
            assert_eq!((hits.as_deref(), misses.as_deref()), (Some("/cache_stats/hits"), Some("/cache_stats/misses")));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(found.asked.len(), 17);
    let said = |path| found.asked.iter().find(|a| a.path == path).unwrap().answer.as_str().to_owned();
    assert_eq!([said("/ping"), said("/status"), said("/livez")], ["denied (401)", "200, something else", "HTTP 404"]);
    assert!(!found.answers_everything && found.unreachable.is_none());
    assert!(server.connections() <= 6, "gentle: {} connections", server.connections());
}

#[tokio::test]
async fn one_answer_for_every_path() {
    let page =
        FakeHttp::start(|head| answer(200, "Content-Type: text/html\r\n", format!("<html>{}</html>", path(head))));
    let found = look_at(&page).await;
    assert!(found.answers_everything && found.services.is_empty() && found.metrics.is_none() && found.cache.is_none());
    assert_eq!(found.asked[0].answer.as_str(), "200, as any path");

    let word = FakeHttp::start(|head| match path(head) {
        "/health" => json(200, r#"{"status":"healthy"}"#),
        _ => json(200, r#"{"status":"ok"}"#),
    });
    assert_eq!(services(&look_at(&word).await), ["/health"], "what differs is still a find");
}

#[tokio::test]
async fn nobody_there() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let found = discover(&HttpClients::new(), &Url::parse(&format!("http://127.0.0.1:{port}")).unwrap()).await;
    assert_eq!(found.unreachable, Some(Cause::Refused { family: "IPv4" }));
    assert!(found.asked.is_empty());
    let mute = FakeHttp::always(vec![Step::Close]);
    assert!(matches!(look_at(&mute).await.unreachable, Some(Cause::ConnectionLost(_))));
}
