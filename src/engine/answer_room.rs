//! How much the answers of one cycle may be together, however many questions it has: a bound for each alone bounds nothing.
//! Whoever asks counts as whoever takes the answers counts, so that what has no room is not even kept until then.

use crate::alerts::lifecycle::{Evaluation, Failure, Outcome};
use crate::domain::{Safe, figure};
use crate::metrics::labels::Labels;

/// Most series of all answers of a cycle.
const SERIES: usize = 200_000;
/// Most bytes of them.
const BYTES: usize = 64 << 20;

/// What is left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    series: usize,
    bytes: usize,
}

impl Default for Room {
    fn default() -> Room {
        Room { series: SERIES, bytes: BYTES }
    }
}

impl Room {
    /// An answer as it is, or, where it does not fit any more, why it is not taken. A smaller one may still fit.
    pub fn take(&mut self, answer: Outcome) -> Outcome {
        let answer = answer?;
        let left = self.series.checked_sub(answer.elements.len()).zip(self.bytes.checked_sub(bytes(&answer)));
        let Some((series, bytes)) = left else {
            let (series, most) = (figure::count(SERIES as f64), figure::bytes(BYTES as u64));
            let words = format!("the answers of one evaluation of its group are past {series} series or {most}");
            return Err(Failure::NotEvaluated(Safe::of(words)));
        };
        *self = Room { series, bytes };
        Ok(answer)
    }
}

fn bytes(answer: &Evaluation) -> usize {
    let element = size_of::<(Labels, f64)>();
    answer.elements.iter().map(|(labels, _)| labels.bytes() + element).sum()
}
