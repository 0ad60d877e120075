//! `quarterdeck doctor --live`: rules against a real scrape, targets that do not answer, rights that are missing, a
//! configuration that is refused; as words, JSON and exit status.

use std::path::Path;

use serde_json::Value;

use crate::fake_http::{FakeHttp, answer};
use crate::postgres_server::PostgresServer;
use crate::{doctor, folder, told};

const PAGE: &str = "# TYPE http_requests_total counter\nhttp_requests_total{status=\"200\"} 5\n\
    # TYPE db_pool_available gauge\ndb_pool_available 3\n";

const RULES: &str = "groups:\n- name: api\n  rules:\n  - alert: Pool\n    expr: db_pool_availabel < 1\n  - alert: Requests\n    expr: increase(http_requests_total[5m]) > 5\n";

fn serving() -> FakeHttp {
    FakeHttp::always(answer(200, "Content-Type: text/plain; version=0.0.4\r\n", PAGE))
}

pub fn live(folder: &Path, arguments: &[&str]) -> (i32, Value, String) {
    let (code, out, err) = told(&doctor(folder, &[&["--live", "--json"], arguments].concat()));
    (code, serde_json::from_str(&out).unwrap_or_else(|why| panic!("{why}: {out}{err}")), err)
}

pub fn found<'v>(report: &'v Value, code: &str) -> Vec<&'v Value> {
    report["findings"].as_array().unwrap().iter().filter(|finding| finding["code"] == code).collect()
}

#[test]
fn a_metric_that_nothing_has_is_told_with_the_rule_that_would_find_it() {
    let server = serving();
    let folder = folder(&[("rules.yml", RULES)]);
    let metrics = server.url("/metrics");
    let arguments = ["--rules", "rules.yml", "--metrics", &metrics];
    let (code, report, err) = live(folder.path(), &arguments);
    assert_eq!((code, err.as_str()), (1, ""), "{report:#}");
    let [missing] = found(&report, "QD-L001")[..] else { panic!("{report:#}") };
    assert_eq!((missing["file"].as_str(), missing["line"].as_u64()), (Some("rules.yml"), Some(5)));
    assert_eq!(missing["instead"][0], "expr: db_pool_available < 1");
    assert!(missing["why"].as_str().unwrap().ends_with("the nearest name is db_pool_available"), "{missing}");
    assert_eq!((&report["files"], &report["targets"]), (&1.into(), &1.into()));
    // Mended, there is nothing left to find.
    std::fs::write(folder.path().join("rules.yml"), RULES.replace("availabel", "available")).unwrap();
    let (code, report, _) = live(folder.path(), &arguments);
    assert_eq!((code, report["findings"].as_array().map(Vec::len)), (0, Some(0)), "{report:#}");
    assert_eq!(report["not_looked_at"], Value::Array(Vec::new()));
}

#[test]
fn what_does_not_answer_is_told_with_why_and_no_metric_of_it_is_called_missing() {
    let folder = folder(&[("rules.yml", RULES)]);
    // A port that nobody listens on: bound, and never put to listening.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = nobody.local_addr().unwrap();
    drop(nobody);
    let (metrics, service) = (format!("http://{at}/metrics"), format!("http://{at}/health"));
    let (code, report, _) = live(folder.path(), &["--rules", "rules.yml", "--metrics", &metrics, &service]);
    assert_eq!(code, 1, "{report:#}");
    let failing = found(&report, "QD-L003");
    assert_eq!(failing.len(), 2, "{report:#}");
    for finding in failing {
        assert!(finding["why"].as_str().unwrap().contains("connection refused"), "{finding}");
        assert_eq!(finding["line"], Value::Null);
    }
    assert!(found(&report, "QD-L001").is_empty(), "{report:#}");
    let left = report["not_looked_at"][0].as_str().unwrap();
    assert!(left.ends_with("so nobody knows whether anything has db_pool_availabel, http_requests_total"), "{left}");
}

