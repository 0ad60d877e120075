//! What stands in an operator's chain without the intent that belongs before it. It is named where all that was before it
//! could be read, and else only counted: the intent may stand where nobody can look.

use crate::adapters::audit_log::Segment;
use crate::adapters::audit_log::scan::Judged;
use crate::domain::Safe;
use crate::remediation::audit::{Record, Runs, Verifier};

/// Records of one chain that are named.
const NAMED: usize = 20;

/// Watches the records of a chain go by.
#[derive(Default)]
pub struct Unbegun {
    runs: Runs,
    /// By file, in their order.
    files: Vec<Found>,
    named: usize,
}

struct Found {
    file: String,
    named: Vec<Safe>,
    count: usize,
}

impl Unbegun {
    /// The next record.
    pub fn see(&mut self, segment: &Segment, record: &Record) {
        if let Some(why) = self.runs.against(record) {
            self.note(segment.name(), &why);
        }
        self.runs.note(record);
    }

    fn note(&mut self, file: String, why: &Safe) {
        if self.files.last().is_none_or(|last| last.file != file) {
            self.files.push(Found { file, named: Vec::new(), count: 0 });
        }
        let Some(found) = self.files.last_mut() else { return };
        found.count += 1;
        if self.named < NAMED {
            self.named += 1;
            found.named.push(Safe::of(format!("{}: {why}", found.file)));
        }
    }

    /// What is told of it, now that it is known how the files hold together.
    pub fn lines(self, chain: &[(Segment, Verifier, Judged)]) -> Vec<Safe> {
        let gap = first_behind_a_gap(chain);
        let begun = chain.iter().take(gap.unwrap_or(chain.len())).map(|(segment, ..)| segment.name());
        let begun: Vec<String> = begun.collect();
        let (before, behind): (Vec<Found>, Vec<Found>) =
            self.files.into_iter().partition(|found| begun.contains(&found.file));
        let unnamed = before.iter().map(|found| found.count - found.named.len()).sum::<usize>();
        let mut lines: Vec<Safe> = before.into_iter().flat_map(|found| found.named).collect();
        if unnamed > 0 {
            lines.push(Safe::of(format!("  and {unnamed} more of which no intent stands before them")));
        }
        let count = behind.iter().map(|found| found.count).sum::<usize>();
        if let Some(first) = behind.first() {
            let words = "their intents may stand in what is missing or bad before them";
            lines.push(Safe::of(format!("{}: outcomes and steps without an intent: {count}; {words}", first.file)));
        }
        lines
    }
}

/// The first file before which something is missing: a file is not here, cannot be read or has a bad record.
fn first_behind_a_gap(chain: &[(Segment, Verifier, Judged)]) -> Option<usize> {
    // Where the records before a file end, and what that file may be called: one without records may stand in between.
    let (mut seq, mut names) = (0, Vec::new());
    for (at, (segment, verifier, judged)) in chain.iter().enumerate() {
        let follows = match verifier.continues() {
            None => seq == 0 || verifier.records() == 0,
            Some(old) => old.seq == seq && names.iter().any(|name| name == old.file.as_str()),
        };
        if !follows {
            return Some(at);
        }
        if !matches!(judged, Judged::Good(_)) {
            return Some(at + 1);
        }
        if verifier.records() > 0 {
            seq = verifier.chain().seq();
            names.clear();
        }
        names.push(segment.name());
    }
    None
}
