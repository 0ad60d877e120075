//! Rules files, right and wrong: what is read, and how what is wrong is told.

use std::time::Duration;

use super::*;

const RIGHT: &str = r#"# the team's rules
groups:
  - name: api
    interval: 1m
    limit: 10
    query_offset: 30s
    labels:
      team: core
      severity: page
    rules:
      - record: job:requests:rate5m
        expr: sum by (job) (rate(requests_total[5m]))
      - alert: Slow
        expr: |
          histogram_quantile(0.99, sum by (le) (rate(latency_bucket[5m])))
            > 0.5
        for: 1h30m
        keep_firing_for: 5m
        labels:
          severity: warning
        annotations:
          summary: "p99 is {{ $value | humanizeDuration }}"
          runbook_url: https://example.org/slow
  - name: empty
"#;

fn loaded(text: &str) -> Loaded {
    Loaded::of(&[("team.yml", Ok(text))])
}

fn told(text: &str) -> Vec<String> {
    loaded(text).problems.iter().map(|problem| problem.line().as_str().to_owned()).collect()
}

/// A rule in a group, so many spaces in.
fn rule(body: &str) -> String {
    format!("groups:\n- name: g\n  rules:\n  - {}\n", body.replace('\n', "\n    "))
}

#[test]
fn a_file_is_read_with_all_that_it_says_and_where() {
    let loaded = loaded(RIGHT);
    assert_eq!(loaded.problems, [], "{:?}", told(RIGHT));
    assert_eq!(loaded.remarks, []);
    let [api, empty] = loaded.groups.as_slice() else { panic!("{loaded:?}") };
    assert_eq!((api.name.as_str(), api.line, api.limit), ("api", 3, 10));
    assert_eq!(api.interval, Some(Duration::from_secs(60)));
    assert_eq!(api.query_offset, Some(Duration::from_secs(30)));
    assert_eq!((empty.name.as_str(), empty.rules.len(), empty.interval), ("empty", 0, None));
    let [record, alert] = api.rules.as_slice() else { panic!("{api:?}") };
    assert_eq!((record.name.as_str(), record.line, record.expr_line), ("job:requests:rate5m", 11, 12));
    assert_eq!(record.kind, Kind::Record);
    let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    assert_eq!(record.labels, [pair("severity", "page"), pair("team", "core")]);
    assert_eq!(
        alert.labels,
        [pair("severity", "warning"), pair("team", "core")],
        "the rule's stands before the group's"
    );
    assert_eq!(alert.expr, "histogram_quantile(0.99, sum by (le) (rate(latency_bucket[5m])))\n  > 0.5\n");
    assert_eq!((alert.line, alert.expr_line), (13, 15));
    let Kind::Alert(alerting) = &alert.kind else { panic!("{alert:?}") };
    assert_eq!((alerting.hold.as_secs(), alerting.keep_firing.as_secs()), (5400, 300));
    assert_eq!(alerting.annotations.len(), 2);
}

