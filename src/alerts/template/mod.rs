//! Templates of labels and annotations: the part of Go's `text/template` that rules use, with Prometheus' functions. Bounded
//! in steps, depth and bytes. Values from outside are values: they are never read as a template again. What comes out is
//! outside text and goes through the gate before it is shown.

mod eval;
mod float;
mod format;
mod functions;
mod humanize;
mod lexer;
mod number;
mod parse;
mod value;

#[cfg(test)]
mod tests;

use crate::metrics::labels::Labels;

/// Longest text that a template may have, hold or make, in bytes.
pub const MOST_BYTES: usize = 64 << 10;

/// What a template can see.
#[derive(Clone, Copy, Debug)]
pub struct Data<'a> {
    /// The name that errors bear: `__alert_` and the alert.
    pub name: &'a str,
    /// The labels of the element, the metric's name among them where the expression keeps it.
    pub labels: &'a Labels,
    /// Labels of whoever evaluates.
    pub external_labels: &'a Labels,
    /// Where whoever evaluates is found.
    pub external_url: &'a str,
    /// The value of the element.
    pub value: f64,
    /// When it is evaluated.
    pub at: i64,
}

/// Asks an expression on behalf of a template: the elements, or why there are none, in words.
pub type Query<'a> = &'a mut dyn FnMut(&str) -> Result<Vec<(Labels, f64)>, String>;

/// Expands a template; what is wrong with it becomes visible text.
#[must_use]
pub fn expand(text: &str, data: &Data<'_>, query: Query<'_>) -> String {
    if !text.contains("{{") && text.len() <= MOST_BYTES {
        return text.to_owned();
    }
    let name = data.name;
    let said = match parse::parse(text) {
        Err(why) => format!("error parsing template {name}: template: {name}:{why}"),
        Ok(template) => match eval::run(&template, data, query) {
            Ok(text) => return text,
            Err(why) => format!("error executing template {name}: template: {name}:{why}"),
        },
    };
    format!("<error expanding template: {said}>")
}

/// Whether a template can be read: the line within it and what is wrong.
pub fn check(text: &str) -> Result<(), String> {
    parse::parse(text).map(|_| ()).map_err(|why| format!("line {why}"))
}
