//! Own fixtures with the defects that teams' documents have, each beside a well-written twin in which nothing is to be found.

mod document;
mod mixins;
mod routing;
mod rules;
mod shell;
mod sql;

use super::{Finding, Kind, Options, Source, examine};
use crate::domain::Safe;

/// What is found in one file.
fn found(kind: Kind, text: &str) -> Vec<Finding> {
    let source = Source { name: Safe::of("file"), text: text.to_owned(), kind };
    examine(&[source], Options::default()).findings
}

/// Line and code of everything that is found.
fn codes(kind: Kind, text: &str) -> Vec<(usize, &'static str)> {
    found(kind, text).iter().map(|f| (f.line, f.code.id())).collect()
}

/// The mended text of the first finding of a code.
fn instead(kind: Kind, text: &str, code: &str) -> String {
    let all = found(kind, text);
    let one = all.iter().find(|f| f.code.id() == code).unwrap_or_else(|| panic!("no {code} in {all:#?}"));
    one.instead.iter().map(Safe::as_str).collect::<Vec<_>>().join("\n")
}
