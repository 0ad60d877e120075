//! What a runbook's card shows: step after step what will be sent, on what, under which condition, and what undoes it. Made
//! of what the previews of the single steps found.

use crate::domain::{Cause, Safe, Untrusted, figure};
use crate::remediation::card::{Identity, Part, Preview};
use crate::remediation::step::Work;
use crate::remediation::written;

use super::{ANSWER, Deed, Runbook, RunbookStep};

/// What the look for one step gave.
pub type Found = (usize, Result<Preview, Cause>);

impl Runbook {
    /// One preview out of those of the steps.
    #[must_use]
    pub fn preview(&self, id: &Safe, target: &Safe, mut found: Vec<Found>) -> Preview {
        let mut whole = Preview {
            identity: Identity {
                facts: vec![("runbook", Untrusted::from(id.as_str())), ("aimed at", Untrusted::from(target.as_str()))],
            },
            ..Preview::default()
        };
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
        let mut found = match (&step.deed, looked) {
            (_, Some(Ok(found))) => found,
            // What only reads changes nothing, wherever it turns out to be.
            (Deed::Work(Work::Sql(sql)), Some(Err(cause))) if sql.read_only => {
                whole.remarks.push(named(&Safe::of(format!("cannot be looked at now: {cause}"))));
                written::of(&Work::Sql(sql.clone()))
            }
            (_, Some(Err(cause))) => {
                whole.obstacles.push(named(&Safe::of(format!("no preview: {cause}"))));
                Preview::default()
            }
            (Deed::Work(work), None) => written::of(work),
            (_, None) => {
                whole.obstacles.push(named(&Safe::of("it was not looked at")));
                Preview::default()
            }
        };
        whole.remarks.extend(found.remarks.drain(..).map(|remark| named(&remark)));
        // What undoes is offered only after a failure: what speaks against it now may not then.
        let against = found.obstacles.drain(..).map(|obstacle| named(&obstacle));
        let nobody = matches!(step.deed, Deed::Sessions { .. }) && found.objects.is_empty();
        if place < self.steps.len() && !nobody {
            whole.obstacles.extend(against);
        } else {
            whole.remarks.extend(against);
        }
        if matches!(step.deed, Deed::Sessions { .. }) && found.objects.is_empty() {
            whole.remarks.push(named(&Safe::of("nobody fits now: this step will be left out")));
        }
        if place < self.steps.len() {
            for object in &found.objects {
                if !whole.objects.iter().any(|known| known.key == object.key) {
                    whole.objects.push(object.clone());
                }
            }
            whole.excluded.append(&mut found.excluded);
            if let Some(count) = found.count {
                whole.count = Some(whole.count.unwrap_or(0).saturating_add(count));
            }
        }
        whole.parts.push(Part { place, found });
    }

    /// `3`, or `undo of 3`.
    #[must_use]
    pub fn number(&self, place: usize) -> String {
        let count = self.steps.len();
        if place < count { format!("{}", place + 1) } else { format!("undo of {}", place - count + 1) }
    }

    /// Every step with all that is consented to, in lines.
    fn lines(&self, whole: &Preview) -> Vec<Untrusted> {
        let part = |place: usize| whole.parts.iter().find(|part| part.place == place).map(|part| &part.found);
        let mut lines = Vec::new();
        let count = self.steps.len();
        for (place, step) in self.steps.iter().enumerate() {
            lines.push(text(format!("{}  {}", place + 1, step.title)));
            if let Some(when) = &step.when {
                lines.push(text(format!("    only when  {}", when.words())));
            }
            if step.ask {
                let within = figure::span(ANSWER);
                lines.push(text(format!("    asks       before it: go on, skip or stop; within {within}")));
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
