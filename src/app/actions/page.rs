//! The page of actions: what may be done now, why the rest may not, what runs and what ran.

use crate::app::Model;
use crate::app::document::{Line, Span};
use crate::app::pane::{Block, PaneId, PaneView};
use crate::app::table::Tone;
use crate::domain::{PaneState, Safe, figure};

use super::{catalogue, forms, menu, progress};

/// The pane.
#[must_use]
pub fn view(model: &Model, height: u16) -> PaneView {
    let actions = &model.actions;
    let mut lines: Vec<Line> = vec![armed(model)];
    if let Some(coverage) = &actions.coverage {
        lines.push(line(coverage.clone(), Tone::Warn));
    }
    lines.push(Line::new());
    let offered = catalogue::all(model);
    let common = menu::common(model, &offered);
    // How acting is allowed stands in the first line already.
    if let Some(why) = common.as_ref().filter(|_| actions.is_armed()) {
        lines.push(line(why.clone(), Tone::Unknown));
    }
    lines.extend(menu::lines(model, &offered, common.as_ref()));
    lines.push(Line::new());
    lines.push(line(Safe::of("What ran from here"), Tone::Strong));
    if let Some(running) = actions.running() {
        lines.push(line(Safe::of(format!("now       {running} (w shows it)")), Tone::Accent));
    }
    lines.extend(actions.tripwires.all().map(|wire| wire.line(model.now)));
    for past in actions.past.iter().rev() {
        let ago = figure::age(model.now.since(past.at));
        let words = Safe::of(format!("{ago:>7}  {}  {}", past.what, past.outcome));
        lines.push(vec![
            Span { text: words, tone: progress::tone(past.outcome) },
            Span { text: Safe::of(format!("  {}", past.words)), tone: Tone::Dim },
        ]);
    }
    if actions.past.is_empty() && actions.running().is_none() {
        lines.push(line(Safe::of("nothing yet; quarterdeck audit show tells of other times"), Tone::Dim));
    }
    PaneView {
        id: PaneId::Actions,
        title: vec![Span { text: Safe::of("Actions"), tone: Tone::Strong }],
        corner: Safe::of("a opens the menu"),
        state: PaneState::Ok,
        blocks: lines.into_iter().take(usize::from(height)).map(Block::Line).collect(),
    }
}

fn armed(model: &Model) -> Line {
    if let Some(why) = &model.actions.audit_failure {
        return line(Safe::of(format!("no action runs: the audit cannot be written: {why}")), Tone::Bad);
    }
    if let Some(why) = &model.actions.spec.policy.barred {
        return line(why.clone(), Tone::Bad);
    }
    match (model.actions.is_armed(), model.actions.spec.allow) {
        (true, _) => match forms::crowd(model.actions.tmux_clients) {
            Some(words) => line(Safe::of(format!("armed, and {words}")), Tone::Bad),
            None => line(Safe::of("armed: an action runs after its card and your consent"), Tone::Warn),
        },
        (false, lapsed) => {
            line(Safe::of(model.actions.unarmed_words()), if lapsed { Tone::Unknown } else { Tone::Dim })
        }
    }
}

fn line(text: Safe, tone: Tone) -> Line {
    vec![Span { text, tone }]
}
