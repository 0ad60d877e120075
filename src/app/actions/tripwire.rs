//! The tripwire in the program: what the figures of services and databases were in the minutes before an action, and how they
//! are in the five minutes after its end. The rule is `remediation::tripwire`; here it meets the readings as they come.

mod figures;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::app::document::{Document, Line, Span};
use crate::app::table::Tone;
use crate::app::telemetry::Telemetry;
use crate::domain::{Moment, Safe, figure};
use crate::remediation::tripwire::{AFTER, BEFORE, Finding, WATCHES, Wire};
pub use figures::{figures, own, scraped, sees};

/// Readings of a figure that are kept; ten minutes of one every second.
const KEPT: usize = 600;
/// Actions whose tripwire is watched at a time; the oldest ends early.
const MOST: usize = 4;
/// Alerts that one watch names.
const ALERTS: usize = 20;

/// A figure of a source.
pub type Figure = (Wire, usize);
type Readings = VecDeque<(Moment, Option<f64>)>;

/// All of it.
#[derive(Debug, Default)]
pub struct Tripwires {
    kept: BTreeMap<Figure, Readings>,
    /// The figures as they were before the action that runs.
    before: Option<Before>,
    watched: VecDeque<Tripwire>,
}

#[derive(Debug)]
struct Before {
    run: u64,
    began: Moment,
    figures: BTreeMap<Figure, Vec<Option<f64>>>,
}

/// The watch after one action.
#[derive(Clone, Debug)]
pub struct Tripwire {
    /// The action's number.
    pub id: u64,
    /// The action's name in the audit.
    pub run: Safe,
    /// The action, in words.
    pub what: Safe,
    /// When it ended.
    pub since: Moment,
    /// Its five minutes are over, or a newer action took its place.
    pub is_over: bool,
    wires: Vec<Watched>,
    /// When the action began.
    began: Moment,
    /// Alerts that began to fire since, of something that was not so before the action.
    alerts: Vec<Safe>,
    /// Alerts that began to fire since, of what was so before the action already.
    earlier: Vec<Safe>,
}

#[derive(Clone, Debug)]
struct Watched {
    figure: Figure,
    name: Safe,
    before: Vec<Option<f64>>,
    after: Vec<Option<f64>>,
    tripped: Option<(f64, f64)>,
}

/// A figure that got worse, told once.
#[derive(Clone, Debug, PartialEq)]
pub struct Tripped {
    /// Name of the run in the audit.
    pub run: Safe,
    /// The action, in words.
    pub what: Safe,
    /// What got worse, with both values.
    pub words: Safe,
    /// The figure.
    pub name: Safe,
    /// What was usual before, in words.
    pub before: Safe,
    /// What it is.
    pub after: Safe,
}

impl Tripwires {
    /// Figures came, of one moment: they are kept, and held against those before.
    pub fn read(&mut self, figures: Vec<(Figure, Option<f64>)>, begun: Moment) -> Vec<Tripped> {
        let mut told = Vec::new();
        for (figure, value) in figures {
            let readings = self.kept.entry(figure).or_default();
            if readings.len() >= KEPT {
                readings.pop_front();
            }
            readings.push_back((begun, value));
            for wire in self.watched.iter_mut().filter(|wire| !wire.is_over && begun.boot >= wire.since.boot) {
                told.extend(wire.take(figure, value));
            }
        }
        told
    }

    /// An action is on its way: what was before it is set aside, since it may take longer than readings are kept.
    pub fn running(&mut self, run: u64, began: Moment) {
        if self.before.as_ref().is_some_and(|before| before.run == run) {
            return;
        }
        let of = |readings: &Readings| {
            let early = |at: &Moment| at.boot < began.boot && began.since(*at) <= WATCHES;
            readings.iter().filter(|(at, _)| early(at)).map(|(_, value)| *value).collect()
        };
        let figures = self.kept.iter().map(|(figure, readings)| (*figure, of(readings))).collect();
        self.before = Some(Before { run, began, figures });
    }

