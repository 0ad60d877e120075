//! The tripwire in the program: what the figures of services and databases were in the minutes before an action, and how they
//! are in the five minutes after its end. The rule is `remediation::tripwire`; here it meets the readings as they come.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::app::Model;
use crate::app::document::{Document, Line, Span};
use crate::app::table::Tone;
use crate::app::telemetry::Telemetry;
use crate::app::telemetry::cache::Basis;
use crate::config::resolved::SignalSource;
use crate::domain::database::Sessions;
use crate::domain::signal::SignalValue;
use crate::domain::source::{SourceId, SourceKind};
use crate::domain::threshold::Comparison;
use crate::domain::{Moment, Safe, Verdict, figure};
use crate::remediation::action::Action;
use crate::remediation::measure::{Expectation, Measure, Trial};
use crate::remediation::tripwire::{AFTER, BEFORE, Finding, WATCHES, Wire};

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
    /// A source was read: its figures are kept, and held against those before.
    pub fn read(&mut self, live: &Telemetry, source: SourceId, good: bool, begun: Moment) -> Vec<Tripped> {
        let mut told = Vec::new();
        for (figure, value) in figures(live, source, good) {
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
        let (began, figures) = before.map_or_else(|| (now, BTreeMap::new()), |before| (before.began, before.figures));
        let signal = |figure: &Figure| Some((*figure, &live.signals.get(figure.1)?.spec.name));
        // Where no cache is read, nobody waits to hear that its hit ratio is not known.
        let is_read = |figure: &Figure| figure.0 != Wire::HitRatio || self.kept.contains_key(figure);
        let wires = everything(live)
            .filter(|(figure, _)| is_read(figure))
            .chain(own.iter().filter_map(signal))
            .map(|(figure, name)| Watched {
                before: figures.get(&figure).cloned().unwrap_or_default(),
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

/// Signals that come with the reading of another source.
fn signals(live: &Telemetry, are: impl Fn(&SignalSource) -> bool, good: bool) -> Vec<(Figure, Option<f64>)> {
    let with = live.signals.iter().enumerate().filter(|(_, signal)| are(&signal.spec.source));
    with.flat_map(|(at, _)| signal(live, at, good)).collect()
}

/// Both ways: which of them is worse the action says.
fn signal(live: &Telemetry, at: usize, good: bool) -> Vec<(Figure, Option<f64>)> {
    let Some(signal) = live.signals.get(at) else { return Vec::new() };
    let value = signal.readout.value().filter(|_| good && signal.readout.cause().is_none()).map(SignalValue::number);
    vec![((Wire::Rising, at), value), ((Wire::Falling, at), value)]
}

/// What an action itself gives to watch: the signals that are named for errors, and those that its own proof looks at.
#[must_use]
pub fn own(model: &Model, action: &Action) -> Vec<Figure> {
    let errors = model.actions.spec.beside.iter().filter_map(|beside| beside.errors).map(|at| (Wire::Rising, at));
    let trial = |trial: &Trial| match (&trial.measure, &trial.expect) {
        (Measure::Signal(at), Expectation::Fell) => Some((Wire::Rising, *at)),
        (Measure::Signal(at), Expectation::Rose) => Some((Wire::Falling, *at)),
        (Measure::Signal(at), Expectation::Meets(threshold)) => match threshold.comparison {
            Comparison::Below | Comparison::AtMost => Some((Wire::Rising, *at)),
            Comparison::Above | Comparison::AtLeast => Some((Wire::Falling, *at)),
            Comparison::Equal | Comparison::NotEqual | Comparison::OlderThan => None,
        },
        _ => None,
    };
    let mut all: Vec<Figure> = errors.chain(action.proof.trials.iter().filter_map(trial)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// What is watched after an action, and what nothing here tells of: an error ratio of others' requests needs a signal.
#[must_use]
pub fn sees(model: &Model, action: &Action) -> Safe {
    let live = &model.live;
    let errors = own(model, action).iter().any(|(wire, _)| *wire == Wire::Rising);
    let (services, databases) = (!live.services.is_empty(), !live.databases.is_empty());
    let seen = [
        (services, "failed probes and latency"),
        (databases, "connections and blocked sessions"),
        (errors, "the signals that are named"),
    ];
    let unseen = [
        (services, "latency (no service is watched)"),
        (databases, "connections (no database is watched)"),
        (errors, "errors that only others' requests meet (no signal is named for them: errors under [[action]])"),
    ];
    let seen: Vec<&str> = seen.into_iter().filter(|(known, _)| *known).map(|(_, words)| words).collect();
    let unseen: Vec<&str> = unseen.into_iter().filter(|(known, _)| !*known).map(|(_, words)| words).collect();
    let time = figure::span(WATCHES);
    let seen = if seen.is_empty() { "nothing".to_owned() } else { seen.join(", ") };
    let unseen = if unseen.is_empty() { String::new() } else { format!("; NOT seen: {}", unseen.join(", ")) };
    Safe::of(format!("{seen}, for {time} (by quarterdeck run only with --watch){unseen}"))
}

/// Every figure that is watched, with the name of whose it is.
fn everything(live: &Telemetry) -> impl Iterator<Item = (Figure, &Safe)> {
    let services = live.services.iter().enumerate();
    let databases = live.databases.iter().enumerate();
    let of = |wires: [Wire; 2], at: usize, name| wires.map(|wire| ((wire, at), name));
    services
        .flat_map(move |(at, s)| of([Wire::Failures, Wire::Latency], at, &s.spec.name))
        .chain(databases.flat_map(move |(at, d)| of([Wire::Connections, Wire::Blocked], at, &d.spec.name)))
        .chain(live.caches.iter().enumerate().map(|(at, c)| ((Wire::HitRatio, at), &c.spec.name)))
}

/// What a source that has just been read says; `None` for what could not be read.
fn figures(live: &Telemetry, source: SourceId, good: bool) -> Vec<(Figure, Option<f64>)> {
    let at = source.at();
    match source.kind {
        SourceKind::Service => {
            let Some(service) = live.services.get(at) else { return Vec::new() };
            let failed = match service.debounced.raw().filter(|_| good) {
                Some(Verdict::Down) => Some(1.0),
                Some(Verdict::Ok | Verdict::Degraded) => Some(0.0),
                Some(Verdict::Unknown) | None => None,
            };
            let latency = service.measured().filter(|_| good).map(|latency| latency.as_secs_f64() * 1000.0);
            vec![((Wire::Failures, at), failed), ((Wire::Latency, at), latency)]
        }
        SourceKind::Database => {
            let Some(database) = live.databases.get(at) else { return Vec::new() };
            let used = database.slots.value().filter(|_| good && database.slots.cause().is_none());
            let sessions = database.sessions.value().filter(|_| good && database.sessions.cause().is_none());
            let mut all =
                signals(live, |source| matches!(source, SignalSource::Database { index } if *index == at), good);
            all.extend([
                ((Wire::Connections, at), used.map(|slots| f64::from(slots.used))),
                ((Wire::Blocked, at), sessions.and_then(Sessions::blocked_as_known).map(f64::from)),
            ]);
            all
        }
        SourceKind::Cache => {
            let Some(cache) = live.caches.get(at) else { return Vec::new() };
            // Over too few look-ups, or since the start, it says nothing of now.
            let ratio = match cache.hit_ratio() {
                (ratio, Basis::Delta { .. }) if good && cache.readout.cause().is_none() => ratio,
                _ => None,
            };
            let mut all = signals(live, |source| matches!(source, SignalSource::Redis { index } if *index == at), good);
            all.push(((Wire::HitRatio, at), ratio));
            all
        }
        SourceKind::Signal => signal(live, at, good),
        SourceKind::Prometheus | SourceKind::Alertmanager => Vec::new(),
    }
}
