//! The vocabulary: which words say that something works, limps or fails. A word that is not listed is unknown.

use crate::domain::Verdict;

use super::fold::Folded;

/// What a listed word means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Works.
    Healthy,
    /// Works, with a part failing.
    Degraded,
    /// Does not work.
    Unhealthy,
    /// On its way up.
    Starting,
    /// Taken out on purpose.
    Maintenance,
}

impl Meaning {
    /// On the one scale. What starts or is being maintained is not as it should be, and not failing either.
    #[must_use]
    pub fn verdict(self) -> Verdict {
        match self {
            Meaning::Healthy => Verdict::Ok,
            Meaning::Degraded | Meaning::Starting | Meaning::Maintenance => Verdict::Degraded,
            Meaning::Unhealthy => Verdict::Down,
        }
    }
}

/// A word as it is compared: trimmed, without a final stop, folded.
#[must_use]
pub fn folded(text: &str) -> Folded {
    let text = text.trim();
    Folded::of(text.strip_suffix(['.', '!']).unwrap_or(text))
}

/// What a word means; `None` for a word that is not listed.
#[must_use]
pub fn meaning(word: &str) -> Option<Meaning> {
    let listed = match folded(word).as_str() {
        "ok" | "okay" | "up" | "healthy" | "pass" | "passed" | "passing" | "success" | "successful" | "succeeded"
        | "ready" | "alive" | "live" | "running" | "available" | "online" | "connected" | "reachable" | "active"
        | "good" | "green" | "normal" | "operational" | "serving" | "pong" | "true" | "yes" | "fine" | "accessible"
        | "started" | "working" | "functional" => Meaning::Healthy,
        "degraded" | "warn" | "warning" | "partial" | "partiallyhealthy" | "partiallydegraded" | "impaired"
        | "unstable" | "yellow" | "limited" | "slow" => Meaning::Degraded,
        "unhealthy" | "down" | "fail" | "failed" | "failing" | "failure" | "error" | "errored" | "critical"
        | "fatal" | "dead" | "offline" | "unavailable" | "unreachable" | "disconnected" | "notready" | "notok"
        | "nothealthy" | "notconnected" | "notreachable" | "notavailable" | "notrunning" | "notserving" | "stopped"
        | "stopping" | "shuttingdown" | "shutdown" | "outofservice" | "broken" | "red" | "bad" | "crashed"
        | "timeout" | "timedout" | "refused" | "inaccessible" | "false" | "inactive" => Meaning::Unhealthy,
        "starting" | "startup" | "startingup" | "initializing" | "initialising" | "booting" | "warmingup"
        | "pending" | "loading" => Meaning::Starting,
        "maintenance" | "undermaintenance" | "inmaintenance" | "maintenancemode" => Meaning::Maintenance,
        _ => return None,
    };
    Some(listed)
}

/// The verdict of a word that must be one; unlisted is unknown. A bad word may go on after a colon, as in
/// `unhealthy: connection refused`; a good one may not, since what follows could take it back.
#[must_use]
pub fn verdict(word: &str) -> Verdict {
    let bad_head = || {
        let (head, _) = word.split_once(':')?;
        meaning(head).map(Meaning::verdict).filter(|v| *v != Verdict::Ok)
    };
    meaning(word).map(Meaning::verdict).or_else(bad_head).unwrap_or(Verdict::Unknown)
}

