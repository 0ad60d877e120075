//! The team's rules by the queries of a real server: the same alerts as the server's own evaluation of the same file, over a
//! server that goes away and comes back, over TLS with an authority of its own, behind a password, and what is told where it
//! refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use quarterdeck::adapters::http::HttpClients;
use quarterdeck::adapters::prometheus::{Prometheus, Unjudged};
use quarterdeck::alerts::lifecycle::{Evaluation, Failure, Outcome, State, Verdict};
use quarterdeck::alerts::rules::By;
use quarterdeck::domain::{Moment, Safe};
use quarterdeck::engine::alerts::AlertsTold;
use quarterdeck::engine::{Engine, Input, Output, Settings};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};

use crate::fake_http::{FakeHttp, Step, answer};
use crate::pty::{Seen, Start};
use crate::servers::{self, PATIENCE, Server};
use crate::target::{CALM, Load, Target};

const RULES: &str = r#"groups:
- name: g
  interval: 1s
  rules:
  - record: job:errors:ratio
    expr: sum by (job) (rate(http_requests_total{status=~"5.."}[5s])) / sum by (job) (rate(http_requests_total[5s]))
  - alert: HighErrorRate
    expr: job:errors:ratio > 0.05
    for: 1s
    labels: {severity: critical}
    annotations: {summary: "{{ $value | humanizePercentage }} of {{ $labels.job }}, {{ with query \"count(up)\" }}{{ . | first | value }}{{ end }} there"}
  - alert: PoolExhausted
    expr: db_connection_pool_available < 2
    labels: {severity: '{{ if lt $value 1.0 }}critical{{ else }}warning{{ end }}'}
    annotations: {summary: "Available connections: {{ $value }}"}
  - alert: QueueDepthHigh
    expr: webhook_queue_depth > 1000
    for: 1s
    keep_firing_for: 2s
  - alert: NeverThere
    expr: absent(no_such_thing{team="shop"})
    annotations: {summary: "nothing of {{ $labels.team }}"}
  - alert: NotEvaluatedHere
    expr: count(webhook_queue_depth @ end()) > 5
"#;

/// What the parser takes and no server without its experiments.
const REFUSED: &str = r#"- name: refused
  interval: 1s
  rules:
  - alert: Refused
    expr: sort_by_label(up, "job") > 0
"#;

fn config(targets: &[&Target], rules: bool) -> String {
    let addresses: Vec<String> = targets.iter().map(|target| format!("\"{}\"", target.address())).collect();
    let files = if rules { "rule_files: [rules.yml]\n" } else { "" };
    format!(
        "global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}\n{files}\
         scrape_configs: [{{job_name: shop, static_configs: [{{targets: [{}]}}]}}]\n",
        addresses.join(", ")
    )
}

fn now() -> Moment {
    static BEGUN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    Moment { boot: BEGUN.get_or_init(Instant::now).elapsed(), wall: chrono::Utc::now() }
}

/// Our engine, whose questions go to the server one after the other.
struct Ours {
    engine: Engine,
    server: Prometheus,
    told: Option<AlertsTold>,
}

impl Ours {
    fn new(server: &Server, rules: &str) -> Ours {
        let settings = Settings { rules_by: By::Server, ..Settings::default() };
        let mut engine = Engine::new(settings, now());
        engine.step(Input::RulesRead(vec![("rules.yml".to_owned(), Ok(rules.to_owned()))]), now());
        Ours { engine, server: Prometheus::new(server.spec(), &HttpClients::new()), told: None }
    }

    async fn turn(&mut self) {
        let mut open = self.engine.step(Input::TimePassed, now());
        while let Some(output) = open.pop() {
            match output {
                Output::Alerts(told) => self.told = Some(AlertsTold::clone(&told)),
                Output::AskServer(ask) => {
                    let mut answers: Vec<Outcome> = Vec::new();
                    for (expr, at) in &ask.questions {
                        answers.push(match self.server.judge(expr, *at, PATIENCE).await {
                            Ok(judged) => Ok(Evaluation::complete(judged.elements)),
                            Err(Unjudged::Refused(words)) => Err(Failure::Failed(words)),
                            Err(Unjudged::Unanswered(cause)) => Err(Failure::NotEvaluated(Safe::of(cause.to_string()))),
                        });
                    }
                    open.extend(self.engine.step(Input::Judged { id: ask.id, answers }, now()));
                }
                _ => {}
            }
        }
    }

