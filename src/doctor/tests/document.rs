//! A whole document, and the report of it.

use super::*;
use serde_json::Value;

const DOCUMENT: &str = "# Pool\n\n- `GET /status` returns stub data for now; `FLUSHDB` helps.\n\n```yaml\n- alert: A\n  expr: up >\n```\n\n\
```\nalert: B\nexpr: x ==\n```\n\n1. Add missing indexes:\n   ```sql\n   SELECT relname FROM pg_stat_user_indexes\n   WHERE idx_scan = 0;\n   ```\n\n\
```yaml\nnot: [rules\n```\n";

#[test]
fn lines_are_those_of_the_document() {
    let all = codes(Kind::Markdown, DOCUMENT);
    let wanted = [(3, "QD-H011"), (3, "QD-D001"), (7, "QD-R001"), (12, "QD-R001"), (18, "QD-S005"), (18, "QD-S006")];
    assert_eq!(all, wanted);
}

#[test]
fn a_document_is_about_its_own_rules() {
    let routed = "```yaml\n- alert: A\n  expr: up == 0\n```\n```yaml\nroute: {receiver: a, routes: [{matchers: [severity=x], receiver: a}]}\nreceivers: [{name: a}]\n```\n";
    let other = "- alert: B\n  expr: up == 0\n  labels: {severity: x}\n";
    let files = [(routed, Kind::Markdown), (other, Kind::Yaml)].map(|(text, kind)| Source {
        name: Safe::of(format!("{kind:?}")),
        text: text.to_owned(),
        kind,
    });
    let found = examine(&files, Options::default()).findings;
    assert_eq!(found.iter().map(|f| f.code.id()).collect::<Vec<_>>(), ["QD-A001"]);
}

#[test]
fn words_and_json() {
    let hostile = "- alert: \"A\\e[31m\\u202e\"\n  expr: up >\n";
    let source = Source { name: Safe::of("r\u{1b}.yml"), text: hostile.to_owned(), kind: Kind::Yaml };
    let report = examine(&[source], Options::default());
    let words: Vec<String> = report.words().iter().map(ToString::to_string).collect();
    assert!(
        words[0].starts_with("r\\x1b.yml:2: QD-R001 error: A\\x1b[31m") || words[0].contains("QD-R001"),
        "{words:?}"
    );
    assert!(words.iter().all(|w| !w.contains(['\u{1b}', '\u{202e}'])));
    assert_eq!(words.last().unwrap(), "1 file: 1 found: 1 error, 0 warnings, 0 notes");
    let json: Value = serde_json::from_str(report.json().as_str()).unwrap();
    assert_eq!(json["schema"], 1);
    let keys: Vec<&String> = json["findings"][0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["code", "file", "instead", "line", "severity", "why"]);
    assert!(report.fails());
    assert!(!examine(&[], Options::default()).fails());
}

#[test]
fn a_driver_is_right_where_sqlalchemy_reads_it() {
    let of = |text: &str| codes(Kind::Markdown, text);
    assert_eq!(of("```\nDATABASE_URL=postgresql+asyncpg://u@h/d\n```\n"), [(2, "QD-H007")]);
    assert_eq!(of("```yaml\nDATABASE_URL: \"postgresql+psycopg2://u@h/d\"\n```\n"), [(2, "QD-H007")]);
    assert_eq!(of("```python\nengine = create_engine(\"postgresql+asyncpg://u@h/d\")\n```\n"), []);
}

