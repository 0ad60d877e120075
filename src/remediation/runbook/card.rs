//! What a runbook's card shows: step after step what will be sent, on what, under which condition, and what undoes it. Made
//! of what the previews of the single steps found.

use crate::domain::{Cause, Safe, Untrusted, figure};
use crate::remediation::card::{Identity, Part, Preview};
use crate::remediation::service::ServiceVerb;
use crate::remediation::step::Work;
use crate::remediation::written;

use super::{ANSWER, Deed, Runbook, RunbookStep};

/// What the look for one step gave.
pub type Found = (usize, Result<Preview, Cause>);

impl Runbook {
    /// What tells a runbook itself from every other; its steps touch targets of their own.
    #[must_use]
    pub fn identity(id: &Safe, target: &Safe) -> Identity {
        let text = |text: &Safe| Untrusted::from(text.as_str());
        Identity { facts: vec![("runbook", text(id)), ("aimed at", text(target))] }
    }

    /// One preview out of those of the steps.
    #[must_use]
    pub fn preview(&self, id: &Safe, target: &Safe, mut found: Vec<Found>) -> Preview {
        let mut whole = Preview { identity: Runbook::identity(id, target), ..Preview::default() };
        for (place, step) in self.items() {
            let looked = found.iter().position(|(at, _)| *at == place).map(|at| found.swap_remove(at).1);
            self.add(&mut whole, place, step, looked);
        }
        whole.effect = self.lines(&whole);
        whole
    }

    fn add(&self, whole: &mut Preview, place: usize, step: &RunbookStep, looked: Option<Result<Preview, Cause>>) {
        let number = self.number(place);
        let named = |text: &Safe| Safe::of(format!("{number}: {text}"));
        // What is said of a service stands beside what it is doing, which names the step in the same words.
        let told = |text: &Safe| match &step.deed {
            Deed::Service { step, .. } => Safe::of(format!("{number} {} {}: {text}", step.verb.word(), step.name())),
            _ => named(text),
        };
        let failed = |why: String| Preview { obstacles: vec![Safe::of(why)], ..Preview::default() };
        let was_seen = matches!(looked, Some(Ok(_)));
        let mut found = match (&step.deed, looked) {
            (_, Some(Ok(found))) => found,
            // What only reads changes nothing, wherever it turns out to be.
            (Deed::Work(Work::Sql(sql)), Some(Err(cause))) if sql.read_only => {
                whole.remarks.push(named(&Safe::of(format!("cannot be looked at now: {cause}"))));
                written::of(&Work::Sql(sql.clone()))
            }
            (_, Some(Err(cause))) => failed(format!("no preview: {cause}")),
            (Deed::Work(work), None) => written::of(work),
            (_, None) => failed("it was not looked at".to_owned()),
        };
        if let (Deed::Service { step, order, .. }, Some(service)) = (&step.deed, &found.service)
            && matches!(step.verb, ServiceVerb::Stop | ServiceVerb::Restart)
        {
            found.remarks.extend(service.outlasts(*order));
        }
        whole.warnings.extend(found.warnings.drain(..).map(|warning| told(&warning)));
        whole.remarks.extend(found.remarks.drain(..).map(|remark| told(&remark)));
        let against = std::mem::take(&mut found.obstacles);
        let nobody = was_seen && matches!(step.deed, Deed::Sessions { .. }) && found.objects.is_empty();
        if nobody {
            whole.remarks.push(named(&Safe::of("nobody fits now: this step will be left out")));
        }
        let undoes = place.checked_sub(self.steps.len());
        let of_barred = |whole: &Preview| whole.parts.iter().any(|p| Some(p.place) == undoes && p.barred.is_some());
        let mut barred = None;
        match undoes {
            _ if against.is_empty() => {}
            // What will not be done needs nothing that undoes it.
            Some(_) if of_barred(whole) => {}
            // What undoes is offered only after a failure: what speaks against it now may not then.
            Some(_) if was_seen => whole.remarks.extend(against.iter().map(named)),
            None if nobody => whole.remarks.extend(against.iter().map(named)),
            None if step.can_be_left_out() || step.may_fail => barred = Some(joined(&against)),
            _ => whole.obstacles.extend(against.iter().map(named)),
        }
        if undoes.is_none() && barred.is_none() {
            for object in &found.objects {
                if !whole.objects.iter().any(|known| known.key == object.key) {
                    whole.objects.push(object.clone());
                }
            }
            whole.excluded.extend(found.excluded.iter().cloned());
            if let Some(count) = found.count {
                whole.count = Some(whole.count.unwrap_or(0).saturating_add(count));
            }
        }
        whole.parts.push(Part { place, found, barred });
    }

