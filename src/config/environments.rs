//! How careful one has to be with a target: unknown means production, loopback means local, `--env` only tightens.

use std::net::IpAddr;
use std::str::FromStr;

use url::Url;

use super::resolved::{DatabaseHost, DatabaseTarget, RedisTarget};
use crate::domain::target::Environment;

/// Whether a host is this machine: `localhost`, 127.0.0.0/8, `::1`.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    if host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost") {
        return true;
    }
    IpAddr::from_str(host).is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Whether a URL leads to this machine.
#[must_use]
pub fn url_is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(is_loopback)
}

/// Whether every host of a database is this machine.
#[must_use]
pub fn database_is_loopback(target: &DatabaseTarget) -> bool {
    !target.hosts.is_empty()
        && target.hosts.iter().all(|host| match host {
            DatabaseHost::Unix { .. } => true,
            DatabaseHost::Tcp { address: Some(address), .. } => address.to_canonical().is_loopback(),
            DatabaseHost::Tcp { host, address: None, .. } => is_loopback(host),
        })
}

/// Whether a Redis server is this machine.
#[must_use]
pub fn redis_is_loopback(target: &RedisTarget) -> bool {
    target.unix.is_some() || is_loopback(&target.host)
}

/// What a target is, from what was said about it and where it is.
#[must_use]
pub fn of_target(declared: Option<&Environment>, loopback: bool) -> Environment {
    match declared {
        Some(declared) => declared.clone(),
        None if loopback => Environment::Local,
        None => Environment::Production,
    }
}

/// The stricter of the two; `--env` never loosens.
#[must_use]
pub fn tightened(environment: Environment, at_least: Option<&Environment>) -> Environment {
    match at_least {
        Some(least) if *least > environment => least.clone(),
        _ => environment,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_is_production_and_loopback_is_local() {
        assert_eq!(of_target(None, false), Environment::Production);
        assert_eq!(of_target(None, true), Environment::Local);
        assert_eq!(of_target(Some(&Environment::Staging), true), Environment::Staging);
    }

    #[test]
    fn an_argument_only_tightens() {
        assert_eq!(tightened(Environment::Production, Some(&Environment::Dev)), Environment::Production);
        assert_eq!(tightened(Environment::Local, Some(&Environment::Staging)), Environment::Staging);
        assert_eq!(tightened(Environment::Dev, None), Environment::Dev);
    }

    #[test]
    fn loopback_is_an_address_not_a_look() {
        for host in ["localhost", "LOCALHOST.", "127.0.0.1", "127.8.9.1", "::1", "[::1]", "::ffff:127.0.0.1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["127.0.0.1.example.com", "localhost.example.com", "10.0.0.1", "0.0.0.0", "mylocalhost", ""] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
