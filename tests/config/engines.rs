//! The field's own engines: where they are, how they are asked, and what is refused.

use std::time::Duration;

use quarterdeck::config::resolved::EngineSpec;
use quarterdeck::domain::secret::SecretRef;
use quarterdeck::domain::target::Environment;

use crate::{file, refused, resolved};

fn engines(text: &str) -> (Option<EngineSpec>, Option<EngineSpec>) {
    let know = resolved(&file(text)).resolved.know;
    (know.prometheus, know.alertmanager)
}

#[test]
fn one_line_names_an_engine_and_that_is_something_to_watch() {
    let resolved = resolved(&file("prometheus = \"http://prometheus.example.com:9090/tenant/\"\n")).resolved;
    assert!(!resolved.is_empty());
    let server = resolved.know.prometheus.unwrap();
    assert_eq!(server.request.url.as_str(), "http://prometheus.example.com:9090/tenant/");
    assert_eq!((server.interval, &server.environment), (Duration::from_secs(15), &Environment::Production));
    let (server, manager) = engines("environment = \"local\"\nalertmanager = \"http://localhost:9093\"\n");
    let manager = manager.unwrap();
    assert!(server.is_none() && manager.on_loopback);
    assert_eq!((manager.interval, manager.environment), (Duration::from_secs(2), Environment::Local));
}

#[test]
fn tenant_token_certificates_and_credentials_are_taken() {
    let (server, manager) = engines(
        r#"
        prometheus = "https://metrics.example.com/prometheus"
        prometheus_headers = { X-Scope-OrgID = "env:TENANT" }
        prometheus_bearer = "env:TOKEN"
        prometheus_ca_file = "ca.pem"
        alertmanager = "https://alerts.example.com"
        alertmanager_headers = { Authorization = "env:BASIC" }
    "#,
    );
    let server = server.unwrap().request;
    assert!(matches!(server.headers.as_slice(), [(name, SecretRef::Env(_))] if name == "X-Scope-OrgID"));
    assert!(server.bearer.is_some());
    assert_eq!(server.ca_file.unwrap().to_str(), Some("/etc/shop/ca.pem"));
    let manager = manager.unwrap().request;
    assert!(matches!(manager.headers.as_slice(), [(name, SecretRef::Env(_))] if name == "Authorization"));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (text, words) in [
        ("prometheus = \"localhost:9090\"", "prometheus: "),
        ("prometheus = \"http://localhost/?x=1\"", "without a query"),
        ("prometheus_bearer = \"env:T\"", "means something only together with prometheus"),
        ("alertmanager_headers = { A = \"b\" }", "means something only together with alertmanager"),
        ("prometheus = \"http://a:b@localhost\"", "do not belong into a file"),
        (
            "prometheus = \"http://localhost\"\nprometheus_bearer = \"env:T\"\n\
             prometheus_headers = { Authorization = \"env:B\" }",
            "exclude each other",
        ),
        ("prometheus = \"http://localhost\"\nprometheus_bearer = \"token\"", "prometheus_bearer"),
    ] {
        let problems = refused(&file(text)).join("\n");
        assert!(problems.contains(words), "{text}: {problems}");
    }
}

#[test]
fn the_server_evaluates_rules_where_it_is_named_unless_somebody_says_otherwise() {
    use quarterdeck::alerts::rules::By;
    let by = |text: &str| resolved(&file(text)).resolved.know.rules_by;
    let server = "prometheus = \"http://localhost:9090\"\n";
    assert_eq!(by("rules = [\"r.yml\"]\n"), By::Scrape);
    assert_eq!(by(server), By::Server);
    assert_eq!(by(&format!("{server}rules_by = \"scrape\"\n")), By::Scrape);
    assert_eq!(by(&format!("{server}rules_by = \"prometheus\"\n")), By::Server);
    let problems = refused(&file("rules = [\"r.yml\"]\nrules_by = \"prometheus\"\n"));
    assert!(format!("{problems:?}").contains("wants the key prometheus"), "{problems:?}");
}
