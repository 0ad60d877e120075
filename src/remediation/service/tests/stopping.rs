//! How long a unit may take to stop, held against how long the order is waited for.

use std::time::Duration;

use super::*;
use crate::domain::figure;

fn told(stops: &str, deadline: u64) -> Option<String> {
    let shown = format!("LoadState=loaded\nActiveState=active\nSubState=running\nMainPID=7\nTimeoutStopUSec={stops}\n");
    let facts = systemd::read(shown.as_bytes()).unwrap();
    facts.outlasts(Duration::from_secs(deadline)).map(|words| words.to_string())
}

#[test]
fn what_may_outlast_the_order_is_told() {
    assert_eq!(told("1min 30s", 100), None);
    assert_eq!(told("2s 500ms", 3), None);
    let words = told("1min 30s", 60).unwrap();
    assert!(words.contains(" to stop") && words.contains("waited for 1m:"), "{words}");
    assert!(words.contains(&format!("given {} to", figure::span(Duration::from_secs(90)))), "{words}");
    assert!(told("1min 30s", 90).is_some(), "no time is left for it to start");
    assert!(told("2h", 60).is_some() && told("1.5s", 1).is_some() && told("500ms", 1).is_none());
    assert!(told("infinity", 3600).unwrap().contains("all the time it wants"));
    for unknown in ["", "soon", "5 parsecs", "1min x", "12", "-1s"] {
        assert_eq!(told(unknown, 1), None, "{unknown}");
    }
}
