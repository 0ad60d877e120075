//! A labelled chart: a sparkline in one row, bars in more. With room for it a limit is a line at its height: bars on its
//! upper side cover it, above all others it is seen, so that the side of each is told without colour.

use ratatui::style::Style;

use crate::app::geometry::Rectangle;
use crate::app::limit::Limit;
use crate::app::pane::Chart;
use crate::app::table::Tone;
use crate::ui::paint::Canvas;
use crate::ui::widgets::sparkline;

/// Draws a chart. `label` and `figure` are the widths of their columns, common to all charts of a pane.
pub fn draw(canvas: &mut Canvas<'_>, area: Rectangle, chart: &Chart, label: u16, figure: u16) {
    let style = canvas.tone(Tone::Plain);
    canvas.name(area.x, area.y, label.min(area.width), &chart.label, style);
    let figure = figure.min(area.width.saturating_sub(label));
    let right = area.x + area.width - figure;
    let x = area.x + (label + 1).min(area.width);
    let width = area.width.saturating_sub(label + figure + 2);
    let style = canvas.role(canvas.theme.roles.chart);
    let marked = visible_marks(chart, width).next().is_some();
    // Marks have a row of their own below the bars: they take nothing from what was measured.
    let lower = u16::from(marked && area.height > MARKED);
    let plot = Rectangle { x, width, height: area.height - lower, ..area };
    let mut line_y = None;
    if area.height > 1 {
        line_y = bars(canvas, plot, chart, style);
    } else {
        let limit = chart.limit.as_ref();
        sparkline::draw(canvas, (x, area.y, width), &chart.values, chart.top, limit, style);
    }
    // Figure and line stand one above the other as they do on the chart.
    let (figure_y, label_y) = places(area, chart, line_y);
    let style = canvas.tone(chart.tone);
    canvas.text_right(right, figure_y, figure, &chart.figure, style);
    if let (Some(y), Some(limit)) = (label_y, &chart.limit) {
        let style = canvas.tone(Tone::Dim);
        canvas.text_right(right, y, figure, &limit.label, style);
    }
    marks(canvas, plot, chart, lower > 0);
}

/// The rows of the figure and of the limit's label.
fn places(area: Rectangle, chart: &Chart, line_y: Option<u16>) -> (u16, Option<u16>) {
    let Some(line) = line_y else { return (area.y, None) };
    let newest = chart.values.iter().rev().flatten().copied().find(|value| value.is_finite());
    let above = newest.zip(chart.limit.as_ref()).is_some_and(|(value, limit)| limit.is_covered_by(value));
    if above { (area.y, Some(line.max(area.y + 1))) } else { (line + 1, Some(line)) }
}

/// Charts of more rows than this give their marks one.
const MARKED: u16 = 2;

/// Columns of the plot that have a mark, with the bucket there.
fn visible_marks(chart: &Chart, width: u16) -> impl Iterator<Item = (u16, Option<f32>)> {
    let hidden = chart.values.len().saturating_sub(usize::from(width));
    let start = usize::from(width) - (chart.values.len() - hidden);
    let shown = chart.marks.iter().filter(move |mark| (hidden..chart.values.len()).contains(mark));
    shown.map(move |mark| ((start + mark - hidden) as u16, chart.values.get(*mark).copied().flatten()))
}

/// Marks stand below the bars; where there is no row for them, only where nothing was measured.
fn marks(canvas: &mut Canvas<'_>, plot: Rectangle, chart: &Chart, below: bool) {
    let style = canvas.role(canvas.theme.roles.chart_mark);
    let y = if below { plot.y + plot.height } else { plot.y + plot.height.saturating_sub(1) };
    for (column, value) in visible_marks(chart, plot.width) {
        if below || value.is_none() {
            let glyph = canvas.theme.glyphs.mark;
            canvas.glyph(plot.x + column, y, glyph, style);
        }
    }
}

/// Draws bars over several rows, and the limit; returns the limit's row.
fn bars(canvas: &mut Canvas<'_>, plot: Rectangle, chart: &Chart, style: Style) -> Option<u16> {
    let shown = sparkline::newest(&chart.values, plot.width);
    let scale = Scale::of(shown, chart, plot.height);
    let bottom = plot.y + plot.height - 1;
    let line = scale.limit.map(|(_, row)| bottom - row);
    if let Some(y) = line {
        let style = canvas.role(canvas.theme.roles.bar_limit);
        canvas.run(plot.x, y, plot.width, canvas.theme.glyphs.line, style);
    }
    let start = plot.x + plot.width - shown.len() as u16;
    for (x, value) in (start..).zip(shown) {
        match value {
            None => {}
            Some(value) if value.is_finite() => {
                let crossed = scale.limit.is_some_and(|(limit, _)| limit.is_crossed_by(*value));
                let style = if crossed { canvas.solid(Tone::Warn) } else { style };
                bar(canvas, (x, bottom), scale.eighths(*value), line, style);
            }
            Some(_) => {
                let style = canvas.solid(Tone::Bad);
                canvas.glyph(x, bottom, canvas.theme.glyphs.failed, style);
            }
        }
    }
    line
}

