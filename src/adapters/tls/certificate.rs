//! Reads the dates and names of a leaf certificate, trusted or not.

use chrono::{DateTime, Utc};
use x509_cert::der::Decode;

use crate::domain::Safe;
use crate::domain::certificate::Certificate;

/// Longest subject or issuer, in characters.
const NAME: usize = 120;

/// The leaf behind its DER bytes; `None` when it cannot be read.
#[must_use]
pub fn read(der: &[u8]) -> Option<Certificate> {
    let parsed = x509_cert::Certificate::from_der(der).ok()?.tbs_certificate;
    let instant = |time: x509_cert::time::Time| {
        let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
        DateTime::<Utc>::from_timestamp(seconds, 0)
    };
    Some(Certificate {
        not_before: instant(parsed.validity.not_before)?,
        not_after: instant(parsed.validity.not_after)?,
        subject: Safe::of(parsed.subject.to_string()).clipped(NAME),
        issuer: Safe::of(parsed.issuer.to_string()).clipped(NAME),
    })
}
