//! The loose parameters of a connection string, before they mean anything: name and value, notes beside them.

use crate::domain::Safe;

/// Longest connection string that is read.
pub const LONGEST: usize = 16 * 1024;

/// Parameters in the order given; of doubles the last one counts, as in libpq.
#[derive(Default)]
pub struct Settings {
    entries: Vec<(String, String)>,
    /// What was ignored or assumed.
    pub notes: Vec<Safe>,
}

impl Settings {
    /// Adds a parameter.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.entries.push((name.into(), value.into()));
    }

    /// Adds a note.
    pub fn note(&mut self, text: impl Into<Safe>) {
        self.notes.push(text.into());
    }

    /// Takes a parameter out by its name or one of its other names; empty counts as not given.
    pub fn take(&mut self, names: &[&str]) -> Option<String> {
        let mut found = None;
        self.entries.retain_mut(|(name, value)| {
            let hit = names.iter().any(|n| n.eq_ignore_ascii_case(name));
            if hit {
                found = Some(std::mem::take(value));
            }
            !hit
        });
        found.filter(|value| !value.is_empty())
    }

    /// Names of what nobody took.
    pub fn left_over(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(name, _)| name.as_str())
    }
}
