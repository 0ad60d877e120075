//! What a new reading of the rules files changed: rules that are new, that are not as they were, that are gone, and alerts
//! that were there and that nobody looks at any more.

use std::collections::HashMap;

use crate::alerts::lifecycle::Alert;
use crate::app::document::Document;
use crate::app::table::Tone;
use crate::domain::Safe;
use crate::engine::alerts::{AlertsTold, RuleTold};

use super::words;

/// Rules that are named of each kind.
const NAMED: usize = 3;
/// Rules that the detail names of each kind.
const LISTED: usize = 100;

/// What is different.
#[derive(Clone, Debug, Default)]
pub struct Reread<'a> {
    /// Rules that were not there.
    pub new: Vec<&'a RuleTold>,
    /// Rules that are not as they were, as they are now.
    pub changed: Vec<&'a RuleTold>,
    /// Rules that are not there any more, as they were.
    pub gone: Vec<&'a RuleTold>,
    /// Rules that record: how many there were, and are.
    pub recording: (usize, usize),
}

type Identity<'a> = (&'a str, &'a str, &'a str, &'a [(String, String)]);

/// What tells a rule apart, as it does for its alerts.
fn identity(rule: &RuleTold) -> Identity<'_> {
    (&rule.file, &rule.group, &rule.name, &rule.labels)
}

fn is_same(one: &RuleTold, other: &RuleTold) -> bool {
    let rest = |rule: &RuleTold| (rule.hold, rule.interval);
    one.expr == other.expr && rest(one) == rest(other) && one.annotations == other.annotations
}

/// What is different between two tellings; none where nothing is.
#[must_use]
pub fn between<'a>(before: &'a AlertsTold, after: &'a AlertsTold) -> Option<Reread<'a>> {
    let recording = (before.recording.0, after.recording.0);
    let mut pairs = before.rules.iter().zip(&after.rules);
    let alike = before.rules.len() == after.rules.len() && recording.0 == recording.1;
    if alike && pairs.all(|(one, other)| identity(one) == identity(other) && is_same(one, other)) {
        return None;
    }
    let mut known: HashMap<Identity<'_>, Vec<&RuleTold>> = HashMap::new();
    for rule in &before.rules {
        known.entry(identity(rule)).or_default().push(rule);
    }
    let mut found = Reread { recording, ..Reread::default() };
    for rule in &after.rules {
        let Some(alike) = known.get_mut(&identity(rule)).filter(|alike| !alike.is_empty()) else {
            found.new.push(rule);
            continue;
        };
        // Two of one name and the same labels: what is as it was is the same.
        let at = alike.iter().position(|old| is_same(old, rule));
        if at.is_none() {
            found.changed.push(rule);
        }
        alike.remove(at.unwrap_or(0));
    }
    found.gone = before.rules.iter().filter(|rule| left(&mut known, rule)).collect();
    let is_any = !(found.new.is_empty() && found.changed.is_empty() && found.gone.is_empty());
    (is_any || recording.0 != recording.1).then_some(found)
}

/// Whether a rule is among those that nothing took up.
fn left<'a>(known: &mut HashMap<Identity<'a>, Vec<&'a RuleTold>>, rule: &'a RuleTold) -> bool {
    let Some(alike) = known.get_mut(&identity(rule)) else { return false };
    let at = alike.iter().position(|left| std::ptr::eq(*left, rule));
    at.map(|at| alike.remove(at)).is_some()
}

impl<'a> Reread<'a> {
    /// Alerts that were there and that nobody looks at any more.
    #[must_use]
    pub fn ended(&self) -> Vec<(&'a RuleTold, &'a Alert)> {
        let of = |rule: &&'a RuleTold| {
            let rule: &'a RuleTold = rule;
            rule.alerts.iter().filter(|alert| alert.is_active()).map(move |alert| (rule, alert))
        };
        self.gone.iter().flat_map(of).collect()
    }

    fn kinds(&self) -> [(&'static str, &[&'a RuleTold]); 3] {
        [("new", &self.new), ("changed", &self.changed), ("gone", &self.gone)]
    }

    /// `1 new, 2 changed`.
    #[must_use]
    pub fn counts(&self) -> Safe {
        let mut parts: Vec<String> = self
            .kinds()
            .iter()
            .filter(|(_, of)| !of.is_empty())
            .map(|(word, of)| format!("{} {word}", of.len()))
            .collect();
        let (before, after) = self.recording;
        if before != after {
            parts.push(format!("{after} that record, {before} before"));
        }
        Safe::of(parts.join(", "))
    }

    /// `1 new (Slow), 2 changed (A, B)`.
    #[must_use]
    pub fn words(&self) -> Safe {
        let named = |(word, of): &(&str, &[&RuleTold])| {
            let names: Vec<&str> = of.iter().take(NAMED).map(|rule| rule.name.as_str()).collect();
            let more = of.len().saturating_sub(NAMED);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            format!("{} {word} ({}{more})", of.len(), names.join(", "))
        };
        let kinds = self.kinds();
        let mut parts: Vec<String> = kinds.iter().filter(|(_, of)| !of.is_empty()).map(named).collect();
        let (before, after) = self.recording;
        if before != after {
            parts.push(format!("{after} that record, {before} before"));
        }
        Safe::of(format!("rules read again: {}", parts.join(", ")))
    }

    /// All of it, rule by rule.
    #[must_use]
    pub fn document(&self) -> Document {
        let mut out = Document::new("");
        for (word, of) in self.kinds() {
            for rule in of.iter().take(LISTED) {
                let place = if rule.line == 0 { rule.file.clone() } else { format!("{}:{}", rule.file, rule.line) };
                out.field(word, Safe::of(format!("{} ({place}): {}", rule.name, rule.expr)).clipped(1000), Tone::Plain);
            }
            if of.len() > LISTED {
                out.line(format!("and {} more {word}", of.len() - LISTED), Tone::Dim);
            }
        }
        out
    }
}

/// `PoolExhausted {pool="main"} was firing for 5m: its rule is gone`.
#[must_use]
pub fn ended_words(rule: &RuleTold, alert: &Alert, lasted: std::time::Duration) -> Safe {
    let labels = alert.labels.filtered(|name| name != "alertname" && name != crate::alerts::severity::LABEL);
    let labels = if labels.is_empty() { Safe::default() } else { Safe::of(format!(" {}", words::labels(&labels))) };
    let was = alert.state.word();
    let lasted = crate::domain::figure::age(lasted);
    let told = format!("{}{} was {was} for {lasted}", rule.name, labels.clipped(200));
    Safe::of(format!("{told}: its rule is gone from {}, nobody looks whether it holds", rule.file))
}
