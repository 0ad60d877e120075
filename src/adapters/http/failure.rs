//! Turns what the HTTP client, the TLS library and the system report into a `Cause`, by the types of the error chain.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rustls::CertificateError;

use crate::domain::cause::Phase;
use crate::domain::{Cause, Safe};

use super::trace::Trace;

/// Certificate signature algorithms that are broken: MD5 and SHA-1, with RSA, DSA and ECDSA (DER of the object id).
const WEAK: [&[u8]; 5] = [
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04],
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05],
    &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x03],
    &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01],
    &[0x2b, 0x0e, 0x03, 0x02, 0x1d],
];

/// A cause on its way through an error chain.
#[derive(Debug)]
pub struct Carried(pub Cause);

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Carried {}

/// What the exchange knows beside the error.
pub struct Around<'a> {
    /// Its notes.
    pub trace: &'a Trace,
    /// The host that was asked.
    pub host: &'a str,
    /// Time since its beginning.
    pub elapsed: Duration,
    /// Wall time, to count days of certificates.
    pub now: DateTime<Utc>,
}

/// The cause behind an error.
pub fn cause_of(error: &(dyn Error + 'static), around: &Around<'_>) -> Cause {
    let mut at = Some(error);
    let mut depth = 0;
    while let Some(link) = at {
        if let Some(cause) = link_cause(link, around) {
            return cause;
        }
        depth += 1;
        at = if depth < 16 { link.source() } else { None };
    }
    Cause::Other(Safe::of(innermost(error)))
}

/// What one link of the chain tells; `None` for mere wrappers.
fn link_cause(link: &(dyn Error + 'static), around: &Around<'_>) -> Option<Cause> {
    if let Some(Carried(cause)) = link.downcast_ref() {
        return Some(cause.clone());
    }
    if let Some(error) = link.downcast_ref::<rustls::Error>() {
        return Some(tls_cause(error, around));
    }
    if let Some(error) = link.downcast_ref::<io::Error>() {
        // What an I/O error wraps is not its source, so it is looked at here.
        if let Some(inner) = error.get_ref()
            && let Some(cause) = link_cause(inner, around)
        {
            return Some(cause);
        }
        return io_cause(error, around);
    }
    link.downcast_ref::<hyper::Error>().and_then(hyper_cause)
}

fn io_cause(error: &io::Error, around: &Around<'_>) -> Option<Cause> {
    let text = || Safe::of(innermost(error));
    Some(match error.kind() {
        ErrorKind::ConnectionRefused => Cause::Refused { family: around.trace.families() },
        ErrorKind::TimedOut => Cause::Timeout { phase: around.trace.phase(), after: around.elapsed },
        ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable
        | ErrorKind::PermissionDenied => Cause::Unreachable(text()),
        ErrorKind::UnexpectedEof if around.trace.phase() == Phase::Tls => {
            Cause::Tls(Safe::of("the server closed the connection in the handshake"))
        }
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::NotConnected
        | ErrorKind::UnexpectedEof => Cause::ConnectionLost(text()),
        ErrorKind::InvalidData => Cause::Protocol(text()),
        // A wrapper without a kind of its own: the chain goes on.
        ErrorKind::Other if error.source().is_some() => return None,
        _ => Cause::Other(text()),
    })
}

fn hyper_cause(error: &hyper::Error) -> Option<Cause> {
    if error.is_incomplete_message() {
        return Some(Cause::ConnectionLost(Safe::of("closed before the answer was complete")));
    }
    if error.is_closed() || error.is_canceled() {
        return Some(Cause::ConnectionLost(Safe::of("closed before the request was sent")));
    }
    if error.is_parse() {
        return Some(Cause::Protocol(Safe::of(format!("not HTTP/1: {}", innermost(error)))));
    }
    None
}

fn tls_cause(error: &rustls::Error, around: &Around<'_>) -> Cause {
    match error {
        rustls::Error::InvalidCertificate(why) => certificate_cause(why, around),
        rustls::Error::InvalidMessage(_) => Cause::Tls(Safe::of("the server does not speak TLS on this port")),
        rustls::Error::AlertReceived(alert) => Cause::Tls(Safe::of(format!("the server broke off: {alert:?}"))),
        other => Cause::Tls(Safe::of(other.to_string())),
    }
}

fn certificate_cause(why: &CertificateError, around: &Around<'_>) -> Cause {
    let presented = around.trace.certificate();
    let self_signed = presented.as_ref().is_some_and(|c| c.subject == c.issuer);
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            Cause::CertificateExpired { days_ago: presented.map_or(0, |c| (around.now - c.not_after).num_days()) }
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Cause::CertificateNotYetValid { in_days: presented.map_or(0, |c| (c.not_before - around.now).num_days()) }
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Cause::CertificateWrongHost { wanted: Safe::of(around.host) }
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { signature_algorithm_id: id, .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { signature_algorithm_id: id, .. }
            if WEAK.iter().any(|weak| id.windows(weak.len()).any(|part| part == *weak)) =>
        {
            Cause::CertificateWeakSignature
        }
        CertificateError::UnknownIssuer | CertificateError::Other(_) if self_signed => Cause::CertificateSelfSigned,
        CertificateError::UnknownIssuer => {
            Cause::CertificateUnknownIssuer { issuer: presented.map_or_else(|| Safe::of("not named"), |c| c.issuer) }
        }
        other => Cause::Tls(Safe::of(format!("certificate: {other}"))),
    }
}

/// The text of the last link, which says most.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    for _ in 0..16 {
        match last.source() {
            Some(source) => last = source,
            None => break,
        }
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::certificate::Certificate;
    use std::net::IpAddr;

    fn cause(error: impl Error + 'static, trace: &Trace) -> Cause {
        let now = DateTime::from_timestamp(1_767_355_200, 0).unwrap();
        cause_of(&error, &Around { trace, host: "api.test", elapsed: Duration::from_secs(2), now })
    }

    fn tls(why: CertificateError, trace: &Trace) -> Cause {
        cause(io::Error::new(ErrorKind::InvalidData, rustls::Error::InvalidCertificate(why)), trace)
    }

    fn leaf(subject: &str, issuer: &str) -> Certificate {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let (not_before, not_after) = (at(1_767_355_200 + 5 * 86_400), at(1_767_355_200 - 3 * 86_400));
        Certificate { not_before, not_after, subject: subject.into(), issuer: issuer.into() }
    }

    #[test]
    fn the_family_that_refused_is_named() {
        let addresses: [(&[&str], &str); 3] =
            [(&["127.0.0.1"], "IPv4"), (&["::1"], "IPv6"), (&["::1", "127.0.0.1"], "IPv4 and IPv6")];
        for (tried, family) in addresses {
            let trace = Trace::default();
            trace.addresses(tried.iter().map(|a| a.parse::<IpAddr>().unwrap()));
            assert_eq!(cause(io::Error::from(ErrorKind::ConnectionRefused), &trace), Cause::Refused { family });
        }
    }

    #[test]
    fn wrapped_causes_are_found() {
        let trace = Trace::default();
        let carried = io::Error::other(Carried(Cause::NameNotFound("x".into())));
        assert_eq!(cause(carried, &trace), Cause::NameNotFound("x".into()));
        assert!(matches!(cause(io::Error::from(ErrorKind::ConnectionReset), &trace), Cause::ConnectionLost(_)));
        assert!(matches!(cause(io::Error::from(ErrorKind::NetworkUnreachable), &trace), Cause::Unreachable(_)));
        trace.enter(Phase::Tls);
        assert!(matches!(cause(io::Error::from(ErrorKind::UnexpectedEof), &trace), Cause::Tls(_)));
        assert!(matches!(
            cause(io::Error::from(ErrorKind::TimedOut), &trace),
            Cause::Timeout { phase: Phase::Tls, .. }
        ));
    }

    #[test]
    fn certificates_fail_each_in_their_own_words() {
        let trace = Trace::default();
        trace.presented(leaf("CN=api.test", "CN=Own CA"));
        assert_eq!(tls(CertificateError::Expired, &trace), Cause::CertificateExpired { days_ago: 3 });
        assert_eq!(tls(CertificateError::NotValidYet, &trace), Cause::CertificateNotYetValid { in_days: 5 });
        assert_eq!(
            tls(CertificateError::NotValidForName, &trace),
            Cause::CertificateWrongHost { wanted: "api.test".into() }
        );
        assert_eq!(
            tls(CertificateError::UnknownIssuer, &trace),
            Cause::CertificateUnknownIssuer { issuer: "CN=Own CA".into() }
        );
        let same = Trace::default();
        same.presented(leaf("CN=x", "CN=x"));
        assert_eq!(tls(CertificateError::UnknownIssuer, &same), Cause::CertificateSelfSigned);
    }

    #[test]
    fn sha_1_is_a_weak_signature_and_the_unknown_is_not() {
        let signed_with = |id: &[u8]| {
            let why = CertificateError::UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id: id.to_vec(),
                supported_algorithms: Vec::new(),
            };
            tls(why, &Trace::default())
        };
        let sha1_rsa = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05, 0x05, 0x00];
        assert_eq!(signed_with(&sha1_rsa), Cause::CertificateWeakSignature);
        assert!(matches!(signed_with(&[0x06, 0x03, 0x2b, 0x65, 0x71]), Cause::Tls(_)));
    }
}
