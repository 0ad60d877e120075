//! Invariants 39, 40 and 42, over any history.

use proptest::prelude::*;

use super::*;

/// What an evaluation gave.
#[derive(Clone, Debug)]
enum Seen {
    Instances(Vec<u8>),
    Missing(Vec<u8>),
    Warming,
    Idle,
    Failed,
    Refused,
}

fn seen() -> impl Strategy<Value = Seen> {
    let instances = || proptest::collection::vec(0..4_u8, 0..4);
    prop_oneof![
        4 => instances().prop_map(Seen::Instances),
        1 => instances().prop_map(Seen::Missing),
        1 => Just(Seen::Warming),
        1 => Just(Seen::Idle),
        2 => Just(Seen::Failed),
        1 => Just(Seen::Refused),
    ]
}

fn history() -> impl Strategy<Value = Vec<(u16, Seen)>> {
    proptest::collection::vec((1..400_u16, seen()), 0..40)
}

fn outcome(seen: &Seen) -> Outcome {
    // Repeats among the instances are elements with equal labels: the whole evaluation fails.
    let elements = |of: &[u8]| of.iter().map(|n| element(&n.to_string(), f64::from(*n))).collect();
    let none = |basis: Basis| Ok(Evaluation::on(Vec::new(), basis));
    match seen {
        Seen::Instances(of) => Ok(Evaluation::complete(elements(of))),
        Seen::Missing(of) => Ok(Evaluation::on(elements(of), Basis::Missing(Vec::new()))),
        Seen::Warming => none(Basis::Warming { have: Duration::ZERO, need: Duration::from_secs(60) }),
        Seen::Idle => none(Basis::NoTraffic),
        Seen::Failed => Err(Failure::Failed("it failed".into_safe())),
        Seen::Refused => Err(Failure::NotEvaluated("refused".into_safe())),
    }
}

fn rule() -> impl Strategy<Value = AlertingRule> {
    (prop_oneof![Just(0), 1..500_u64], prop_oneof![Just(0), 1..500_u64], prop_oneof![3 => Just(0), 1 => 1..3_usize])
        .prop_map(|(hold, keep, limit)| {
            let annotations = [("s", "{{ $labels.instance }} {{ $value }} {{ $labels }}")];
            of(&alerting_rule(hold, keep, &[("severity", "page")], &annotations), limit)
        })
}

/// The whole history as bytes.
fn replay(mut rule: AlertingRule, history: &[(u16, Seen)]) -> String {
    let mut at = 0;
    let mut told = String::new();
    for (after, seen) in history {
        at += i64::from(*after) * 1000;
        let step = rule.step(outcome(seen), at, &mut Told::default());
        told.push_str(&format!("{step:?}\n{:?}\n", rule.alerts().collect::<Vec<_>>()));
    }
    told
}

proptest! {
    /// 39: a failed evaluation never resolves an alert, and shows as error.
    #[test]
    fn a_failure_never_resolves_and_shows(mut rule in rule(), history in history()) {
        let mut at = 0;
        for (after, seen) in &history {
            at += i64::from(*after) * 1000;
            let before: Vec<Alert> = rule.alerts().cloned().collect();
            let step = rule.step(outcome(seen), at, &mut Told::default());
            if matches!(seen, Seen::Failed | Seen::Refused) {
                prop_assert_eq!(rule.alerts().cloned().collect::<Vec<_>>(), before);
                prop_assert!(step.samples.is_empty());
                let shown = rule.standing(at, Duration::from_secs(60)).verdict;
                prop_assert!(matches!((seen, shown), (Seen::Failed, Verdict::Error) | (Seen::Refused, Verdict::NotEvaluated)), "{:?}", shown);
            }
        }
    }

    /// 40: missing data never renders as ok; nor does anything but a fresh, complete result without alerts.
    #[test]
    fn only_a_fresh_complete_result_is_ok(mut rule in rule(), history in history(), later in 0..600_i64) {
        let interval = Duration::from_secs(60);
        prop_assert_ne!(rule.standing(0, interval).verdict, Verdict::Ok);
        let mut at = 0;
        for (after, seen) in &history {
            at += i64::from(*after) * 1000;
            rule.step(outcome(seen), at, &mut Told::default());
            let now = at + later * 1000;
            if rule.standing(now, interval).verdict == Verdict::Ok {
                prop_assert!(matches!(seen, Seen::Instances(of) if of.is_empty()), "{:?}", seen);
                prop_assert!(later <= 180 && rule.alerts().all(|alert| !alert.is_active()));
            }
        }
    }

    /// 42: the same results at the same times give the same history, byte for byte; also in another order of elements.
    #[test]
    fn the_same_results_give_the_same_history(rule in rule(), history in history()) {
        let turned: Vec<(u16, Seen)> = history.iter().map(|(after, seen)| (*after, match seen {
            Seen::Instances(of) => Seen::Instances(of.iter().rev().copied().collect()),
            other => other.clone(),
        })).collect();
        let told = replay(rule.clone(), &history);
        prop_assert_eq!(&told, &replay(rule.clone(), &history));
        prop_assert_eq!(&told, &replay(rule, &turned));
    }

    /// Every alert that fires has lasted, and every series that was begun and is not written any more was ended.
    #[test]
    fn what_fires_has_lasted_and_what_is_written_ends(mut rule in rule(), history in history()) {
        let mut at = 0;
        let mut open = std::collections::BTreeSet::new();
        for (after, seen) in &history {
            at += i64::from(*after) * 1000;
            let step = rule.step(outcome(seen), at, &mut Told::default());
            for alert in rule.alerts().filter(|alert| alert.state == State::Firing) {
                let fired = alert.fired_at.unwrap();
                prop_assert!(fired - alert.active_at >= i64::try_from(rule.alerting.hold.as_millis()).unwrap());
            }
            for (series, value) in step.samples {
                if crate::metrics::store::is_stale(value) {
                    prop_assert!(open.remove(&series));
                } else {
                    open.insert(series);
                }
            }
            if rule.standing(at, Duration::from_secs(60)).verdict != Verdict::Error && !matches!(seen, Seen::Refused) {
                let active = rule.alerts().filter(|alert| alert.is_active()).count();
                prop_assert_eq!(open.len(), 2 * active);
            }
        }
    }
}
