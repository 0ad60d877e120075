//! What the windows of a user keep of alerts, in one look: a rule that wants to last has lasted since they saw it first.

use std::path::Path;
use std::process::Command;

use quarterdeck::adapters::alert_state::AlertState;
use quarterdeck::alerts::lifecycle::Saved;
use quarterdeck::alerts::lifecycle::saved::{SavedAlert, SavedRule};
use quarterdeck::app::alerts::Kept;
use serde_json::Value;

use super::config;
use crate::fake_http::{FakeHttp, Step};
use crate::sample::PROGRAM;

const RULES: &str = "groups:\n- name: g\n  interval: 1s\n  rules:\n  - alert: A\n    expr: max(waiting) > 5\n    for: 1h\n    labels: {severity: critical}\n";

fn page(body: &str) -> Vec<Step> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    vec![Step::Bytes(head.into_bytes())]
}

fn look(file: &str, state: &Path) -> (i32, Value) {
    let mut command = Command::new(PROGRAM);
    command.env_clear().env("PATH", std::env::var("PATH").unwrap_or_default()).env("XDG_STATE_HOME", state);
    let output = command.args(["check", "--json", "--sample", "200ms", "--config", file]).output().unwrap();
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap())
}

/// Seen two hours long, a minute ago.
fn saved(file: &str, group: &str, name: &str, labels: &[(&str, &str)], severity: &str) -> Saved {
    let now = chrono::Utc::now().timestamp_millis();
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let alert =
        SavedAlert { labels, active_at: now - 7_200_000, seen_at: now - 60_000, fired_at: Some(now - 3_600_000) };
    let rule = SavedRule {
        file: file.to_owned(),
        group: group.to_owned(),
        name: name.to_owned(),
        labels: vec![("severity".to_owned(), severity.to_owned())],
        alerts: vec![alert],
    };
    Saved { at: now, rules: vec![rule] }
}

#[test]
fn a_rule_that_wants_to_last_fires_where_a_window_has_seen_it_for_long_enough() {
    let server = FakeHttp::always(page("waiting 9\n"));
    let state = tempfile::tempdir().unwrap();
    let rules = state.path().join("rules.yml");
    std::fs::write(&rules, RULES).unwrap();
    let rules = rules.to_string_lossy().into_owned();
    let url = server.url("/metrics");
    let (_folder, file) =
        config(&format!("name = \"shop\"\nrules = [\"{rules}\"]\n[[metrics]]\nname = \"api\"\nurl = \"{url}\"\n"));
    let (exit, report) = look(&file, state.path());
    assert_eq!((exit, report["alerts"][0]["state"].as_str()), (1, Some("pending")), "{report}");
    let folder = state.path().join("quarterdeck");
    let mut kept = AlertState::of(Some(&folder), "shop", std::slice::from_ref(&rules)).unwrap();
    let labels = [("alertname", "A"), ("severity", "critical")];
    let before = saved(&rules, "g", "A", &labels, "critical");
    kept.keep(&before).unwrap();
    let (exit, report) = look(&file, state.path());
    assert_eq!((exit, report["alerts"][0]["state"].as_str()), (2, Some("firing")), "{report}");
    assert_eq!(kept.peek().unwrap(), Some(before), "a look keeps nothing");
}

#[test]
fn a_threshold_that_wants_to_last_does_too_and_a_damaged_file_stays_where_it_is() {
    let head = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}";
    let server = FakeHttp::always(vec![Step::Bytes(head.as_bytes().to_vec())]);
    let state = tempfile::tempdir().unwrap();
    let url = server.url("/health");
    let (_folder, file) = config(&format!(
        "name = \"shop\"\n[[service]]\nname = \"api\"\nurl = \"{url}\"\n[[alert]]\nname = \"ApiDown\"\nwhen = \"service api down for 1h\"\nseverity = \"warning\"\n"
    ));
    let (_, report) = look(&file, state.path());
    assert_eq!(report["alerts"][0]["state"].as_str(), Some("pending"), "{report}");
    let labels = [("alertname", "ApiDown"), ("service", "api"), ("severity", "warning")];
    let thresholds = saved("configuration", "thresholds", "ApiDown", &labels, "warning");
    let folder = state.path().join("quarterdeck/kept");
    std::os::unix::fs::DirBuilderExt::mode(std::fs::DirBuilder::new().recursive(true), 0o700).create(&folder).unwrap();
    let kept = Kept { at: thresholds.at, thresholds, ..Kept::default() };
    std::fs::write(folder.join("alerts-shop.json"), serde_json::to_vec(&kept).unwrap()).unwrap();
    let (_, report) = look(&file, state.path());
    assert_eq!(report["alerts"][0]["state"].as_str(), Some("firing"), "{report}");
    std::fs::write(folder.join("alerts-shop.json"), "{").unwrap();
    let (_, report) = look(&file, state.path());
    assert_eq!(report["alerts"][0]["state"].as_str(), Some("pending"), "{report}");
    assert!(folder.join("alerts-shop.json").exists());
}
