//! Rules: each defect, its line, its mended text; and the published ways of writing, which are right.

use std::time::Duration;

use super::*;

/// One alerting rule; the expression stands on line 4.
fn rule(name: &str, expr: &str, text: &str) -> String {
    format!(
        "groups:\n- name: g\n  rules:\n  - expr: |\n      {expr}\n    alert: {name}\n    annotations:\n      summary: '{text}'\n"
    )
}

fn of(name: &str, expr: &str, text: &str) -> Vec<&'static str> {
    codes(Kind::Yaml, &rule(name, expr, text)).into_iter().map(|(_, code)| code).collect()
}

fn expr(expression: &str) -> Vec<&'static str> {
    of("Something", expression, "look at it")
}

#[test]
fn quantiles() {
    assert_eq!(expr("histogram_quantile(0.9, job_seconds) > 1"), ["QD-R002", "QD-R003"]);
    assert_eq!(expr("histogram_quantile(0.9, sum by (le) (rate(job_seconds[5m]))) > 1"), ["QD-R002"]);
    assert_eq!(expr("histogram_quantile(0.9, sum by (le) (job_seconds_bucket)) > 1"), ["QD-R003"]);
    assert_eq!(expr("histogram_quantile(0.9, sum by (job) (rate(job_seconds_bucket[5m]))) > 1"), ["QD-R004"]);
    assert_eq!(expr("histogram_quantile(0.9, sum without (le) (rate(job_seconds_bucket[5m]))) > 1"), ["QD-R004"]);
    // A native histogram has no parts of its own.
    assert_eq!(expr("histogram_quantile(0.9, sum(rate(job_seconds[5m]))) > 1"), ["QD-R019"]);
    assert_eq!(expr("histogram_quantile(0.9, rate(job_seconds_count[5m])) > 1"), ["QD-R002"]);
    for right in [
        "histogram_quantile(0.9, rate(job_seconds_bucket[5m])) > 1",
        "histogram_quantile(0.9, sum by (le, job) (increase(job_seconds_bucket{job=\"a\"}[5m]))) > 1",
        "histogram_quantile(0.9, sum without (pod) (rate(job_seconds_bucket[5m]))) > 1",
        "histogram_quantile(0.9, job:seconds_bucket:rate5m) > 1",
    ] {
        assert_eq!(expr(right), [""; 0], "{right}");
    }
    let text = rule("Slow", "histogram_quantile(0.9, job_seconds{a=\"b\"}) > 1", "{{ $labels.job }}");
    let right = "expr: histogram_quantile(0.9, sum by (le, job) (rate(job_seconds_bucket{a=\"b\"}[5m]))) > 1";
    assert_eq!(instead(Kind::Yaml, &text, "QD-R002"), right);
}

#[test]
fn what_is_written_instead_is_right_itself() {
    for (name, wrong) in [
        ("Slow", "histogram_quantile(0.9, sum by (job) (job_seconds)) > 1"),
        ("Slow", "histogram_quantile(0.9, sum by (job) (rate(job_seconds[2m]))) > 1"),
        ("HighErrorRate", "rate(calls_total{code=~\"5..\"}[5m]) / rate(calls_total[5m]) > 0.1"),
        ("HighErrorRate", "rate(calls_total{code=~\"5..\"}[5m]) > 0.1"),
        ("Calls", "rate(calls_total[5m]) / sum(rate(jobs_total[5m])) > 3"),
        ("Calls", "sum(calls_total) > 100"),
        ("Gone", "absent(up{job=~\"a|b\"})"),
        ("Calls", "rate(calls_total[5m]) > bool 3"),
    ] {
        let all = found(Kind::Yaml, &rule(name, wrong, "x"));
        assert_eq!(all.iter().filter(|f| f.code.id() != "QD-R003").count(), 1, "{wrong}: {all:?}");
        let right = all[0].instead[0].as_str().strip_prefix("expr: ").unwrap().to_owned();
        let rest: Vec<&str> = of(name, &right, "x").into_iter().filter(|c| *c != "QD-R012").collect();
        assert_eq!(rest, [""; 0], "{wrong} became {right}");
    }
}

