//! Runs that have an intent and no end: either they are still going on, or nobody knows what became of them.

use crate::domain::Safe;

use super::entry::{AuditEvent, Entry};
use super::record::{Record, Writer};
use super::value::Value;

/// A run without an end.
#[derive(Clone, Debug, PartialEq)]
pub struct Unfinished {
    /// Which.
    pub run: Safe,
    /// Number of its intent.
    pub seq: u64,
    /// When the intent was written, wall time.
    pub at: Safe,
    /// Who wrote it.
    pub writer: Writer,
    /// What the intent says.
    pub fields: Vec<(String, Value)>,
}

impl Unfinished {
    /// The record that ends it: nobody knows what became of it.
    #[must_use]
    pub fn recovered(&self) -> Entry {
        let kept = ["action", "target", "digest"];
        let entry = Entry::new(AuditEvent::Recovered, self.run.clone())
            .with("outcome", "unknown")
            .with("intent_seq", self.seq)
            .with("intent_at", &self.at)
            .with("intent_pid", i64::from(self.writer.pid))
            .with("why", "the process that began it ended without recording an outcome");
        self.fields
            .iter()
            .filter(|(name, _)| kept.contains(&name.as_str()))
            .fold(entry, |entry, (name, value)| entry.with(name, value.clone()))
    }

    /// In one line, for people.
    #[must_use]
    pub fn words(&self) -> Safe {
        let who = &self.writer;
        Safe::of(format!("run {} of {} (pid {} on {}), begun {}", self.run, who.user, who.pid, who.host, self.at))
    }
}

/// Which runs are open after the records so far.
#[derive(Clone, Debug, Default)]
pub struct Runs(Vec<Unfinished>);

impl Runs {
    /// Takes a record into account.
    pub fn note(&mut self, record: &Record) {
        match record.event() {
            Some(AuditEvent::Intent) if !self.is_open(&record.run) => self.0.push(Unfinished {
                run: record.run.clone(),
                seq: record.seq,
                at: record.at.clone(),
                writer: record.writer.clone(),
                fields: record.fields.clone(),
            }),
            Some(event) if event.is_terminal() => self.0.retain(|open| open.run != record.run),
            _ => {}
        }
    }

    /// What is wrong with the order of a record: what belongs between an intent and its end stands outside of it.
    #[must_use]
    pub fn against(&self, record: &Record) -> Option<Safe> {
        let inner = matches!(record.event(), Some(AuditEvent::Outcome | AuditEvent::Step));
        let (seq, event, run) = (record.seq, &record.event, &record.run);
        let words = || Safe::of(format!("record {seq}: {event} of run {run}, of which no intent stands before it"));
        (inner && !self.is_open(run)).then(words)
    }

    /// Whether a run has an intent and no end.
    #[must_use]
    pub fn is_open(&self, run: &Safe) -> bool {
        self.0.iter().any(|open| open.run == *run)
    }

    /// How many are open.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The open ones, the oldest first.
    pub fn open(&self) -> impl Iterator<Item = &Unfinished> {
        self.0.iter()
    }
}
