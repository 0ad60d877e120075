//! What proves an action, and what must hold before one: readings of what is watched anyway, each with the time at which
//! it was taken. A reading that is missing or older than wanted proves nothing.

use std::time::Duration;

use super::shown::Shown;
use crate::domain::signal::SignalValue;
use crate::domain::source::SourceKind;
use crate::domain::threshold::{Comparison, Threshold};
use crate::domain::{Moment, Safe, Verdict, figure};

/// Where the sessions of a pool are back, connections that were freed are taken again: that is seen so much later.
pub const POOLS_RECONNECT: Duration = Duration::from_secs(60);
/// That they were not taken again is seen within this.
pub const POOLS_SEEN: Duration = Duration::from_secs(30);

/// A figure that is watched anyway, by the place of its source in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Connections in use of a database.
    UsedSlots(usize),
    /// Share of the usable connections of a database that are in use, 0 to 1.
    UsedShare(usize),
    /// Sessions of a database that are blocked by others.
    Blocked(usize),
    /// Hit ratio of a cache over the time since the reading before, 0 to 1.
    HitRatio(usize),
    /// A signal.
    Signal(usize),
    /// Raw verdict of a service: 0 ok, 1 degraded, 2 unknown, 3 down.
    Service(usize),
    /// Objects of the card that are still as the card shows them, or keys of what is flushed; read by the action itself.
    ObjectsLeft,
    /// What the action is for, seen by itself: 1 when it is there, 0 when it is not.
    Result,
    /// Seconds for which the oldest idle transaction of a database has been idle; 0 without any.
    OldestIdleTransaction(usize),
    /// Milliseconds that the newest probe of a service took.
    Latency(usize),
    /// What a pane shows of a source, by its place.
    Shown(Shown, usize),
    /// Verdict of a child that the body of a service tells of, by its name: 0 ok, 1 degraded, 3 down.
    Child(usize, Safe),
    /// Milliseconds that a statement of a database took on average, by its query id.
    Statement(usize, i64),
    /// What a scraped target, a log or an engine tells by itself: alerts watch it, actions do not look at it.
    Told(Told),
}

impl Measure {
    /// Whether it is of the statements of a database, which are read at a pace of their own.
    #[must_use]
    pub fn is_of_statements(&self) -> bool {
        match self {
            Measure::Statement(..) => true,
            Measure::Shown(shown, _) => shown.is_of_statements(),
            _ => false,
        }
    }

    /// The source whose own figure it is, by kind and place.
    #[must_use]
    pub fn source(&self) -> Option<(SourceKind, usize)> {
        match self {
            Measure::UsedSlots(at)
            | Measure::UsedShare(at)
            | Measure::Blocked(at)
            | Measure::OldestIdleTransaction(at)
            | Measure::Statement(at, _) => Some((SourceKind::Database, *at)),
            Measure::HitRatio(at) => Some((SourceKind::Cache, *at)),
            Measure::Signal(at) => Some((SourceKind::Signal, *at)),
            Measure::Service(at) | Measure::Latency(at) | Measure::Child(at, _) => Some((SourceKind::Service, *at)),
            Measure::Shown(shown, at) => Some((shown.source(), *at)),
            Measure::ObjectsLeft | Measure::Result | Measure::Told(_) => None,
        }
    }
}

/// What is told of a target that is scraped, of a log or of an engine, by its place in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Told {
    /// Requests per second, as the server counts them.
    Requests(usize),
    /// The part of its requests that failed, 0 to 1.
    Errors(usize),
    /// Milliseconds within which so many of a hundred of its requests were answered: 50, 95 or 99.
    Percentile(usize, u8),
    /// How the newest scrape went, as a verdict: 0 ok, 3 down.
    Scrape(usize),
    /// Seconds since the last page that was taken in.
    ScrapeAge(usize),
    /// Lines per second of a log; of all logs without one.
    LogLines(Option<usize>),
    /// Errors of the last minute of a log; of all logs without one.
    LogErrors(Option<usize>),
    /// The same of its warnings.
    LogWarnings(Option<usize>),
    /// Whether a log can be read: 0 yes, 3 no.
    Log(usize),
    /// Ratio of cache hits as the server counts them, 0 to 1.
    CacheHits(usize),
    /// Samples of the newest page.
    Samples(usize),
    /// Those of them that were refused.
    RefusedSamples(usize),
    /// Bytes of the newest page.
    PageBytes(usize),
    /// Seconds that the newest scrape took.
    ScrapeTime(usize),
    /// How asking an engine goes: 0 it answers, 3 it does not.
    Engine(SourceKind),
    /// Seconds since it answered.
    EngineAge(SourceKind),
}

impl Told {
    /// The scraped target that tells it, by its place.
    #[must_use]
    pub fn target(self) -> Option<usize> {
        match self {
            Told::Requests(at)
            | Told::Errors(at)
            | Told::Percentile(at, _)
            | Told::Scrape(at)
            | Told::ScrapeAge(at)
            | Told::CacheHits(at)
            | Told::Samples(at)
            | Told::RefusedSamples(at)
            | Told::PageBytes(at)
            | Told::ScrapeTime(at) => Some(at),
            _ => None,
        }
    }
}

/// One reading of a measure.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Of what.
    pub measure: Measure,
    /// Value; `None` when the attempt to read it failed.
    pub value: Option<f64>,
    /// When the reading was begun: it says nothing about what happened after that.
    pub at: Moment,
    /// As a person reads it, such as `71.4 %`.
    pub words: Safe,
    /// By how much chance alone makes such a reading differ (its standard error, in the unit of the value): a share of some
    /// hundred look-ups is a sample. 0 for what was counted.
    pub chance: f64,
}

