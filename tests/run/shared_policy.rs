//! The policy of the shared folder, the whole way: what it refuses, what voids a code, and that a program which was started
//! under another policy does nothing any more.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::pty::Start;
use super::{ACTION, HEADLESS, Stage, Told, code_in};

impl Stage {
    fn shared(&self) -> PathBuf {
        self.home.path().join("shared")
    }

    /// A folder of a group, as the README has it, and a configuration that names it.
    fn share(&self, environment: &str) {
        fs::create_dir(self.shared()).unwrap();
        fs::set_permissions(self.shared(), fs::Permissions::from_mode(0o3770)).unwrap();
        self.configure(environment, &format!("allow = true\nshared = \"{}\"\n{HEADLESS}", self.shared().display()));
        self.policy("");
    }

    /// A policy that grants these tests to run without a terminal.
    fn policy(&self, text: &str) {
        self.bare_policy(&format!("{text}{HEADLESS}\n"));
    }

    fn bare_policy(&self, text: &str) {
        fs::write(self.shared().join("policy.toml"), text).unwrap();
        fs::set_permissions(self.shared().join("policy.toml"), fs::Permissions::from_mode(0o644)).unwrap();
    }

    fn ask(&self) -> Told {
        self.run(&[ACTION, "--target", "main", "--dry-run"])
    }

    fn other(&self, arguments: &[&str]) -> Told {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        command.env_clear().env("HOME", self.home.path()).arg("--config").arg(self.config_path()).args(arguments);
        Told::of(command.output().unwrap())
    }
}

#[tokio::test]
async fn what_policy_refuses_is_refused_and_a_wrong_policy_refuses_everything() {
    let stage = Stage::new();
    stage.share("dev");
    let _guest = stage.idle_in_transaction().await;
    assert_eq!(stage.ask().code, 0, "a policy that asks for nothing changes nothing");
    stage.policy("refuse = [\"L2 in staging\"]\n");
    assert_eq!(stage.ask().code, 0, "dev is less than staging");
    stage.policy("refuse = [\"L2 in staging\"]\nenvironment = \"production\"\n");
    stage.ask().refused("the shared policy refuses L2 in staging");
    stage.policy("cool_down = \"7m\"\n");
    let told = stage.ask();
    assert!(told.code == 0 && told.out.contains("7m"), "{told:?}");
    stage.policy("read_only = true\n");
    stage.ask().refused("read_only = true (");
    stage.policy("\ncaps = 3\n");
    stage.ask().refused("policy.toml:2: caps: no such key or section; did you mean \"cap\"?");
    let checked = stage.other(&["config", "check"]);
    assert!(checked.code == 78 && checked.err.contains("policy.toml:2: caps"), "{checked:?}");
    let looked = stage.other(&["check"]);
    assert!(looked.code < 3 && looked.out.contains("main"), "what only looks goes on: {looked:?}");
    stage.policy("cap = 3\n");
    let shown = stage.other(&["config", "show"]);
    assert!(shown.out.contains("cap = 3 ") && shown.out.contains("# policy: "), "{shown:?}");
    fs::set_permissions(stage.shared().join("policy.toml"), fs::Permissions::from_mode(0o664)).unwrap();
    stage.ask().refused("may be written by others (mode 0664); chmod go-w ");
    stage.policy("cap = 3\n");
    fs::set_permissions(stage.shared(), fs::Permissions::from_mode(0o2770)).unwrap();
    stage.ask().refused("no sticky bit); chmod +t ");
}

/// Where operators share a folder, what runs without a terminal is granted by its policy, to everybody or to one of them.
#[tokio::test]
async fn without_a_terminal_only_what_policy_grants_to_that_user() {
    let stage = Stage::new();
    stage.share("dev");
    let guest = stage.idle_in_transaction().await;
    let me = quarterdeck::adapters::operator::identity().user;
    fs::remove_file(stage.shared().join("policy.toml")).unwrap();
    stage.ask().refused(&format!("headless = [\"{ACTION} for {me}\"]"));
    stage.bare_policy("cap = 40\n");
    stage.ask().refused("the shared policy does not grant");
    stage.bare_policy(&format!("headless = [\"{ACTION} for nobody-else\", \"terminate-idle\"]\n"));
    stage.ask().refused("the shared policy does not grant");
    assert_eq!(stage.events(), ["refused"; 3]);
    stage.bare_policy(&format!("headless = [\"{ACTION} for nobody-else\", \"{ACTION} for {me}\"]\n"));
    assert_eq!(stage.ask().code, 0);
    // The configuration may name users too: one of the system is read by all of them.
    let own = |text: &str| {
        let shared = stage.shared();
        stage.configure("dev", &format!("allow = true\nshared = {shared:?}\nheadless = [{text:?}]"));
        stage.ask()
    };
    own(&format!("{ACTION} for nobody-else")).refused("under [actions]");
    assert_eq!(own(&format!("{ACTION} for {me}")).code, 0);
    assert!(guest.is_alive().await);
}

