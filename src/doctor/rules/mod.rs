//! Findings in rules files: quantiles, ratios, printed labels, times. Each check takes one rule and says what to write
//! instead; what routing thinks of labels is the affair of `alertmanager`.

mod comparison;
pub mod expression;
mod guard;
mod labels;
mod quantile;
mod ratio;
pub mod read;
mod share;
mod timing;

use std::collections::BTreeMap;
use std::time::Duration;

use promql_parser::parser::{self, Expr};

use super::code::Code;
use super::finding::Findings;
use super::source::Block;
use read::{Group, Rule, Text};

/// Longest expression that is parsed, in bytes.
const EXPRESSION: usize = 16 * 1024;
/// Deepest expression that is looked at.
const DEPTH: usize = 300;

/// A rule whose expression was read.
pub struct Parsed<'a> {
    pub rule: &'a Rule,
    pub expr: Expr,
}

impl Parsed<'_> {
    fn add(&self, to: &mut Findings, code: Code, why: impl AsRef<str>, instead: impl AsRef<str>) {
        to.add(code, self.rule.expr.line, format!("{}: {}", self.rule.name, why.as_ref()), instead);
    }

    /// The labels that its annotations print, in order, each once.
    fn printed(&self) -> Vec<String> {
        labels::printed(self.rule).into_iter().map(|(name, _)| name).collect()
    }
}

/// Everything that is wrong in the groups of one file.
pub fn check(groups: &[Group], scrape: Option<Duration>, to: &mut Findings) {
    let mut seen = Seen::new();
    for group in groups {
        for rule in &group.rules {
            duplicate(rule, &mut seen, to);
            timing::pending(rule, group, to);
            match parse(&rule.expr.value) {
                Ok(expr) => one(&Parsed { rule, expr }, group, scrape, to),
                Err(why) => to.add(
                    Code::Unparsable,
                    rule.expr.line,
                    format!("{}: PromQL cannot read the expression: {why}", rule.name),
                    "",
                ),
            }
        }
    }
}

/// Looks at a block of expressions that are no rules: one, or several that empty lines part. Documents quote pieces of
/// expressions too; what cannot be read is passed over.
pub fn expressions(block: &Block, to: &mut Findings) {
    let mut pieces: Vec<(usize, String)> = vec![(block.line, block.text.clone())];
    if parse(&block.text).is_err() {
        pieces.clear();
        let mut is_new = true;
        for (at, line) in block.text.lines().enumerate() {
            if line.trim().is_empty() {
                is_new = true;
            } else if let Some((_, piece)) = pieces.last_mut().filter(|_| !is_new) {
                piece.push('\n');
                piece.push_str(line);
            } else {
                pieces.push((block.line + at, line.to_owned()));
                is_new = false;
            }
        }
    }
    for (line, value) in pieces {
        // Comments and empty lines stand above it.
        let above = value.lines().take_while(|l| l.trim().is_empty() || l.trim_start().starts_with('#')).count();
        let Ok(expr) = parse(&value) else { continue };
        let expr_text = Text { value, line: line + above };
        let rule = Rule { name: "this expression".to_owned(), line, expr: expr_text, ..Rule::default() };
        one(&Parsed { rule: &rule, expr }, &Group::default(), None, to);
    }
}

fn one(parsed: &Parsed<'_>, group: &Group, scrape: Option<Duration>, to: &mut Findings) {
    quantile::check(parsed, to);
    ratio::check(parsed, to);
    share::check(parsed, to);
    labels::check(parsed, to);
    comparison::check(parsed, to);
    timing::ranges(parsed, group, scrape, to);
}

/// Reads an expression; one that is too long or too deep to look at is told as such.
pub fn parse(text: &str) -> Result<Expr, String> {
    if text.len() > EXPRESSION {
        return Err(format!("it is longer than {EXPRESSION} bytes"));
    }
    let expr = parser::parse(text)?;
    if expression::depth(&expr) > DEPTH {
        return Err(format!("it is nested deeper than {DEPTH}"));
    }
    Ok(expr)
}

/// An expression as it stands in a rules file, with what is said of it.
pub fn written(expr: &str, said: &str) -> String {
    let said = if said.is_empty() { String::new() } else { format!("   # {said}") };
    // What YAML would take for something else stands in a block of its own.
    let is_plain = !expr.contains(['\n', '#'])
        && !expr.contains(": ")
        && !expr.ends_with(':')
        && !expr.starts_with(['{', '[', '"', '\'', '&', '*', '!', '|', '>', '%', '@', '`', '-', '?']);
    if is_plain {
        return format!("expr: {expr}{said}");
    }
    let lines: Vec<String> = expr.lines().map(|line| format!("  {line}")).collect();
    format!("expr: |{said}\n{}", lines.join("\n"))
}

/// Kind, name and labels of each rule so far, and its line.
type Seen = BTreeMap<(bool, String, Vec<(String, String)>), usize>;

fn duplicate(rule: &Rule, seen: &mut Seen, to: &mut Findings) {
    let mut labels: Vec<(String, String)> =
        rule.labels.iter().map(|(name, text)| (name.clone(), text.value.clone())).collect();
    labels.sort();
    // Recording rules often make one series from several expressions that exclude each other.
    let key = (rule.is_alert, rule.name.clone(), labels);
    if let Some(first) = seen.get(&key).filter(|_| rule.is_alert) {
        let why = format!(
            "{}: a rule of the same name and labels stands on line {first}; the alerts of both are one to Alertmanager",
            rule.name
        );
        to.add(
            Code::DuplicateRule,
            rule.line,
            why,
            "labels:\n  severity: critical   # or another name: one of the two has to differ",
        );
    } else {
        seen.insert(key, rule.line);
    }
}
