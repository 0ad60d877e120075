//! What went wrong in the sample, in words. The sample is a program beside the dashboard, so it has its own error.

use std::fmt;

/// A failure of the sample system: one sentence for people.
#[derive(Debug, Clone)]
pub struct DemoError(String);

impl DemoError {
    /// A failure in words.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

impl fmt::Display for DemoError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

impl std::error::Error for DemoError {}

/// Says what was being done when an error came up.
pub trait Doing<T> {
    /// `cannot <what>: <the error>`.
    fn doing(self, what: &str) -> Result<T, DemoError>;
}

impl<T, E: fmt::Display> Doing<T> for Result<T, E> {
    fn doing(self, what: &str) -> Result<T, DemoError> {
        self.map_err(|error| DemoError(format!("cannot {what}: {error}")))
    }
}