#[test]
fn ratios() {
    let one = ["QD-R005"];
    assert_eq!(expr("rate(calls_total{code=\"500\"}[5m]) / rate(calls_total[5m]) > 0.1"), one);
    assert_eq!(expr("(calls{a=\"b\"}) / calls > 0.1"), one);
    assert_eq!(expr("100 * (rate(c_total{x=\"1\"}[5m]) / rate(c_total[5m])) > 5"), one);
    assert_eq!(expr("rate(c_total[5m]) / rate(c_total{x=\"1\"}[5m]) > 5"), one);
    // The label that one side picks by is left on both: each group is divided by itself.
    for grouped in [
        "sum by (status)(rate(c_total{status=~\"5..\"}[5m])) / sum by (status)(rate(c_total[5m])) > 0.01",
        "sum without (pod)(rate(c_total{x=\"1\"}[5m])) / sum without (pod) (rate(c_total[5m])) > 0.01",
        "max by (job, x) (c{x=\"1\"}) / max by (x, job) (c) > 2",
        "rate(c_total{x=\"1\"}[5m]) / on (x, job) rate(c_total[5m]) > 0.01",
        "rate(c_total{x=\"1\"}[5m]) / ignoring (job) rate(c_total[5m]) > 0.01",
    ] {
        assert_eq!(expr(grouped), one, "{grouped}");
    }
    let text = rule(
        "A",
        "sum by (x, job)(rate(c_total{x=\"1\"}[5m])) / sum by (x, job)(rate(c_total[5m])) > 1",
        "{{ $labels.x }} {{ $labels.job }}",
    );
    let mended = "expr: sum by (job) (rate(c_total{x=\"1\"}[5m])) / sum by (job) (rate(c_total[5m])) > 1";
    assert_eq!(instead(Kind::Yaml, &text, "QD-R005"), mended);
    let guarded = " and sum(rate(c_total[5m])) > 1";
    for share in [
        "sum by (job)(rate(c_total{x=\"1\"}[5m])) / sum by (job)(rate(c_total[5m])) > 0.1",
        "sum without (x)(rate(c_total{x=\"1\"}[5m])) / sum without (x)(rate(c_total[5m])) > 0.1",
        "sum by (x)(rate(c_total{x=\"1\"}[5m])) / ignoring (x) sum by (x)(rate(c_total[5m])) > 0.1",
        "sum by (x)(rate(c_total{x=\"1\"}[5m])) / on () group_left sum(rate(c_total[5m])) > 0.1",
        "max by (x)(rate(c_total{x=\"1\"}[5m])) / sum by (x)(rate(c_total[5m])) > 0.1",
    ] {
        assert!(!expr(&format!("{share}{guarded}")).contains(&"QD-R005"), "{share}");
    }
    for right in [
        "rate(c_total{x=~\"1|2\"}[5m]) / (rate(c_total{x=~\"2|3\"}[5m]) > 0) > 5",
        "sum(rate(calls_total{code=\"500\"}[5m])) / sum(rate(calls_total[5m])) > 0.1 and sum(rate(calls_total[5m])) > 1",
        "rate(calls_total[5m]) / rate(calls_total[5m] offset 1d) > 2",
        "rate(calls_total[5m]) / rate(calls_total[1h]) > 2",
        "rate(calls_total[5m]) / ignoring (code) group_left () (rate(calls_total{code=\"all\"}[5m]) > 0) > 0.1",
        "avail_bytes{a=\"b\"} / size_bytes{a=\"b\"} * 100 < 5",
        "load1 / count without (cpu) (cpu_seconds_total) > 2",
        "load1 / instance:cpus:sum > 2",
        "sum by (a) (x) / sum by (a) (y) > 2",
        "max by (a, b) (x) / on (a) group_left sum by (a) (y) > 2",
    ] {
        assert_eq!(expr(right), [""; 0], "{right}");
    }
    assert_eq!(expr("rate(calls_total[5m]) / sum(rate(jobs_total[5m])) > 3"), ["QD-R006"]);
    assert_eq!(expr("sum by (a) (x) / sum by (b) (y) > 3"), ["QD-R006"]);
    assert_eq!(expr("rate(c_total{x=\"1\"}[5m]) / rate(c_total{x=\"2\"}[5m]) > 3"), ["QD-R006"]);
    assert_eq!(
        expr("sum(rate(hits_total[5m])) / (sum(rate(hits_total[5m])) + sum(rate(misses_total[5m]))) < 0.7"),
        ["QD-R012"]
    );
}

