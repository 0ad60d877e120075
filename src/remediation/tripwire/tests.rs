//! Steady noise never trips it, a step does, and what is not known is told as that.

use proptest::prelude::*;

use super::*;

const LEVELS: [Wire; 3] = [Wire::Latency, Wire::Connections, Wire::Blocked];

fn known(values: &[f64]) -> Vec<Option<f64>> {
    values.iter().copied().map(Some).collect()
}

/// Whether it would have tripped at any moment while these came in.
fn ever_worse(wire: Wire, before: &[Option<f64>], after: &[Option<f64>]) -> bool {
    (0..=after.len()).any(|n| matches!(wire.judge(before, &after[..n]), Finding::Worse { .. }))
}

#[test]
fn a_step_is_told_with_what_was_usual_and_what_it_is() {
    let before = known(&[12.0, 11.0, 14.0, 13.0, 12.0, 400.0, 12.0, 13.0, 11.0, 12.0, 12.0]);
    let finding = Wire::Latency.judge(&before, &known(&[130.0, 128.0, 140.0, 135.0, 133.0]));
    assert_eq!(finding, Finding::Worse { before: 12.0, after: 133.0 }, "one spike before does not blind it");
    assert_eq!(Wire::Latency.words(133.0), "133ms");
    assert_eq!(Wire::Failures.words(0.8), "80.0%");
}

#[test]
fn it_takes_several_readings_in_a_row() {
    let before = known(&[10.0; 20]);
    assert!(!ever_worse(Wire::Latency, &before, &known(&[500.0, 500.0, 500.0, 500.0, 10.0, 500.0, 500.0])));
    let failed = [Some(500.0), Some(500.0), None, Some(500.0), Some(500.0), Some(500.0)];
    assert!(!ever_worse(Wire::Latency, &before, &failed), "a failed reading is no level");
    assert!(ever_worse(Wire::Latency, &before, &known(&[500.0; 5])));
}

#[test]
fn an_outage_trips_on_the_failures() {
    let ok = known(&[0.0; 30]);
    assert!(matches!(
        Wire::Failures.judge(&ok, &known(&[0.0, 0.0, 1.0, 1.0, 1.0])),
        Finding::Worse { before: 0.0, after } if after == 0.6
    ));
    assert_eq!(Wire::Failures.judge(&ok, &known(&[0.0, 1.0, 0.0, 1.0, 0.0])), Finding::Holds);
    assert_eq!(Wire::Failures.judge(&known(&[1.0; 30]), &known(&[1.0; 9])), Finding::Holds, "it was down before");
}

#[test]
fn too_few_readings_are_unknown_and_never_fine() {
    let plenty = known(&[10.0; 9]);
    assert_eq!(Wire::Latency.judge(&[], &plenty), Finding::Unknown { before: 0, after: 9 });
    assert_eq!(Wire::Latency.judge(&plenty, &[]), Finding::Unknown { before: 9, after: 0 });
    let holes: Vec<Option<f64>> = vec![Some(10.0), None, Some(10.0), None, Some(10.0), None];
    assert_eq!(Wire::Latency.judge(&plenty, &holes), Finding::Unknown { before: 9, after: 3 });
    assert_eq!(Wire::Latency.judge(&known(&[f64::NAN; 9]), &plenty), Finding::Unknown { before: 0, after: 9 });
}

/// Numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[test]
fn five_minutes_of_chance_hardly_ever_trip_it() {
    let mut tripped = 0;
    for seed in 0..100 {
        let mut chance = Chance(seed * 7919 + 1);
        // One probe in ten fails, and latency now and then doubles or worse.
        let mut probes = |n| (0..n).map(|_| Some(if chance.next() < 0.1 { 1.0 } else { 0.0 })).collect::<Vec<_>>();
        let (before, after) = (probes(150), probes(150));
        tripped += usize::from(ever_worse(Wire::Failures, &before, &after));
        let mut times =
            |n| (0..n).map(|_| Some(80.0 * (0.5 - chance.next()).abs().max(0.002).recip())).collect::<Vec<_>>();
        let (before, after) = (times(150), times(150));
        tripped += usize::from(ever_worse(Wire::Latency, &before, &after));
    }
    assert!(tripped <= 1, "{tripped} of 200 watches tripped on chance");
}

