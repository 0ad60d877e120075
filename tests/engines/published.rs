//! The same alerts of published expressions: the server's own code, run by its tool over recorded samples with their timestamps,
//! finds at each minute the alerts that we find: their states, labels and annotations.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use quarterdeck::alerts::lifecycle::{Alert, Group, State};
use quarterdeck::alerts::rules::Loaded;
use quarterdeck::metrics::labels::Labels;
use quarterdeck::metrics::store::{Sample, Store};
use serde_json::{Value, json};

use crate::expressions::{MENDED, PUBLISHED};
use crate::held::Ours;
use crate::recorded::{self, BEGIN, Recorded};
use crate::servers;

/// The tool counts from 0. No sample stands on a whole minute, where ranges end: a server before Prometheus 3 counts the sample
/// on their left border, too.
const FIRST: i64 = 5_000;
/// Minutes that are evaluated, from which on they are looked at, and how far apart. What begins within a range, servers before
/// 2.52 carry further back.
const MINUTES: i64 = 88;
const FROM: i64 = 12;
const LOOKS: i64 = 2;

/// A rule of each expression; how long it waits and is kept differs from one to the next.
fn rules() -> Value {
    let rule = |(at, expr): (usize, &&str)| {
        let (hold, keep) = [("0s", "0s"), ("2m", "0s"), ("5m", "3m")][at % 3];
        let summary = "{{ $labels.instance }} {{ $labels.job }}: {{ $value | humanize }}, {{ printf \"%.6g\" $value }}";
        json!({"alert": format!("A{at}"), "expr": expr, "for": hold, "keep_firing_for": keep,
               "labels": {"severity": "{{ if gt $value 10.0 }}critical{{ else }}warning{{ end }}"},
               "annotations": {"summary": summary}})
    };
    let rules: Vec<Value> = MENDED.iter().chain(&PUBLISHED).enumerate().map(rule).collect();
    json!({"groups": [{"name": "g", "rules": rules}]})
}

fn from_the_first(recorded: Vec<Recorded>) -> Vec<Recorded> {
    let moved = |samples: Vec<(i64, f64)>| samples.into_iter().map(|(at, value)| (at - BEGIN + FIRST, value)).collect();
    recorded.into_iter().map(|(series, samples)| (series, moved(samples))).collect()
}

/// As the tool reads it: a value for every five seconds, mostly none.
fn series((series, samples): &Recorded) -> Value {
    let there: BTreeMap<i64, f64> = samples.iter().map(|(at, value)| (at / FIRST, *value)).collect();
    let places = 0..=there.keys().next_back().copied().unwrap_or_default();
    let value = |place| there.get(&place).map_or_else(|| "_".to_owned(), ToString::to_string);
    json!({"series": series, "values": places.map(value).collect::<Vec<_>>().join(" ")})
}

fn as_alerts(alert: &Alert) -> Value {
    let state = if alert.state == State::Firing { "firing" } else { "pending" };
    let pairs = alert.labels.iter().chain([("alertstate", state)]);
    let pairs: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", json!(value))).collect();
    json!({"labels": format!("ALERTS{{{}}}", pairs.join(",")), "value": 1})
}

fn as_expected(alert: &Alert) -> Value {
    let labels: BTreeMap<&str, &str> = alert.labels.iter().filter(|(name, _)| *name != "alertname").collect();
    let annotations: BTreeMap<&String, &String> = alert.annotations.iter().map(|(name, text)| (name, text)).collect();
    json!({"exp_labels": labels, "exp_annotations": annotations})
}

#[test]
fn published_rules_give_the_alerts_that_the_servers_tool_gives() {
    if !servers::are_there("alerts of published rules held against Prometheus") {
        return;
    }
    let rules = rules();
    // JSON is YAML: our own reader takes the same file.
    let loaded = Loaded::of(&[("rules.yml", Ok(&rules.to_string()))]);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let recorded = from_the_first(recorded::samples());
    let mut group = Group::new(&loaded.groups[0], Duration::from_secs(60), 0);
    let mut world = Ours(Store::default());
    for (series, samples) in &recorded {
        let labels: Labels = recorded::labels(series);
        for (at, value) in samples {
            assert!(world.0.append(&labels, Sample { at: *at, value: *value }), "{series}");
        }
    }
    let (mut states, mut firing) = (Vec::new(), Vec::new());
    let mut seen: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    for minute in 0..MINUTES {
        group.cycle(minute * 60_000, &mut world);
        for rule in group.alerting() {
            let alerts: Vec<&Alert> = rule.alerts().filter(|alert| alert.is_active()).collect();
            for alert in &alerts {
                seen.entry(rule.rule.name.clone()).or_default()[usize::from(alert.state == State::Firing)] += 1;
            }
            if minute < FROM || minute % LOOKS != 0 {
                continue;
            }
            let (name, time) = (&rule.rule.name, format!("{minute}m"));
            let all: Vec<Value> = alerts.iter().map(|alert| as_alerts(alert)).collect();
            states.push(
                json!({"expr": format!("ALERTS{{alertname=\"{name}\"}}"), "eval_time": time, "exp_samples": all}),
            );
            let fire = alerts.iter().filter(|alert| alert.state == State::Firing);
            let fire: Vec<Value> = fire.map(|alert| as_expected(alert)).collect();
            firing.push(json!({"eval_time": time, "alertname": name, "exp_alerts": fire}));
        }
    }
    let test = json!({
        "rule_files": ["rules.yml"],
        "evaluation_interval": "1m",
        "tests": [{"interval": "5s", "input_series": recorded.iter().map(series).collect::<Vec<_>>(),
                   "alert_rule_test": firing, "promql_expr_test": states}],
    });
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.yml"), rules.to_string()).unwrap();
    std::fs::write(folder.path().join("test.yml"), test.to_string()).unwrap();
    let said = Command::new("promtool").args(["test", "rules"]).arg(folder.path().join("test.yml")).output().unwrap();
    let words = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success(), "{}", words.chars().take(4000).collect::<String>());
    let fired = seen.values().filter(|[_, firing]| *firing > 0).count();
    let waited = seen.values().filter(|[pending, _]| *pending > 0).count();
    println!("{} looks; of {} rules {fired} fired, {waited} were pending", states.len(), loaded.groups[0].rules.len());
    assert!(fired >= 40 && waited >= 20, "{fired} fired, {waited} were pending: {seen:?}");
}
