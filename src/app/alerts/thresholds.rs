//! Thresholds on readings, with the same life as the alerts of a rules file: the readings that are there anyway are the world
//! that is asked. What cannot be read is an error or no data, and ends no alert.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::told;
use super::woken::Gate;
use crate::alerts::lifecycle::{
    Alert, AlertingRule, Basis, Book, Change, Evaluation, Failure, Outcome, Restore, Saved, World,
};
use crate::alerts::line::Line;
use crate::alerts::rules::{Alerting, Group, Kind, Rule};
use crate::app::telemetry::Telemetry;
use crate::app::telemetry::cache::Basis as RatioBasis;
use crate::config::resolved::{AlertsSpec, OwnAlert};
use crate::domain::signal::SignalValue;
use crate::domain::{Moment, PaneState, Safe, Verdict, figure};
use crate::engine::alerts::{AlertsTold, Apart, RuleTold};
use crate::metrics::labels::Labels;
use crate::remediation::measure::Measure;

/// How often they are looked at.
const INTERVAL: Duration = Duration::from_secs(5);
/// The group that they are.
const GROUP: &str = "thresholds";
/// What stands for the file in what is kept: the configuration may lie elsewhere tomorrow.
const FILE: &str = "configuration";

/// Thresholds and their alerts.
#[derive(Clone, Debug)]
pub struct Thresholds {
    own: Arc<[OwnAlert]>,
    book: Book,
    gate: Gate,
}

/// How a book is looked at.
type Look = fn(&mut Book, i64, &mut dyn World) -> Vec<Change>;

/// How they stand.
#[derive(Clone, Debug)]
pub struct Told {
    /// As the engine tells those of files.
    pub told: AlertsTold,
    /// What each of its rules is.
    pub alerts: Arc<[OwnAlert]>,
}

impl Thresholds {
    /// As configured; the first look is due at once.
    #[must_use]
    pub fn new(spec: &AlertsSpec, now: i64) -> Thresholds {
        Thresholds { own: spec.own.clone().into(), book: book(&spec.own, now), gate: Gate::default() }
    }

    /// Looks at the readings, where that is due: how they stand now.
    pub fn run(&mut self, telemetry: &Telemetry, line: Line, now: Moment) -> Option<Told> {
        let at = line.at(now);
        if !self.gate.is_open(&self.own, telemetry, now) {
            return None;
        }
        if self.gate.was_closed() {
            self.book.slept(at);
        }
        if self.book.next().is_some_and(|next| next > at) {
            return None;
        }
        self.looked(telemetry, at, now, Book::run)
    }

    /// Looks at the readings now, due or not.
    pub fn run_now(&mut self, telemetry: &Telemetry, line: Line, now: Moment) -> Option<Told> {
        self.looked(telemetry, line.at(now), now, Book::run_all)
    }

    fn looked(&mut self, telemetry: &Telemetry, at: i64, now: Moment, run: Look) -> Option<Told> {
        if self.own.is_empty() {
            return None;
        }
        let active = self.rules().filter(|rule| rule.alerts().any(Alert::is_active));
        let active: BTreeSet<String> = active.map(|rule| rule.rule.expr.clone()).collect();
        let mut readings = Readings { live: telemetry, own: &self.own, active, now };
        let changes = run(&mut self.book, at, &mut readings);
        Some(Told { told: self.told(changes, at, now), alerts: Arc::clone(&self.own) })
    }

    fn rules(&self) -> impl Iterator<Item = &AlertingRule> {
        self.book.groups().iter().flat_map(crate::alerts::lifecycle::Group::alerting)
    }

