//! Whether fresh readings show what was wanted. Only readings that were begun after the effect count, and after the time
//! that it needs to settle; a reading that failed proves nothing and breaks what had held so far.

use std::time::Duration;

use crate::domain::{Moment, Safe, figure};
use crate::remediation::measure::{Evidence, Measure, Proof, Trial};
use crate::remediation::outcome::Outcome;

use super::worse;

/// Pause between two counts of the objects.
const OBJECTS_EVERY: Duration = Duration::from_secs(1);

/// One trial on its way.
#[derive(Clone, Debug)]
pub struct TrialState {
    /// What is wanted.
    pub trial: Trial,
    /// The reading on the card.
    pub before: Option<Evidence>,
    /// The newest that counts.
    pub after: Option<Evidence>,
    /// Since when it passes without a break.
    pub passes_since: Option<Moment>,
    /// Readings that show the opposite, in a row.
    against: worse::Run,
}

impl TrialState {
    /// Its last readings show the opposite of what was wanted.
    #[must_use]
    pub fn is_worse(&self) -> bool {
        self.against.is_worse()
    }

    /// Whether a reading moved as was wanted, and by no more than it does by itself.
    fn is_chance(&self, after: &Evidence) -> bool {
        self.trial.expect.compares() && self.before.as_ref().is_some_and(|before| !after.is_beyond_chance(before))
    }
}

/// All of them.
#[derive(Debug)]
pub struct Verification {
    trials: Vec<TrialState>,
    settle: Duration,
    within: Duration,
    stable: Duration,
    /// When the effect had ended.
    effect: Option<Moment>,
    objects_asked: Option<Moment>,
}

impl Verification {
    pub fn new(proof: &Proof, before: &[Evidence]) -> Verification {
        let state = |trial: &Trial| TrialState {
            trial: trial.clone(),
            before: before.iter().find(|evidence| evidence.measure == trial.measure).cloned(),
            after: None,
            passes_since: None,
            against: worse::Run::default(),
        };
        Verification {
            trials: proof.trials.iter().map(state).collect(),
            settle: proof.settle,
            within: proof.within,
            stable: proof.stable,
            effect: None,
            objects_asked: None,
        }
    }

    pub fn begin(&mut self, now: Moment) {
        self.effect = Some(now);
    }

    /// Takes a reading, if it says anything about the time after the effect.
    pub fn take(&mut self, evidence: &Evidence) {
        let Some(effect) = self.effect else { return };
        if evidence.at.boot < effect.boot + self.settle {
            return;
        }
        for state in self.trials.iter_mut().filter(|state| state.trial.measure == evidence.measure) {
            if state.after.as_ref().is_some_and(|newest| newest.at.boot > evidence.at.boot) {
                continue;
            }
            let before = state.before.as_ref().and_then(|before| before.value);
            let holds = evidence.value.and_then(|value| state.trial.expect.holds(value, before, evidence.at));
            state.passes_since = match holds {
                Some(true) if state.is_chance(evidence) => None,
                Some(true) => state.passes_since.or(Some(evidence.at)),
                Some(false) | None => None,
            };
            state.against.take(&state.trial, state.before.as_ref(), evidence);
            state.after = Some(evidence.clone());
        }
    }

    /// Takes what a step that only reads has read: its own reading is newer than the consent, and nothing came before it.
    pub fn answered(&mut self, evidence: &Evidence) {
        for state in self.trials.iter_mut().filter(|state| state.trial.measure == evidence.measure) {
            let holds = evidence.value.and_then(|value| state.trial.expect.holds(value, None, evidence.at));
            state.passes_since = holds.filter(|holds| *holds).map(|_| evidence.at);
            state.after = Some(evidence.clone());
        }
    }

    /// Every trial passed for as long as wanted, by readings. Without a trial nothing is ever proved.
    pub fn has_passed(&self) -> bool {
        !self.trials.is_empty() && self.trials.iter().all(|state| self.was_seen(state))
    }

    fn was_seen(&self, state: &TrialState) -> bool {
        match (&state.after, state.passes_since) {
            (Some(after), Some(since)) => after.at.since(since) >= self.stable,
            _ => false,
        }
    }

    /// There is no time left, or nothing to wait for.
    pub fn is_over(&self, now: Moment) -> bool {
        self.trials.is_empty() || self.effect.is_some_and(|effect| now.since(effect) > self.within)
    }

    /// How it ended without success. Where nobody knows whether it had its effect, that comes first; the words say the rest.
    pub fn verdict(&self, lost: bool) -> Outcome {
        match (lost, self.trials.iter().any(TrialState::is_worse)) {
            (true, _) => Outcome::Unknown,
            (false, true) => Outcome::Worse,
            (false, false) => Outcome::NotVerified,
        }
    }

    /// Whether the action's own reading should be made now.
    pub fn wants_objects(&mut self, now: Moment) -> bool {
        let own = |state: &TrialState| matches!(state.trial.measure, Measure::ObjectsLeft | Measure::Result);
        let wanted = self.trials.iter().any(own);
        let settled = self.effect.is_some_and(|effect| now.since(effect) >= self.settle);
        let due = self.objects_asked.is_none_or(|asked| now.since(asked) >= OBJECTS_EVERY);
        if wanted && settled && due {
            self.objects_asked = Some(now);
        }
        wanted && settled && due
    }

    pub fn trials(&self) -> &[TrialState] {
        &self.trials
    }

    /// How long ago the effect was, and how long its proof may take.
    pub fn elapsed(&self, now: Moment) -> Option<(Duration, Duration)> {
        self.effect.map(|effect| (now.since(effect), self.within))
    }

    /// From when on readings count; not known before the effect.
    pub fn counts_from(&self) -> Option<Moment> {
        self.effect.map(|effect| effect.plus(self.settle))
    }

    /// What was not seen.
    pub fn words(&self) -> Safe {
        if self.trials.is_empty() {
            return Safe::of("nothing was declared that would show its success");
        }
        let missing = self.trials.iter().filter(|state| !self.was_seen(state));
        let words: Vec<String> = missing
            .map(|state| {
                let wanted = state.trial.expect.words();
                let before = state.before.as_ref().map_or("not known", |before| before.words.as_str());
                match &state.after {
                    Some(after) if state.is_worse() => {
                        format!(
                            "{} got WORSE, {before} -> {}: it was to be seen that it {wanted}",
                            state.trial.name, after.words
                        )
                    }
                    Some(after) if state.is_chance(after) && after.value.is_some() => format!(
                        "{} {before} -> {}: chance alone moves it so far, not seen that it {wanted}",
                        state.trial.name, after.words
                    ),
                    Some(after) => format!("{} is {}: not seen that it {wanted}", state.trial.name, after.words),
                    None => format!("no fresh reading of {}: not seen that it {wanted}", state.trial.name),
                }
            })
            .collect();
        Safe::of(format!("within {}: {}", figure::span(self.within), words.join("; ")))
    }
}
