//! Floor 2, pure: what is wrong in a team's own rules, SQL, shell, runbooks and alert routing, found from their text alone,
//! and what to write instead. Files are read by `cli`; nothing here looks at a running system.

mod alertmanager;
mod code;
mod examine;
mod fences;
mod finding;
mod pattern;
mod prose;
mod report;
mod rules;
mod shell;
mod source;
mod sql;
#[cfg(test)]
mod tests;
mod yaml;

pub use code::{Code, Severity};
pub use examine::{Options, examine};
pub use finding::{Finding, Findings};
pub use report::Report;
pub use source::{Kind, Source};
