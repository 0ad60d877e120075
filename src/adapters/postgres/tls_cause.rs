//! A failed TLS handshake as a `Cause`: which of the things that can be wrong with a certificate it was.

use std::io;
use std::time::Duration;

use rustls::pki_types::UnixTime;
use rustls::{CertificateError, Error};

use crate::domain::{Cause, Safe};

/// The cause, when the error came from TLS. `host` is the name that was wanted.
pub fn of(error: &io::Error, host: Option<&str>) -> Option<Cause> {
    let tls = error.get_ref()?.downcast_ref::<Error>()?;
    let Error::InvalidCertificate(why) = tls else {
        return Some(Cause::Tls(Safe::of(tls.to_string()).clipped(200)));
    };
    let wanted = || Safe::of(host.unwrap_or("this host"));
    Some(match why {
        CertificateError::Expired => Cause::CertificateExpired { days_ago: 0 },
        CertificateError::ExpiredContext { time, not_after } => {
            Cause::CertificateExpired { days_ago: days(*time, *not_after) }
        }
        CertificateError::NotValidYet => Cause::CertificateNotYetValid { in_days: 0 },
        CertificateError::NotValidYetContext { time, not_before } => {
            Cause::CertificateNotYetValid { in_days: days(*not_before, *time) }
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Cause::CertificateWrongHost { wanted: wanted() }
        }
        CertificateError::UnknownIssuer => {
            Cause::CertificateUnknownIssuer { issuer: Safe::of("not one of those that sslrootcert trusts") }
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => Cause::CertificateWeakSignature,
        other => Cause::Tls(Safe::of(other.to_string()).clipped(200)),
    })
}

fn days(later: UnixTime, earlier: UnixTime) -> i64 {
    let passed = Duration::from_secs(later.as_secs().saturating_sub(earlier.as_secs()));
    (passed.as_secs() / 86_400) as i64
}
