//! The second person without a screen: the same thread of audit and folder as the dashboard's, asked one thing at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::app::Event;
use crate::app::actions::approvals::{Found, Look, SecondEvent, SecondOrder, of_nothing, of_request};
use crate::config::resolved::ActionsSpec;
use crate::domain::Safe;
use crate::remediation::approval::Request;
use crate::remediation::audit::{AuditEvent, Entry};

use super::audit_thread::{AuditOrder, AuditThread};
use super::clock;
use super::history;
use super::inbox::Inbox;

/// A disk answers within this.
const DISK: Duration = Duration::from_secs(20);

/// Approves, for the one who runs this program.
pub struct Approver {
    inbox: Arc<Inbox>,
    audit: AuditThread,
    /// What is told beside the answers.
    notes: Vec<Safe>,
}

impl Approver {
    /// Opens audit and folder.
    pub fn start(spec: &ActionsSpec) -> std::io::Result<Approver> {
        let inbox = Arc::new(Inbox::default());
        let audit = AuditThread::start(spec, Arc::clone(&inbox))?;
        Ok(Approver { inbox, audit, notes: Vec::new() })
    }

    /// Everything that waits.
    ///
    /// # Errors
    /// The folder cannot be read, or does not answer.
    pub fn list(&mut self) -> Result<Look, Safe> {
        self.heard(|event| match event {
            SecondEvent::Looked(look) => Some(look),
            _ => None,
        })
    }

    /// A request, to be looked at.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn find(&mut self, id: &str) -> Result<Found, Safe> {
        self.order(SecondOrder::Find { id: id.to_owned() })?;
        let found = self.heard(|event| match event {
            SecondEvent::Found(found) => Some(found),
            _ => None,
        })?;
        found.map(|found| *found)
    }

    /// Approves a request as it was seen, or has it recorded why not.
    ///
    /// # Errors
    /// Why it was not approved.
    pub fn approve(&mut self, seen: Request, typed: String) -> Result<(), Safe> {
        self.order(SecondOrder::Approve { seen: Box::new(seen), typed })?;
        self.heard(|event| match event {
            SecondEvent::Answered { outcome, .. } => Some(outcome),
            _ => None,
        })?
    }

    /// Left without approving: that is recorded.
    pub fn leave(&mut self, request: &Request) {
        self.record(of_request(AuditEvent::Cancelled, request, &[], clock::now()));
    }

    /// There is no request of that name, or none that can be believed: that it was to be approved is recorded.
    pub fn turn_away(&mut self, id: &str, why: &Safe) {
        self.record(of_nothing(id, why, clock::now()));
    }

    fn record(&mut self, entry: Entry) {
        if !self.audit.order(AuditOrder::Record { run: None, number: 0, entry: Box::new(entry) }) {
            self.notes.push(Safe::of("this could not be recorded: the disk of the audit does not answer"));
        }
    }

    /// Lets the audit finish; where its chain ends, and what else was told.
    #[must_use]
    pub fn finish(mut self) -> (Option<Safe>, Vec<Safe>) {
        let head = self.audit.finish();
        // What nobody waited for.
        self.notes.extend(self.inbox.wait(Duration::ZERO, false).into_iter().flat_map(history::unfinished));
        (head, self.notes)
    }

    fn order(&self, order: SecondOrder) -> Result<(), Safe> {
        if self.audit.order(AuditOrder::Second(order)) { Ok(()) } else { Err(silent()) }
    }

    fn heard<T>(&mut self, wanted: impl Fn(SecondEvent) -> Option<T>) -> Result<T, Safe> {
        let until = Instant::now() + DISK;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(silent());
            }
            for event in self.inbox.wait(left, false) {
                match event {
                    Event::Second(event) => {
                        if let Some(answer) = wanted(*event) {
                            return Ok(answer);
                        }
                    }
                    Event::GuardsCover(words) => self.notes.push(words),
                    Event::AuditStands(Err(why)) => {
                        self.notes.push(Safe::of(format!("the audit cannot be written: {why}")));
                    }
                    event => self.notes.extend(history::unfinished(event)),
                }
            }
        }
    }
}

fn silent() -> Safe {
    Safe::of("the disk of the audit and the shared folder does not answer")
}
