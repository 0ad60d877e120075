//! Planning the selected statement, as an action: what there is to ask for, and how its texts are shown. Only reads, so its
//! proof is the plan itself.

use std::borrow::Cow;
use std::time::Duration;

use crate::app::Model;
use crate::app::pane::PaneId;
use crate::app::table::RowKey;
use crate::config::resolved::DatabaseSpec;
use crate::database::redact::redacted;
use crate::domain::statement::StatementId;
use crate::domain::{Safe, Untrusted};
use crate::remediation::action::{Action, Limits, Plan};
use crate::remediation::card::Card;
use crate::remediation::explain::Explained;
use crate::remediation::level::Level;
use crate::remediation::measure::{Expectation, Measure, Proof, Trial};
use crate::remediation::parameter::Given;
use crate::remediation::step::Work;

use super::catalogue;

/// Lines of a plan that are shown.
pub const LINES: usize = 400;

/// The plan of the statement that is selected, or of that of the session that is, if one is.
pub fn of_selected(model: &Model) -> Option<Action> {
    let pane = model.view.focused();
    if let (PaneId::Sessions, Some(RowKey::Session(id))) = (pane, model.view.cursor(pane).selected) {
        let at = model.view.database;
        let spec = &model.live.databases.get(at)?.spec;
        let words = Safe::of(format!("the statement of session {}", id.pid));
        return Some(of(model, at, spec, Explained::Session(id), &words));
    }
    let (PaneId::SlowQueries, Some(RowKey::Statement(statement))) = (pane, model.view.cursor(pane).selected) else {
        return None;
    };
    let at = model.view.database;
    let database = model.live.databases.get(at)?;
    let text = database.text_of(statement).map(|text| text.line.clipped(40));
    let words = text.unwrap_or_else(|| Safe::of(format!("statement {}", statement.query)));
    Some(of(model, at, &database.spec, Explained::Kept(statement), &words))
}

/// The plan of a statement that a parameter names by its number in `pg_stat_statements`.
pub fn named(model: &Model, at: usize, spec: &DatabaseSpec) -> Action {
    of(model, at, spec, Explained::Kept(StatementId::bare(0)), &Safe::of("a statement"))
}

fn of(model: &Model, at: usize, spec: &DatabaseSpec, of: Explained, words: &Safe) -> Action {
    let plan = Trial { measure: Measure::Result, expect: Expectation::Seen, name: Safe::of("the server's plan") };
    Action {
        id: Safe::of("explain"),
        title: Safe::of(format!("explain {words}")),
        level: Level::L1,
        target: catalogue::target(at, spec),
        plan: Plan::Explain { of, redact: model.screen.redact },
        preconditions: Vec::new(),
        limits: Limits { cap: 1, cool_down: Duration::from_secs(1), deadline: Duration::from_secs(10) },
        proof: Proof {
            trials: vec![plan],
            settle: Duration::ZERO,
            within: Duration::from_secs(5),
            stable: Duration::ZERO,
        },
        undo: Safe::of("nothing has to be undone: the statement is planned, not run"),
        warnings: Vec::new(),
        given: Given::default(),
    }
}

/// What a card and the audit show of what will be sent: of a statement without its literals, where those are hidden, and
/// without the values that were given under `--redact`.
pub fn effect(card: &Card, redact: bool) -> Cow<'_, [Untrusted]> {
    let lines = card.shown_effect();
    if !redact || !matches!(card.action.plan, Plan::Explain { .. }) {
        return lines;
    }
    // As one text: a literal may go over a line's end.
    let whole: Vec<&[u8]> = lines.iter().map(Untrusted::as_bytes).collect();
    let hidden = redacted(&Untrusted::new(whole.join(&b'\n')));
    Cow::Owned(hidden.as_bytes().split(|byte| *byte == b'\n').map(Untrusted::new).collect())
}

/// How many lines of the answer a plan wants to see, where the answer is what is wanted.
pub fn lines_of(plan: &Plan) -> Option<usize> {
    matches!(plan, Plan::Explain { .. }).then_some(LINES)
}

/// How many lines of its answer are shown, where the answer is what is wanted.
pub fn lines(work: &Work) -> Option<usize> {
    matches!(work, Work::Explain(_)).then_some(LINES)
}
