//! The whole program on real servers: what `check` says of their alerts beside ours, and what the page of alerts shows.

use std::process::Command;
use std::time::{Duration, Instant};

use quarterdeck::adapters::alertmanager::Alertmanager;
use quarterdeck::adapters::http::HttpClients;
use quarterdeck::adapters::prometheus::Prometheus;
use serde_json::{Value, json};

use crate::pty::{Seen, Start};
use crate::servers::{self, PATIENCE, Server};
use crate::target::{CALM, Load, Target};

const RULES: &str = "groups:\n- name: g\n  interval: 1s\n  rules:\n  - alert: PoolExhausted\n    \
    expr: db_connection_pool_available < 2\n    labels: {severity: critical}\n    \
    annotations: {summary: 'Available connections: {{ $value }}'}\n  \
    - alert: QueueDepthHigh\n    expr: webhook_queue_depth > 1000\n    labels: {severity: warning}\n";

/// A target in trouble, a server that scrapes it and sends its alerts on, and who takes them.
struct Stage {
    target: Target,
    server: Server,
    manager: Server,
    folder: tempfile::TempDir,
    /// Thresholds of the configuration's own.
    thresholds: &'static str,
}

impl Stage {
    async fn start() -> Stage {
        let (target, manager) = (Target::start(), servers::alertmanager());
        target.bears(Load { pool: 1.0, ..CALM });
        let config = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s, external_labels: {{cluster: eu}}}}\n\
             rule_files: [rules.yml]\n\
             alerting: {{alertmanagers: [{{static_configs: [{{targets: [\"127.0.0.1:{}\"]}}]}}]}}\n\
             scrape_configs: [{{job_name: shop, static_configs: [{{targets: [\"{}\"]}}]}}]\n",
            manager.port,
            target.address()
        );
        let server = servers::prometheus(&config, &[("rules.yml", RULES)], None);
        let stage = Stage { target, server, manager, folder: tempfile::tempdir().unwrap(), thresholds: "" };
        stage.arrived().await;
        stage
    }

    /// The alert has come to the Alertmanager.
    async fn arrived(&self) {
        let clients = HttpClients::new();
        let (server, manager) =
            (Prometheus::new(self.server.spec(), &clients), Alertmanager::new(self.manager.spec(), &clients));
        let begun = Instant::now();
        loop {
            let told = server.read(PATIENCE).await.unwrap();
            let routed = manager.read(PATIENCE).await.unwrap();
            if told.rules.iter().any(|rule| !rule.alerts.is_empty()) && routed.alerts.len() == 1 {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{told:?} {routed:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// A configuration of all of it, with the same rules evaluated by ourselves.
    fn config(&self) -> std::path::PathBuf {
        let at = |name: &str| self.folder.path().join(name);
        std::fs::write(at("rules.yml"), RULES).unwrap();
        let text = format!(
            "prometheus = \"{}\"\nalertmanager = \"{}\"\nrules = [\"rules.yml\"]\nrules_interval = \"1s\"\n\
             [[metrics]]\nname = \"shop\"\nurl = \"{}\"\n{}",
            self.server.url(),
            self.manager.url(),
            self.target.url(),
            self.thresholds
        );
        std::fs::write(at("config.toml"), text).unwrap();
        at("config.toml")
    }

    fn check(&self) -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        command.args(["check", "--json", "--sample", "1s", "--config"]).arg(self.config());
        let said = command.env("HOME", self.folder.path()).env("XDG_STATE_HOME", self.folder.path()).output().unwrap();
        serde_json::from_slice(&said.stdout).unwrap_or_else(|_| {
            panic!("{} {}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr))
        })
    }
}

/// Thresholds on the engines themselves.
const ON_ENGINES: &str = "[[alert]]\nname = \"A\"\nwhen = \"prometheus ok\"\n\
     [[alert]]\nname = \"B\"\nwhen = \"alertmanager ok\"\n\
     [[alert]]\nname = \"C\"\nwhen = \"prometheus older than 1h\"\n";

#[tokio::test]
async fn whether_an_engine_answers_is_watched() {
    if !servers::are_there("thresholds on Prometheus and Alertmanager") {
        return;
    }
    let stage = Stage { thresholds: ON_ENGINES, ..Stage::start().await };
    let report = stage.check();
    let own = report["alerts"].as_array().unwrap().iter().filter(|alert| alert["origin"] == "threshold");
    let mut found: Vec<Value> =
        own.map(|alert| json!([alert["name"], alert["state"], alert["labels"]["engine"]])).collect();
    found.sort_by_key(ToString::to_string);
    assert_eq!(found, [json!(["A", "firing", "prometheus"]), json!(["B", "firing", "alertmanager"])], "{report}");
}

#[tokio::test]
async fn check_tells_the_servers_alerts_beside_ours_and_one_of_the_alertmanager_once() {
    if !servers::are_there("check on Prometheus and Alertmanager") {
        return;
    }
    let stage = Stage::start().await;
    let report = stage.check();
    let told = |report: &Value| -> Vec<Value> {
        let alerts = report["alerts"].as_array().unwrap().iter();
        alerts
            .map(|a| {
                json!([
                    a["origin"],
                    a["name"],
                    a["state"],
                    a["severity"],
                    a["value"],
                    a["detail"],
                    a["labels"],
                    a["same_as"]
                ])
            })
            .collect()
    };
    let labels = json!({"alertname": "PoolExhausted", "severity": "critical", "job": "shop", "instance": stage.target.address()});
    let row = |origin: &str, same: Value| {
        json!([origin, "PoolExhausted", "firing", "critical", 1.0, "Available connections: 1", labels, same])
    };
    let mut found = told(&report);
    found.sort_by_key(ToString::to_string);
    assert_eq!(found, [row("prometheus", json!("rules")), row("rules", Value::Null)], "{report}");
    assert_eq!(report["verdict"], "down");
    // A server that is gone is not known, and its silence resolves nothing.
    let Stage { server, .. } = &stage;
    let gone = format!("prometheus = \"http://127.0.0.1:{}\"\n", unused(server.port));
    let file = stage.folder.path().join("gone.toml");
    std::fs::write(&file, gone).unwrap();
    let said = Command::new(env!("CARGO_BIN_EXE_quarterdeck")).args(["check", "--config"]).arg(&file).output().unwrap();
    let words = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(words.contains("unknown  prometheus http://127.0.0.1:") && words.contains("refused"), "{words}");
    assert_eq!(said.status.code(), Some(3), "{words}");
}

#[tokio::test]
async fn the_pages_show_what_the_servers_tell_and_chart_it_by_their_queries() {
    if !servers::are_there("pages on Prometheus and Alertmanager") {
        return;
    }
    let stage = Stage::start().await;
    let config = stage.config();
    let mut session = Start::new(&["--config".as_ref(), config.as_os_str()]).size(160, 40).run();
    let row = |seen: &Seen, words: &[&str]| seen.screen().lines().any(|line| words.iter().all(|w| line.contains(w)));
    session.send("6");
    session.wait_long("both tell the alert", PATIENCE, |seen| {
        row(seen, &["firing", "PoolExhausted", "prometheus", "Available connections: 1"])
            && row(seen, &["firing", "PoolExhausted", "rules"])
            && row(seen, &["prometheus http://127.0.0.1:", "2 rules, 1 alert"])
            && row(seen, &["alertmanager http://127.0.0.1:", "1 alert, 0 silences"])
    });
    // Its course comes by the server's own query.
    session.send("/prometheus\r");
    session.wait_long("only that of the server", PATIENCE, |seen| !row(seen, &["firing", "PoolExhausted", " rules "]));
    session.send("\r");
    session.wait_long("its detail", PATIENCE, |seen| {
        row(seen, &["told by", "prometheus at http://127.0.0.1:"]) && row(seen, &["the last ", "held against < 2"])
    });
    session.send("\x1b");
    session.wait_gone("told by");
    session.send("9/webhook_queue\r");
    session.wait_long("series of the server", PATIENCE, |seen| {
        row(seen, &["Series", " by prometheus"]) && row(seen, &["webhook_queue_depth", "job=\"shop\""])
    });
    session.send("\r");
    session.wait_long("its course", PATIENCE, |seen| {
        row(seen, &["Chart webhook_queue_depth{"]) && row(seen, &["a column"])
    });
    session.send("\x03");
    assert_eq!(session.exit_code(), 0);
}

/// A port that nobody listens on.
fn unused(not: u16) -> u16 {
    loop {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if port != not {
            return port;
        }
    }
}
