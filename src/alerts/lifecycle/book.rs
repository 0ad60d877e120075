//! All groups of all files: when the next is due, what a new reading of the files changes, what is kept over a restart.

use std::time::Duration;

use super::World;
use super::group::Group;
use super::rule::{AlertingRule, Change};
use super::saved::{Restore, Saved, SavedRule};
use crate::alerts::line::Line;
use crate::alerts::rules;
use crate::domain::Moment;

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

    /// Evaluates what is due, in the order of the files: what happened.
    pub fn run(&mut self, now: i64, world: &mut dyn World) -> Vec<Change> {
        self.groups.iter_mut().flat_map(|group| group.run(now, world)).collect()
    }

    /// Evaluates everything, due or not: who looks once wants to know how it is now.
    pub fn run_all(&mut self, now: i64, world: &mut dyn World) -> Vec<Change> {
        self.groups.iter_mut().flat_map(|group| group.cycle(now, world)).collect()
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