#[test]
fn every_problem_is_told_at_once_with_line_key_and_the_right_name() {
    let text = r"groups:
  - name: api
    intervall: 1m
    rules:
      - alert: Down
        expr: up == 0
        for: 5 minutes
      - alert: Both
        record: also
        expr: up
      - expr: up
      - alert: Bare
      - record: 'up{job=1}'
        expr: up
        for: 5m
      - alert: Twice
        expr: up
        expr: down
        lables:
          a: b
        labels:
          __name__: x
  - name: api
    limit: many
    rules: none
group: []
";
    assert_eq!(
        told(text),
        [
            "team.yml:3: group \"api\".intervall: no such key; did you mean \"interval\"?",
            "team.yml:7: group \"api\" rule 1 \"Down\".for: \"5 minutes\" is no duration; write it as 30s, 5m, 1h30m or 1d",
            "team.yml:9: group \"api\" rule 2 \"Both\": alert and record exclude each other; keep one of them",
            "team.yml:11: group \"api\" rule 3: missing: a rule has one of alert and record",
            "team.yml:12: group \"api\" rule 4 \"Bare\".expr: missing: every rule has an expression",
            "team.yml:13: group \"api\" rule 5 \"up{job=1}\".record: no name of a metric: braces belong into the \
             expression; allowed: letters, digits, _ and :",
            "team.yml:15: group \"api\" rule 5 \"up{job=1}\".for: only a rule that alerts has this; this one records",
            "team.yml:18: group \"api\" rule 6 \"Twice\".expr: this key is there already, on line 17",
            "team.yml:19: group \"api\" rule 6 \"Twice\".lables: no such key; did you mean \"labels\"?",
            "team.yml:22: group \"api\" rule 6 \"Twice\".labels.__name__: not a name; allowed: letters, digits and _",
            "team.yml:23: group \"api\".name: there is a group of this name already, on line 2",
            "team.yml:24: group \"api\".limit: a whole number is wanted; 0 is no limit",
            "team.yml:25: group \"api\".rules: a list is wanted; this is text",
            "team.yml:26: group: no such key; did you mean \"groups\"?",
        ]
    );
    assert_eq!(loaded(text).groups, [], "nothing of it is in force");
}

#[test]
fn what_is_no_tree_of_rules_is_told() {
    for (text, words) in [
        ("groups: [", "team.yml:"),
        ("[]", "team.yml:1: keys with values are wanted; this is a list"),
        ("groups:\n- a\n", "team.yml:2: group 1: a group has keys, such as name and rules; this is text"),
        ("groups:\n- rules: []\n", "team.yml:2: group 1.name: missing: every group has a name"),
        ("groups:\n- name: ''\n", "team.yml:2: group 1.name: missing: every group has a name"),
        (
            "groups:\n- name: g\n  rules:\n  - up\n",
            "team.yml:4: group \"g\" rule 1: a rule has keys, such as alert and expr; this is text",
        ),
        ("groups: []\n---\ngroups: []\n", "team.yml:2: a second document"),
        ("groups:\n- *x\n", "team.yml:2: not YAML"),
    ] {
        let all = told(text);
        assert!(all.len() == 1 && all[0].starts_with(words), "{text:?}: {all:?}");
    }
    for text in ["", "\n# nothing\n", "groups:\n", "groups: []", "groups: ~"] {
        assert_eq!(loaded(text), Loaded::default(), "{text:?}");
    }
}

#[test]
fn scalars_are_text_as_they_are_written() {
    let loaded =
        loaded(&rule("alert: 1\nexpr: 1\nfor: 0\nlabels: {a: 1.0, b: true, c: ~}\nannotations: {d: 2026-01-01}"));
    assert_eq!(loaded.problems, []);
    let rule = &loaded.groups[0].rules[0];
    assert_eq!((rule.name.as_str(), rule.expr.as_str()), ("1", "1"));
    let values: Vec<&str> = rule.labels.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(values, ["1.0", "true", ""]);
}

#[test]
fn names_that_only_the_newest_takes_and_templates_that_fail_are_remarked_on() {
    let loaded =
        loaded(&rule("alert: A\nexpr: up\nlabels: {app.kubernetes.io/name: x}\nannotations: {s: '{{ nope }}'}"));
    assert_eq!(loaded.problems, []);
    let told: Vec<String> = loaded.remarks.iter().map(|remark| remark.line().as_str().to_owned()).collect();
    assert_eq!(
        told,
        [
            "team.yml:6: group \"g\" rule 1 \"A\".labels.app.kubernetes.io/name: a name that only Prometheus 3 takes",
            "team.yml:7: group \"g\" rule 1 \"A\".annotations.s: this template fails: line 1: function \"nope\" not defined",
        ]
    );
    assert_eq!(loaded.groups.len(), 1);
}