#[test]
fn divisions_without_a_guard() {
    let wrong = [
        "rate(errs_total[2m]) / rate(packets_total[2m]) > 0.01",
        "sum by (job) (increase(lost_total[1h])) / sum by (job) (increase(sent_total[1h])) > 0.01",
        "100 * sum(rate(a_total[5m])) / (sum(rate(b_total[5m])) + sum(rate(c_total[5m]))) > 5",
        "sum(rate(a_total[5m])) / (sum(rate(b_total[5m])) or vector(0)) > 5",
        "sum(rate(a_total[5m])) / (sum(rate(b_total[5m])) or vector(1)) > 5",
        "sum(rate(a_total[5m])) / clamp_min(sum(rate(b_total[5m])), 0) > 5",
        "sum(rate(a_total[5m])) / clamp_max(sum(rate(b_total[5m])), 9) > 5",
        "sum(rate(a_total[5m])) / sum(rate(b_total[5m])) > 5 and sum(rate(b_total[5m])) < 9",
        "sum(rate(a_total[5m])) / sum(rate(b_total[5m])) > 5 and sum(rate(c_total[5m])) > 1",
        "sum(rate(a_total[5m])) / (sum(rate(b_total[5m])) > bool 0) > 5",
        "sum(rate(a_total[5m])) / sum(rate(b_total[5m])) > 5 unless sum(rate(b_total[5m])) > 100",
        "sum(rate(a_total[5m])) / (sum(rate(b_total[5m])) >= 0) > 5",
        "used_bytes / redis_memory_max_bytes > 0.9",
    ];
    for wrong in wrong {
        assert_eq!(expr(wrong), ["QD-R012"], "{wrong}");
        let text = instead(Kind::Yaml, &rule("A", wrong, "x"), "QD-R012");
        let right = text.strip_prefix("expr: ").unwrap().split("   # ").next().unwrap();
        assert_eq!(expr(right), [""; 0], "{wrong} became {right}");
    }
    for right in [
        "rate(a_total[5m]) / (rate(b_total[5m]) > 0) > 5",
        "rate(a_total[5m]) / (0 < rate(b_total[5m])) > 5",
        "rate(a_total[5m]) / (rate(b_total[5m]) != 0) > 5",
        "sum(rate(a_total[5m])) / clamp_min(sum(rate(b_total[5m])), 1) > 5",
        "sum(rate(a_total[5m])) / sum(clamp_min(rate(b_total[5m]), 0.1)) > 5",
        "sum(rate(a_total[5m])) / (sum(rate(b_total[5m])) + 1) > 5",
        "sum(rate(a_total[5m])) / sum(rate(b_total[5m])) > 5 and sum(rate(b_total[5m])) > 0",
        "sum(rate(a_total[5m])) / sum(rate(b_total[5m])) > 5 and sum(increase(b_total[1h])) >= 50",
        "sum(increase(b_total[1h])) > 50 and sum(rate(a_total[5m])) / sum(rate(b_total[5m])) > 5",
        "sum(rate(a_total[5m])) / sum(rate(b_total[5m])) > 5 unless sum(rate(b_total[5m])) == 0",
        "rate(a_seconds_sum[5m]) / rate(a_seconds_count[5m]) > 5",
        "queue_length / rate(done_total[5m]) > 600",
        "rate(a_cpu_seconds_total[5m]) / rate(node_cpu_seconds_total[5m]) > 0.2",
        "used_bytes / (redis_memory_max_bytes > 0) > 0.9",
        "used_bytes / redis_memory_max_bytes > 0.9 and redis_memory_max_bytes > 0",
    ] {
        assert_eq!(expr(right), [""; 0], "{right}");
    }
    // Who waits for several windows is not woken by one event.
    let waiting = |pending: &str| {
        let text = "- alert: A\n  expr: rate(a_total[5m]) / rate(b_total[5m]) > 0.1\n  for: ";
        codes(Kind::Yaml, &format!("{text}{pending}\n")).len()
    };
    assert_eq!((waiting("10m"), waiting("15m")), (1, 0));
    assert_eq!(codes(Kind::Yaml, "- record: a:b\n  expr: rate(a_total[5m]) / rate(b_total[5m])\n"), []);
}

