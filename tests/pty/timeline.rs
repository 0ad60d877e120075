//! The timeline in the real binary: where nothing may be done, what others left in the audit is shown all the same, an action
//! without an end first of all, and nothing is written.

use std::collections::BTreeMap;
use std::time::Duration;

use quarterdeck::adapters::audit_log::{AuditLog, Place, writer};
use quarterdeck::domain::{Moment, Safe};
use quarterdeck::remediation::audit::{AuditEvent, Entry, Writer};

use crate::escapes::leaks;
use crate::fake_http::FakeHttp;
use crate::hostile::texts;
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
    assert_eq!(leaks(&session.seen().bytes, 100, 30, 0), [""; 0]);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(names(), before, "it only reads");
}

/// Health that changes under hostile names, with hostile reasons, beside files of the audit with hostile names: each row, and all
/// that is known of it.
#[test]
fn hostile_names_on_the_timeline_are_inert() {
    const SIZE: (u16, u16) = (160, 50);
    let http = FakeHttp::start(|head| {
        let texts = texts();
        let number = head.split(['/', ' ']).find_map(|word| word.parse::<usize>().ok()).unwrap_or(0);
        let word = serde_json::Value::String(texts[number % texts.len()].clone());
        crate::fake_http::json(
            503,
            &format!("{{\"status\":{word},\"checks\":{{{word}:{{\"status\":\"down\",\"output\":{word}}}}}}}"),
        )
    });
    let start = Start::new(&["--config", "c.toml"]).size(SIZE.0, SIZE.1);
    let audit = start.world().join("audit");
    std::fs::create_dir(&audit).unwrap();
    let mut toml = format!("[actions]\naudit = {:?}\n", audit.display().to_string());
    let mut count = 0;
    for (number, text) in texts().iter().enumerate().filter(|(_, text)| text.len() < 999) {
        // A configuration may not name anything with control characters; whatever else hides it may, and so may a file.
        let name: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
        let name = serde_json::Value::String(format!("s{number} {name}x"));
        toml +=
            &format!("[[service]]\nname = {name}\nurl = {:?}\ninterval = \"500ms\"\n", http.url(&format!("/{number}")));
        count += 1;
        let file: String = text.chars().filter(|c| !matches!(c, '/' | '\0')).take(40).collect();
        std::fs::create_dir(audit.join(format!("audit-{number}{file}.jsonl"))).unwrap();
    }
    std::fs::write(start.world().join("c.toml"), toml).unwrap();
    let mut session = start.run();
    session.press("8", "audit files cannot be read");
    let last = format!("s{} ", texts().iter().rposition(|text| text.len() < 999).unwrap());
    session.wait_for("health");
    session.wait_until("a change of health of each", |seen| {
        seen.shows(&last) || seen.screen().matches("health").count() > 30
    });
    session.send("G");
    for _ in 0..count {
        session.send("\r");
        // Esc with an arrow behind it: at once Esc, whatever comes next.
        session.send("\x1b\x1b[C");
        session.send("k");
    }
    session.press("\x1b[24~", "own log");
    session.send("\x1b");
    session.wait_gone("own log");
    session.send("\x03");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
    let seen = session.seen();
    assert_eq!(leaks(&seen.bytes, SIZE.0, SIZE.1, 0), [""; 0]);
    assert_eq!(seen.asked(), [""; 0]);
}
