//! What is looked at: a file's text and what kind of file it is; and the pieces of one language that it is made of.

use super::{configured, fences};
use crate::domain::Safe;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Alerting and recording rules, or an Alertmanager configuration: told apart by their content.
    Yaml,
    /// A document with fenced blocks.
    Markdown,
    /// SQL statements.
    Sql,
    /// A shell script.
    Shell,
    /// A configuration of this program: the SQL and the commands in it.
    Toml,
}

impl Kind {
    /// By the name's ending, else by a first line that names a shell.
    #[must_use]
    pub fn of(name: &str, text: &str) -> Option<Kind> {
        let ending = name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase()).unwrap_or_default();
        match ending.as_str() {
            "yml" | "yaml" | "rules" => Some(Kind::Yaml),
            "md" | "markdown" => Some(Kind::Markdown),
            "sql" => Some(Kind::Sql),
            "sh" | "bash" => Some(Kind::Shell),
            "toml" => Some(Kind::Toml),
            _ => {
                let first = text.lines().next().unwrap_or_default();
                (first.starts_with("#!") && first.contains("sh")).then_some(Kind::Shell)
            }
        }
    }
}

/// A file that was read.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name, as people wrote it.
    pub name: Safe,
    /// Its text.
    pub text: String,
    /// What it is.
    pub kind: Kind,
}

/// What a block is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Yaml,
    Sql,
    Shell,
    Promql,
    Other,
}

impl Language {
    /// By the word behind a fence.
    pub fn of(word: &str) -> Language {
        match word.to_ascii_lowercase().as_str() {
            "yaml" | "yml" => Language::Yaml,
            "sql" | "psql" | "postgresql" | "pgsql" => Language::Sql,
            "bash" | "sh" | "shell" | "zsh" | "console" | "terminal" | "shell-session" | "shellsession"
            | "sh-session" => Language::Shell,
            "promql" => Language::Promql,
            _ => Language::Other,
        }
    }
}

/// A piece in one language.
#[derive(Clone, Debug)]
pub struct Block {
    pub language: Language,
    pub text: String,
    /// Line of the file that the first line of `text` is.
    pub line: usize,
    /// What the document says right above: its heading and the last sentence.
    pub about: String,
}

/// The blocks of a file: itself, or what is fenced in it.
pub fn blocks(source: &Source) -> Vec<Block> {
    let whole = |language| vec![Block { language, text: source.text.clone(), line: 1, about: String::new() }];
    match source.kind {
        Kind::Yaml => whole(Language::Yaml),
        Kind::Sql => whole(Language::Sql),
        Kind::Shell => whole(Language::Shell),
        Kind::Markdown => fences::blocks(&source.text),
        Kind::Toml => configured::blocks(&source.text),
    }
}
