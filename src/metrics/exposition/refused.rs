//! Why a page was refused, in words for people: a limit with the number that broke it, or a line and what was expected there.

use std::fmt;

use crate::domain::cause::Cause;
use crate::domain::safe::Safe;

/// A page that was not taken; nothing of it was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Past a limit.
    TooMany {
        /// Of what, in the plural.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
        /// The line, where it is one line's fault.
        line: Option<usize>,
    },
    /// A line that the format does not allow.
    Malformed {
        /// Its number, from 1.
        line: usize,
        /// What should stand there.
        expected: &'static str,
        /// The text from there on.
        found: Safe,
    },
}

/// Digits in groups of three, so that 90000 and 9000 are not mistaken for each other.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::TooMany { what, found, limit, line } => {
                if let Some(line) = line {
                    write!(f, "line {line}: ")?;
                }
                write!(f, "{} {what}, at most {}", grouped(*found), grouped(*limit))
            }
            Refused::Malformed { line, expected, found } if found.as_str().is_empty() => {
                write!(f, "line {line}: expected {expected}, got the end of the line")
            }
            Refused::Malformed { line, expected, found } => write!(f, "line {line}: expected {expected}, got {found}"),
        }
    }
}

impl From<Refused> for Cause {
    fn from(refused: Refused) -> Cause {
        let words = Safe::of(format!("metrics refused: {refused}"));
        match refused {
            // The page is as the format has it: more than is taken is no broken answer.
            Refused::TooMany { .. } => Cause::Other(words),
            Refused::Malformed { .. } => Cause::Protocol(words),
        }
    }
}
