//! One finding, and the bounded list that the checks write into. All text in it passed the gate.

use std::collections::HashSet;

use super::code::{Code, Severity};
use crate::domain::Safe;

/// Most findings that are kept; what comes after them is counted.
const MOST: usize = 5_000;
/// Most lines of a mended text.
const INSTEAD_LINES: usize = 40;
/// Longest line of a mended text, in characters.
const INSTEAD_WIDTH: usize = 2_000;

/// Something to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was found.
    pub code: Code,
    /// In which file.
    pub file: Safe,
    /// On which line, from 1; 0 where the whole is meant.
    pub line: usize,
    /// One sentence: why.
    pub why: Safe,
    /// What to write instead, line by line.
    pub instead: Vec<Safe>,
}

impl Finding {
    /// One, with its texts cut to what is kept.
    #[must_use]
    pub fn new(code: Code, file: Safe, line: usize, why: impl AsRef<str>, instead: impl AsRef<str>) -> Finding {
        Finding { code, file, line, why: Safe::one_line(why.as_ref().as_bytes()), instead: lines(instead.as_ref()) }
    }

    /// Where: `rules.yml:12`, `database main`.
    #[must_use]
    pub fn place(&self) -> Safe {
        if self.line == 0 { self.file.clone() } else { Safe::of(format!("{}:{}", self.file, self.line)) }
    }

    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

/// What was found so far, in the file that is being looked at.
#[derive(Debug, Default)]
pub struct Findings {
    file: Safe,
    list: Vec<Finding>,
    told: HashSet<(Safe, usize, Code, Safe)>,
    dropped: usize,
}

impl Findings {
    /// From now on findings are of this file.
    pub fn of_file(&mut self, file: &Safe) {
        self.file = file.clone();
    }

    /// Notes one; the same at the same place only once.
    pub fn add(&mut self, code: Code, line: usize, why: impl AsRef<str>, instead: impl AsRef<str>) {
        let finding = Finding::new(code, self.file.clone(), line, why, instead);
        if self.list.len() >= MOST {
            self.dropped += 1;
        } else if self.told.insert((self.file.clone(), line, code, finding.why.clone())) {
            self.list.push(finding);
        }
    }

    /// All of them by line (files stay in their order), and how many were too many.
    #[must_use]
    pub fn finish(mut self) -> (Vec<Finding>, usize) {
        let mut files: Vec<Safe> = Vec::new();
        for finding in &self.list {
            if !files.contains(&finding.file) {
                files.push(finding.file.clone());
            }
        }
        self.list.sort_by_key(|f| (files.iter().position(|name| *name == f.file), f.line, f.code));
        (self.list, self.dropped)
    }
}

fn lines(text: &str) -> Vec<Safe> {
    text.lines().take(INSTEAD_LINES).map(|line| Safe::of(line.trim_end()).clipped(INSTEAD_WIDTH)).collect()
}
