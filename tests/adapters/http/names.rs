//! Fault 18: names that do not exist, and names of which only one address works.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::Arc;

use quarterdeck::adapters::http::{HealthProbe, HttpClients};
use quarterdeck::domain::{Cause, Verdict};

use super::{probe_url, spec};
use crate::support::fake_http::{FakeHttp, json};

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// A port on which nothing listens any more, on either family.
fn dead_port() -> u16 {
    TcpListener::bind((V4, 0)).unwrap().local_addr().unwrap().port()
}

fn both_families() -> HttpClients {
    HttpClients::with_names(HashMap::from([("both.test".to_owned(), vec![V6, V4])]))
}

#[tokio::test]
async fn a_name_that_does_not_exist() {
    let cause = probe_url("http://name.invalid/health").await.result.unwrap_err();
    assert_eq!(cause, Cause::NameNotFound("name.invalid".into()));
}

#[tokio::test]
async fn the_family_that_refused_is_named() {
    let port = dead_port();
    for (host, family) in [("127.0.0.1", "IPv4"), ("[::1]", "IPv6"), ("both.test", "IPv4 and IPv6")] {
        let probed = spec(&format!("http://{host}:{port}/health"));
        let reading = HealthProbe::new(probed, &both_families()).read().await;
        assert_eq!(reading.verdict(), Verdict::Down);
        assert_eq!(reading.result.unwrap_err(), Cause::Refused { family }, "{host}");
    }
}

#[tokio::test]
async fn one_family_dead() {
    let server = FakeHttp::always(json(200, r#"{"status":"ok","version":"1"}"#));
    let probed = spec(&format!("http://both.test:{}/health", server.address().port()));
    let mut probe = HealthProbe::new(probed, &both_families());
    for _ in 0..2 {
        let report = probe.read().await.result.unwrap();
        assert_eq!(report.verdict, Verdict::Ok, "the service answers");
        assert_eq!(report.detail.as_str(), "IPv6 does not answer, IPv4 does", "said while the connection lasts");
    }
    let six = FakeHttp::start_on(V6, None, Arc::new(|_: &str| json(200, r#"{"status":"ok"}"#)));
    let probed = spec(&format!("http://both.test:{}/health", six.address().port()));
    let report = HealthProbe::new(probed, &both_families()).read().await.result.unwrap();
    assert_eq!(report.detail.as_str(), "");
}
