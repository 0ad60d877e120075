//! The mouse of a real terminal: off until asked for, reported in pieces, given back on every way out.

use rustix::process::Signal;

use crate::escapes::leaks;
use crate::pty::{OUT_WITHIN, Session};
use crate::{hanging, on_hanging};

fn reports(session: &Session, on: bool) {
    session.wait_until("the mouse's mode", |seen| {
        let screen = seen.terminal.screen();
        let wanted = if on { vt100::MouseProtocolMode::PressRelease } else { vt100::MouseProtocolMode::None };
        screen.mouse_protocol_mode() == wanted
            && (screen.mouse_protocol_encoding() == vt100::MouseProtocolEncoding::Sgr) == on
    });
}

#[test]
fn it_is_asked_for_and_given_back() {
    let http = hanging();
    let mut session = on_hanging(&http, &[]);
    reports(&session, false);
    session.press("m", "mouse on");
    reports(&session, true);
    // The tab of the logs, its report in pieces.
    let report = b"\x1b[<0;45;2M\x1b[<0;45;2m";
    let (first, rest) = report.split_at(6);
    session.send(first);
    session.send(rest);
    session.wait_for("Logs off");
    session.wait_gone("Connections off");
    session.press("m", "mouse off");
    reports(&session, false);
    session.send("\x03");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
    assert_eq!(leaks(&session.seen().bytes, 120, 40, 0), [""; 0]);
}

#[test]
fn every_way_out_gives_it_back() {
    let http = hanging();
    for (way, status) in [("key", 0), ("signal", 143)] {
        let mut session = on_hanging(&http, &[]);
        session.press("m", "mouse on");
        reports(&session, true);
        match way {
            "key" => session.send("q"),
            _ => session.signal(Signal::TERM),
        }
        assert_eq!(session.ended_within(OUT_WITHIN).exit_code(), status, "{way}");
        session.exit_code();
        session.assert_restored();
        assert_eq!(leaks(&session.seen().bytes, 120, 40, 0), [""; 0]);
    }
}
