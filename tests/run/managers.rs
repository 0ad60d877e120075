//! Restarts by real managers, the whole way through the program: a systemd of its own, on this machine and over ssh.

use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::fake_http::{FakeHttp, json};
use super::sshd::Sshd;
use super::systemd_lab::Lab;
use super::{Told, code_in, skipped, until};

/// An operator who may restart units of the lab.
struct Operator {
    lab: Lab,
    home: TempDir,
    path: String,
}

impl Operator {
    /// Restarts one unit from outside of the lab.
    fn of(lab: Lab, unit: &str) -> Operator {
        let way: Vec<String> = lab.way_in().iter().map(|word| format!("{word:?}")).collect();
        Operator::with(lab, unit, &format!("become = [{}]", way.join(", ")))
    }

    /// Restarts one unit; `more` are keys of its action.
    fn with(lab: Lab, unit: &str, more: &str) -> Operator {
        let home = TempDir::with_prefix("quarterdeck-run-").unwrap();
        let audit = home.path().join("audit");
        let text = format!(
            "[actions]\nallow = true\naudit = \"{}\"\nheadless = [\"restart\"]\n\
             [[action]]\nname = \"restart\"\nunit = {unit:?}\nstable = \"1s\"\nwithin = \"10s\"\n\
             environment = \"staging\"\n{more}\n",
            audit.display()
        );
        std::fs::write(home.path().join("quarterdeck.toml"), text).unwrap();
        Operator { lab, home, path: std::env::var("PATH").unwrap() }
    }

    fn run(&self, unit: &str, more: &[&str]) -> Told {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        command.env_clear().env("HOME", self.home.path()).env("PATH", &self.path).stdin(Stdio::null());
        command.arg("--config").arg(self.home.path().join("quarterdeck.toml"));
        Told::of(command.args(["run", "restart", "--target", unit]).args(more).output().unwrap())
    }

    fn restart(&self, unit: &str) -> (Told, Told) {
        let card = self.run(unit, &["--dry-run"]);
        assert_eq!(card.code, 0, "{card:?}");
        let code = code_in(&card.out);
        let ended = self.run(unit, &["--confirm", &code]);
        (card, ended)
    }

    fn process(&self, unit: &str) -> String {
        self.lab.ask(&["show", unit, "--property=MainPID,InvocationID"])
    }
}

fn lab() -> Option<Lab> {
    Lab::boot().map_err(|why| skipped("a restart by a real systemd", &why)).ok()
}

#[test]
fn a_unit_is_restarted_and_shown_to_run_as_a_new_process() {
    let Some(lab) = lab() else { return };
    let operator = Operator::of(lab, "api.service");
    let before = operator.process("api.service");
    let (card, ended) = operator.restart("api.service");
    for words in ["'restart' '--' 'api.service'", "web.service (requires it)", "api.service in STAGING"] {
        assert!(card.out.contains(words), "{words:?} in\n{}", card.out);
    }
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.out.contains("a new process that stays"), "{ended:?}");
    assert_ne!(operator.process("api.service"), before);
}

/// What it serves now is on the card that is printed too: a counter is read twice for it.
#[test]
fn what_a_unit_serves_now_is_on_its_card() {
    let Some(lab) = lab() else { return };
    let served = FakeHttp::always(json(200, "{\"total\": 41}"));
    let way: Vec<String> = lab.way_in().iter().map(|word| format!("{word:?}")).collect();
    let more = format!(
        "become = [{}]\nrequests = \"api requests\"\n[[signal]]\nname = \"api requests\"\nurl = {:?}\n\
         pointer = \"/total\"\ncounter = true\ninterval = \"1s\"",
        way.join(", "),
        served.url("/traffic")
    );
    let card = Operator::with(lab, "api.service", &more).run("api.service", &["--dry-run"]);
    assert_eq!(card.code, 0, "{card:?}");
    assert!(card.out.contains("requests now: 0/s (api requests, over "), "{}", card.out);
}

