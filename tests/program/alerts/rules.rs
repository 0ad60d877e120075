//! What the engine would tell, without the engine: rules as the files have them, answers as the test gives them, and the real
//! life of alerts over the time of the test.
#![allow(clippy::unnecessary_wraps, reason = "answers are outcomes, those that fail among them")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::alerts::lifecycle::{Basis, Book, Evaluation, Outcome, Restore, Saved, World as Answers};
use quarterdeck::alerts::line::Line;
use quarterdeck::alerts::rules::{Kind, Loaded};
use quarterdeck::app::Event;
use quarterdeck::domain::Safe;
use quarterdeck::engine::Output;
use quarterdeck::engine::alerts::{AlertsTold, Apart, RuleTold};
use quarterdeck::metrics::labels::Labels;

use crate::world::World;

pub const TEAM: &str = r#"groups:
- name: team
  interval: 30s
  rules:
  - alert: HighErrorRatio
    expr: errors > 0.05
    for: 2m
    labels: {severity: critical, team: web}
    annotations:
      summary: "{{ $value | humanizePercentage }} 5xx on {{ $labels.instance }}"
      description: |
        More than one in twenty requests fails.
        Look at the newest deployment first.
      runbook_url: https://wiki.example.com/runbooks/restart-api
  - alert: PoolExhausted
    expr: pool > 0.9
    labels: {severity: warning}
    annotations: {summary: "pool {{ $labels.pool }} is full: {{ $value }}"}
  - alert: Backlog
    expr: backlog > 1000
    for: 5m
    labels: {severity: warning}
    annotations: {summary: "{{ $value }} wait in {{ $labels.queue }}"}
  - alert: Slow
    expr: slow > 1
    labels: {severity: warning}
    annotations: {summary: "slow"}
  - {alert: Broken, expr: broken, labels: {severity: warning}}
  - {alert: Native, expr: "histogram_quantile(0.9, native)", labels: {severity: warning}}
  - {alert: Missing, expr: absent_metric > 0, labels: {severity: info}}
  - {alert: Young, expr: "rate(young[1h]) > 0", labels: {severity: warning}}
  - {alert: ColdCache, expr: hits / lookups < 0.8, labels: {severity: warning}}
  - {alert: QuietA, expr: quiet_a > 1, labels: {severity: warning}}
  - {alert: QuietB, expr: quiet_b > 1, labels: {severity: warning}}
"#;

/// One element.
pub fn some(labels: &[(&str, &str)], value: f64) -> Outcome {
    several(&[(labels, value)])
}

/// Elements.
pub fn several(elements: &[(&[(&str, &str)], f64)]) -> Outcome {
    let element = |(labels, value): &(&[(&str, &str)], f64)| (Labels::new(labels.iter().copied()), *value);
    Ok(Evaluation::complete(elements.iter().map(element).collect()))
}

/// Nothing, and that is good.
pub fn none() -> Outcome {
    Ok(Evaluation::complete(Vec::new()))
}

/// Nothing, and that says nothing.
pub mod basis {
    use super::{Basis, Duration, Evaluation, Outcome, Safe};

    fn of(basis: Basis) -> Outcome {
        Ok(Evaluation::on(Vec::new(), basis))
    }

    pub fn missing(name: &str) -> Outcome {
        of(Basis::Missing(vec![Safe::of(name)]))
    }

    pub fn warming(have: u64, need: u64) -> Outcome {
        of(Basis::Warming { have: Duration::from_secs(have), need: Duration::from_secs(need) })
    }

    pub fn no_traffic() -> Outcome {
        of(Basis::NoTraffic)
    }
}

/// Rules with their answers.
pub struct Rules {
    loaded: Loaded,
    book: Option<Book>,
    line: Option<Line>,
    answers: BTreeMap<String, Outcome>,
}

struct Answering<'a>(&'a BTreeMap<String, Outcome>);

