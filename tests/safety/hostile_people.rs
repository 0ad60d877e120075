//! Hostile text that people leave: what is pasted into a reason and a mark, and what another operator's audit says, read from a
//! file that was written by hand. Not a byte of it reaches a terminal or a pipe.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use quarterdeck::adapters::audit_log::{AuditLog, Place, writer};
use quarterdeck::domain::{Moment, Safe};
use quarterdeck::remediation::audit::{AuditEvent, Chain, Entry, Hash, Writer};

use crate::escapes::{leaks, leaks_of_text};
use crate::fake_http::FakeHttp;
use crate::hostile::texts;
use crate::pty::{BINARY, Session, Start};

const SIZE: (u16, u16) = (160, 50);
/// Stands for a hostile text until the record is written.
const HERE: &str = "PLACEHOLDER";

/// Texts that a paste may hold: it ends where its end is said, and a record has so much room.
fn pasted() -> Vec<String> {
    let short = texts().into_iter().map(|text| text.chars().take(100).collect::<String>());
    short.filter(|text| !text.contains("\x1b[201~")).collect()
}

fn now() -> Moment {
    Moment { boot: Duration::from_secs(1), wall: std::time::SystemTime::now().into() }
}

/// The audit of another operator, which holds though nobody's gate saw its text: as whoever may write the file can write it.
fn forge(audit: &Path) -> usize {
    std::fs::create_dir(audit).unwrap();
    let who = Writer {
        user: HERE.into(),
        host: HERE.into(),
        program: HERE.into(),
        alive: ".audit-mia.7-1.alive".into(),
        ..Writer::default()
    };
    let (mut chain, mut file, mut count) = (Chain::default(), String::new(), 0);
    for (at, text) in texts().into_iter().enumerate() {
        let text: String = text.chars().take(500).collect();
        let escaped = serde_json::to_string(&text).unwrap();
        let event = [AuditEvent::Outcome, AuditEvent::Refused, AuditEvent::Mark, AuditEvent::Intent][at % 4];
        let entry = ["action", "target", "why", "text", "outcome", "reason", "title", "approver"]
            .into_iter()
            .fold(Entry::new(event, format!("run-{at}")), |entry, name| entry.with(name, HERE))
            .with("because", vec![Safe::of(HERE)]);
        let line = String::from_utf8(chain.next(&entry, &who, now()).bytes).unwrap();
        let covered = line[..line.rfind(",\"hash\":\"").unwrap()].replace(HERE, &escaped[1..escaped.len() - 1]);
        let hash = Hash::of(covered.as_bytes());
        chain = Chain::at(chain.seq() + 1, hash);
        file.push_str(&format!("{covered},\"hash\":\"{}\"}}\n", hash.hex()));
        count += 1;
    }
    std::fs::write(audit.join("audit-mia.jsonl"), file).unwrap();
    count
}

