//! The policy of the shared folder, the whole way: what it refuses, what voids a code, and that a program which was started
//! under another policy does nothing any more.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::pty::Start;
use super::{ACTION, HEADLESS, Stage, Told};

impl Stage {
    fn shared(&self) -> PathBuf {
        self.home.path().join("shared")
    }

    /// A folder of a group, as the README has it, and a configuration that names it.
    fn share(&self, environment: &str) {
        fs::create_dir(self.shared()).unwrap();
        fs::set_permissions(self.shared(), fs::Permissions::from_mode(0o3770)).unwrap();
        self.configure(environment, &format!("allow = true\nshared = \"{}\"\n{HEADLESS}", self.shared().display()));
    }

    fn policy(&self, text: &str) {
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
    assert_eq!(stage.ask().code, 0, "without a policy nothing changes");
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
