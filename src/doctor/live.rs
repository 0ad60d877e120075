//! Rules against what is scraped: a metric that a rule names and that nothing has, with its nearest name. What is scraped is told;
//! where that is not everything, no metric is called missing.

use std::collections::BTreeSet;

use promql_parser::parser::Expr;
use promql_parser::parser::token::{T_LOR, T_LUNLESS};

use super::code::Code;
use super::finding::Findings;
use super::rules::read::{Group, Rule};
use super::rules::{expression, parse, written};
use crate::domain::{Safe, nearest};

/// Most metrics whose nearest name is looked for: each is compared with every name there is.
const COMPARED: usize = 100;
/// Most metrics that are named where nothing can be said of them.
const NAMED: usize = 6;
/// What rules write themselves.
const OWN: [&str; 2] = ["ALERTS", "ALERTS_FOR_STATE"];

/// Exporters by how their metrics begin, and the port that each usually has.
const EXPORTERS: [(&str, &str, u16); 6] = [
    ("node_", "node_exporter", 9100),
    ("pg_", "postgres_exporter", 9187),
    ("redis_", "redis_exporter", 9121),
    ("probe_", "blackbox_exporter", 9115),
    ("pgbouncer_", "pgbouncer_exporter", 9127),
    ("nginx_", "nginx-prometheus-exporter", 9113),
];

/// What is scraped.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Names of all metrics, each once.
    pub names: Vec<String>,
    /// Why that is not all there is.
    pub incomplete: Option<Safe>,
}

/// Holds the rules of each file against what is scraped; what could not be said, where there is anything.
pub fn check(files: &[(&Safe, &[Group])], seen: &Seen, to: &mut Findings) -> Option<Safe> {
    let known: BTreeSet<&str> = seen.names.iter().map(String::as_str).collect();
    let rules = || files.iter().flat_map(|(_, groups)| *groups).flat_map(|group| &group.rules);
    let recorded: BTreeSet<&str> = rules().filter(|rule| !rule.is_alert).map(|rule| rule.name.as_str()).collect();
    let mut unknown: BTreeSet<String> = BTreeSet::new();
    for (file, groups) in files {
        to.of_file(file);
        for rule in groups.iter().flat_map(|group| &group.rules) {
            let Ok(expr) = parse(&rule.expr.value) else { continue };
            let is_missing =
                |metric: &str| !known.contains(metric) && !recorded.contains(metric) && !OWN.contains(&metric);
            let whole = finds_nothing(&expr, &is_missing);
            for metric in missed(&expr, &is_missing) {
                if seen.incomplete.is_none() {
                    let compared = unknown.len() < COMPARED || unknown.contains(metric);
                    tell(rule, metric, whole, compared, &seen.names, to);
                }
                unknown.insert(metric.to_owned());
            }
        }
    }
    let why = seen.incomplete.as_ref().filter(|_| !unknown.is_empty())?;
    let names: Vec<&str> = unknown.iter().take(NAMED).map(String::as_str).collect();
    let more = if unknown.len() > NAMED { format!(" and {} more", unknown.len() - NAMED) } else { String::new() };
    Some(Safe::of(format!("{why}, so nobody knows whether anything has {}{more}", names.join(", "))))
}

/// What is missing of the metrics that an expression names, each once. That nothing has a metric is what `absent` is for.
fn missed<'e>(expr: &'e Expr, is_missing: &dyn Fn(&str) -> bool) -> BTreeSet<&'e str> {
    if is_absence(expr) {
        return BTreeSet::new();
    }
    let own = expression::selector(expr).and_then(expression::metric).filter(|metric| is_missing(metric));
    let inner = expression::children(expr).into_iter().flat_map(|child| missed(child, is_missing));
    own.into_iter().chain(inner).collect()
}

fn is_absence(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(call) if matches!(call.func.name, "absent" | "absent_over_time"))
}

