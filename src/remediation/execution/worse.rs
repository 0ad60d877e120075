//! When it got worse: the one rule. A trial shows the opposite of what was wanted when its last readings, several in a row up
//! to the very end, all lie on the wrong side of the reading on the card, each by more than a margin. What has no reading
//! before, no direction or no scale is never called worse: that is not verified, and no more is known of it.

use crate::domain::threshold::Comparison;
use crate::domain::{Moment, Verdict};
use crate::remediation::measure::{Evidence, Expectation, Measure, Trial};

/// So many readings in a row, with no other and no failed one behind them.
pub const READINGS: u32 = 3;

/// Readings on the wrong side, in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Run {
    count: u32,
    newest: Option<Moment>,
}

impl Run {
    /// Takes a reading. One that is told twice counts once.
    pub fn take(&mut self, trial: &Trial, before: Option<&Evidence>, reading: &Evidence) {
        if self.newest.is_some_and(|newest| newest.boot >= reading.at.boot) {
            return;
        }
        self.newest = Some(reading.at);
        self.count = if is_opposite(trial, before, reading) { self.count.saturating_add(1) } else { 0 };
    }

    /// Enough of them.
    #[must_use]
    pub fn is_worse(self) -> bool {
        self.count >= READINGS
    }
}

/// Which way is the wrong one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    Up,
    Down,
}

/// Whether one reading shows the opposite of what was wanted.
fn is_opposite(trial: &Trial, card: Option<&Evidence>, reading: &Evidence) -> bool {
    let (Some(card), Some(value)) = (card, reading.value) else { return false };
    let Some(before) = card.value else { return false };
    if trial.expect.holds(value, Some(before), reading.at) != Some(false) {
        return false;
    }
    if matches!(trial.measure, Measure::Service(_)) {
        // Verdicts are few and debounced by the number of readings: the worse one is worse.
        return before < f64::from(Verdict::Down as u8) && value > before;
    }
    if !reading.is_beyond_chance(card) {
        return false;
    }
    let Some(margin) = margin(&trial.measure, before) else { return false };
    match wrong(&trial.expect) {
        Some(Wrong::Up) => value > before + margin,
        Some(Wrong::Down) => value < before - margin,
        None => false,
    }
}

fn wrong(expect: &Expectation) -> Option<Wrong> {
    match expect {
        Expectation::Fell | Expectation::FellTo(_) | Expectation::None => Some(Wrong::Up),
        Expectation::Rose => Some(Wrong::Down),
        Expectation::Meets(threshold) => match threshold.comparison {
            Comparison::Above | Comparison::AtLeast => Some(Wrong::Down),
            Comparison::Below | Comparison::AtMost => Some(Wrong::Up),
            Comparison::Equal | Comparison::NotEqual | Comparison::OlderThan => None,
        },
        Expectation::Healthy | Expectation::Seen | Expectation::Down | Expectation::Unwell | Expectation::Is(..) => {
            None
        }
    }
}

