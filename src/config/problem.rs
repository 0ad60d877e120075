//! What is wrong with a configuration, in words: where, which key, what is allowed. And where a value came from.

use std::fmt;

use crate::domain::Safe;

/// The layers, from weakest to strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// Built in.
    Default,
    /// A profile, embedded or from the user's folder.
    Profile,
    /// The configuration file.
    File,
    /// Environment variables, and `.env` for loopback.
    Environment,
    /// Arguments.
    CommandLine,
    /// The policy of a shared folder: it only tightens what the others give.
    Policy,
}

impl Layer {
    /// The word in `config show`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Layer::Default => "default",
            Layer::Profile => "profile",
            Layer::File => "file",
            Layer::Environment => "environment",
            Layer::CommandLine => "command line",
            Layer::Policy => "policy",
        }
    }
}

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which layer.
    pub layer: Layer,
    /// File, variable or flag.
    pub origin: Safe,
    /// Line in the file, from 1.
    pub line: Option<usize>,
}

impl Place {
    /// A place without lines: a variable or a flag.
    #[must_use]
    pub fn of(layer: Layer, origin: &str) -> Place {
        Place { layer, origin: Safe::of(origin), line: None }
    }

    /// The same source at another line.
    #[must_use]
    pub fn at(&self, line: usize) -> Place {
        Place { line: Some(line), ..self.clone() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.origin),
            None => write!(f, "{}", self.origin),
        }
    }
}

/// One thing that is wrong. A configuration is refused with all of them at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it is written.
    pub place: Place,
    /// Which key, such as `service "api".interval`; empty when the text is no TOML at all.
    pub key: Safe,
    /// What is wrong, what is allowed, the nearest right name.
    pub words: Safe,
}

impl Problem {
    /// A problem at a place.
    #[must_use]
    pub fn new(place: &Place, key: impl AsRef<str>, words: impl AsRef<str>) -> Problem {
        Problem { place: place.clone(), key: Safe::of(key), words: Safe::of(words) }
    }

    /// `file:line: key: words`.
    #[must_use]
    pub fn line(&self) -> Safe {
        if self.key.as_str().is_empty() {
            Safe::of(format!("{}: {}", self.place, self.words))
        } else {
            Safe::of(format!("{}: {}: {}", self.place, self.key, self.words))
        }
    }
}

/// Sorts problems by layer, source and line, and drops repeats.
#[must_use]
pub fn in_order(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by(|a, b| {
        let rank = |p: &Problem| (p.place.layer, p.place.origin.clone(), p.place.line);
        rank(a).cmp(&rank(b))
    });
    problems.dedup();
    problems
}
