//! Every incident of the sample is cured by hand from the dashboard itself: menu, card, consent, proof. Through the real
//! program in a real terminal.

use std::time::Duration;

use crate::pty::{Session, Start, chosen};

pub const RUN: &str = "\x14";

/// A cure shows within this, or it is none.
pub const SHOWS: Duration = Duration::from_secs(90);

/// The dashboard on a sample in which this happens, once the screen tells of it.
pub fn incident(scenario: &str, symptom: &str) -> Session {
    let session = Start::new(&["demo", "--scenario", scenario, "--scenario-after", "3s"]).size(160, 50).run();
    session.wait_long("the sample", SHOWS, |seen| seen.shows("ARMED") && seen.shows("OK"));
    session.wait_long(symptom, SHOWS, |seen| seen.shows(symptom));
    session
}

/// Opens the card of the action with this title.
pub fn card(session: &mut Session, title: &str) {
    session.point_at(title);
    session.press("\r", "Cancel");
    session.wait_gone("read it first");
}

/// Confirms, and waits for the verdict.
pub fn run(session: &mut Session, name: Option<&str>, verdict: &str) {
    if let Some(name) = name {
        session.send(name);
    }
    session.wait_for("Ctrl-T runs it");
    session.press(RUN, "Before and after");
    session.wait_long(verdict, SHOWS, |seen| {
        seen.screen().lines().any(|line| line.contains(&format!("state              {verdict} ")))
    });
}

/// Leaves from a text that lies on top.
fn leave_text(mut session: Session) {
    session.send("\x03");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
}

pub fn leave(mut session: Session) {
    session.send("\x1b");
    session.wait_gone("Before and after");
    leave_page(session);
}

/// Leaves when the overview shows the symptom no more: a verdict is about one figure, a cure about what was seen.
fn leave_cured(mut session: Session, what: &str, is_cured: impl Fn(&str) -> bool) {
    session.send("\x1b");
    session.wait_gone("Before and after");
    session.press("1", "Signals");
    session.wait_long(what, SHOWS, |seen| is_cured(&seen.screen()));
    leave_page(session);
}

/// The line of a signal on the overview, without the pane beside it.
fn signal(screen: &str, name: &str) -> Option<String> {
    let own = screen.lines().filter_map(|line| line.split("││").next());
    own.skip_while(|line| !line.contains(" Signals ")).find(|line| line.contains(name)).map(str::to_owned)
}

/// Leaves from a page, after something was done.
fn leave_page(mut session: Session) {
    session.send("\x03");
    assert_eq!(session.exit_code(), 0);
    assert!(session.seen().shows("head "), "where the audit ends is told on leaving\n{}", session.screen());
    session.assert_restored();
}

#[test]
fn pool_exhaustion() {
    let mut session = incident("pool-exhaustion", "slots full");
    // Who holds a transaction open for less than five seconds is none of the action's.
    session.wait_until("old enough", |seen| {
        let screen = seen.screen();
        let age = screen.split("oldest ").nth(1).and_then(|rest| rest.split('s').next()?.parse::<u32>().ok());
        age.is_some_and(|seconds| seconds >= 7)
    });
    card(&mut session, "idle in transaction");
    run(&mut session, Some("sample"), "verified");
    session.send("\x1b");
    session.wait_gone("Before and after");
    let is_cured = |screen: &str| !screen.contains("slots full") && !screen.contains("report-batch");
    session.wait_long("the slots are free", SHOWS, |seen| {
        connections(&seen.screen()).is_some_and(|_| is_cured(&seen.screen()))
    });
    // It stays cured: each reading from here on says so, not only the first.
    for _ in 0..10 {
        let before = connections(&session.screen());
        session.wait_until("another reading", |seen| {
            let now = connections(&seen.screen());
            now.is_some() && now != before
        });
        let screen = session.screen();
        assert!(is_cured(&screen), "it came back\n{screen}");
    }
    leave_page(session);
}

/// What one reading of the database's connections says beside who holds them: its commits per second, with their trend.
fn connections(screen: &str) -> Option<String> {
    let line = screen.lines().find(|line| line.contains("│ commits/s "))?;
    line.split('│').find(|pane| pane.contains("commits/s")).map(str::to_owned)
}

