//! One statement: its tokens, the words around it, what was found in it and the edits that mend it.

use super::token::{Kind, Token};
use crate::doctor::code::Code;
use crate::doctor::finding::Findings;

/// A statement under examination.
pub struct Statement<'a> {
    text: &'a str,
    /// All of it, comments too.
    pub tokens: Vec<Token>,
    /// Its comments and what stands above it.
    pub words: String,
    /// Code, line, why, and another text than the mended statement.
    found: Vec<(Code, usize, String, Option<String>)>,
    edits: Vec<(usize, usize, String)>,
}

/// Statements end with a semicolon.
pub fn split(tokens: &[Token]) -> Vec<Vec<Token>> {
    let parts = tokens.split(|t| t.sign(";")).map(<[Token]>::to_vec);
    parts.filter(|part| part.iter().any(|t| t.kind != Kind::Comment)).collect()
}

impl<'a> Statement<'a> {
    pub fn new(text: &'a str, tokens: Vec<Token>, about: &str) -> Statement<'a> {
        let comments: Vec<&str> = tokens.iter().filter(|t| t.kind == Kind::Comment).map(|t| t.text.as_str()).collect();
        let words = format!("{about}\n{}", comments.join("\n")).to_lowercase();
        Statement { text, tokens, words, found: Vec::new(), edits: Vec::new() }
    }

    /// Its tokens without comments.
    pub fn code(&self) -> Vec<Token> {
        self.tokens.iter().filter(|t| t.kind != Kind::Comment).cloned().collect()
    }

    /// Whether it reads one of these relations.
    pub fn reads(&self, relations: &[&str]) -> bool {
        let code = self.code();
        code.windows(2).any(|pair| match pair {
            [before, name] => {
                (before.is("from") || before.is("join") || before.sign(",") || before.sign("."))
                    && name.is_name()
                    && relations.contains(&name.text.as_str())
            }
            _ => false,
        })
    }

    /// Notes a finding; how to mend it is in the edits.
    pub fn find(&mut self, code: Code, line: usize, why: impl Into<String>) {
        self.found.push((code, line, why.into(), None));
    }

    /// Notes a finding that the edits do not mend.
    pub fn find_with(&mut self, code: Code, line: usize, why: impl Into<String>, instead: String) {
        self.found.push((code, line, why.into(), Some(instead)));
    }

    /// An expression in the place of a column; in the list of a SELECT it keeps the column's name.
    pub fn put(&mut self, column: &Token, with: &str) {
        let code = self.code();
        let at = code.iter().position(|t| t.at == column.at).unwrap_or(code.len());
        let listed = code.iter().position(|t| t.is("from")).is_some_and(|from| at < from);
        let ends = code.get(at + 1).is_some_and(|t| t.sign(",") || t.is("from"));
        let is_name = with.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let named = if listed && ends && !is_name { format!("{with} AS {}", column.text) } else { with.to_owned() };
        self.replace(column, &named);
    }

    /// Another text in the place of a token.
    pub fn replace(&mut self, token: &Token, with: &str) {
        self.span(token, token, with);
    }

    /// Another text in the place of several tokens.
    pub fn span(&mut self, first: &Token, last: &Token, with: &str) {
        if !self.edits.iter().any(|(at, end, _)| first.at < *end && *at < last.end) {
            self.edits.push((first.at, last.end, with.to_owned()));
        }
    }

    /// A text behind a token.
    pub fn insert_after(&mut self, token: &Token, with: &str) {
        self.edits.push((token.end, token.end, with.to_owned()));
    }

    /// A further condition, behind those that are there and before what orders and limits; none may pass by an OR.
    pub fn filter(&mut self, with: &str) {
        let code = self.code();
        let mut depth = 0_i32;
        let flat: Vec<&Token> = code
            .iter()
            .filter(|t| {
                depth += i32::from(t.sign("(")) - i32::from(t.sign(")"));
                depth == 0 && !t.sign(")")
            })
            .collect();
        let from = flat.iter().position(|t| t.is("where"));
        let ends = ["group", "having", "window", "order", "limit", "offset", "fetch", "for"];
        let end = flat.iter().find(|t| t.kind == Kind::Word && ends.contains(&t.text.as_str())).map(|t| t.at);
        let Some(last) = code.iter().rfind(|t| end.is_none_or(|end| t.end <= end)) else { return };
        let Some(first) = from.and_then(|at| code.iter().find(|t| flat.get(at).is_some_and(|w| t.at >= w.end))) else {
            self.edits.push((last.end, last.end, format!("\nWHERE {with}")));
            return;
        };
        let is_open = flat.iter().skip(from.unwrap_or_default()).any(|t| t.is("or") && t.at < last.end);
        if is_open {
            self.edits.push((first.at, first.at, "(".to_owned()));
        }
        let close = if is_open { ")" } else { "" };
        self.edits.push((last.end, last.end, format!("{close}\n  AND {with}")));
    }

    /// Says what was found, each with the whole statement mended.
    pub fn tell(self, to: &mut Findings) {
        let mended = if self.edits.is_empty() { String::new() } else { self.mended() };
        for (code, line, why, instead) in self.found {
            to.add(code, line, why, instead.as_ref().unwrap_or(&mended));
        }
    }

    fn mended(&self) -> String {
        let code = self.code();
        let (Some(first), Some(last)) = (code.first(), code.last()) else { return String::new() };
        let mut edits = self.edits.clone();
        edits.sort_by_key(|(at, end, _)| (*at, *end));
        let mut out = String::new();
        let mut at = first.at;
        for (from, end, with) in edits {
            out.push_str(self.text.get(at..from).unwrap_or_default());
            out.push_str(&with);
            at = end.max(at);
        }
        out.push_str(self.text.get(at..last.end.max(at)).unwrap_or_default());
        out.push(';');
        out.lines().filter(|l| !l.trim().is_empty()).map(str::trim_end).collect::<Vec<_>>().join("\n")
    }
}
