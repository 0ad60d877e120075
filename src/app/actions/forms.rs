//! The overlays of acting, ready to be drawn.

use crate::app::Model;
use crate::app::document::{Document, Span};
use crate::app::screen::OverlayView;
use crate::app::table::Tone;
use crate::domain::Safe;
use crate::input::dialog::{Ask, Hint};
use crate::remediation::card::Card;
use crate::remediation::execution::Execution;
use crate::remediation::guard::{self, Situation};

use super::dialog::Dialog;
use super::menu::Pointer;
use super::{Current, against, card, catalogue, cure, evidence, is_over, menu, progress, question, trouble};

/// The menu.
#[must_use]
pub fn menu(model: &Model, pointer: &Pointer) -> OverlayView<'static> {
    let actions = catalogue::all(model);
    let troubles = trouble::troubles(model);
    let first = cure::main(model, &troubles, &actions);
    let mut document = Document::new(match first {
        Some(trouble) => Safe::of(format!("Actions, first {}", trouble.title)),
        None => Safe::of("Actions"),
    });
    if let Some((words, tone)) = first.and_then(|trouble| trouble.words.clone()) {
        document.line(words, tone);
    }
    let common = menu::common(model, &actions);
    if let Some(why) = &common {
        document.line(why.clone(), Tone::Unknown);
    }
    let chosen = pointer.place(&actions);
    // On a narrow screen its line has no room for the whole reason.
    match chosen.and_then(|at| Some((at, actions.get(at)?))) {
        Some((at, action)) => menu::chosen(&mut document, model, action, (at + 1, actions.len()), common.as_ref()),
        None => {
            document.line(pointer.gone(), Tone::Unknown);
        }
    }
    let foot = menu::lines(model, &actions, common.as_ref());
    OverlayView::Form {
        document,
        scroll: 0,
        foot,
        chosen,
        keys: &[(Ask::Choose, "shows the card"), (Ask::Leave, "closes")],
    }
}

/// That others can type here too, where several clients are attached to the tmux session that we stand in, or may be.
#[must_use]
pub fn crowd(clients: Option<usize>) -> Option<Safe> {
    let Some(clients) = clients else {
        return Some(Safe::of("tmux does not say who else is attached to this session: others may type here too"));
    };
    let words = || Safe::of(format!("{clients} clients are attached to this tmux session: others can type here too"));
    (clients > 1).then(words)
}

/// The same in a copy that somebody else reads.
#[must_use]
pub fn crowd_there(clients: Option<usize>) -> Option<Safe> {
    let Some(clients) = clients else {
        return Some(Safe::of(
            "tmux does not say who else is attached to the requester's session: others may type there too",
        ));
    };
    let words = || {
        Safe::of(format!("{clients} clients are attached to the requester's tmux session: others can type there too"))
    };
    (clients > 1).then(words)
}

/// The text of a card as it is shown, and whether a second person approved it or none is asked for.
#[must_use]
pub fn text(model: &Model, shown: &Card, redact: bool) -> (Document, bool) {
    let (mut document, approved) = alone(model, shown, redact);
    if let Some(words) = crowd(model.actions.tmux_clients) {
        document.before_all(vec![Span { text: words, tone: Tone::Bad }]);
    }
    (document, approved)
}

/// The same without what is true of this terminal alone.
#[must_use]
pub fn alone(model: &Model, shown: &Card, redact: bool) -> (Document, bool) {
    let readings = evidence::before(&model.live, &shown.action, model.now);
    let running = model.actions.running();
    let approval = model.actions.second.approval(shown);
    let stale = against::stale(model, &shown.action);
    let stood = catalogue::situation(model, running.as_ref(), &readings);
    let situation = Situation { approval, stale: stale.as_ref(), ..stood };
    let mut document = card::document(shown, model, &situation, redact);
    if let Some(coverage) = &model.actions.coverage {
        document.line(coverage.clone(), Tone::Warn);
    }
    (document, guard::second_person(shown, shown.digest(), &situation).is_ok())
}

/// A card with its dialog.
#[must_use]
pub fn card(model: &Model, dialog: &Dialog) -> OverlayView<'static> {
    let (document, approved) = text(model, &dialog.card, model.screen.redact);
    let (foot, chosen) = card::foot(dialog, approved, model.now);
    OverlayView::Form { document, scroll: dialog.scroll, foot, chosen: Some(chosen), keys: CARD }
}

/// In the frame of a card.
const CARD: &[Hint] =
    &[(Ask::Leave, "cancels"), (Ask::Next, "next"), (Ask::PageDown, "scrolls"), (Ask::Anew, "reads anew")];

/// The action that runs, and what it waits for a person with.
#[must_use]
pub fn progress(model: &Model, scroll: Option<usize>) -> OverlayView<'static> {
    let Some(current) = &model.actions.current else {
        return OverlayView::Form {
            document: Document::default(),
            scroll: 0,
            foot: Vec::new(),
            chosen: None,
            keys: OVER,
        };
    };
    let document = running(model, current);
    let (foot, keys) = match current.execution.question() {
        Some(asked) => question::foot(&asked, current, &model.live, model.now),
        None if is_over(&current.execution) => (Vec::new(), OVER),
        // Wherever it is scrolled to: how it is stopped is always in sight.
        None if current.execution.can_be_cancelled() && !current.execution.is_cancelled() => (Vec::new(), STOPS),
        None => (Vec::new(), RUNS),
    };
    let scroll = scroll.unwrap_or_else(|| following(model, &document, &current.execution));
    OverlayView::Form { document, scroll, foot, chosen: None, keys }
}

/// The first line of the action that runs, as long as nobody scrolled: where scrolling begins.
#[must_use]
pub fn first_line(model: &Model) -> usize {
    let Some(current) = &model.actions.current else { return 0 };
    following(model, &running(model, current), &current.execution)
}

fn running(model: &Model, current: &Current) -> Document {
    let mut document = progress::document_with(&current.execution, &current.live, model.now);
    if let Some(wire) = model.actions.tripwires.of(current.id) {
        wire.tell(&mut document, model.now);
    }
    document
}

/// Nobody scrolled: the step at hand stays in sight. What is wrapped stands before it, mostly.
fn following(model: &Model, document: &Document, execution: &Execution) -> usize {
    let (rows, lines) = (usize::from(model.geometry.overlay_rows), model.geometry.overlay_lines);
    let Some(present) = progress::present(document, execution) else { return 0 };
    let wrapped = lines.saturating_sub(document.lines.len());
    (present + wrapped + BEHIND).saturating_sub(rows).min(lines.saturating_sub(rows))
}

/// Lines that are shown behind the step at hand.
const BEHIND: usize = 3;

const STOPS: &[Hint] = &[(Ask::Stop, "asks to stop"), (Ask::Leave, "closes; it goes on"), (Ask::PageDown, "scrolls")];
const RUNS: &[Hint] = &[(Ask::Leave, "closes; it goes on"), (Ask::PageDown, "scrolls")];
const OVER: &[Hint] = &[(Ask::Leave, "closes"), (Ask::PageDown, "scrolls")];