/// systemd calls the restart done; three seconds later it is in a loop.
#[test]
fn what_falls_over_again_is_not_verified() {
    let Some(lab) = lab() else { return };
    assert!(lab.run(&["systemctl", "start", "looping.service"]).status.success());
    let operator = Operator::of(lab, "looping.service");
    let card = operator.run("looping.service", &["--dry-run"]);
    assert!(operator.lab.run(&["touch", "/run/lab/loop"]).status.success());
    let ended = operator.run("looping.service", &["--confirm", &code_in(&card.out)]);
    assert_eq!(ended.code, 12, "{ended:?}");
    assert!(ended.out.contains("did not stay") || ended.out.contains("restarted"), "{ended:?}");
}

/// A process that is another one than on the card was not consented to.
#[test]
fn a_unit_that_was_restarted_meanwhile_is_left_alone() {
    let Some(lab) = lab() else { return };
    let operator = Operator::of(lab, "api.service");
    let card = operator.run("api.service", &["--dry-run"]);
    assert!(operator.lab.run(&["systemctl", "restart", "api.service"]).status.success());
    let meanwhile = operator.process("api.service");
    let ended = operator.run("api.service", &["--confirm", &code_in(&card.out)]);
    assert_eq!(ended.code, 10, "{ended:?}");
    assert_eq!(operator.process("api.service"), meanwhile);
}

#[test]
fn over_ssh_it_is_the_same() {
    let Some(lab) = lab() else { return };
    let sshd = match Sshd::start_within(&lab.way_in()) {
        Ok(sshd) => sshd,
        Err(why) => return skipped("a restart over a real sshd", &why),
    };
    let mut operator = Operator::with(lab, "api.service", "ssh = \"lab\"");
    operator.path = format!("{}:{}", sshd.at("bin").display(), operator.path);
    let before = operator.process("api.service");
    let (card, ended) = operator.restart("api.service");
    assert!(card.out.contains("'ssh' '-a' '-x' '-T' '-oBatchMode=yes'"), "{}", card.out);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_ne!(operator.process("api.service"), before);
}

/// A unit in a restart loop, seen at two processes.
fn looping(lab: &Lab) {
    assert!(lab.run(&["touch", "/run/lab/loop"]).status.success());
    assert!(lab.run(&["systemctl", "start", "looping.service"]).status.success());
    until("it was restarted twice", || {
        let count: u32 = lab.ask(&["show", "looping.service", "--property=NRestarts", "--value"]).parse().ok()?;
        (count >= 2).then_some(())
    });
}

/// Whoever wants to restart what crashes all the time cannot consent to one of its processes.
#[test]
fn a_unit_in_a_restart_loop_is_restarted_whatever_process_it_has() {
    let Some(lab) = lab() else { return };
    looping(&lab);
    let operator = Operator::of(lab, "looping.service");
    let card = operator.run("looping.service", &["--dry-run"]);
    assert_eq!(card.code, 0, "{card:?}");
    for words in ["stay up", "bound to the service", "/etc/systemd/system/looping.service on machine"] {
        assert!(card.out.contains(words), "{words:?} in\n{}", card.out);
    }
    let then = operator.process("looping.service");
    until("another process", || (operator.process("looping.service") != then).then_some(()));
    // What made it crash was mended, and it is started anew.
    assert!(operator.lab.run(&["rm", "/run/lab/loop"]).status.success());
    let ended = operator.run("looping.service", &["--confirm", &code_in(&card.out)]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.out.contains("a new process that stays"), "{ended:?}");
}

#[test]
fn a_loop_that_goes_on_is_not_verified() {
    let Some(lab) = lab() else { return };
    looping(&lab);
    let operator = Operator::of(lab, "looping.service");
    let (_, ended) = operator.restart("looping.service");
    assert_eq!(ended.code, 12, "{ended:?}");
    assert!(ended.out.contains("did not stay") || ended.out.contains("does not run"), "{ended:?}");
}

