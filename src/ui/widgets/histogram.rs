//! Two rows of small bars: a count over time, and below it a part of that count, each with its highest bucket in figures.

use crate::app::geometry::Rectangle;
use crate::app::table::Tone;
use crate::domain::{Safe, figure};
use crate::ui::paint::Canvas;
use crate::ui::widgets::sparkline;

/// Columns for the highest value at the right.
const FIGURE: u16 = 9;
/// Below this width the label is left out.
const LABELLED: u16 = 48;

/// Draws both rows into the first two rows of `area`.
pub fn draw(canvas: &mut Canvas<'_>, area: Rectangle, all: &[Option<u32>], part: &[Option<u32>], label: &Safe) {
    let dim = canvas.tone(Tone::Dim);
    let labelled = if area.width >= LABELLED { canvas.columns(label).min(area.width / 2) + 1 } else { 0 };
    if labelled > 0 {
        canvas.text(area.x, area.y, labelled - 1, label, dim);
    }
    let width = area.width.saturating_sub(labelled + FIGURE + 1);
    let chart = canvas.role(canvas.theme.roles.chart);
    let bad = canvas.solid(Tone::Bad);
    for (row, (values, look)) in [(all, chart), (part, bad)].into_iter().enumerate().take(usize::from(area.height)) {
        let y = area.y + row as u16;
        let shown = sparkline::newest(values, width);
        let highest = shown.iter().flatten().max().copied();
        // No bar at all for nothing: a line of lowest bars would look like a little of it.
        let heights: Vec<Option<f32>> = shown.iter().map(|v| v.filter(|v| *v > 0).map(|v| v as f32)).collect();
        sparkline::draw(canvas, (area.x + labelled, y, width), &heights, None, None, look);
        let words = highest.map_or("-".to_owned(), |n| {
            if n == 0 { "none".to_owned() } else { format!("max {}", figure::count(f64::from(n))) }
        });
        let figure = FIGURE.min(area.width);
        canvas.text_right(area.x + area.width - figure, y, figure, &Safe::of(words), dim);
    }
}
