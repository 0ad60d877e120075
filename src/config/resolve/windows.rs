//! Maintenance windows as they are written in the configuration. One that is not understood is a problem, never left out:
//! who wrote it believes in it.

use super::super::value::Value;
use super::builder::Builder;
use crate::remediation::window::Window;

impl Builder<'_> {
    /// Fills the windows of `Resolved::actions`; every wrong one is told.
    pub(super) fn windows(&mut self) {
        let merged = self.merged;
        let Some(item) = merged.of("actions").next() else { return };
        let Some(Value::Texts(texts)) = item.given("windows").map(|given| &given.value) else { return };
        for text in texts {
            match Window::parse(text) {
                Ok(window) => self.resolved.actions.windows.push(window),
                Err(words) => self.wrong(item, "windows", &words),
            }
        }
    }
}
