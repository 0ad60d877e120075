//! The brush: the only place that writes characters into the buffer. It takes `Safe` text and our own words, cuts what
//! does not fit and says so, and keeps to ASCII where that was asked for. It never writes outside the buffer.

use std::borrow::Cow;
use std::ops::Range;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::measure::{display_width, fitting, saturated, skipped};
use super::theme::Theme;
use crate::app::document::Span;
use crate::app::geometry::Rectangle;
use crate::app::table::Tone;
use crate::domain::Safe;

/// With fewer columns a name keeps its beginning only.
const SHORTEST_NAME: u16 = 6;

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

    /// The look of a tone for glyphs that are drawn with their shape: a block of background would hide it.
    pub fn solid(&self, tone: Tone) -> Style {
        if self.muted {
            return self.tone(tone).remove_modifier(Modifier::REVERSED | Modifier::UNDERLINED);
        }
        self.theme.solid(tone)
    }

    /// The look of a role of charts, or that of old values.
    pub fn role(&self, fresh: Style) -> Style {
        if self.muted { self.theme.roles.stale } else { fresh }
    }

    /// Text in at most `width` columns; returns the columns used. What was cut ends in an ellipsis.
    pub fn text(&mut self, x: u16, y: u16, width: u16, text: &Safe, style: Style) -> u16 {
        self.put(x, y, width, text.as_str(), style)
    }

    /// A name: where it does not fit its middle is cut, for names differ at both ends.
    pub fn name(&mut self, x: u16, y: u16, width: u16, name: &Safe, style: Style) -> u16 {
        let shown = self.spelled(name.as_str()).into_owned();
        let all = saturated(display_width(&shown));
        let ellipsis = self.theme.glyphs.ellipsis;
        let dots = saturated(ellipsis.chars().count());
        if all <= width || width < dots + SHORTEST_NAME {
            return self.put(x, y, width, &shown, style);
        }
        let room = width - dots;
        let (head, _) = fitting(&shown, room / 2);
        let tail = skipped(&shown, usize::from(all.saturating_sub(room - room / 2)));
        self.put(x, y, width, &format!("{head}{ellipsis}{tail}"), style)
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

    /// A piece of a text, by its bytes. Blanks at its end may stick out: nothing of it is cut for them.
    pub fn part(&mut self, x: u16, y: u16, width: u16, text: &Safe, part: Range<usize>, style: Style) -> u16 {
        let part = text.as_str().get(part).unwrap_or_default();
        let words = part.trim_end_matches(' ');
        let used = self.put(x, y, width, words, style);
        let blanks = saturated(part.len() - words.len()).min(width - used);
        used + blanks
    }

    /// Spans one after the other, each in its tone.
    pub fn line(&mut self, x: u16, y: u16, width: u16, line: &[Span]) -> u16 {
        let mut used = 0;
        for span in line {
            let style = self.tone(span.tone);
            used += self.span(x + used, y, width.saturating_sub(used), &span.text, style);
        }
        used
    }

    /// One span. Blanks at its ends are left bare: an underline or a background belongs to the words.
    pub fn span(&mut self, x: u16, y: u16, width: u16, text: &Safe, style: Style) -> u16 {
        let text = text.as_str();
        let words = text.trim_start_matches(' ');
        let before = saturated(text.len() - words.len()).min(width);
        let words = words.trim_end_matches(' ');
        let after = saturated(text.len()).saturating_sub(before).saturating_sub(saturated(words.len()));
        let used = before + self.put(x + before, y, width - before, words, style);
        used + after.min(width - used)
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
            ink(cell, glyph, style);
        }
    }

    /// One character of ours, `count` times to the right.
    pub fn run(&mut self, x: u16, y: u16, count: u16, glyph: char, style: Style) {
        for cell in self.row(x, y, count) {
            ink(cell, glyph, style);
        }
    }

    /// Changes the style of what already stands there.
    pub fn restyle(&mut self, area: Rectangle, style: Style) {
        if style == Style::new() {
            return;
        }
        for y in area.y..area.y.saturating_add(area.height) {
            for cell in self.row(area.x, y, area.width) {
                cell.set_style(style);
            }
        }
    }

    /// Lays the look of a selected row over it. Words with a colour of their own keep it, those on a background of their own
    /// keep that too; what has the terminal's own colour is given one, for nobody knows how that reads on the row.
    pub fn select(&mut self, area: Rectangle, style: Style) {
        let laid_below = self.theme.keeps_tones_when_selected();
        for cell in self.row(area.x, area.y, area.width) {
            cell.modifier.remove(Modifier::DIM | Modifier::REVERSED);
            if !laid_below {
                cell.set_style(style);
                continue;
            }
            cell.modifier.insert(style.add_modifier);
            if cell.bg == Color::Reset {
                cell.bg = style.bg.unwrap_or(cell.bg);
                if cell.fg == Color::Reset {
                    cell.fg = style.fg.unwrap_or(cell.fg);
                }
            }
        }
    }

    /// Empties an area. A wide character that reaches into it from the left is taken away whole.
    pub fn clear(&mut self, area: Rectangle, style: Style) {
        for y in area.y..area.y.saturating_add(area.height) {
            if let Some(x) = area.x.checked_sub(1)
                && let Some(cell) = self.buffer.cell_mut((x, y))
                && display_width(cell.symbol()) > 1
            {
                cell.set_char(' ');
            }
            for cell in self.row(area.x, y, area.width) {
                cell.reset();
                cell.set_style(style);
            }
        }
    }

    fn row(&mut self, x: u16, y: u16, count: u16) -> &mut [Cell] {
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
                ink(cell, char::from(byte), style);
            }
        } else {
            for cell in self.row(x, y, saturated(display_width(text))) {
                cell.modifier = Modifier::empty();
            }
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
                '×' => out.push('x'),
                c if c.is_ascii() => out.push(c),
                c => out.extend(c.escape_unicode()),
            }
        }
        Cow::Owned(out)
    }
}

