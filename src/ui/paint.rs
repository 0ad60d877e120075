//! The brush: the only place that writes characters into the buffer. It takes `Safe` text and our own words, cuts what
//! does not fit and says so, and keeps to ASCII where that was asked for. It never writes outside the buffer.

use std::borrow::Cow;
use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::theme::Theme;
use crate::app::document::Span;
use crate::app::geometry::Rectangle;
use crate::app::table::Tone;
use crate::domain::Safe;

/// A buffer and the theme it is painted in.
pub struct Canvas<'a> {
    buffer: &'a mut Buffer,
    /// Styles and characters.
    pub theme: &'a Theme,
    /// Everything is drawn as old values: what it meant then is not what it means now.
    pub muted: bool,
}

impl<'a> Canvas<'a> {
    /// A canvas over the whole buffer.
    pub fn new(buffer: &'a mut Buffer, theme: &'a Theme) -> Canvas<'a> {
        Canvas { buffer, theme, muted: false }
    }

    /// The whole screen.
    pub fn area(&self) -> Rectangle {
        let Rect { x, y, width, height } = self.buffer.area;
        Rectangle { x, y, width, height }
    }

    /// The look of a tone.
    pub fn tone(&self, tone: Tone) -> Style {
        if self.muted { self.theme.roles.stale } else { self.theme.tone(tone) }
    }

    /// Text in at most `width` columns; returns the columns used. What was cut ends in an ellipsis.
    pub fn text(&mut self, x: u16, y: u16, width: u16, text: &Safe, style: Style) -> u16 {
        self.put(x, y, width, text.as_str(), style)
    }

    /// Our own words.
    pub fn words(&mut self, x: u16, y: u16, width: u16, words: &'static str, style: Style) -> u16 {
        self.put(x, y, width, words, style)
    }

    /// Text that ends at the right end of `width`.
    pub fn text_right(&mut self, x: u16, y: u16, width: u16, text: &Safe, style: Style) {
        let used = self.columns(text).min(width);
        self.put(x + (width - used), y, used, text.as_str(), style);
    }

    /// Text without its first `skip` columns.
    pub fn text_from(&mut self, x: u16, y: u16, width: u16, text: &Safe, skip: usize, style: Style) -> u16 {
        let shown = self.spelled(text.as_str());
        let rest = skipped(&shown, skip).to_owned();
        self.put(x, y, width, &rest, style)
    }

    /// A piece of a text, by its bytes.
    pub fn part(&mut self, x: u16, y: u16, width: u16, text: &Safe, part: Range<usize>, style: Style) -> u16 {
        self.put(x, y, width, text.as_str().get(part).unwrap_or_default(), style)
    }

    /// Spans one after the other, each in its tone.
    pub fn line(&mut self, x: u16, y: u16, width: u16, line: &[Span]) -> u16 {
        let mut used = 0;
        for span in line {
            let left = width.saturating_sub(used);
            if left == 0 {
                break;
            }
            used += self.put(x + used, y, left, span.text.as_str(), self.tone(span.tone));
        }
        used
    }

    /// Columns that a text takes.
    pub fn columns(&self, text: &Safe) -> u16 {
        saturated(display_width(&self.spelled(text.as_str())))
    }

    /// Columns that a line takes.
    pub fn line_columns(&self, line: &[Span]) -> u16 {
        line.iter().fold(0u16, |sum, span| sum.saturating_add(self.columns(&span.text)))
    }

    /// One character of ours.
    pub fn glyph(&mut self, x: u16, y: u16, glyph: char, style: Style) {
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.set_char(glyph).set_style(style);
        }
    }

    /// One character of ours, `count` times to the right.
    pub fn run(&mut self, x: u16, y: u16, count: u16, glyph: char, style: Style) {
        for cell in self.row(x, y, count) {
            cell.set_char(glyph).set_style(style);
        }
    }

    /// Changes the style of what already stands there.
    pub fn restyle(&mut self, area: Rectangle, style: Style) {
        for y in area.y..area.y.saturating_add(area.height) {
            for cell in self.row(area.x, y, area.width) {
                cell.set_style(style);
            }
        }
    }

    /// Empties an area. A wide character that reaches into it from the left is taken away whole.
    pub fn clear(&mut self, area: Rectangle, style: Style) {
        for y in area.y..area.y.saturating_add(area.height) {
            if let Some(x) = area.x.checked_sub(1)
                && let Some(cell) = self.buffer.cell_mut((x, y))
                && cell.symbol().width() > 1
            {
                cell.set_char(' ');
            }
            for cell in self.row(area.x, y, area.width) {
                cell.reset();
                cell.set_style(style);
            }
        }
    }

    fn row(&mut self, x: u16, y: u16, count: u16) -> &mut [ratatui::buffer::Cell] {
        let area = self.buffer.area;
        if y < area.y || y >= area.bottom() || x < area.x || x >= area.right() {
            return &mut [];
        }
        let count = usize::from(count.min(area.right() - x));
        let start = usize::from(y - area.y) * usize::from(area.width) + usize::from(x - area.x);
        self.buffer.content.get_mut(start..start + count).unwrap_or_default()
    }

    fn put(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) -> u16 {
        let area = self.buffer.area;
        if y >= area.bottom() || x >= area.right() {
            return 0;
        }
        let width = width.min(area.right() - x);
        let text = self.spelled(text);
        let (shown, used) = fitting(&text, width);
        if shown.len() == text.len() {
            self.write(x, y, shown, style);
            return used;
        }
        let ellipsis = self.theme.glyphs.ellipsis;
        let room = width.saturating_sub(saturated(ellipsis.chars().count()));
        let (shown, used) = fitting(&text, room);
        self.write(x, y, shown, style);
        let mut end = x + used;
        for dot in ellipsis.chars().take(usize::from(width - used)) {
            self.glyph(end, y, dot, style);
            end += 1;
        }
        end - x
    }

    /// Text that is known to fit. Printable ASCII needs no look at grapheme clusters.
    fn write(&mut self, x: u16, y: u16, text: &str, style: Style) {
        if text.is_ascii() {
            let cells = self.row(x, y, saturated(text.len()));
            for (cell, byte) in cells.iter_mut().zip(text.bytes().filter(|b| (0x20..0x7f).contains(b))) {
                cell.set_char(char::from(byte)).set_style(style);
            }
        } else {
            self.buffer.set_stringn(x, y, text, usize::from(u16::MAX), style);
        }
    }

    /// The text as this terminal can show it: in ASCII mode other characters are spelled out, our own ellipsis as dots.
    pub fn spelled<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !self.theme.ascii || text.is_ascii() {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len() * 2);
        for character in text.chars() {
            match character {
                '…' => out.push_str(".."),
                c if c.is_ascii() => out.push(c),
                c => out.extend(c.escape_unicode()),
            }
        }
        Cow::Owned(out)
    }
}

/// The longest beginning of `text` in at most `width` columns, and its columns.
pub fn fitting(text: &str, width: u16) -> (&str, u16) {
    let width = usize::from(width);
    if text.is_ascii() {
        let end = text.len().min(width);
        return (text.get(..end).unwrap_or_default(), saturated(end));
    }
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        let columns = grapheme_width(grapheme);
        if used + columns > width {
            return (text.get(..at).unwrap_or_default(), saturated(used));
        }
        used += columns;
    }
    (text, saturated(used))
}

/// Columns of a text, counted as the buffer counts them: grapheme by grapheme.
pub fn display_width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.graphemes(true).map(grapheme_width).sum() }
}

fn grapheme_width(grapheme: &str) -> usize {
    usize::from(ratatui::buffer::CellWidth::cell_width(grapheme))
}

fn skipped(text: &str, columns: usize) -> &str {
    if text.is_ascii() {
        return text.get(columns..).unwrap_or_default();
    }
    let mut passed = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        if passed >= columns {
            return text.get(at..).unwrap_or_default();
        }
        passed += grapheme_width(grapheme);
    }
    ""
}

fn saturated(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}