/// Whether an expression has no result as long as these metrics are missing, whatever else is there.
fn finds_nothing(expr: &Expr, is_missing: &dyn Fn(&str) -> bool) -> bool {
    let nothing = |expr: &Expr| finds_nothing(expr, is_missing);
    if let Some(selector) = expression::selector(expr) {
        return expression::metric(selector).is_some_and(is_missing);
    }
    match expr {
        Expr::Binary(b) if b.op.id() == T_LOR => nothing(&b.lhs) && nothing(&b.rhs),
        Expr::Binary(b) if b.op.id() == T_LUNLESS => nothing(&b.lhs),
        // Of nothing a scalar is NaN, which is a value.
        Expr::Call(call) if is_absence(expr) || call.func.name == "scalar" => false,
        Expr::Aggregate(a) => nothing(&a.expr),
        _ => expression::children(expr).into_iter().any(nothing),
    }
}

fn tell(rule: &Rule, metric: &str, whole: bool, compared: bool, names: &[String], to: &mut Findings) {
    let near = if compared { nearest_of(metric, names) } else { None };
    let count = names.len();
    let (code, so) = if whole {
        (Code::MetricNeverSeen, "so it finds nothing")
    } else {
        (Code::PartNeverSeen, "so that part of it finds nothing; the rest does not need it")
    };
    let of = format!("{}: nothing that is scraped has {metric} ({count} metrics are there), {so}", rule.name);
    match near {
        Some(near) => {
            let mended = renamed(&rule.expr.value, metric, near);
            to.add(code, rule.expr.line, format!("{of}; the nearest name is {near}"), written(&mended, ""));
        }
        None => to.add(code, rule.expr.line, of, exporter(metric)),
    }
}

/// The name that was meant: a part of the same family where there is one, else the most alike.
fn nearest_of<'n>(metric: &str, names: &'n [String]) -> Option<&'n str> {
    let part = |suffix: &str| names.iter().find(|name| name.strip_prefix(metric) == Some(suffix));
    let of_family = ["_bucket", "_total", "_seconds", "_seconds_total"].iter().find_map(|suffix| part(suffix));
    of_family.map(String::as_str).or_else(|| nearest::nearest(metric, names.iter().map(String::as_str)))
}

/// What would bring the metric.
fn exporter(metric: &str) -> String {
    match EXPORTERS.iter().find(|(begins, ..)| metric.starts_with(begins)) {
        Some((begins, name, port)) => format!(
            "[[metrics]]   # {name}\nname = \"{}\"\nurl = \"http://HOST:{port}/metrics\"",
            begins.trim_end_matches('_')
        ),
        None => {
            format!("[[metrics]]   # whatever serves {metric}\nname = \"NAME\"\nurl = \"http://HOST:PORT/metrics\"")
        }
    }
}

