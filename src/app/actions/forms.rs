//! The overlays of acting, ready to be drawn.

use crate::app::Model;
use crate::app::document::{Document, Span};
use crate::app::screen::OverlayView;
use crate::app::table::Tone;
use crate::domain::Safe;
use crate::remediation::guard::{self, Situation};

use super::dialog::Dialog;
use super::{approvals, card, catalogue, evidence, menu, progress};

/// The menu.
#[must_use]
pub fn menu(model: &Model, chosen: usize) -> OverlayView<'static> {
    let mut document = Document::new("Actions");
    // On a narrow screen its line has no room for the whole reason.
    if let Some(action) = catalogue::all(model).get(chosen) {
        match catalogue::reason_against(model, action) {
            Some(why) => document.line(why, Tone::Unknown),
            None => document.line(format!("{}: {}", action.level, action.level.meaning()), Tone::Dim),
        };
        if let Some(asks) = approvals::asks(catalogue::demands(model, action)) {
            document.line(asks, Tone::Warn);
        }
    }
    let foot = menu::lines(model);
    let chosen = Some(chosen.min(foot.len().saturating_sub(1)));
    OverlayView::Form { document, scroll: 0, foot, chosen, keys: " Enter shows the card  Esc closes " }
}

/// A card with its dialog.
#[must_use]
pub fn card(model: &Model, dialog: &Dialog) -> OverlayView<'static> {
    let readings = evidence::before(&model.live, &dialog.card.action, model.now);
    let running = model.actions.running();
    let approval = model.actions.second.approval(&dialog.card);
    let situation = Situation { approval, ..catalogue::situation(model, running.as_ref(), &readings) };
    let mut document = card::document(&dialog.card, &model.live, &situation, model.screen.redact);
    if let Some(coverage) = &model.actions.coverage {
        document.line(coverage.clone(), Tone::Warn);
    }
    if model.actions.tmux_clients > 1 {
        let words = format!(
            "{} clients are attached to this tmux session: others can type here too",
            model.actions.tmux_clients
        );
        document.lines.insert(0, vec![Span { text: Safe::of(words), tone: Tone::Bad }]);
    }
    let approved = guard::second_person(&dialog.card, dialog.card.digest(), &situation).is_ok();
    let (foot, chosen) = card::foot(dialog, approved, model.now);
    let keys = " Esc leaves  Tab next  PgDn scrolls  Ctrl-R reads anew ";
    OverlayView::Form { document, scroll: dialog.scroll, foot, chosen: Some(chosen), keys }
}

/// The action that runs.
#[must_use]
pub fn progress(model: &Model, scroll: usize) -> OverlayView<'static> {
    let document = model.actions.current.as_ref().map_or_else(Document::default, |current| {
        progress::document_with(&current.execution, &current.live, model.now)
    });
    OverlayView::Form {
        document,
        scroll,
        foot: Vec::new(),
        chosen: None,
        keys: " Esc closes; it goes on  w shows it again ",
    }
}
