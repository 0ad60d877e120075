//! The password file (`~/.pgpass`): finds the line for a host. Pure; the adapter reads the file and its permissions.

use std::path::Path;

use crate::config::resolved::DatabaseHost;
use crate::domain::secret::Secret;

/// The password of the first line that matches, `hostname:port:database:username:password`.
/// `*` matches anything, `\:` and `\\` are literal; a line of another shape or a comment is skipped.
#[must_use]
pub fn find(contents: &str, host: &DatabaseHost, database: &str, user: &str) -> Option<Secret> {
    let (name, port) = match host {
        DatabaseHost::Tcp { host, port, .. } => (host.clone(), *port),
        DatabaseHost::Unix { folder, port } if is_default(folder) => ("localhost".to_owned(), *port),
        DatabaseHost::Unix { folder, port } => (folder.display().to_string(), *port),
    };
    let wanted = [name.as_str(), &port.to_string(), database, user];
    contents.lines().find_map(|line| matching(line.strip_suffix('\r').unwrap_or(line), &wanted))
}

/// libpq looks the default socket folder up as `localhost`.
fn is_default(folder: &Path) -> bool {
    matches!(folder.to_str(), Some("/var/run/postgresql" | "/run/postgresql" | "/tmp"))
}

fn matching(line: &str, wanted: &[&str; 4]) -> Option<Secret> {
    if line.starts_with('#') {
        return None;
    }
    let mut rest = line;
    for want in wanted {
        let (field, after) = field(rest)?;
        if field.raw != "*" && field.text != *want {
            return None;
        }
        rest = after;
    }
    Some(Secret::new(unescape(rest)))
}

struct Field<'a> {
    raw: &'a str,
    text: String,
}

/// The part up to the next colon that is not escaped, and what follows it.
fn field(text: &str) -> Option<(Field<'_>, &str)> {
    let mut escaped = false;
    let end = text.char_indices().find_map(|(at, c)| {
        let ends = c == ':' && !escaped;
        escaped = c == '\\' && !escaped;
        ends.then_some(at)
    })?;
    let (raw, rest) = text.split_at(end);
    Some((Field { raw, text: unescape(raw) }, rest.strip_prefix(':').unwrap_or(rest)))
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c == '\\' { out.extend(rest.next()) } else { out.push(c) }
    }
    out
}
