//! HTTP sources against servers that misbehave on purpose: faults 11 to 18.

mod bodies;
mod changes;
mod discovery;
mod endpoints;
mod huge;
mod names;
mod probes;
mod redirects;
mod slow;
mod tls;

use std::time::Duration;

use quarterdeck::adapters::http::{HealthProbe, HttpClients};
use quarterdeck::config::resolved::{Method, ServiceSpec};
use quarterdeck::domain::health::HealthReading;
use quarterdeck::domain::target::{Environment, Provenance};
use url::Url;

/// A plain specification with a deadline long enough for everything that answers.
fn spec(url: &str) -> ServiceSpec {
    ServiceSpec {
        name: "service".into(),
        url: Url::parse(url).unwrap(),
        method: Method::Get,
        headers: Vec::new(),
        bearer: None,
        ca_file: None,
        client_certificate: None,
        expected_status: Vec::new(),
        required: Vec::new(),
        body_decides: false,
        expect_json: false,
        interval: Duration::from_secs(2),
        deadline: Duration::from_secs(10),
        down_after: 3,
        up_after: 2,
        environment: Environment::Local,
        provenance: Provenance::Configured,
    }
}

/// One probe with a client of its own.
async fn probe(spec: ServiceSpec) -> HealthReading {
    HealthProbe::new(spec, &HttpClients::new()).read().await
}

async fn probe_url(url: &str) -> HealthReading {
    probe(spec(url)).await
}
