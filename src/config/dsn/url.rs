//! `postgresql://user:password@host:port,host:port/database?name=value`: libpq's URL form, with SQLAlchemy's driver
//! suffix and a JDBC prefix allowed. Syntax only; what the parameters mean is decided in `assemble`.

use super::settings::{LONGEST, Settings};

/// Whether the text is meant as a URL at all, of whatever scheme.
pub fn looks_like_url(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_' | ':'))
    })
}

/// Reads the URL form.
pub fn read(text: &str) -> Result<Settings, String> {
    if text.len() > LONGEST {
        return Err("the connection string is longer than 16 KiB".to_owned());
    }
    let mut settings = Settings::default();
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    check_scheme(scheme)?;
    let (before_query, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = before_query.split_once('/').unwrap_or((before_query, ""));
    // libpq ends the credentials at the first '@'; a host holds none, so the last one is right for both, and kinder
    // to a password with an '@' in it.
    let (credentials, hosts) = match authority.rsplit_once('@') {
        Some((credentials, hosts)) => (Some(credentials), hosts),
        None => (None, authority),
    };
    if let Some(credentials) = credentials {
        read_credentials(credentials, &mut settings)?;
    }
    read_hosts(hosts, &mut settings)?;
    if !database.is_empty() {
        settings.push("dbname", decode(database, "the database name")?);
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')) {
            return Err("after ? only name=value pairs may stand; in a password write ? as %3F".to_owned());
        }
        let value = decode(value, &format!("parameter {name}"))?;
        settings.push(name, value);
    }
    Ok(settings)
}

fn check_scheme(scheme: &str) -> Result<(), String> {
    let lower = scheme.to_ascii_lowercase();
    let plain = lower.strip_prefix("jdbc:").unwrap_or(&lower);
    match plain.split('+').next() {
        Some("postgres" | "postgresql") => Ok(()),
        _ => Err(format!("{scheme}: is not PostgreSQL; write postgresql://user@host:5432/database")),
    }
}

fn read_credentials(text: &str, settings: &mut Settings) -> Result<(), String> {
    let (user, password) = text.split_once(':').map_or((text, None), |(user, password)| (user, Some(password)));
    settings.push("user", decode(user, "the user name")?);
    if let Some(password) = password {
        settings.push("password", decode(password, "the password")?);
    }
    Ok(())
}

/// Splits `a:1,[::1]:2,c` into libpq's parallel lists `host` and `port`.
fn read_hosts(text: &str, settings: &mut Settings) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    let mut hosts = Vec::new();
    let mut ports = Vec::new();
    for one in text.split(',') {
        let (host, port) = split_port(one)?;
        if !port.chars().all(|c| c.is_ascii_digit()) {
            // Not told what stands there: with an unescaped '/' in it, it is a piece of a password.
            return Err("the port is not a number; in a password write / as %2F, @ as %40, : as %3A".to_owned());
        }
        hosts.push(decode(host, "the host")?);
        ports.push(port.to_owned());
    }
    settings.push("host", hosts.join(","));
    if ports.iter().any(|port| !port.is_empty()) {
        settings.push("port", ports.join(","));
    }
    Ok(())
}

fn split_port(text: &str) -> Result<(&str, &str), String> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or("an IPv6 address in [ ] is never closed")?;
        return match after.strip_prefix(':') {
            Some(port) => Ok((host, port)),
            None if after.is_empty() => Ok((host, "")),
            None => Err("after an IPv6 address in [ ] only :port may follow".to_owned()),
        };
    }
    Ok(text.split_once(':').unwrap_or((text, "")))
}

/// Percent-decoding as libpq does it: `+` stays a plus, `%00` and half escapes are errors.
fn decode(text: &str, what: &str) -> Result<String, String> {
    if !text.contains('%') {
        return Ok(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
        match (digit(rest.next()), digit(rest.next())) {
            (Some(0), Some(0)) => return Err(format!("%00 is not allowed in {what}")),
            (Some(high), Some(low)) => bytes.push((high * 16 + low) as u8),
            _ => {
                return Err(format!("{what} holds a % that is not followed by two hex digits; write a plain % as %25"));
            }
        }
    }
    String::from_utf8(bytes).map_err(|_bytes| format!("{what} is not UTF-8 after percent-decoding"))
}