#[test]
fn rates_as_shares() {
    let wrong = "rate(calls_total{status=~\"5..\"}[5m]) > 0.05";
    assert_eq!(of("HighErrorRate", wrong, "x"), ["QD-R007"]);
    assert_eq!(of("Errors", wrong, "more than 5% of calls fail"), ["QD-R007"]);
    assert_eq!(of("Errors", "sum(rate(calls_total[5m])) > 0.05", "{{ $value | humanizePercentage }}"), ["QD-R007"]);
    assert_eq!(of("Errors", wrong, "errors per second, {{ printf \"%.2f\" $value }}"), [""; 0]);
    assert_eq!(of("HighErrorRate", "rate(calls_total{status=~\"5..\"}[5m]) > 5", "x"), [""; 0]);
    assert_eq!(of("CpuAbove90Percent", "rate(cpu_seconds_total[5m]) > 0.9", "above 90%"), [""; 0]);
    for (expr, text) in [
        ("rate(calls_total{status=~\"5..\"}[5m]) * 100 > 5", "above 5 %"),
        ("100 * sum(rate(calls_total{status=~\"5..\"}[5m])) >= 5", "above 5 %"),
        ("0.05 < sum(rate(calls_total{status=~\"5..\"}[5m]))", "error rate"),
        ("sum(rate(calls_total{status=~\"5..\"}[5m])) > 0.05 and sum(rate(calls_total[5m])) > 1", "error rate"),
        ("rate(ok_total[5m]) < 0.95", "success rate below 95%"),
    ] {
        assert_eq!(of("A", expr, text), ["QD-R007"], "{expr}");
    }
    for (expr, text) in [
        // A floor of traffic, beside a share.
        (
            "sum(rate(c_total{x=\"1\"}[5m])) / sum(rate(c_total[5m])) > 0.1 and sum(rate(c_total[5m])) > 0.5",
            "error rate above 10 %",
        ),
        ("rate(calls_total{status=~\"5..\"}[5m]) * 60 > 5", "error rate: more than 5 a minute"),
        ("rate(calls_total[5m]) < 0.1", "hardly any calls"),
    ] {
        assert!(!of("A", expr, text).contains(&"QD-R007"), "{expr}");
    }
    let text = rule("Errors", "5 < 100 * rate(c_total{code=\"500\"}[5m]) and on () up", "above 5 %");
    let right = "expr: sum(rate(c_total{code=\"500\"}[5m])) / sum(rate(c_total[5m])) > 0.05 and on () up";
    assert_eq!(instead(Kind::Yaml, &text, "QD-R007"), right);
    let text = rule("HighErrorRate", wrong, "{{ $labels.path }}");
    let right =
        "expr: sum by (path) (rate(calls_total{status=~\"5..\"}[5m])) / sum by (path) (rate(calls_total[5m])) > 0.05";
    assert_eq!(instead(Kind::Yaml, &text, "QD-R007"), right);
}

