//! Functions that a script calls and nobody defines. Programs are told from functions by the underscore, which programs seldom
//! have; where another file is sourced nothing is said.

use std::collections::BTreeSet;

use super::command::Call;
use crate::doctor::code::Code;
use crate::doctor::finding::Findings;

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

/// The functions that a script defines; `None` when it reads another file.
pub fn defined(lines: &[Call]) -> Option<BTreeSet<String>> {
    if lines.iter().any(|l| matches!(l.name.as_str(), "source" | ".")) {
        return None;
    }
    let by_keyword = lines.iter().filter(|l| l.keyword("function")).filter_map(|l| l.arguments.first().cloned());
    let by_parentheses =
        lines.iter().filter(|l| l.arguments.first().is_some_and(|a| a == "()")).map(|l| l.name.clone());
    let aliases = lines
        .iter()
        .filter(|l| l.name == "alias")
        .flat_map(|l| &l.arguments)
        .filter_map(|a| a.split('=').next().map(str::to_owned));
    Some(by_keyword.chain(by_parentheses).chain(aliases).collect())
}

/// Looks at every command.
pub fn check(lines: &[Call], functions: &BTreeSet<String>, to: &mut Findings) {
    for line in lines {
        let name = line.name.as_str();
        let like_a_function = name.contains('_')
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && name.starts_with(|c: char| c.is_ascii_lowercase());
        if !like_a_function || functions.contains(name) || PROGRAMS.iter().any(|p| name.starts_with(p)) {
            continue;
        }
        let url = lines
            .iter()
            .find_map(|l| l.arguments.iter().find(|a| a.contains("://") && a.contains(&format!("$({name}"))));
        let why = match url.filter(|_| line.substituted) {
            Some(url) => format!("{name} is defined nowhere in this file, so the URL becomes {}", emptied(url)),
            None => format!("{name} is defined nowhere in this file: the shell says command not found and goes on"),
        };
        let right = format!(
            "{name}() {{\n    case \"$1\" in\n        service-a) echo 5001 ;;\n        *) echo \"no port known for $1\" >&2; return 1 ;;\n    esac\n}}"
        );
        let right = if line.substituted {
            right
        } else {
            format!("{name}() {{ …; }}   # before it is called, or the program's real name")
        };
        to.add(Code::UndefinedFunction, line.line, why, right);
    }
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
        assert_eq!(super::emptied("http://localhost:$(get_port $x)/health"), "http://localhost:/health");
    }
}
