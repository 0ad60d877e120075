//! Our templates and our life of alerts against `promtool test rules`: what it expects is what we say. Needs Prometheus'
//! promtool; where there is none, that is said.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

#[path = "support/skipped.rs"]
mod skipped;

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::Duration;

use quarterdeck::alerts::lifecycle::{AlertingRule, Evaluation, Outcome, State, World};
use quarterdeck::alerts::rules::{Kind, Loaded};
use quarterdeck::alerts::template::{self, Data};
use quarterdeck::metrics::labels::Labels;
use serde_json::json;

/// Runs a test of rules; none where there is no promtool.
fn promtool(rules: &serde_json::Value, test: &serde_json::Value) -> Option<Result<(), String>> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rules.yml"), rules.to_string()).unwrap();
    let file = folder.path().join("test.yml");
    fs::write(&file, test.to_string()).unwrap();
    let Ok(said) = Command::new("promtool").args(["test", "rules"]).arg(&file).output() else {
        skipped::skipped("a comparison with promtool", "it is not installed");
        return None;
    };
    let words = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    Some(if said.status.success() { Ok(()) } else { Err(words) })
}

const TEMPLATES: &[&str] = &[
    "plain",
    "{{ $labels }} {{ $labels.instance }} {{ .Labels.job }} {{ $labels.none }}|",
    "{{ $value }} {{ .Value }} {{ 1000000.0 }} {{ 123456789.0 }} {{ 0.00001 }} {{ 1e21 }} {{ 100000.0 }} {{ -0.5 }}",
    "{{ $value | humanize }} {{ $value | humanize1024 }} {{ $value | humanizeDuration }} {{ $value | humanizePercentage }}",
    "{{ humanize 0.00012 }} {{ humanize 1e30 }} {{ humanize -1500.0 }} {{ humanize1024 0.5 }} {{ humanize1024 1e30 }}",
    "{{ humanizeDuration 0.0 }} {{ humanizeDuration 59.999 }} {{ humanizeDuration 60.0 }} {{ humanizeDuration -90061.5 }}",
    "{{ humanizeDuration 0.00000001 }} {{ humanizePercentage 12345.678 }} {{ humanizeTimestamp 1435065584.128 }}",
    "{{ printf \"%s|%d|%v|%q|%x|%t|%T\" $value $value $value $value \"hi\" $value $value }}",
    "{{ printf \"%.2f|%f|%.0f|%e|%.1e|%g|%.3g|%G|%E\" $value $value $value $value $value $value $value $value $value }}",
    "{{ printf \"%10.1f|%-10.1f|%010.1f|%+.1f|% .1f|%6.2f%%\" $value $value $value $value $value $value }}",
    "{{ printf \"%x|%X|%.3x|%.1x|%.0x\" 1.5 -0.1 1.0 1.97 1.03 }}",
    "{{ printf \"%5d|%-5d|%05d|%+d|%x|%#x|%X|%o|%b|%c|%U|%q|%.3d\" 42 42 -42 42 255 255 255 8 5 65 65 65 7 }}",
    "{{ printf \"%s|%q|%5s|%-5s|%05s|%.2s|%x|% d|%v\" \"a\" \"a\\\"\\n\\t\" \"ab\" \"ab\" \"ab\" \"abcdef\" \"hi\" 5 \"v\" }}",
    "{{ printf \"%v|%s|%d|%q\" $labels $labels $labels $labels }}",
    "{{ printf \"%d %s\" 1 }} {{ printf \"%d\" 1 2 \"x\" }} {{ printf \"%\" }} {{ printf \"%z\" 1 }} {{ printf \"%*d\" 5 42 }}",
    "{{ printf \"%t %v %d\" true false true }} {{ printf \"%s %d %v\" nil nil nil }}",
    "{{ print 1 2 \"a\" 3 4.5 \"b\" \"c\" }}|{{ println 1 \"a\" }}|",
    "{{ if gt $value 10.0 }}hot{{ else if gt $value 5.0 }}warm{{ else }}cold{{ end }}",
    "{{ with $labels.none }}x{{ else }}none{{ end }} {{ with $x := $labels.job }}{{ $x }}{{ . }}{{ end }}",
    "{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ end }} {{ range $labels }}{{ . }}{{ end }}",
    "{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $x := 3 }}{{ end }}{{ $x }}",
    "a {{- 1 -}} b {{- /* c */ -}} d {{/* e */}} f",
    "{{ and 1 0 }} {{ and 1 2 }} {{ or 0 \"x\" }} {{ or 0 \"\" }}| {{ not 0 }} {{ eq 1 2 1 }} {{ ne \"a\" \"b\" }} {{ le 2 2 }}",
    "{{ len \"abc\" }} {{ len $labels }} {{ index $labels \"job\" }} {{ index $labels \"none\" }}| {{ index \"abc\" 1 }}",
    "{{ \"aa bb-cc d_e f1g ää\" | title }} {{ \"aä\" | toUpper }} {{ \"AÄ\" | toLower }}",
    "{{ match \"a+\" \"baab\" }} {{ match \"^a$\" \"b\" }} {{ reReplaceAll \"(.*):(.*)\" \"${1}-$2-$1x\" \"h:90\" }}",
    "{{ graphLink \"up == 0 * 'a~b'\" }} {{ tableLink \"up\" }}",
    "{{ \"h.e.c:1\" | stripPort }} {{ \"[2001:0DB8::1]:1\" | stripPort }} {{ \"[2001::1]::1\" | stripPort }} {{ \"a:b:c\" | stripPort }}",
    "{{ \"foo.example.com:12345\" | stripDomain }} {{ \"192.0.2.1:1\" | stripDomain }} {{ \"::1\" | stripDomain }} {{ \"[::1]:9\" | stripDomain }}",
    "{{ \"<a href='x'>&\" | html }} {{ \"a b&c/~*\" | urlquery }} {{ \"<\" | safeHtml }}",
    "{{ query \"m\" | first | value }} {{ query \"m\" | first | label \"job\" }} {{ query \"m\" | len }} {{ (query \"m\" | first).Labels.instance }}",
    "{{ range query \"m\" | sortByLabel \"instance\" }}{{ .Labels.instance }}:{{ .Value }}:{{ end }} {{ query \"m\" | first }}",
    "{{ define \"x\" }}{{ .arg0 }} {{ .arg1 }} {{ .arg2 }}{{ end }}{{ template \"x\" (args 1 \"2\") }}",
    "{{ true }} {{ 'a' }} {{ 0x1F }} {{ 1_000 }} {{ 1e3 }} {{ 017 }} {{ `raw \\n` }} {{ \"\\u00e4\\x41\\101\" }}",
    "{{ printf \"%v\" (and true $labels.job) }} {{ (printf \"%s\" $labels.job) | toUpper }} {{ $labels.job | printf \"%s-%s\" \"x\" }}",
    "{{ range $i, $x := query \"m\" }}{{ $i }}{{ if eq $i 0 }}{{ continue }}{{ end }}{{ break }}{{ end }}",
];

