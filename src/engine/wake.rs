//! A sleep of the machine, and what is looked at after it: as before the first look, nothing is judged until the targets that
//! answered before have answered again. What lies between counts for nothing.

use std::time::Duration;

use super::machine::Engine;
use super::{Output, scraped::Watched};
use crate::domain::Moment;

/// Who has had nothing to do for so long while an evaluation was due for so long was not slow: the machine slept, or the
/// program was stopped.
const LATE: Duration = Duration::from_secs(30);
/// Rounds that must have been answered since: a rate needs two.
const ROUNDS: u32 = 2;
/// The shortest that is waited for them: a network takes its time.
const PATIENCE: Duration = Duration::from_secs(30);

/// The time since a sleep, until everything has been looked at.
#[derive(Clone, Copy, Debug)]
pub struct Wake {
    at: Moment,
    patience: Duration,
}

impl Engine {
    /// For how long whoever drives it had nothing to do before what it hands over next. Being busy, with an evaluation or with a
    /// file, is not sleep.
    pub fn idled(&mut self, idle: Duration) {
        self.idle = self.idle.max(idle);
    }

    /// Notices that nothing was evaluated for long because nobody was awake: what there is to tell of it.
    pub(super) fn notice_sleep(&mut self, now: Moment) -> Option<Output> {
        if std::mem::take(&mut self.idle) < LATE {
            return None;
        }
        let due = self.rules.next().filter(|_| self.rules.has_begun() && self.wake.is_none())?;
        if u128::try_from(self.line.at(now).saturating_sub(due)).unwrap_or(0) < LATE.as_millis() {
            return None;
        }
        let longest = self.targets.iter().map(|target| target.settings.interval).max().unwrap_or_default();
        let rounds = longest.saturating_mul(ROUNDS + 1);
        self.wake = Some(Wake { at: now, patience: PATIENCE.max(rounds) });
        self.targets.iter_mut().for_each(Watched::slept);
        let (rules, world) = self.world();
        Some(rules.told(Vec::new(), now, &world))
    }

    /// Whether there is nothing to wait for; a sleep is over then.
    pub(super) fn is_awake(&mut self, now: Moment) -> bool {
        let Some(wake) = self.wake else { return true };
        if !self.has_looked_again() && now.since(wake.at) < wake.patience {
            return false;
        }
        self.wake = None;
        let at = self.line.at(now);
        self.rules.slept(at);
        true
    }

    /// When it is over, as an offset of the boot clock; none where there is none.
    pub(super) fn awake_at(&self) -> Option<Duration> {
        let wake = self.wake?;
        Some(if self.has_looked_again() { wake.at.boot } else { wake.at.boot + wake.patience })
    }

    fn has_looked_again(&self) -> bool {
        self.targets.iter().all(|target| target.answers_since_sleep.is_none_or(|answers| answers >= ROUNDS))
    }
}
