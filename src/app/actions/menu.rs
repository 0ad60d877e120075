//! The menu of actions, as lines: what each would do, how dangerous it is, and why it cannot be done now. Its pointer stands on
//! an action, whichever line that has by now.

use crate::app::Model;
use crate::app::document::{Document, Line, Span};
use crate::app::table::Tone;
use crate::database::redact::redacted;
use crate::domain::{Safe, figure};
use crate::remediation::action::{self, Action, Plan, SessionSelector};
use crate::remediation::level::Level;
use crate::remediation::outcome::Outcome;

use super::{Past, approvals, catalogue};

/// Widest column of orders: a longer one pushes what follows it.
const WIDEST: usize = 46;
/// Characters of a query.
const QUERY: usize = 30;

/// Where the pointer stands.
#[derive(Clone, Debug, Default)]
pub struct Pointer {
    on: Option<Pick>,
    /// The line that it had last.
    at: usize,
}

/// What tells one action of the menu from every other.
#[derive(Clone, Debug)]
struct Pick {
    id: Safe,
    target: Safe,
    /// The session, the statement, the table: the plan says it all.
    plan: String,
    title: Safe,
}

impl Pick {
    fn of(action: &Action) -> Pick {
        let (id, target) = (action.id.clone(), action.target.name.clone());
        Pick { id, target, plan: format!("{:?}", action.plan), title: action.title.clone() }
    }

    fn is(&self, action: &Action) -> bool {
        self.id == action.id && self.target == action.target.name && self.plan == format!("{:?}", action.plan)
    }
}

impl Pointer {
    /// On the first of them.
    #[must_use]
    pub fn first(actions: &[Action]) -> Pointer {
        Pointer { on: actions.first().map(Pick::of), at: 0 }
    }

    /// Which line it stands on now; none when what it stood on is not offered any more.
    #[must_use]
    pub fn place(&self, actions: &[Action]) -> Option<usize> {
        let on = self.on.as_ref()?;
        actions.iter().position(|action| on.is(action))
    }

    /// Moves it, from the line that it has, or had last.
    pub fn travel(&mut self, down: bool, actions: &[Action]) {
        let next = match (self.place(actions), down) {
            (Some(at), true) => at + 1,
            (Some(at), false) => at.saturating_sub(1),
            // What took the place of what is gone is the next one.
            (None, true) => self.at,
            (None, false) => self.at.saturating_sub(1),
        };
        self.at = next.min(actions.len().saturating_sub(1));
        self.on = actions.get(self.at).map(Pick::of);
    }

    /// That what it stood on is gone, in words.
    #[must_use]
    pub fn gone(&self) -> Safe {
        let Some(on) = &self.on else { return Safe::of("nothing is chosen") };
        Safe::of(format!("{} is not offered any more", action::named(&on.title, &on.target)))
    }
}

/// What stands above the list of the action that is pointed at: how dangerous it is or why it cannot be done, what is asked
/// for it, whom it is about and what would prove it.
pub fn chosen(out: &mut Document, model: &Model, action: &Action, (place, of): (usize, usize), common: Option<&Safe>) {
    let place = format!("{place} of {of}");
    match catalogue::reason_against(model, action).filter(|why| Some(why) != common) {
        Some(why) => out.line(format!("{place}, cannot run now: {why}"), Tone::Unknown),
        None => out.line(format!("{place}, {}: {}", action.level, action.level.meaning()), Tone::Dim),
    };
    if let Some((ran, past)) = in_vain(model, action) {
        let why = if past.words.as_str().is_empty() { String::new() } else { format!(": {}", past.words) };
        out.line(format!("{ran}{why}"), Tone::Warn);
    }
    if let Some(asks) = approvals::asks(catalogue::demands(model, action)) {
        out.line(asks, Tone::Warn);
    }
    if let Some(whom) = whom(model, action) {
        out.line(whom, Tone::Plain);
    }
    let trials = action.proof.trials.iter().map(|trial| format!("{} {}", trial.name, trial.expect.demand()));
    let proved = trials.collect::<Vec<_>>().join(", ");
    let proved = if proved.is_empty() { "none, it will end as not verified" } else { &proved };
    out.line(format!("proof: {proved}"), Tone::Dim);
}