#[test]
fn sessions_expressions_and_documents_in_documents() {
    let of = |text: &str| codes(Kind::Markdown, text);
    let session = "```console\n$ curl -s http://a/health && echo ok\n{\"a\": \"b\"} && it's\n$ psql shop -c \"SELECT procpid FROM pg_stat_activity\"\n procpid\nops@h:~$ pkill -f worker\n```\n";
    assert_eq!(of(session), [(2, "QD-H001"), (4, "QD-S001"), (6, "QD-H003")]);
    let handed = "```sh\ncat <<SQL | psql shop\nSELECT procpid FROM pg_stat_activity;\nSQL\npsql -tAc \"SELECT max_conn FROM pg_stat_activity\" shop\npsql --command='SELECT procpid\nFROM pg_stat_activity' shop\necho 'SELECT procpid FROM pg_stat_activity' | psql\n```\n";
    assert_eq!(of(handed), [(3, "QD-S001"), (5, "QD-S001"), (6, "QD-S001"), (8, "QD-S001")]);
    let promql = "```promql\n# slow\nhistogram_quantile(0.9, job_seconds) > 1\n\nrate(a_total[5m])\n  / rate(b_total[5m])\n\n... > 5\n\nabsent(up{job=~\"a|b\"})\n```\n";
    assert_eq!(of(promql), [(3, "QD-R002"), (3, "QD-R003"), (10, "QD-R015")]);
    let quoting = "````markdown\n```yaml\n- alert: A\n  expr: up >\n```\n````\n```diff\n- - alert: A\n+ - alert: B\n  expr: calls_total > 5\n```\n";
    assert_eq!(of(quoting), []);
    let several = "```yaml\ngroups:\n- name: one\n  rules:\n  - alert: A\n    expr: calls_total > 5\n---\nkind: PrometheusRule\nspec:\n  groups:\n  - name: two\n    rules:\n    - alert: B\n      expr: calls_total > 6\n---\nkind: List\nitems:\n- kind: PrometheusRule\n  spec:\n    groups:\n    - name: three\n      rules:\n      - alert: C\n        expr: calls_total > 7\n---\nkind: ConfigMap\ndata:\n  rules.yml: |\n    groups:\n    - name: four\n      rules:\n      - alert: D\n        expr: calls_total > 8\n```\n";
    assert_eq!(of(several), [6, 14, 24, 33].map(|line| (line, "QD-R014")));
    for text in [session, handed, promql, several] {
        assert_eq!(of(&text.replace('\n', "\r\n")), of(text), "with CRLF");
        let before = |mark: &str| text.lines().flat_map(|line| [mark, line, "\n"]).collect::<String>();
        assert_eq!(of(&before("   ")), of(text), "in a list");
        assert_eq!(of(&before("> ")), of(text), "in a quotation");
    }
}

/// Pieces that files are made of, and that hurt in other places than theirs.
const PIECES: &[&str] = &[
    "groups:\n",
    "- alert: A\n",
    "  expr: ",
    "rate(a_total[5m])",
    " / ",
    "sum by (b) (",
    ")",
    "(",
    " > 0.1\n",
    "  for: 5m\n",
    "route:\n",
    "receivers: [{name: a}]\n",
    "  routes:\n",
    "  - match: {a: b}\n",
    "&a ",
    "*a",
    "- ",
    "\n",
    "SELECT ",
    "pid",
    " FROM ",
    "pg_stat_activity ",
    ", ",
    "'",
    "\"",
    "$",
    "$(",
    "`",
    "${",
    "}",
    "<<EOF\n",
    "EOF\n",
    "if ",
    "curl -s http://$x ",
    "; then\n",
    "fi\n",
    "for i in {1..3}; do ",
    "done\n",
    "| ",
    "|| ",
    "&& ",
    "# ",
    "-- ",
    "/*",
    "```bash\n",
    "```\n",
    "~~~sql\n",
    "é",
    "\u{202e}",
    "\t",
    "\\",
    ";",
    "[",
    "]",
    "{",
    ":",
    "psql -c \"",
    "WHERE state = 'idle' ",
    "ORDER BY query_start DESC",
    "histogram_quantile(0.9, ",
    "absent(",
    "1e999",
    "$$",
    "=(",
    "case x in a)",
    "```console\n$ ",
    "```promql\n",
    "> ",
    "<!--",
    "-->",
    "kind: List\nitems:\n",
    "kind: ConfigMap\ndata:\n  a: |\n    ",
];

proptest::proptest! {
    #[test]
    fn no_text_breaks_it(parts in proptest::collection::vec(proptest::sample::select(PIECES), 0..60)) {
        let text = parts.concat();
        for kind in [Kind::Yaml, Kind::Markdown, Kind::Sql, Kind::Shell] {
            let lines = text.lines().count().max(1);
            for finding in found(kind, &text) {
                proptest::prop_assert!((1..=lines + 1).contains(&finding.line), "{finding:?}");
            }
        }
    }
}
