//! The steps within a runbook: tables in their order, each perhaps with what undoes it. They become entries of their own, so
//! that everything else treats them as any other.

use toml::de::{DeTable, DeValue};

use super::super::keys::runbooks::{NOT_IN_UNDO, STEP, entry_name};
use super::{Entry, Reader};

/// Most steps of one runbook.
const MOST: usize = 100;

impl Reader<'_> {
    pub(super) fn steps(&mut self, runbook: &str, offset: usize, value: &DeValue<'_>) {
        let DeValue::Array(items) = value else {
            return self.problem(offset, "runbook.step", "there may be many: write it as [[runbook.step]]");
        };
        if items.len() > MOST {
            self.problem(offset, "runbook.step", &format!("{} steps; {MOST} are the most", items.len()));
        }
        for (number, item) in (1..).zip(items.iter().take(MOST)) {
            match item.get_ref() {
                DeValue::Table(table) => self.one(runbook, number, false, item.span().start, table),
                _ => self.problem(item.span().start, "runbook.step", "every entry is a table"),
            }
        }
    }

    fn one(&mut self, runbook: &str, number: usize, undo: bool, offset: usize, table: &DeTable<'_>) {
        let mut entry = Entry::new(&STEP, &entry_name(runbook, number, undo), self.at(offset));
        let mut undone = None;
        for (name, value) in table {
            let (word, start): (&str, usize) = (name.get_ref(), name.span().start);
            if undo && NOT_IN_UNDO.contains(&word) {
                entry.flawed = true;
                let path = entry.path(word);
                self.problem(start, &path, "means nothing in what undoes a step");
            } else if word == "undo" {
                match value.get_ref() {
                    DeValue::Table(table) => undone = Some((start, table)),
                    _ => {
                        entry.flawed = true;
                        let path = entry.path(word);
                        self.problem(start, &path, "it is a step itself: write it as [runbook.step.undo]");
                    }
                }
            } else {
                self.value(&mut entry, word, start, value.get_ref());
            }
        }
        self.alternatives(&entry);
        self.entries.push(entry);
        if let Some((start, table)) = undone {
            self.one(runbook, number, true, start, table);
        }
    }
}