const VALUE: f64 = 1234.5;

#[test]
fn templates_read_as_promtool_expands_them() {
    let own = Labels::new([("__name__", "m"), ("instance", "a"), ("job", "b")]);
    let none = Labels::default();
    let data = Data { name: "t", labels: &own, external_labels: &none, external_url: "", value: VALUE, at: 60_000 };
    let found = vec![(own.clone(), VALUE)];
    let texts: BTreeMap<String, &str> =
        TEMPLATES.iter().enumerate().map(|(at, text)| (format!("t{at:02}"), *text)).collect();
    let ours: BTreeMap<&String, String> =
        texts.iter().map(|(name, text)| (name, template::expand(text, &data, &mut |_| Ok(found.clone())))).collect();
    let wrong: Vec<&String> = ours.values().filter(|told| told.contains("<error")).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let rules = json!({"groups": [{"name": "g", "rules": [{"alert": "A", "expr": "m", "annotations": texts}]}]});
    let test = json!({
        "rule_files": ["rules.yml"],
        "evaluation_interval": "1m",
        "tests": [{
            "interval": "1m",
            "input_series": [{"series": "m{instance=\"a\",job=\"b\"}", "values": format!("{VALUE}x5")}],
            "alert_rule_test": [{
                "eval_time": "1m",
                "alertname": "A",
                "exp_alerts": [{"exp_labels": {"instance": "a", "job": "b"}, "exp_annotations": ours}],
            }],
        }],
    });
    if let Some(said) = promtool(&rules, &test) {
        said.unwrap_or_else(|words| panic!("{words}"));
    }
}

