//! How dangerous an action is. What nobody classified is of the highest level.

use std::fmt;

/// Levels of danger, the mildest first. Each asks for more consent than the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Looks only.
    L0,
    /// Safe and repeatable.
    L1,
    /// Disrupts, and can be recovered from.
    L2,
    /// Destroys. Also whatever nobody classified.
    #[default]
    L3,
}

impl Level {
    /// All, the mildest first.
    pub const ALL: [Level; 4] = [Level::L0, Level::L1, Level::L2, Level::L3];

    /// As configuration, screen and audit write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Level::L0 => "L0",
            Level::L1 => "L1",
            Level::L2 => "L2",
            Level::L3 => "L3",
        }
    }

    /// What it means, in words.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Level::L0 => "looks only",
            Level::L1 => "safe and repeatable",
            Level::L2 => "disrupts, can be recovered from",
            Level::L3 => "destroys",
        }
    }

    /// Reads the word; any other is the highest level.
    #[must_use]
    pub fn parse(word: &str) -> Level {
        Level::ALL.into_iter().find(|level| level.word() == word).unwrap_or_default()
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_classified_destroys() {
        assert_eq!(Level::default(), Level::L3);
        for word in ["", "l1", "L4", "observe"] {
            assert_eq!(Level::parse(word), Level::L3, "{word:?}");
        }
        assert_eq!(Level::parse("L1"), Level::L1);
    }
}