#[test]
fn the_configuration_its_documents_and_its_orders_are_looked_at() {
    let server = serving();
    let text = format!(
        "rules = [\"rules.yml\"]\ndocuments = [\"*.md\", \"gone.sql\"]\n[[service]]\nname = \"api\"\nurl = \"{}\"\n\
         [[action]]\nname = \"restart-api\"\ntarget = \"api\"\nunit = \"api.service\"\nbecome = [\"sudo\", \"-n\"]\nwatch = \"service api\"\n\
         expect = \"ok\"\n[[action]]\nname = \"kill\"\ntarget = \"api\"\ncommand = [\"pkill\", \"-f\", \"api-server\"]\n\
         watch = \"service api\"\nexpect = \"ok\"\n",
        server.url("/health")
    );
    let runbook = "# Hangs\n```sql\nSELECT idle_since FROM pg_stat_activity;\n```\n";
    let folder = folder(&[("shop.toml", &text), ("rules.yml", RULES), ("a.md", runbook)]);
    let config = folder.path().join("shop.toml").display().to_string();
    let (code, report, _) = live(folder.path(), &["--config", &config]);
    assert_eq!(code, 3, "a file could not be read: {report:#}");
    let place = |code: &str| {
        let found = found(&report, code);
        let file = found
            .first()
            .and_then(|finding| finding["file"].as_str())
            .unwrap_or_else(|| panic!("no {code}: {report:#}"));
        (file.rsplit('/').next().unwrap().to_owned(), found[0]["line"].as_u64())
    };
    assert_eq!(place("QD-F001"), ("gone.sql".to_owned(), None));
    assert_eq!(place("QD-S001"), ("a.md".to_owned(), Some(3)));
    assert_eq!(place("QD-H003"), ("shop.toml".to_owned(), Some(16)));
    // Root is asked nothing; anybody else is told the line for this unit and verb.
    let orders = found(&report, "QD-L006");
    if rustix::process::geteuid().is_root() {
        assert!(orders.is_empty(), "{report:#}");
    } else {
        let line = orders[0]["instead"][0].as_str().unwrap();
        assert!(line.contains("NOPASSWD") && line.ends_with("restart -- api.service"), "{line}");
    }
    // Nothing is scraped, which is said.
    assert!(report["not_looked_at"][0].as_str().unwrap().contains("nothing is scraped"), "{report:#}");
}

#[test]
fn a_refused_configuration_is_what_there_is_to_mend() {
    let folder =
        folder(&[("shop.toml", "name = \"shop\"\n[[service]]\nname = \"api\"\nurll = \"http://localhost:1/\"\n")]);
    let config = folder.path().join("shop.toml").display().to_string();
    let (code, report, _) = live(folder.path(), &["--config", &config]);
    assert_eq!(code, 1, "{report:#}");
    let refused = found(&report, "QD-C001");
    assert_eq!(refused[0]["line"], 4, "{report:#}");
    assert!(refused[0]["why"].as_str().unwrap().contains("url"), "{report:#}");
    let (code, _, err) = told(&doctor(folder.path(), &["--live", "--config", "none.toml"]));
    assert!(code == 64 && err.contains("no such file"), "{code} {err}");
    let (code, _, err) = told(&doctor(folder.path(), &["--live"]));
    assert!(code == 64 && err.contains("nothing to watch"), "{code} {err}");
    let (code, _, err) = told(&doctor(folder.path(), &["--metrics", "http://localhost:1/", "x.md"]));
    assert!(code == 64 && err.contains("--live"), "{code} {err}");
}

