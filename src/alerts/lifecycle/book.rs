//! All groups of all files: when the next is due, what a new reading of the files changes, what is kept over a restart.

use std::time::Duration;

use super::World;
use super::group::Group;
use super::rule::{AlertingRule, Change, MOST_IN_ALL};
use super::saved::{Restore, Saved, SavedRule};
use crate::alerts::line::Line;
use crate::alerts::rules;
use crate::domain::Moment;
use crate::metrics::labels::Labels;

/// All groups.
#[derive(Clone, Debug)]
pub struct Book {
    groups: Vec<Group>,
    interval: Duration,
}

impl Book {
    /// Of what was read; the first evaluation is due at once.
    #[must_use]
    pub fn new(groups: &[rules::Group], interval: Duration, now: i64) -> Book {
        Book { groups: groups.iter().map(|group| Group::new(group, interval, now)).collect(), interval }
    }

    /// The groups.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// When the next group is due; none where there is none.
    #[must_use]
    pub fn next(&self) -> Option<i64> {
        self.groups.iter().map(|group| group.schedule.next()).min()
    }

    /// When the next of some groups is due.
    #[must_use]
    pub fn next_of(&self, meant: impl Fn(usize) -> bool) -> Option<i64> {
        let meant = self.groups.iter().enumerate().filter(|(at, _)| meant(*at));
        meant.map(|(_, group)| group.schedule.next()).min()
    }

    /// The groups that are due of those that are meant, each with its slot. Whoever takes them runs their cycles.
    pub fn take_due(&mut self, now: i64, meant: impl Fn(usize) -> bool) -> Vec<(usize, i64)> {
        let meant = self.groups.iter_mut().enumerate().filter(|(at, _)| meant(*at));
        meant.filter_map(|(at, group)| Some((at, group.schedule.due(now)?))).collect()
    }

    /// One cycle of one group, at its slot.
    pub fn cycle(&mut self, group: usize, at: i64, world: &mut dyn World) -> Vec<Change> {
        let all: usize = self.groups.iter().map(Group::active).sum();
        let Some(group) = self.groups.get_mut(group) else { return Vec::new() };
        group.others = all.saturating_sub(group.active());
        let changes = group.cycle(at, world);
        self.make_room();
        changes
    }

    /// Evaluates what is due, in the order of the files: what happened.
    pub fn run(&mut self, now: i64, world: &mut dyn World) -> Vec<Change> {
        self.each(|group| group.run(now, world))
    }

    /// Evaluates everything, due or not: who looks once wants to know how it is now.
    pub fn run_all(&mut self, now: i64, world: &mut dyn World) -> Vec<Change> {
        self.each(|group| group.cycle(now, world))
    }

    /// One group after the other, each with the room that the others leave.
    fn each(&mut self, mut run: impl FnMut(&mut Group) -> Vec<Change>) -> Vec<Change> {
        let mut all: usize = self.groups.iter().map(Group::active).sum();
        let mut changes = Vec::new();
        for group in &mut self.groups {
            all = all.saturating_sub(group.active());
            group.others = all;
            changes.extend(run(group));
            all = all.saturating_add(group.active());
        }
        self.make_room();
        changes
    }

    /// Forgets what resolved first, of whatever rule, where all rules together have too many.
    fn make_room(&mut self) {
        let count = self.groups.iter().flat_map(Group::alerting).map(|rule| rule.alerts.len()).sum::<usize>();
        let over = count.saturating_sub(MOST_IN_ALL);
        if over == 0 {
            return;
        }
        let rules = self.groups.iter().flat_map(Group::alerting).enumerate();
        let resolved =
            rules.flat_map(|(place, rule)| rule.resolved().map(move |(at, labels)| (at, place, labels.clone())));
        let mut resolved: Vec<(i64, usize, Labels)> = resolved.collect();
        resolved.sort();
        resolved.truncate(over);
        resolved.sort_by_key(|(_, place, _)| *place);
        let mut resolved = resolved.into_iter().peekable();
        for (place, rule) in self.groups.iter_mut().flat_map(Group::alerting_mut).enumerate() {
            while let Some((_, _, labels)) = resolved.next_if(|(_, of, _)| *of == place) {
                rule.drop_resolved(&labels);
            }
        }
    }

    /// What was read anew takes the place of what was: rules that are the same by name and labels keep their alerts, and the
    /// series of those that are gone end.
    pub fn reload(&mut self, groups: &[rules::Group], now: i64, world: &mut dyn World) {
        let mut old = std::mem::take(&mut self.groups);
        for read in groups {
            let mut group = Group::new(read, self.interval, now);
            let known = old.iter().position(|known| known.file == group.file && known.name == group.name);
            let ended = known.map_or_else(Vec::new, |at| group.adopt(old.remove(at)));
            for (series, value) in ended {
                world.append(&series, now, value);
            }
            self.groups.push(group);
        }
        for (series, value) in old.iter_mut().flat_map(Group::end) {
            world.append(&series, now, value);
        }
    }

    /// The machine slept until now: everything is due, and what lay between counts for nothing.
    pub fn slept(&mut self, now: i64) {
        for group in &mut self.groups {
            group.schedule.resume(now);
            group.alerting_mut().for_each(|rule| rule.slept(now));
        }
    }

    /// What is to be kept over a restart.
    #[must_use]
    pub fn save(&self, line: Line, now: Moment) -> Saved {
        let to_wall = |at: i64| line.to_wall(at, now);
        let rules = self.groups.iter().flat_map(|group| group.alerting().map(move |rule| (group, rule)));
        let rules = rules.map(|(group, rule)| SavedRule {
            file: group.file.clone(),
            group: group.name.clone(),
            name: rule.rule.name.clone(),
            labels: rule.rule.labels.clone(),
            alerts: rule.save(&to_wall),
        });
        Saved { at: now.wall.timestamp_millis(), rules: rules.filter(|rule| !rule.alerts.is_empty()).collect() }
    }

    /// Takes up what an earlier run kept; before the first evaluation.
    pub fn restore(&mut self, saved: &Saved, restore: Restore, line: Line, now: Moment) {
        let of_wall = |wall: i64| line.of_wall(wall, now);
        for group in &mut self.groups {
            let (file, name) = (group.file.clone(), group.name.clone());
            for rule in group.alerting_mut() {
                let same = |kept: &&SavedRule| kept.file == file && kept.group == name && is_of(kept, rule);
                if let Some(kept) = saved.rules.iter().find(same) {
                    rule.remember(kept, restore, &of_wall);
                }
            }
        }
    }
}

fn is_of(kept: &SavedRule, rule: &AlertingRule) -> bool {
    kept.name == rule.rule.name && kept.labels == rule.rule.labels
}
