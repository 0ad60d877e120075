//! What a configuration of this program holds that the checks know: SQL under the keys that take it, and commands, a shell's
//! script among them. What else stands in it the program's own strict reader judges.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::source::{Block, Language};

/// Keys that take SQL.
const SQL: [&str; 3] = ["sql", "query", "preview_sql"];

/// The blocks of a configuration; of one that is no TOML, what can be read of it.
pub fn blocks(text: &str) -> Vec<Block> {
    let (table, _broken) = DeTable::parse_recoverable(text);
    let mut found = Vec::new();
    of_table(text, table.get_ref(), &mut found);
    found.sort_by_key(|block| block.line);
    found
}

fn of_table(whole: &str, table: &DeTable<'_>, to: &mut Vec<Block>) {
    for (key, value) in table {
        let name: &str = key.get_ref();
        match value.get_ref() {
            DeValue::Table(inner) => of_table(whole, inner, to),
            DeValue::String(sql) if SQL.contains(&name) => to.push(Block {
                language: Language::Sql,
                text: sql.to_string(),
                line: line(whole, value.span().start),
                about: String::new(),
            }),
            DeValue::Array(words) if name == "command" || name.ends_with("_command") => {
                to.extend(command(words.iter()).map(|text| Block {
                    language: Language::Shell,
                    text,
                    line: line(whole, value.span().start),
                    about: String::new(),
                }));
            }
            DeValue::Array(items) => {
                for item in items {
                    if let DeValue::Table(inner) = item.get_ref() {
                        of_table(whole, inner, to);
                    }
                }
            }
            _ => {}
        }
    }
}

/// A program and its words as a shell would be told them; of a shell, its script.
fn command<'a, 'b: 'a>(words: impl Iterator<Item = &'a Spanned<DeValue<'b>>>) -> Option<String> {
    let words: Option<Vec<&str>> = words.map(|word| word.get_ref().as_str()).collect();
    let words = words?;
    let is_shell = |program: &str| matches!(program.rsplit('/').next(), Some("sh" | "bash" | "dash"));
    match words.as_slice() {
        [program, flags, script, ..] if is_shell(program) && flags.starts_with('-') && flags.ends_with('c') => {
            Some((*script).to_owned())
        }
        words => Some(words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")),
    }
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// The line that the text of a value begins on: behind the quotes of one over several lines.
fn line(whole: &str, start: usize) -> usize {
    let bytes = whole.as_bytes();
    let before = bytes.get(..start).unwrap_or_default();
    let rest = bytes.get(start..).unwrap_or_default();
    let opens_below =
        [&b"\"\"\"\n"[..], b"'''\n", b"\"\"\"\r\n", b"'''\r\n"].iter().any(|quotes| rest.starts_with(quotes));
    1 + memchr::memchr_iter(b'\n', before).count() + usize::from(opens_below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_and_commands_are_found_on_their_lines() {
        let text = "name = \"x\"\n[[signal]]\nname = \"a\"\nsql = \"\"\"\nSELECT 1\n\"\"\"\n[[signal]]\ncommand = [\"sh\", \"-c\", \"a | b\"]\n\
                    [[action]]\nrestart_command = [\"pkill\", \"-f\", \"it's\"]\n[[runbook]]\n[[runbook.step]]\nquery = 'SELECT 2'\n";
        let found: Vec<(Language, usize, String)> =
            blocks(text).into_iter().map(|b| (b.language, b.line, b.text)).collect();
        let told: Vec<(Language, usize, &str)> = found.iter().map(|(l, n, t)| (*l, *n, t.as_str())).collect();
        assert_eq!(
            told,
            [
                (Language::Sql, 5, "SELECT 1\n"),
                (Language::Shell, 8, "a | b"),
                (Language::Shell, 10, "pkill -f 'it'\\''s'"),
                (Language::Sql, 13, "SELECT 2"),
            ]
        );
        assert!(blocks("sql = [[[\n= 5").is_empty());
    }
}
