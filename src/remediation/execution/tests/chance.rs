//! A share of some hundred look-ups is a sample: what moved by no more than chance moves it proves nothing, either way.

use super::fresh::{closed, trial, with_readings};
use crate::domain::Safe;
use crate::metrics::rate::standard_error;
use crate::remediation::execution::Input;
use crate::remediation::measure::{Evidence, Expectation, Measure};
use crate::remediation::outcome::Outcome;
use crate::remediation::tests::world::*;

/// So many hits of so many look-ups.
fn ratio(hits: u64, lookups: u64, when: f64) -> Evidence {
    let share = hits as f64 / lookups as f64;
    let chance = standard_error(share, lookups);
    Evidence { chance, ..evidence(Measure::HitRatio(0), Some(share), at(when)) }
}

/// How an action that was to raise the hit ratio ends, and what it says, after several readings of the same.
fn ended(before: (u64, u64), after: (u64, u64)) -> (Option<Outcome>, String) {
    let rises = vec![trial(Measure::HitRatio(0), Expectation::Rose, "hit ratio")];
    let (mut execution, _) = with_readings(rises, 0.0, vec![ratio(before.0, before.1, 0.0)]);
    let read = |when: f64| (Input::Read(ratio(after.0, after.1, when)), at(when));
    let mut inputs: Vec<_> = (4..9).map(|when| read(f64::from(when))).collect();
    inputs.push((Input::TimePassed, at(31.5)));
    let ends: Vec<_> = inputs.into_iter().filter_map(|(input, now)| closed(&execution.step(input, now))).collect();
    (ends.first().copied(), execution.reasons().iter().map(Safe::as_str).collect())
}

#[test]
fn a_rise_that_chance_makes_is_not_verified() {
    assert_eq!(ended((16, 170), (132, 140)).0, Some(Outcome::Verified), "9 % to 94 %");
    assert_eq!(ended((80_000, 100_000), (82_000, 100_000)).0, Some(Outcome::Verified), "two points of many look-ups");
    let (end, said) = ended((95, 100), (98, 100));
    assert_eq!(end, Some(Outcome::NotVerified), "three points of a hundred look-ups: {said}");
    assert!(said.contains("chance alone"), "{said}");
    assert_eq!(ended((100, 100), (100, 100)).0, Some(Outcome::NotVerified), "nothing to rise to");
    let (end, said) = ended((800_000, 1_000_000), (804_000, 1_000_000));
    assert_eq!(end, Some(Outcome::NotVerified), "sure, and of no use: {said}");
}

#[test]
fn a_fall_that_chance_makes_is_not_worse() {
    assert_eq!(ended((900, 1000), (500, 1000)).0, Some(Outcome::Worse));
    let (end, said) = ended((75, 100), (66, 100));
    assert_eq!(end, Some(Outcome::NotVerified), "{said}");
    assert!(!said.contains("WORSE"), "{said}");
}

/// Drawn look-ups of a cache that did not change: each reading alone passes less than once in two hundred.
#[test]
fn a_cache_that_did_not_change_is_seldom_verified() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut hits = |share: f64, lookups: u64| (0..lookups).filter(|_| draw() < share).count() as u64;
    for share in [0.02, 0.3, 0.5, 0.8, 0.95, 0.99] {
        let (mut chance, mut cured) = (0, 0);
        for lookups in [100, 130, 400].into_iter().cycle().take(1500) {
            let before = ratio(hits(share, lookups), lookups, 0.0);
            let same = ratio(hits(share, lookups), lookups, 4.0);
            let holds = same.value > before.value && same.is_beyond_chance(&before);
            chance += u32::from(holds);
            let warm = ratio(hits(0.99_f64.max(share), lookups), lookups, 4.0);
            cured += u32::from(warm.value > before.value && warm.is_beyond_chance(&before));
        }
        assert!(chance <= 7, "{share}: {chance} of 1500 rose by chance");
        assert!(share > 0.5 || cured == 1500, "{share}: {cured} of 1500 cures were seen");
    }
}
