//! The engine itself: the one owner of store, targets and rules, and its step.

use std::time::Duration;

use super::rules::Rules;
use super::scraped::Watched;
use super::wake::Wake;
use super::world::{Known, World};
use super::{Input, Output, Settings};
use crate::alerts::line::Line;
use crate::domain::Moment;
use crate::metrics::exposition::{self, Families};
use crate::metrics::store::Store;

/// A wall clock that is so many milliseconds off where it was, was set; less is how clocks run.
const SET: u64 = 1000;

/// The metrics engine.
#[derive(Debug)]
pub struct Engine {
    pub(super) start: Moment,
    pub(super) line: Line,
    pub(super) page: exposition::Limits,
    pub(super) interval: Duration,
    pub(super) store: Store,
    pub(super) families: Families,
    pub(super) targets: Vec<Watched>,
    pub(super) rules: Rules,
    pub(super) known: Known,
    pub(super) wake: Option<Wake>,
    /// For how long there was nothing to do before what comes next.
    pub(super) idle: Duration,
    /// By how many milliseconds the wall clock is ahead of the line; it is told anew only where the clock was set.
    pub(super) ahead: i64,
    rounds_first: u32,
    patience: Duration,
}

impl Engine {
    /// An engine that knows nothing yet; its line of time begins now.
    #[must_use]
    pub fn new(settings: Settings, now: Moment) -> Engine {
        let mut store = Store::new(settings.store);
        let targets = settings.targets.into_iter().map(|target| Watched::new(target, &mut store)).collect();
        Engine {
            start: now,
            line: Line::begun(now),
            page: settings.page,
            interval: settings.interval,
            store,
            families: Families::new(settings.page.families),
            targets,
            rules: Rules::new(settings.interval, settings.rules_by),
            known: Known::new(settings.external_labels),
            wake: None,
            idle: Duration::ZERO,
            ahead: 0,
            rounds_first: settings.rounds_first,
            patience: settings.patience,
        }
    }

    /// Takes one thing in: what there is to tell of it.
    pub fn step(&mut self, input: Input, now: Moment) -> Vec<Output> {
        let ahead = self.line.ahead(now);
        if ahead.abs_diff(self.ahead) >= SET {
            self.ahead = ahead;
        }
        let slept = self.notice_sleep(now);
        let mut outputs = self.taken(input, now);
        if let Some(told) = slept {
            outputs.insert(0, told);
        }
        outputs
    }

    fn taken(&mut self, input: Input, now: Moment) -> Vec<Output> {
        match input {
            Input::Scraped { target, begun, took, answer } => self.scraped(target, begun, took, answer, now),
            Input::RulesRead(files) => {
                let (rules, mut world) = self.world();
                rules.read(&files, now, &mut world)
            }
            Input::Restored(saved) => {
                self.rules.restored(saved);
                Vec::new()
            }
            Input::TimePassed => self.evaluate(now),
            Input::Asked { id, question } => {
                vec![Output::Answered { id, answer: self.answer(&question, self.line.at(now)) }]
            }
            Input::Judged { id, answers } => {
                let (rules, mut world) = self.world();
                rules.judged(id, answers, now, &mut world)
            }
            Input::TargetFound(settings) => {
                self.targets.push(Watched::new(*settings, &mut self.store));
                Vec::new()
            }
        }
    }

    /// When `TimePassed` is due: an offset of the boot clock; never where there are no rules.
    #[must_use]
    pub fn next(&self) -> Option<Duration> {
        let due = self.rules.next()?;
        if let Some(awake) = self.awake_at() {
            return Some(awake);
        }
        if !self.rules.has_begun() {
            return Some(if self.looked_often_enough() { self.start.boot } else { self.start.boot + self.patience });
        }
        let after = due.saturating_sub(self.line.at(self.start));
        Some(self.start.boot + Duration::from_millis(u64::try_from(after).unwrap_or(0)))
    }

    fn evaluate(&mut self, now: Moment) -> Vec<Output> {
        let is_time = self.rules.has_begun() || self.looked_often_enough() || now.since(self.start) >= self.patience;
        if !is_time || !self.is_awake(now) {
            return Vec::new();
        }
        let at = self.line.at(now);
        for target in &mut self.targets {
            target.left_out_before(at, &mut self.store);
        }
        let (rules, mut world) = self.world();
        rules.evaluate(now, &mut world)
    }

    /// Before the first look nothing is absent.
    fn looked_often_enough(&self) -> bool {
        // What a server looks at is not looked at here.
        if self.rules.is_by_server() {
            return true;
        }
        !self.targets.is_empty() && self.targets.iter().all(|target| target.rounds >= self.rounds_first)
    }

    pub(super) fn world(&mut self) -> (&mut Rules, World<'_>) {
        (&mut self.rules, World::new(&mut self.store, &mut self.known, &self.targets, self.line, self.ahead))
    }
}
