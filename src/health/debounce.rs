//! The state machine between raw results and the state that is shown: down only after several failures in a row, up
//! again only after several successes. The raw last result stays visible beside it.

use crate::domain::Verdict;

/// A debounced verdict with what led to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Debounced {
    state: Option<Verdict>,
    raw: Option<Verdict>,
    failures: u32,
    successes: u32,
    unknowns: u32,
}

impl Debounced {
    /// The pure step. `down_after` failures in a row make it down, `up_after` successes in a row end that; zero counts
    /// as one. An unknown result (denied, limited) is neither: it leaves both counts alone, shows as the raw result,
    /// and becomes the state only when `down_after` of them came in a row, or when nothing else is known.
    #[must_use]
    pub fn step(self, raw: Verdict, down_after: u32, up_after: u32) -> Debounced {
        let mut next = Debounced { raw: Some(raw), ..self };
        match raw {
            Verdict::Unknown => next.unknowns = self.unknowns.saturating_add(1),
            Verdict::Down => {
                (next.failures, next.successes, next.unknowns) = (self.failures.saturating_add(1), 0, 0);
            }
            Verdict::Ok | Verdict::Degraded => {
                (next.failures, next.successes, next.unknowns) = (0, self.successes.saturating_add(1), 0);
            }
        }
        next.state = Some(match (self.state, raw) {
            (None | Some(Verdict::Unknown), raw) => raw,
            (Some(state), Verdict::Unknown) if next.unknowns < down_after.max(1) => state,
            (Some(_), Verdict::Unknown) => Verdict::Unknown,
            (Some(state), Verdict::Down) if next.failures < down_after.max(1) => state,
            (Some(Verdict::Down), Verdict::Ok | Verdict::Degraded) if next.successes < up_after.max(1) => Verdict::Down,
            (Some(_), raw) => raw,
        });
        next
    }

    /// The debounced state; `None` before the first result.
    #[must_use]
    pub fn state(&self) -> Option<Verdict> {
        self.state
    }

    /// The newest result as it came.
    #[must_use]
    pub fn raw(&self) -> Option<Verdict> {
        self.raw
    }

    /// Failures in a row, for "refused 3x".
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Successes in a row.
    #[must_use]
    pub fn successes(&self) -> u32 {
        self.successes
    }

    /// Whether the newest result and the state differ, so that both must be shown.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.raw != self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Degraded, Down, Ok, Unknown};
    use proptest::prelude::*;

    fn run(results: &[Verdict]) -> Vec<Verdict> {
        let mut state = Debounced::default();
        results
            .iter()
            .map(|raw| {
                state = state.step(*raw, 3, 2);
                assert_eq!(state.raw(), Some(*raw), "the raw result is always visible");
                state.state().unwrap()
            })
            .collect()
    }

    #[test]
    fn the_first_result_counts_at_once() {
        assert_eq!(run(&[Down]), [Down]);
        assert_eq!(run(&[Ok]), [Ok]);
        assert_eq!(run(&[Unknown, Degraded]), [Unknown, Degraded]);
    }

    #[test]
    fn down_after_three_up_after_two() {
        assert_eq!(run(&[Ok, Down, Down, Down, Ok, Ok]), [Ok, Ok, Ok, Down, Down, Ok]);
        assert_eq!(run(&[Ok, Down, Down, Ok, Down, Down]), [Ok; 6]);
        assert_eq!(run(&[Down, Ok, Down, Ok, Degraded]), [Down, Down, Down, Down, Degraded]);
        assert_eq!(run(&[Ok, Degraded, Ok]), [Ok, Degraded, Ok], "degraded is not debounced");
    }

    #[test]
    fn a_limit_is_no_failure() {
        assert_eq!(run(&[Ok, Unknown, Down, Unknown, Down]), [Ok; 5]);
        assert_eq!(run(&[Ok, Down, Unknown, Down, Down]), [Ok, Ok, Ok, Ok, Down], "and does not end a run");
        assert_eq!(
            run(&[Ok, Unknown, Unknown, Unknown, Ok]),
            [Ok, Ok, Ok, Unknown, Ok],
            "yet green does not outlive it"
        );
    }

    #[test]
    fn zero_counts_as_one() {
        let state = Debounced::default().step(Ok, 0, 0).step(Down, 0, 0);
        assert_eq!((state.state(), state.failures()), (Some(Down), 1));
        assert_eq!(state.step(Ok, 0, 0).state(), Some(Ok));
    }

    proptest! {
        #[test]
        fn down_needs_a_run_and_so_does_leaving(raws in prop::collection::vec(0..4usize, 1..60), n in 1u32..5, m in 1u32..5) {
            let mut state = Debounced::default();
            for raw in raws {
                let before = state;
                state = state.step(Verdict::WORST_FIRST[raw], n, m);
                if state.state() == Some(Down) && !matches!(before.state(), None | Some(Down | Unknown)) {
                    prop_assert!(state.failures() >= n);
                }
                if before.state() == Some(Down) && matches!(state.state(), Some(Ok | Degraded)) {
                    prop_assert!(state.successes() >= m);
                }
            }
        }
    }
}
