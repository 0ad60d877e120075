//! Runbooks on the sample, by hand in a real terminal: the procedures of the shipped profile with the sample's own manager in
//! the place of systemd.

use crate::cures::{RUN, SHOWS, card, incident, leave, run};
use crate::pty::{Session, Start};

fn sample() -> Session {
    let session = Start::new(&["demo"]).size(80, 24).run();
    session.wait_long("the sample", SHOWS, |seen| seen.shows("ARMED") && seen.shows("OK"));
    // Readings for the card: what it compares with must be known.
    session.wait_long("the worker is up", SHOWS, |seen| {
        seen.screen().lines().any(|l| l.contains("OK") && l.contains("worker"))
    });
    session
}

/// Confirms with the target's name, and waits for what is asked then.
fn go(session: &mut Session, name: &str) {
    // Under the field it says what is missing, once it listens.
    session.wait_for(&format!("type {name}, then Ctrl-T"));
    session.send(name);
    session.wait_for("Ctrl-T runs it");
    session.send(RUN);
}

fn ended(session: &Session, verdict: &str) {
    session.wait_long(verdict, SHOWS, |seen| {
        seen.screen().lines().any(|line| line.contains(&format!("state              {verdict} ")))
    });
}

/// The view of the run has no room for all of it: it is closed before anything else is pressed.
fn quit(mut session: Session) {
    session.send("\x1b");
    session.wait_gone("Esc closes");
    session.wait_long("it is up", SHOWS, |seen| {
        seen.screen().lines().any(|line| line.contains("OK") && line.contains("worker"))
    });
    session.send("\x03");
    assert_eq!(session.exit_code(), 0);
}

#[test]
fn safe_restart() {
    let mut session = sample();
    card(&mut session, "stop and start the worker");
    go(&mut session, "worker");
    session.wait_long("the gate", SHOWS, |seen| seen.shows("Go on with it?") && seen.shows("Ctrl-T goes on"));
    session.send("\r \u{1b}w");
    session.wait_for("Ctrl-T goes on");
    session.send(RUN);
    ended(&session, "verified");
    quit(session);
}

#[test]
fn what_was_stopped_is_started_again_when_the_rest_is_called_off() {
    let mut session = sample();
    card(&mut session, "stop and start the worker");
    go(&mut session, "worker");
    session.wait_long("the gate", SHOWS, |seen| seen.shows("Go on with it?") && seen.shows("Ctrl-T goes on"));
    assert!(session.seen().shows("stop the worker: waits for your answer"), "{}", session.screen());
    session.send(RUN);
    session.wait_long("it is stopped", SHOWS, |seen| seen.shows("3  let it rest a moment: runs"));
    session.send("c");
    session.wait_long("the offer", SHOWS, |seen| seen.shows("Undo what was done?") && seen.shows("Ctrl-T runs them"));
    session.send(RUN);
    ended(&session, "cancelled");
    quit(session);
}

#[test]
fn cache_warming() {
    let mut session = incident("cold-cache", "cache api cache");
    card(&mut session, "warm the cache step by step");
    run(&mut session, None, "verified");
    leave(session);
}

#[test]
fn pool_exhausted() {
    let mut session = incident("pool-exhaustion", "slots full");
    session.wait_until("old enough", |seen| {
        let screen = seen.screen();
        let age = screen.split("oldest ").nth(1).and_then(|rest| rest.split('s').next()?.parse::<u32>().ok());
        age.is_some_and(|seconds| seconds >= 7)
    });
    card(&mut session, "the pool of connections is exhausted");
    run(&mut session, Some("sample"), "verified");
    leave(session);
}
