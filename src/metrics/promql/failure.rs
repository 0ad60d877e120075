//! Why an expression is not evaluated: refused when it is compiled, or failed while it ran. Both say it in words for people.

use std::fmt;

use crate::domain::Safe;

/// Why an expression is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is no valid PromQL.
    Invalid(Safe),
    /// Valid, but it holds a construct that is not evaluated here; its name.
    Outside(Safe),
}

impl Refused {
    pub(super) fn invalid(words: impl AsRef<str>) -> Refused {
        Refused::Invalid(Safe::of(words))
    }

    pub(super) fn outside(construct: impl AsRef<str>) -> Refused {
        Refused::Outside(Safe::of(construct))
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Invalid(words) => write!(out, "not valid PromQL: {words}"),
            Refused::Outside(construct) => write!(out, "{construct} is not evaluated here"),
        }
    }
}

/// Why an evaluation has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failed {
    /// The data do not allow it: ambiguous matches, duplicate label sets, bad parameters.
    Data(Safe),
    /// It would go beyond a bound; which.
    TooMuch(Safe),
}

impl Failed {
    pub(super) fn data(words: impl AsRef<str>) -> Failed {
        Failed::Data(Safe::of(words))
    }

    pub(super) fn too_much(words: impl AsRef<str>) -> Failed {
        Failed::TooMuch(Safe::of(words))
    }

    pub(super) fn same_labels() -> Failed {
        Failed::data("vector cannot contain metrics with the same labelset")
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failed::Data(words) | Failed::TooMuch(words) => out.write_str(words.as_str()),
        }
    }
}
