//! Fault 16: redirects that loop, lead astray, or would carry credentials away.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use quarterdeck::adapters::http::{HealthProbe, HttpClients};
use quarterdeck::domain::secret::{Secret, SecretRef};
use quarterdeck::domain::{Cause, Verdict};

use super::{probe_url, spec};
use crate::support::fake_http::{FakeHttp, Step, answer, json};

fn to(location: &str) -> Vec<Step> {
    answer(302, &format!("Location: {location}\r\n"), "")
}

#[tokio::test]
async fn five_hops_and_no_more() {
    let server = FakeHttp::start(|head| {
        let at: u32 = head.split(['/', ' ']).find_map(|part| part.parse().ok()).unwrap();
        if at == 0 { json(200, r#"{"status":"ok"}"#) } else { to(&format!("/{}", at - 1)) }
    });
    assert_eq!(probe_url(&server.url("/5")).await.verdict(), Verdict::Ok);
    assert_eq!(server.connections(), 1, "a redirect keeps the connection");
    let cause = probe_url(&server.url("/6")).await.result.unwrap_err();
    assert_eq!(cause, Cause::TooManyRedirects { limit: 5 });
    assert_eq!(server.requests().len(), 6 + 6);
}

#[tokio::test]
async fn credentials_stay_at_home() {
    let away = FakeHttp::always(json(200, r#"{"status":"ok"}"#));
    let target = away.url("/elsewhere");
    let home = FakeHttp::start(move |head| if head.starts_with("GET /health") { to("/same") } else { to(&target) });
    let mut secretive = spec(&home.url("/health"));
    secretive.bearer = Some(SecretRef::Inline(Secret::new("hush")));
    secretive.headers = ["Cookie", "X-Api-Key", "Authorization"]
        .map(|name| (name.to_owned(), SecretRef::Inline(Secret::new("hush"))))
        .to_vec();
    let reading = HealthProbe::new(secretive, &HttpClients::new()).read().await;
    assert_eq!(reading.verdict(), Verdict::Ok);
    assert!(home.requests().iter().all(|r| r.contains("hush")), "the same origin gets them, redirected or not");
    let elsewhere = away.requests();
    assert_eq!(elsewhere.len(), 1);
    assert!(!elsewhere[0].contains("hush"), "another port is another origin: {}", elsewhere[0]);
}

#[tokio::test]
async fn they_do_not_come_back_either() {
    let known = HashMap::from(["a.test", "b.test"].map(|n| (n.to_owned(), vec![IpAddr::V4(Ipv4Addr::LOCALHOST)])));
    let server = FakeHttp::start(|head| {
        let port = head.split("test:").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap_or("0").to_owned();
        match head.split_whitespace().nth(1) {
            Some("/health") => to(&format!("http://b.test:{port}/b")),
            Some("/b") => to(&format!("http://a.test:{port}/a")),
            _ => json(200, r#"{"status":"ok"}"#),
        }
    });
    let mut secretive = spec(&format!("http://a.test:{}/health", server.address().port()));
    secretive.bearer = Some(SecretRef::Inline(Secret::new("hush")));
    let reading = HealthProbe::new(secretive, &HttpClients::with_names(known)).read().await;
    assert_eq!(reading.verdict(), Verdict::Ok);
    let carried: Vec<bool> = server.requests().iter().map(|r| r.contains("hush")).collect();
    assert_eq!(carried, [true, false, false]);
}

#[tokio::test]
async fn where_nobody_follows() {
    for location in ["file:///etc/passwd", "gopher://127.0.0.1/", "http://169.254.169.254/latest/", "http://[fe80::1]/"]
    {
        let server = FakeHttp::always(to(location));
        let cause = probe_url(&server.url("/health")).await.result.unwrap_err();
        assert!(matches!(cause, Cause::RedirectRefused(_)), "{location}: {cause:?}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_name_does_not_hide_the_metadata_address() {
    let metadata = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254));
    let clients = HttpClients::with_names(HashMap::from([("meta.test".to_owned(), vec![metadata])]));
    let server = FakeHttp::always(to("http://meta.test/latest/"));
    let cause = HealthProbe::new(spec(&server.url("/health")), &clients).read().await.result.unwrap_err();
    assert!(matches!(&cause, Cause::RedirectRefused(why) if why.as_str().contains("link-local")), "{cause:?}");
}

#[tokio::test]
async fn never_down_to_http() {
    let plain = FakeHttp::always(json(200, r#"{"status":"ok"}"#));
    let target = plain.url("/health");
    let authority = super::tls::Authority::new("Test CA");
    let server = FakeHttp::tls(authority.server(&["localhost"], -1, 90), move |_| to(&target));
    let mut secure = spec(&format!("https://localhost:{}/health", server.address().port()));
    secure.ca_file = Some(authority.file());
    let cause = super::probe(secure).await.result.unwrap_err();
    assert!(matches!(&cause, Cause::RedirectRefused(why) if why.as_str().contains("down to http")), "{cause:?}");
    assert_eq!(plain.connections(), 0);
}

#[tokio::test]
async fn an_expected_redirect_is_an_answer() {
    let server = FakeHttp::always(to("/login"));
    let mut expected = spec(&server.url("/"));
    expected.expected_status = vec![302];
    assert_eq!(super::probe(expected).await.verdict(), Verdict::Ok);
    let without_place = FakeHttp::always(answer(302, "", ""));
    assert_eq!(probe_url(&without_place.url("/")).await.verdict(), Verdict::Down);
}