    /// An action that had an effect has ended: from now on it is watched.
    pub fn begin(&mut self, live: &Telemetry, own: &[Figure], id: u64, run: Safe, what: Safe, now: Moment) {
        let before = self.before.take().filter(|before| before.run == id);
        let (began, were) = before.map_or_else(|| (now, BTreeMap::new()), |before| (before.began, before.figures));
        let signal = |figure: &Figure| Some((*figure, &live.signals.get(figure.1)?.spec.name));
        // Where no cache is read and no server counts its requests, nobody waits to hear that their figures are not known.
        let may_be_none = |wire| matches!(wire, Wire::HitRatio | Wire::Errors | Wire::Percentile);
        let is_read = |figure: &Figure| !may_be_none(figure.0) || self.has(*figure);
        let wires = figures::everything(live)
            .filter(|(figure, _)| is_read(figure))
            .chain(own.iter().filter_map(signal))
            .map(|(figure, name)| Watched {
                before: were.get(&figure).cloned().unwrap_or_default(),
                name: Safe::of(format!("{} {name}", figure.0.name())),
                figure,
                after: Vec::new(),
                tripped: None,
            })
            .collect();
        if self.watched.len() >= MOST {
            self.watched.pop_front();
        }
        let (alerts, earlier) = (Vec::new(), Vec::new());
        self.watched.push_back(Tripwire { id, run, what, since: now, is_over: false, wires, began, alerts, earlier });
    }

    /// An alert began to fire, of what has been so for so long: each watch that goes on is told, once of each. What was so
    /// before the action and fires now that its patience is at an end did not get worse by it.
    pub fn fired(&mut self, alert: &Safe, held: Duration, now: Moment) -> Vec<Tripped> {
        let watching = self.watched.iter_mut().filter(|wire| !wire.is_over);
        let new = watching.filter(|wire| !wire.alerts.contains(alert) && wire.alerts.len() < ALERTS);
        new.filter_map(|wire| wire.fire(alert, held, now)).collect()
    }

    /// Time passed: those whose time is up have something to say.
    pub fn ended(&mut self, now: Moment) -> Vec<Tripwire> {
        let mut over = Vec::new();
        for wire in self.watched.iter_mut().filter(|wire| !wire.is_over && now.since(wire.since) >= WATCHES) {
            wire.is_over = true;
            over.push(wire.clone());
        }
        over
    }

    /// Whether a figure was ever told.
    fn has(&self, figure: Figure) -> bool {
        self.kept.contains_key(&figure)
    }

    /// How often the figure was asked for that was asked for least, of those that were at all; good or not: what does not
    /// answer is not asked until it does.
    #[must_use]
    pub fn least(&self) -> usize {
        self.kept.values().map(VecDeque::len).min().unwrap_or(0)
    }

    /// The watch after an action, also when it is over.
    #[must_use]
    pub fn of(&self, id: u64) -> Option<&Tripwire> {
        self.watched.iter().find(|wire| wire.id == id)
    }

    /// All that is remembered, the newest first.
    pub fn all(&self) -> impl Iterator<Item = &Tripwire> {
        self.watched.iter().rev()
    }

    /// Those that watch now, the newest first.
    pub fn watching(&self) -> impl Iterator<Item = &Tripwire> {
        self.watched.iter().rev().filter(|wire| !wire.is_over)
    }
}

impl Tripwire {
    fn fire(&mut self, alert: &Safe, held: Duration, now: Moment) -> Option<Tripped> {
        if held > now.since(self.began) {
            if !self.earlier.contains(alert) && self.earlier.len() < ALERTS {
                self.earlier.push(alert.clone());
            }
            return None;
        }
        self.alerts.push(alert.clone());
        Some(Tripped {
            run: self.run.clone(),
            what: self.what.clone(),
            words: fires(alert),
            name: Safe::of(format!("alert {alert}")),
            before: Safe::of("not firing"),
            after: Safe::of("firing"),
        })
    }

