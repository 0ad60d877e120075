//! How an action can end. Unknown is an outcome, and success is only what fresh evidence shows.

use std::fmt;

/// The end of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Fresh evidence shows what was wanted.
    Verified,
    /// All steps were done and the evidence does not show it.
    NotVerified,
    /// A step failed; its words say whether it may have had an effect all the same.
    Failed,
    /// It ran out of time before it had an effect.
    TimedOut,
    /// A person stopped it.
    Cancelled,
    /// Whether it had its effect is not known.
    Unknown,
    /// A guard refused it: it had no effect.
    Refused,
    /// All steps were done and the evidence shows the opposite of what was wanted.
    Worse,
}

impl Outcome {
    /// All.
    pub const ALL: [Outcome; 8] = [
        Outcome::Verified,
        Outcome::NotVerified,
        Outcome::Failed,
        Outcome::TimedOut,
        Outcome::Cancelled,
        Outcome::Unknown,
        Outcome::Refused,
        Outcome::Worse,
    ];

    /// The word of screen and audit.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Verified => "verified",
            Outcome::NotVerified => "not verified",
            Outcome::Failed => "failed",
            Outcome::TimedOut => "timed out",
            Outcome::Cancelled => "cancelled",
            Outcome::Unknown => "unknown",
            Outcome::Refused => "refused",
            Outcome::Worse => "worse",
        }
    }

    /// The outcome of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|outcome| outcome.word() == word)
    }

    /// Exit status of `quarterdeck run`.
    #[must_use]
    pub fn exit_status(self) -> u8 {
        match self {
            Outcome::Verified => 0,
            Outcome::Refused => 10,
            Outcome::Failed | Outcome::TimedOut | Outcome::Cancelled => 11,
            Outcome::NotVerified | Outcome::Worse => 12,
            Outcome::Unknown => 13,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
