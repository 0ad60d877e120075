//! What the program has to say for the record: an event, the run it belongs to, and named fields in their order.

use crate::domain::Safe;

use super::value::Value;

/// Longest run id, in characters: it is an identity and is never cut in the record.
const RUN: usize = 128;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuditEvent {
    /// An action is about to begin; on disk before its first effect.
    Intent,
    /// An action ended.
    Outcome,
    /// A step of an action, or a compensation, ended.
    Step,
    /// A guard refused.
    Refused,
    /// A person closed the card, or stopped the action before its intent.
    Cancelled,
    /// What was typed is not what was asked for.
    ConfirmationFailed,
    /// Nobody confirmed in time.
    ConfirmationExpired,
    /// A second person was asked for.
    ApprovalAsked,
    /// A second person approved.
    Approved,
    /// Nobody approved in time.
    ApprovalExpired,
    /// Actions were armed.
    Armed,
    /// Actions fell back to read-only.
    Disarmed,
    /// A person looked at the time after the wall clock had jumped, and confirmed it.
    ClockConfirmed,
    /// Whether the audit can be written again is found out by writing this.
    AuditTried,
    /// An intent without an end was found on start: its outcome is unknown.
    Recovered,
    /// A new file goes on where the one before was closed in order.
    SegmentOpened,
    /// A new file goes on where the one before was lost.
    SegmentLost,
    /// A second person is about to approve: on disk before the approval is.
    Approving,
    /// After an action a figure got clearly worse.
    Tripped,
    /// The operator marked a moment.
    Mark,
    /// The operator said that they saw an alert.
    Acknowledged,
    /// The operator keeps the pages of alerts back for a while.
    Silenced,
    /// The operator ended that before its time.
    SilenceEnded,
}

impl AuditEvent {
    /// All.
    pub const ALL: [AuditEvent; 23] = [
        AuditEvent::Intent,
        AuditEvent::Outcome,
        AuditEvent::Step,
        AuditEvent::Refused,
        AuditEvent::Cancelled,
        AuditEvent::ConfirmationFailed,
        AuditEvent::ConfirmationExpired,
        AuditEvent::ApprovalAsked,
        AuditEvent::Approved,
        AuditEvent::ApprovalExpired,
        AuditEvent::Armed,
        AuditEvent::Disarmed,
        AuditEvent::ClockConfirmed,
        AuditEvent::AuditTried,
        AuditEvent::Recovered,
        AuditEvent::SegmentOpened,
        AuditEvent::SegmentLost,
        AuditEvent::Approving,
        AuditEvent::Tripped,
        AuditEvent::Mark,
        AuditEvent::Acknowledged,
        AuditEvent::Silenced,
        AuditEvent::SilenceEnded,
    ];

    /// The word in the record.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            AuditEvent::Intent => "intent",
            AuditEvent::Outcome => "outcome",
            AuditEvent::Step => "step",
            AuditEvent::Refused => "refused",
            AuditEvent::Cancelled => "cancelled",
            AuditEvent::ConfirmationFailed => "confirmation-failed",
            AuditEvent::ConfirmationExpired => "confirmation-expired",
            AuditEvent::ApprovalAsked => "approval-asked",
            AuditEvent::Approved => "approved",
            AuditEvent::ApprovalExpired => "approval-expired",
            AuditEvent::Armed => "armed",
            AuditEvent::Disarmed => "disarmed",
            AuditEvent::ClockConfirmed => "clock-confirmed",
            AuditEvent::AuditTried => "audit-tried",
            AuditEvent::Recovered => "recovered",
            AuditEvent::SegmentOpened => "segment-opened",
            AuditEvent::SegmentLost => "segment-lost",
            AuditEvent::Approving => "approving",
            AuditEvent::Tripped => "tripped",
            AuditEvent::Mark => "mark",
            AuditEvent::Acknowledged => "acknowledged",
            AuditEvent::Silenced => "silenced",
            AuditEvent::SilenceEnded => "silence-ended",
        }
    }

    /// Reads the word; a later version may know more of them.
    #[must_use]
    pub fn parse(word: &str) -> Option<AuditEvent> {
        AuditEvent::ALL.into_iter().find(|event| event.word() == word)
    }

    /// Whether it ends a run that has an intent. A wish to cancel does not: the outcome follows.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, AuditEvent::Outcome | AuditEvent::Refused | AuditEvent::Recovered)
    }
}

/// One thing to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    event: AuditEvent,
    run: Safe,
    fields: Vec<(String, Value)>,
}

impl Entry {
    /// Of an event in a run; events outside every run have an empty id.
    #[must_use]
    pub fn new(event: AuditEvent, run: impl Into<Safe>) -> Entry {
        let run: Safe = run.into();
        Entry { event, run: run.clipped(RUN), fields: Vec::new() }
    }

    /// With a field; a name that was there already gets the new value.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Entry {
        let value = value.into();
        match self.fields.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.fields.push((name.to_owned(), value)),
        }
        self
    }

    /// What happened.
    #[must_use]
    pub fn event(&self) -> AuditEvent {
        self.event
    }

    /// Of which run.
    #[must_use]
    pub fn run(&self) -> &Safe {
        &self.run
    }

    /// The fields in their order.
    #[must_use]
    pub fn fields(&self) -> &[(String, Value)] {
        &self.fields
    }
}