#[test]
fn a_bad_reading_keeps_the_old_rules() {
    let old = loaded(RIGHT);
    let bad = old.again(&[("team.yml", Ok("groups: [{}]"))]);
    assert_eq!(bad.groups, old.groups);
    assert_eq!(bad.problems.len(), 1);
    let gone = bad.again(&[("team.yml", Err(Safe::of("no such file")))]);
    assert_eq!(gone.groups, old.groups);
    assert_eq!(gone.problems[0].line().as_str(), "team.yml: no such file");
    let one_bad = old.again(&[("a.yml", Ok(RIGHT)), ("b.yml", Ok("x: y"))]);
    assert_eq!(one_bad.groups, old.groups, "one bad file keeps all as they were");
    let new = gone.again(&[("team.yml", Ok("groups: []"))]);
    assert_eq!(new, Loaded::default());
}

#[test]
fn groups_of_one_name_may_stand_in_two_files() {
    let both = Loaded::of(&[("a.yml", Ok(RIGHT)), ("b.yml", Ok(RIGHT))]);
    assert_eq!((both.problems.len(), both.groups.len()), (0, 4));
    assert_eq!(both.groups[3].file, "b.yml");
}

#[test]
fn aliases_and_merges_are_what_they_stand_for() {
    let text = "groups:\n- name: g\n  rules:\n  - &base\n    alert: A\n    expr: up\n    labels: &l {severity: page, team: x}\n  \
                - <<: *base\n    alert: B\n    labels: {<<: *l, team: y}\n";
    let loaded = loaded(text);
    assert_eq!(loaded.problems, []);
    let b = &loaded.groups[0].rules[1];
    assert_eq!((b.name.as_str(), b.expr.as_str(), b.line), ("B", "up", 8));
    assert_eq!(b.labels, [("severity".into(), "page".into()), ("team".into(), "y".into())]);
}

#[test]
fn a_bomb_of_aliases_depth_and_size_are_refused() {
    let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for level in 1..12 {
        let before = format!("*a{},", level - 1).repeat(10);
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", before.trim_end_matches(',')));
    }
    assert!(told(&bomb)[0].contains("more than 200000 values"), "{:?}", told(&bomb));
    let deep = format!("groups: {}{}", "[".repeat(100), "]".repeat(100));
    assert!(told(&deep)[0].contains("nested deeper"), "{:?}", told(&deep));
    let block = (0..300).map(|n| " ".repeat(n) + "-").collect::<Vec<_>>().join(" \n");
    assert!(told(&block)[0].contains("nested deeper"), "{:?}", told(&block));
    let long = format!("# {}", "x".repeat(yaml::MOST_BYTES));
    assert!(told(&long)[0].contains("bytes"));
    let many = (0..300).map(|n| format!("key{n}: 1")).collect::<Vec<_>>().join("\n");
    assert_eq!(told(&many).len(), 200);
}

#[test]
fn too_many_rules_in_all_files_are_refused() {
    let one = format!("groups:\n- name: g\n  rules:\n{}", "  - {record: a, expr: b}\n".repeat(MOST_RULES / 2 + 1));
    assert_eq!(Loaded::of(&[("a", Ok(&one))]).problems, []);
    let both = Loaded::of(&[("a", Ok(&one)), ("b", Ok(&one))]);
    assert_eq!(both.problems[0].line().as_str(), "a: 10002 rules in all files; 10000 are the most");
}

#[test]
fn hostile_names_come_out_harmless() {
    let all = told("groups:\n- name: \"\\e[31m\\u202e\"\n  x: y\n");
    assert!(all[0].bytes().all(|b| (b' '..0x7f).contains(&b)), "{all:?}");
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in "[ \n:\\-\\[\\]{}&*!|>'\"%@`#a-c<~0-9]{0,200}") {
        let loaded = loaded(&text);
        proptest::prop_assert!(loaded.problems.is_empty() || loaded.groups.is_empty());
    }
}
