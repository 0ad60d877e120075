//! Reads the URL of a Redis server, as client libraries write it: `redis://`, `rediss://`, `unix://` and their kin.
//! Pure: nothing is resolved or connected. Errors never repeat the URL, because a password may stand in it.

use std::path::PathBuf;

use url::{Host, Url};

use crate::config::resolved::{FlushOn, RedisTarget};
use crate::domain::Safe;
use crate::domain::secret::{Secret, SecretRef};

const PORT: u16 = 6379;
const FORMS: &str =
    "write redis://user:password@host:6379/0, rediss://… for TLS, or unix:///path/redis.sock?db=0 for a socket";

/// Reads a URL. Parameters that only client libraries know (`socket_timeout`, `protocol`, …) are passed over.
///
/// # Errors
/// In words, without the URL.
pub fn parse(text: &str) -> Result<RedisTarget, Safe> {
    let url = Url::parse(text.trim()).map_err(|e| {
        Safe::of(format!(
            "not a URL of Redis ({e}): {FORMS}; in a password, write / # ? @ : % as %2F %23 %3F %40 %3A %25"
        ))
    })?;
    if url.fragment().is_some() {
        return Err(Safe::of("a # ends the URL; in a password, write it as %23"));
    }
    let mut target = match url.scheme() {
        "redis" | "valkey" | "redis+tcp" => tcp(&url, false)?,
        "rediss" | "valkeys" | "redis+tls" | "redis+ssl" => tcp(&url, true)?,
        "unix" | "redis+unix" | "redis+socket" | "valkey+unix" => socket(&url)?,
        other if other.contains("sentinel") => {
            return Err(Safe::of("Sentinel is not asked for the primary: name the server itself, redis://host:6379"));
        }
        other => return Err(Safe::of(format!("scheme {other:?} is not one of Redis: {FORMS}"))),
    };
    credentials(&url, &mut target)?;
    parameters(&url, &mut target)?;
    Ok(target)
}

fn tcp(url: &Url, tls: bool) -> Result<RedisTarget, Safe> {
    let host = match url.host() {
        Some(Host::Ipv6(address)) => address.to_string(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Domain(name)) => decoded(name)?,
        None => String::new(),
    };
    let host = if host.is_empty() { "localhost".to_owned() } else { host };
    let path = url.path().trim_matches('/');
    let database = if path.is_empty() { 0 } else { index(path)? };
    let port = url.port().unwrap_or(PORT);
    let flush_on = FlushOn::default();
    Ok(RedisTarget { host, port, unix: None, database, user: None, password: None, tls, ca_file: None, flush_on })
}

fn socket(url: &Url) -> Result<RedisTarget, Safe> {
    if url.host_str().is_some_and(|host| !host.is_empty()) {
        return Err(Safe::of("the path of a socket is absolute: unix:///path/redis.sock, with three slashes"));
    }
    let path = decoded(url.path())?;
    if path.is_empty() || path == "/" {
        return Err(Safe::of("the path of the socket is missing: unix:///path/redis.sock"));
    }
    Ok(RedisTarget {
        host: path.clone(),
        port: 0,
        unix: Some(PathBuf::from(path)),
        database: 0,
        user: None,
        password: None,
        tls: false,
        ca_file: None,
        flush_on: FlushOn::default(),
    })
}

fn credentials(url: &Url, target: &mut RedisTarget) -> Result<(), Safe> {
    if !url.username().is_empty() {
        target.user = Some(decoded(url.username())?);
    }
    if let Some(password) = url.password().filter(|p| !p.is_empty()) {
        target.password = Some(SecretRef::Inline(Secret::new(decoded(password)?)));
    }
    Ok(())
}

fn parameters(url: &Url, target: &mut RedisTarget) -> Result<(), Safe> {
    for (name, value) in url.query_pairs() {
        match name.as_ref() {
            "db" | "database" => target.database = index(&value)?,
            "user" | "username" => target.user = Some(value.into_owned()),
            "password" | "pass" => target.password = Some(SecretRef::Inline(Secret::new(value.into_owned()))),
            "ssl_ca_certs" => target.ca_file = Some(PathBuf::from(value.as_ref())),
            _ => {}
        }
    }
    Ok(())
}

