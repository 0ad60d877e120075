//! The menu of actions, as lines: what each would do, how dangerous it is, and why it cannot be done now.

use crate::app::Model;
use crate::app::document::{Line, Span};
use crate::app::table::Tone;
use crate::domain::Safe;
use crate::remediation::action::Action;
use crate::remediation::level::Level;

use super::{approvals, catalogue};

/// Columns of title and target.
const TITLE: usize = 46;

/// One line for every action, in the order of the catalogue.
#[must_use]
pub fn lines(model: &Model) -> Vec<Line> {
    catalogue::all(model).iter().map(|action| line(model, action)).collect()
}

fn line(model: &Model, action: &Action) -> Line {
    let against = catalogue::reason_against(model, action);
    let tone = if against.is_some() { Tone::Dim } else { Tone::Plain };
    let danger = match action.level {
        Level::L0 | Level::L1 => Tone::Ok,
        Level::L2 => Tone::Warn,
        Level::L3 => Tone::Bad,
    };
    let title = format!("{} on {}", action.title, action.target.name);
    let asks = approvals::asks(catalogue::demands(model, action)).map(Safe::of);
    let why = against.or(asks).map_or_else(Safe::default, |why| Safe::of(format!("  {why}")));
    vec![
        Span { text: Safe::of(format!("{}  ", action.level)), tone: danger },
        Span { text: Safe::of(format!("{title:<TITLE$}")), tone },
        Span { text: why, tone: Tone::Unknown },
    ]
}