#[tokio::test]
async fn another_policy_voids_the_code() {
    let stage = Stage::new();
    stage.share("dev");
    let _guest = stage.idle_in_transaction().await;
    let (_, code) = stage.dry_run();
    stage.policy("shared_accounts = [\"deploy\"]\n");
    stage.confirm(&code, &[]).refused("what was confirmed is not what would be done");
    let (_, code) = stage.dry_run();
    stage.policy("shared_accounts = [\"deploy\"] # and more\n");
    stage.confirm(&code, &[]).refused("what was confirmed is not what would be done");
    assert_eq!(stage.open_transactions(), "1");
    let (_, code) = stage.dry_run();
    let told = stage.confirm(&code, &[]);
    assert_eq!(told.code, 0, "{told:?}");
}

#[tokio::test]
async fn a_program_that_runs_acts_no_more_when_the_policy_changes() {
    let stage = Stage::new();
    stage.share("dev");
    stage.policy("cap = 40\n");
    let arguments = ["--config".to_owned(), stage.config_path().display().to_string()];
    let mut seat = Start::program(env!("CARGO_BIN_EXE_quarterdeck"), &arguments).size(120, 40).run();
    seat.wait_for("Connections");
    seat.send(b"7");
    seat.wait_for("armed: an action runs");
    stage.policy("cap = 30\n");
    seat.wait_for("is not what it was when this program started");
    seat.send(b"1");
    seat.wait_for("read-only");
    seat.send(b"q");
    assert_eq!(seat.exit_code(), 0);
}

#[tokio::test]
async fn between_two_steps_a_policy_that_changed_ends_the_run() {
    let stage = Stage::new();
    fs::create_dir(stage.shared()).unwrap();
    fs::set_permissions(stage.shared(), fs::Permissions::from_mode(0o3770)).unwrap();
    stage.bare_policy("cap = 40\nheadless = [\"book\"]\n");
    let path = |name: &str| stage.home.path().join(name);
    fs::write(path("stricter"), "cap = 30\nheadless = [\"book\"]\n").unwrap();
    // Its first step is what changes the policy, so that there is no time in which it could be noticed by the way.
    let book = format!(
        "[[runbook]]\nname = \"book\"\ntarget = \"main\"\nlevel = \"L2\"\nwatch = \"connections main\"\nexpect = \"> 0\"\n\
         [[runbook.step]]\ntitle = \"drain\"\ncommand = [\"cp\", {:?}, {:?}]\n\
         [runbook.step.undo]\ntitle = \"fill again\"\ncommand = [\"touch\", {:?}]\n\
         [[runbook.step]]\ntitle = \"migrate\"\ncommand = [\"touch\", {:?}]\n",
        path("stricter"),
        stage.shared().join("policy.toml"),
        path("filled"),
        path("migrated"),
    );
    let allow = format!("allow = true\nshared = {:?}\nheadless = [\"book\"]\n{book}", stage.shared());
    stage.configure("staging", &allow);
    let card = stage.run(&["book", "--target", "main"]);
    assert_eq!(card.code, 0, "{card:?}");
    let told = stage.run(&["book", "--target", "main", "--confirm", &code_in(&card.out)]);
    assert_eq!(told.code, 11, "it was stopped after a change: {told:?}");
    assert!(!path("migrated").exists(), "another step ran under a policy that nobody agreed to");
    assert!(!path("filled").exists(), "what undoes was consented to under the old one as well");
    assert!(told.out.contains("the policy changed: nothing more is sent"), "{told:?}");
    assert!(told.out.contains("not compensated: drain"), "{told:?}");
    let audit = stage.audit();
    let events: Vec<&str> = audit.iter().map(|record| record["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["intent", "step", "outcome"], "{audit:?}");
    let end = audit.last().unwrap().to_string();
    assert!(end.contains("cancelled") && end.contains("the policy changed"), "{end}");
    // What is asked for next is asked under the new one.
    assert_eq!(stage.run(&["book", "--target", "main"]).code, 0);
}
