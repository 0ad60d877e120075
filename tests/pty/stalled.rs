//! Fault 34: a terminal that takes no bytes any more. Watching goes on, and the way out stays open.

use std::fs;
use std::io::Write;

use rustix::process::Signal;

use crate::fake_http::{FakeHttp, json};
use crate::pty::{OUT_WITHIN, Session, Start};

/// The dashboard on a service that is asked often and on a log, in a terminal that stopped taking bytes.
fn stalled(fault: Option<&str>) -> (FakeHttp, Session) {
    let http = FakeHttp::always(json(200, r#"{"status":"ok"}"#));
    let mut start = Start::new(&["--config", "wall.toml", "--every", "500ms"]).size(300, 100);
    if let Some(fault) = fault {
        start = start.variable("QUARTERDECK_FAULT", fault);
    }
    let (wall, log) = (start.world().join("wall.toml"), start.world().join("app.log"));
    let services = format!("[[service]]\nname = \"api\"\nurl = {:?}\ninterval = \"500ms\"\n", http.url("/health"));
    fs::write(&wall, format!("{services}[[log]]\nname = \"app\"\nfiles = \"{}\"\n", log.display())).unwrap();
    let mut file = fs::File::create(&log).unwrap();
    for number in 0..20_000 {
        writeln!(file, "2026-01-01T00:00:00Z INFO line {number} {}", "some words of a flood ".repeat(12)).unwrap();
    }
    let mut session = start.run();
    session.press("5", "some words of a flood");
    session.reading(false);
    // Every size makes a whole frame of some 30 kB: more than the line between us holds.
    for columns in 280..285 {
        session.resize(columns, 100);
        asked_again(&session, &http);
    }
    (http, session)
}

/// Waits for one more probe.
fn asked_again(session: &Session, http: &FakeHttp) {
    let before = http.requests().len();
    // The harness looks when something changes; here nothing does but the server.
    let until = std::time::Instant::now() + crate::pty::PATIENCE;
    while http.requests().len() < before + 1 {
        assert!(std::time::Instant::now() < until, "nobody asks the service any more\n{}", session.screen());
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[test]
fn watching_goes_on_and_sigterm_gets_out() {
    let (http, session) = stalled(None);
    asked_again(&session, &http);
    session.signal(Signal::TERM);
    assert_eq!(session.ended_within(OUT_WITHIN).exit_code(), 143);
    session.reading(true);
    session.exit_code();
    session.assert_restored();
}

#[test]
fn a_terminal_that_reads_again_shows_the_newest() {
    let (_http, mut session) = stalled(None);
    session.reading(true);
    session.resize(120, 40);
    session.press("?", "opens what is selected");
    session.send("\x03");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
}

#[test]
fn ctrl_c_gets_out() {
    let (_http, mut session) = stalled(None);
    session.send("\x03");
    assert_eq!(session.ended_within(OUT_WITHIN).exit_code(), 0);
    session.reading(true);
    session.exit_code();
    session.assert_restored();
}
