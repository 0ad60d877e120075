//! `.env` read safely: `KEY=VALUE`, quotes, `export`, comments. Nothing is executed, nothing is expanded.

use std::collections::BTreeMap;

/// The only names that are taken from a `.env`: it lies in a folder that others may have filled, and the rest of
/// libpq's variables name files and options.
pub const TAKEN: [&str; 9] =
    ["DATABASE_URL", "REDIS_URL", "PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGSSLMODE"];

/// Reads the lines; a line that is none is skipped and counted.
#[must_use]
pub fn parse(text: &str) -> (BTreeMap<String, String>, usize) {
    let mut found = BTreeMap::new();
    let mut skipped = 0;
    for line in text.trim_start_matches('\u{feff}').lines().take(10_000) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match pair(line) {
            Some((name, value)) if TAKEN.contains(&name.as_str()) => {
                found.insert(name, value);
            }
            Some(_) => {}
            None => skipped += 1,
        }
    }
    (found, skipped)
}

fn pair(line: &str) -> Option<(String, String)> {
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    let (name, rest) = line.split_once('=')?;
    let name = name.trim();
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    plain.then(|| value(rest.trim()).map(|value| (name.to_owned(), value))).flatten()
}

fn value(text: &str) -> Option<String> {
    let mut chars = text.chars();
    let Some(quote @ ('"' | '\'')) = chars.next() else { return Some(bare(text)) };
    let mut out = String::new();
    while let Some(c) = chars.next() {
        match c {
            c if c == quote => {
                let rest = chars.as_str().trim();
                return (rest.is_empty() || rest.starts_with('#')).then_some(out);
            }
            '\\' if quote == '"' => match chars.next()? {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                other => out.push(other),
            },
            c => out.push(c),
        }
    }
    None
}

/// Up to a comment that stands after white space.
fn bare(text: &str) -> String {
    let mut before = ' ';
    let mut end = text.len();
    for (at, c) in text.char_indices() {
        if c == '#' && before.is_whitespace() {
            end = at;
            break;
        }
        before = c;
    }
    text.get(..end).unwrap_or(text).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_forms_are_read_and_nothing_else() {
        let (found, skipped) = parse(
            "\u{feff}# database\nexport DATABASE_URL=\"postgresql://u:p\\\"w@localhost/d\" # main\nREDIS_URL='redis://localhost/0'\n\
             PGUSER = shop # who\nPGPASSWORD=a#b\nLD_PRELOAD=/tmp/evil.so\nPGPASSFILE=/etc/shadow\nno pair\nPGHOST=\"open\n",
        );
        assert_eq!(found["DATABASE_URL"], "postgresql://u:p\"w@localhost/d");
        assert_eq!(found["REDIS_URL"], "redis://localhost/0");
        assert_eq!(found["PGUSER"], "shop");
        assert_eq!(found["PGPASSWORD"], "a#b");
        assert_eq!(found.len(), 4);
        assert_eq!(skipped, 2);
    }

    #[test]
    fn nothing_is_expanded() {
        let (found, _) = parse("PGUSER=$(id)\nPGHOST=${HOME}\n");
        assert_eq!(found["PGUSER"], "$(id)");
        assert_eq!(found["PGHOST"], "${HOME}");
    }
}
