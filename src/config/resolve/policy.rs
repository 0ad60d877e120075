//! The keys of `[actions]` that name actions: of what a second person is asked, what may break the glass, what runs without
//! a terminal. A name that means nothing is a problem: who wrote it believes that it guards something.

use super::super::nearest;
use super::super::value::Value;
use super::builder::Builder;
use super::given::text;
use crate::remediation::approval::Policy;
use crate::remediation::built_in::BUILT_IN;
use crate::remediation::level::Level;

/// Levels that a second person can be asked for.
const LEVELS: [&str; 2] = ["L2", "L3"];

impl Builder<'_> {
    /// Fills the policy of `Resolved::actions`; every wrong name is told.
    pub(super) fn policy(&mut self) {
        let merged = self.merged;
        let Some(item) = merged.of("actions").next() else { return };
        let texts = |key: &str| match item.given(key).map(|given| &given.value) {
            Some(Value::Texts(texts)) => texts.clone(),
            _ => Vec::new(),
        };
        let known = self.known_actions();
        let policy = Policy {
            second_person: texts("second_person"),
            break_glass: texts("break_glass"),
            shared_accounts: texts("shared_accounts"),
        };
        let mut wrong: Vec<(&str, String)> = Vec::new();
        for name in texts("headless") {
            wrong.extend(unknown(&name, &known, &[]).map(|words| ("headless", words)));
        }
        for name in policy.second_person.iter().filter(|name| !LEVELS.contains(&name.as_str())) {
            wrong.extend(unknown(name, &known, &LEVELS).map(|words| ("second_person", words)));
        }
        for name in &policy.break_glass {
            let mild = known.iter().find(|(id, level)| id == name && *level < Level::L3);
            let words = mild.map(|(_, level)| {
                format!("{name} is {level}: it needs no maintenance window; break_glass is for what destroys (L3)")
            });
            wrong.extend(words.or_else(|| unknown(name, &known, &[])).map(|words| ("break_glass", words)));
        }
        for (key, words) in wrong {
            self.wrong(item, key, &words);
        }
        self.resolved.actions.policy = policy;
    }

    /// Every action that can be named, also one that is switched off.
    fn known_actions(&self) -> Vec<(String, Level)> {
        let own = &self.resolved.actions.own;
        let level = |name: &str, written: Option<&str>| {
            let resolved = own.iter().find(|action| action.id.as_str() == name).map(|action| action.level);
            resolved.unwrap_or_else(|| Level::parse(written.unwrap_or_default()))
        };
        let written = self.merged.of("action").chain(self.merged.of("runbook"));
        let named = written.map(|item| (item.name.clone(), level(&item.name, text(item, "level"))));
        BUILT_IN.iter().map(|(name, level)| ((*name).to_owned(), *level)).chain(named).collect()
    }
}

fn unknown(name: &str, known: &[(String, Level)], more: &[&str]) -> Option<String> {
    if known.iter().any(|(id, _)| id == name) {
        return None;
    }
    let names = known.iter().map(|(id, _)| id.as_str()).chain(more.iter().copied());
    let hint = nearest::hint(name, names);
    let hint = if hint.is_empty() { "; quarterdeck run --list has all".to_owned() } else { hint };
    Some(format!("there is no action {name:?}{hint}"))
}