/// What a text means that stands for a boolean.
#[must_use]
pub fn switch(text: &str) -> Option<bool> {
    match folded(text).as_str() {
        "true" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// Whether the first word, or the first two, say that something does not work: `FAILED_TO_CONNECT`.
#[must_use]
pub fn begins_badly(text: &str) -> bool {
    let mut parts = text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    let (Some(first), second) = (parts.next(), parts.next().unwrap_or("")) else { return false };
    is_bad(first) || (first.eq_ignore_ascii_case("not") && is_bad(&format!("{first}{second}")))
}

fn is_bad(word: &str) -> bool {
    meaning(word) == Some(Meaning::Unhealthy)
}

/// The verdict of a sentence about a part that begins with a bad word: `error: connection refused`, `failed to
/// connect`, `not connected (timeout)`. A figure (`errors: 0`, `error rate 0.1`) and a name (`Red Hat`) are none.
#[must_use]
pub fn bad_beginning(text: &str) -> Option<Verdict> {
    /// Bad words that begin names, too.
    const NAMES: [&str; 4] = ["red", "yellow", "bad", "dead"];
    /// What makes a bad word the name of a figure or a setting.
    const NOUNS: [&str; 14] = [
        "rate",
        "rates",
        "ratio",
        "count",
        "counts",
        "budget",
        "jobs",
        "log",
        "logs",
        "free",
        "threshold",
        "over",
        "fast",
        "safe",
    ];
    const NOTHING: [&str; 5] = ["", "0", "none", "no", "0%"];
    let ends = |c: char| c.is_whitespace() || matches!(c, ':' | ';' | ',' | '(');
    let text = text.trim();
    let (first, rest) = text.split_at(text.find(ends)?);
    let says = |rest: &str| {
        let rest = rest.trim_start_matches(ends);
        let next = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("").to_ascii_lowercase();
        !NOTHING.contains(&rest.trim()) && !NOUNS.contains(&next.as_str())
    };
    if first.eq_ignore_ascii_case("not") {
        let rest = rest.trim_start();
        let second = rest.get(..rest.find(ends)?).unwrap_or("");
        return is_bad(&format!("not{second}")).then_some(Verdict::Down);
    }
    if NAMES.iter().any(|name| first.eq_ignore_ascii_case(name)) || !says(rest) {
        return None;
    }
    match meaning(first)? {
        Meaning::Unhealthy => Some(Verdict::Down),
        // In the middle of a sentence such a word may describe anything: `limited edition`.
        Meaning::Degraded | Meaning::Starting if rest.starts_with(':') => Some(Verdict::Degraded),
        _ => None,
    }
}

/// The verdict of a number that stands where a word should: an HTTP status, or nothing known.
#[must_use]
pub fn number_verdict(number: f64) -> Verdict {
    if (200.0..300.0).contains(&number) {
        Verdict::Ok
    } else if (400.0..600.0).contains(&number) {
        Verdict::Down
    } else {
        Verdict::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded() {
        for word in ["Out Of Service", "out_of_service", "OUT-OF-SERVICE", " not ready\n", "Unhealthy", "shutting_down"]
        {
            assert_eq!(verdict(word), Verdict::Down, "{word}");
        }
        for word in ["OK", "Healthy", "pass", "UP", "connected", "ok!"] {
            assert_eq!(verdict(word), Verdict::Ok, "{word}");
        }
        assert_eq!(meaning("WARN"), Some(Meaning::Degraded));
        assert_eq!(meaning("initializing"), Some(Meaning::Starting));
        assert_eq!(meaning("maintenance"), Some(Meaning::Maintenance));
    }

    #[test]
    fn only_bad_words_may_go_on() {
        assert_eq!(verdict("unhealthy: connection refused"), Verdict::Down);
        assert_eq!(verdict("warning: disk at 91 %"), Verdict::Degraded);
        assert_eq!(verdict("ok: but no route to the primary"), Verdict::Unknown);
    }

    #[test]
    fn sentences_that_begin_badly() {
        for bad in ["error: connection refused", "failed to connect", "Not connected (timeout)", "down since 10:00"] {
            assert_eq!(bad_beginning(bad), Some(Verdict::Down), "{bad}");
        }
        assert_eq!(bad_beginning("warning: disk at 91 %"), Some(Verdict::Degraded));
        for other in [
            "error.log",
            "failed: 0",
            "error rate 0.1",
            "errors: none",
            "Red Hat Enterprise Linux",
            "limited edition",
            "ok: fine",
            "no errors at all",
            "fail-fast please",
            "",
        ] {
            assert_eq!(bad_beginning(other), None, "{other}");
        }
        assert!(begins_badly("FAILED_TO_CONNECT") && begins_badly("not ready yet"));
        assert!(!begins_badly("notable") && !begins_badly("leader") && !begins_badly(""));
    }

    #[test]
    fn unlisted_is_unknown() {
        for word in ["", "banana", "UNKNOWN", "project-orchestrator", "n/a", &"ok".repeat(100)] {
            assert_eq!(verdict(word), Verdict::Unknown, "{word}");
        }
    }
}
