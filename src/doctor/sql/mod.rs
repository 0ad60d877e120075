//! Findings in SQL for PostgreSQL: its statistics views read wrongly, sessions ended without saying whose. Each statement is
//! mended as a whole: what several checks found is put right in one text.

mod activity;
mod catalogue;
mod indexes;
mod scope;
mod statement;
mod token;

use super::code::Code;
use super::finding::Findings;
use super::source::Block;
use crate::domain::nearest;
use scope::Missing;
use statement::Statement;

/// Longest text that is taken apart, in bytes.
const LONGEST: usize = 4 * 1024 * 1024;

/// Looks at every statement of a block.
pub fn check(block: &Block, to: &mut Findings) {
    text(&block.text, block.line, &block.about, to);
}

/// Looks at every statement of a text that begins on `line`; `about` is what the words around it say it is for.
pub fn text(text: &str, line: usize, about: &str, to: &mut Findings) {
    if text.len() > LONGEST {
        return;
    }
    let tokens = token::tokens(text, line);
    let multiple = tokens.iter().filter(|t| t.sign(";")).count() > 1;
    for tokens in statement::split(&tokens) {
        let mut statement = Statement::new(text, tokens, if multiple { "" } else { about });
        columns(&mut statement);
        activity::check(&mut statement);
        indexes::check(&mut statement);
        statement.tell(to);
    }
}

/// Columns that a view does not have.
fn columns(statement: &mut Statement<'_>) {
    let missing = scope::missing(&statement.tokens);
    let mut told: Vec<&str> = Vec::new();
    for gone in &missing {
        if told.contains(&gone.relation.as_str()) {
            continue;
        }
        told.push(&gone.relation);
        let of_it: Vec<&Missing> = missing.iter().filter(|m| m.relation == gone.relation).collect();
        let mut names: Vec<&str> = Vec::new();
        for other in &of_it {
            if !names.contains(&other.column.text.as_str()) {
                names.push(&other.column.text);
            }
        }
        let of_relation = catalogue::columns(&gone.relation).unwrap_or_default();
        let typed = |wrong: &str| nearest::nearest(wrong, of_relation.iter().copied());
        let meant: Vec<Option<&str>> = of_it
            .iter()
            .map(|m| catalogue::meant(&m.relation, &m.column.text).or_else(|| typed(&m.column.text)))
            .collect();
        let mut why = format!(
            "{} has no column {} in any version from 12 to 18, so the statement fails",
            gone.relation,
            names.join(", ")
        );
        if meant.iter().all(Option::is_some) {
            for (other, right) in of_it.iter().zip(meant.into_iter().flatten()) {
                statement.put(&other.column, right);
            }
            statement.find(Code::NoSuchColumn, gone.column.line, why);
        } else if let Some(whole) = whole(&gone.relation, statement) {
            statement.find_with(Code::NoSuchColumn, gone.column.line, why, whole);
        } else {
            why.push_str(&format!("; it has {}", catalogue::columns(&gone.relation).unwrap_or_default().join(", ")));
            statement.find_with(Code::NoSuchColumn, gone.column.line, why, String::new());
        }
    }
}

/// A whole statement in the place of one that was made for something else.
fn whole(relation: &str, statement: &Statement<'_>) -> Option<String> {
    let code = statement.code();
    let of = code.iter().position(|t| t.text == relation).and_then(|at| code.get(at + 2))?;
    let table = (of.kind == token::Kind::Text).then_some(of.text.replace('\'', "''"))?;
    (relation == "pgstattuple_approx").then(|| {
        format!("SELECT pg_size_pretty(table_len) AS size,\n       round(dead_tuple_percent) AS dead_percent,\n       round(approx_free_percent) AS free_percent\nFROM pgstattuple_approx('{table}');")
    })
}
