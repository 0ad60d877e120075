//! Rules in force, their alerts, and what is told of both.

use std::sync::Arc;
use std::time::Duration;

use super::Output;
use super::alerts::{AlertsTold, Apart, FailingRecord, RuleTold};
use super::by_server::ByServer;
use super::world::{self, World};
use crate::alerts::lifecycle::{AlertingRule, Book, Change, Group, Outcome, Restore, Saved};
use crate::alerts::rules::{self, By, File, Kind, Loaded, Problem};
use crate::domain::{Moment, Safe};

/// Most failing rules that record which are told by name.
const FAILING: usize = 500;

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
    /// Who evaluates, where that is not we.
    server: Option<ByServer>,
}

impl Rules {
    pub fn new(interval: Duration, by: By) -> Rules {
        let server = (by == By::Server).then(ByServer::default);
        Rules { loaded: Loaded::default(), book: None, saved: None, interval, begun: false, kept: false, server }
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

    pub fn is_by_server(&self) -> bool {
        self.server.is_some()
    }

    /// When the next group is due, or a cycle has waited long enough.
    pub fn next(&self) -> Option<i64> {
        let book = self.book.as_ref()?;
        let Some(server) = &self.server else { return book.next() };
        book.next_of(|group| !server.waits(group)).into_iter().chain(server.until()).min()
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
            judge(&mut read, world.keep(), self.is_by_server());
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
        let all = all.map(|rule| (rule.expr.as_str(), metric(rule).map(|()| rule.name.as_str())));
        if let Some(server) = &mut self.server {
            server.learn(all.clone());
        }
        world.known().learn(all);
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
        if let Some(server) = &mut self.server {
            server.slept();
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
        if self.is_by_server() {
            return self.ask_server(now, world);
        }
        let Some(book) = self.book.as_mut().filter(|book| book.next().is_some_and(|due| due <= at)) else {
            return Vec::new();
        };
        let changes = book.run(at, world);
        self.evaluated(changes, now, world)
    }

    /// What there is to tell and to keep after an evaluation.
    fn evaluated(&mut self, changes: Vec<Change>, now: Moment, world: &World<'_>) -> Vec<Output> {
        let Some(saved) = self.book.as_ref().map(|book| book.save(world.line, now)) else { return Vec::new() };
        let mut outputs = vec![self.told(changes, now, world)];
        let holds = !saved.rules.is_empty();
        if holds || self.kept {
            outputs.push(Output::Keep(saved));
        }
        self.kept = holds;
        outputs
    }

    /// What is due is asked of the server.
    fn ask_server(&mut self, now: Moment, world: &mut World<'_>) -> Vec<Output> {
        let at = world.line.at(now);
        let (Some(book), Some(server)) = (&mut self.book, &mut self.server) else { return Vec::new() };
        let mut cycles = server.expire(at);
        let due = book.take_due(at, |group| !server.waits(group));
        cycles.extend(due.into_iter().map(|(group, slot)| server.begin(group, slot, at)));
        self.go_on(&cycles, now, world)
    }

    /// The server answered.
    pub fn judged(&mut self, id: u64, answers: Vec<Outcome>, now: Moment, world: &mut World<'_>) -> Vec<Output> {
        let waits = self.server.as_mut().is_some_and(|server| server.take(id, answers));
        if waits { self.go_on(&[id], now, world) } else { Vec::new() }
    }

    fn go_on(&mut self, cycles: &[u64], now: Moment, world: &mut World<'_>) -> Vec<Output> {
        let at = world.line.at(now);
        let (Some(book), Some(server)) = (&mut self.book, &mut self.server) else { return Vec::new() };
        let (mut asks, mut changes) = (Vec::new(), Vec::new());
        for id in cycles {
            match server.go_on(*id, book, at, world) {
                Ok(ask) => asks.push(Output::AskServer(ask)),
                Err(happened) => changes.extend(happened),
            }
        }
        let is_over = asks.len() < cycles.len();
        let mut outputs = if is_over { self.evaluated(changes, now, world) } else { Vec::new() };
        outputs.extend(asks);
        outputs
    }

    pub fn told(&self, changes: Vec<Change>, now: Moment, world: &World<'_>) -> Output {
        let at = world.line.at(now);
        let groups = self.book.as_ref().map_or(&[][..], Book::groups);
        let mut rules = Vec::new();
        let (mut recording, mut failing) = ((0, 0), Vec::new());
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
                        if let Some(failure) = of.failure.clone().filter(|_| failing.len() < FAILING) {
                            let (file, name) = (group.file.clone(), of.rule.name.clone());
                            failing.push(FailingRecord { file, line: of.rule.line, name, failure });
                        }
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
                        apart: Apart::default(),
                    }),
                }
            }
        }
        Output::Alerts(Arc::new(AlertsTold {
            at: now,
            line: at,
            rules,
            recording,
            failing,
            changes,
            skipped,
            dropped: groups.iter().flat_map(Group::alerting).map(AlertingRule::dropped).sum(),
            took: Duration::ZERO,
            cost: self.server.as_ref().map(|server| server.cost(groups)),
            problems: self.loaded.problems.clone(),
            remarks: self.loaded.remarks.clone(),
        }))
    }
}

/// Looks at every expression: what is no PromQL is a problem of the file, as a server has it; what is valid and not evaluated
/// here is a remark, and its rule says so, unless it is a server that evaluates it.
fn judge(read: &mut Loaded, keep: Duration, by_server: bool) {
    let (mut problems, mut remarks) = (Vec::new(), Vec::new());
    for group in &read.groups {
        for rule in &group.rules {
            let refused = world::refused(&rule.expr);
            let far = || world::out_of_reach(&rule.expr, keep).map(|words| (words, false));
            let Some((words, is_invalid)) = refused.or_else(far) else { continue };
            let key = format!("group {:?} rule {:?}.expr", group.name, rule.name);
            let problem = Problem::new(&group.file, rule.expr_line, key, words.as_str());
            match is_invalid {
                true => problems.push(problem),
                false if by_server => {}
                false => remarks.push(problem),
            }
        }
    }
    read.problems.extend(problems);
    read.remarks.extend(remarks);
}
