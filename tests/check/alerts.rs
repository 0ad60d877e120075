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
    assert!(words.lines().any(|line| line.starts_with("pending  alert    ApiBad")), "{words}");
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
