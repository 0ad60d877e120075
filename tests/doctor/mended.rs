//! What the doctor writes instead, as somebody would paste it: read by the same doctor there is nothing of that code left, and it
//! is right for who reads it: PromQL by the parser, SQL by a real PostgreSQL, shell by bash.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::documents::{DOCUMENTS, fixtures};
use crate::postgres_server::PostgresServer;
use crate::{doctor, folder, told};

/// Defects that the documents do not hold, or in another shape.
const MORE: &str = r#"
```yaml
groups:
- name: more
  interval: 1m
  rules:
  - {alert: A, expr: 'sum(calls_total{path="a: b #c"}) > 100', labels: {severity: page}}
  - {alert: B, expr: 'rate(queue_depth[5m]) > 3', labels: {severity: page}}
  - {alert: C, expr: 'rate(calls_total[30s]) > 3', labels: {severity: page}}
  - {alert: D, expr: 'up == bool 0', labels: {severity: page}}
  - {alert: E, expr: 'absent(up{job=~"a|b"})', labels: {severity: page}}
  - {alert: F, expr: 'rate(calls_total[5m]) / sum(rate(jobs_total[5m])) > 3', labels: {severity: page}}
  - {alert: G, expr: 'histogram_quantile(0.9, sum by (job) (rate(a_seconds_bucket[5m]))) > 3', labels: {severity: page}}
  - {alert: H, expr: 'container_memory_working_set_bytes / container_spec_memory_limit_bytes > 0.9', labels: {severity: info}}
```
```yaml
route:
  receiver: mail
  routes:
  - {matchers: ['severity="page"'], receiver: pager}
receivers:
- name: mail
  email_configs: [{to: a@example.org, auth_password: '${SMTP_PASSWORD}', html: '${BODY}'}]
- name: pager
```
```sql
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'active' OR wait_event IS NOT NULL ORDER BY query_start LIMIT 3;
SELECT pg_terminate_backend(pid) FROM pg_stat_activity;
SELECT pid, usrname, stat FROM pg_stat_activity;
SELECT s.relname, s.idx_scan FROM pg_stat_all_indexes AS s WHERE s.idx_scan < 5 ORDER BY 1;
SELECT query FROM pg_stat_statements WHERE mean_exec_time >= 100;
```
```bash
#!/bin/bash
sudo systemctl stop "a b"
curl -s -m 3 "$BASE/x" && awk '{print $1}' file
mysqldump shop | gzip > x.gz
psql -f "my file.sql" "$URL" && echo restored
for i in $(seq 1 9); do if curl -sk "https://$HOST/h"; then break; fi; sleep 1; done
until curl -fsS "http://localhost:${port_of_it}/x"; do sleep 1; done
watch 'psql -c "SELECT 1 FROM q WHERE s = 'late'"' -d
```
"#;

/// Code and mended text of everything that is found.
fn mended() -> Vec<(String, String)> {
    let documents = fixtures();
    let mut files: Vec<(&str, &str)> = documents.iter().map(|(name, text)| (*name, text.as_str())).collect();
    files.push(("more.md", MORE));
    let folder = folder(&files);
    let mut arguments = vec!["--json", "more.md"];
    arguments.extend(DOCUMENTS);
    let (_, out, err) = told(&doctor(folder.path(), &arguments));
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|why| panic!("{why}: {out}{err}"));
    let lines = |finding: &Value| {
        let lines = finding["instead"].as_array().unwrap().iter().filter_map(Value::as_str).collect::<Vec<_>>();
        lines.join("\n")
    };
    let found = report["findings"].as_array().unwrap();
    let one = |finding: &Value| (finding["code"].as_str().unwrap().to_owned(), lines(finding));
    found.iter().map(one).filter(|(_, text)| !text.is_empty()).collect()
}

/// As it would be pasted, in a file of its kind.
fn pasted(code: &str, text: &str) -> Option<(&'static str, String)> {
    let indented = text.lines().flat_map(|line| ["  ", line, "\n"]).collect::<String>();
    match code.as_bytes().get(3)? {
        b'R' if text.starts_with("expr:") => Some(("r.yml", format!("- alert: A\n{indented}"))),
        b'S' => Some(("s.sql", text.to_owned())),
        b'H' => Some(("h.sh", format!("{text}\n"))),
        _ => None,
    }
}

#[test]
fn what_is_written_instead_has_nothing_of_that_code_left() {
    let all = mended();
    assert!(all.len() > 50, "{}", all.len());
    for (code, text) in all {
        let Some((name, file)) = pasted(&code, &text) else { continue };
        let folder = folder(&[(name, &file)]);
        let (status, out, err) = told(&doctor(folder.path(), &[name]));
        assert!(status < 2 && !out.contains(&code) && !out.contains("QD-R001"), "{code} became\n{file}{out}{err}");
    }
}

#[test]
fn what_is_written_instead_is_right_for_bash() {
    for (code, text) in mended().into_iter().filter(|(code, _)| code.starts_with("QD-H")) {
        let output = Command::new("bash").args(["-n", "-c", &text]).current_dir(Path::new("/")).output().unwrap();
        assert!(output.status.success(), "{code}:\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Everything runs: what would end sessions or wait is only planned or cut short.
#[test]
fn what_is_written_instead_is_right_for_postgresql() {
    let server = PostgresServer::shared();
    server.sql("postgres", "CREATE DATABASE doctor_mended");
    server.sql(
        "doctor_mended",
        "CREATE EXTENSION pg_stat_statements; CREATE EXTENSION pgstattuple; CREATE TABLE scans (a int)",
    );
    let all: Vec<_> = mended().into_iter().filter(|(code, _)| code.starts_with("QD-S")).collect();
    assert!(all.len() > 12, "{all:#?}");
    for (code, text) in all {
        let is_deadly = text.contains("pg_terminate_backend");
        let planned = if is_deadly { format!("EXPLAIN {text}") } else { text.replace("pg_sleep(60)", "pg_sleep(0)") };
        // The server refuses by failing this call.
        let out = server.sql("doctor_mended", &format!("BEGIN; {planned} ROLLBACK;"));
        assert!(!is_deadly || out.contains("Scan"), "{code}: {text}: {out}");
    }
}
