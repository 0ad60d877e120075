//! A run of before whose end nobody knows is told by the next program that opens the audit, also by one that is turned away at
//! once: from then on the audit has it, and no other tells of it.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use quarterdeck::adapters::audit_log::{AuditLog, Place, writer};
use quarterdeck::domain::Moment;
use quarterdeck::remediation::audit::{AuditEvent, Entry};
use tempfile::TempDir;

use super::Told;

const RUNS: &[&str] = &["run", "terminate-idle", "--target", "main"];
const GUESSES: &[&str] = &["run", "terminate-idle", "--target", "main", "--confirm", "000000000000-00000000"];
const APPROVES: &[&str] = &["approve", "abcd2345"];

/// A program that began something and then was no more.
fn leave_an_intent(audit: &Path) {
    let now = Moment { boot: Duration::from_secs(1), wall: std::time::SystemTime::now().into() };
    let place = Place { path: audit.to_owned(), shared: false };
    let (mut log, _) = AuditLog::open(&place, writer(&BTreeMap::new(), now), now).unwrap();
    let entry = Entry::new(AuditEvent::Intent, "lost").with("action", "restart").with("target", "the-api");
    log.append(&entry, now).unwrap();
}

fn told(home: &Path, actions: &str, arguments: &[&str]) -> Told {
    let config = home.join("quarterdeck.toml");
    let audit = home.join("audit").display().to_string();
    // Nobody listens there, and nobody is asked.
    let text = format!(
        "[actions]\naudit = {audit:?}\n{actions}\n\
         [[database]]\nname = \"main\"\nurl = \"postgresql://ops@127.0.0.1:1/postgres\"\nenvironment = \"staging\"\n"
    );
    std::fs::write(&config, text).unwrap();
    std::fs::set_permissions(&config, PermissionsExt::from_mode(0o600)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command.env_clear().env("HOME", home).arg("--config").arg(&config).args(arguments).stdin(Stdio::null());
    Told::of(command.output().unwrap())
}

#[test]
fn who_is_turned_away_tells_of_it_too() {
    let shared = TempDir::new().unwrap();
    std::fs::set_permissions(shared.path(), PermissionsExt::from_mode(0o3770)).unwrap();
    for (actions, arguments, why) in [
        ("allow = true".to_owned(), RUNS, "needs a terminal"),
        ("allow = true\nheadless = [\"terminate-idle\"]".to_owned(), GUESSES, "the code is refused"),
        (String::new(), APPROVES, "none is configured"),
        (format!("shared = {:?}", shared.path().display().to_string()), APPROVES, "needs a terminal"),
    ] {
        let home = TempDir::new().unwrap();
        leave_an_intent(&home.path().join("audit"));
        let first = told(home.path(), &actions, arguments);
        first.refused(why);
        assert!(first.err.contains("NOT KNOWN") && first.err.contains("restart on the-api"), "{arguments:?} {first:?}");
        let second = told(home.path(), &actions, arguments);
        second.refused(why);
        assert!(!second.err.contains("NOT KNOWN"), "once: {second:?}");
    }
}
