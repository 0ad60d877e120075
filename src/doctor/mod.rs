//! Floor 2, pure: what is wrong in a team's own rules, SQL, shell, runbooks and alert routing, found from their text alone,
//! and what to write instead. Files are read by others, and what a running system has is told to it; it looks at neither.

mod alertmanager;
mod code;
mod configured;
mod examine;
mod fences;
mod finding;
mod live;
mod pattern;
mod prose;
mod report;
mod rules;
mod session;
mod shell;
mod source;
mod sql;
#[cfg(test)]
mod tests;
mod yaml;

pub use code::{Code, Severity};
pub use examine::{Options, examine, examine_against};
pub use finding::{Finding, Findings};
pub use live::Seen;
pub use report::Report;
pub use source::{Kind, Source};