fn ask(arguments: &[&str]) -> String {
    let output = Command::new(BINARY).args(arguments).output().unwrap();
    assert_eq!(leaks_of_text(&output.stdout), [""; 0], "{arguments:?}");
    assert_eq!(leaks_of_text(&output.stderr), [""; 0], "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn nothing_leaked(session: &Session) {
    let seen = session.seen();
    assert_eq!(leaks(&seen.bytes, SIZE.0, SIZE.1, 0), [""; 0]);
    assert_eq!(seen.asked(), [""; 0]);
}

fn paste(text: &str) -> String {
    format!("\x1b[200~{text}\x1b[201~")
}

#[test]
fn what_another_operator_left_in_the_audit_is_inert() {
    let start = Start::new(&["--config", "c.toml"]).size(SIZE.0, SIZE.1);
    let audit = start.world().join("audit");
    let count = forge(&audit);
    let text =
        format!("[actions]\naudit = {:?}\n[[signal]]\nname = \"load\"\nload = true\n", audit.display().to_string());
    std::fs::write(start.world().join("c.toml"), text).unwrap();
    let folder = audit.to_str().unwrap();
    let verified = ask(&["audit", "verify", "--folder", folder]);
    assert!(verified.contains(&format!("{count} records, head {count} ")), "a forged record does not hold: {verified}");
    let shown = ask(&["audit", "show", "--folder", folder]) + &ask(&["audit", "show", "--json", "--folder", folder]);
    assert!(shown.contains(r"\x1b") && shown.contains(r"\u{202e}"), "never put to the test");

    let mut session = start.run();
    session.wait_for("Actions whose end is not known");
    session.send("\x1b[6~\x1b[6~\x1b");
    session.wait_gone("Actions whose end");
    session.press("8", "what happened");
    // Every row with all that is known of it.
    for _ in 0..count {
        session.send("\r");
        session.send("\x1b");
        session.send("k");
    }
    session.send("G");
    session.press("\x1b[24~", "own log");
    session.send("\x1b");
    session.wait_gone("own log");
    session.send("\x03");
    session.exit_code();
    nothing_leaked(&session);
}

#[test]
fn what_a_person_pastes_as_a_reason_and_a_mark_is_inert() {
    let http = FakeHttp::start(|_| crate::fake_http::answer(200, "Content-Type: text/plain\r\n", b"OK"));
    let start = Start::new(&["--config", "c.toml"]).size(SIZE.0, SIZE.1);
    let audit = start.world().join("audit");
    let text = format!(
        "[actions]\nallow = true\naudit = {:?}\n[[action]]\nname = \"ask\"\nurl = {:?}\nlevel = \"L2\"\ntarget = \"api\"\n\
         environment = \"production\"\ncool_down = \"0s\"\nwithin = \"0s\"\n",
        audit.display().to_string(),
        http.url("/ask")
    );
    std::fs::write(start.world().join("c.toml"), text).unwrap();
    let mut session = start.run();
    session.wait_for("ARMED");
    let texts = pasted();
    assert!(texts.len() > 40);
    for (at, text) in texts.iter().enumerate() {
        session.send(format!(":mark m{at}-{}\r", paste(text)));
        session.wait_for(&format!("marked: m{at}-"));
    }
    for text in texts.iter().step_by(12) {
        session.press("a", "Enter shows the card");
        session.press("\r", "Ctrl-R reads anew");
        session.wait_gone("read it first");
        session.send("\x1b[6~\x1b[6~\x1b[6~");
        session.wait_for("reason:");
        session.send("api\t");
        session.send(paste(text));
        session.send("a reason\x14");
        session.wait_for("state              not verified");
        session.send("\x1b");
        session.wait_gone("state              not verified");
    }
    session.press("8", "ask");
    session.press("7", "What ran from here");
    session.send("\x03");
    session.exit_code();
    nothing_leaked(&session);

    let folder = audit.to_str().unwrap();
    let shown = ask(&["audit", "show", "--folder", folder]) + &ask(&["audit", "show", "--json", "--folder", folder]);
    for words in ["m0-", "a reason", "outcome"] {
        assert!(shown.contains(words), "{words:?} was never recorded:\n{shown:.2000}");
    }
    let place = Place { path: audit, shared: false };
    drop(AuditLog::open(&place, writer(&BTreeMap::new(), now()), now()).unwrap());
}

/// Notes of so many characters at most, out of all that a person may paste.
fn notes() -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    for text in pasted() {
        let short: String = text.chars().take(30).collect();
        let room = |note: &&mut String| Safe::of(format!("{note} {short}")).as_str().chars().count() < 180;
        match notes.last_mut().filter(room) {
            Some(note) => note.push_str(&format!(" {short}")),
            None => notes.push(short),
        }
    }
    notes
}

/// What a keyboard, or a program between it and us, may send while a note is typed: C1 in both forms, bidi, zero width, what is no
/// UTF-8, over-long forms, and control characters that are no keys of the view.
const TYPED: &[u8] = b"typed \xc2\x9b2J\xc2\x9d0;x\xc2\x9c \x9b31m\x90q\x9c \xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8b\xef\xbb\xbf \xc0\xaf\xe0\x80\xaf\
    \xf0\x80\x80\xaf\xc0\x9b\xed\xa0\x80\xf5\xff\xfe \x01\x02\x05\x06\x07\x0b\x0e\x0f\x10 end";

