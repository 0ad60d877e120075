//! Turns what the HTTP client, the TLS library and the system report into a `Cause`, by the types of the error chain.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use crate::adapters::tls;
use crate::domain::cause::Phase;
use crate::domain::{Cause, Safe};

use super::trace::Trace;

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
        return Some(tls::cause(error, around.trace.certificate().as_ref(), around.host));
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
    use std::net::IpAddr;

    fn cause(error: impl Error + 'static, trace: &Trace) -> Cause {
        cause_of(&error, &Around { trace, host: "api.test", elapsed: Duration::from_secs(2) })
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
}
