//! Rules in force, their alerts, and what is told of both.

use std::sync::Arc;
use std::time::Duration;

use super::Output;
use super::alerts::{AlertsTold, RuleTold};
use super::world::{self, World};
use crate::alerts::lifecycle::{Book, Change, Restore, Saved};
use crate::alerts::rules::{self, File, Kind, Loaded, Problem};
use crate::domain::{Moment, Safe};

/// Rules and their alerts.
#[derive(Debug)]
pub struct Rules {
    loaded: Loaded,
    book: Option<Book>,
    /// What an earlier run kept, until the first evaluation.
    saved: Option<Saved>,
    interval: Duration,
    begun: bool,
    /// Whether the last that was given to be kept held anything.
    kept: bool,
}

impl Rules {
    pub fn new(interval: Duration) -> Rules {
        Rules { loaded: Loaded::default(), book: None, saved: None, interval, begun: false, kept: false }
    }

    /// What an earlier run kept. What comes after the first evaluation comes too late.
    pub fn restored(&mut self, saved: Saved) {
        if !self.begun {
            self.saved = Some(saved);
        }
    }

    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// When the next group is due.
    pub fn next(&self) -> Option<i64> {
        self.book.as_ref()?.next()
    }

    /// Files were read: in force if nothing is wrong with them, else what was in force stays.
    pub fn read(
        &mut self,
        files: &[(String, Result<String, Safe>)],
        now: Moment,
        world: &mut World<'_>,
    ) -> Vec<Output> {
        let files: Vec<File<'_>> =
            files.iter().map(|(name, text)| (name.as_str(), text.as_deref().map_err(Safe::clone))).collect();
        let mut read = self.loaded.again(&files);
        if read.problems.is_empty() {
            judge(&mut read, world.keep());
        }
        let in_force = read.problems.is_empty();
        if !in_force {
            read.groups.clone_from(&self.loaded.groups);
        }
        self.loaded = read;
        if in_force {
            self.enforce(now, world);
        }
        vec![self.told(Vec::new(), now, world)]
    }

    fn enforce(&mut self, now: Moment, world: &mut World<'_>) {
        let all = self.loaded.groups.iter().flat_map(|group| &group.rules);
        let metric = |rule: &rules::Rule| matches!(rule.kind, Kind::Record).then_some(());
        world.known().learn(all.map(|rule| (rule.expr.as_str(), metric(rule).map(|()| rule.name.as_str()))));
        let at = world.line.at(now);
        match &mut self.book {
            Some(book) if self.begun => book.reload(&self.loaded.groups, at, world),
            _ => self.book = Some(Book::new(&self.loaded.groups, self.interval, at)),
        }
    }

    /// The machine slept until now.
    pub fn slept(&mut self, at: i64) {
        if let Some(book) = &mut self.book {
            book.slept(at);
        }
    }

    /// Evaluates what is due.
    pub fn evaluate(&mut self, now: Moment, world: &mut World<'_>) -> Vec<Output> {
        let at = world.line.at(now);
        let (line, interval) = (world.line, self.interval);
        if self.book.is_none() {
            return Vec::new();
        }
        if !self.begun {
            // Its slots begin now: those before were not left out, there was nothing to look at.
            let mut book = Book::new(&self.loaded.groups, interval, at);
            if let Some(saved) = self.saved.take() {
                book.restore(&saved, Restore::default(), line, now);
            }
            self.book = Some(book);
            self.begun = true;
        }
        let Some(book) = self.book.as_mut().filter(|book| book.next().is_some_and(|due| due <= at)) else {
            return Vec::new();
        };
        let changes = book.run(at, world);
        let saved = book.save(line, now);
        let mut outputs = vec![self.told(changes, now, world)];
        let holds = !saved.rules.is_empty();
        if holds || self.kept {
            outputs.push(Output::Keep(saved));
        }
        self.kept = holds;
        outputs
    }

    pub fn told(&self, changes: Vec<Change>, now: Moment, world: &World<'_>) -> Output {
        let at = world.line.at(now);
        let groups = self.book.as_ref().map_or(&[][..], Book::groups);
        let mut rules = Vec::new();
        let mut recording = (0, 0);
        let mut skipped: u64 = 0;
        for group in groups {
            let interval = group.schedule.interval();
            skipped = skipped.saturating_add(group.schedule.missed());
            for member in &group.members {
                use crate::alerts::lifecycle::group::Member;
                match member {
                    Member::Record(of) => {
                        recording.0 += 1;
                        recording.1 += usize::from(of.failure.is_some());
                    }
                    Member::Alert(of) => rules.push(RuleTold {
                        file: group.file.clone(),
                        line: of.rule.line,
                        group: group.name.clone(),
                        name: of.rule.name.clone(),
                        expr: of.rule.expr.clone(),
                        hold: of.alerting.hold,
                        interval,
                        evaluated_at: of.evaluated_at(),
                        labels: of.rule.labels.clone(),
                        annotations: of.alerting.annotations.clone(),
                        standing: of.standing(at, interval),
                        alerts: of.alerts().cloned().collect(),
                    }),
                }
            }
        }
        Output::Alerts(Arc::new(AlertsTold {
            at: now,
            line: at,
            rules,
            recording,
            changes,
            skipped,
            took: Duration::ZERO,
            problems: self.loaded.problems.clone(),
            remarks: self.loaded.remarks.clone(),
        }))
    }
}

/// Looks at every expression: what is no PromQL is a problem of the file, as a server has it; what is valid and not evaluated
/// here is a remark, and its rule says so.
fn judge(read: &mut Loaded, keep: Duration) {
    let (mut problems, mut remarks) = (Vec::new(), Vec::new());
    for group in &read.groups {
        for rule in &group.rules {
            let refused = world::refused(&rule.expr);
            let far = || world::out_of_reach(&rule.expr, keep).map(|words| (words, false));
            let Some((words, is_invalid)) = refused.or_else(far) else { continue };
            let key = format!("group {:?} rule {:?}.expr", group.name, rule.name);
            let problem = Problem::new(&group.file, rule.expr_line, key, words.as_str());
            if is_invalid { problems.push(problem) } else { remarks.push(problem) }
        }
    }
    read.problems.extend(problems);
    read.remarks.extend(remarks);
}
