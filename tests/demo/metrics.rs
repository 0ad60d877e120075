//! The sample's own metrics and alert rules on the dashboard: figures of the server beside those of the probe, page 9 alive, and
//! the rules judged while an incident comes.

use std::time::Duration;

use crate::pty::Start;

/// The sample is up, and its incident has come.
const SHOWS: Duration = Duration::from_secs(120);

#[test]
fn the_server_tells_its_own_figures_and_its_series_are_found() {
    let mut session = Start::new(&["demo", "--scenario", "pool-exhaustion"]).size(120, 40).run();
    session.wait_long("the server's own figures", SHOWS, |seen| {
        seen.screen().lines().any(|line| line.contains("api (server, ") && line.contains(" errors "))
    });
    session.send("9");
    session.wait_long("the target", SHOWS, |seen| {
        seen.screen().lines().any(|line| line.contains("OK") && line.contains("requests from http_request_du"))
    });
    session.send("/pool available\r");
    // All series stand there until the answer comes.
    session.wait_gone("cache_misses_total");
    session.wait_for("db_connection_pool_available");
    session.send("\r");
    session.wait_for("Chart db_connection_pool_available{");
    session.send("/\u{15}alerts pool exhausted\r");
    // The rule sees the pool run out, and what it says is a series like others.
    session.wait_long("the alert", SHOWS, |seen| {
        let screen = seen.screen();
        screen.lines().any(|line| line.contains("ALERTS ") && line.contains("DatabasePoolExhausted"))
    });
    session.send("\x03");
    assert_eq!(session.exit_code(), 0);
}
