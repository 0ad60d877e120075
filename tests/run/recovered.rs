//! A run of before whose end nobody knows is told by the next program that opens the audit, also by one that is turned away at
//! once: from then on the audit has it, and no other tells of it.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
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
    told_behind(&[], home, actions, arguments)
}

/// Begun by another program, which makes its surroundings.
fn told_behind(begin: &[&str], home: &Path, actions: &str, arguments: &[&str]) -> Told {
    let config = home.join("quarterdeck.toml");
    let audit = home.join("audit").display().to_string();
    // Nobody listens there, and nobody is asked.
    let text = format!(
        "[actions]\naudit = {audit:?}\n{actions}\n\
         [[database]]\nname = \"main\"\nurl = \"postgresql://ops@127.0.0.1:1/postgres\"\nenvironment = \"staging\"\n"
    );
    std::fs::write(&config, text).unwrap();
    std::fs::set_permissions(&config, PermissionsExt::from_mode(0o600)).unwrap();
    let words = begin.iter().copied().chain([env!("CARGO_BIN_EXE_quarterdeck")]).collect::<Vec<_>>();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env_clear().env("HOME", home).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command.arg("--config").arg(&config).args(arguments).stdin(Stdio::null());
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
        assert_eq!(first.out.matches(": 3 records, head ").count(), 1, "{first:?}");
        let second = told(home.path(), &actions, arguments);
        second.refused(why);
        assert!(!second.err.contains("NOT KNOWN"), "once: {second:?}");
    }
}

/// Who only lists what waits records nothing of their own: what the start recorded has a head all the same.
#[test]
fn a_start_that_recorded_an_end_says_the_head() {
    let (shared, home) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    std::fs::set_permissions(shared.path(), PermissionsExt::from_mode(0o3770)).unwrap();
    leave_an_intent(&home.path().join("audit"));
    let actions = format!("shared = {:?}", shared.path().display().to_string());
    let first = told(home.path(), &actions, &["approve"]);
    assert!(first.code == 0 && first.err.contains("NOT KNOWN"), "{first:?}");
    assert!(first.out.contains(": 2 records, head "), "{first:?}");
    let second = told(home.path(), &actions, &["approve"]);
    assert!(second.code == 0 && !second.out.contains("head "), "nothing was written: {second:?}");
}

/// Where the journal listens, in a namespace in which that is ours.
#[test]
fn the_journal_hears_the_head_of_whatever_ends_a_run() {
    let can = Command::new("unshare").args(["-m", "true"]).output().is_ok_and(|told| told.status.success());
    if !can {
        return super::skipped("the journal of the system", "a private mount namespace wants root and unshare");
    }
    let (home, journal) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let journald = UnixDatagram::bind(journal.path().join("socket")).unwrap();
    journald.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    leave_an_intent(&home.path().join("audit"));
    let script = "mount -t tmpfs none /run && mkdir -p /run/systemd/journal && \
                  mount --bind \"$0\" /run/systemd/journal && exec \"$@\"";
    let begin = ["unshare", "-m", "sh", "-c", script, journal.path().to_str().unwrap()];
    for (actions, heard) in [("allow = true", false), ("allow = true\njournal = true", true)] {
        told_behind(&begin, home.path(), actions, RUNS).refused("needs a terminal");
        if !heard {
            journald.set_nonblocking(true).unwrap();
            assert!(journald.recv(&mut [0; 16]).is_err(), "nobody asked for it");
            journald.set_nonblocking(false).unwrap();
            leave_an_intent(&home.path().join("audit"));
        }
    }
    let hear = || {
        let mut heard = [0; 4096];
        let length = journald.recv(&mut heard).unwrap();
        String::from_utf8_lossy(&heard[..length]).into_owned()
    };
    // First the end that the start recorded, then the refusal.
    let (recovered, refused) = (hear(), hear());
    assert!(recovered.contains(": 5 records, head "), "{recovered}");
    let mut verify = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    verify.args(["audit", "verify", "--folder"]).arg(home.path().join("audit"));
    let verified = Told::of(verify.output().unwrap());
    let hash =
        verified.out.split("head 6 ").nth(1).and_then(|rest| rest.get(..64)).unwrap_or_else(|| panic!("{verified:?}"));
    assert!(refused.contains(&format!(": 6 records, head {hash}")), "{refused} {verified:?}");
    assert!(refused.contains("SYSLOG_IDENTIFIER\n\u{b}\0\0\0\0\0\0\0quarterdeck\n"), "{refused}");
}