    fn told(&self, changes: Vec<Change>, at: i64, now: Moment) -> AlertsTold {
        let rules = self.rules().zip(self.own.iter()).map(|(rule, own)| RuleTold {
            file: own.file.clone(),
            line: own.line,
            group: GROUP.to_owned(),
            name: own.name.clone(),
            expr: own.when.clone(),
            hold: own.hold,
            interval: INTERVAL,
            evaluated_at: rule.evaluated_at(),
            labels: own.labels.clone(),
            annotations: own.annotations.clone(),
            standing: rule.standing(at, INTERVAL),
            alerts: rule.alerts().cloned().collect(),
            apart: Apart::default(),
        });
        AlertsTold {
            at: now,
            line: at,
            rules: rules.collect(),
            recording: (0, 0),
            failing: Vec::new(),
            changes,
            skipped: 0,
            dropped: 0,
            took: Duration::ZERO,
            cost: None,
            problems: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// What is to be kept over a restart.
    #[must_use]
    pub fn save(&self, line: Line, now: Moment) -> Saved {
        self.book.save(line, now)
    }

    /// Takes up what an earlier run kept: what was looked at since begins anew.
    pub fn restore(&mut self, saved: &Saved, line: Line, now: Moment) {
        self.book = book(&self.own, line.at(now));
        self.book.restore(saved, Restore::default(), line, now);
    }
}

fn book(own: &[OwnAlert], now: i64) -> Book {
    let rule = |own: &OwnAlert| {
        let annotations = own.annotations.clone();
        let alerting = Alerting { hold: own.hold, keep_firing: own.keep_firing, annotations };
        Rule {
            name: own.name.clone(),
            expr: own.when.clone(),
            line: own.line,
            expr_line: own.line,
            labels: own.labels.clone(),
            kind: Kind::Alert(alerting),
        }
    };
    let group = Group {
        file: FILE.to_owned(),
        name: GROUP.to_owned(),
        line: 0,
        interval: Some(INTERVAL),
        limit: 0,
        query_offset: None,
        rules: own.iter().map(rule).collect(),
    };
    Book::new(&[group], INTERVAL, now)
}

/// The readings, as a world that answers.
struct Readings<'a> {
    live: &'a Telemetry,
    own: &'a [OwnAlert],
    /// What has an alert that is there.
    active: BTreeSet<String>,
    now: Moment,
}

impl World for Readings<'_> {
    fn evaluate(&mut self, expr: &str, _at: i64) -> Outcome {
        let Some(own) = self.own.iter().find(|own| own.when == expr) else {
            return Err(Failure::NotEvaluated(Safe::of("a threshold asks nothing in its words")));
        };
        match value(self.live, own, self.now) {
            Known::Value(value) => judged(own, value, self.now),
            Known::Failed(why) => Err(Failure::Failed(why)),
            // Nothing that is not known ends an alert.
            Known::Nothing(_, why) if self.active.contains(expr) => Err(Failure::NotEvaluated(why)),
            Known::Nothing(basis, _) => Ok(Evaluation::on(Vec::new(), basis)),
        }
    }

    fn append(&mut self, _series: &Labels, _at: i64, _value: f64) {}
}

fn judged(own: &OwnAlert, value: f64, now: Moment) -> Outcome {
    match own.bad.holds(value, None, now) {
        None => Err(Failure::Failed(Safe::of(format!("{} cannot be held against it", figure::number(value))))),
        Some(false) => Ok(Evaluation::complete(Vec::new())),
        Some(true) => {
            let (kind, name) = &own.subject;
            let labels = Labels::new([(kind.as_str(), name.as_str())]);
            Ok(Evaluation::complete(vec![(labels, value)]))
        }
    }
}

/// What is known of a reading.
pub(super) enum Known {
    /// Its value now.
    Value(f64),
    /// It could not be read.
    Failed(Safe),
    /// There is none, and why.
    Nothing(Basis, Safe),
}

fn value(live: &Telemetry, own: &OwnAlert, now: Moment) -> Known {
    match &own.measure {
        Measure::Service(at) => service(live, *at, own, now),
        Measure::Latency(at) => latency(live, *at, own, now),
        Measure::HitRatio(at) => ratio(live, *at, own, now),
        Measure::Signal(at) => signal(live, *at, own, now),
        Measure::UsedSlots(at) | Measure::UsedShare(at) => slots(live, *at, own, now),
        Measure::Blocked(at) | Measure::OldestIdleTransaction(at) => sessions(live, *at, own, now),
        Measure::Told(what) => told::value(live, *what, own, now),
        Measure::ObjectsLeft | Measure::Result => missing(own),
    }
}

pub(super) fn missing(own: &OwnAlert) -> Known {
    Known::Nothing(Basis::Missing(vec![own.what.clone()]), Safe::of("there is no reading"))
}