    fn alerts(&self) -> BTreeSet<String> {
        let rules = self.told.iter().flat_map(|told| &told.rules);
        let alerts = rules.flat_map(|rule| rule.alerts.iter().filter(|alert| alert.is_active()));
        alerts
            .map(|alert| said(alert.labels.iter(), &alert.annotations, alert.state == State::Firing, alert.value))
            .collect()
    }

    fn verdict(&self, name: &str) -> (Verdict, String) {
        let rule = self.told.iter().flat_map(|told| &told.rules).find(|rule| rule.name == name).unwrap();
        (rule.standing.verdict, rule.standing.why.as_ref().map(ToString::to_string).unwrap_or_default())
    }
}

/// An alert in one line. What a ratio is at another part of the second is left out.
fn said<'l>(
    labels: impl Iterator<Item = (&'l str, &'l str)>,
    annotations: &[(String, String)],
    firing: bool,
    value: f64,
) -> String {
    let labels: BTreeMap<&str, &str> = labels.collect();
    let moves = labels.get("alertname") == Some(&"HighErrorRate");
    let annotations: Vec<String> = annotations
        .iter()
        .map(|(name, text)| format!("{name}={}", if moves { text.split_once("% of").unwrap().1 } else { text }))
        .collect();
    let value = if moves { 0.0 } else { value };
    format!("{labels:?} {annotations:?} firing={firing} {value}")
}

