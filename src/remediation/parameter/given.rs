//! The values that a person gave an action. With `--redact` they stand only in what is sent: whatever is shown or written of
//! the action has `***` in their place, and what others say of it is freed of them. Consent is to the true ones all the same.

use std::borrow::Cow;

use crate::domain::{Cause, Safe, Untrusted};
use crate::remediation::action::Plan;
use crate::remediation::card::{Card, Preview};
use crate::remediation::runbook::{Deed, Runbook};
use crate::remediation::step::{StepEnd, Work};
use crate::remediation::written;

use super::HIDDEN;
use super::fill::encoded;

/// Fewer characters of a value at a place where a text was cut off tell nothing.
const TAIL: usize = 3;

/// Values by their names, and the plan as it is shown where they are hidden.
#[derive(Clone, Debug, Default)]
pub struct Given {
    values: Vec<(String, String)>,
    shown: Option<Box<Plan>>,
}

impl Given {
    /// These; hidden where there is a plan to be shown without them.
    #[must_use]
    pub fn new(values: Vec<(String, String)>, shown: Option<Plan>) -> Given {
        Given { values, shown: shown.map(Box::new) }
    }

    /// What was given, by its name.
    #[must_use]
    pub fn values(&self) -> &[(String, String)] {
        &self.values
    }

    /// A text of somebody else, without the values.
    #[must_use]
    pub fn veil(&self, text: &Safe) -> Safe {
        if self.shown.is_none() || self.values.is_empty() {
            return text.clone();
        }
        let mut forms: Vec<String> = self.values.iter().flat_map(|(_, value)| forms(value)).collect();
        // The longest first: a value may be part of another.
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        let whole = forms.iter().fold(text.to_string(), |text, form| without(&text, form));
        Safe::of(forms.iter().fold(whole, |text, form| without_tail(text, form)))
    }

    /// What a preview says beside what is consented to.
    ///
    /// # Errors
    /// Why there is none, in the same way.
    pub fn veil_preview(&self, found: Result<Preview, Cause>) -> Result<Preview, Cause> {
        let mut preview = found.map_err(|cause| self.veil_cause(cause))?;
        for text in preview.warnings.iter_mut().chain(&mut preview.remarks).chain(&mut preview.obstacles) {
            *text = self.veil(text);
        }
        Ok(preview)
    }

    /// What a target answered.
    #[must_use]
    pub fn veil_end(&self, end: StepEnd) -> StepEnd {
        match end {
            StepEnd::Done { fates, said } => {
                StepEnd::Done { fates, said: said.iter().map(|line| self.veil(line)).collect() }
            }
            StepEnd::OtherTarget(what) => StepEnd::OtherTarget(self.veil(&what)),
            StepEnd::Failed(cause) => StepEnd::Failed(self.veil_cause(cause)),
            StepEnd::Unknown(cause) => StepEnd::Unknown(self.veil_cause(cause)),
            StepEnd::Cancelled(left) => StepEnd::Cancelled(self.veil(&left)),
            StepEnd::Miscarried(cause) => StepEnd::Miscarried(self.veil_cause(cause)),
        }
    }

    /// A cause whose words hold a value is told in words alone.
    fn veil_cause(&self, cause: Cause) -> Cause {
        let (words, all) = (Safe::of(cause.to_string()), Safe::of(format!("{cause:?}")));
        let veiled = self.veil(&words);
        if veiled == words && self.veil(&all) == all { cause } else { Cause::Other(veiled) }
    }
}

impl Card {
    /// What will be sent, as it may be shown.
    #[must_use]
    pub fn shown_effect(&self) -> Cow<'_, [Untrusted]> {
        let sent = &self.preview.effect;
        match (&self.action.plan, self.action.given.shown.as_deref()) {
            (Plan::Steps(steps), Some(Plan::Steps(veiled))) => {
                let lines = |steps: &[crate::remediation::step::Step]| {
                    steps.iter().flat_map(|step| written::of(&step.work).effect).collect::<Vec<_>>()
                };
                Cow::Owned(swapped(sent, &lines(steps), lines(veiled)))
            }
            (Plan::Runbook(runbook), Some(Plan::Runbook(veiled))) => Cow::Owned(self.of_runbook(runbook, veiled)),
            (_, None) => Cow::Borrowed(sent),
            _ => Cow::Owned(Vec::new()),
        }
    }

    fn of_runbook(&self, runbook: &Runbook, veiled: &Runbook) -> Vec<Untrusted> {
        let work = |runbook: &Runbook, place: usize| -> Option<Work> {
            let (_, step) = runbook.items().into_iter().find(|(at, _)| *at == place)?;
            if let Deed::Work(work) = &step.deed { Some(work.clone()) } else { None }
        };
        let mut preview = self.preview.clone();
        for part in &mut preview.parts {
            if let (Some(sent), Some(shown)) = (work(runbook, part.place), work(veiled, part.place)) {
                part.found.effect = swapped(&part.found.effect, &written::of(&sent).effect, written::of(&shown).effect);
            }
        }
        veiled.lines(&preview)
    }
}