/// A role that may log in and nothing else is told what it lacks, by the exact lines.
#[test]
fn a_poor_role_is_told_the_grants_it_lacks() {
    let server = PostgresServer::shared();
    server.sql("postgres", "CREATE ROLE doctor_patient LOGIN PASSWORD 'patient'");
    server.sql("postgres", "CREATE DATABASE doctor_live");
    server.sql("doctor_live", "CREATE EXTENSION pg_stat_statements");
    let folder = folder(&[]);
    let url = format!("postgresql://doctor_patient:patient@127.0.0.1:{}/doctor_live?sslmode=disable", server.port());
    let (code, report, _) = live(folder.path(), &["--db", &url]);
    let grants = found(&report, "QD-L002");
    assert_eq!(code, 1, "{report:#}");
    assert!(!grants.is_empty() && grants.iter().all(|grant| grant["file"].as_str().unwrap().starts_with("database ")));
    let lines: Vec<&str> =
        grants.iter().flat_map(|grant| grant["instead"].as_array().unwrap()).filter_map(Value::as_str).collect();
    assert!(lines.contains(&"GRANT pg_read_all_stats TO \"doctor_patient\";"), "{report:#}");
    // Granted, it is not told any more.
    server.sql("postgres", "GRANT pg_read_all_stats TO doctor_patient");
    let (_, report, _) = live(folder.path(), &["--db", &url]);
    assert!(found(&report, "QD-L002").is_empty(), "{report:#}");
}

const TROUBLED: &str = "groups:\n- name: api\n  rules:\n  - alert: Pinned\n    expr: db_pool_available @ end() < 1\n  - alert: Both\n    expr: db_pool_available * on () http_requests_total > 0\n  - record: all:requests\n    expr: sum without (status) ({__name__=~\"http_requests_total|db_pool_available\"}) and on () up\n    labels: {status: all}\n  - record: twice\n    expr: label_replace(http_requests_total, \"status\", \"\", \"\", \"\")\n  - alert: Sound\n    expr: db_pool_available < 1\n";

/// A rule that cannot be evaluated, and one whose evaluation fails, are told by name with what to do.
#[test]
fn rules_of_which_nobody_knows_whether_they_should_fire() {
    let page = format!("{PAGE}http_requests_total{{status=\"500\"}} 2\n").replace(
        "# TYPE db_pool_available gauge\ndb_pool_available 3\nhttp_requests_total{status=\"500\"} 2\n",
        "http_requests_total{status=\"500\"} 2\n# TYPE db_pool_available gauge\ndb_pool_available 3\n",
    );
    let server = FakeHttp::always(answer(200, "Content-Type: text/plain; version=0.0.4\r\n", &page));
    let folder = folder(&[("rules.yml", TROUBLED)]);
    let metrics = server.url("/metrics");
    let (code, report, err) = live(folder.path(), &["--rules", "rules.yml", "--metrics", &metrics]);
    assert_eq!((code, err.as_str()), (1, ""), "{report:#}");
    let told = |code: &str| -> Vec<(u64, String, String)> {
        let one = |f: &&Value| {
            let (why, instead) = (f["why"].as_str().unwrap(), f["instead"][0].as_str().unwrap());
            (f["line"].as_u64().unwrap(), why.to_owned(), instead.to_owned())
        };
        found(&report, code).iter().map(one).collect()
    };
    let [(line, why, instead)] = &told("QD-L005")[..] else { panic!("{report:#}") };
    assert!(*line == 4 && why.starts_with("Pinned: ") && why.contains("the modifier @"), "{why}");
    assert!(instead.starts_with("prometheus = "), "{instead}");
    let failing = told("QD-L007");
    assert_eq!(failing.iter().map(|f| f.0).collect::<Vec<_>>(), [6, 11], "{report:#}");
    assert!(failing[0].1.starts_with("Both: its evaluation fails") && failing[0].1.contains("duplicate series"));
    assert!(failing[0].2.contains("group_left"), "{failing:?}");
    assert!(failing[1].1.starts_with("twice: ") && failing[1].1.contains("what it records"), "{failing:?}");
    assert!(failing[1].1.contains("labelset") && failing[1].2.contains("aggregate"), "{failing:?}");
}
