//! Since when alerts of rules files have been there, kept over a restart, together by all windows that look at the same rules.

use std::path::Path;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::kept_file::KeptFile;
use crate::alerts::lifecycle::Saved;
use crate::domain::Safe;

/// The longest that one waits for another window.
const PATIENCE: Duration = Duration::from_millis(500);

/// Where the alerts of one set of rules are kept.
#[derive(Clone, Debug)]
pub struct AlertState {
    file: KeptFile,
    /// What this run kept last, or took up: what another wrote since is told by comparing.
    before: Saved,
}

impl AlertState {
    /// In this folder, or the user's own; of the program of this name with these rules.
    #[must_use]
    pub fn of(folder: Option<&Path>, name: &str, rules: &[String]) -> Option<AlertState> {
        let folder = folder.map(Path::to_owned).or_else(super::audit_log::default_folder)?.join("alerts");
        let mut hash = Sha256::new();
        for part in std::iter::once(name).chain(rules.iter().map(String::as_str)) {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let hex: String = hash.finalize().iter().take(8).flat_map(|byte| [byte >> 4, byte & 15]).map(digit).collect();
        Some(AlertState { file: KeptFile::new(folder, format!("{hex}.json"), "alerts"), before: Saved::default() })
    }

    /// What an earlier run kept, if there was one. What is broken is set aside, and told.
    ///
    /// # Errors
    /// It is broken or cannot be read.
    pub fn load(&mut self) -> Result<Option<Saved>, Safe> {
        let saved: Option<Saved> = self.file.take_up()?;
        self.before = saved.clone().unwrap_or_default();
        Ok(saved)
    }

    /// Nobody took up what was loaded: what is missing from what is kept next was not ended by this run.
    pub fn forget(&mut self) {
        self.before = Saved::default();
    }

    /// The same for who only looks: nothing is set aside.
    ///
    /// # Errors
    /// It is broken or cannot be read.
    pub fn peek(&self) -> Result<Option<Saved>, Safe> {
        self.file.read()
    }

    /// Keeps this, joined with what another window keeps.
    ///
    /// # Errors
    /// It cannot be locked, read or written.
    pub fn keep(&mut self, saved: &Saved) -> Result<(), Safe> {
        let before = &self.before;
        self.file.update(PATIENCE, |theirs: Option<Saved>| match theirs {
            Some(theirs) => Saved::joined(saved, before, &theirs),
            None => saved.clone(),
        })?;
        self.before = saved.clone();
        Ok(())
    }
}

fn digit(value: u8) -> char {
    char::from_digit(u32::from(value), 16).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::lifecycle::saved::{SavedAlert, SavedRule};

    fn rule(name: &str, alerts: &[(&str, i64)]) -> SavedRule {
        let alert = |(pool, active_at): &(&str, i64)| SavedAlert {
            labels: [("pool".to_owned(), (*pool).to_owned())].into(),
            active_at: *active_at,
            seen_at: 50_000,
            fired_at: None,
        };
        SavedRule {
            file: "a.yml".into(),
            group: "g".into(),
            name: name.into(),
            labels: Vec::new(),
            alerts: alerts.iter().map(alert).collect(),
        }
    }

    fn state(folder: &Path, rules: &str) -> AlertState {
        AlertState::of(Some(folder), "shop", &[rules.to_owned()]).unwrap()
    }

    #[test]
    fn it_comes_back_for_the_same_rules_and_a_broken_one_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = state(folder.path(), "a.yml");
        assert_eq!(first.load(), Ok(None));
        for name in ["A", "B"] {
            let saved = Saved { at: 50_000, rules: vec![rule(name, &[("main", 1)])] };
            first.keep(&saved).unwrap();
            assert_eq!(first.load(), Ok(Some(saved)), "what it ended is gone");
        }
        assert_eq!(state(folder.path(), "b.yml").load(), Ok(None), "other rules, other alerts");
        std::fs::write(first.file.path(), "{\"at\": 5, \"rul").unwrap();
        assert!(first.peek().is_err() && first.file.path().exists(), "who only looks changes nothing");
        assert!(first.load().unwrap_err().as_str().contains(".broken"));
        assert_eq!(first.load(), Ok(None));
    }

    #[test]
    fn two_windows_do_not_write_over_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let (mut early, mut late) = (state(folder.path(), "a.yml"), state(folder.path(), "a.yml"));
        assert_eq!((early.load(), late.load()), (Ok(None), Ok(None)));
        // The early one has seen it for longer; each sees one that the other does not.
        early.keep(&Saved { at: 50_000, rules: vec![rule("A", &[("main", 10), ("old", 5)])] }).unwrap();
        late.keep(&Saved { at: 50_000, rules: vec![rule("A", &[("main", 40_000), ("new", 41_000)])] }).unwrap();
        let all = |state: &AlertState| {
            let saved = state.peek().unwrap().unwrap();
            let alerts = saved.rules.into_iter().flat_map(|rule| rule.alerts);
            let mut all: Vec<(String, i64)> =
                alerts.map(|alert| (alert.labels["pool"].clone(), alert.active_at)).collect();
            all.sort();
            all
        };
        assert_eq!(all(&early), [("main".to_owned(), 10), ("new".to_owned(), 41_000), ("old".to_owned(), 5)]);
        // What one of them saw end has ended.
        early.keep(&Saved { at: 60_000, rules: vec![rule("A", &[("main", 10)])] }).unwrap();
        assert_eq!(all(&early), [("main".to_owned(), 10), ("new".to_owned(), 41_000)]);
    }
}