/// Lines that end as what is sent does, with what is shown in its place. Of lines that nobody knows nothing is shown.
fn swapped(lines: &[Untrusted], sent: &[Untrusted], shown: Vec<Untrusted>) -> Vec<Untrusted> {
    match lines.strip_suffix(sent) {
        Some(before) => before.iter().cloned().chain(shown).collect(),
        None => shown,
    }
}

/// How a value stands in what somebody says: as it is, in a URL, in JSON.
fn forms(value: &str) -> Vec<String> {
    let json = serde_json::to_string(value).unwrap_or_default();
    let json = json.trim_start_matches('"').strip_suffix('"').unwrap_or_default().to_owned();
    let mut forms = vec![value.to_owned(), Safe::of(value).to_string(), encoded(value), json];
    forms.retain(|form| !form.trim().is_empty());
    forms.sort();
    forms.dedup();
    forms
}

/// A text with a value hidden wherever it stands as a word of its own.
fn without(text: &str, value: &str) -> String {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let (first, last) = (value.chars().next().is_some_and(part), value.chars().next_back().is_some_and(part));
    let mut whole = String::new();
    let (mut rest, mut before) = (text, None);
    while let Some((head, tail)) = rest.split_once(value) {
        let left = head.chars().next_back().or(before);
        let inside = first && left.is_some_and(part) || last && tail.chars().next().is_some_and(part);
        if inside {
            // A longer word that begins or ends like it: on from its second character.
            let step = value.chars().next().map_or(0, char::len_utf8);
            let at = head.len() + step;
            let (passed, on) = rest.split_at_checked(at).unwrap_or((rest, ""));
            whole.push_str(passed);
            (before, rest) = (passed.chars().next_back(), on);
            continue;
        }
        whole.push_str(head);
        whole.push_str(HIDDEN);
        (before, rest) = (value.chars().next_back(), tail);
    }
    whole.push_str(rest);
    whole
}

/// A text that was cut off in the middle of a value, without its beginning.
fn without_tail(text: String, value: &str) -> String {
    let Some(kept) = text.strip_suffix('…') else { return text };
    let ends = value.char_indices().map(|(at, _)| at).skip(TAIL).filter_map(|at| value.get(..at));
    let longest = ends.filter(|begin| kept.ends_with(begin)).last();
    longest.and_then(|begin| kept.strip_suffix(begin)).map_or(text.clone(), |before| format!("{before}{HIDDEN}…"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(values: &[&str]) -> Given {
        let values = values.iter().map(|value| ("p".to_owned(), (*value).to_owned())).collect();
        Given::new(values, Some(Plan::Steps(Vec::new())))
    }

    #[test]
    fn what_others_say_is_freed_of_the_values() {
        let given = given(&["42", "a b/c", "say \"x\""]);
        for (said, shown) in [
            ("webhook 42 is gone", "webhook *** is gone"),
            ("(id)=(42)", "(id)=(***)"),
            ("142 and 421 are others", "142 and 421 are others"),
            ("4242 42", "4242 ***"),
            ("http://h/a%20b%2Fc/x", "http://h/***/x"),
            ("{\"t\":\"say \\\"x\\\"\"}", "{\"t\":\"***\"}"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(given.veil(&Safe::of(said)).as_str(), shown, "{said}");
        }
        let cut = Safe::of(format!("told: {}", "a b/c of many words")).clipped(11);
        assert_eq!(given.veil(&cut).as_str(), "told: ***…", "{cut}");
        let open = Given::new(given.values().to_vec(), None);
        assert_eq!(open.veil(&Safe::of("webhook 42")).as_str(), "webhook 42");
    }

    #[test]
    fn a_cause_that_names_a_value_is_told_in_other_words() {
        let given = given(&["42"]);
        let cause = Cause::Other(Safe::of("no webhook 42"));
        assert_eq!(given.veil_cause(cause), Cause::Other(Safe::of("no webhook ***")));
        let status = Cause::HttpStatus { status: 500 };
        assert_eq!(given.veil_cause(status.clone()), status, "what holds none stays what it is");
    }
}
