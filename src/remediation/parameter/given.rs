//! The values that a person gave an action. With `--redact` they stand only in what is sent: whatever is shown or written of
//! the action has `***` in their place, and what others say of it is freed of them. Consent is to the true ones all the same.

use std::borrow::Cow;

use crate::domain::{Cause, Safe, Untrusted};
use crate::remediation::action::Plan;
use crate::remediation::card::{Card, Digest, Preview};
use crate::remediation::object::Object;
use crate::remediation::runbook::{Deed, Runbook};
use crate::remediation::step::{StepEnd, Work};
use crate::remediation::written;

use super::veil;

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
        let mut values: Vec<&str> = self.values.iter().map(|(_, value)| value.as_str()).collect();
        values.retain(|value| !value.trim().is_empty());
        // The longest first: a value may be part of another.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Safe::of(values.iter().fold(text.to_string(), |text, value| veil::without(&text, value)))
    }

    /// A name without the values, where they are hidden: what stands in their place is filled again by [`Given::with`]. One
    /// that holds a value in another spelling is not kept at all.
    #[must_use]
    pub fn without(&self, name: &Untrusted) -> Vec<u8> {
        let mut kept = name.as_bytes().to_vec();
        if self.shown.is_none() {
            return kept;
        }
        for (gap, value) in self.gaps() {
            kept = replaced(&kept, value, &gap);
        }
        let left = Untrusted::new(kept.clone()).one_line();
        if self.veil(&left) == left { kept } else { Digest::of_bytes(name.as_bytes()).hex().into_bytes() }
    }

    /// The name with the values, which were given again.
    #[must_use]
    pub fn with(&self, kept: &[u8]) -> Untrusted {
        let filled = |name: Vec<u8>, (gap, value): (Vec<u8>, &[u8])| replaced(&name, &gap, value);
        Untrusted::new(if self.shown.is_none() {
            kept.to_vec()
        } else {
            self.gaps().into_iter().fold(kept.to_vec(), filled)
        })
    }

    /// What stands in the place of each value, the longest first. Control characters stand in no value.
    fn gaps(&self) -> Vec<(Vec<u8>, &[u8])> {
        let places = (1..=16_u8).flat_map(|high| (1..=16_u8).map(move |low| vec![0, high, low]));
        let mut gaps: Vec<(Vec<u8>, &[u8])> =
            places.zip(self.values.iter().map(|(_, value)| value.as_bytes())).collect();
        gaps.retain(|(_, value)| !value.is_empty());
        gaps.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        gaps
    }

    /// What a preview says beside what is consented to.
    ///
    /// # Errors
    /// Why there is none, in the same way.
    pub fn veil_preview(&self, found: Result<Preview, Cause>) -> Result<Preview, Cause> {
        let mut preview = found.map_err(|cause| self.veil_cause(cause))?;
        self.veil_words(&mut preview);
        Ok(preview)
    }

    /// Every word of it that is only read. What an object is known by to the program stays what it is.
    pub fn veil_words(&self, preview: &mut Preview) {
        if self.shown.is_none() || self.values.is_empty() {
            return;
        }
        // Its words are about to go: from here on the mark tells whose it is.
        let marks: Vec<_> = preview.objects.iter().map(|object| (object.key.clone(), preview.mark(object))).collect();
        preview.marks.extend(marks);
        let Preview { warnings, remarks, obstacles, objects, excluded, standing, unseen, parts, told: facts, .. } =
            preview;
        let objects = objects.iter_mut().flat_map(|object| {
            let Object { label, user, application, client, database, remark, .. } = object;
            [label, user, application, client, database, remark]
        });
        let told = warnings.iter_mut().chain(remarks).chain(obstacles).chain(standing).chain(unseen);
        let told = told.chain(facts.iter_mut().map(|(_, words)| words));
        for text in told.chain(objects).chain(excluded.iter_mut().map(|excluded| &mut excluded.why)) {
            *text = self.veil(text);
        }
        for part in parts {
            self.veil_words(&mut part.found);
        }
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

    /// Its texts are freed of the values, and its kind stays: by that it is judged whether anything was done.
    fn veil_cause(&self, mut cause: Cause) -> Cause {
        for text in cause.texts_mut() {
            *text = self.veil(text);
        }
        cause
    }
}

fn replaced(text: &[u8], what: &[u8], with: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        if let Some(behind) = rest.strip_prefix(what) {
            out.extend_from_slice(with);
            rest = behind;
        } else {
            out.push(*first);
            rest = after;
        }
    }
    out
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remediation::card::Part;
    use crate::remediation::object::ObjectKey;

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
    fn a_cause_that_names_a_value_is_told_in_other_words_and_stays_of_its_kind() {
        let given = given(&["42"]);
        let failed = |said: &str| Cause::CommandFailed { code: Some(42), said: Safe::of(said) };
        assert_eq!(given.veil_cause(failed("half of 42 is gone")), failed("half of *** is gone"));
        let denied = |a: &str, b: &str| Cause::Denied { missing: Safe::of(a), fix: vec![Safe::of(b)] };
        assert_eq!(given.veil_cause(denied("a 42", "b 42")), denied("a ***", "b ***"));
        for figures in [
            Cause::HttpStatus { status: 42 },
            Cause::RateLimited { retry_after: Some(std::time::Duration::from_secs(42)) },
        ] {
            assert_eq!(given.veil_cause(figures.clone()), figures, "no text of others is in it");
        }
        let cause = Cause::Other(Safe::of("no webhook 42"));
        assert_eq!(given.veil_cause(cause), Cause::Other(Safe::of("no webhook ***")));
        let status = Cause::HttpStatus { status: 500 };
        assert_eq!(given.veil_cause(status.clone()), status, "what holds none stays what it is");
    }

    /// A receiver that a request names itself, and one whose name holds what was given.
    #[test]
    fn objects_are_shown_without_the_values_and_stay_who_they_are() {
        let given = given(&["alice"]);
        let object = |name: &str| Object {
            key: ObjectKey::Named(name.into()),
            label: Safe::of(name),
            query: Untrusted::default(),
            user: Safe::of(name),
            application: Safe::default(),
            client: Safe::default(),
            database: Safe::default(),
            age: None,
            remark: Safe::of(format!("3 for {name}")),
        };
        let found = || Preview { objects: vec![object("alice"), object("hooks_alice")], ..Preview::default() };
        let part = Part { place: 0, found: found(), barred: None };
        let whole = Preview { parts: vec![part], ..found() };
        let veiled = given.veil_preview(Ok(whole)).unwrap();
        for objects in [&veiled.objects, &veiled.parts[0].found.objects] {
            let words: Vec<&str> = objects.iter().map(|object| object.label.as_str()).collect();
            assert_eq!(words, ["***", "hooks_***"]);
            assert!(objects.iter().all(|object| !object.remark.as_str().contains("alice")));
            assert_eq!(objects[0].key, ObjectKey::Named("alice".into()), "consent is to the true one");
        }
    }
}
