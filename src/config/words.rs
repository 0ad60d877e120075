//! Small texts of configuration: sizes and times as they are written, and connection texts without what is secret.

use std::time::Duration;

use crate::domain::hidden::names_a_secret;

/// In double quotes, as TOML would write it; the gate makes the rest printable.
#[must_use]
pub fn in_quotes(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// At most 60 characters, for sentences.
#[must_use]
pub fn clip(text: &str) -> String {
    let mut kept: String = text.chars().take(60).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    kept
}

/// A time as it would be written: `500ms`, `30s`, `5m`, `2h`.
#[must_use]
pub fn time(time: Duration) -> String {
    let ms = time.as_millis();
    match ms {
        0 => "0s".to_owned(),
        _ if ms.is_multiple_of(3_600_000) => format!("{}h", ms / 3_600_000),
        _ if ms.is_multiple_of(60_000) => format!("{}m", ms / 60_000),
        _ if ms.is_multiple_of(1000) => format!("{}s", ms / 1000),
        _ => format!("{ms}ms"),
    }
}

/// Reads `8 MiB`, `512KiB`, `1048576`.
#[must_use]
pub fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim() {
        "" | "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1u64 << shift)
}

/// A PostgreSQL DSN or Redis URL with `***` where a secret stands. What cannot be told apart is hidden whole.
#[must_use]
pub fn connection_without_secrets(text: &str) -> String {
    if let Some((scheme, rest)) = text.split_once("://") {
        return format!("{scheme}://{}", rest_without_secrets(rest));
    }
    key_values_without_secrets(text)
}

fn rest_without_secrets(rest: &str) -> String {
    let (front, query) = rest.split_once('?').map_or((rest, None), |(front, query)| (front, Some(query)));
    // An unescaped @, / or ? may be part of a password; everything up to the last @ before the query is user-info.
    let (front, query) = match (rest.rfind('@'), query) {
        (Some(at), Some(_)) if at > front.len() && !query.is_some_and(|q| q.contains('=')) => (rest, None),
        _ => (front, query),
    };
    let mut out = match front.rsplit_once('@') {
        Some((user_info, host)) => match user_info.split_once(':') {
            Some((user, password)) if !password.is_empty() => format!("{user}:***@{host}"),
            _ => front.to_owned(),
        },
        None => front.to_owned(),
    };
    if let Some(query) = query {
        let pairs: Vec<String> = query
            .split('&')
            .map(|pair| match pair.split_once('=') {
                Some((name, value)) if hides(name) && !value.is_empty() => format!("{name}=***"),
                _ => pair.to_owned(),
            })
            .collect();
        out = format!("{out}?{}", pairs.join("&"));
    }
    out
}

fn key_values_without_secrets(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('=') {
        let (name, tail) = rest.split_at(at);
        let tail = tail.get(1..).unwrap_or_default();
        let value = value_length(tail);
        let (value, after) = tail.split_at(value);
        let key = name.split_whitespace().last().unwrap_or_default();
        let hidden = hides(key) && !value.trim().is_empty();
        out.push_str(name);
        out.push('=');
        out.push_str(if hidden { "***" } else { value });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Bytes of a libpq value: spaces before it, quotes, backslashes.
fn value_length(text: &str) -> usize {
    let lead = text.len() - text.trim_start().len();
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in text.char_indices().filter(|(at, _)| *at >= lead) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\'' if quoted => return at + 1,
            '\'' if at == lead => quoted = true,
            c if c.is_whitespace() && !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

/// Parameters of a connection that carry a secret; `sslkey` and `passfile` are paths.
fn hides(name: &str) -> bool {
    !matches!(name, "sslkey" | "passfile") && names_a_secret(name) && name != "target_session_attrs"
}

/// Whether a `;` stands outside quotes: a second statement.
#[must_use]
pub fn has_bare_semicolon(sql: &str) -> bool {
    let mut quote = None;
    for c in sql.chars() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None, ';') => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_lose_their_secrets_and_nothing_else() {
        for (text, shown) in [
            ("postgresql://u:p@h/d", "postgresql://u:***@h/d"),
            (
                "postgresql+asyncpg://u:p%40w@h:5432/d?sslmode=require",
                "postgresql+asyncpg://u:***@h:5432/d?sslmode=require",
            ),
            ("postgres://u:p@w@h/d", "postgres://u:***@h/d"),
            ("postgres://u:p/w@h/d", "postgres://u:***@h/d"),
            ("postgres://u:p?w@h/d", "postgres://u:***@h/d"),
            ("postgres://h/d?user=u&password=p", "postgres://h/d?user=u&password=***"),
            ("host=h password=p dbname=d", "host=h password=*** dbname=d"),
            ("host=h password = 'p w' dbname=d", "host=h password =*** dbname=d"),
            ("host=h password='it\\'s' sslpassword=x", "host=h password=*** sslpassword=***"),
            ("redis://:pw@h:6379/0", "redis://:***@h:6379/0"),
            ("postgresql://pggit@localhost/pggit", "postgresql://pggit@localhost/pggit"),
            (
                "host=h sslkey=/k target_session_attrs=any passfile=/p",
                "host=h sslkey=/k target_session_attrs=any passfile=/p",
            ),
        ] {
            assert_eq!(connection_without_secrets(text), shown);
        }
    }

    #[test]
    fn sizes_and_times_read_back() {
        assert_eq!(bytes("8 MiB"), Some(8 << 20));
        assert_eq!(bytes("99999999999999999999"), None);
        assert_eq!(bytes("8 MB"), None);
        assert_eq!(time(Duration::from_millis(500)), "500ms");
        assert_eq!(time(Duration::from_secs(90)), "90s");
        assert_eq!(time(Duration::from_secs(120)), "2m");
    }

    #[test]
    fn a_semicolon_counts_only_outside_quotes() {
        assert!(has_bare_semicolon("SELECT 1; DROP TABLE x"));
        assert!(!has_bare_semicolon("SELECT ';'"));
    }
}