#[test]
fn what_a_person_notes_at_a_step_by_hand_is_inert() {
    let http = FakeHttp::start(|_| crate::fake_http::answer(200, "Content-Type: text/plain\r\n", b"OK"));
    let start = Start::new(&["--config", "c.toml"]).size(SIZE.0, SIZE.1);
    let audit = start.world().join("audit");
    let notes = notes();
    assert!(notes.len() > 4);
    let mut text = format!(
        "[actions]\nallow = true\naudit = {:?}\n[[service]]\nname = \"api\"\nurl = {:?}\ninterval = \"500ms\"\n[[runbook]]\n\
         name = \"book\"\ntitle = \"by the book\"\ntarget = \"api\"\nlevel = \"L1\"\nenvironment = \"local\"\n\
         watch = \"service api\"\nexpect = \"ok\"\n",
        audit.display().to_string(),
        http.url("/health")
    );
    for step in 0..=notes.len() {
        text += &format!("[[runbook.step]]\nmanual = \"turn it {step}.\"\n");
    }
    std::fs::write(start.world().join("c.toml"), text).unwrap();
    let mut session = start.run();
    session.wait_for("ARMED");
    session.wait_for("OK");
    session.press("a", "Enter shows the card");
    session.press("\r", "Ctrl-R reads anew");
    session.wait_gone("read it first");
    session.send("\x1b[6~\x1b[6~\x1b[6~");
    session.wait_for("Ctrl-T runs it");
    session.send("\x14");
    for step in 0..=notes.len() {
        session.wait_for(&format!("By hand: turn it {step}."));
        session.wait_for("types a note");
        session.press("n", "ends the note");
        let note = notes.get(step).map(|note| paste(&format!("m{step}. {note}")));
        session.send(
            note.map_or_else(
                || [b"m".as_slice(), step.to_string().as_bytes(), b". ", TYPED].concat(),
                String::into_bytes,
            ),
        );
        session.wait_for(&format!("note: m{step}. "));
        if step == notes.len() {
            session.wait_for(" end_");
        }
        session.send("\x14");
    }
    session.wait_for("state              verified");
    session.send("\x1b[5~\x1b[6~\x1b");
    session.wait_gone("state              verified");
    for page in ["7", "8"] {
        session.press(page, "book");
        for _ in 0..notes.len() + 6 {
            session.send("\r");
            session.send("\x1b[6~\x1b\x1b[C");
            session.send("k");
        }
    }
    session.press("\x1b[24~", "own log");
    session.send("\x1b");
    session.wait_gone("own log");
    session.send("\x03");
    session.exit_code();
    nothing_leaked(&session);

    let folder = audit.to_str().unwrap();
    ask(&["audit", "verify", "--folder", folder]);
    for format in [&["audit", "show", "--json", "--folder", folder][..], &["audit", "show", "--folder", folder]] {
        let shown = ask(format);
        for step in 0..=notes.len() {
            assert!(
                shown.contains(&format!("ticked: m{step}. ")),
                "the note {step} was never recorded:\n{shown:.2000}"
            );
        }
        assert!(
            shown.contains(r"u{202e}") && shown.contains("zalgo") && shown.contains("x1b]2;title"),
            "{shown:.4000}"
        );
    }
    for entry in std::fs::read_dir(&audit).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(bytes.iter().all(|byte| (0x20..0x7f).contains(byte) || *byte == b'\n'), "the audit is not ASCII");
    }
}

/// A folder that cannot be trusted lets nothing run; once it is mended, the menu finds that out by writing, and offers all again.
#[test]
fn actions_come_back_when_the_audit_folder_is_mended() {
    use std::os::unix::fs::PermissionsExt;
    let http = FakeHttp::start(|_| crate::fake_http::answer(200, "Content-Type: text/plain\r\n", b"OK"));
    let start = Start::new(&["--config", "c.toml"]).size(SIZE.0, SIZE.1);
    let audit = start.world().join("audit");
    std::fs::create_dir(&audit).unwrap();
    let mode = |mode| std::fs::set_permissions(&audit, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o707);
    let text = format!(
        "[actions]\nallow = true\naudit = {:?}\n[[action]]\nname = \"ask\"\nurl = {:?}\nlevel = \"L1\"\ntarget = \"api\"\n\
         environment = \"local\"\ncool_down = \"0s\"\nwithin = \"0s\"\n",
        audit.display().to_string(),
        http.url("/ask")
    );
    std::fs::write(start.world().join("c.toml"), text).unwrap();
    let mut session = start.run();
    session.wait_for("no action runs: the audit cannot be written");
    let why = "may be written by others";
    for _ in 0..2 {
        session.press("a", "Enter shows the card");
        session.wait_until("why not, beside the action", |seen| {
            seen.screen().lines().any(|line| line.contains("ask") && line.contains("the audit cannot be written"))
        });
        session.send("\x1b");
        session.wait_gone("Enter shows the card");
    }
    mode(0o700);
    session.press("a", "Enter shows the card");
    session.wait_until("the menu offers it again", |seen| {
        seen.screen().lines().any(|line| line.contains("▶L1") && !line.contains("audit")) && !seen.shows(why)
    });
    session.press("\r", "Ctrl-T runs it");
    session.wait_gone("read it first");
    session.press("\x14", "state              not verified");
    session.send("\x1b");
    session.wait_gone("state              not verified");
    // Broken again while it runs, and mended again.
    let lock = std::fs::read_dir(&audit).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = lock.filter(|path| path.extension().is_some_and(|kind| kind == "jsonl")).collect();
    std::fs::rename(&files[0], start_of(&files[0])).unwrap();
    session.send(":mark lost\r");
    session.wait_for("no action runs: the audit cannot be written");
    session.press("a", "Enter shows the card");
    session.wait_until("the menu offers it again", |seen| {
        seen.screen().lines().any(|line| line.contains("▶L1") && !line.contains("audit"))
            && !seen.shows("was moved away")
    });
    session.send("\x1b");
    session.wait_gone("Enter shows the card");
    session.send("\x03");
    session.exit_code();
    let shown = ask(&["audit", "show", "--folder", audit.to_str().unwrap()]);
    for words in ["audit-tried", "segment-lost"] {
        assert!(shown.contains(words), "{words:?} in\n{shown}");
    }
}

/// A name beside it that is no file of the chain.
fn start_of(file: &Path) -> std::path::PathBuf {
    file.with_extension("moved")
}