/// A share that moved by less, 0 to 1, did not move, however often it was asked for.
const LEAST_MOVE: f64 = 0.01;
/// So many standard errors of a difference. Readings are looked at one after the other until one passes, so each has to be
/// rare by itself: one in seven hundred goes further up by chance.
const ERRORS: f64 = 3.0;

impl Evidence {
    /// Whether two readings differ by more than chance makes them differ while nothing changes.
    #[must_use]
    pub fn is_beyond_chance(&self, other: &Evidence) -> bool {
        let (Some(one), Some(two)) = (self.value, other.value) else { return false };
        let error = self.chance.hypot(other.chance);
        error <= 0.0 || (one - two).abs() >= LEAST_MOVE.max(ERRORS * error)
    }
}

/// What must be seen of a measure.
#[derive(Clone, Debug, PartialEq)]
pub enum Expectation {
    /// Less than before the action.
    Fell,
    /// More than before the action.
    Rose,
    /// A threshold holds.
    Meets(Threshold),
    /// The raw verdict of a service is ok.
    Healthy,
    /// None is left.
    None,
    /// Less than this share of what it was before: what fills again at once is never seen empty.
    FellTo(f64),
    /// It is there.
    Seen,
    /// The raw verdict of a service is down.
    Down,
    /// The raw verdict of a service is known and not ok.
    Unwell,
    /// A state is the one of this number, which has this word.
    Is(u8, &'static str),
}

impl Expectation {
    /// Whether it compares a reading with the one before the action.
    #[must_use]
    pub fn compares(&self) -> bool {
        matches!(self, Expectation::Fell | Expectation::Rose)
    }

    /// Whether a value is what is expected, against the one before; `None` when that cannot be said.
    #[must_use]
    pub fn holds(&self, value: f64, before: Option<f64>, now: Moment) -> Option<bool> {
        if value.is_nan() {
            return None;
        }
        match self {
            Expectation::Fell => before.map(|before| value < before),
            Expectation::Rose => before.map(|before| value > before),
            Expectation::Meets(threshold) => threshold.holds(&SignalValue::Number(value), now),
            Expectation::Healthy => Some(value == f64::from(Verdict::Ok as u8)),
            Expectation::None => Some(value == 0.0),
            Expectation::FellTo(share) => before.map(|before| value == 0.0 || value < before * share),
            Expectation::Seen => Some(value > 0.0),
            Expectation::Down => Some(value == f64::from(Verdict::Down as u8)),
            Expectation::Unwell => Some(value != f64::from(Verdict::Ok as u8)),
            Expectation::Is(state, _) => Some(value == f64::from(*state)),
        }
    }

    /// Whether a value that lies between these two is what is expected, whichever it is; `None` when that cannot be said.
    #[must_use]
    pub fn holds_between(&self, least: f64, most: f64, now: Moment) -> Option<bool> {
        let rises_or_falls = match self {
            Expectation::Meets(threshold) => !matches!(threshold.comparison, Comparison::Equal | Comparison::NotEqual),
            // The worst state, and every one but the best.
            Expectation::Down | Expectation::Unwell => true,
            _ => false,
        };
        let one = self.holds(least, None, now)?;
        let other = self.holds(most, None, now)?;
        (rises_or_falls && one == other).then_some(one)
    }

    /// In words, after the name of the measure.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Expectation::Fell => "falls".to_owned(),
            Expectation::Rose => "rises".to_owned(),
            Expectation::Meets(threshold) => format!("is {threshold}"),
            Expectation::Healthy => "is ok".to_owned(),
            Expectation::None => "is gone".to_owned(),
            Expectation::FellTo(share) => format!("falls under {} of what it was", figure::percent(*share)),
            Expectation::Seen => "is seen".to_owned(),
            Expectation::Down => "is down".to_owned(),
            Expectation::Unwell => "is not ok".to_owned(),
            Expectation::Is(_, word) => format!("is {word}"),
        }
    }

    /// The same as what has to be: after one thing and after many.
    #[must_use]
    pub fn demand(&self) -> String {
        match self {
            Expectation::Fell => "must fall".to_owned(),
            Expectation::Rose => "must rise".to_owned(),
            Expectation::FellTo(share) => format!("must fall under {} of what it was", figure::percent(*share)),
            _ => self.words().replacen("is ", "must be ", 1),
        }
    }

    /// The same as what was seen.
    #[must_use]
    pub fn seen(&self) -> String {
        match self {
            Expectation::Fell => "fell".to_owned(),
            Expectation::Rose => "rose".to_owned(),
            Expectation::Meets(threshold) => threshold.to_string(),
            Expectation::Healthy => "ok".to_owned(),
            Expectation::None => "gone".to_owned(),
            Expectation::FellTo(share) => format!("fell under {} of what it was", figure::percent(*share)),
            Expectation::Seen => "there".to_owned(),
            Expectation::Down => "down".to_owned(),
            Expectation::Unwell => "not ok".to_owned(),
            Expectation::Is(_, word) => (*word).to_owned(),
        }
    }
}

/// One thing that is to be proved.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Of what.
    pub measure: Measure,
    /// What must be seen.
    pub expect: Expectation,
    /// What is measured, in words: `connections in use of main`.
    pub name: Safe,
}

/// How success is shown: every trial passes in readings that were begun after the effect.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// All of them must pass.
    pub trials: Vec<Trial>,
    /// Readings count from so long after the effect on.
    pub settle: Duration,
    /// They pass within this after the effect, or it is not verified.
    pub within: Duration,
    /// They pass without a break for so long.
    pub stable: Duration,
}

/// What must hold before an action starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Precondition {
    /// Of what.
    pub measure: Measure,
    /// What must hold now.
    pub threshold: Threshold,
    /// A reading counts for so long.
    pub fresh: Duration,
    /// What is measured, in words.
    pub name: Safe,
}
