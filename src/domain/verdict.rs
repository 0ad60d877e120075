//! The one scale on which everything is judged, in `check`, on the screen and later in alerts.

use std::fmt;

/// Ordered from best to worst, so that `max` is "the worst of".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// As it should be.
    #[default]
    Ok,
    /// Works, but a figure is past its threshold or a part fails.
    Degraded,
    /// Not known: never shown as ok, never as zero.
    Unknown,
    /// Does not work.
    Down,
}

impl Verdict {
    /// All verdicts, worst first, as lists show them.
    pub const WORST_FIRST: [Verdict; 4] = [Verdict::Down, Verdict::Unknown, Verdict::Degraded, Verdict::Ok];

    /// The worst of several; `Ok` for none.
    #[must_use]
    pub fn worst(of: impl IntoIterator<Item = Verdict>) -> Verdict {
        of.into_iter().max().unwrap_or(Verdict::Ok)
    }

    /// The word used in JSON and sentences.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Degraded => "degraded",
            Verdict::Unknown => "unknown",
            Verdict::Down => "down",
        }
    }

    /// The four-column badge used in tables; told apart without colour.
    #[must_use]
    pub fn badge(self) -> &'static str {
        match self {
            Verdict::Ok => "OK",
            Verdict::Degraded => "DEGR",
            Verdict::Unknown => "UNKN",
            Verdict::Down => "DOWN",
        }
    }

    /// Exit status of `check`.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Verdict::Ok => 0,
            Verdict::Degraded => 1,
            Verdict::Down => 2,
            Verdict::Unknown => 3,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
