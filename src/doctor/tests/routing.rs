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