impl Answers for Answering<'_> {
    fn evaluate(&mut self, expr: &str, _at: i64) -> Outcome {
        // After `~` stands a part of an expression.
        let holds = |known: &str| known.strip_prefix('~').is_some_and(|part| expr.contains(part));
        let part = || self.0.iter().find(|(known, _)| holds(known)).map(|(_, outcome)| outcome.clone());
        self.0.get(expr).cloned().or_else(part).unwrap_or_else(none)
    }

    fn append(&mut self, _series: &Labels, _at: i64, _value: f64) {}
}

impl Rules {
    pub fn new(text: &str) -> Rules {
        Rules { loaded: Loaded::of(&[("rules.yml", Ok(text))]), book: None, line: None, answers: BTreeMap::new() }
    }

    pub fn unreadable(why: &str) -> Rules {
        let loaded = Loaded::of(&[("rules.yml", Err(Safe::of(why)))]);
        Rules { loaded, book: None, line: None, answers: BTreeMap::new() }
    }

    pub fn reload(&mut self, text: &str) {
        self.loaded = self.loaded.again(&[("rules.yml", Ok(text))]);
    }

    /// What is to be kept over a restart.
    pub fn saved(&self, world: &World) -> Saved {
        let (book, line) = (self.book.as_ref().expect("rules"), self.line.expect("a line"));
        book.save(line, world.moment())
    }

    /// Rules that take up what an earlier run kept.
    pub fn restored(text: &str, saved: &Saved, world: &World) -> Rules {
        let (mut rules, now) = (Rules::new(text), world.moment());
        let line = Line::begun(now);
        let mut book = Book::new(&rules.loaded.groups, Duration::from_secs(15), line.at(now));
        book.restore(saved, Restore::default(), line, now);
        (rules.book, rules.line) = (Some(book), Some(line));
        rules
    }

    /// Reads a file again, as the engine does, and tells the program.
    pub fn read_again(&mut self, text: &str, world: &mut World) -> Vec<quarterdeck::app::Effect> {
        self.reload(text);
        let at = self.line.map_or(0, |line| line.at(world.moment()));
        if let Some(book) = &mut self.book {
            book.reload(&self.loaded.groups, at, &mut Answering(&self.answers));
        }
        self.tell(world)
    }

    pub fn answer(&mut self, expr: &str, outcome: Outcome) {
        self.answers.insert(expr.to_owned(), outcome);
    }

    /// Evaluates what is due and tells the program.
    pub fn tell(&mut self, world: &mut World) -> Vec<quarterdeck::app::Effect> {
        let now = world.moment();
        let line = *self.line.get_or_insert_with(|| Line::begun(now));
        let at = line.at(now);
        let interval = Duration::from_secs(15);
        let book = self.book.get_or_insert_with(|| Book::new(&self.loaded.groups, interval, at));
        let changes = book.run(at, &mut Answering(&self.answers));
        let mut rules = Vec::new();
        for group in book.groups() {
            let interval = group.schedule.interval();
            for rule in group.alerting() {
                rules.push(RuleTold {
                    file: group.file.clone(),
                    line: rule.rule.line,
                    group: group.name.clone(),
                    name: rule.rule.name.clone(),
                    expr: rule.rule.expr.clone(),
                    hold: rule.alerting.hold,
                    interval,
                    evaluated_at: rule.evaluated_at(),
                    labels: rule.rule.labels.clone(),
                    annotations: rule.alerting.annotations.clone(),
                    standing: rule.standing(at, interval),
                    alerts: rule.alerts().cloned().collect(),
                    apart: Apart::default(),
                });
            }
        }
        let recording =
            self.loaded.groups.iter().flat_map(|group| &group.rules).filter(|rule| rule.kind == Kind::Record);
        let told = AlertsTold {
            at: now,
            line: at,
            rules,
            recording: (recording.count(), 0),
            failing: Vec::new(),
            changes,
            skipped: 0,
            dropped: 0,
            took: Duration::from_micros(840),
            cost: None,
            problems: self.loaded.problems.clone(),
            remarks: self.loaded.remarks.clone(),
        };
        world.model.live.metrics.rules = vec!["rules.yml".into()];
        world.happen(Event::EngineTold(vec![Output::Alerts(Arc::new(told))]))
    }
}
