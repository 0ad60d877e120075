//! The dashboard itself, killed between its chord and the proof; and the next start shows it before anything else.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::kinds::Endpoint;
use super::{Chance, FEW, Home, Kind, ends_of_runs, kills_or, open_runs};
use crate::pty::{Session, Start};

fn dashboard(home: &Home) -> Session {
    let path = home.file("c.toml");
    let start = Start::new(&["--config", path.to_str().unwrap()]);
    let session = start.variable("HOME", home.folder.path().to_str().unwrap()).run();
    session.wait_for("ARMED");
    session
}

/// What is read of it is shown at once; its record comes when the audit is open.
fn on_record(home: &Home) {
    let begun = Instant::now();
    while !open_runs(&home.records()).is_empty() && begun.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(5));
    }
    ends_of_runs(&home.records());
}

#[test]
fn the_dashboard() {
    let mut endpoint = Endpoint::start();
    let home = Home::new(&mut endpoint);
    let mut chance = Chance(7);
    let (mut in_the_middle, rounds) = (0, kills_or(FEW) / 4);
    let mut open = Vec::new();
    for kill in 0..rounds {
        let mut session = dashboard(&home);
        if !open.is_empty() {
            session.wait_for("Actions whose end is not known");
            session.send("q");
            session.wait_gone("Actions whose end is not known");
        }
        on_record(&home);
        let effects = endpoint.effects(&home).len();
        let intents = home.intents();
        assert!(effects <= intents, "kill {kill}: {effects} effects, {intents} intents");
        session.wait_for("OK   api");
        session.press("a", "Enter shows the card");
        session.press("\r", "Ctrl-T runs it");
        session.send("\x14");
        let longest = if kill % 2 == 0 {
            160_000
        } else {
            // In the middle for sure: the intent is on disk, and readings that could prove anything are to come.
            while home.intents() == intents {
                std::thread::sleep(Duration::from_millis(1));
            }
            2_000
        };
        std::thread::sleep(Duration::from_micros(chance.below(longest)));
        session.signal(Signal::KILL);
        session.ended_within(Duration::from_secs(10));
        open = open_runs(&home.records());
        in_the_middle += usize::from(!open.is_empty());
        let seen = endpoint.effects(&home);
        assert!(seen.iter().enumerate().all(|(at, intents)| *intents > at), "kill {kill}: {seen:?}");
        home.verified();
    }
    let mut session = dashboard(&home);
    if !open.is_empty() {
        session.wait_for("Actions whose end is not known");
        session.send("q");
        session.wait_gone("Actions whose end is not known");
    }
    on_record(&home);
    session.wait_for("OK   api");
    session.press("a", "Enter shows the card");
    session.press("\r", "Ctrl-T runs it");
    session.press("\x14", "Before and after");
    session.wait_for("state              ");
    session.send("\x1b");
    session.wait_gone("Before and after");
    session.send("\x03");
    session.exit_code();
    ends_of_runs(&home.records());
    // How many fell into a run is a matter of chance, and told; what must hold was asserted after each.
    assert!(in_the_middle > 0 || rounds < 2, "no kill fell into a run");
    eprintln!("the dashboard: {rounds} kills, {in_the_middle} in the middle of a run, loose ends 0");
}
