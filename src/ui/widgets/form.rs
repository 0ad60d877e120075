//! A text with lines below it that one chooses among or types in: the menu of actions, a card with its dialog. The lines
//! are always seen, the text scrolls above them; the one with the focus is marked by a pointer too.

use crate::app::document::{Document, Line};
use crate::app::geometry::Rectangle;
use crate::app::table::Tone;
use crate::domain::Safe;
use crate::input::dialog::{self, Ask, Hint};
use crate::ui::paint::Canvas;
use crate::ui::widgets::{document, table, wrap};

/// What is drawn.
pub struct Form<'a> {
    /// The text.
    pub document: &'a Document,
    /// The lines below.
    pub foot: &'a [Line],
    /// Which of them has the focus.
    pub chosen: Option<usize>,
    /// Keys of use.
    pub keys: &'static [Hint],
}

/// Draws it; returns the rows for text and the number of wrapped lines.
pub fn draw(canvas: &mut Canvas<'_>, form: &Form<'_>, scroll: usize) -> (u16, usize) {
    let screen = canvas.area();
    let width = document::width(canvas, form.document, form.foot);
    let rows = document::wrapped(canvas, form.document, width.saturating_sub(4));
    let highest = document::highest(screen);
    let inside = highest.saturating_sub(2);
    // Of a long list only a window is seen; the text keeps a third.
    // What is asked is text too; what is chosen from, or typed in, has a line each.
    let question = Document { lines: form.foot.to_vec(), ..Document::default() };
    let asked = form.chosen.is_none().then(|| document::wrapped(canvas, &question, width.saturating_sub(4)));
    let foot_rows =
        count(asked.as_ref().map_or(form.foot.len(), Vec::len)).min(inside - (inside / 3).min(count(rows.len())));
    let rule = u16::from(foot_rows > 0 && !rows.is_empty());
    let text_rows = count(rows.len()).min(inside.saturating_sub(foot_rows + rule));
    let outer = document::centred(screen, width, text_rows + foot_rows + rule + 2);
    document::open(canvas, outer);
    let first = document::text(canvas, outer, &rows, text_rows, scroll);
    let scrolls = rows.len() > usize::from(text_rows);
    let keys: Vec<Hint> = form.keys.iter().copied().filter(|(ask, _)| scrolls || *ask != Ask::PageDown).collect();
    document::caption(canvas, outer, form.document, (first, text_rows, rows.len()), &dialog::words(&keys));
    if rule > 0 {
        let glyph = canvas.theme.glyphs.horizontal;
        let style = canvas.theme.roles.overlay_frame;
        canvas.run(outer.x + 1, outer.y + 1 + text_rows, outer.width.saturating_sub(2), glyph, style);
        let room = usize::from(outer.width.saturating_sub(4));
        let words = below(form.document, &rows, first + usize::from(text_rows), room);
        if !words.as_str().is_empty() {
            let style = canvas.theme.tone(Tone::Warn);
            canvas.text(outer.x + 2, outer.y + 1 + text_rows, outer.width.saturating_sub(4), &words, style);
        }
    }
    let area = Rectangle {
        x: outer.x + 2,
        y: outer.y + 1 + text_rows + rule,
        width: outer.width.saturating_sub(4),
        height: foot_rows,
    };
    match &asked {
        Some(lines) => {
            let place = Rectangle { y: area.y.saturating_sub(1), ..outer };
            document::text(canvas, place, lines, foot_rows, lines.len());
        }
        None => foot(canvas, area, form),
    }
    (text_rows, rows.len())
}

/// What the rows from `end` on are about, for whoever has not got there; what there is no room for is counted.
fn below(document: &Document, rows: &[(&Line, wrap::Row)], end: usize, room: usize) -> Safe {
    let cut = rows.get(end).and_then(|(line, _)| document.lines.iter().position(|own| std::ptr::eq(own, *line)));
    let Some(cut) = cut else { return Safe::default() };
    let ends = document.sections.iter().skip(1).map(|(first, _)| *first).chain(std::iter::once(document.lines.len()));
    let is_hidden = |first: usize, end: usize| {
        let hidden = document.lines.get(first.max(cut)..end).unwrap_or_default();
        hidden.iter().any(|line| !line.is_empty())
    };
    let parts = document.sections.iter().zip(ends);
    let names: Vec<&str> =
        parts.filter(|((first, _), end)| is_hidden(*first, *end)).map(|((_, name), _)| *name).collect();
    if names.is_empty() {
        return Safe::default();
    }
    let key = dialog::words(&[(Ask::PageDown, "shows below")]);
    let told = |count: usize| {
        let left = names.len() - count;
        let more = if left == 0 { String::new() } else { format!(" and {left} more") };
        format!(" {key}: {}{more} ", names.get(..count).unwrap_or_default().join(", "))
    };
    let fits = (1..=names.len()).rev().map(told).find(|words| words.chars().count() <= room);
    Safe::of(fits.unwrap_or_else(|| told(1)))
}

fn foot(canvas: &mut Canvas<'_>, area: Rectangle, form: &Form<'_>) {
    let height = usize::from(area.height);
    let chosen = form.chosen.unwrap_or(0);
    let first = (chosen + 1).saturating_sub(height).min(form.foot.len().saturating_sub(height));
    for (y, (at, line)) in (area.y..).zip(form.foot.iter().enumerate().skip(first).take(height)) {
        canvas.line(area.x, y, area.width, line);
        if form.chosen == Some(at) {
            table::mark_selected(canvas, area, y);
        }
    }
}

fn count(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}