/// Writes a character. The ground's colours stay below it; the weight of what stood there does not.
fn ink(cell: &mut Cell, glyph: char, style: Style) {
    cell.modifier = Modifier::empty();
    cell.set_char(glyph).set_style(style);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::resolved::Colours;

    #[test]
    fn names_keep_both_ends() {
        let shown = |name: &str, width: u16, ascii: bool| {
            let theme = Theme::load("monochrome", Colours::None, ascii).unwrap();
            let mut buffer = Buffer::empty(Rect::new(0, 0, 40, 1));
            let mut canvas = Canvas::new(&mut buffer, &theme);
            let used = canvas.name(0, 0, width, &Safe::of(name), Style::new());
            (0..used).map(|x| buffer[(x, 0)].symbol()).collect::<String>()
        };
        assert_eq!(shown("orders-primary", 14, false), "orders-primary");
        assert_eq!(shown("orders-database-primary", 14, false), "orders…primary");
        assert_eq!(shown("orders-database-secondary", 14, false), "orders…condary");
        assert_eq!(shown("orders-database-primary", 14, true), "orders..rimary");
        assert_eq!(shown("orders-database-primary", 6, false), "order…");
        assert_eq!(shown("日本語の名前", 8, false), "日 …名 前 ", "a wide character is never halved");
    }

    #[test]
    fn a_selected_row_has_a_colour_of_its_own_where_the_terminals_would_show() {
        let theme = Theme::load("light", Colours::Full, false).unwrap();
        let mut buffer = Buffer::empty(Rect::new(0, 0, 4, 1));
        let mut canvas = Canvas::new(&mut buffer, &theme);
        canvas.text(0, 0, 1, &Safe::of("a"), theme.roles.plain);
        canvas.text(1, 0, 1, &Safe::of("b"), theme.roles.bad);
        canvas.text(2, 0, 1, &Safe::of("c"), theme.roles.warn);
        canvas.select(Rectangle { x: 0, y: 0, width: 4, height: 1 }, theme.roles.selection);
        let look = |x: u16| (buffer[(x, 0)].fg, buffer[(x, 0)].bg);
        let (ink, ground) = (theme.roles.selection.fg.unwrap(), theme.roles.selection.bg.unwrap());
        assert_eq!(look(0), (ink, ground));
        assert_eq!(look(1), (theme.roles.bad.fg.unwrap(), ground));
        assert_eq!(look(2), (theme.roles.warn.fg.unwrap(), theme.roles.warn.bg.unwrap()));
        assert_eq!(look(3), (ink, ground));
    }
}
