//! What happened when, in one list: changes of what is watched, actions, marks, and what the audit tells of other operators
//! and earlier times. Bounded; what had to go is counted. It keeps, and puts in order: the words come from those who saw it.

pub mod changes;
pub mod happening;
pub mod records;

use std::collections::VecDeque;

use chrono::{DateTime, Utc};

use crate::app::document::Document;
use crate::app::table::{RowKey, Tone};
use crate::domain::{Moment, Safe};

pub use happening::{Happening, Kind};

/// What this program saw; the oldest goes.
pub const OWN: usize = 2000;
/// What the audit told of others and of earlier times; the oldest goes.
pub const TOLD: usize = 1000;

/// Actions without an end that are kept.
const UNFINISHED: usize = 100;

/// The list.
#[derive(Debug, Default)]
pub struct Timeline {
    own: VecDeque<Happening>,
    told: Vec<Happening>,
    next: u64,
    /// Of our own that had to go.
    pub dropped: u64,
    /// What reading the audit came to; `None` before it was read.
    pub reading: Option<Reading>,
    /// Actions whose end nobody knows, in words: they stand first.
    pub unfinished: Vec<Safe>,
}

/// What reading the audit came to, beside its records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Files that could not be read, and why.
    pub unreadable: Vec<Safe>,
    /// Lines that are no records, or not as they were written.
    pub bad: usize,
    /// There are older records than those that were read.
    pub left_out: bool,
}

/// What the audit's folder told.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Its records, in any order.
    pub happenings: Vec<Happening>,
    /// What reading came to.
    pub reading: Reading,
    /// Actions whose program is gone and whose end nobody recorded.
    pub unfinished: Vec<Safe>,
}

impl Timeline {
    /// Something happened now, or at a moment that lies a little back.
    pub fn push(&mut self, at: Moment, draft: Draft) {
        if self.own.len() >= OWN {
            self.own.pop_front();
            self.dropped += 1;
        }
        self.next += 1;
        let key = RowKey::Index(usize::try_from(self.next).unwrap_or(usize::MAX));
        // Only a mark may lie back, by the time that its words took.
        let after = self.own.iter().rev().take_while(|known| known.at > at.wall && draft.kind == Kind::Mark).count();
        self.own.insert(self.own.len() - after, draft.at(key, at.wall));
    }

    /// The audit was read, the whole of what it tells: what was told before gives way. Gives the actions without an end.
    #[must_use]
    pub fn tell(&mut self, history: History) -> Vec<Safe> {
        let History { mut happenings, mut reading, unfinished } = history;
        happenings.sort_by_key(|happening| happening.at);
        let surplus = happenings.len().saturating_sub(TOLD);
        happenings.drain(..surplus);
        reading.left_out |= surplus > 0;
        self.told = happenings;
        self.reading = Some(reading);
        unfinished
    }

    /// An action whose end nobody knows; whether that is new.
    pub fn lost(&mut self, run: &Safe) -> bool {
        let new = !self.unfinished.contains(run) && self.unfinished.len() < UNFINISHED;
        if new {
            self.unfinished.push(run.clone());
        }
        new
    }

    /// All of it up to a moment, the newest last. Our own stay in the order in which they were seen, also where the wall
    /// clock stepped; the others stand between them by it.
    #[must_use]
    pub fn shown(&self, until: Option<DateTime<Utc>>) -> Vec<&Happening> {
        let mut told = self.told.iter().peekable();
        let mut all = Vec::with_capacity(self.own.len() + self.told.len());
        for own in &self.own {
            while let Some(other) = told.next_if(|other| other.at <= own.at) {
                all.push(other);
            }
            all.push(own);
        }
        all.extend(told);
        if let Some(until) = until {
            all.retain(|happening| happening.at <= until);
        }
        all
    }

    /// The one with this key.
    #[must_use]
    pub fn find(&self, key: &RowKey) -> Option<&Happening> {
        self.own.iter().rev().chain(&self.told).find(|happening| happening.key == *key)
    }

    /// Whether nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.own.is_empty() && self.told.is_empty()
    }
}

/// A happening before it has its place.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it is of.
    pub kind: Kind,
    /// How it stands, in a word.
    pub word: Safe,
    /// What that means.
    pub tone: Tone,
    /// What happened.
    pub what: Safe,
    /// By whom.
    pub who: Safe,
    /// Everything else there is to say.
    pub detail: Option<Document>,
}

impl Draft {
    /// Of a kind, with a word.
    #[must_use]
    pub fn new(kind: Kind, word: impl Into<Safe>, tone: Tone, what: impl Into<Safe>) -> Draft {
        Draft { kind, word: word.into(), tone, what: what.into(), who: Safe::default(), detail: None }
    }

    /// By somebody.
    #[must_use]
    pub fn by(self, who: impl Into<Safe>) -> Draft {
        Draft { who: who.into(), ..self }
    }

    /// With its place and its time.
    #[must_use]
    pub fn at(self, key: RowKey, at: DateTime<Utc>) -> Happening {
        let Draft { kind, word, tone, what, who, detail } = self;
        Happening { key, at, kind, word, tone, what, who, detail: detail.map(Box::new) }
    }
}

#[cfg(test)]
mod tests;
