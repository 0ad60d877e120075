//! What is wrong with a rules file, in the words of configuration: file, line, key, what is allowed, the nearest right name.

use crate::domain::Safe;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// In which file.
    pub file: Safe,
    /// On which line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// Which key, such as `group "api" rule 2 "Down".for`; empty where there is none.
    pub key: Safe,
    /// What is wrong, and what would be right.
    pub words: Safe,
}

impl Problem {
    /// A problem at a place.
    #[must_use]
    pub fn new(file: &str, line: usize, key: impl AsRef<str>, words: impl AsRef<str>) -> Problem {
        Problem { file: Safe::of(file), line, key: Safe::of(key), words: Safe::of(words) }
    }

    /// `file:line: key: words`.
    #[must_use]
    pub fn line(&self) -> Safe {
        let line = if self.line == 0 { String::new() } else { format!(":{}", self.line) };
        let key = if self.key.as_str().is_empty() { String::new() } else { format!("{}: ", self.key) };
        Safe::of(format!("{}{line}: {key}{}", self.file, self.words))
    }
}