proptest! {
    /// Whatever stays within a fifth of its level never trips, at any level, however it jumps about.
    #[test]
    fn steady_noise_never_trips(
        level in 0.0f64..10_000.0,
        before in prop::collection::vec(-0.2f64..0.2, 0..60),
        after in prop::collection::vec(prop::option::weighted(0.95, -0.2f64..0.2), 0..80),
    ) {
        let before: Vec<_> = before.iter().map(|part| Some(level * (1.0 + part))).collect();
        let after: Vec<_> = after.iter().map(|part| part.map(|part| level * (1.0 + part))).collect();
        for wire in LEVELS {
            prop_assert!(!ever_worse(wire, &before, &after));
        }
    }

    /// A service whose probes fail in a pattern goes on failing in it and never trips.
    #[test]
    fn a_pattern_of_failures_never_trips(pattern in prop::collection::vec(prop::bool::ANY, 1..12), rounds in 6usize..12) {
        let probes: Vec<_> = pattern.iter().map(|failed| Some(f64::from(u8::from(*failed)))).collect();
        let whole: Vec<_> = std::iter::repeat_n(probes, rounds).flatten().collect();
        prop_assert!(!ever_worse(Wire::Failures, &whole, &whole));
    }

    /// A step to twice the highest and beyond the floor always trips, within so many readings.
    #[test]
    fn a_step_always_trips(
        level in 1.0f64..10_000.0,
        before in prop::collection::vec(-0.2f64..0.2, BEFORE..60),
        after in prop::collection::vec(-0.05f64..0.05, AFTER..AFTER + 1),
    ) {
        let before: Vec<_> = before.iter().map(|part| Some(level * (1.0 + part))).collect();
        let after: Vec<_> = after.iter().map(|part| Some((level * 2.5 + 30.0) * (1.0 + part))).collect();
        for wire in LEVELS {
            prop_assert!(ever_worse(wire, &before, &after), "{wire:?}");
        }
    }

    /// Without enough readings it is never said that all is well, nor that anything is worse.
    #[test]
    fn little_is_unknown(
        before in prop::collection::vec(prop::option::of(0.0f64..100.0), 0..8),
        after in prop::collection::vec(prop::option::of(0.0f64..100.0), 0..8),
    ) {
        let few = before.iter().flatten().count() < BEFORE || after.iter().flatten().count() < AFTER;
        for wire in LEVELS.into_iter().chain([Wire::Failures]) {
            let unknown = matches!(wire.judge(&before, &after), Finding::Unknown { .. });
            prop_assert!(unknown || !few);
        }
    }
}

#[test]
fn what_is_worse_the_lower_it_is_trips_downwards_only() {
    let row = |values: &[f64]| values.iter().map(|value| Some(*value)).collect::<Vec<_>>();
    let was = row(&[0.9, 0.92, 0.91, 0.9, 0.89, 0.9]);
    let low = row(&[0.3, 0.31, 0.2, 0.3, 0.1]);
    assert!(matches!(Wire::HitRatio.judge(&was, &low), Finding::Worse { .. }));
    assert_eq!(Wire::HitRatio.judge(&was, &row(&[0.99; 5])), Finding::Holds);
    assert_eq!(Wire::HitRatio.judge(&was, &row(&[0.3, 0.3, 0.9, 0.3, 0.3])), Finding::Holds, "not in a row");
    assert!(matches!(Wire::Falling.judge(&row(&[25.0; 6]), &row(&[0.0; 5])), Finding::Worse { .. }));
    assert_eq!(Wire::Falling.judge(&row(&[25.0; 6]), &row(&[500.0; 5])), Finding::Holds);
    assert!(matches!(Wire::Rising.judge(&row(&[0.0; 6]), &row(&[3.0; 5])), Finding::Worse { .. }), "errors from none");
    assert_eq!(Wire::Rising.judge(&row(&[0.0; 6]), &row(&[0.0; 5])), Finding::Holds);
}

/// One error in a quarter of an hour is not worse than none, and a signal that jitters at its limit is not worse either.
#[test]
fn a_signal_rises_by_more_than_nothing() {
    let row = |values: &[f64]| values.iter().map(|value| Some(*value)).collect::<Vec<_>>();
    let judge = |was: f64, now: f64| Wire::Rising.judge(&row(&[was; 6]), &row(&[now; 5]));
    for (was, now) in [(0.0, 0.001), (0.0, 0.04), (0.001, 0.01), (100.0, 155.0), (-0.0, 0.0)] {
        assert_eq!(judge(was, now), Finding::Holds, "{was} to {now}");
    }
    for (was, now) in [(0.0, 0.06), (0.001, 0.07), (0.02, 0.04), (0.5, 0.9), (100.0, 170.0)] {
        assert!(matches!(judge(was, now), Finding::Worse { .. }), "{was} to {now}");
    }
    let bursts = row(&[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 10.0, 10.0, 10.0]);
    assert_eq!(Wire::Rising.judge(&bursts, &row(&[10.01; 5])), Finding::Holds, "it stood there before");
}
