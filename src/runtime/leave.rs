//! The clock behind the leave of an approved step.

use crate::adapters::leave::Leave;
use crate::remediation::guard::Approved;

use super::clock;

/// What is left of an approved step's time, by the clock that counts suspend.
pub fn leave(approved: &Approved) -> Leave {
    let not_after = approved.not_after();
    Leave::new(approved.step().deadline, move || not_after.since(clock::now()))
}
