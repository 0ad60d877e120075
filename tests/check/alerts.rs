//! Thresholds of the configuration's own in one look: what one look can see of them, and what it makes of the verdict.

use super::{answer, check, config, json};
use crate::fake_http::FakeHttp;

fn watched(url: &str, alerts: &str) -> (tempfile::TempDir, String) {
    config(&format!("[[service]]\nname = \"api\"\nurl = \"{url}\"\n{alerts}"))
}

#[test]
fn a_threshold_joins_the_verdict_and_the_list() {
    let server = FakeHttp::always(answer("200 OK", r#"{"status":"degraded"}"#));
    let critical = "[[alert]]\nname = \"ApiBad\"\nwhen = \"service api not ok\"\nseverity = \"critical\"\n";
    let (_folder, file) = watched(&server.url("/health"), critical);
    let (exit, report) = json(&["--config", &file]);
    let alert = &report["alerts"][0];
    assert_eq!((exit, report["verdict"].as_str()), (2, Some("down")), "{report}");
    assert_eq!((alert["name"].as_str(), alert["state"].as_str()), (Some("ApiBad"), Some("firing")), "{report}");
    assert_eq!((alert["severity"].as_str(), alert["labels"]["service"].as_str()), (Some("critical"), Some("api")));
    // One look does not see how long it lasts.
    let (_folder, file) = watched(&server.url("/health"), &critical.replace("not ok", "not ok for 1m"));
    let (exit, report) = json(&["--config", &file]);
    assert_eq!((exit, report["alerts"][0]["state"].as_str()), (1, Some("pending")), "{report}");
    let words = check(&["--sample", "200ms", "--config", &file]);
    let words = String::from_utf8_lossy(&words.stdout).into_owned();
    let pending = words.lines().find(|line| line.starts_with("pending  alert    ApiBad")).unwrap_or_default();
    assert!(pending.contains("(fires after 1m)"), "{words}");
    assert_eq!(report["alerts"][0]["for_seconds"], 60.0, "{report}");
}

#[test]
fn what_is_ok_is_a_count_and_what_is_not_known_is_unknown() {
    let server = FakeHttp::always(answer("200 OK", r#"{"status":"ok"}"#));
    let (_folder, file) = watched(&server.url("/health"), "[[alert]]\nname = \"Slow\"\nwhen = \"latency api > 1m\"\n");
    let (exit, report) = json(&["--config", &file]);
    assert_eq!((exit, report.get("alerts")), (0, None), "{report}");
    let signal =
        "[[signal]]\nname = \"jobs\"\ncommand = [\"false\"]\n[[alert]]\nname = \"Jobs\"\nwhen = \"signal jobs > 5\"\n";
    let (_folder, file) = watched(&server.url("/health"), signal);
    let (exit, report) = json(&["--config", &file]);
    assert_eq!((exit, report["alerts"][0]["state"].as_str()), (3, Some("error")), "{report}");
}

#[test]
fn templates_of_rules_know_the_labels_of_the_whole_and_no_alert_has_them() {
    let page = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: 10\r\n\r\nwaiting 9\n";
    let server = FakeHttp::always(vec![crate::fake_http::Step::Bytes(page.as_bytes().to_vec())]);
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.yml");
    let text = "groups: [{name: g, rules: [{alert: Waits, expr: waiting > 5, annotations: {summary: 'in {{ $externalLabels.cluster }}'}}]}]\n";
    std::fs::write(&rules, text).unwrap();
    let url = server.url("/metrics");
    let (_folder, file) = config(&format!(
        "external_labels = {{ cluster = \"eu-1\" }}\nrules = [\"{}\"]\n[[metrics]]\nname = \"api\"\nurl = \"{url}\"\n",
        rules.display()
    ));
    let (_, report) = json(&["--config", &file]);
    let alert = &report["alerts"][0];
    assert_eq!(alert["detail"].as_str(), Some("in eu-1"), "{report}");
    assert!(alert["labels"].get("cluster").is_none(), "as in Prometheus: {report}");
}