/// Rules within one group, right and wrong; what stands in braces is a rule or a group in YAML's flow form.
const FILES: &[&str] = &[
    "",
    "# nothing",
    "groups:",
    "groups: ~",
    "groups: []",
    "group: []",
    "groups: {}",
    "[]",
    "groups: [{}]",
    "groups: [{name: g}]",
    "groups: [{name: g, rules: }]",
    "groups: [{name: g, rules: []}, {name: g, rules: []}]",
    "groups: [{name: g, rules: []}, {name: G, rules: []}]",
    "groups: [{name: g, rules: x}]",
    "groups: [{name: g, rulez: []}]",
    "groups: [{name: 1, rules: []}]",
    "groups: [{name: g, interval: 1m, limit: 5, rules: []}]",
    "groups: [{name: g, interval: 1m, interval: 2m, rules: []}]",
    "groups: [{name: g, interval: 60, rules: []}]",
    "groups: [{name: g, interval: 0, rules: []}]",
    "groups: [{name: g, interval: 0s, rules: []}]",
    "groups: [{name: g, interval: ~, rules: []}]",
    "groups: [{name: g, interval: 1h30m, rules: []}]",
    "groups: [{name: g, interval: 30m1h, rules: []}]",
    "groups: [{name: g, interval: 1.5h, rules: []}]",
    "groups: [{name: g, interval: -1m, rules: []}]",
    "groups: [{name: g, interval: '', rules: []}]",
    "groups: [{name: g, interval: 300y, rules: []}]",
    "groups: [{name: g, limit: x, rules: []}]",
    "groups: [{name: g, limit: -1, rules: []}]",
    "groups: [{name: g, limit: 1.5, rules: []}]",
    "groups: [{name: g, limit: '5', rules: []}]",
    "groups: [{name: g, limit: ~, rules: []}]",
    "groups: [{name: g, limit: 0x10, rules: []}]",
    "groups: [{name: g, limit: 1_000, rules: []}]",
    "groups: [{name: g, rules: [{alert: A, expr: up}]}]",
    "groups: [{name: g, rules: [{alert: A}]}]",
    "groups: [{name: g, rules: [{alert: A, expr: ''}]}]",
    "groups: [{name: g, rules: [{alert: A, expr: ~}]}]",
    "groups: [{name: g, rules: [{expr: up}]}]",
    "groups: [{name: g, rules: [{alert: '', expr: up}]}]",
    "groups: [{name: g, rules: [{alert: A, record: b, expr: up}]}]",
    "groups: [{name: g, rules: [{alert: A, record: '', expr: up}]}]",
    "groups: [{name: g, rules: [{alert: 'any text {}', expr: 1}]}]",
    "groups: [{name: g, rules: [{alert: A, expr: up, for: 0, keep_firing_for: 5m}]}]",
    "groups: [{name: g, rules: [{alert: A, expr: up, for: 5}]}]",
    "groups: [{name: g, rules: [{alert: A, expr: up, For: 5m}]}]",
    "groups: [{name: g, rules: [{alert: A, expr: up, labels: {a: 1, b: true, c: ~, d: 1.0}}]}]",
    "groups: [{name: g, rules: [{alert: A, expr: up, labels: [a]}]}]",
    "groups: [{name: g, rules: [{alert: A, expr: up, labels: {a: [b]}}]}]",
    "groups: [{name: g, rules: [{alert: A, expr: up, labels: {a: b, a: c}}]}]",
    "groups: [{name: g, rules: [{alert: A, expr: up, labels: {__name__: c}}]}]",
    "groups: [{name: g, rules: [{alert: A, expr: up, labels: {'': c}}]}]",
    "groups: [{name: g, rules: [{alert: A, expr: up, labels: ~, annotations: ~}]}]",
    "groups: [{name: g, rules: [{alert: A, expr: up, annotations: {__name__: x}}]}]",
    "groups: [{name: g, rules: [{record: a, expr: up}]}]",
    "groups: [{name: g, rules: [{record: 'a:b_c9', expr: up, labels: {x: y}}]}]",
    "groups: [{name: g, rules: [{record: 'a{}', expr: up}]}]",
    "groups: [{name: g, rules: [{record: a, expr: up, for: 5m}]}]",
    "groups: [{name: g, rules: [{record: a, expr: up, for: 0s}]}]",
    "groups: [{name: g, rules: [{record: a, expr: up, keep_firing_for: 5m}]}]",
    "groups: [{name: g, rules: [{record: a, expr: up, annotations: {a: b}}]}]",
    "groups: [{name: g, rules: [{record: a, expr: up, annotations: {}}]}]",
    "groups: [{name: g, rules: [{record: a, expr: {}}]}]",
    "groups: [{name: g, rules: [x]}]",
    "groups: [{name: g, rules: [~]}]",
    "groups: [~]",
    "groups: [{name: g, rules: [&r {alert: A, expr: up}, {<<: *r, alert: B}]}]",
    "groups: [{name: g, rules: [*nowhere]}]",
    "groups: [",
    "groups: [{name: g, rules: [{alert: A, expr: up}]}]\n...\n",
    "---\ngroups: []",
    "groups: []\nother: 1",
    "groups: !!seq []",
    "groups: [{name: g, rules: [{alert: A, expr: !!str 1}]}]",
    "groups: [{name: g, rules: [{alert: A, expr: \"up\\n== 0\"}]}]",
];

