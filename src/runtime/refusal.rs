//! What was refused before a program began with it, for the audit: one record by a program that then ends, also where nothing
//! may be done at all. What got as far as a card is recorded by those who made it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::app::Event;
use crate::config::resolved::ActionsSpec;
use crate::domain::Safe;
use crate::remediation::audit::Entry;
use crate::remediation::execution::Input;

use super::audit_thread::{AuditOrder, AuditThread};
use super::deadline;
use super::inbox::Inbox;

/// A disk answers within this.
const DISK: Duration = Duration::from_secs(10);

/// Records it; on disk when this returns.
///
/// # Errors
/// Why there is no record.
pub fn record(spec: &ActionsSpec, entry: Entry, status: u8) -> Result<(), Safe> {
    let inbox = Arc::new(Inbox::default());
    let audit = AuditThread::start(spec, Arc::clone(&inbox)).map_err(|error| Safe::of(error.to_string()))?;
    // With a run, so that it is answered; there is no other here.
    let order = AuditOrder::Record { run: Some(0), number: 0, entry: Box::new(entry) };
    let silent = || Safe::of("the disk of the audit does not answer");
    let written = if audit.order(order) { answer(&inbox).ok_or_else(silent)? } else { Err(silent()) };
    let letting_go = deadline::start(i32::from(status));
    let _head = audit.finish();
    drop(letting_go);
    written
}

fn answer(inbox: &Inbox) -> Option<Result<(), Safe>> {
    let until = Instant::now() + DISK;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        for event in inbox.wait(left, false) {
            if let Event::ActionHappened { input, .. } = event
                && let Input::Written { written, .. } = *input
            {
                return Some(written);
            }
        }
    }
}
