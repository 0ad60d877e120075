//! The whole look: every file taken apart into blocks, each block to the checks of its language, alerts to routing.

use std::time::Duration;

use regex::Regex;

use super::alertmanager::{self, Placed};
use super::code::Code;
use super::finding::Findings;
use super::live::{self, Seen};
use super::pattern::Pattern;
use super::report::Report;
use super::rules::read::Group;
use super::source::{Block, Kind, Language, Source, blocks};
use super::{prose, rules, shell, sql, yaml};
use crate::domain::Safe;

/// What is known beside the files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// How often targets are scraped.
    pub scrape: Option<Duration>,
}

static RULES: Pattern = Pattern::new(|| Regex::new(r"(?m)^\s*(?:- )?(alert|record):(?s:.*)^\s*(?:- )?expr:").ok());
static DRIVER: Pattern = Pattern::new(|| {
    Regex::new(concat!(
        r#"(?:\b[A-Z][A-Z0-9_]*(?:=|: )["']?|\b(?:psql|pg_dump|pg_restore|pg_isready)\b.*?)"#,
        r#"\b(postgres(?:ql)?\+[a-z0-9_]+://[^\s"'`]*)"#
    ))
    .ok()
});

/// What one file gave that other files are held against.
#[derive(Default)]
struct Taken {
    groups: Vec<Group>,
    routing: Vec<yaml::Node>,
}

/// Looks at all of them.
#[must_use]
pub fn examine(sources: &[Source], options: Options) -> Report {
    examine_against(sources, options, None)
}

/// Looks at all of them, and holds their rules against what is scraped where that is known.
#[must_use]
pub fn examine_against(sources: &[Source], options: Options, seen: Option<&Seen>) -> Report {
    let mut to = Findings::default();
    let taken: Vec<Taken> = sources.iter().map(|source| one(source, options, &mut to)).collect();
    for (source, own) in sources.iter().zip(&taken) {
        to.of_file(&source.name);
        // A document that brings its own rules is about those; else about all that were given.
        let alone = source.kind == Kind::Markdown && !own.groups.is_empty();
        let rules: Vec<Placed<'_>> = if alone {
            own.groups.iter().flat_map(|g| &g.rules).map(|r| (r, "")).collect()
        } else {
            placed(sources, &taken)
        };
        for document in &own.routing {
            alertmanager::check(document, &rules, &mut to);
        }
    }
    let rules: Vec<(&Safe, &[Group])> =
        sources.iter().zip(&taken).map(|(s, t)| (&s.name, t.groups.as_slice())).collect();
    let left = seen.and_then(|seen| live::check(&rules, seen, &mut to)).into_iter().collect();
    let (findings, dropped) = to.finish();
    Report { findings, dropped, files: sources.len(), targets: 0, left }
}

fn placed<'a>(sources: &'a [Source], taken: &'a [Taken]) -> Vec<Placed<'a>> {
    let files = sources.iter().zip(taken);
    files.flat_map(|(s, t)| t.groups.iter().flat_map(|g| &g.rules).map(|r| (r, s.name.as_str()))).collect()
}

fn one(source: &Source, options: Options, to: &mut Findings) -> Taken {
    to.of_file(&source.name);
    let mut taken = Taken::default();
    let blocks = blocks(source);
    if source.kind == Kind::Markdown {
        prose::check(&source.text, to);
    }
    let known = shell::known(blocks.iter().filter(|b| b.language == Language::Shell));
    for block in &blocks {
        driver(block, to);
        match block.language {
            Language::Yaml => of_yaml(block, source.kind, &mut taken, to),
            Language::Other if RULES.is_match(&block.text) => of_yaml(block, source.kind, &mut taken, to),
            Language::Sql => sql::check(block, to),
            Language::Shell => shell::check(block, known.as_ref(), to),
            Language::Promql => rules::expressions(block, to),
            Language::Other => {}
        }
    }
    rules::check(&taken.groups, options.scrape, to);
    taken
}

fn of_yaml(block: &Block, kind: Kind, taken: &mut Taken, to: &mut Findings) {
    let documents = match yaml::parse(&block.text, block.line) {
        Ok(documents) => documents,
        // Documents quote YAML with holes in it; only what wants to be rules has to be whole.
        // What is not said to be YAML may be something that quotes some.
        Err(_) if kind == Kind::Markdown && (block.language == Language::Other || !RULES.is_match(&block.text)) => {
            return;
        }
        Err(broken) => {
            to.add(
                Code::BrokenRules,
                broken.line,
                format!("this is no YAML, so nothing in the file is read: {}", broken.why),
                "",
            );
            return;
        }
    };
    for document in documents {
        let groups = rules::read::all(&document);
        if !groups.is_empty() {
            taken.groups.extend(groups);
        } else if alertmanager::is_one(&document) {
            taken.routing.push(document);
        }
    }
}

/// In any language, since it is configuration as often as it is a command.
fn driver(block: &Block, to: &mut Findings) {
    for (at, line) in block.text.lines().enumerate() {
        for url in DRIVER.firsts(line) {
            let Some((scheme, rest)) = url.split_once("://") else { continue };
            let plain = scheme.split('+').next().unwrap_or(scheme);
            let why = format!(
                "{scheme}:// is SQLAlchemy's way to name a driver: psql, pg_dump and everything on libpq refuse such a URL"
            );
            to.add(Code::DriverInUrl, block.line + at, why, line.trim().replace(url, &format!("{plain}://{rest}")));
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn patterns_are_read() {
        assert!(super::RULES.reads() && super::DRIVER.reads());
        assert!(super::RULES.is_match("- alert: A\n  for: 5m\n  expr: up == 0"));
        assert!(!super::RULES.is_match("alert: A\n"));
    }
}
