//! The one table: heading, rows, cells. Figures stand at the right of a fixed width, so that digits do not dance; the
//! selected row is always visible.

use ratatui::style::Style;

use crate::app::geometry::{List, Rectangle};
use crate::app::table::{Align, Cell, Column, Content, Row, RowKey, Sort, Table, Tone};
use crate::domain::Safe;
use crate::ui::paint::Canvas;
use crate::ui::widgets::columns::{self, Place};
use crate::ui::widgets::{bar, sparkline};

/// What the table shows of itself.
pub struct Shown {
    /// Rows below the heading.
    pub list: List,
    /// `1-5 of 14` and in short `5/14`, when not everything is seen.
    pub note: Option<(Safe, Safe)>,
}

/// Draws heading and rows.
pub fn draw(
    canvas: &mut Canvas<'_>,
    area: Rectangle,
    table: &Table,
    selected: Option<&RowKey>,
    offset: usize,
    sort: Sort,
) -> Shown {
    let places = columns::places(table.columns, area);
    let mut body = area;
    if area.height > 1 && table.columns.iter().any(|column| !column.title.is_empty()) {
        for place in &places {
            heading(canvas, area.y, place, table.columns, sort);
        }
        body = Rectangle { y: area.y + 1, height: area.height - 1, ..area };
    }
    if table.rows.is_empty() && table.total > 0 {
        let words = Safe::of(format!("nothing matches the filter (0 of {})", table.total));
        let style = canvas.tone(Tone::Dim);
        canvas.text(body.x, body.y, body.width, &words, style);
    }
    let cursor = selected.and_then(|key| table.rows.iter().position(|row| row.key == *key));
    let first = first_row(table.rows.len(), usize::from(body.height), offset, cursor);
    for (y, (index, row)) in (body.y..body.y + body.height).zip(table.rows.iter().enumerate().skip(first)) {
        for (at, place) in places.iter().enumerate() {
            if let (Some(cell), Some(column)) = (row.cells.get(place.index), table.columns.get(place.index)) {
                let width = if column.align == Align::Left { room(&places, at, row) } else { place.width };
                draw_cell(canvas, y, &Place { width, ..*place }, cell, column.align);
            }
        }
        if cursor == Some(index) {
            mark_selected(canvas, body, y);
        }
    }
    let shown = table.rows.iter().skip(first).take(usize::from(body.height));
    let list = List {
        area: body,
        first,
        keys: shown.map(|row| row.key.clone()).collect(),
        cursor: cursor.and_then(|at| at.checked_sub(first)),
    };
    Shown { list, note: note(table, first, usize::from(body.height)) }
}

/// How far a text at the left may go: over the cells beside it, as long as nothing stands in them.
fn room(places: &[Place], at: usize, row: &Row) -> u16 {
    let Some(place) = places.get(at) else { return 0 };
    let is_empty = |place: &&Place| match row.cells.get(place.index).map(|cell| &cell.content) {
        Some(Content::Text(text) | Content::Name(text)) => text.as_str().is_empty(),
        None => true,
        Some(_) => false,
    };
    let free = places.iter().skip(at + 1).take_while(is_empty).last();
    free.map_or(place.width, |last| (last.x + last.width).saturating_sub(place.x))
}

/// Marks a row as selected, in the air at its left and by its look.
pub fn mark_selected(canvas: &mut Canvas<'_>, area: Rectangle, y: u16) {
    let left = area.x.saturating_sub(1);
    let width = area.width + 1 + (area.x - left);
    canvas.glyph(left, y, canvas.theme.glyphs.pointer, canvas.theme.roles.strong);
    canvas.select(Rectangle { x: left, y, width, height: 1 }, canvas.theme.roles.selection);
}

/// The first row shown: the wanted one, moved as little as makes the cursor visible, without empty rows at the end.
fn first_row(rows: usize, height: usize, offset: usize, cursor: Option<usize>) -> usize {
    let mut first = offset.min(rows.saturating_sub(height));
    if let Some(cursor) = cursor {
        first = first.min(cursor).max((cursor + 1).saturating_sub(height));
    }
    first
}

