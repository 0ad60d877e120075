//! What comes into the engine, as past facts and questions.

use std::time::Duration;

use super::settings::TargetSettings;
use crate::alerts::lifecycle::{Outcome, Saved};
use crate::domain::{Cause, Moment, Safe};
use crate::metrics::exposition::Format;
use crate::metrics::labels::Labels;

/// What happened, or what is asked.
#[derive(Debug)]
pub enum Input {
    /// A target was scraped.
    Scraped {
        /// Which, by its place.
        target: usize,
        /// When the attempt began: the time of its samples.
        begun: Moment,
        /// How long it took.
        took: Duration,
        /// The page, or why there is none.
        answer: Result<Body, Cause>,
    },
    /// The rules files were read, all of them: the name of each, and its text or why there is none.
    RulesRead(Vec<(String, Result<String, Safe>)>),
    /// What an earlier run kept of its alerts. Before the first evaluation.
    Restored(Saved),
    /// The time that [`super::Settings`] and the rules made due has come.
    TimePassed,
    /// A person asks; the answer bears the number.
    Asked {
        /// The number.
        id: u64,
        /// What.
        question: Question,
    },
    /// The server answered what it was to be asked for a cycle of rules, in the order of the questions.
    Judged {
        /// The number of the questions.
        id: u64,
        /// The answers.
        answers: Vec<Outcome>,
    },
    /// One more target, found while running: the next place is its.
    TargetFound(Box<TargetSettings>),
}

/// A page as it came.
#[derive(Clone, Debug)]
pub struct Body {
    /// Its bytes, decompressed.
    pub bytes: Vec<u8>,
    /// In which format.
    pub format: Format,
}

/// What can be asked of the store.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// Series by words: each word must occur in the name, in a label's name or in its value, whatever the case.
    Find {
        /// The words.
        words: String,
        /// At most so many.
        most: usize,
    },
    /// The course of one series: a counter as its rate.
    Course {
        /// Which.
        series: Labels,
        /// Over how long, up to now.
        span: Duration,
        /// In so many points.
        points: usize,
    },
    /// The course of an expression.
    Range {
        /// The expression.
        expr: String,
        /// Over how long, up to now.
        span: Duration,
        /// In so many points.
        points: usize,
        /// At most so many series.
        most: usize,
    },
    /// The names of all metrics that are there.
    Names {
        /// At most so many.
        most: usize,
    },
}
