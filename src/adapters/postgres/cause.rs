//! The server's and the driver's errors as a `Cause`, by SQLSTATE, each in its own words.

use std::error::Error as _;
use std::io;

use tokio_postgres::Error;

use crate::adapters::tls;
use crate::domain::{Cause, Safe};

/// Longest text of the server that is passed on.
const LONGEST: usize = 300;

/// What an error means. `user` is the role in the grants that are proposed.
pub fn of(error: &Error, user: &str) -> Cause {
    if let Some(told) = error.as_db_error() {
        return of_state(told.code().code(), &said(told.message()), user);
    }
    if error.is_closed() {
        return Cause::ConnectionLost(Safe::of("the server closed it"));
    }
    if let Some(io) = error.source().and_then(|source| source.downcast_ref::<io::Error>()) {
        return of_io(io);
    }
    let text = words(error);
    if text.contains("password missing") {
        return Cause::AuthenticationFailed(Safe::of("the server asks for a password and none is given"));
    }
    if text.contains("authentication") {
        return Cause::AuthenticationFailed(Safe::of(text));
    }
    Cause::Protocol(Safe::of(text))
}

/// An error while talking to a server to which the connection stood.
pub fn of_io(error: &io::Error) -> Cause {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(broken) => tls::cause(broken, None, "this host"),
        None => Cause::ConnectionLost(Safe::of(error.to_string()).clipped(LONGEST)),
    }
}

/// The chain of an error's own words.
pub fn words(error: &Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

/// Whether the server ended the session with this error, or may have.
pub fn ends_session(state: &str) -> bool {
    state.starts_with("57P") || state.starts_with("08") || state == "53300"
}

fn said(message: &str) -> Safe {
    Safe::one_line(message.as_bytes()).clipped(LONGEST)
}

fn of_state(state: &str, message: &Safe, user: &str) -> Cause {
    let message = message.clone();
    match state {
        "28P01" | "28000" => Cause::AuthenticationFailed(message),
        "53300" => Cause::TooManyConnections(message),
        "57014" => Cause::OurQueryCancelled,
        "55P03" => Cause::OurLockTimeout,
        "57P01" | "57P02" | "57P05" => Cause::SessionTerminated(message),
        "57P03" => Cause::ServerNotReady(message),
        "3D000" => Cause::NoSuchDatabase(message),
        "42501" => Cause::Denied { missing: message, fix: vec![grant_statistics(user)] },
        // PgBouncer: the pooler refuses for the server behind it, or for its own limits.
        "08P01" if message.as_str().contains("no more connections") => Cause::TooManyConnections(message),
        "08P01" if is_refused_login(message.as_str()) => Cause::AuthenticationFailed(message),
        _ if state.starts_with("08") => Cause::ConnectionLost(message),
        _ => Cause::Other(Safe::of(format!("{message} ({})", Safe::of(state)))),
    }
}

fn is_refused_login(message: &str) -> bool {
    ["authentication failed", "no such user", "password"].iter().any(|word| message.contains(word))
}

/// The line that lets a role see every session and statement.
pub fn grant_statistics(user: &str) -> Safe {
    Safe::of(format!("GRANT pg_read_all_stats TO {};", quoted(user)))
}

/// An SQL identifier, always quoted.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_own_words() {
        let states = ["28P01", "53300", "57014", "55P03", "57P01", "57P03", "3D000", "42501", "08006", "XX000"];
        let mut words: Vec<String> = states.iter().map(|s| of_state(s, &Safe::of("m"), "u").to_string()).collect();
        words.sort();
        words.dedup();
        assert_eq!(words.len(), states.len(), "{words:?}");
    }

    #[test]
    fn a_grant_quotes_its_role() {
        assert_eq!(grant_statistics("we\"ird").as_str(), "GRANT pg_read_all_stats TO \"we\"\"ird\";");
    }
}