#[test]
fn files_are_taken_and_refused_as_promtool_does() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.yml");
    let mut apart = Vec::new();
    for text in FILES {
        fs::write(&file, text).unwrap();
        let Ok(said) = Command::new("promtool").args(["check", "rules"]).arg(&file).output() else {
            return skipped::skipped("a comparison with promtool", "it is not installed");
        };
        let ours = Loaded::of(&[("rules.yml", Ok(text))]).problems;
        if said.status.success() != ours.is_empty() {
            let words: Vec<_> = ours.iter().map(|problem| problem.line().as_str().to_owned()).collect();
            apart.push(format!("{text}\n  promtool: {}\n  ours: {words:?}", String::from_utf8_lossy(&said.stderr)));
        }
    }
    assert!(apart.is_empty(), "{}", apart.join("\n"));
}

/// What a made-up history says at each minute.
struct Answers(Vec<(Labels, f64)>);

impl World for Answers {
    fn evaluate(&mut self, _: &str, _: i64) -> Outcome {
        Ok(Evaluation::complete(self.0.clone()))
    }

    fn append(&mut self, _: &Labels, _: i64, _: f64) {}
}

/// Figures that look like chance and are the same every time.
struct Chance(u64);

impl Chance {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

const MINUTES: usize = 60;

/// A history of one series: its values by the minute, none where it has ended.
fn history(chance: &mut Chance) -> Vec<Option<u64>> {
    let mut value = None;
    (0..MINUTES)
        .map(|_| {
            if chance.next(5) == 0 {
                value = [None, Some(0), Some(1 + chance.next(9))][chance.next(3) as usize];
            }
            value
        })
        .collect()
}

#[test]
fn alerts_fire_and_resolve_as_promtool_says() {
    let mut chance = Chance(7);
    for round in 0..6 {
        let histories: Vec<Vec<Option<u64>>> = (0..4).map(|_| history(&mut chance)).collect();
        let series: Vec<_> = histories
            .iter()
            .enumerate()
            .map(|(at, history)| {
                let values: Vec<String> =
                    history.iter().map(|v| v.map_or_else(|| "stale".to_owned(), |v| v.to_string())).collect();
                json!({"series": format!("m{{instance=\"{at}\"}}"), "values": values.join(" ")})
            })
            .collect();
        let own = json!({"severity": "{{ if gt $value 5.0 }}page{{ else }}warn{{ end }}"});
        let alerts: Vec<_> = [("0s", "0s"), ("1m", "0s"), ("3m", "0s"), ("0s", "2m"), ("2m", "3m")]
            .iter()
            .enumerate()
            .map(|(at, (hold, keep))| {
                let annotations = json!({"v": "{{ $labels.instance }} {{ $value }}"});
                json!({"alert": format!("A{at}"), "expr": "m > 0", "for": hold, "keep_firing_for": keep,
                       "labels": own, "annotations": annotations})
            })
            .collect();
        let rules = json!({"groups": [{"name": "g", "rules": alerts}]});
        // JSON is YAML: our own reader takes the same file.
        let loaded = Loaded::of(&[("rules.yml", Ok(&rules.to_string()))]);
        assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
        let mut expected = Vec::new();
        for rule in &loaded.groups[0].rules {
            let Kind::Alert(alerting) = &rule.kind else { panic!("{rule:?}") };
            let mut ours = AlertingRule::new(rule.clone(), alerting.clone(), 0);
            for minute in 0..MINUTES {
                let there = histories.iter().enumerate().filter_map(|(at, history)| {
                    let value = history[minute].filter(|value| *value > 0)?;
                    let labels = Labels::new([("__name__", "m"), ("instance", &at.to_string())]);
                    Some((labels, value as f64))
                });
                let mut world = Answers(there.collect());
                let at = Duration::from_secs(60) * u32::try_from(minute).unwrap();
                let outcome = world.evaluate(&rule.expr, 0);
                ours.step(outcome, i64::try_from(at.as_millis()).unwrap(), &mut world);
                let firing: Vec<_> = ours
                    .alerts()
                    .filter(|alert| alert.state == State::Firing)
                    .map(|alert| {
                        let labels: BTreeMap<&str, &str> =
                            alert.labels.iter().filter(|(name, _)| *name != "alertname").collect();
                        let annotations: BTreeMap<&String, &String> =
                            alert.annotations.iter().map(|(name, text)| (name, text)).collect();
                        json!({"exp_labels": labels, "exp_annotations": annotations})
                    })
                    .collect();
                expected.push(json!({"eval_time": format!("{minute}m"), "alertname": rule.name, "exp_alerts": firing}));
            }
        }
        let fired = expected.iter().filter(|look| look["exp_alerts"].as_array().is_some_and(|all| !all.is_empty()));
        assert!(fired.count() > 50, "a history in which little fires says little");
        let test = json!({
            "rule_files": ["rules.yml"],
            "evaluation_interval": "1m",
            "tests": [{"interval": "1m", "input_series": series, "alert_rule_test": expected}],
        });
        match promtool(&rules, &test) {
            Some(said) => said.unwrap_or_else(|words| panic!("round {round}: {words}")),
            None => return,
        }
    }
}
