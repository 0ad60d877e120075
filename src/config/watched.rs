//! What can be watched, and in which words: the one table behind the grammar of signals. Alerts, proofs, preconditions and
//! waits are read by it; `config example`, the README and refusals are made from it.

mod rows;

pub use rows::{REFUSED, ROWS};

use super::resolved::OffKind;
use crate::domain::nearest;
use crate::domain::source::SourceKind;
use crate::remediation::measure::Measure;

/// A state, and the number that stands for it.
pub type State = (&'static str, u8);
/// How what is judged stands.
pub static VERDICTS: [State; 3] = [("ok", 0), ("degraded", 1), ("down", 3)];
/// Whether what is only read answers.
pub static ANSWERS: [State; 2] = [("ok", 0), ("down", 3)];
/// What a server is to others.
pub static ROLES: [State; 2] = [("primary", 0), ("replica", 1)];
/// Whether something is connected.
pub static LINKS: [State; 2] = [("up", 0), ("down", 1)];

/// What a name behind the words is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// A service.
    Service,
    /// A database.
    Database,
    /// A cache.
    Cache,
    /// A signal.
    Signal,
    /// A scraped target, or the service that it is about.
    Target,
    /// A log; without a name all of them, where that makes sense.
    Log,
    /// One of the field's own engines, which has no name.
    Engine(SourceKind),
}

impl Of {
    /// All, in the order of the documentation, with the words for each.
    pub const ALL: [(&'static [Of], &'static str); 7] = [
        (&[Of::Service], "of a service"),
        (&[Of::Target], "of a scraped target or its service, as the server counts it"),
        (&[Of::Database], "of a database"),
        (&[Of::Cache], "of a cache"),
        (&[Of::Signal], "of a signal"),
        (&[Of::Log], "of a log (lines, errors, warnings: without a name of all)"),
        (&[Of::Engine(SourceKind::Prometheus), Of::Engine(SourceKind::Alertmanager)], "of an engine"),
    ];

    /// The list of what is off that it belongs to.
    #[must_use]
    pub fn off_kind(self) -> Option<OffKind> {
        Some(match self {
            Of::Service => OffKind::Service,
            Of::Database => OffKind::Database,
            Of::Cache => OffKind::Cache,
            Of::Signal => OffKind::Signal,
            Of::Target => OffKind::Metrics,
            Of::Log => OffKind::Log,
            Of::Engine(_) => return None,
        })
    }
}

/// What stands behind the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A bound in this unit; `/s` and `/min` may stand behind it where that is its pace.
    Bound(&'static str, &'static str),
    /// A bound in percent, where the same words without `%` are a count.
    Share,
    /// A bound of time, also as an age.
    Lasting,
    /// An age alone.
    Age,
    /// A bound in the unit that its signal has.
    OwnUnit,
    /// One of these states.
    State(&'static [State]),
    /// The name of a child, and its state.
    Child,
    /// The number of a statement, and a bound in milliseconds.
    Statement,
}

impl Takes {
    /// The unit of its values.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            // How many a second or a minute is read with the figure; bytes are written as bytes.
            Takes::Bound("", per) => per,
            Takes::Bound(unit, _) => unit,
            Takes::Share => "%",
            Takes::Lasting | Takes::Age => "s",
            Takes::Statement => "ms",
            Takes::OwnUnit | Takes::State(_) | Takes::Child => "",
        }
    }

    /// Its states; none where it is a figure.
    #[must_use]
    pub fn states(self) -> &'static [State] {
        match self {
            Takes::State(states) => states,
            Takes::Child => &VERDICTS,
            _ => &[],
        }
    }
}

/// One thing that can be watched.
#[derive(Debug)]
pub struct Row {
    /// What it begins with.
    pub words: &'static str,
    /// Whose name follows.
    pub of: Of,
    /// What is measured, of the one at this place.
    pub measure: fn(usize) -> Measure,
    /// What it is called, before the name.
    pub what: &'static str,
    /// What follows the name.
    pub takes: Takes,
    /// Such a thing, behind the name.
    pub example: &'static str,
}

impl Row {
    /// The words with a name and an example: `cache NAME < 80 % for 10m`.
    #[must_use]
    pub fn shown(&self) -> String {
        match self.of {
            Of::Engine(_) => format!("{} {}", self.words, self.example),
            _ => format!("{} NAME {}", self.words, self.example),
        }
    }

    /// What stands behind its words, where a text begins with them.
    #[must_use]
    pub fn behind<'t>(&self, text: &'t str) -> Option<&'t str> {
        behind(text, self.words)
    }
}

/// What stands behind a beginning of whole words.
#[must_use]
pub fn behind<'t>(text: &'t str, beginning: &str) -> Option<&'t str> {
    let rest = text.strip_prefix(beginning)?;
    (rest.is_empty() || rest.starts_with(' ')).then(|| rest.trim())
}

/// The row of a measure.
#[must_use]
pub fn row_of(measure: &Measure) -> Option<&'static Row> {
    let at = at_of(measure);
    ROWS.iter().find(|row| match (measure, row.takes) {
        (Measure::Child(..), takes) => takes == Takes::Child,
        (Measure::Statement(..), takes) => takes == Takes::Statement,
        _ => (row.measure)(at) == *measure,
    })
}

/// The place in its list.
fn at_of(measure: &Measure) -> usize {
    use crate::remediation::measure::Told;
    match measure {
        Measure::Told(Told::LogLines(at) | Told::LogErrors(at) | Told::LogWarnings(at)) => at.unwrap_or(0),
        Measure::Told(Told::Log(at)) => *at,
        Measure::Told(told) => told.target().unwrap_or(0),
        measure => measure.source().map_or(0, |(_, at)| at),
    }
}

/// The lines of the documentation: whose, and all that can be watched of it.
pub fn lines() -> impl Iterator<Item = (&'static str, String)> {
    Of::ALL.into_iter().map(|(of, words)| {
        let rows = ROWS.iter().filter(|row| of.contains(&row.of)).map(Row::shown);
        (words, rows.collect::<Vec<_>>().join(", "))
    })
}

/// Why something is not watched under these words, and what to write instead: a known refusal, else the nearest words, else
/// all of them.
#[must_use]
pub fn refusal(words: &str) -> String {
    if let Some((refused, why)) = REFUSED.iter().find(|(refused, _)| behind(words, refused).is_some()) {
        return format!("{refused:?} is not watched by itself: {why}");
    }
    let known = || ROWS.iter().map(|row| row.words);
    let near = beginnings(words).find_map(|beginning| nearest::nearest(beginning, known()));
    if let Some(near) = near {
        let of = ROWS.iter().find(|row| row.words == near).map(Row::shown).unwrap_or_default();
        return format!("{words:?} begins with nothing that can be watched; did you mean {near:?}, as in {of}?");
    }
    let mut all: Vec<&str> = known().collect();
    all.dedup();
    format!("begins with one of these, and a name: {}", all.join(", "))
}

/// The first three words, the first two, the first.
fn beginnings(text: &str) -> impl Iterator<Item = &str> {
    let ends: Vec<usize> = text.match_indices(' ').map(|(at, _)| at).chain([text.len()]).take(3).collect();
    ends.into_iter().rev().filter_map(move |end| text.get(..end))
}