/// That it ran, and did not show what it is for, when it was done last: who does the same once more should know.
fn in_vain<'a>(model: &'a Model, action: &Action) -> Option<(Safe, &'a Past)> {
    let what = format!("{} on {}", action.id, action.target.name);
    let past = model.actions.past.iter().rev().find(|past| past.what.as_str() == what)?;
    let is_vain = !matches!(past.outcome, Outcome::Verified | Outcome::Refused | Outcome::Cancelled);
    let ran = || Safe::of(format!("ran {} ago, {}", figure::age(model.now.since(past.at)), past.outcome));
    is_vain.then(|| (ran(), past))
}

/// The session that it is about, as it was read last.
fn whom(model: &Model, action: &Action) -> Option<Safe> {
    let Plan::Sessions { selector: SessionSelector::One(id), .. } = &action.plan else { return None };
    let sessions = model.live.databases.get(action.target.at?)?.sessions.value()?;
    let session = sessions.list.iter().find(|session| session.id == *id)?;
    let query = if model.screen.redact { redacted(&session.query) } else { session.query.clone() };
    let age = session.query_age.or(session.state_age).map(|age| format!(" for {}", figure::age(age)));
    Some(Safe::of(format!(
        "{} {}, {}{}: {}",
        session.user.one_line(),
        session.application.one_line(),
        session.state.word(),
        age.unwrap_or_default(),
        query.one_line().clipped(QUERY)
    )))
}

/// Why none of them can be done now, where it is the same for all: said once, not in every line.
#[must_use]
pub fn common(model: &Model, actions: &[Action]) -> Option<Safe> {
    let (first, others) = actions.split_first().filter(|(_, others)| !others.is_empty())?;
    let why = catalogue::reason_against(model, first)?;
    others.iter().all(|action| catalogue::reason_against(model, action).as_ref() == Some(&why)).then_some(why)
}

/// One line for every action: level, order and target, and why it cannot be done, in columns.
#[must_use]
pub fn lines(model: &Model, actions: &[Action], common: Option<&Safe>) -> Vec<Line> {
    let orders: Vec<String> = actions.iter().map(order).collect();
    let width = orders.iter().map(|order| order.chars().count()).max().unwrap_or(0).min(WIDEST);
    actions.iter().zip(orders).map(|(action, order)| line(model, action, &format!("{order:<width$}"), common)).collect()
}

/// What it is: a runbook is told from a single step.
fn order(action: &Action) -> String {
    let named = action::named(&action.title, &action.target.name);
    let Some(runbook) = action.runbook() else { return named };
    let steps = runbook.steps.len();
    format!("{named} (RUNBOOK, {steps} step{})", if steps == 1 { "" } else { "s" })
}

fn line(model: &Model, action: &Action, order: &str, common: Option<&Safe>) -> Line {
    let against = catalogue::reason_against(model, action);
    let tone = if against.is_some() { Tone::Dim } else { Tone::Plain };
    let danger = match action.level {
        Level::L0 | Level::L1 => Tone::Ok,
        Level::L2 => Tone::Warn,
        Level::L3 => Tone::Bad,
    };
    let asks = approvals::asks(catalogue::demands(model, action)).map(Safe::of);
    let ran = in_vain(model, action).map(|(ran, _)| ran);
    let why = against.filter(|why| Some(why) != common).or(ran).or(asks);
    let why = why.map_or_else(Safe::default, |why| Safe::of(format!("  {why}")));
    vec![
        Span { text: Safe::of(format!("{}  ", action.level)), tone: danger },
        Span { text: Safe::of(order), tone },
        Span { text: why, tone: Tone::Unknown },
    ]
}
