//! What is watched: the environment it belongs to and how we came to know it.

use std::fmt;

/// How careful one has to be. Ordered from most lenient to strictest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Environment {
    /// On this machine, over loopback.
    Local,
    /// A development system.
    Dev,
    /// A system that only resembles production.
    Staging,
    /// Real users. Also what nobody declared.
    Production,
}

impl Environment {
    /// The upper-case word in the header.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Environment::Local => "LOCAL",
            Environment::Dev => "DEV",
            Environment::Staging => "STAGING",
            Environment::Production => "PRODUCTION",
        }
    }

    /// Reads the configuration's word; `None` for a word that is not one of ours.
    #[must_use]
    pub fn parse(word: &str) -> Option<Environment> {
        match word.to_ascii_lowercase().as_str() {
            "local" => Some(Environment::Local),
            "dev" | "development" | "test" => Some(Environment::Dev),
            "staging" | "stage" => Some(Environment::Staging),
            "production" | "prod" => Some(Environment::Production),
            _ => None,
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How a target came to be watched. What was only discovered can be watched, not acted on, unless on loopback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// Written in a configuration file or profile, or named on the command line.
    Configured,
    /// Found by looking at a bare origin or the environment.
    Discovered,
}
