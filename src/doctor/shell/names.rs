//! Functions and variables that a script uses and nobody defines. Programs are told from functions by the underscore, which programs seldom
//! have; where another file is sourced nothing is said.

use std::collections::BTreeSet;

use regex::Regex;

use super::command::Call;
use super::lex::{Quote, Word};
use crate::doctor::code::Code;
use crate::doctor::finding::Findings;
use crate::doctor::pattern::Pattern;

/// Most calls of one script that are told.
const MOST: usize = 200;

/// Variables in small letters, which no environment brings; those with a default are not meant.
static BARE: Pattern = Pattern::new(|| Regex::new(r"\$([a-z][a-z0-9_]*)").ok());
static BRACED: Pattern = Pattern::new(|| Regex::new(r"\$\{([a-z][a-z0-9_]*)\}").ok());

/// Beginnings of programs that do have one.
const PROGRAMS: &[&str] = &[
    "pg_",
    "mysql_",
    "mariadb_",
    "xfs_",
    "btrfs_",
    "zfs_",
    "lvm_",
    "git_",
    "apt_",
    "dpkg_",
    "ssh_",
    "rabbitmq_",
    "redis_",
    "x86_",
    "py_",
    "perl_",
];

/// What the scripts of a document define.
#[derive(Debug, Default)]
pub struct Known {
    functions: BTreeSet<String>,
    variables: BTreeSet<String>,
}

impl Known {
    /// Takes one script; `None` when it reads another file.
    pub fn take(&mut self, lines: &[Call]) -> Option<()> {
        if lines.iter().any(|l| matches!(l.name.as_str(), "source" | "." | "eval")) {
            return None;
        }
        for line in lines {
            let arguments = line.arguments.iter().map(String::as_str);
            if line.keyword("function") {
                self.functions.extend(line.arguments.first().cloned());
            } else if line.arguments.first().is_some_and(|a| a == "()") {
                self.functions.insert(line.name.clone());
            } else if line.name == "alias" {
                self.functions.extend(arguments.filter_map(|a| a.split('=').next()).map(str::to_owned));
            } else if line.keyword("for") || line.keyword("select") {
                self.variables.extend(line.arguments.first().cloned());
            } else if matches!(
                line.name.as_str(),
                "read" | "mapfile" | "readarray" | "getopts" | "local" | "declare" | "printf"
            ) {
                self.variables.extend(arguments.map(str::to_owned));
            }
            self.variables.extend(line.sets.iter().map(|(name, _)| name.clone()));
        }
        Some(())
    }
}

/// Looks at every command.
pub fn check(lines: &[Call], known: &Known, to: &mut Findings) {
    let undefined =
        lines.iter().filter(|l| l.substituted && is_function(&l.name) && !known.functions.contains(&l.name));
    for line in undefined.take(MOST) {
        let name = line.name.as_str();
        let url = lines
            .iter()
            .find_map(|l| l.arguments.iter().find(|a| a.contains("://") && a.contains(&format!("$({name}"))));
        let why = match url {
            Some(url) => format!("{name} is defined nowhere in this file, so the URL becomes {}", emptied(url)),
            None => format!(
                "{name} is defined nowhere in this file: the shell says command not found and goes on with nothing"
            ),
        };
        let right = format!(
            "{name}() {{\n    case \"$1\" in\n        service-a) echo 5001 ;;\n        *) echo \"{name}: nothing known for $1\" >&2; return 1 ;;\n    esac\n}}"
        );
        to.add(Code::UndefinedFunction, line.line, why, right);
    }
    for line in lines {
        // In single quotes nothing is put in.
        let open = line.words.iter().filter(|w| w.pieces.iter().all(|(quote, _)| *quote != Quote::Single));
        for url in open.map(Word::text).filter(|text| text.contains("://")) {
            let mut names = BARE.firsts(&url).into_iter().chain(BRACED.firsts(&url));
            let unset = names.find(|name| !known.variables.contains(*name));
            if let Some(name) = unset {
                let why = format!(
                    "{name} is set nowhere in this file, and a name in small letters is no environment variable: the URL is {}",
                    without(&url, name)
                );
                to.add(Code::UnsetInUrl, line.line, why, mended(line, name));
            }
        }
    }
}

fn is_function(name: &str) -> bool {
    let letters = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let program = PROGRAMS.iter().any(|p| name.starts_with(p));
    letters && name.contains('_') && name.starts_with(|c: char| c.is_ascii_lowercase()) && !program
}

/// The command that stops where the variable is empty.
fn mended(line: &Call, name: &str) -> String {
    let or_stop = format!("${{{name}:?}}");
    let text = line.written().replace(&format!("${{{name}}}"), &or_stop);
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once(&format!("${name}")) {
        let is_whole = !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        out.push_str(before);
        if is_whole {
            out.push_str(&or_stop);
        } else {
            out.push('$');
            out.push_str(name);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn without(url: &str, name: &str) -> String {
    url.replace(&format!("${{{name}}}"), "").replace(&format!("${name}"), "")
}

/// A URL without what was substituted.
fn emptied(url: &str) -> String {
    let (mut out, mut depth) = (String::new(), 0_usize);
    let mut chars = url.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '$' && chars.peek() == Some(&'(') {
            depth += 1;
            chars.next();
        } else if depth > 0 {
            depth -= usize::from(c == ')');
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_empty_port_is_shown() {
        assert_eq!(super::BARE.firsts("http://$a:${b}/$C"), ["a"]);
        assert_eq!(super::BRACED.firsts("http://$a:${b}/${c:-x}"), ["b"]);
        assert_eq!(super::emptied("http://localhost:$(get_port $x)/health"), "http://localhost:/health");
    }
}
