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
use super::history;
use super::inbox::Inbox;

/// A disk answers within this.
const DISK: Duration = Duration::from_secs(10);

/// What is to be told for a record.
#[derive(Debug, Default)]
pub struct Told {
    /// Runs of before whose end nobody knows, which whoever opens the audit first is told and nobody after; and why there is no
    /// record, if there is none.
    pub troubles: Vec<Safe>,
    /// Where the chain ends now.
    pub head: Option<Safe>,
}

/// Records it; on disk when this returns.
#[must_use]
pub fn record(spec: &ActionsSpec, entry: Entry, status: u8) -> Told {
    let inbox = Arc::new(Inbox::default());
    let mut told = Told::default();
    let written = match AuditThread::start(spec, Arc::clone(&inbox)) {
        Ok(audit) => recorded(audit, &inbox, entry, status, &mut told),
        Err(error) => Err(Safe::of(error.to_string())),
    };
    if let Err(lost) = written {
        told.troubles.push(Safe::of(format!("that it was refused could not be recorded: {lost}")));
    }
    told
}

fn recorded(audit: AuditThread, inbox: &Inbox, entry: Entry, status: u8, told: &mut Told) -> Result<(), Safe> {
    // With a run, so that it is answered; there is no other here.
    let order = AuditOrder::Record { run: Some(0), number: 0, entry: Box::new(entry) };
    let mut written = if audit.order(order) { answer(inbox, &mut told.troubles) } else { None };
    if written.is_some() {
        let letting_go = deadline::start(i32::from(status));
        told.head = audit.finish();
        drop(letting_go);
    }
    // It may have answered at last.
    sort(inbox.wait(Duration::ZERO, false), &mut told.troubles, &mut written);
    written.unwrap_or_else(|| Err(Safe::of("the disk of the audit does not answer")))
}

fn answer(inbox: &Inbox, told: &mut Vec<Safe>) -> Option<Result<(), Safe>> {
    let until = Instant::now() + DISK;
    let mut written = None;
    while written.is_none() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        sort(inbox.wait(left, false), told, &mut written);
    }
    written
}

fn sort(events: impl IntoIterator<Item = Event>, told: &mut Vec<Safe>, written: &mut Option<Result<(), Safe>>) {
    for event in events {
        match event {
            Event::ActionHappened { input, .. } => {
                if let Input::Written { written: outcome, .. } = *input {
                    *written = Some(outcome);
                }
            }
            event => told.extend(history::unfinished(event)),
        }
    }
}
