//! Programs that would ask for a password: systemctl where polkit asks, sudo that wants one. Nothing of it reaches the terminal;
//! the run fails with the line that grants it, and the audit has that.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use super::pty::Start;
use super::{Told, code_in};

/// Says what systemd says of a unit that runs; a restart does what polkit's agent would do on a terminal, then fails as it does.
const SYSTEMCTL: &str = r#"#!/bin/sh
case "$*" in
  *show*) printf '%s\n' Id=api.service LoadState=loaded ActiveState=active SubState=running Result=success MainPID=4711 \
    InvocationID=0123456789abcdef0123456789abcdef NRestarts=0 ActiveEnterTimestampMonotonic=1 ;;
  *) (echo "==== AUTHENTICATING FOR org.freedesktop.systemd1.manage-units ====" >/dev/tty && read -r it </dev/tty) 2>/dev/null
     echo "$*" >> "${0%/*}/restarted"
     echo "Failed to restart api.service: Interactive authentication required." >&2
     echo "See system logs and 'systemctl status api.service' for details." >&2
     exit 1 ;;
esac
"#;
/// Lets a unit be looked at, and wants a password for everything else: with -n it fails, without it asks on the terminal.
const SUDO: &str = r#"#!/bin/sh
never=no
if [ "$1" = -n ]; then never=yes; shift; fi
case "$*" in *show*) exec "$@" ;; esac
if [ $never = no ]; then
  if (printf '[sudo] password for ops: ' >/dev/tty) 2>/dev/null; then
    read -r password </dev/tty
  else
    echo "sudo: a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper" >&2
  fi
fi
echo "sudo: a password is required" >&2
exit 1
"#;

struct Desk {
    home: TempDir,
}

impl Desk {
    fn new(more: &str) -> Desk {
        let home = TempDir::with_prefix("quarterdeck-prompts-").unwrap();
        fs::create_dir(home.path().join("bin")).unwrap();
        for (name, text) in [("systemctl", SYSTEMCTL), ("sudo", SUDO)] {
            let path = home.path().join("bin").join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let text = format!(
            "[actions]\nallow = true\naudit = \"{}\"\n[[action]]\nname = \"restart\"\nunit = \"api.service\"\n\
             environment = \"staging\"\n{more}\n",
            home.path().join("audit").display()
        );
        fs::write(home.path().join("quarterdeck.toml"), text).unwrap();
        Desk { home }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// On a terminal; what stood on it, and the status.
    fn sit(&self, arguments: &[&str]) -> (u32, String) {
        let config = self.path("quarterdeck.toml").display().to_string();
        let all = [&["--config", config.as_str(), "run", "restart", "--target", "api.service"], arguments].concat();
        let seat = Start::program(env!("CARGO_BIN_EXE_quarterdeck"), &all)
            .size(250, 60)
            .variable("PATH", &format!("{}:/usr/bin:/bin", self.path("bin").display()))
            .variable("USER", "ops")
            .variable("HOME", &self.home.path().display().to_string())
            .run();
        let code = seat.exit_code();
        (code, seat.screen())
    }

    #[track_caller]
    fn restart(&self) -> (u32, String) {
        let (code, card) = self.sit(&["--dry-run"]);
        assert_eq!(code, 0, "{card}");
        self.sit(&["--confirm", &code_in(&card)])
    }

    fn audit(&self) -> Vec<Value> {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        command.env_clear().args(["audit", "show", "--json", "--folder"]).arg(self.path("audit"));
        let told = Told::of(command.output().unwrap());
        told.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The run failed in these words, on the screen and in the audit, and nobody was asked anything.
    #[track_caller]
    fn failed(&self, words: &[&str]) {
        let (code, screen) = self.restart();
        assert_eq!(code, 11, "{screen}");
        let flat: String = screen.split_whitespace().collect();
        assert!(!screen.contains("AUTHENTICATING") && !screen.contains("[sudo]"), "{screen}");
        let audit = self.audit();
        let outcome = audit.iter().find(|record| record["event"] == "outcome").expect("an outcome").to_string();
        for words in words {
            assert!(flat.contains(&words.split_whitespace().collect::<String>()), "{words:?} in\n{screen}");
            let written = serde_json::to_string(words).unwrap();
            assert!(outcome.contains(written.trim_matches('"')), "{words:?} in {outcome}");
        }
    }
}

/// Whose rights count, whatever `USER` says.
fn me() -> String {
    let told = std::process::Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(told.stdout).unwrap().trim().to_owned()
}

/// The file that sudo would run: only what lies where root alone writes is named.
fn systemctl() -> &'static str {
    let whole = "/usr/bin/systemctl";
    if fs::metadata(whole).is_ok() { whole } else { "<whole path of systemctl>" }
}

#[test]
fn polkit_that_would_ask_is_told_with_its_rule() {
    Desk::new("").failed(&[
        "nobody is asked: Failed to restart api.service: Interactive authentication required.",
        "action.lookup(\"unit\") == \"api.service\" && action.lookup(\"verb\") == \"restart\"",
        &format!("subject.user == \"{}\"", me()),
    ]);
}

#[test]
fn sudo_that_wants_a_password_is_told_with_its_line() {
    let line = &format!("{} ALL = (root) NOPASSWD: {} --no-ask-password restart -- api.service", me(), systemctl());
    Desk::new("become = [\"sudo\", \"-n\"]").failed(&["sudo: a password is required", line]);
    Desk::new("become = [\"sudo\"]").failed(&["sudo: a terminal is required to read the password", line]);
}

/// Where not even a look is allowed without one, there is no card.
#[test]
fn sudo_that_wants_a_password_for_a_look_makes_no_card() {
    let desk = Desk::new("become = [\"sudo\", \"-n\"]");
    fs::write(desk.path("bin/sudo"), SUDO.replace("*show*) exec", "*never*) exec")).unwrap();
    // A unit is looked at without sudo first: here that is refused too.
    let refuses = "#!/bin/sh\necho 'Failed to get properties: Access denied' >&2\nexit 1\n";
    fs::write(desk.path("bin/systemctl"), refuses).unwrap();
    let (code, screen) = desk.sit(&["--dry-run"]);
    assert_eq!(code, 10, "{screen}");
    let grant = format!("NOPASSWD: {}", systemctl());
    assert!(screen.contains("sudo: a password is required") && screen.contains(&grant), "{screen}");
    assert!(!desk.path("bin/restarted").exists());
}
