//! A log to be followed.

use crate::domain::safe::Safe;

/// One log.
#[derive(Clone, Debug)]
pub struct LogSpec {
    /// Name on screen.
    pub name: Safe,
    /// Where the lines come from.
    pub source: LogSource,
}

/// Where log lines come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogSource {
    /// A file, or a glob of files (`*`, `?`, `[…]` in the last part and in folders).
    Files { pattern: String },
    /// Output of a program: argv, never a shell.
    Command { argv: Vec<String> },
}
