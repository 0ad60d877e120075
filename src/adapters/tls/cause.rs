//! A failed TLS handshake in words: which of the things that can be wrong with a certificate it was.

use rustls::pki_types::UnixTime;
use rustls::{CertificateError, Error};

use crate::domain::certificate::Certificate;
use crate::domain::{Cause, Safe};

/// Longest text of the library that is shown, in characters.
const LONGEST: usize = 200;

/// Certificate signature algorithms that are broken: MD5 and SHA-1, with RSA, DSA and ECDSA (DER of the object id).
const WEAK: [&[u8]; 5] = [
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04],
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05],
    &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x03],
    &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01],
    &[0x2b, 0x0e, 0x03, 0x02, 0x1d],
];

/// Why `host` was refused. `leaf` is what it showed, where the handshake came that far.
#[must_use]
pub fn cause(error: &Error, leaf: Option<&Certificate>, host: &str) -> Cause {
    match error {
        Error::InvalidCertificate(why) => certificate(why, leaf, host),
        Error::InvalidMessage(_) => Cause::Tls(Safe::of("the server does not speak TLS on this port")),
        Error::AlertReceived(alert) => Cause::Tls(Safe::of(format!("the server broke off: {alert:?}"))),
        other => Cause::Tls(Safe::of(other.to_string()).clipped(LONGEST)),
    }
}

fn certificate(why: &CertificateError, leaf: Option<&Certificate>, host: &str) -> Cause {
    match why {
        CertificateError::Expired => Cause::CertificateExpired { days_ago: 0 },
        CertificateError::ExpiredContext { time, not_after } => {
            Cause::CertificateExpired { days_ago: days(*time, *not_after) }
        }
        CertificateError::NotValidYet => Cause::CertificateNotYetValid { in_days: 0 },
        CertificateError::NotValidYetContext { time, not_before } => {
            Cause::CertificateNotYetValid { in_days: days(*not_before, *time) }
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Cause::CertificateWrongHost { wanted: Safe::of(host) }
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { signature_algorithm_id: id, .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { signature_algorithm_id: id, .. }
            if is_weak(id) =>
        {
            Cause::CertificateWeakSignature
        }
        // A certificate that signed itself is refused for one reason or another, by what it says of itself.
        CertificateError::UnknownIssuer | CertificateError::Other(_)
            if leaf.is_some_and(|leaf| leaf.subject == leaf.issuer) =>
        {
            Cause::CertificateSelfSigned
        }
        CertificateError::UnknownIssuer => Cause::CertificateUnknownIssuer {
            issuer: leaf.map_or_else(|| Safe::of("not named"), |leaf| leaf.issuer.clone()),
        },
        other => Cause::Tls(Safe::of(format!("certificate: {other}")).clipped(LONGEST)),
    }
}

fn is_weak(algorithm: &[u8]) -> bool {
    WEAK.iter().any(|weak| algorithm.windows(weak.len()).any(|part| part == *weak))
}

fn days(later: UnixTime, earlier: UnixTime) -> i64 {
    const DAY: u64 = 86_400;
    (later.as_secs().saturating_sub(earlier.as_secs()) / DAY).try_into().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn told(why: CertificateError, leaf: Option<&Certificate>) -> Cause {
        cause(&Error::InvalidCertificate(why), leaf, "api.test")
    }

    fn leaf(subject: &str, issuer: &str) -> Certificate {
        let at = |seconds| chrono::DateTime::from_timestamp(seconds, 0).unwrap();
        Certificate { not_before: at(0), not_after: at(1), subject: subject.into(), issuer: issuer.into() }
    }

    fn day(n: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(n * 86_400))
    }

    #[test]
    fn certificates_fail_each_in_their_own_words() {
        let own = leaf("CN=api.test", "CN=Own CA");
        let expired = CertificateError::ExpiredContext { time: day(13), not_after: day(10) };
        assert_eq!(told(expired, Some(&own)), Cause::CertificateExpired { days_ago: 3 });
        let early = CertificateError::NotValidYetContext { time: day(10), not_before: day(15) };
        assert_eq!(told(early, Some(&own)), Cause::CertificateNotYetValid { in_days: 5 });
        assert_eq!(
            told(CertificateError::NotValidForName, Some(&own)),
            Cause::CertificateWrongHost { wanted: "api.test".into() }
        );
        assert_eq!(
            told(CertificateError::UnknownIssuer, Some(&own)),
            Cause::CertificateUnknownIssuer { issuer: "CN=Own CA".into() }
        );
        let same = leaf("CN=x", "CN=x");
        assert_eq!(told(CertificateError::UnknownIssuer, Some(&same)), Cause::CertificateSelfSigned);
    }

    #[test]
    fn sha_1_is_a_weak_signature_and_the_unknown_is_not() {
        let signed_with = |id: &[u8]| {
            let why = CertificateError::UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id: id.to_vec(),
                supported_algorithms: Vec::new(),
            };
            told(why, None)
        };
        let sha1_rsa = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05, 0x05, 0x00];
        assert_eq!(signed_with(&sha1_rsa), Cause::CertificateWeakSignature);
        assert!(matches!(signed_with(&[0x06, 0x03, 0x2b, 0x65, 0x71]), Cause::Tls(_)));
    }
}
