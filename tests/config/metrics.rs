//! `[[metrics]]`, rules files and their bounds: gentle defaults, what overrides them, what is refused.

use std::time::Duration;

use quarterdeck::config::{Arguments, Inputs, Resolution};
use quarterdeck::domain::target::{Environment, Provenance};

use crate::{file, profile, refused, resolved};

fn of(text: &str) -> Resolution {
    resolved(&file(text))
}

#[test]
fn defaults_are_gentle_and_usual_names_are_known() {
    let near = &of("[[metrics]]\nname = \"api\"\nurl = \"http://localhost:8000/metrics\"\n").resolved.metrics[0];
    assert_eq!((near.interval, near.deadline), (Duration::from_secs(2), Duration::from_secs(2)));
    assert_eq!((near.job.as_str(), near.instance.as_str()), ("api", "localhost:8000"));
    assert_eq!((near.environment.clone(), near.window), (Environment::Local, Duration::from_secs(60)));
    assert!(near.durations.iter().any(|name| name == "http_request_duration_seconds"));
    assert!(near.cache.contains(&("cache_hits_total".to_owned(), "cache_misses_total".to_owned())));
    let far = &of("[[metrics]]\nname = \"api\"\nurl = \"https://api.example.com/metrics\"\n").resolved.metrics[0];
    assert_eq!((far.interval, far.deadline), (Duration::from_secs(15), Duration::from_secs(10)));
    assert_eq!((far.instance.as_str(), &far.environment), ("api.example.com:443", &Environment::Production));
    let know = of("").resolved.know;
    assert_eq!(
        (know.bytes, know.series, know.keep.as_secs(), know.rules_interval.as_secs()),
        (256 << 20, 50_000, 7200, 15)
    );
}