/// The expression with a metric's name put right wherever it stands as a word.
fn renamed(expr: &str, wrong: &str, right: &str) -> String {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let mut out = String::new();
    let mut rest = expr;
    while let Some(at) = rest.find(wrong) {
        let (before, from) = rest.split_at(at);
        let (_, after) = from.split_at(wrong.len());
        let is_word =
            !before.chars().next_back().is_some_and(is_of_name) && !after.chars().next().is_some_and(is_of_name);
        // What was put in before belongs to the word too.
        let begins = before.is_empty() && out.chars().next_back().is_some_and(is_of_name);
        out.push_str(before);
        out.push_str(if is_word && !begins { right } else { wrong });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, Options, Report, Source, examine_against};
    use super::*;

    const RULES: &str = "groups:\n- name: g\n  rules:\n  - record: job:errors:rate5m\n    expr: sum by (job) (rate(http_request_total{status=~\"5..\"}[5m]))\n  \
                         - alert: A\n    expr: |\n      job:errors:rate5m > 1\n      and on(job) up == 1\n  - alert: B\n    expr: node_load1 > 4 unless ALERTS\n";

    fn held(names: &[&str], incomplete: Option<&str>) -> Report {
        let source = Source { name: "r.yml".into(), text: RULES.to_owned(), kind: Kind::Yaml };
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let seen = Seen { names, incomplete: incomplete.map(Safe::of) };
        let mut report = examine_against(&[source], Options::default(), Some(&seen));
        report.findings.retain(|finding| finding.code == Code::MetricNeverSeen);
        report
    }

    #[test]
    fn a_metric_that_nothing_has_is_told_with_its_nearest_name() {
        let report = held(&["http_requests_total", "up", "process_cpu_seconds_total"], None);
        let found: Vec<(usize, String, String)> = report
            .findings
            .iter()
            .map(|f| (f.line, f.why.to_string(), f.instead.iter().map(Safe::as_str).collect::<Vec<_>>().join("\n")))
            .collect();
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(found[0].0 == 5 && found[0].1.ends_with("the nearest name is http_requests_total"), "{found:?}");
        assert_eq!(found[0].2, "expr: sum by (job) (rate(http_requests_total{status=~\"5..\"}[5m]))");
        assert!(found[1].0 == 11 && found[1].1.contains("node_load1 (3 metrics are there)"), "{found:?}");
        assert!(found[1].2.contains("node_exporter") && found[1].2.contains(":9100"), "{found:?}");
        assert!(held(&["http_request_total", "up", "node_load1"], None).findings.is_empty());
        let names = ["a_seconds_sum".to_owned(), "a_seconds_bucket".to_owned()];
        assert_eq!(nearest_of("a_seconds", &names), Some("a_seconds_bucket"));
    }

    /// What fires on absence, and what can do without, is sound.
    #[test]
    fn a_rule_that_can_do_without_a_metric_is_not_called_broken() {
        let findings = |expr: &str| {
            let text = format!("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: {expr}\n");
            let source = Source { name: "r.yml".into(), text, kind: Kind::Yaml };
            let seen = Seen { names: vec!["up".to_owned()], incomplete: None };
            let report = examine_against(&[source], Options::default(), Some(&seen));
            let live = [Code::MetricNeverSeen, Code::PartNeverSeen];
            let codes = report.findings.iter().map(|finding| finding.code).filter(|code| live.contains(code));
            codes.collect::<Vec<_>>()
        };
        let (broken, part) = (Code::MetricNeverSeen, Code::PartNeverSeen);
        for (expr, expected) in [
            ("absent(mysql_up)", vec![]),
            ("absent_over_time(mysql_up[5m]) == 1", vec![]),
            ("up == 1 or other > 3", vec![part]),
            ("other > 3 or another > 3", vec![broken, broken]),
            ("up == 1 unless on() maintenance_mode == 1", vec![part]),
            ("other == 1 unless on() up == 1", vec![broken]),
            ("(sum(rate(errors_total[5m])) or vector(0)) / sum(up) > 1", vec![part]),
            ("(sum(rate(errors_total[5m])) or vector(0)) / sum(other) > 1", vec![broken, broken]),
            ("up > scalar(other)", vec![part]),
            ("sum(other) by (job) > 1", vec![broken]),
            ("max_over_time(other[5m:1m]) > 1", vec![broken]),
            ("absent(other) and other == 1", vec![broken]),
        ] {
            assert_eq!(findings(expr), expected, "{expr}");
        }
    }

    #[test]
    fn where_not_all_is_known_nothing_is_called_missing() {
        let report = held(&["up"], Some("worker was not scraped yet"));
        assert!(report.findings.is_empty());
        assert_eq!(
            report.left,
            [Safe::of(
                "worker was not scraped yet, so nobody knows whether anything has http_request_total, node_load1"
            )]
        );
        assert!(held(&["up", "http_request_total", "node_load1"], Some("x")).left.is_empty());
    }

    #[test]
    fn only_the_whole_name_is_put_right() {
        assert_eq!(renamed("a_b + x_a_b + a_b{c=\"d\"} + a_b_c", "a_b", "z"), "z + x_a_b + z{c=\"d\"} + a_b_c");
        assert_eq!(renamed("aaaa + aa", "aa", "b"), "aaaa + b");
    }
}