/// The unit is the target: another file under its name is another unit.
#[test]
fn another_unit_under_the_name_of_a_looping_one_is_left_alone() {
    let Some(lab) = lab() else { return };
    looping(&lab);
    let operator = Operator::of(lab, "looping.service");
    let card = operator.run("looping.service", &["--dry-run"]);
    let moved = "mkdir -p /run/systemd/system && mv /etc/systemd/system/looping.service /run/systemd/system/ && systemctl daemon-reload";
    assert!(operator.lab.run(&["sh", "-c", moved]).status.success());
    let ended = operator.run("looping.service", &["--confirm", &code_in(&card.out)]);
    assert_eq!(ended.code, 10, "{ended:?}");
}

#[test]
fn a_unit_that_failed_is_restarted_by_its_name() {
    let Some(lab) = lab() else { return };
    let script = "echo '[Service]\nExecStart=/bin/sh -c \"test -e /run/lab/fine && exec sleep infinity\"' \
                  > /etc/systemd/system/tried.service && systemctl daemon-reload && systemctl start tried.service";
    assert!(lab.run(&["sh", "-c", script]).status.success());
    until("it failed", || (lab.ask(&["is-failed", "tried.service"]) == "failed").then_some(()));
    let operator = Operator::of(lab, "tried.service");
    let card = operator.run("tried.service", &["--dry-run"]);
    assert!(card.out.contains("it failed: this card is bound to the service"), "{}", card.out);
    assert!(operator.lab.run(&["touch", "/run/lab/fine"]).status.success());
    let ended = operator.run("tried.service", &["--confirm", &code_in(&card.out)]);
    assert_eq!(ended.code, 0, "{ended:?}");
}

/// Waiting for a process that never comes would show nothing, and is no failure: the step is over with its order.
#[test]
fn a_unit_without_a_process_is_restarted_in_a_runbook() {
    let Some(lab) = lab() else { return };
    let script = "printf '[Service]\nType=oneshot\nRemainAfterExit=on\nExecStart=/bin/true\n' \
                  > /etc/systemd/system/meta.service && systemctl daemon-reload && systemctl start meta.service";
    assert!(lab.run(&["sh", "-c", script]).status.success());
    let api = FakeHttp::always(json(200, r#"{"status":"ok"}"#));
    let way: Vec<String> = lab.way_in().iter().map(|word| format!("{word:?}")).collect();
    let operator = Operator::of(lab, "meta.service");
    let text = format!(
        "[actions]\nallow = true\naudit = \"{}\"\nheadless = [\"restart\"]\n\
         [[service]]\nname = \"api\"\nurl = \"{}\"\n\
         [[runbook]]\nname = \"restart\"\ntarget = \"api\"\nlevel = \"L2\"\nwatch = \"service api\"\n\
         [[runbook.step]]\ntitle = \"restart what stands for others\"\nunit = \"meta.service\"\nverb = \"restart\"\nbecome = [{}]\n",
        operator.home.path().join("audit").display(),
        api.url("/health"),
        way.join(", ")
    );
    std::fs::write(operator.home.path().join("quarterdeck.toml"), text).unwrap();
    let before = operator.process("meta.service");
    let card = operator.run("api", &["--dry-run"]);
    assert!(card.code == 0 && card.out.contains("its order alone ends as not verified"), "{card:?}");
    let ended = operator.run("api", &["--confirm", &code_in(&card.out)]);
    assert_ne!(operator.process("meta.service"), before, "{ended:?}");
    assert!(ended.out.contains("was told to restart what it stands for"), "{ended:?}");
    assert!(!ended.out.contains("failed"), "{ended:?}");
}

/// The order may end before systemd does: who consents reads that first.
#[test]
fn a_unit_that_may_take_longer_to_stop_than_the_order_says_so() {
    let Some(lab) = lab() else { return };
    assert!(lab.run(&["systemctl", "start", "stubborn.service"]).status.success());
    let operator = Operator::of(lab, "stubborn.service");
    let card = operator.run("stubborn.service", &["--dry-run"]);
    assert!(card.out.contains("given all the time it wants to stop"), "{}", card.out);
    // What systemd waits for by itself fits.
    let operator = Operator::of(operator.lab, "api.service");
    let card = operator.run("api.service", &["--dry-run"]);
    assert!(card.code == 0 && !card.out.contains("to stop, and the order"), "{}", card.out);
}
