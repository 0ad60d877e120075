//! The doctor on the running sample: rules that fit it and rules that do not.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::sample::{PROGRAM, Sample, until};

const FITS: &str = include_str!("../../assets/demo_rules.yml");
const DOES_NOT: &str = "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: db_connection_pool_availible < 2\n";

fn look(folder: &std::path::Path, arguments: &[&str]) -> (Option<i32>, Value) {
    let mut command = Command::new(PROGRAM);
    command.env_clear().current_dir(folder).args(["doctor", "--live", "--json"]).args(arguments);
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code(), serde_json::from_str(&out).unwrap_or_else(|why| panic!("{why}: {out}{err}")))
}

fn codes(report: &Value) -> BTreeSet<&str> {
    report["findings"].as_array().unwrap().iter().filter_map(|finding| finding["code"].as_str()).collect()
}

fn first<'v>(report: &'v Value, code: &str) -> &'v Value {
    let all = report["findings"].as_array().unwrap();
    all.iter().find(|finding| finding["code"] == code).unwrap_or_else(|| panic!("no {code}: {report:#}"))
}

#[test]
fn it_is_held_against_what_really_runs() {
    let sample = Sample::ready(&[]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("fits.yml"), FITS).unwrap();
    std::fs::write(folder.path().join("not.yml"), DOES_NOT).unwrap();
    let metrics = format!("{}/metrics", sample.at.api_url);
    // Every metric that the sample's own rules name is there, as soon as each was counted once.
    let (_, report) = until("nothing is found in rules that fit", || {
        let (status, report) = look(folder.path(), &["--rules", "fits.yml", "--metrics", &metrics]);
        (!codes(&report).contains("QD-L001") && report["not_looked_at"] == Value::Array(Vec::new()))
            .then_some((status, report))
    });
    assert_eq!(report["targets"], 1, "{report:#}");
    let (status, report) = look(folder.path(), &["--rules", "not.yml", "--metrics", &metrics]);
    assert_eq!(status, Some(1));
    assert_eq!(first(&report, "QD-L001")["instead"][0], "expr: db_connection_pool_available < 2", "{report:#}");
}
