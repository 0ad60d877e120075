//! Leaving in the middle of an action (invariant 37): by key, by signal, by a terminal that goes away, by a defect. The screen
//! is gone at once; what was sent is seen to its end and recorded, or the next start shows that nobody knows.

use std::time::{Duration, Instant};

use quarterdeck::remediation::audit::AuditEvent;
use rustix::process::Signal;

use crate::kills::kinds::Endpoint;
use crate::kills::{Home, Kind, ends_of_runs, open_runs};
use crate::pty::{OUT_WITHIN, Session, Start};

/// The endpoint answers after this: long enough to leave before, and longer than the screen may stay.
const ANSWERS: Duration = Duration::from_millis(2500);
/// What gives the terminal back.
const LEAVES: &[u8] = b"\x1b[?1049l";

fn dashboard(home: &Home, fault: &str) -> Session {
    let path = home.file("c.toml");
    let start = Start::new(&["--config", path.to_str().unwrap()]).variable("QUARTERDECK_FAULT", fault);
    let session = start.variable("HOME", home.folder.path().to_str().unwrap()).run();
    session.wait_for("OK   api");
    session
}

/// The dashboard while its request is on the way.
fn in_the_middle(home: &Home, endpoint: &mut Endpoint, fault: &str) -> Session {
    let mut session = dashboard(home, fault);
    session.press("a", "Enter shows the card");
    session.press("\r", "Ctrl-T runs it");
    session.send("\x14");
    session.wait_until("the request", |_| !endpoint.effects.lock().unwrap().is_empty());
    session
}

fn gives_back(session: &Session) {
    let asked = Instant::now();
    session.wait_until("the terminal is given back", |seen| seen.bytes.windows(LEAVES.len()).any(|w| w == LEAVES));
    assert!(asked.elapsed() < OUT_WITHIN, "{:?}", asked.elapsed());
}

#[test]
fn whoever_leaves_in_the_middle_leaves_a_record() {
    for way in ["key", "SIGTERM", "SIGHUP", "line"] {
        let mut endpoint = Endpoint::slow(ANSWERS);
        let home = Home::new(&mut endpoint);
        let mut session = in_the_middle(&home, &mut endpoint, "none");
        match way {
            "key" => session.send("\x03"),
            "SIGTERM" => session.signal(Signal::TERM),
            "SIGHUP" => session.signal(Signal::HUP),
            _ => session.close(),
        }
        if way != "line" {
            gives_back(&session);
            assert!(!open_runs(&home.records()).is_empty(), "{way}: it goes on");
        }
        session.ended_within(Duration::from_secs(20));
        let records = home.records();
        ends_of_runs(&records);
        let ended = records.iter().filter(|record| record.event() == Some(AuditEvent::Outcome)).count();
        assert_eq!((ended, endpoint.effects(&home).len()), (1, 1), "{way}");
        home.verified();
    }
}

#[test]
fn a_defect_in_the_middle_is_told_and_shown_first() {
    let mut endpoint = Endpoint::slow(ANSWERS);
    let home = Home::new(&mut endpoint);
    let mut session = in_the_middle(&home, &mut endpoint, "draw");
    std::fs::write(session.world().join("fault-now"), "").unwrap();
    session.send("j");
    gives_back(&session);
    assert_eq!(session.exit_code(), 101);
    assert!(session.seen().shows("The end of an action that was running is not"), "{}", session.screen());
    assert_eq!(open_runs(&home.records()).len(), 1);
    let mut next = dashboard(&home, "none");
    next.wait_for("Actions whose end is not known");
    // The screen may show it before it is recorded; who has left has recorded it.
    next.send("\x03");
    next.exit_code();
    ends_of_runs(&home.records());
    assert_eq!(endpoint.effects(&home).len(), 1);
}