#[test]
fn every_key_is_read() {
    let r = of(r#"
        rules = ["a.yml", "/etc/rules/*.yml", "~/mine.yml"]
        rules_interval = "1m"
        external_labels = { cluster = "eu-1", replica = "a" }
        metrics_bytes = "64 MiB"
        metrics_hours = 3
        metrics_series = 1000
        [[origin]]
        name = "o"
        url = "http://localhost:8000"
        [[service]]
        name = "shop"
        origin = "o"
        path = "/health"
        [[metrics]]
        name = "api"
        origin = "o"
        path = "/metrics"
        bearer = "env:TOKEN"
        headers = { X-Scope-OrgID = "env:TENANT" }
        ca_file = "ca.pem"
        job = "shop-api"
        instance = "one"
        service = "shop"
        durations = ["took_seconds"]
        requests = ["asked_total"]
        status = ["http_code"]
        cache = ["h_total", "m_total", "h2_total", "m2_total"]
        window = "5m"
        interval = "30s"
        deadline = "3s"
        environment = "staging"
    "#)
    .resolved;
    let m = &r.metrics[0];
    assert_eq!((m.job.as_str(), m.instance.as_str(), m.service.as_deref()), ("shop-api", "one", Some("shop")));
    assert_eq!(
        (m.durations.join(""), m.requests.join(""), m.status.join("")),
        ("took_seconds".into(), "asked_total".into(), "http_code".into())
    );
    assert_eq!(m.cache.len(), 2);
    assert_eq!((m.window.as_secs(), m.interval.as_secs(), m.deadline.as_secs()), (300, 30, 3));
    assert!(m.request.bearer.is_some() && m.request.headers.len() == 1 && m.request.ca_file.is_some());
    assert_eq!((m.environment.clone(), m.provenance), (Environment::Staging, Provenance::Configured));
    assert_eq!(r.know.rules, ["/etc/shop/a.yml", "/etc/rules/*.yml", "/home/me/mine.yml"]);
    assert_eq!(
        (r.know.bytes, r.know.series, r.know.keep.as_secs(), r.know.rules_interval.as_secs()),
        (64 << 20, 1000, 10_800, 60)
    );
    let external = [("cluster", "eu-1"), ("replica", "a")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(r.know.external_labels, external);
}

#[test]
fn what_is_wrong_is_said_with_its_key() {
    let wrong = refused(&file(
        r#"
        metrics_hours = 0
        metrics_bytes = "2 TiB"
        [[metrics]]
        name = "a"
        url = "http://localhost:1/metrics"
        cache = ["hits_total"]
        service = "nobody"
        [[metrics]]
        name = "b"
        url = "http://localhost:1/other"
        job = "a"
        [[metrics]]
        name = "c"
        "#,
    ))
    .join("\n");
    for words in [
        "metrics_hours: 0 is outside 1 to 48",
        "metrics_bytes",
        "wants pairs: the counter of hits, then that of misses",
        "there is no [[service]] named \"nobody\"",
        "are those of \"a\" too",
        "missing: url, or origin and path",
    ] {
        assert!(wrong.contains(words), "{words}\n{wrong}");
    }
}

#[test]
fn the_command_line_adds_targets_and_takes_the_place_of_rules() {
    let mut inputs =
        file("rules = [\"a.yml\"]\n[[metrics]]\nname = \"api\"\nurl = \"http://localhost:8000/metrics\"\n");
    inputs.arguments = Arguments {
        metrics: vec!["http://localhost:9100/metrics".into()],
        rules: vec!["mine.yml".into(), "more/*.yml".into()],
        ..Arguments::default()
    };
    let r = resolved(&inputs).resolved;
    assert_eq!(r.metrics.iter().map(|m| m.instance.as_str()).collect::<Vec<_>>(), ["localhost:8000", "localhost:9100"]);
    assert_eq!(r.know.rules, ["mine.yml", "more/*.yml"]);
    assert!(!r.is_empty());
}

#[test]
fn a_profile_is_about_the_machine_of_its_service() {
    let mut arguments = profile("kinexus");
    arguments.urls = vec!["https://api.kinexus.example".into()];
    let r = resolved(&Inputs { arguments, ..Inputs::default() }).resolved;
    assert!(r.metrics.iter().all(|m| m.name.as_str() != "scrape"), "{:?}", r.metrics);
    assert!(
        r.off.iter().any(|off| off.name.as_str() == "scrape" && off.why.as_str().contains("not this one")),
        "{:?}",
        r.off
    );
}

#[test]
fn labels_of_the_whole_are_labels() {
    for (wrong, words) in [
        ("external_labels = { \"a-b\" = \"x\" }", "is no name of a label"),
        ("external_labels = { a = 1 }", "a: a text in quotes is wanted"),
        ("external_labels = \"a=b\"", "a table of labels such as"),
    ] {
        let told = refused(&file(wrong)).join("\n");
        assert!(told.contains(words), "{wrong}: {told}");
    }
}

#[test]
fn an_endpoint_under_two_names_is_scraped_once_and_says_so() {
    let r = of(r#"
        [[service]]
        name = "shop"
        url = "http://localhost:1/health"
        [[metrics]]
        name = "a"
        url = "http://localhost:1/metrics"
        [[metrics]]
        name = "b"
        url = "http://localhost:1/metrics"
        [[metrics]]
        name = "c"
        url = "http://localhost:1/metrics"
        job = "other"
        [[metrics]]
        name = "d"
        url = "http://localhost:1/metrics"
        headers = { X-Scope-OrgID = "env:TENANT" }
        [[metrics]]
        name = "e"
        url = "http://localhost:1/other"
    "#)
    .resolved;
    let names: Vec<&str> = r.metrics.iter().map(|target| target.name.as_str()).collect();
    assert_eq!(names, ["a", "c", "d", "e"]);
    let off = r.off.iter().find(|off| off.name.as_str() == "b").expect("off");
    assert!(off.why.as_str().contains("the same endpoint as \"a\""), "{}", off.why);
}
