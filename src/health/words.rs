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
    fn unlisted_is_unknown() {
        for word in ["", "banana", "UNKNOWN", "project-orchestrator", "n/a", &"ok".repeat(100)] {
            assert_eq!(verdict(word), Verdict::Unknown, "{word}");
        }
    }
}
