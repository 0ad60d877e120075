//! What a person looks at on the page of metrics: the series that were found, and the course of one. Asked of the engine, one
//! question of a kind at a time; an answer to an old question is thrown away.

use std::time::Duration;

use crate::domain::{Moment, Safe};
use crate::engine::output::{Answer, SeriesTold};
use crate::engine::{Output, Question};
use crate::metrics::labels::Labels;

/// Most series that are listed.
pub const MOST: usize = 300;
/// Over how long a course is shown, as far as samples are kept: the one that was chosen, else the first that is longer than
/// there was somebody to watch, at most the usual one.
const SPANS: [Duration; 9] = [
    Duration::from_mins(2),
    Duration::from_mins(5),
    Duration::from_mins(15),
    USUAL,
    Duration::from_hours(1),
    Duration::from_hours(2),
    Duration::from_hours(6),
    Duration::from_hours(12),
    Duration::from_hours(24),
];
/// The longest that is shown unasked.
const USUAL: Duration = Duration::from_mins(30);
/// An answer that is not there by then was lost.
const LOST: Duration = Duration::from_secs(10);

/// One kind of question, and its answer.
#[derive(Clone, Debug, Default)]
pub struct Asked<A> {
    /// The question that waits: its number, and since when.
    waits: Option<(u64, Moment)>,
    /// The last answer or why there was none, and when it came.
    pub answer: Option<(Result<A, Safe>, Moment)>,
    /// It is to be asked anew as soon as the answer is there.
    again: bool,
}

impl<A> Asked<A> {
    /// Whether it may be asked now; where it waits it is asked after the answer.
    fn may(&mut self, now: Moment) -> bool {
        let waits = self.waits.is_some_and(|(_, since)| now.since(since) < LOST);
        self.again |= waits;
        !waits
    }

    fn is_old(&self, now: Moment, pause: Duration) -> bool {
        self.answer.as_ref().is_none_or(|(_, at)| now.since(*at) >= pause)
    }
}

/// Series that were found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The first of them.
    pub series: Vec<SeriesTold>,
    /// How many there are.
    pub in_all: usize,
}

/// The course of one series.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// A value per point, the oldest first; `None` is a gap.
    pub values: Vec<Option<f64>>,
    /// Between two points.
    pub step: Duration,
    /// Over how long.
    pub span: Duration,
    /// Whether they are a counter's rates per second.
    pub rates: bool,
}

/// What is looked at.
#[derive(Clone, Debug, Default)]
pub struct SeriesView {
    /// Series by words.
    pub found: Asked<Found>,
    /// Whose course is shown.
    pub chosen: Option<Labels>,
    /// That course.
    pub course: Asked<Course>,
    /// Over how long it was asked for.
    span: Duration,
    /// Over how long a person wants it.
    wanted: Option<Duration>,
}

/// How long there is something to show.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// So long there has been somebody to watch.
    pub watched: Duration,
    /// So long samples are kept.
    pub kept: Duration,
}

impl Known {
    /// What can be shown, the shortest first; the longest is the first that holds all that is kept.
    fn spans(self) -> impl Iterator<Item = Duration> {
        let fitting = SPANS.iter().filter(|span| **span < self.kept).count();
        SPANS.into_iter().take(fitting + 1)
    }

    fn usual(self) -> Duration {
        let [shortest, ..] = SPANS;
        let watched = self.watched.min(USUAL);
        self.spans().find(|span| *span >= watched).or(self.spans().last()).unwrap_or(shortest)
    }
}

impl SeriesView {
    /// Looks for series; none where that is asked already.
    pub fn find(&mut self, words: &str, id: u64, now: Moment) -> Option<(u64, Question)> {
        if !self.found.may(now) {
            return None;
        }
        (self.found.waits, self.found.again) = (Some((id, now)), false);
        Some((id, Question::Find { words: words.to_owned(), most: MOST }))
    }

    /// A longer course than the one that is shown, or a shorter one: over how long it is wanted now.
    pub fn stretch(&mut self, longer: bool, known: Known) -> Duration {
        let shown = self.wanted.unwrap_or(known.usual());
        let next = if longer {
            known.spans().find(|span| *span > shown)
        } else {
            known.spans().take_while(|span| *span < shown).last()
        };
        *self.wanted.insert(next.unwrap_or(shown))
    }

    /// Asks for the course of what is chosen.
    pub fn follow(&mut self, points: usize, known: Known, id: u64, now: Moment) -> Option<(u64, Question)> {
        let series = self.chosen.clone()?;
        if !self.course.may(now) {
            return None;
        }
        (self.course.waits, self.course.again) = (Some((id, now)), false);
        self.span = self.wanted.unwrap_or(known.usual());
        Some((id, Question::Course { series, span: self.span, points }))
    }

    /// Chooses a series; what was known of another is no answer.
    pub fn choose(&mut self, series: Option<Labels>) {
        if self.chosen != series {
            self.chosen = series;
            self.course = Asked { answer: None, ..std::mem::take(&mut self.course) };
            self.course.waits = None;
        }
    }

    /// Whether what is shown should be asked anew, where that is done so often.
    #[must_use]
    pub fn is_old(&self, now: Moment, pause: Duration) -> (bool, bool) {
        (self.found.is_old(now, pause), self.chosen.is_some() && self.course.is_old(now, pause))
    }

    /// Takes an answer; which of both is to be asked anew because something else was wanted meanwhile.
    pub fn take(&mut self, output: &Output, now: Moment) -> (bool, bool) {
        let Output::Answered { id, answer } = output else { return (false, false) };
        if self.found.waits.is_some_and(|(waited, _)| waited == *id) {
            self.found.waits = None;
            let found = match answer {
                Ok(Answer::Found { series, in_all }) => Ok(Found { series: series.clone(), in_all: *in_all }),
                Ok(Answer::Courses { .. } | Answer::Names { .. }) => return (false, false),
                Err(why) => Err(why.clone()),
            };
            self.found.answer = Some((found, now));
            return (self.found.again, false);
        }
        if self.course.waits.is_some_and(|(waited, _)| waited == *id) {
            self.course.waits = None;
            let course = match answer {
                Ok(Answer::Courses { series, step, rates, .. }) => {
                    let values = series.first().map(|(_, values)| values.clone()).unwrap_or_default();
                    Ok(Course { values, step: *step, span: self.span, rates: *rates })
                }
                Ok(Answer::Found { .. } | Answer::Names { .. }) => return (false, false),
                Err(why) => Err(why.clone()),
            };
            self.course.answer = Some((course, now));
            return (false, self.course.again);
        }
        (false, false)
    }
}
