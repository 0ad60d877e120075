//! What was found, in words for people and in JSON for programs.

use serde_json::json;

use super::code::Severity;
use super::finding::Finding;
use crate::domain::figure::several;
use crate::domain::{Safe, ascii_json};

/// Everything that was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// By file and line.
    pub findings: Vec<Finding>,
    /// How many more there were than are kept.
    pub dropped: usize,
    /// How many files were looked at.
    pub files: usize,
    /// How many targets were looked at.
    pub targets: usize,
    /// What was not looked at, and why.
    pub left: Vec<Safe>,
}

impl Report {
    /// Whether anything has to be mended. Notes are to be known, not to fail a build.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.dropped > 0 || self.findings.iter().any(|f| f.severity() != Severity::Note)
    }

    /// How many there are of one severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|f| f.severity() == severity).count()
    }

    /// Grouped by file: `file:line: code severity: why`, then what to write instead.
    #[must_use]
    pub fn words(&self) -> Vec<Safe> {
        let mut lines = Vec::new();
        let mut file: Option<&Safe> = None;
        for finding in &self.findings {
            if file.is_some_and(|before| *before != finding.file) {
                lines.push(Safe::default());
            }
            file = Some(&finding.file);
            let (code, word) = (finding.code.id(), finding.severity().word());
            lines.push(Safe::of(format!("{}: {code} {word}: {}", finding.place(), finding.why)));
            if !finding.instead.is_empty() {
                let of_text = finding.line > 0;
                lines.push(Safe::of(if of_text { "    write instead:" } else { "    what mends it:" }));
                lines.extend(finding.instead.iter().map(|line| Safe::of(format!("      {line}"))));
            }
        }
        if !lines.is_empty() {
            lines.push(Safe::default());
        }
        lines.extend(self.left.iter().map(|what| Safe::of(format!("not looked at: {what}"))));
        lines.push(self.summary());
        lines
    }

    /// What was looked at, in words.
    #[must_use]
    pub fn basis(&self) -> String {
        let count = |n: usize, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
        let targets = if self.targets == 0 { String::new() } else { format!(", {}", count(self.targets, "target")) };
        format!("{}{targets}", count(self.files, "file"))
    }

    fn summary(&self) -> Safe {
        let files = self.basis();
        let [errors, warnings, notes] = [Severity::Error, Severity::Warning, Severity::Note].map(|s| self.count(s));
        let more = if self.dropped > 0 { format!("; {} more were not kept", self.dropped) } else { String::new() };
        Safe::of(match self.findings.len() {
            0 => format!("{files}: nothing found"),
            n => format!(
                "{files}: {n} found: {}, {}, {}{more}",
                several(errors as u64, "error"),
                several(warnings as u64, "warning"),
                several(notes as u64, "note")
            ),
        })
    }

    /// JSON of schema 1, on one line of ASCII.
    #[must_use]
    pub fn json(&self) -> Safe {
        let findings: Vec<_> = self.findings.iter().map(one).collect();
        let value = json!({
            "schema": 1,
            "files": self.files,
            "targets": self.targets,
            "dropped": self.dropped,
            "not_looked_at": self.left,
            "findings": findings,
        });
        Safe::of(ascii_json::line(&value))
    }
}

fn one(finding: &Finding) -> serde_json::Value {
    json!({
        "code": finding.code.id(),
        "severity": finding.severity().word(),
        "file": finding.file,
        "line": (finding.line > 0).then_some(finding.line),
        "why": finding.why,
        "instead": finding.instead,
    })
}