fn index(text: &str) -> Result<u16, Safe> {
    text.parse().map_err(|_not_a_number| Safe::of("the index of the database is a number from 0: redis://host:6379/0"))
}

/// Undoes `%41`. The URL's own parser leaves user-info, path and foreign hosts encoded.
fn decoded(text: &str) -> Result<String, Safe> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|b| char::from(b).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else {
            return Err(Safe::of("a % in the URL does not begin an escape such as %40; write a plain % as %25"));
        };
        bytes.push((high * 16 + low) as u8);
    }
    String::from_utf8(bytes).map_err(|_not_text| Safe::of("an escape in the URL is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base() -> RedisTarget {
        RedisTarget {
            host: "cache".to_owned(),
            port: 6379,
            unix: None,
            database: 0,
            user: None,
            password: None,
            tls: false,
            ca_file: None,
            flush_on: FlushOn::default(),
        }
    }

    fn secret(text: &str) -> SecretRef {
        SecretRef::Inline(Secret::new(text))
    }

    #[test]
    fn hosts_ports_and_databases() {
        assert_eq!(parse("redis://cache").unwrap(), base());
        assert_eq!(parse(" redis://cache:6380/3\n").unwrap(), RedisTarget { port: 6380, database: 3, ..base() });
        assert_eq!(parse("redis://cache/?db=4&socket_timeout=5").unwrap(), RedisTarget { database: 4, ..base() });
        assert_eq!(parse("rediss://cache").unwrap(), RedisTarget { tls: true, ..base() });
        assert_eq!(parse("valkey://cache").unwrap(), base());
        assert_eq!(parse("redis://[::1]:7000").unwrap(), RedisTarget { host: "::1".into(), port: 7000, ..base() });
        assert_eq!(parse("redis:///2").unwrap(), RedisTarget { host: "localhost".into(), database: 2, ..base() });
        assert_eq!(parse("rediss://cache?ssl_ca_certs=/a/ca.pem").unwrap().ca_file, Some("/a/ca.pem".into()));
    }

    #[test]
    fn credentials_are_decoded_and_never_printed() {
        let target = parse("redis://ops:p%40ss%2Fw%25rd@cache/1").unwrap();
        assert_eq!((target.user.as_deref(), &target.password), (Some("ops"), &Some(secret("p@ss/w%rd"))));
        assert!(!format!("{target:?}").contains("p@ss"));
        assert_eq!(parse("redis://:only@cache").unwrap(), RedisTarget { password: Some(secret("only")), ..base() });
        let broken = [
            "redis://:s3cret/x@cache",
            "redis://u:s3cret%zz@cache",
            "http://u:s3cret@cache",
            "redis://u:s3cret@cache/x",
        ];
        for text in broken {
            assert!(!parse(text).unwrap_err().as_str().contains("s3cret"), "{text}");
        }
    }

    #[test]
    fn sockets() {
        let socket =
            RedisTarget { host: "/run/r s.sock".into(), port: 0, unix: Some("/run/r s.sock".into()), ..base() };
        assert_eq!(parse("unix:///run/r%20s.sock").unwrap(), socket);
        let with = parse("redis+unix:///run/r%20s.sock?db=2&password=x").unwrap();
        assert_eq!(with, RedisTarget { database: 2, password: Some(secret("x")), ..socket });
        assert!(parse("unix://run/redis.sock").unwrap_err().as_str().contains("three slashes"));
        assert!(parse("unix://").is_err());
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, words) in [
            ("cache:6379", "scheme"),
            ("", "not a URL"),
            ("redis://cache/abc", "index"),
            ("redis://cache/70000", "index"),
            ("redis-sentinel://a,b/0", "Sentinel"),
            ("postgres://cache", "scheme"),
            ("redis://user:6379#rest@cache", "%23"),
        ] {
            let said = parse(text).unwrap_err();
            assert!(said.as_str().contains(words), "{text}: {said}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,60}", tail in "\\PC{0,60}") {
            let _ = parse(&text);
            let _ = parse(&format!("redis://{tail}"));
            let _ = parse(&format!("unix://{tail}"));
        }
    }
}