#[test]
fn labels_that_are_printed() {
    let gone = |e: &str| of("A", e, "{{ $labels.pod }}") == ["QD-R008"];
    for dropped in [
        "sum(x) > 1",
        "sum by (job) (x) > 1",
        "sum without (pod) (x) > 1",
        "absent(x{job=\"a\"})",
        "x * on (job) y > 1",
        "x - ignoring (pod) y > 1",
        "sum by (job) (x) / sum by (job) (y) > 1",
        "vector(1) > 0",
        "max(x) > 1 or max by (job) (x) > 2",
        "count_values by (job) (\"v\", x) > 2",
        "x and sum(y) > 1 unless x or sum(y) > 1 and sum(z) > 1",
    ]
    .into_iter()
    .filter(|e| !e.starts_with("x and"))
    {
        assert!(gone(dropped), "{dropped}: {:?}", of("A", dropped, "{{ $labels.pod }}"));
    }
    for kept in [
        "x > 1",
        "sum by (pod) (x) > 1",
        "sum without (job) (x) > 1",
        "topk(3, x) > 1",
        "absent(x{pod=\"a\"})",
        "sum by (job) (x) * on (job) group_right y > 1",
        "x * on (job) group_left (node) y > 1",
        "sum by (job) (x) * on (job) group_left (pod) y > 1",
        "label_replace(sum by (job) (x), \"pod\", \"$1\", \"job\", \"(.*)\") > 1",
        "count_values(\"pod\", x) > 2",
        "max(x) > 1 or max by (pod) (x) > 2",
        "x and on (job) sum by (job) (y) > 1",
        "predict_linear(x[6h], 4 * 3600) < 0",
        "quantile_over_time(0.9, x[5m]) > 1",
    ] {
        assert_eq!(of("A", kept, "{{ $labels.pod }}"), [""; 0], "{kept}");
    }
    let text = rule("A", "sum by (job) (x) > 1", "{{ $labels.pod }} {{ $labels.job }}");
    assert_eq!(instead(Kind::Yaml, &text, "QD-R008"), "expr: sum by (job, pod) (x) > 1");
}

#[test]
fn counters_gauges_and_absence() {
    assert_eq!(expr("calls_total > 100"), ["QD-R014"]);
    assert_eq!(expr("10 < sum by (a) (calls_total)"), ["QD-R014"]);
    assert_eq!(expr("rate(queue_depth[5m]) > 1"), ["QD-R013"]);
    assert_eq!(expr("absent(up{job=~\"a|b\"})"), ["QD-R015"]);
    assert_eq!(expr("up == bool 0"), ["QD-R017"]);
    assert_eq!(expr("up >"), ["QD-R001"]);
    for right in [
        "increase(calls_total[5m]) > 100",
        "calls_total - calls_total offset 5m > 100",
        "calls_total unless calls_total offset 5m",
        "deriv(queue_depth[5m]) > 1",
        "absent(up{job=\"a\"}) or absent(up{job=\"b\"})",
        "absent(up{job=~\"api-.*\"})",
        "sum(up == bool 0) > 2",
        "sum without(mode) (avg without (cpu) (rate(cpu_seconds_total{mode!=\"idle\"}[2m]))) * 100 > 90",
        "rate(disk_io_time_weighted_seconds_total[5m]) > 10",
    ] {
        assert_eq!(expr(right), [""; 0], "{right}");
    }
}

#[test]
fn times() {
    let text = "groups:\n- name: g\n  interval: 1m\n  rules:\n  - alert: A\n    expr: rate(x_total[30s]) > 1\n    for: 30s\n  - alert: B\n    expr: up == 0\n    for: 1m\n";
    assert_eq!(codes(Kind::Yaml, text), [(6, "QD-R010"), (7, "QD-R009")]);
    let source = Source { name: Safe::of("f"), text: rule("A", "rate(x_total[1m]) > 1", ""), kind: Kind::Yaml };
    let with = |scrape| {
        examine(std::slice::from_ref(&source), Options { scrape: Some(Duration::from_secs(scrape)) }).findings.len()
    };
    assert_eq!((with(30), with(31)), (0, 1));
}

#[test]
fn rules_that_are_twice_there_and_rules_that_are_none() {
    let twice = "- alert: A\n  expr: up == 0\n  labels: {severity: a}\n- alert: A\n  expr: up == 1\n  labels: {severity: a}\n- alert: A\n  expr: up == 1\n  labels: {severity: b}\n";
    assert_eq!(codes(Kind::Yaml, twice), [(4, "QD-R016")]);
    assert_eq!(codes(Kind::Yaml, "groups:\n- name: a\n  rules: [\n"), [(3, "QD-R018")]);
    assert_eq!(codes(Kind::Yaml, "services:\n  a: b\n"), []);
    let long = rule("A", &format!("up{}", " + up".repeat(5_000)), "");
    assert_eq!(codes(Kind::Yaml, &long), [(4, "QD-R001")]);
    let deep = rule("A", &format!("{}up{}", "(".repeat(1_000), ")".repeat(1_000)), "");
    assert_eq!(codes(Kind::Yaml, &deep), [(4, "QD-R001")]);
}