fn note(table: &Table, first: usize, height: usize) -> Option<(Safe, Safe)> {
    let (rows, all) = (table.rows.len(), table.total);
    let last = (first + height).min(rows);
    let short = |seen: usize| Safe::of(format!("{seen}/{all}"));
    let filtered = if rows < all { format!(" ({all} in all)") } else { String::new() };
    if rows > height && last > first {
        Some((Safe::of(format!("{}-{last} of {rows}{filtered}", first + 1)), short(last - first)))
    } else if rows < all {
        Some((Safe::of(format!("{rows} of {all}")), short(rows)))
    } else {
        None
    }
}

fn heading(canvas: &mut Canvas<'_>, y: u16, place: &Place, columns: &[Column], sort: Sort) {
    let Some(column) = columns.get(place.index) else { return };
    let style = canvas.theme.roles.heading;
    let title = Safe::of(column.title);
    let sorted = sort.column == Some(place.index);
    // A letter as marker needs air before it; a triangle does not.
    let wanted = canvas.columns(&title);
    let air = u16::from(sorted && canvas.theme.ascii && wanted + 2 <= place.width);
    let room = place.width.saturating_sub(u16::from(sorted) + air);
    let used = wanted.min(room);
    let x = if column.align == Align::Right { place.x + room - used } else { place.x };
    canvas.text(x, y, used, &title, style);
    if sorted && place.width > 0 {
        canvas.run(x + used, y, air, ' ', style);
        let order = canvas.theme.glyphs.order[usize::from(sort.reverse)];
        canvas.glyph(x + used + air, y, order, style);
    }
}

fn draw_cell(canvas: &mut Canvas<'_>, y: u16, place: &Place, cell: &Cell, align: Align) {
    let style = canvas.tone(cell.tone);
    match &cell.content {
        Content::Text(text) if align == Align::Right => canvas.text_right(place.x, y, place.width, text, style),
        Content::Text(text) => {
            canvas.text(place.x, y, place.width, text, style);
        }
        Content::Name(name) => {
            canvas.name(place.x, y, place.width, name, style);
        }
        Content::Spark(spark) => {
            let style = chart_style(canvas, cell.tone);
            let limit = spark.limit.as_ref();
            sparkline::draw(canvas, (place.x, y, place.width), &spark.values, spark.top, limit, style);
        }
        Content::Bar(share) => bar::draw(canvas, (place.x, y, place.width), [(*share, cell.tone)], None),
    }
}

fn chart_style(canvas: &Canvas<'_>, tone: Tone) -> Style {
    if tone == Tone::Plain { canvas.role(canvas.theme.roles.chart) } else { canvas.solid(tone) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_goes_on_over_cells_in_which_nothing_stands() {
        let place = |index, x, width| Place { index, x, width };
        // The second column has no room at all.
        let places = [place(0, 1, 10), place(2, 13, 5), place(3, 20, 6), place(4, 28, 4)];
        let row = |texts: [&str; 5]| Row {
            key: RowKey::Index(0),
            cells: texts.iter().map(|text| Cell::text(Safe::of(*text), Tone::Plain)).collect(),
        };
        assert_eq!(room(&places, 0, &row(["a", "b", "c", "d", "e"])), 10);
        assert_eq!(room(&places, 0, &row(["a", "b", "", "", "e"])), 25);
        assert_eq!(room(&places, 1, &row(["a", "b", "c", "d", ""])), 5);
        assert_eq!(room(&places, 2, &row(["a", "b", "c", "d", ""])), 12);
        let mut charted = row(["a", "b", "", "d", "e"]);
        charted.cells[2] = Cell::spark([None].into(), Tone::Plain);
        assert_eq!(room(&places, 0, &charted), 10, "a chart of which nothing is known yet stands there all the same");
    }

    #[test]
    fn the_cursor_is_always_seen() {
        assert_eq!(first_row(100, 10, 0, Some(9)), 0);
        assert_eq!(first_row(100, 10, 0, Some(10)), 1);
        assert_eq!(first_row(100, 10, 50, Some(20)), 20);
        assert_eq!(first_row(100, 10, 95, None), 90);
        assert_eq!(first_row(3, 10, 5, None), 0);
        assert_eq!(first_row(0, 0, 5, None), 0);
    }
}
