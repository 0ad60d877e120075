//! How bad an alert is by its label `severity`: teams have many words for few classes. The word itself stays what the team
//! wrote; the class decides the verdict, the time in which somebody has to say that they saw it, and the order.

use crate::domain::Verdict;

/// The label that tells it.
pub const LABEL: &str = "severity";

/// The class, worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Said to be no trouble at all: a watchdog that always fires.
    Nothing,
    /// Worth a look some day.
    Info,
    /// Worth a look today; also where nothing is said, or a word that is not known.
    Warning,
    /// Somebody gets up for it.
    Critical,
}

impl Severity {
    /// By the label's value.
    #[must_use]
    pub fn of(word: &str) -> Severity {
        match word.trim().to_ascii_lowercase().as_str() {
            "none" => Severity::Nothing,
            "info" | "informational" | "notice" | "low" | "minor" | "debug" | "p2" | "p3" | "p4" | "sev3" | "sev4"
            | "sev5" => Severity::Info,
            "critical" | "crit" | "page" | "emergency" | "fatal" | "disaster" | "error" | "high" | "major" | "p0"
            | "sev0" | "sev1" => Severity::Critical,
            _ => Severity::Warning,
        }
    }

    /// What an alert of it says about the whole while it fires; none where it says nothing.
    #[must_use]
    pub fn firing(self) -> Option<Verdict> {
        match self {
            Severity::Critical => Some(Verdict::Down),
            Severity::Warning | Severity::Info => Some(Verdict::Degraded),
            Severity::Nothing => None,
        }
    }

    /// The same while it is pending: what may be worth a look some day is not yet.
    #[must_use]
    pub fn pending(self) -> Option<Verdict> {
        (self > Severity::Info).then_some(Verdict::Degraded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_a_warning_and_never_nothing() {
        for (word, class) in [
            ("critical", Severity::Critical),
            (" Page ", Severity::Critical),
            ("P0", Severity::Critical),
            ("P1", Severity::Warning),
            ("warning", Severity::Warning),
            ("", Severity::Warning),
            ("purple", Severity::Warning),
            ("info", Severity::Info),
            ("none", Severity::Nothing),
        ] {
            assert_eq!(Severity::of(word), class, "{word:?}");
        }
        assert!(Severity::Critical > Severity::Warning && Severity::Warning > Severity::Info);
        assert_eq!(Severity::Critical.firing(), Some(Verdict::Down));
        assert_eq!(Severity::Nothing.firing(), None);
        assert_eq!((Severity::Info.pending(), Severity::Warning.pending()), (None, Some(Verdict::Degraded)));
    }
}
