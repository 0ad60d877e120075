//! What a program of the team's own reaches nobody can tell from where it runs: `kubectl` on a bastion changes the cluster.

use quarterdeck::domain::target::Environment;

use super::{file, refused, resolved};

const WATCHED: &str = r#"
    [[service]]
    name = "near"
    url = "http://127.0.0.1:1/health"
    [[service]]
    name = "far"
    url = "https://api.example.com/health"
    environment = "staging"
    [[database]]
    name = "main"
    url = "postgresql://ops@127.0.0.1/shop"
"#;

fn environment(item: &str) -> Environment {
    resolved(&file(&format!("{WATCHED}{item}"))).resolved.actions.own[0].target.environment.clone()
}

fn program(more: &str) -> String {
    format!(
        "[[action]]\nname = \"roll\"\ncommand = [\"kubectl\", \"rollout\", \"restart\", \"x\"]\nlevel = \"L2\"\nwatch = \"service near\"\n{more}"
    )
}

fn runbook(target: &str, more: &str, step: &str) -> String {
    format!(
        "[[runbook]]\nname = \"roll\"\ntarget = \"{target}\"\nlevel = \"L2\"\nwatch = \"service near\"\n{more}[[runbook.step]]\n{step}\n"
    )
}

#[test]
fn undeclared_it_counts_as_what_it_is_for_or_as_production() {
    assert_eq!(environment(&program("")), Environment::Production);
    assert_eq!(environment(&program("target = \"cluster\"")), Environment::Production);
    assert_eq!(environment(&program("target = \"near\"")), Environment::Local);
    assert_eq!(environment(&program("target = \"far\"")), Environment::Staging);
    assert_eq!(environment(&program("environment = \"local\"")), Environment::Local, "it is declared");
    assert_eq!(environment(&program("target = \"far\"\nenvironment = \"dev\"")), Environment::Dev, "it is declared");
    let far = program("ssh = \"db-1\"\nenvironment = \"local\"");
    assert!(refused(&file(&format!("{WATCHED}{far}"))).concat().contains("local means this machine"));
}

#[test]
fn so_does_what_a_program_restarts() {
    let restart = |name: &str| {
        format!(
            "[[action]]\nname = \"restart-{name}\"\ntarget = \"{name}\"\nrestart_command = [\"ctl\", \"restart\"]\nstatus_command = [\"ctl\", \"status\"]\n"
        )
    };
    assert_eq!(environment(&restart("near")), Environment::Local);
    assert_eq!(environment(&restart("far")), Environment::Staging);
    assert_eq!(environment(&restart("elsewhere")), Environment::Production);
}

#[test]
fn and_a_runbook_with_a_program_that_changes_something() {
    let command = "command = [\"kubectl\", \"drain\", \"x\"]";
    assert_eq!(environment(&runbook("cluster", "", command)), Environment::Production);
    assert_eq!(environment(&runbook("near", "", command)), Environment::Local);
    assert_eq!(environment(&runbook("far", "", command)), Environment::Staging);
    assert_eq!(environment(&runbook("main", "", command)), Environment::Local);
    assert_eq!(environment(&runbook("cluster", "environment = \"dev\"\n", command)), Environment::Dev);
    let reads = "command = [\"kubectl\", \"get\", \"pods\"]\nreads = true";
    assert_eq!(environment(&runbook("cluster", "", reads)), Environment::Local, "it only reads");
    let order = "restart_command = [\"ctl\", \"restart\"]\nstatus_command = [\"ctl\", \"status\"]\nservice = \"x\"";
    assert_eq!(environment(&runbook("cluster", "", order)), Environment::Production);
    let unit = "unit = \"api.service\"";
    assert_eq!(environment(&runbook("cluster", "", unit)), Environment::Local, "this machine's own manager");
    let undo = "pause = \"1s\"\n[runbook.step.undo]\ncommand = [\"kubectl\", \"uncordon\", \"x\"]";
    assert_eq!(environment(&runbook("cluster", "", undo)), Environment::Production, "what undoes it is one too");
}
