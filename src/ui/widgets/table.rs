//! The one table. Columns are left out by their order when the width runs out and grow when there is more; figures stand
//! at the right of a fixed width, so that digits do not dance; the selected row is always visible.

use ratatui::style::Style;

use crate::app::geometry::Rectangle;
use crate::app::table::{Align, Cell, Column, Content, RowKey, Sort, Table, Tone};
use crate::domain::Safe;
use crate::ui::paint::Canvas;
use crate::ui::widgets::{bar, sparkline};

/// What the table shows of itself.
pub struct Shown {
    /// Rows below the heading.
    pub rows: u16,
    /// `1-5 of 14` and in short `5/14`, when not everything is seen.
    pub note: Option<(Safe, Safe)>,
}

/// A column with its place.
struct Place {
    index: usize,
    x: u16,
    width: u16,
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
    let places = places(table.columns, area);
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
        for place in &places {
            if let (Some(cell), Some(column)) = (row.cells.get(place.index), table.columns.get(place.index)) {
                draw_cell(canvas, y, place, cell, column.align);
            }
        }
        if cursor == Some(index) {
            mark_selected(canvas, body, y);
        }
    }
    Shown { rows: body.height, note: note(table, first, usize::from(body.height)) }
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
        Content::Spark(spark) => {
            let style = chart_style(canvas, cell.tone);
            let limit = spark.limit.as_ref();
            sparkline::draw(canvas, (place.x, y, place.width), &spark.values, None, limit, style);
        }
        Content::Bar(share) => bar::draw(canvas, (place.x, y, place.width), [(*share, cell.tone)], None),
    }
}

fn chart_style(canvas: &Canvas<'_>, tone: Tone) -> Style {
    if tone == Tone::Plain { canvas.role(canvas.theme.roles.chart) } else { canvas.solid(tone) }
}

/// Which columns are shown, where, and how wide.
fn places(columns: &[Column], area: Rectangle) -> Vec<Place> {
    let gap = if area.width >= 60 { 2 } else { 1 };
    let mut kept: Vec<usize> = (0..columns.len()).collect();
    let column = |index: &usize| columns.get(*index);
    let needed = |kept: &[usize]| -> u32 {
        let widths: u32 = kept.iter().filter_map(column).map(|c| u32::from(c.min)).sum();
        widths + u32::from(gap) * (kept.len() as u32).saturating_sub(1)
    };
    while needed(&kept) > u32::from(area.width) {
        let leaving = kept
            .iter()
            .enumerate()
            .filter_map(|(at, index)| column(index).filter(|c| c.drop_order > 0).map(|c| (c.drop_order, at)))
            .min_by_key(|(order, at)| (*order, std::cmp::Reverse(*at)));
        let Some((_, at)) = leaving else { break };
        kept.remove(at);
    }
    let widths = widths(&kept.iter().filter_map(column).collect::<Vec<_>>(), area.width, gap);
    let mut x = area.x;
    let end = area.x + area.width;
    let mut places = Vec::with_capacity(kept.len());
    for (index, width) in kept.into_iter().zip(widths) {
        let width = width.min(end.saturating_sub(x));
        places.push(Place { index, x, width });
        x = x.saturating_add(width + gap).min(end);
    }
    places
}

/// Widths: the least of each, then in turn up to the ideal, then what is left evenly to those that grow.
fn widths(columns: &[&Column], width: u16, gap: u16) -> Vec<u16> {
    let mut widths: Vec<u16> = columns.iter().map(|c| c.min).collect();
    let gaps = gap.saturating_mul((columns.len() as u16).saturating_sub(1));
    let taken = widths.iter().fold(gaps, |sum, w| sum.saturating_add(*w));
    let mut left = width.saturating_sub(taken);
    for (width, column) in widths.iter_mut().zip(columns) {
        let more = column.ideal.saturating_sub(*width).min(left);
        *width += more;
        left -= more;
    }
    let mut growers = columns.iter().filter(|c| c.grows).count() as u16;
    for (width, column) in widths.iter_mut().zip(columns) {
        if column.grows {
            let more = left / growers.max(1);
            *width += more;
            left -= more;
            growers -= 1;
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn column(min: u16, ideal: u16, grows: bool, drop_order: u8) -> Column {
        Column { title: "", min, ideal, grows, align: Align::Left, drop_order }
    }

    fn shown(columns: &[Column], width: u16) -> Vec<(usize, u16)> {
        let area = Rectangle { x: 3, y: 0, width, height: 1 };
        places(columns, area).iter().map(|p| (p.index, p.width)).collect()
    }

    #[test]
    fn columns_leave_in_their_order_and_the_rest_grows() {
        let columns =
            [column(4, 4, false, 0), column(8, 20, true, 0), column(6, 8, false, 2), column(10, 10, false, 1)];
        assert_eq!(shown(&columns, 80), [(0, 4), (1, 52), (2, 8), (3, 10)]);
        assert_eq!(shown(&columns, 31), [(0, 4), (1, 8), (2, 6), (3, 10)]);
        assert_eq!(shown(&columns, 30), [(0, 4), (1, 18), (2, 6)]);
        assert_eq!(shown(&columns, 19), [(0, 4), (1, 14)]);
        assert_eq!(shown(&columns, 6), [(0, 4), (1, 1)]);
        assert_eq!(shown(&columns, 0), [(0, 0), (1, 0)]);
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