/// Why there is no fresh value; none where there is one.
pub(super) fn without(state: &PaneState, own: &OwnAlert) -> Option<Known> {
    match state {
        PaneState::Loading { .. } | PaneState::Off { .. } => Some(missing(own)),
        PaneState::Error { cause, .. } => Some(Known::Failed(cause.short())),
        state if state.is_fresh() => None,
        state => Some(Known::Failed(state.words())),
    }
}

fn service(live: &Telemetry, at: usize, own: &OwnAlert, now: Moment) -> Known {
    let Some(service) = live.services.get(at) else { return missing(own) };
    match (service.raw_verdict(now), service.state(now)) {
        (Verdict::Unknown, PaneState::Loading { .. }) => missing(own),
        (Verdict::Unknown, PaneState::Error { cause, .. }) => Known::Failed(cause.short()),
        (Verdict::Unknown, state) => Known::Failed(state.words()),
        (verdict, _) => Known::Value(f64::from(verdict as u8)),
    }
}

fn latency(live: &Telemetry, at: usize, own: &OwnAlert, now: Moment) -> Known {
    let Some(service) = live.services.get(at) else { return missing(own) };
    let state = service.state(now);
    match service.measured() {
        Some(took) if !matches!(state, PaneState::Stale { .. }) => Known::Value(took.as_secs_f64() * 1000.0),
        _ => without(&state, own).unwrap_or_else(|| Known::Failed(Safe::of("the newest probe was not answered"))),
    }
}

fn ratio(live: &Telemetry, at: usize, own: &OwnAlert, now: Moment) -> Known {
    let Some(cache) = live.caches.get(at) else { return missing(own) };
    if let Some(known) = without(&cache.state(now), own) {
        return known;
    }
    match cache.hit_ratio() {
        (Some(ratio), RatioBasis::Delta(_) | RatioBasis::Lifetime) => Known::Value(ratio),
        (_, RatioBasis::TooFew { lookups, .. }) => {
            Known::Nothing(Basis::NoTraffic, Safe::of(format!("only {lookups} look-ups in a minute")))
        }
        (_, RatioBasis::NoTraffic(_)) => Known::Nothing(Basis::NoTraffic, Safe::of("no traffic: 0 of 0")),
        _ => Known::Nothing(Basis::Missing(vec![own.what.clone()]), Safe::of("it needs two readings")),
    }
}

fn signal(live: &Telemetry, at: usize, own: &OwnAlert, now: Moment) -> Known {
    let Some(signal) = live.signals.get(at) else { return missing(own) };
    if let Some(known) = without(&signal.state(now), own) {
        return known;
    }
    match signal.readout.value() {
        // Nothing is from the future: what is ahead is no age.
        Some(SignalValue::Instant(at)) => {
            let age = now.wall.timestamp_micros() as f64 / 1e6 - at;
            if age < -60.0 { Known::Failed(Safe::of("its time lies ahead")) } else { Known::Value(age.max(0.0)) }
        }
        Some(value) => Known::Value(value.number()),
        None => missing(own),
    }
}

fn slots(live: &Telemetry, at: usize, own: &OwnAlert, now: Moment) -> Known {
    let Some(database) = live.databases.get(at) else { return missing(own) };
    if let Some(known) = without(&database.slots.state(now, database.spec.interval), own) {
        return known;
    }
    match database.slots.value() {
        Some(slots) if own.measure == Measure::UsedSlots(at) => Known::Value(f64::from(slots.used)),
        Some(slots) if slots.usable() > 0 => Known::Value(f64::from(slots.used) / f64::from(slots.usable())),
        Some(_) => Known::Failed(Safe::of("the server has no usable connections")),
        None => missing(own),
    }
}

fn sessions(live: &Telemetry, at: usize, own: &OwnAlert, now: Moment) -> Known {
    let Some(database) = live.databases.get(at) else { return missing(own) };
    if let Some(known) = without(&database.sessions.state(now, database.spec.interval), own) {
        return known;
    }
    match database.sessions.value() {
        Some(sessions) if own.measure == Measure::Blocked(at) => Known::Value(f64::from(sessions.blocked)),
        Some(sessions) => Known::Value(sessions.oldest_idle_in_transaction.unwrap_or_default().as_secs_f64()),
        None => missing(own),
    }
}