/// What both tell, when both tell the same and as many of it fire as are wanted.
async fn both(ours: &mut Ours, server: &Server, wanted: usize) -> BTreeSet<String> {
    let theirs = Prometheus::new(server.spec(), &HttpClients::new());
    let begun = Instant::now();
    loop {
        ours.turn().await;
        let all = theirs.read(PATIENCE).await.unwrap();
        let alerts = all.rules.iter().flat_map(|rule| &rule.alerts);
        let pairs = |labels: &[(String, String)]| labels.to_vec();
        let told: BTreeSet<String> = alerts
            .map(|alert| {
                let labels = pairs(&alert.labels);
                said(
                    labels.iter().map(|(n, v)| (n.as_str(), v.as_str())),
                    &alert.annotations,
                    alert.firing,
                    alert.value,
                )
            })
            .collect();
        let own = ours.alerts();
        if own == told && own.len() == wanted && own.iter().all(|alert| alert.contains("firing=true")) {
            return own;
        }
        assert!(begun.elapsed() < PATIENCE, "ours {own:#?}\ntheirs {told:#?}\nwanted {wanted}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn our_rules_by_its_queries_tell_what_the_server_tells_of_the_same_file() {
    if !servers::are_there("rules by the queries of Prometheus") {
        return;
    }
    let targets = [Target::start(), Target::start()];
    let server = servers::prometheus(&config(&[&targets[0], &targets[1]], true), &[("rules.yml", RULES)], None);
    let mut ours = Ours::new(&server, &format!("{RULES}{REFUSED}"));
    let quiet = both(&mut ours, &server, 1).await;
    assert!(quiet.iter().all(|alert| alert.contains("NeverThere")), "{quiet:?}");
    targets[0].bears(Load { rates: [80.0, 30.0, 40.0], pool: 1.0, queue: 2500.0, down: false });
    targets[1].bears(Load { pool: 0.0, ..CALM });
    let trouble = both(&mut ours, &server, 5).await;
    assert!(
        trouble.iter().any(|alert| alert.contains("shop, 2 there")),
        "the server answered the template: {trouble:?}"
    );
    // What the server refuses is an error in its words; what it says "absent" of is no data; what we do not evaluate it does.
    let (verdict, why) = ours.verdict("Refused");
    assert_eq!(verdict, Verdict::Error, "{why}");
    assert!(why.contains("the server refuses it: bad_data: ") && why.contains("sort_by_label"), "{why}");
    let begun = Instant::now();
    while ours.verdict("NotEvaluatedHere") != (Verdict::Ok, String::new()) {
        assert!(begun.elapsed() < PATIENCE, "{:?}", ours.told);
        ours.turn().await;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    for target in &targets {
        target.bears(CALM);
    }
    both(&mut ours, &server, 1).await;
}

#[tokio::test]
async fn a_server_that_goes_away_resolves_nothing_and_is_gone_on_with() {
    if !servers::are_there("rules over a server that goes away") {
        return;
    }
    let target = Target::start();
    target.bears(Load { pool: 1.0, ..CALM });
    let mut server = servers::prometheus(&config(&[&target], false), &[], None);
    let rules = "groups: [{name: g, interval: 1s, rules: [{alert: A, expr: db_connection_pool_available < 2}]}]";
    let mut ours = Ours::new(&server, rules);
    let until = async |ours: &mut Ours, wanted: Verdict| {
        let begun = Instant::now();
        loop {
            ours.turn().await;
            if ours.told.as_ref().is_some_and(|told| told.rules[0].standing.verdict == wanted) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{:?}", ours.told);
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    until(&mut ours, Verdict::Firing).await;
    let fired = ours.told.as_ref().unwrap().rules[0].alerts[0].fired_at;
    server.stop();
    until(&mut ours, Verdict::NotEvaluated).await;
    // So long that its age is told.
    while !ours.verdict("A").1.contains("last evaluated") {
        ours.turn().await;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let (_, why) = ours.verdict("A");
    assert!(why.contains("refused"), "{why}");
    assert_eq!(ours.told.as_ref().unwrap().rules[0].standing.firing, 1, "it fires on");
    server.start_again();
    until(&mut ours, Verdict::Firing).await;
    let alert = &ours.told.as_ref().unwrap().rules[0].alerts[0];
    assert_eq!((alert.fired_at, alert.state), (fired, State::Firing), "it never began anew");
}

/// What `check` says of the alert of a server, with a configuration in a folder.
fn checked(folder: &Path, keys: &str, variables: &[(&str, &str)]) -> (Value, String) {
    std::fs::write(
        folder.join("rules.yml"),
        "groups: [{name: g, rules: [{alert: Pool, expr: db_connection_pool_available < 2}, {alert: Queue, expr: webhook_queue_depth > 5000}]}]",
    )
    .unwrap();
    std::fs::write(folder.join("config.toml"), format!("{keys}rules = [\"rules.yml\"]\n")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command.args(["check", "--json", "--sample", "1s", "--config"]).arg(folder.join("config.toml"));
    let said =
        command.env("HOME", folder).env("XDG_STATE_HOME", folder).envs(variables.iter().copied()).output().unwrap();
    let report: Value = serde_json::from_slice(&said.stdout).unwrap_or_else(|_| {
        panic!("{} {}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr))
    });
    let alert = report["alerts"].as_array().unwrap().iter().find(|alert| alert["name"] == "Pool");
    (alert.cloned().unwrap_or_else(|| panic!("{report}")), report.to_string())
}

/// An authority of this test alone, and a certificate of it for this host, with its key; as PEM.
fn certificates() -> [String; 3] {
    let mut own = CertificateParams::new(Vec::new()).unwrap();
    own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(own, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    [issuer.pem(), leaf.pem(), key.serialize_pem()]
}

/// What the project's own documentation gives for the password `test`.
const WEB: &str = "tls_server_config: {cert_file: leaf.pem, key_file: key.pem}\nbasic_auth_users:\n  \
    admin: $2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay\n";

#[test]
fn over_tls_with_an_authority_of_its_own_and_a_password_and_not_without() {
    if !servers::are_there("Prometheus over TLS") {
        return;
    }
    let target = Target::start();
    target.bears(Load { pool: 1.0, ..CALM });
    let [authority, leaf, key] = certificates();
    let files = [("web.yml", WEB), ("leaf.pem", leaf.as_str()), ("key.pem", key.as_str())];
    let server = servers::prometheus_with(&config(&[&target], false), &files, None, &["--web.config.file=web.yml"]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), &authority).unwrap();
    let url = format!("prometheus = \"https://127.0.0.1:{}\"\n", server.port);
    let basic = "prometheus_headers = { Authorization = \"env:BASIC\" }\n";
    let ca = "prometheus_ca_file = \"ca.pem\"\n";
    let variables = [("BASIC", "Basic YWRtaW46dGVzdA==")];
    let begun = Instant::now();
    loop {
        let (alert, report) = checked(folder.path(), &format!("{url}{basic}{ca}"), &variables);
        if alert["state"] == "firing" {
            assert_eq!((&alert["origin"], &alert["evaluated_by"]), (&json!("rules"), &json!("prometheus")), "{report}");
            break;
        }
        // It has not scraped yet.
        assert_eq!(alert["state"], "no data", "{report}");
        assert!(begun.elapsed() < PATIENCE, "{report}");
    }
    let told = |keys: &str, variables: &[(&str, &str)]| {
        let (alert, report) = checked(folder.path(), keys, variables);
        assert_eq!(alert["state"], "not evaluated", "{report}");
        assert!(!report.contains("YWRtaW46dGVzdA"), "{report}");
        alert["detail"].as_str().unwrap().to_owned()
    };
    let untrusted = told(&format!("{url}{basic}"), &variables);
    assert!(untrusted.contains("certificate") || untrusted.contains("TLS"), "{untrusted}");
    let nobody = told(&format!("{url}{ca}"), &[]);
    assert!(nobody.contains("denies us (401)"), "{nobody}");
    let stranger = told(&format!("{url}{basic}{ca}"), &[("BASIC", "Basic YWRtaW46b3RoZXI=")]);
    assert!(stranger.contains("denies us (401)"), "{stranger}");
}

#[test]
fn the_tenant_and_the_token_go_with_every_question_and_a_limit_is_heeded() {
    let limited = answer(429, "Retry-After: 120\r\nConnection: close\r\n", "");
    let server = FakeHttp::start(|head| {
        let lower = head.to_lowercase();
        let known = lower.contains("authorization: bearer sesame\r\n") && lower.contains("x-scope-orgid: team-a\r\n");
        let element = r#"{"status":"success","warnings":["a part did not answer"],"data":{"resultType":"vector","result":[{"metric":{"job":"api"},"value":[1,"1"]}]}}"#;
        let mut steps = match known {
            true if head.starts_with("POST /api/v1/query ") => answer(200, "Connection: close\r\n", element),
            true => answer(200, "Connection: close\r\n", r#"{"status":"success","data":{"groups":[]}}"#),
            false => answer(401, "Connection: close\r\n", ""),
        };
        steps.push(Step::Close);
        steps
    });
    let folder = tempfile::tempdir().unwrap();
    let url = format!("prometheus = \"{}\"\n", server.url(""));
    let keys = "prometheus_headers = { X-Scope-OrgID = \"env:TENANT\" }\nprometheus_bearer = \"env:TOKEN\"\n";
    let variables = [("TENANT", "team-a"), ("TOKEN", "sesame")];
    let (alert, report) = checked(folder.path(), &format!("{url}{keys}"), &variables);
    assert_eq!((&alert["state"], &alert["evaluated_by"]), (&json!("firing"), &json!("prometheus")), "{report}");
    assert!(!report.contains("sesame"), "{report}");
    let (alert, report) = checked(folder.path(), &url, &[]);
    assert_eq!(alert["state"], "not evaluated", "{report}");
    assert!(alert["detail"].as_str().unwrap().contains("denies us (401)"), "{report}");
    // One question is answered with "not now", and no other is asked.
    let server = FakeHttp::start(move |_| limited.iter().cloned().chain([Step::Close]).collect());
    let (alert, report) = checked(folder.path(), &format!("prometheus = \"{}\"\n", server.url("")), &[]);
    assert_eq!(alert["state"], "not evaluated", "{report}");
    assert!(alert["detail"].as_str().unwrap().contains("limited by the target"), "{report}");
    assert_eq!(server.requests().iter().filter(|head| head.starts_with("POST ")).count(), 1, "{:?}", server.requests());
}

#[test]
fn the_page_says_who_evaluates_and_what_that_costs_and_one_rule_of_two_counts_once() {
    if !servers::are_there("the page of rules by Prometheus") {
        return;
    }
    let target = Target::start();
    target.bears(Load { pool: 1.0, ..CALM });
    let rules = "groups: [{name: g, interval: 1s, rules: [{alert: Pool, expr: 'db_connection_pool_available<2'}]}]";
    let server = servers::prometheus(&config(&[&target], true), &[("rules.yml", rules)], None);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.yml"), rules).unwrap();
    std::fs::write(
        folder.path().join("config.toml"),
        format!("prometheus = \"{}\"\nrules = [\"rules.yml\"]\n", server.url()),
    )
    .unwrap();
    let file = folder.path().join("config.toml");
    let mut session = Start::new(&["--config".as_ref(), file.as_os_str()]).size(160, 40).run();
    let row = |seen: &Seen, words: &[&str]| seen.screen().lines().any(|line| words.iter().all(|w| line.contains(w)));
    session.send("6");
    session.wait_long("both tell it, and it counts once", PATIENCE, |seen| {
        row(seen, &["firing", "Pool", "prometheus"])
            && row(seen, &["firing", "Pool", "rules"])
            && row(seen, &["rules: evaluated by prometheus, ", " queries a minute"])
            && row(seen, &["ALERTS 1 firing"])
    });
    session.send("/rules\r\r");
    session.wait_long("its detail", PATIENCE, |seen| {
        row(seen, &["evaluated by", "queries of prometheus at http://127.0.0.1:"]) && row(seen, &["held against < 2"])
    });
    session.send("\x03");
    assert_eq!(session.exit_code(), 0);
}
