//! Every way out: asked by a signal, by a terminal that went away, by a defect. The terminal is restored, and it is
//! quick, while everything that is watched hangs.

use std::fs;
use std::process::Command;

use rustix::process::Signal;

use crate::escapes::{leaks, leaks_of_text};
use crate::fake_http::{FakeHttp, json};
use crate::pty::{BINARY, OUT_WITHIN, Session, Start};
use crate::{hanging, on_hanging};

#[test]
fn signals_end_it_with_their_status_and_restore_the_terminal() {
    let http = hanging();
    for (signal, status) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130), (Signal::QUIT, 131)] {
        let session = on_hanging(&http, &[]);
        session.signal(signal);
        assert_eq!(session.ended_within(OUT_WITHIN).exit_code(), status, "{signal:?}");
        session.exit_code();
        session.assert_restored();
    }
}

#[test]
fn a_signal_at_the_very_beginning_restores_too() {
    let http = hanging();
    for _ in 0..5 {
        let session = Start::new(&[http.url("/health")]).run();
        session.wait_until("the first byte", |seen| !seen.bytes.is_empty());
        session.signal(Signal::TERM);
        assert_eq!(session.exit_code(), 143);
        session.assert_restored();
    }
}

#[test]
fn a_terminal_that_goes_away_ends_it() {
    let http = hanging();
    let mut session = on_hanging(&http, &[]);
    session.close();
    assert_eq!(session.ended_within(OUT_WITHIN).exit_code(), 129);
}

#[test]
fn a_terminal_that_goes_away_without_a_signal_ends_it() {
    let http = hanging();
    // The shell leads the session, so that the hang-up is told to it alone, and it does not care.
    let script = r#"trap '' HUP; "$0" "$@"; echo $? >status"#;
    let mut session = Start::program("/bin/sh", &["-c", script, BINARY, &http.url("/health")]).run();
    session.wait_for("Services");
    session.close();
    session.ended_within(OUT_WITHIN);
    assert_eq!(fs::read_to_string(session.world().join("status")).unwrap().trim(), "129");
}

/// A run in which a fault is set off, after `before`; what stood in the file of the report.
fn panicked_after(fault: &str, before: impl Fn(&mut Session)) -> String {
    // Asked again and again: a fault in a source's task needs a reading that comes after its time.
    let http = FakeHttp::always(json(200, r#"{"status":"ok"}"#));
    let script = r#""$0" "$@" 2>report; echo "status $?""#;
    let arguments = ["-c", script, BINARY, "--every", "500ms", &http.url("/health")];
    let mut session = Start::program("/bin/sh", &arguments).variable("QUARTERDECK_FAULT", fault).run();
    before(&mut session);
    fs::write(session.world().join("fault-now"), "").unwrap();
    session.wait_for("status");
    assert!(session.screen().contains("status 101"), "{fault}: {}", session.screen());
    session.exit_code();
    session.assert_restored();
    let seen = session.seen();
    let text = String::from_utf8_lossy(&seen.bytes);
    assert_eq!(text.matches("\x1b[?1049h").count(), 1);
    assert_eq!(text.matches("\x1b[?1049l").count(), 1, "{fault}: not restored once");
    assert_eq!(leaks(&seen.bytes, 120, 40, 0), [""; 0]);
    let report = fs::read(session.world().join("report")).unwrap();
    assert_eq!(leaks_of_text(&report), [""; 0], "{fault}");
    String::from_utf8(report).unwrap()
}

fn panicked(fault: &str) -> String {
    panicked_after(fault, |_| {})
}

#[test]
fn a_panic_in_the_loop_restores_and_reports() {
    let report = panicked("loop");
    assert!(report.contains(r"a fault was asked for: \x1b[2J"), "{report}");
    assert!(report.contains("This is a defect of quarterdeck"), "{report}");
}

#[test]
fn a_panic_on_another_thread_restores_and_reports() {
    let report = panicked("thread");
    assert!(report.contains("a fault was asked for"), "{report}");
}

#[test]
fn two_panics_at_once_restore_once() {
    for _ in 0..3 {
        let report = panicked("threads");
        assert_eq!(report.matches("a fault was asked for").count(), 1, "{report}");
    }
}

/// Asks for the mouse, and waits until the terminal would report it.
fn with_the_mouse(session: &mut Session) {
    session.wait_for("Services");
    session.press("m", "mouse on");
    session.wait_until("the mouse's mode", |seen| {
        seen.terminal.screen().mouse_protocol_encoding() == vt100::MouseProtocolEncoding::Sgr
    });
}

#[test]
fn a_panic_while_drawing_restores_and_reports_with_the_mouse_on() {
    for fault in ["draw", "source"] {
        let report = panicked_after(fault, with_the_mouse);
        assert_eq!(report.matches("a fault was asked for").count(), 1, "{fault}: {report}");
        assert!(report.contains("This is a defect of quarterdeck"), "{fault}: {report}");
    }
}

#[test]
fn a_panic_while_drawing_or_in_a_source_restores_and_reports() {
    for fault in ["draw", "source"] {
        let report = panicked_after(fault, |session| session.wait_for("Services"));
        assert_eq!(report.matches("a fault was asked for").count(), 1, "{fault}: {report}");
        assert!(report.contains("This is a defect of quarterdeck"), "{fault}: {report}");
        assert!(report.contains("src/runtime/fault.rs"), "where it is: {report}");
    }
}

#[test]
fn a_panic_of_a_look_without_a_screen_is_told_as_text() {
    let http = hanging();
    let world = tempfile::tempdir().unwrap();
    fs::write(world.path().join("fault-now"), "").unwrap();
    for json in [&[][..], &["--json"]] {
        let mut command = Command::new(BINARY);
        command.args(["check", "--sample", "100ms"]).args(json).arg(http.url("/health"));
        command.env_clear().env("HOME", world.path()).env("QUARTERDECK_FAULT", "source");
        let output = command.current_dir(world.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(101), "{output:?}");
        assert!(output.stdout.is_empty(), "half a report is none: {output:?}");
        assert_eq!(leaks_of_text(&output.stderr), [""; 0]);
        let report = String::from_utf8(output.stderr).unwrap();
        assert!(report.contains(r"a fault was asked for: \x1b[2J\u{202e}"), "{report}");
        assert!(report.contains("This is a defect of quarterdeck"), "{report}");
    }
}

#[test]
fn errors_before_the_screen_leave_the_terminal_alone() {
    let start = Start::new(&["--theme", "\u{1b}]0;x\u{7}drak", "http://127.0.0.1:1/health"]);
    let session = start.run();
    let status = session.exit_code();
    assert!(status == 64 || status == 78, "{status}");
    session.assert_restored();
    assert_eq!(leaks(&session.seen().bytes, 120, 40, 0), [""; 0]);
}
