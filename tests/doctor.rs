//! `quarterdeck doctor` as a build sees it: exit statuses, words, JSON, the gate; and the catalogue of columns against a real
//! PostgreSQL. A folder of one's own is looked at when `DOCTOR_FOLDER` names it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::string_slice, reason = "tests may panic")]

#[path = "doctor/documents.rs"]
mod documents;
#[path = "support/fake_http.rs"]
mod fake_http;
#[path = "doctor/live.rs"]
mod live;
#[path = "doctor/mended.rs"]
mod mended;
#[path = "support/postgres_server.rs"]
#[allow(dead_code, reason = "shared with the tests of the adapters")]
mod postgres_server;
#[path = "support/program_copy.rs"]
mod program_copy;
#[path = "support/redis_server.rs"]
#[allow(dead_code, reason = "shared with the tests of the adapters")]
mod redis_server;
#[path = "doctor/rights.rs"]
mod rights;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn doctor(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command.env_clear().current_dir(folder).arg("doctor").args(arguments).output().unwrap()
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

const WRONG: &str = "- alert: A\n  expr: calls_total > 5\n  labels: {severity: page}\n";
const RIGHT: &str = "- alert: A\n  expr: increase(calls_total[5m]) > 5\n  labels: {severity: page}\n";
const NOTED: &str = "SELECT query FROM pg_stat_statements WHERE mean_exec_time > 5;\n";

#[test]
fn exit_statuses() {
    let folder = folder(&[("wrong.yml", WRONG), ("right.yml", RIGHT), ("noted.sql", NOTED), ("x.txt", WRONG)]);
    for (arguments, status) in [
        (&["right.yml"][..], 0),
        (&["noted.sql"], 0),
        (&["wrong.yml"], 1),
        (&["right.yml", "wrong.yml", "--json"], 1),
        (&["right.yml", "gone.md"], 3),
        (&["wrong.yml", "."], 3),
        (&["x.txt"], 64),
        (&["--rules", "x.txt"], 1),
        (&[], 64),
        (&["right.yml", "--scrape", "soon"], 64),
        (&["right.yml", "--scrape", "3m"], 1),
        (&["--codes"], 0),
        (&["--help"], 0),
    ] {
        let (code, out, err) = told(&doctor(folder.path(), arguments));
        assert_eq!(code, status, "{arguments:?}: {out}{err}");
        assert_eq!(err.is_empty(), status < 3, "{arguments:?}: {err}");
    }
}

#[test]
fn words_and_json_of_one_finding() {
    let folder = folder(&[("wrong.yml", WRONG)]);
    let (_, words, _) = told(&doctor(folder.path(), &["wrong.yml"]));
    let lines: Vec<&str> = words.lines().collect();
    assert!(lines[0].starts_with("wrong.yml:2: QD-R014 warning: A: calls_total is a counter"), "{words}");
    assert_eq!(lines[1..3], ["    write instead:", "      expr: increase(calls_total[5m]) > 5"]);
    let (_, json, _) = told(&doctor(folder.path(), &["wrong.yml", "--json"]));
    assert!(json.bytes().all(|b| b == b'\n' || (0x20..0x7f).contains(&b)) && json.lines().count() == 1, "{json}");
    let value: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["findings"][0]["code"], "QD-R014");
    assert_eq!(value["findings"][0]["line"], 2);
    assert_eq!(value["findings"][0]["instead"][0], "expr: increase(calls_total[5m]) > 5");
}

#[test]
fn rules_against_routing_of_another_file() {
    let routing =
        "route: {receiver: a, routes: [{matchers: ['severity=\"critical\"'], receiver: a}]}\nreceivers: [{name: a}]\n";
    let folder = folder(&[("r.yml", RIGHT), ("am.conf", routing)]);
    let (code, out, _) = told(&doctor(folder.path(), &["--rules", "r.yml", "--alertmanager", "am.conf"]));
    assert_eq!(code, 1);
    assert!(out.starts_with("am.conf:1: QD-A004 warning: rules set severity: page and no route asks for it"), "{out}");
}

#[test]
fn what_a_file_holds_cannot_reach_the_terminal() {
    let hostile = "# x\n```sql\nSELECT \"\u{1b}[2J\u{202e}evil\" FROM pg_locks;\n```\n";
    let folder = folder(&[("h.md", hostile)]);
    let (code, out, _) = told(&doctor(folder.path(), &["h.md"]));
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("evil") && !out.contains(['\u{1b}', '\u{202e}']), "{out:?}");
}

#[test]
fn a_pipe_that_never_ends_is_not_waited_for() {
    let folder = folder(&[]);
    let pipe = folder.path().join("p.md");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
    let (code, _, err) = told(&doctor(folder.path(), &["p.md"]));
    assert!(code == 3 && err.contains("no file"), "{code} {err}");
}

/// What a server has is no finding, whatever the catalogue of columns says; and what it has not, is one.
#[test]
fn columns_of_a_real_server() {
    let server = postgres_server::PostgresServer::shared();
    server.sql("postgres", "CREATE DATABASE doctor");
    server.sql("doctor", "CREATE EXTENSION pg_stat_statements; CREATE EXTENSION pgstattuple; CREATE TABLE t (a int)");
    let relations = [
        "pg_stat_activity",
        "pg_stat_user_indexes",
        "pg_stat_all_indexes",
        "pg_statio_user_indexes",
        "pg_stat_user_tables",
        "pg_stat_statements",
        "pgstattuple_approx('t')",
        "pgstattuple('t')",
        "pg_locks",
        "pg_stat_database",
        "pg_stat_replication",
        "pg_indexes",
        "pg_tables",
    ];
    let (mut right, mut wrong) = (String::new(), String::new());
    for relation in relations {
        let table = format!("CREATE TABLE c AS SELECT * FROM {relation} LIMIT 0");
        let names = "SELECT string_agg(format('%I', attname), ',') FROM pg_attribute WHERE attrelid = 'c'::regclass AND attnum > 0";
        server.sql("doctor", &table);
        let columns = server.sql("doctor", names);
        server.sql("doctor", "DROP TABLE c");
        assert!(columns.trim().split(',').count() > 4, "{relation}: {columns}");
        for column in columns.trim().split(',') {
            right.push_str(&format!("SELECT {column} FROM {relation};\n"));
        }
        wrong.push_str(&format!("SELECT shade_of_it FROM {relation};\n"));
    }
    let folder = folder(&[("right.sql", &right), ("wrong.sql", &wrong)]);
    let (code, out, _) = told(&doctor(folder.path(), &["right.sql"]));
    assert_eq!(code, 0, "{out}");
    let (_, out, _) = told(&doctor(folder.path(), &["wrong.sql"]));
    assert_eq!(out.matches("QD-S001").count(), relations.len(), "{out}");
}

/// Every file of a folder that is not in this repository: prints what is found in each, and fails only where a file cannot be
/// read or no file is there.
#[test]
fn a_folder_of_ones_own() {
    let Ok(folder) = std::env::var("DOCTOR_FOLDER") else { return };
    let mut names: Vec<String> =
        std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path().to_string_lossy().into_owned()).collect();
    names.retain(|n| [".md", ".yml", ".yaml", ".sql", ".sh"].iter().any(|end| n.ends_with(end)));
    names.sort();
    assert!(!names.is_empty(), "no file to look at in {folder}");
    let arguments: Vec<&str> = names.iter().map(String::as_str).collect();
    let (code, out, err) = told(&doctor(Path::new("/"), &arguments));
    assert!(code < 3, "{code} {err}");
    std::io::Write::write_all(&mut std::io::stderr(), out.as_bytes()).unwrap();
}
