//! A stacked bar: parts of a whole in turn, what is free, and where a limit lies. Parts differ in character, not only in
//! colour.

use crate::app::table::Tone;
use crate::ui::paint::Canvas;

/// Draws parts (0..1 each) over `width` columns.
pub fn draw(
    canvas: &mut Canvas<'_>,
    (x, y, width): (u16, u16, u16),
    parts: impl IntoIterator<Item = (f64, Tone)>,
    limit: Option<f64>,
) {
    let glyphs = canvas.theme.glyphs;
    let (mut sum, mut drawn) = (0.0, 0u16);
    for (part, (share, tone)) in parts.into_iter().enumerate() {
        sum += if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        // A part that is not nothing is never drawn as nothing.
        let least = drawn + u16::from(share > 0.0);
        let end = columns(sum, width).max(least).min(width);
        let look = canvas.solid(tone);
        canvas.run(x + drawn, y, end - drawn, glyphs.parts[part % glyphs.parts.len()], look);
        drawn = end;
    }
    let free = canvas.role(canvas.theme.roles.bar_free);
    canvas.run(x + drawn, y, width - drawn, glyphs.free, free);
    if let Some(limit) = limit.filter(|l| l.is_finite())
        && width > 0
    {
        let look = canvas.role(canvas.theme.roles.bar_limit);
        canvas.glyph(x + columns(limit, width).min(width - 1), y, glyphs.limit, look);
    }
}

fn columns(share: f64, width: u16) -> u16 {
    (share.clamp(0.0, 1.0) * f64::from(width)).round() as u16
}
