//! The keys of `[actions]` that name actions: of what a second person is asked, what may break the glass, what runs without
//! a terminal. A name that means nothing is a problem: who wrote it believes that it guards something.

use super::super::nearest;
use super::super::policy::wrong_rule;
use super::super::problem::Problem;
use super::super::value::Value;
use super::builder::Builder;
use super::given::{flag, text, texts, time};
use crate::domain::Safe;
use crate::remediation::approval::{Policy, grant_of, parts_of};
use crate::remediation::built_in::BUILT_IN;
use crate::remediation::card::Digest;
use crate::remediation::level::Level;
use crate::remediation::window::Window;

/// Levels that a second person can be asked for.
const LEVELS: [&str; 2] = ["L2", "L3"];
/// Levels that can be refused.
const ALL: [&str; 3] = ["L1", "L2", "L3"];

impl Builder<'_> {
    /// Fills the policy of `Resolved::actions`; every wrong name is told.
    pub(super) fn policy(&mut self) {
        self.resolved.actions.policy_file.clone_from(&self.inputs.policy);
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
            require_login: flag(item, "require_login"),
            ..self.shared_policy()
        };
        let mut wrong: Vec<(&str, &str, String)> = Vec::new();
        let granted = policy.headless.clone().unwrap_or_default();
        let headless: Vec<String> = texts("headless").into_iter().chain(granted).collect();
        for entry in &headless {
            let (name, user) = grant_of(entry);
            let nobody = user.is_some_and(str::is_empty).then(|| format!("{entry:?}: write ACTION for USER"));
            let words = nobody.or_else(|| unknown(name, &known, &[]));
            wrong.extend(words.map(|words| ("headless", entry.as_str(), words)));
        }
        for (key, entries, levels) in
            [("second_person", &policy.second_person, &LEVELS[..]), ("refuse", &policy.refused, &ALL[..])]
        {
            for entry in entries.iter().filter(|entry| !known.iter().any(|(id, _)| id == *entry)) {
                let what = parts_of(entry).0;
                let unknown = || unknown(what, &known, levels).filter(|_| !levels.contains(&what));
                let words = wrong_rule(entry, levels).or_else(unknown);
                wrong.extend(words.map(|words| (key, entry.as_str(), words)));
            }
        }
        for name in &policy.break_glass {
            let mild = known.iter().find(|(id, level)| id == name && *level < Level::L3);
            let words = mild.map(|(_, level)| {
                format!("{name} is {level}: it needs no maintenance window; break_glass is for what destroys (L3)")
            });
            let words = words.or_else(|| unknown(name, &known, &[]));
            wrong.extend(words.map(|words| ("break_glass", name.as_str(), words)));
        }
        for (key, entry, words) in wrong {
            // A policy is for many configurations: what it names need not be in this one. It is said, once.
            let policy = merged.find("policy", "").and_then(|item| item.given(key));
            match policy.filter(|given| matches!(&given.value, Value::Texts(texts) if texts.iter().any(|t| t == entry)))
            {
                Some(given) => self.note(Problem::new(&given.place, key, &words).line().as_str()),
                None => self.wrong(item, key, &words),
            }
        }
        self.resolved.actions.policy = policy;
    }

    /// What only the policy of a shared folder says.
    fn shared_policy(&self) -> Policy {
        let shared = self.merged.given("actions", "shared").is_some();
        let Some(item) = self.merged.find("policy", "") else {
            return Policy { headless: shared.then(Vec::new), ..Policy::default() };
        };
        let read_only = item.given("read_only").map(|given| {
            Safe::of(format!("no action runs: the shared policy says read_only = true ({})", given.place))
        });
        let windows = texts(item, "windows").unwrap_or_default();
        let text = self.inputs.policy.as_ref().and_then(|file| file.text.as_ref().ok()?.as_deref());
        Policy {
            refused: texts(item, "refuse").unwrap_or_default(),
            // A wrong one was told when the policy was read, and nothing of it counts then.
            windows: windows.iter().filter_map(|text| Window::parse(text).ok()).collect(),
            cool_down: time(item, "cool_down").unwrap_or_default(),
            barred: read_only,
            mark: text.map(Digest::of),
            headless: Some(texts(item, "headless").unwrap_or_default()),
            ..Policy::default()
        }
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