    fn take(&mut self, figure: Figure, value: Option<f64>) -> Option<Tripped> {
        let wire = self.wires.iter_mut().find(|wire| wire.figure == figure)?;
        if wire.after.len() < KEPT {
            wire.after.push(value);
        }
        if wire.tripped.is_some() {
            return None;
        }
        let Finding::Worse { before, after } = wire.finding() else { return None };
        wire.tripped = Some((before, after));
        let words = |value| Safe::of(figure.0.words(value));
        Some(Tripped {
            run: self.run.clone(),
            what: self.what.clone(),
            words: wire.words(before, after),
            name: wire.name.clone(),
            before: words(before),
            after: words(after),
        })
    }

    /// What got worse so far.
    pub fn worse(&self) -> impl Iterator<Item = Safe> {
        let figures =
            self.wires.iter().filter_map(|wire| wire.tripped.map(|(before, after)| wire.words(before, after)));
        figures.chain(self.alerts.iter().map(fires))
    }

    /// Figures that nothing can be said of, with why.
    pub fn unknown(&self) -> impl Iterator<Item = Safe> {
        self.wires.iter().filter(|wire| wire.tripped.is_none()).filter_map(|wire| match wire.finding() {
            Finding::Unknown { before, after } => {
                let name = &wire.name;
                Some(Safe::of(if before < BEFORE {
                    format!("{name}: {before} readings before it, {BEFORE} are needed")
                } else {
                    format!("{name}: {after} readings since, {AFTER} in a row are needed")
                }))
            }
            Finding::Holds | Finding::Worse { .. } => None,
        })
    }

    /// So many figures are watched.
    #[must_use]
    pub fn figures(&self) -> usize {
        self.wires.len()
    }

    /// How long it has watched.
    #[must_use]
    pub fn watched(&self, now: Moment) -> Duration {
        now.since(self.since).min(WATCHES)
    }

    /// `watching for 4m10s after restart-api`: how long it goes on, or what it came to.
    #[must_use]
    pub fn words(&self, now: Moment) -> (Safe, Tone) {
        let worse = self.worse().count();
        if worse > 0 {
            return (Safe::of(format!("WORSE after {}: {}", self.what, joined(self.worse()))), Tone::Bad);
        }
        if !self.is_over {
            let left = figure::age(WATCHES.saturating_sub(now.since(self.since)));
            return (
                Safe::of(format!(
                    "after-watch {left} after {}: if a figure gets clearly worse you are told here",
                    self.what
                )),
                Tone::Accent,
            );
        }
        let (unknown, all) = (self.unknown().count(), self.wires.len());
        if unknown == 0 && all > 0 {
            return (Safe::of(format!("{all} figures watched for 5m after {}: none got worse", self.what)), Tone::Ok);
        }
        let words = format!("watched for 5m after {}: of {unknown} of {all} figures it is UNKNOWN", self.what);
        (Safe::of(words), Tone::Unknown)
    }

    /// As part of the document of its action.
    pub fn tell(&self, out: &mut Document, now: Moment) {
        out.heading("After it");
        let (words, tone) = self.words(now);
        out.line(words, tone);
        for alert in &self.earlier {
            out.line(format!("alert {alert} fires since, of what was so before it already"), Tone::Warn);
        }
        for unknown in self.unknown().filter(|_| self.is_over || now.since(self.since) > WATCHES / 2) {
            out.line(format!("unknown: {unknown}"), Tone::Unknown);
        }
    }

    /// As a line of its own.
    #[must_use]
    pub fn line(&self, now: Moment) -> Line {
        let (text, tone) = self.words(now);
        vec![Span { text, tone }]
    }
}

impl Watched {
    fn finding(&self) -> Finding {
        self.figure.0.judge(&self.before, &self.after)
    }

    fn words(&self, before: f64, after: f64) -> Safe {
        let wire = self.figure.0;
        Safe::of(format!("{} {} -> {}", self.name, wire.words(before), wire.words(after)))
    }
}

fn fires(alert: &Safe) -> Safe {
    Safe::of(format!("alert {alert} began to fire"))
}

fn joined(words: impl Iterator<Item = Safe>) -> String {
    words.map(|words| words.to_string()).collect::<Vec<_>>().join("; ")
}
