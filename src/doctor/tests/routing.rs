//! Alertmanager: receivers, routes that nobody reaches, labels that nobody sets.

use super::*;

const ROUTING: &str = "\
route:
  receiver: mail
  routes:
    - matchers: ['severity=\"page\"']
      receiver: pager
    - match: {severity: page}
      receiver: mail
    - match_re:
        severity: 'warn.*|info'
      receiver: nobody
receivers:
  - name: mail
  - name: pager
    webhook_configs:
      - url: ${HOOK_URL}
";

fn with(rules: &str) -> Vec<(String, usize, &'static str)> {
    let files = [("rules.yml", rules), ("am.yml", ROUTING)].map(|(name, text)| Source {
        name: Safe::of(name),
        text: text.to_owned(),
        kind: Kind::Yaml,
    });
    let found = examine(&files, Options::default()).findings;
    found.iter().map(|f| (f.file.to_string(), f.line, f.code.id())).collect()
}

#[test]
fn alone() {
    assert_eq!(codes(Kind::Yaml, ROUTING), [(6, "QD-A003"), (10, "QD-A002"), (15, "QD-A005")]);
}

#[test]
fn labels_of_the_rules() {
    let of = |rules: &str| -> Vec<(usize, &'static str)> {
        with(rules)
            .into_iter()
            .filter(|(_, _, c)| !["QD-A002", "QD-A003", "QD-A005"].contains(c))
            .map(|(_, l, c)| (l, c))
            .collect()
    };
    assert_eq!(of("- alert: A\n  expr: up == 0\n"), [(4, "QD-A001")]);
    assert_eq!(of("- alert: A\n  expr: up == 0\n  labels: {severity: page}\n"), []);
    assert_eq!(of("- alert: A\n  expr: up == 0\n  labels: {severity: warning}\n"), []);
    assert_eq!(of("- alert: A\n  expr: up == 0\n  labels: {severity: critical}\n"), [(4, "QD-A004")]);
    let mixed = "- alert: A\n  expr: up == 0\n  labels: {severity: page}\n- alert: B\n  expr: up == 0\n";
    assert_eq!(of(mixed), [(4, "QD-A006")]);
    assert_eq!(of("- record: a:b\n  expr: up == 0\n"), [], "recording rules route nothing");
}

#[test]
fn a_route_that_goes_on_hides_nothing() {
    let text = "route:\n  receiver: a\n  routes:\n  - continue: true\n    receiver: a\n  - receiver: a\n    matchers: [x=y]\n  - matchers: [x=y, z=w]\n    receiver: a\nreceivers: [{name: a}]\n";
    assert_eq!(codes(Kind::Yaml, text), [(8, "QD-A003")]);
}

/// What is written instead leaves an Alertmanager file that holds, with nothing of that code left.
#[test]
fn what_is_written_instead_goes_to_a_receiver_that_is_there() {
    let rules = "- alert: A\n  expr: up == 0\n  labels: {severity: pager}\n- alert: B\n  expr: up == 1\n  labels: {severity: info-only}\n";
    let files = |routing: &str| {
        [("rules.yml", rules), ("am.yml", routing)].map(|(name, text)| Source {
            name: Safe::of(name),
            text: text.to_owned(),
            kind: Kind::Yaml,
        })
    };
    let routing = ROUTING.replace("- matchers: ['severity=\"page\"']", "- matchers: ['severity=~\"(page|.*s)\"']");
    let found = examine(&files(&routing), Options::default()).findings;
    let unrouted: Vec<&Finding> = found.iter().filter(|f| f.code.id() == "QD-A004").collect();
    let receivers: Vec<&str> = unrouted.iter().map(|f| f.instead[1].as_str().trim()).collect();
    // That of the name, else the default.
    let why = "   # of those that are defined";
    assert_eq!(receivers, [format!("receiver: 'mail'{why}"), format!("receiver: 'pager'{why}")], "{found:#?}");
    let added: String =
        unrouted.iter().flat_map(|f| &f.instead).flat_map(|line| ["    ", line.as_str(), "\n"]).collect();
    let mended = routing.replace("receivers:\n", &format!("{added}receivers:\n"));
    let left = examine(&files(&mended), Options::default()).findings;
    assert!(!left.iter().any(|f| f.code.id() == "QD-A004"), "{mended}{left:#?}");
    assert_eq!(left.iter().filter(|f| f.code.id() == "QD-A002").count(), 1, "that of before: {left:#?}");
    let never = examine(
        &files(&routing).map(|s| Source {
            text: s.text.replace("severity: pager", "a: b").replace("severity: info-only", "a: c"),
            ..s
        }),
        Options::default(),
    );
    let never = never.findings.iter().find(|f| f.code.id() == "QD-A001").expect("A001").instead[1].clone();
    assert_eq!(never.as_str().trim(), "severity: page", "a value, no pattern");
}

/// A label that is written instead is YAML, and what the route wants of it.
#[test]
fn a_label_that_is_written_instead_passes_its_matcher() {
    let rules = "- alert: A\n  expr: up == 0\n";
    for (matcher, label) in [
        ("severity=~\"[cC]ritical\"", "severity: critical"),
        ("severity!~\"critical|page\"", "severity: warning"),
        ("severity=\"1\"", "severity: '1'"),
        ("severity=~\"p[0-4]\"", "severity: '…'   # a value for which severity=~'p[0-4]' holds"),
    ] {
        let routing = format!(
            "route:\n  receiver: mail\n  routes:\n    - matchers: ['{matcher}']\n      receiver: mail\nreceivers:\n  - name: mail\n"
        );
        let files = [("rules.yml", rules), ("am.yml", routing.as_str())].map(|(name, text)| Source {
            name: Safe::of(name),
            text: text.to_owned(),
            kind: Kind::Yaml,
        });
        let found = examine(&files, Options::default()).findings;
        let never = found.iter().find(|f| f.code.id() == "QD-A001").expect("A001");
        assert_eq!(never.instead[1].as_str().trim(), label);
    }
}
