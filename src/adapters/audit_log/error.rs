//! Why the audit cannot be written, in words for people: what is wrong, what follows, what to do.

use std::fmt;

use crate::domain::{Cause, Safe};

/// Kind of failure: what may be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditFault {
    /// Folder or file cannot be used; a person has to mend it.
    Unusable,
    /// No space for the record and the outcomes that are still to come. Nothing was written; later it may work.
    Full,
    /// Another process holds the lock too long. Nothing was written; later it may work.
    Busy,
    /// This file is final: nothing is written any more before a new segment is opened.
    Degraded,
    /// An intent for a run that has one, or an outcome for a run that has none. Nothing was written.
    Misplaced,
}

/// Why a record was not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditError {
    /// Kind.
    pub fault: AuditFault,
    /// In words.
    pub words: Safe,
}

impl AuditError {
    pub(super) fn new(fault: AuditFault, words: impl Into<Safe>) -> AuditError {
        AuditError { fault, words: words.into() }
    }

    pub(super) fn unusable(words: impl Into<Safe>) -> AuditError {
        AuditError::new(AuditFault::Unusable, words)
    }

    /// As a cause.
    #[must_use]
    pub fn cause(&self) -> Cause {
        Cause::Other(self.words.clone())
    }
}

impl fmt::Display for AuditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words.as_str())
    }
}
