//! The timeline in the real binary: where nothing may be done, what others left in the audit is shown all the same, an action
//! without an end first of all, and nothing is written.

use std::collections::BTreeMap;
use std::time::Duration;

use quarterdeck::adapters::audit_log::{AuditLog, Place, writer};
use quarterdeck::domain::{Moment, Safe};
use quarterdeck::remediation::audit::{AuditEvent, Entry, Writer};

use crate::pty::Start;

#[test]
fn a_read_only_start_shows_what_nobody_knows_the_end_of_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let wall: chrono::DateTime<chrono::Utc> = std::time::SystemTime::now().into();
    let now = Moment { boot: Duration::from_secs(1), wall };
    let own = writer(&BTreeMap::new(), now);
    let alive = own.alive.as_str().replace(own.user.as_str(), "mia");
    let who = Writer { user: Safe::of("mia"), alive: Safe::of(alive), ..own };
    let (mut log, _) = AuditLog::open(&Place { path: folder.path().to_owned(), shared: false }, who, now).unwrap();
    let begun = |run: &str| Entry::new(AuditEvent::Intent, run).with("action", "restart-api").with("target", "api");
    log.append(&begun("run-1"), now).unwrap();
    log.append(
        &Entry::new(AuditEvent::Outcome, "run-1").with("action", "restart-api").with("outcome", "verified"),
        now,
    )
    .unwrap();
    log.append(&begun("run-2").with("why", "\u{1b}[31mhostile\u{202e}"), now).unwrap();
    drop(log);
    let names = || {
        let mut names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    let file = folder.path().join("quarterdeck.toml");
    std::fs::write(
        &file,
        format!("[actions]\naudit = {:?}\n[[signal]]\nname = \"load\"\nload = true\n", folder.path()),
    )
    .unwrap();
    let mut session = Start::new(&["--config", file.to_str().unwrap()]).size(100, 30).run();
    session.wait_for("Actions whose end is not known");
    session.wait_for("restart-api on api, by mia");
    session.send("\x1b");
    session.wait_gone("Actions whose end");
    session.press("8", "mia: restart-api");
    session.wait_for("UNKNOWN: the program ended while these ran");
    session.wait_for("verified");
    session.send("q");
    session.wait_gone("M marks");
    session.send("q");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(names(), before, "it only reads");
}