    /// `3`, or `undo of 3`.
    #[must_use]
    pub fn number(&self, place: usize) -> String {
        let count = self.steps.len();
        if place < count { format!("{}", place + 1) } else { format!("undo of {}", place - count + 1) }
    }

    /// Every step with all that is consented to, in lines.
    pub(in crate::remediation) fn lines(&self, whole: &Preview) -> Vec<Untrusted> {
        let found = |place: usize| whole.parts.iter().find(|part| part.place == place);
        let part = |place: usize| found(place).map(|part| &part.found);
        let mut lines = Vec::new();
        let count = self.steps.len();
        for (place, step) in self.steps.iter().enumerate() {
            lines.push(text(format!("{}  {}", place + 1, step.title)));
            if let Some(when) = &step.when {
                lines.push(text(format!("    only when  {}", when.words())));
            }
            for wanted in &step.requires {
                lines.push(text(format!("    requires   {} {}, or it stops here", wanted.name, wanted.threshold)));
            }
            let barred = found(place).and_then(|part| part.barred.as_ref());
            if step.ask {
                let within = figure::span(ANSWER);
                let answers = if barred.is_some() { "skip or stop" } else { "go on, skip or stop" };
                lines.push(text(format!("    asks       before it: {answers}; within {within}")));
            }
            if step.may_fail {
                lines.push(text("    may fail   it only reads: the runbook goes on without it".to_owned()));
            }
            if let Some(why) = barred {
                lines.push(text(format!("    CANNOT RUN {why}")));
                lines.push(text(format!("    so         {}", step.without())));
                continue;
            }
            deed(&mut lines, "    ", step, part(place));
            if let Some(undo) = &step.undo {
                lines.push(text(format!("    undone by  {} (offered if a later step fails)", undo.title)));
                deed(&mut lines, "      ", undo, part(count + place));
            }
        }
        lines
    }
}

fn joined(reasons: &[Safe]) -> Safe {
    Safe::of(reasons.iter().map(Safe::as_str).collect::<Vec<_>>().join("; "))
}

fn deed(lines: &mut Vec<Untrusted>, indent: &str, step: &RunbookStep, found: Option<&Preview>) {
    let within = figure::span(step.deadline);
    let said = match &step.deed {
        Deed::Work(Work::WaitUntil(wait)) => {
            let trial = &wait.trial;
            let stable = if wait.stable.is_zero() {
                String::new()
            } else {
                format!(" without a break for {}", figure::span(wait.stable))
            };
            format!("waits      until {} {}{stable}, for {within} at most", trial.name, trial.expect.words())
        }
        Deed::Work(Work::Look(look)) => format!("looks      at {}", look.name),
        Deed::Work(Work::Manual(manual)) => format!("by hand    {} (within {within})", manual.instruction),
        Deed::Work(Work::Pause(time)) => format!("waits      {}", figure::span(*time)),
        _ => format!("sends      within {within}:"),
    };
    lines.push(text(format!("{indent}{said}")));
    let Some(found) = found.filter(|_| !step.deed.is_inward()) else { return };
    for line in &found.effect {
        lines.push(Untrusted::new([format!("{indent}  ").as_bytes(), line.as_bytes()].concat()));
    }
    let facts = found.identity.facts.iter().map(|(name, value)| format!("{name} {}", value.one_line()));
    let facts = facts.collect::<Vec<_>>().join(", ");
    if !facts.is_empty() {
        lines.push(text(format!("{indent}on         {facts}")));
    }
    if !found.objects.is_empty() && matches!(step.deed, Deed::Sessions { .. }) {
        lines.push(text(format!("{indent}touches    {} at most", found.objects.len())));
    }
    if matches!(step.deed, Deed::Explain { .. }) {
        lines.push(text(format!("{indent}only plans: the statement is not run")));
    }
    let reads = matches!(&step.deed, Deed::Work(Work::Sql(sql)) if sql.read_only);
    let receivers = matches!(step.deed, Deed::Work(Work::Http(_))) && !found.objects.is_empty();
    if receivers {
        let names: Vec<&str> = found.objects.iter().take(8).map(|object| object.label.as_str()).collect();
        let more = found.objects.len() - names.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        lines.push(text(format!("{indent}reaches    {}{more}", names.join(", "))));
    } else if matches!(&step.deed, Deed::Work(Work::Command(command)) if command.reads) {
        lines.push(text(format!("{indent}only looks, as it is declared")));
    } else if matches!(step.deed, Deed::Work(_)) && !reads {
        lines.push(text(format!("{indent}no preview available: what it touches is the target's to decide")));
    }
}

fn text(line: String) -> Untrusted {
    Untrusted::from(line)
}
