//! A group: rules that are evaluated one after the other at the same time, so that a later one sees what an earlier one
//! recorded in the same cycle.

use std::time::Duration;

use super::World;
use super::outcome::{Elements, Outcome};
use super::recording::RecordingRule;
use super::rule::{AlertingRule, Change, MOST_IN_ALL};
use super::schedule::Schedule;
use crate::alerts::rules;

/// A rule of either kind.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all members alert: a box would be one more step for each of them"
)]
pub enum Member {
    /// It records.
    Record(RecordingRule),
    /// It alerts.
    Alert(AlertingRule),
}

impl Member {
    fn of(rule: &rules::Rule, limit: usize) -> Member {
        match &rule.kind {
            rules::Kind::Record => Member::Record(RecordingRule::new(rule.clone(), limit)),
            rules::Kind::Alert(alerting) => Member::Alert(AlertingRule::new(rule.clone(), alerting.clone(), limit)),
        }
    }

    /// The rule as it was written.
    #[must_use]
    pub fn rule(&self) -> &rules::Rule {
        match self {
            Member::Record(of) => &of.rule,
            Member::Alert(of) => &of.rule,
        }
    }

    /// What a rule of an earlier reading of the files left: whether it is this one.
    fn adopt(&mut self, old: &Member) -> bool {
        if self.rule().name != old.rule().name || self.rule().labels != old.rule().labels {
            return false;
        }
        match (self, old) {
            (Member::Record(new), Member::Record(old)) => new.written = old.written.clone(),
            (Member::Alert(new), Member::Alert(old)) => {
                let (rule, alerting, limit) = (new.rule.clone(), new.alerting.clone(), new.limit);
                *new = AlertingRule { rule, alerting, limit, ..old.clone() };
            }
            _ => return false,
        }
        true
    }

    fn active(&self) -> usize {
        if let Member::Alert(of) = self { of.active() } else { 0 }
    }

    fn leave_room(&mut self, room: usize, looks_back: i64) {
        if let Member::Alert(of) = self {
            (of.room, of.looks_back) = (room, looks_back);
        }
    }

    fn end(&mut self) -> Elements {
        match self {
            Member::Record(of) => of.written.end(),
            Member::Alert(of) => of.written.end(),
        }
    }

    fn step(&mut self, outcome: Outcome, at: i64, world: &mut dyn World) -> (Vec<Change>, Elements) {
        match self {
            Member::Record(of) => (Vec::new(), of.step(outcome, at)),
            Member::Alert(of) => {
                let step = of.step(outcome, at, world);
                (step.changes, step.samples)
            }
        }
    }
}

/// Rules that are evaluated together.
#[derive(Clone, Debug)]
pub struct Group {
    /// In which file.
    pub file: String,
    /// Of which name.
    pub name: String,
    /// When it is evaluated.
    pub schedule: Schedule,
    /// How far back its rules look.
    pub query_offset: Duration,
    /// Its rules, in order.
    pub members: Vec<Member>,
    /// Active alerts that the rules of all other groups have: what resolved keeps nothing out.
    pub(super) others: usize,
}

impl Group {
    /// A group that is evaluated first at `first`, and every `interval` where it does not say how often.
    #[must_use]
    pub fn new(group: &rules::Group, interval: Duration, first: i64) -> Group {
        Group {
            file: group.file.clone(),
            name: group.name.clone(),
            schedule: Schedule::from(first, group.interval.unwrap_or(interval)),
            query_offset: group.query_offset.unwrap_or_default(),
            members: group.rules.iter().map(|rule| Member::of(rule, group.limit)).collect(),
            others: 0,
        }
    }

    /// How many active alerts its rules have.
    pub(super) fn active(&self) -> usize {
        self.members.iter().map(Member::active).sum()
    }

    /// The rules that alert.
    pub fn alerting(&self) -> impl Iterator<Item = &AlertingRule> {
        self.members.iter().filter_map(|member| if let Member::Alert(of) = member { Some(of) } else { None })
    }

    pub(super) fn alerting_mut(&mut self) -> impl Iterator<Item = &mut AlertingRule> {
        self.members.iter_mut().filter_map(|member| if let Member::Alert(of) = member { Some(of) } else { None })
    }

    /// Evaluates the group if it is due: what happened.
    pub fn run(&mut self, now: i64, world: &mut dyn World) -> Vec<Change> {
        self.schedule.due(now).map_or_else(Vec::new, |at| self.cycle(at, world))
    }

    /// One cycle at a time.
    pub fn cycle(&mut self, at: i64, world: &mut dyn World) -> Vec<Change> {
        let mut changes = Vec::new();
        let seen_at = at.saturating_sub(i64::try_from(self.query_offset.as_millis()).unwrap_or(i64::MAX));
        let mut all = self.others.saturating_add(self.active());
        for member in &mut self.members {
            all = all.saturating_sub(member.active());
            member.leave_room(MOST_IN_ALL.saturating_sub(all), at.saturating_sub(seen_at));
            let (happened, samples) = match member {
                Member::Record(of) if !world.is_recorded(&of.rule.name) => (Vec::new(), of.rest()),
                _ => {
                    let outcome = world.evaluate(&member.rule().expr, seen_at);
                    member.step(outcome, at, world)
                }
            };
            changes.extend(happened);
            all = all.saturating_add(member.active());
            for (series, value) in samples {
                world.append(&series, seen_at, value);
            }
        }
        changes
    }

    /// Goes on from what the group was before its files were read again. What is left over of the old one ends.
    pub(super) fn adopt(&mut self, mut old: Group) -> Elements {
        if self.schedule.interval() == old.schedule.interval() {
            self.schedule = old.schedule;
        }
        let mut taken = vec![false; old.members.len()];
        for new in &mut self.members {
            let same = old.members.iter().zip(&mut taken).find(|(member, taken)| !**taken && new.adopt(member));
            if let Some((_, taken)) = same {
                *taken = true;
            }
        }
        let left = old.members.iter_mut().zip(taken).filter(|(_, taken)| !taken);
        left.flat_map(|(member, _)| member.end()).collect()
    }

    pub(super) fn end(&mut self) -> Elements {
        self.members.iter_mut().flat_map(Member::end).collect()
    }
}
