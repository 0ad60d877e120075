//! A terminal session as documents show it: what was typed stands behind a prompt, and what came back is no command.

use regex::Regex;

use super::pattern::Pattern;

/// `$ `, `% `, `ops@host:~$ `, `(venv) $ `.
static PROMPT: Pattern =
    Pattern::new(|| Regex::new(r"^\s*((?:\([^)\s]*\) )?(?:[\w.-]+@[\w.-]+(?::[^$#%\s]*)? ?)?[$%] )").ok());
static DOCUMENT: Pattern = Pattern::new(|| Regex::new(r#"<<-?\s*["'\\]?([A-Za-z_][A-Za-z0-9_]*)"#).ok());

/// What was typed, on the lines that it stands on; nothing where no line has a prompt.
pub fn typed(text: &str) -> Option<String> {
    let prompt = |line: &str| PROMPT.firsts(line).first().map(|prompt| prompt.len());
    if !text.lines().any(|line| prompt(line).is_some()) {
        return None;
    }
    let mut out = String::new();
    let (mut goes_on, mut until): (bool, Option<String>) = (false, None);
    for line in text.lines() {
        let own = match prompt(line) {
            Some(length) => line.trim_start().get(length..),
            None if goes_on || until.is_some() => Some(line.strip_prefix("> ").unwrap_or(line)),
            None => None,
        };
        let own = own.unwrap_or_default();
        if until.as_deref() == Some(own.trim()) {
            until = None;
        } else if until.is_none() {
            until = DOCUMENT.firsts(own).first().map(|&word| word.to_owned());
        }
        goes_on = own.ends_with(['\\', '|']) || own.ends_with("&&");
        out.push_str(own);
        out.push('\n');
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_typed_is_left_and_on_its_line() {
        assert!(PROMPT.reads() && DOCUMENT.reads());
        let text = "$ a \\\n  --b\nit's out\nops@h1:~/x$ c <<'E'\n> d\ne\nE\nout\n(venv) $ f\n";
        assert_eq!(typed(text).as_deref(), Some("a \\\n  --b\n\nc <<'E'\nd\ne\nE\n\nf\n"));
        assert_eq!(typed("a\necho $ b\n$x\n"), None);
    }
}