fn bar(canvas: &mut Canvas<'_>, (x, bottom): (u16, u16), eighths: u16, line: Option<u16>, style: Style) {
    let glyphs = canvas.theme.glyphs;
    let (full, rest) = (eighths / 8, usize::from(eighths % 8));
    for row in 0..full {
        canvas.glyph(x, bottom - row, glyphs.eighths[7], style);
    }
    if rest > 0 {
        let y = bottom - full;
        // In ASCII one of the heights looks like the line: there the next one stands for it.
        let alike = line == Some(y) && glyphs.eighths[rest - 1] == glyphs.line;
        canvas.glyph(x, y, glyphs.eighths[rest - 1 + usize::from(alike)], style);
    }
}

/// From values to heights.
struct Scale<'a> {
    top: f32,
    rows: u16,
    /// The limit and its row, counted from the lowest; never the lowest itself, where no bar would be seen below it.
    limit: Option<(&'a Limit, u16)>,
}

impl<'a> Scale<'a> {
    fn of(shown: &[Option<f32>], chart: &'a Chart, rows: u16) -> Scale<'a> {
        let limit = chart.limit.as_ref().filter(|limit| limit.at.is_finite());
        let fitted = chart.top.filter(|top| top.is_finite()).unwrap_or_else(|| sparkline::top(shown));
        let top = fitted.max(limit.map_or(0.0, |limit| limit.at));
        let row = |limit: &Limit| {
            let row = if top > 0.0 { (limit.at / top * f32::from(rows)).clamp(0.0, 1000.0) as u16 } else { 0 };
            row.max(1).min(rows - 1)
        };
        Scale { top, rows, limit: limit.map(|limit| (limit, row(limit))) }
    }

    /// Height of a bar in eighths of a row: never nothing, and on its own side of the limit.
    fn eighths(&self, value: f32) -> u16 {
        let whole = f32::from(self.rows * 8);
        let share = if self.top > 0.0 { (value / self.top).clamp(0.0, 1.0) } else { 0.0 };
        let height = ((share * whole).round() as u16).max(1);
        match self.limit {
            Some((limit, row)) if limit.is_covered_by(value) => height.max(row * 8 + 1),
            Some((_, row)) => height.min(row * 8),
            None => height,
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    use super::*;
    use crate::config::resolved::Colours;
    use crate::domain::Safe;
    use crate::ui::theme::Theme;

    fn shown(values: &[Option<f32>], rows: u16, limit: Limit, ascii: bool) -> Vec<String> {
        let theme = Theme::load("monochrome", Colours::None, ascii).unwrap();
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, rows));
        let chart = Chart {
            label: Safe::of("redis"),
            values: values.into(),
            top: Some(1.0),
            figure: Safe::of("71.4%"),
            limit: Some(limit),
            ..Chart::default()
        };
        let area = Rectangle { x: 0, y: 0, width: 20, height: rows };
        draw(&mut Canvas::new(&mut buffer, &theme), area, &chart, 5, 5);
        let row = |y| (0..20).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
        (0..rows).map(row).collect()
    }

    const VALUES: [Option<f32>; 6] = [Some(1.0), Some(0.83), Some(0.79), None, Some(f32::NAN), Some(0.0)];

    #[test]
    fn the_line_is_seen_above_every_bar_that_is_below_it() {
        let limit = || Limit::target(0.8, Safe::of("80.0%"));
        assert_eq!(
            shown(&VALUES, 4, limit(), false),
            ["redis ┄┄█▃┄┄┄┄ 80.0%", "        ███    71.4%", "        ███", "        ███ ×▁"],
        );
        assert_eq!(
            shown(&VALUES, 3, limit(), true),
            ["redis --#=---- 80.0%", "        ###    71.4%", "        ### x_"],
            "a height that looks like the line is not used on it"
        );
    }

    #[test]
    fn a_low_limit_still_has_bars_below_it() {
        let limit = Limit::ceiling(0.05, Safe::of("5%"));
        let rows = shown(&[Some(0.01), Some(0.05), Some(0.5)], 2, limit, false);
        assert_eq!(rows, ["redis ┄┄┄┄┄┄▁▁ 71.4%", "           ▁██    5%"].map(str::to_owned).to_vec());
    }

    #[test]
    fn every_bar_stands_on_its_side_of_the_line() {
        for rows in 2..12 {
            for at in [0.1, 0.33, 0.5, 0.8, 0.99, 1.0, 4.0] {
                let chart =
                    Chart { top: Some(1.0), limit: Some(Limit::target(at, Safe::default())), ..Chart::default() };
                let scale = Scale::of(&[], &chart, rows);
                let (limit, row) = scale.limit.unwrap();
                for value in (0..=200u8).map(|n| f32::from(n) / 100.0) {
                    let height = scale.eighths(value);
                    assert!((1..=rows * 8).contains(&height));
                    assert_eq!(limit.is_covered_by(value), height > row * 8, "{value} at {at} in {rows}");
                }
            }
        }
    }
}