#[test]
fn lock_pileup() {
    let mut session = incident("lock-pileup", "schema-migration blocks");
    // The gateway is degraded from the start; the database is when the blocker has lasted a while. At the foot of the page
    // an alert of the errors that it makes may stand before both.
    session.wait_long("the database is degraded too", SHOWS, |seen| {
        let screen = seen.screen();
        let head = screen.lines().next().unwrap_or_default().to_owned();
        let count =
            head.split(" degraded").next().and_then(|before| before.split_whitespace().last().map(str::to_owned));
        count.is_some_and(|count| count.parse::<u32>().is_ok_and(|count| count >= 2))
    });
    // What is worst comes first, and on a busy machine that is another for a moment: a cache that did not answer in time.
    let begun = std::time::Instant::now();
    loop {
        session.press("a", "Enter shows the card");
        let first = chosen(&session.screen());
        if first.as_ref().is_some_and(|line| line.contains("cancel what the root blocker runs")) {
            break;
        }
        assert!(begun.elapsed() < SHOWS, "{first:?}");
        session.send("\x1b");
        session.wait_gone("Enter shows the card");
        let head = session.screen().lines().next().map(str::to_owned);
        session.wait_until("the next second", |seen| seen.screen().lines().next().map(str::to_owned) != head);
    }
    session.press("\r", "Cancel");
    session.wait_gone("read it first");
    let whom = session.screen();
    assert!(whom.contains("schema-migration") && whom.contains("owner_of"), "what is cancelled\n{whom}");
    assert!(whom.contains("blocks") && whom.contains("sessions: "), "whom it frees\n{whom}");
    run(&mut session, Some("sample"), "verified");
    session.wait_gone("schema-migration blocks");
    leave(session);
}

#[test]
fn slow_query() {
    let mut session = incident("slow-query", "report-batch");
    session.press("3", "Sessions");
    session.press("/", "Enter keep");
    session.send("report-batch");
    session.send("\r");
    session.send("g");
    card(&mut session, "cancel what session");
    run(&mut session, Some("sample"), "verified");
    // It ends when it has put back the index of which the searches wait.
    leave_cured(session, "the report has gone", |screen| !screen.contains("report-batch"));
}

#[test]
fn cold_cache() {
    let mut session = incident("cold-cache", "cache api cache");
    session.press("!", "scenario cold-cache begins 3s after the start");
    session.send("\x1b");
    session.wait_gone("scenario cold-cache begins");
    card(&mut session, "warm the cache");
    run(&mut session, None, "verified");
    leave_cured(session, "the cache is ok", |screen| {
        let is_ok = |line: &str| line.contains("OK ") && line.contains("api cache");
        !screen.contains("cache api cache") && screen.lines().any(is_ok)
    });
}

#[test]
fn error_burst() {
    let mut session = incident("error-burst", "ERROR");
    card(&mut session, "restart api");
    run(&mut session, Some("api"), "verified");
    leave_cured(session, "hardly a request fails", |screen| {
        let share = |line: String| line.split('%').next()?.split_whitespace().last()?.parse::<f64>().ok();
        signal(screen, "api errors, 5s").and_then(share).is_some_and(|percent| percent < 1.0)
    });
}

#[test]
fn service_down() {
    let mut session = incident("service-down", "refused");
    session.wait_long("it is down for good", SHOWS, |seen| seen.shows("worker down"));
    card(&mut session, "restart worker");
    session.wait_until("the load, with its number", |seen| {
        let screen = seen.screen();
        let load = screen.split("load now: ").nth(1);
        load.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) && rest.contains("(deliveries pending)"))
    });
    run(&mut session, Some("worker"), "verified");
    session.send("\x1b");
    session.wait_gone("Before and after");
    session.wait_for("after-watch");
    session.press("8", "what happened");
    let screen = session.screen();
    let order = ["worker down", "the card of restart-worker", "started", "verified"];
    let found: Vec<usize> = order
        .iter()
        .map(|words| {
            let line = screen.lines().position(|line| line.contains(words) && line.contains("worker"));
            line.unwrap_or_else(|| panic!("{words:?} in\n{screen}"))
        })
        .collect();
    assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{found:?}\n{screen}");
    session.press("M", "mark:");
    session.send("it is up\r");
    session.wait_until("the mark", |seen| {
        seen.screen().lines().any(|line| line.contains("mark      mark") && line.contains("it is up"))
    });
    session.press("G\r", "mark mark");
    leave_text(session);
}

#[test]
fn backlog() {
    let mut session = incident("backlog", "queue: degraded");
    // What falls must have risen: the signal is read more rarely than health.
    session.wait_long("the signal past its threshold", SHOWS, |seen| {
        // What stands beside the pane is the log.
        let is_high = |line: &str| {
            let own = line.split("││").next().unwrap_or_default();
            let value = own.split_once("pending").and_then(|(_, rest)| rest.split_whitespace().next());
            own.contains("endpoint")
                && value.and_then(|value| value.parse().ok()).is_some_and(|value: f64| value > 1000.0)
        };
        seen.screen().lines().any(is_high)
    });
    card(&mut session, "retry pending deliveries");
    session.wait_for("as counted for this card");
    session.wait_for("What it touches: 2");
    run(&mut session, Some("api"), "verified");
    leave_cured(session, "the queue is short", |screen| {
        signal(screen, "pending").is_some_and(|line| line.contains("OK ") && !screen.contains("queue: degraded"))
    });
}
