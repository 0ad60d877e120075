//! A sparkline: one bucket a column, newest at the right end. A gap stays a gap, a failed attempt is a cross.

use ratatui::style::Style;

use crate::app::limit::Limit;
use crate::app::table::Tone;
use crate::ui::paint::Canvas;

/// Draws the newest values that fit into `width` columns; those on the bad side of the limit stand out.
pub fn draw(
    canvas: &mut Canvas<'_>,
    (x, y, width): (u16, u16, u16),
    values: &[Option<f32>],
    top: Option<f32>,
    limit: Option<&Limit>,
    style: Style,
) {
    let shown = newest(values, width);
    let top = top.unwrap_or_else(|| self::top(shown));
    let start = x + width - shown.len() as u16;
    for (column, value) in (start..).zip(shown) {
        match value {
            None => {}
            Some(value) if value.is_finite() => {
                let glyph = canvas.theme.glyphs.eighths[eighth(*value, top)];
                let crossed = limit.is_some_and(|limit| limit.is_crossed_by(*value));
                let style = if crossed { canvas.solid(Tone::Warn) } else { style };
                canvas.glyph(column, y, glyph, style);
            }
            Some(_) => {
                let style = canvas.solid(Tone::Bad);
                canvas.glyph(column, y, canvas.theme.glyphs.failed, style);
            }
        }
    }
}

/// The last values that fit.
pub fn newest<T>(values: &[T], width: u16) -> &[T] {
    values.get(values.len().saturating_sub(usize::from(width))..).unwrap_or_default()
}

/// The top of a scale that fits the values: the largest, but never so low that the smallest stands above the middle. What
/// does not move must not look as if it had reached its limit.
pub fn top(values: &[Option<f32>]) -> f32 {
    let finite = || values.iter().flatten().copied().filter(|v| v.is_finite());
    let lowest = finite().fold(f32::INFINITY, f32::min);
    let highest = finite().fold(0.0, f32::max);
    if lowest.is_finite() { highest.max((lowest * 2.0).min(f32::MAX)) } else { highest }
}

/// Which of the eight heights: the lowest for zero, the highest for the top and above.
fn eighth(value: f32, top: f32) -> usize {
    if top <= 0.0 {
        return 0;
    }
    ((value / top).clamp(0.0, 1.0) * 7.0).round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_of_values() {
        assert_eq!([0.0, 0.5, 1.0, 9.0, -3.0].map(|v| eighth(v, 1.0)), [0, 4, 7, 7, 0]);
        assert_eq!(eighth(5.0, 0.0), 0);
        assert_eq!(top(&[Some(7.0), Some(7.0), None]), 14.0, "a constant is in the middle");
        assert_eq!(top(&[Some(7.0), Some(30.0), Some(f32::NAN)]), 30.0);
        assert_eq!([top(&[]), top(&[Some(0.0)]), top(&[Some(-3.0)])], [0.0; 3]);
        assert_eq!(newest(&[1, 2, 3], 2), [2, 3]);
        assert_eq!(newest(&[1, 2, 3], 0), [0; 0]);
    }
}
