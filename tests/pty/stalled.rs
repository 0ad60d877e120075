//! Fault 34: a terminal that takes no bytes any more, or 1 kB of them in a second. Watching goes on, keys are obeyed, frames
//! are dropped, and the way out stays open.

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
    wait_for_requests(session, http, http.requests().len() + 1);
}

fn wait_for_requests(session: &Session, http: &FakeHttp, count: usize) {
    // The harness looks when something changes; here nothing does but the server.
    let until = std::time::Instant::now() + crate::pty::PATIENCE;
    while http.requests().len() < count {
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

/// What may stand between a frame and the screen: the line's buffers in the system, a frame that is being written, and
/// the newest one behind it. Here a whole frame is some 30 kB.
const BETWEEN_US: usize = 68 * 1024 + 2 * 40 * 1024;

/// The dashboard in a terminal that takes 1 kB in a second and is asked for far more.
fn slow() -> (FakeHttp, Session) {
    let (http, session) = stalled(None);
    session.slow();
    (http, session)
}

#[test]
fn over_a_slow_line_keys_are_obeyed_and_watching_goes_on() {
    // Asked once an hour: whatever comes behind the first request, a key asked for.
    let rarely = FakeHttp::always(json(200, r#"{"status":"ok"}"#));
    let often = FakeHttp::always(json(200, r#"{"status":"ok"}"#));
    let start = Start::new(&["--config", "wall.toml"]).size(300, 100);
    let service = |name, server: &FakeHttp, interval| {
        format!("[[service]]\nname = \"{name}\"\nurl = {:?}\ninterval = \"{interval}\"\n", server.url("/health"))
    };
    let text = service("rarely", &rarely, "1h") + &service("often", &often, "500ms");
    fs::write(start.world().join("wall.toml"), text).unwrap();
    let mut session = start.run();
    session.wait_for("Services");
    wait_for_requests(&session, &rarely, 1);
    session.slow();
    for columns in 280..290 {
        session.resize(columns, 100);
        asked_again(&session, &often);
        let before = rarely.requests().len();
        session.send("r");
        wait_for_requests(&session, &rarely, before + 1);
    }
    session.send("q");
    assert_eq!(session.ended_within(OUT_WITHIN).exit_code(), 0);
    session.reading(true);
    session.exit_code();
    session.assert_restored();
}

#[test]
fn over_a_slow_line_frames_are_dropped_and_the_newest_shows() {
    let (http, mut session) = slow();
    // Sixty whole frames: 2 MB if they were kept.
    for _ in 0..60 {
        session.send("\x0c");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    asked_again(&session, &http);
    let before = session.seen().bytes.len();
    session.send("?");
    asked_again(&session, &http);
    session.reading(true);
    session.wait_for("opens what is selected");
    let behind = session.seen().bytes.len() - before;
    assert!(behind < BETWEEN_US, "{behind} bytes stood between the newest frame and the screen");
    session.send("\x03");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
}
