//! The eight states of a pane in words: one for its title, and lines for its middle where there is nothing else to show.

use ratatui::style::Style;

use crate::app::geometry::Rectangle;
use crate::app::table::Tone;
use crate::domain::readout::retry_words;
use crate::domain::{PaneState, Safe};
use crate::ui::paint::Canvas;
use crate::ui::widgets::wrap;

/// The state for the title; `None` when all is well. `alone` means that the middle says the rest.
pub fn in_title(canvas: &Canvas<'_>, state: &PaneState, alone: bool) -> Option<(Safe, Style)> {
    let (words, tone) = match state {
        PaneState::Ok => return None,
        PaneState::Frozen => return Some((Safe::of(" FROZEN "), canvas.theme.roles.frozen)),
        PaneState::Loading { .. } => (state.words(), Tone::Dim),
        PaneState::Empty { .. } if alone => (Safe::of("empty"), Tone::Dim),
        PaneState::Empty { .. } => (state.words(), Tone::Dim),
        PaneState::Stale { .. } => (state.words(), Tone::Unknown),
        PaneState::Error { cause, .. } => (Safe::of(format!("ERROR {}", state.words())), cause.verdict().into()),
        PaneState::Denied { .. } if alone => (Safe::of("DENIED"), Tone::Unknown),
        PaneState::Denied { .. } => (state.words(), Tone::Unknown),
        PaneState::Off { .. } if alone => (Safe::of("off"), Tone::Dim),
        PaneState::Off { .. } => (state.words(), Tone::Dim),
    };
    Some((words, canvas.theme.tone(tone)))
}

/// The lines for the middle of a pane that has nothing to show.
fn lines(state: &PaneState) -> Vec<(Safe, Tone)> {
    match state {
        PaneState::Ok | PaneState::Frozen => vec![(Safe::of("nothing to show"), Tone::Dim)],
        PaneState::Loading { .. } | PaneState::Empty { .. } => vec![(state.words(), Tone::Dim)],
        PaneState::Stale { .. } => vec![(state.words(), Tone::Unknown)],
        PaneState::Error { cause, times, retry_in, .. } => {
            let tries = format!("tried {times}x, {}", retry_words("again", *retry_in));
            let mut lines = vec![(Safe::of(cause.to_string()), cause.verdict().into()), (Safe::of(tries), Tone::Dim)];
            lines.extend(cause.advice().into_iter().map(|line| (line, Tone::Plain)));
            lines
        }
        PaneState::Denied { fix, .. } => {
            let mut lines = vec![(state.words(), Tone::Unknown)];
            lines.extend(fix.iter().map(|line| (line.clone(), Tone::Strong)));
            lines
        }
        PaneState::Off { turn_on, .. } => vec![(state.words(), Tone::Dim), (turn_on.clone(), Tone::Strong)],
    }
}

/// Writes the state into the middle of a pane.
pub fn in_middle(canvas: &mut Canvas<'_>, area: Rectangle, state: &PaneState) {
    let lines: Vec<_> = lines(state).into_iter().filter(|(words, _)| !words.as_str().is_empty()).collect();
    let widest = lines.iter().map(|(words, _)| canvas.columns(words)).max().unwrap_or(0).min(area.width);
    let x = area.x + (area.width - widest) / 2;
    let wrapped: Vec<_> = lines
        .iter()
        .flat_map(|(words, tone)| wrap::text(canvas, words, widest).into_iter().map(move |part| (words, part, *tone)))
        .collect();
    let height = wrapped.len().min(usize::from(area.height)) as u16;
    let top = area.y + (area.height - height) / 2;
    for (y, (words, part, tone)) in (top..top + height).zip(wrapped) {
        let style = canvas.tone(tone);
        canvas.part(x, y, widest, words, part, style);
    }
}
