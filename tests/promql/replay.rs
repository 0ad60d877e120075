//! Plays the commands of a file: samples into a store, queries against it, results against what is expected.

use std::collections::BTreeMap;

use quarterdeck::metrics::labels::{Labels, NAME};
use quarterdeck::metrics::promql::{Limits, Query, Refused, Unnamed};
use quarterdeck::metrics::store::{STALE, Sample, Store};

use crate::compare;
use crate::notation::{Described, Slot};
use crate::script::{Command, Eval, When};

pub enum Outcome {
    Passed,
    /// What it is to be warned of is not made here: its result alone is as expected.
    PassedUnwarned,
    Failed(String),
    Skipped(String),
}

/// How the parser tells of what it does not know.
const NEWER: [&str; 2] = ["unknown function", "unexpected character"];

/// It fails, as it is to; in which words is for people, and ours need not be theirs.
fn failed(eval: &Eval, why: &str) -> Outcome {
    match &eval.expected.words {
        Some(words) if !words.say(why) => {
            Outcome::Skipped(format!("fails as expected, in other words: {why:?} where {words:?} is expected"))
        }
        _ => Outcome::Passed,
    }
}

/// What is loaded.
#[derive(Default)]
pub struct Replay {
    samples: BTreeMap<Labels, BTreeMap<i64, f64>>,
    /// Series that hold what is not read, and what that is: they are not loaded.
    unread: Vec<(Labels, &'static str)>,
    /// A line of a series that was not understood: nobody knows what else should be there.
    lost: Option<String>,
    store: Option<Store>,
}

impl Replay {
    pub fn take(&mut self, command: Command) -> Option<Outcome> {
        match command {
            Command::Clear => *self = Replay::default(),
            Command::Load { step, series, buckets } => {
                self.store = None;
                let mut loaded: Vec<Described> = Vec::new();
                for described in series {
                    match described {
                        Ok(described) => {
                            // Of two lines for one series the last stands.
                            loaded.retain(|known| known.unread.is_some() || known.labels != described.labels);
                            loaded.push(described);
                        }
                        Err(why) => self.lost = Some(why),
                    }
                }
                for described in &loaded {
                    self.load(step, described, buckets);
                }
            }
            Command::Eval(eval) => return Some(self.eval(&eval)),
        }
        None
    }

    fn load(&mut self, step: i64, described: &Described, buckets: bool) {
        if let Some(what) = described.unread {
            self.unread.push((described.labels.clone(), what));
            return;
        }
        let name = described.labels.metric();
        let base = ["_bucket", "_count", "_sum"].iter().find_map(|suffix| name.strip_suffix(suffix));
        if let Some(base) = base.filter(|_| buckets) {
            self.unread.push((described.labels.filtered(|label| label != "le").with(NAME, base), "native histograms"));
        }
        let samples = self.samples.entry(described.labels.clone()).or_default();
        for (slot, at) in described.slots.iter().zip((0..).map(|n| n * step)) {
            match slot {
                Slot::Gap => {}
                Slot::Value(value) => drop(samples.insert(at, *value)),
                Slot::Stale => drop(samples.insert(at, f64::from_bits(STALE))),
            }
        }
    }

    fn store(&mut self) -> &Store {
        let samples = &self.samples;
        self.store.get_or_insert_with(|| {
            let mut store = Store::default();
            for (labels, samples) in samples {
                for (at, value) in samples {
                    assert!(store.append(labels, Sample { at: *at, value: *value }));
                }
            }
            store
        })
    }

    fn eval(&mut self, eval: &Eval) -> Outcome {
        let query = match Query::compile(&eval.query) {
            Ok(query) => query,
            Err(Refused::Outside(construct)) => return Outcome::Skipped(format!("{construct} is refused")),
            // The parser is older than the newest functions and signs; those of the subset it knows.
            Err(Refused::Invalid(why)) if NEWER.iter().any(|newer| why.as_str().starts_with(newer)) => {
                return Outcome::Skipped(why.to_string());
            }
            Err(Refused::Invalid(why)) if eval.expected.fail => return failed(eval, why.as_str()),
            Err(Refused::Invalid(why)) => return Outcome::Failed(format!("{}: not valid: {why}", eval.query)),
        };
        if let Some(what) = eval.expected.series.iter().find_map(|series| series.unread) {
            return Outcome::Skipped(format!("{what} in the expectation"));
        }
        let asked = query.selectors();
        if let Some(why) = self.lost.as_ref().filter(|_| !asked.is_empty()) {
            return Outcome::Skipped(format!("data that is not read: {why}"));
        }
        let mut unread = self.unread.iter();
        if let Some((_, what)) = unread.find(|(labels, _)| asked.iter().any(|selector| selector.matches(labels))) {
            return Outcome::Skipped(format!("{what} in the data"));
        }
        // The files are written for an engine that takes names away in the end.
        let limits = Limits { unnamed: Unnamed::InTheEnd, steps: i64::MAX, samples: u64::MAX, ..Limits::default() };
        let store = self.store();
        let result = match eval.when {
            When::At(at) => query.instant(store, at, &limits),
            When::Range { from, to, step } => query.range(store, from, to, step, &limits),
        };
        match (result, eval.expected.fail) {
            (Err(why), true) => failed(eval, &why.to_string()),
            (Ok(value), true) => Outcome::Failed(format!("{}: is to fail, gives {value:?}", eval.query)),
            (Err(why), false) => Outcome::Failed(format!("{}: {why}", eval.query)),
            (Ok(value), false) => match compare::compared(&value, &eval.expected, eval.when) {
                Ok(()) if eval.expected.annotated => Outcome::PassedUnwarned,
                Ok(()) => Outcome::Passed,
                Err(why) => Outcome::Failed(format!("{}: {why}", eval.query)),
            },
        }
    }
}
