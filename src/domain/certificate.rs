//! What is known of a server's certificate. Its dates are read even when verification fails.

use chrono::{DateTime, Utc};

use super::safe::Safe;

/// The leaf certificate that the server presented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// First instant of validity.
    pub not_before: DateTime<Utc>,
    /// Last instant of validity.
    pub not_after: DateTime<Utc>,
    /// Subject as text.
    pub subject: Safe,
    /// Issuer as text.
    pub issuer: Safe,
}

impl Certificate {
    /// Whole days left at `now`, negative once expired.
    #[must_use]
    pub fn days_left(&self, now: DateTime<Utc>) -> i64 {
        (self.not_after - now).num_seconds().div_euclid(86_400)
    }
}
