//! Thresholds on readings, with the same life as the alerts of a rules file: the readings that are there anyway are the world
//! that is asked. What cannot be read is an error or no data, and ends no alert.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::woken::Gate;
use crate::alerts::lifecycle::{
    Alert, AlertingRule, Book, Change, Evaluation, Failure, Outcome, Restore, Saved, World,
};
use crate::alerts::line::Line;
use crate::alerts::rules::{Alerting, Group, Kind, Rule};
use crate::app::readings::{self, Known};
use crate::app::telemetry::Telemetry;
use crate::config::resolved::{AlertsSpec, OwnAlert};
use crate::domain::{Moment, Safe, figure};
use crate::engine::alerts::{AlertsTold, Apart, RuleTold};
use crate::metrics::labels::Labels;

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
        let mut known = readings::known(self.live, &own.measure, &own.what, self.now);
        // Where it is bad whatever it is between the two, or good, it need not be known better.
        let mut is_least = false;
        if let Known::Between(least, most, otherwise) = known {
            known = match own.bad.holds_between(least, most, self.now) {
                Some(_) => Known::Value(least),
                None => *otherwise,
            };
            is_least = matches!(known, Known::Value(_));
        }
        match known {
            Known::Value(value) => judged(own, value, self.now).map(|judged| Evaluation { is_least, ..judged }),
            Known::Failed(why) => Err(Failure::Failed(why)),
            // Nothing that is not known ends an alert.
            Known::Nothing(_, why) if self.active.contains(expr) => Err(Failure::NotEvaluated(why)),
            Known::Nothing(basis, _) => Ok(Evaluation::on(Vec::new(), basis)),
            Known::Between(..) => Err(Failure::Failed(Safe::of("it is not known well enough"))),
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