/// By how much a reading has to be off: what a healthy system does by itself stays inside. A signal has a scale only where
/// it had a value other than zero.
fn margin(measure: &Measure, before: f64) -> Option<f64> {
    let part = |share: f64, least: f64| Some((before.abs() * share).max(least));
    match measure {
        Measure::UsedSlots(_) => part(0.1, 3.0),
        Measure::Blocked(_) => part(0.25, 2.0),
        Measure::UsedShare(_) | Measure::HitRatio(_) => Some(0.05),
        Measure::Signal(_) if before != 0.0 => part(0.25, 0.0),
        Measure::Signal(_) => None,
        Measure::OldestIdleTransaction(_) => part(0.25, 10.0),
        Measure::Latency(_) => part(0.5, 50.0),
        // Only fewer of what is on a card can be left; a verdict has no margin; a result is there or not.
        // How far the others move by themselves nobody knows.
        Measure::ObjectsLeft
        | Measure::Service(_)
        | Measure::Result
        | Measure::Shown(..)
        | Measure::Child(..)
        | Measure::Statement(..)
        | Measure::Told(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Safe;
    use crate::domain::threshold::Threshold;

    fn trial(measure: Measure, expect: Expectation) -> Trial {
        Trial { measure, expect, name: Safe::of("it") }
    }

    fn evidence(trial: &Trial, value: Option<f64>, at: Moment) -> Evidence {
        Evidence { measure: trial.measure.clone(), value, at, words: Safe::default(), chance: 0.0 }
    }

    fn after(trial: &Trial, before: Option<f64>, values: &[Option<f64>]) -> bool {
        let mut run = Run::default();
        let card = evidence(trial, before, Moment::fixed(0.0));
        for (n, value) in values.iter().enumerate() {
            let at = Moment::fixed(n as f64);
            let reading = evidence(trial, *value, at);
            run.take(trial, Some(&card), &reading);
            run.take(trial, Some(&card), &reading);
        }
        run.is_worse()
    }

    #[test]
    fn the_opposite_for_several_readings_to_the_end_is_worse() {
        let fell = trial(Measure::UsedSlots(0), Expectation::Fell);
        assert!(after(&fell, Some(50.0), &[Some(60.0); 3]));
        assert!(!after(&fell, Some(50.0), &[Some(60.0); 2]), "two are not several, however often they are told");
        assert!(!after(&fell, Some(50.0), &[Some(55.0); 9]), "within the margin");
        assert!(!after(&fell, None, &[Some(60.0); 9]), "nothing to compare with");
        assert!(!after(&fell, Some(50.0), &[Some(60.0), Some(60.0), Some(60.0), Some(51.0)]), "it came back");
        assert!(!after(&fell, Some(50.0), &[Some(60.0), Some(60.0), None, Some(60.0)]), "a failed reading breaks it");
    }

    #[test]
    fn each_expectation_has_its_wrong_side() {
        let ratio = trial(Measure::HitRatio(0), Expectation::Rose);
        assert!(after(&ratio, Some(0.7), &[Some(0.6); 3]));
        assert!(!after(&ratio, Some(0.7), &[Some(0.66); 3]));
        let ok = trial(Measure::Service(0), Expectation::Healthy);
        assert!(after(&ok, Some(0.0), &[Some(3.0); 3]), "it was ok and is down");
        assert!(!after(&ok, Some(3.0), &[Some(3.0); 3]), "it was down before");
        let meets = |text: &str| trial(Measure::Signal(0), Expectation::Meets(Threshold::parse(text).unwrap()));
        assert!(after(&meets("< 100"), Some(400.0), &[Some(600.0); 3]));
        assert!(!after(&meets("< 100"), Some(10.0), &[Some(50.0); 3]), "it rose, and is still as it should be");
        assert!(!after(&meets("== 1"), Some(1.0), &[Some(9.0); 3]), "an exact value has no direction");
        assert!(!after(&trial(Measure::Signal(0), Expectation::Fell), Some(0.0), &[Some(9.0); 3]), "zero has no scale");
        let left = trial(Measure::ObjectsLeft, Expectation::None);
        assert!(!after(&left, Some(3.0), &[Some(9.0); 3]));
    }

    /// What is wanted of what, before, within its margin, beyond it.
    type Edge = (Measure, Expectation, f64, f64, f64);

    #[test]
    fn each_margin_is_as_wide_as_it_says() {
        use Measure::{Blocked, HitRatio, Signal, UsedShare, UsedSlots};
        let meets = |text: &str| Expectation::Meets(Threshold::parse(text).unwrap());
        let edges: [Edge; 17] = [
            (UsedSlots(0), Expectation::Fell, 50.0, 55.0, 55.1),
            (UsedSlots(0), Expectation::Rose, 50.0, 45.0, 44.9),
            (UsedSlots(0), Expectation::Fell, 2.0, 5.0, 5.1),
            (UsedSlots(0), Expectation::FellTo(0.5), 50.0, 55.0, 55.1),
            (UsedSlots(0), Expectation::None, 50.0, 55.0, 55.1),
            (Blocked(0), Expectation::Fell, 100.0, 125.0, 125.1),
            (Blocked(0), Expectation::Fell, 1.0, 3.0, 3.1),
            (UsedShare(0), Expectation::Fell, 0.5, 0.54, 0.56),
            (HitRatio(0), Expectation::Rose, 0.7, 0.66, 0.64),
            (Signal(0), Expectation::Fell, 100.0, 125.0, 125.1),
            (Signal(0), Expectation::Fell, -100.0, -75.0, -74.9),
            (Signal(0), meets("> 200"), 100.0, 75.0, 74.9),
            (Signal(0), meets(">= 200"), 100.0, 75.0, 74.9),
            (Signal(0), meets("< 50"), 100.0, 125.0, 125.1),
            (Signal(0), meets("<= 50"), 100.0, 125.0, 125.1),
            (Measure::Service(0), Expectation::Healthy, 1.0, 1.0, 2.0),
            (Measure::Service(0), Expectation::Healthy, 2.0, 2.0, 3.0),
        ];
        for (measure, expect, before, within, beyond) in edges {
            let trial = trial(measure, expect);
            assert!(!after(&trial, Some(before), &[Some(within); 9]), "{trial:?} {before} -> {within}");
            assert!(after(&trial, Some(before), &[Some(beyond); 3]), "{trial:?} {before} -> {beyond}");
        }
    }

    #[test]
    fn what_has_no_direction_is_never_worse() {
        let meets = |text: &str| Expectation::Meets(Threshold::parse(text).unwrap());
        for (expect, before, value) in [
            (meets("!= 500"), 1.0, 500.0),
            (meets("== 1"), 1.0, 500.0),
            (Expectation::Healthy, 50.0, 500.0),
            (Expectation::Down, 50.0, 500.0),
        ] {
            let trial = trial(Measure::UsedSlots(0), expect);
            assert!(!after(&trial, Some(before), &[Some(value); 9]), "{trial:?} {before} -> {value}");
        }
        let age = trial(Measure::Signal(0), meets("older than 1h"));
        let now = Moment::fixed(0.0).wall.timestamp() as f64;
        assert!(!after(&age, Some(1.0), &[Some(now); 9]), "an instant is no figure that rises");
    }

    proptest! {
        /// Noise within the margins is never called worse, whatever was wanted.
        #[test]
        fn noise_is_never_worse(
            before in 1.0f64..1000.0,
            noise in prop::collection::vec(-0.099f64..0.099, 3..40),
            rises: bool,
        ) {
            let expect = if rises { Expectation::Rose } else { Expectation::Fell };
            for measure in [Measure::UsedSlots(0), Measure::Blocked(0), Measure::Signal(0)] {
                let values: Vec<_> = noise.iter().map(|part| Some(before * (1.0 + part))).collect();
                prop_assert!(!after(&trial(measure, expect.clone()), Some(before), &values));
            }
        }

        /// What was seen as success is never worse at the same time.
        #[test]
        fn success_is_never_worse(before in 0.0f64..1000.0, value in 0.0f64..2000.0) {
            for expect in [Expectation::Fell, Expectation::Rose, Expectation::None, Expectation::FellTo(0.5)] {
                let trial = trial(Measure::UsedSlots(0), expect.clone());
                if expect.holds(value, Some(before), Moment::fixed(0.0)) == Some(true) {
                    prop_assert!(!after(&trial, Some(before), &[Some(value); 5]));
                }
            }
        }
    }
}
