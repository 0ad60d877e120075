//! Lines to rows: breaks after a space where there is one, inside a word where there is none, and sets what follows under
//! the beginning of the text.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::app::document::Span;
use crate::app::table::Tone;
use crate::domain::Safe;
use crate::ui::measure::display_width;
use crate::ui::paint::Canvas;

/// A hanging indent takes at most this part of the width.
const DEEPEST_INDENT: u16 = 3;

/// One row of a wrapped line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Columns left free before it.
    pub indent: u16,
    /// Pieces: which span, and which bytes of it.
    pub pieces: Vec<(usize, Range<usize>)>,
}

/// Wraps one text without tones.
pub fn text(canvas: &Canvas<'_>, text: &Safe, width: u16) -> Vec<Range<usize>> {
    let line = [Span { text: text.clone(), tone: Tone::Plain }];
    let rows = rows(canvas, &line, width, false);
    rows.into_iter().map(|row| row.pieces.into_iter().next().map_or(0..0, |(_, range)| range)).collect()
}

/// Wraps a line of spans.
pub fn line(canvas: &Canvas<'_>, line: &[Span], width: u16) -> Vec<Row> {
    rows(canvas, line, width, true)
}

fn whole(line: &[Span]) -> Row {
    let pieces = line.iter().enumerate().map(|(index, span)| (index, 0..span.text.as_str().len())).collect();
    Row { indent: 0, pieces }
}

fn rows(canvas: &Canvas<'_>, line: &[Span], width: u16, hanging: bool) -> Vec<Row> {
    if width == 0 || canvas.line_columns(line) <= width {
        return vec![whole(line)];
    }
    let indent = if hanging { hanging_indent(canvas, line).min(width / DEEPEST_INDENT) } else { 0 };
    let mut wrapping =
        Wrapping { indent, width, rows: Vec::new(), row: Row { indent: 0, pieces: Vec::new() }, used: 0, space: None };
    for (index, span) in line.iter().enumerate() {
        for (at, grapheme) in span.text.as_str().grapheme_indices(true) {
            let columns = display_width(&canvas.spelled(grapheme)) as u16;
            wrapping.take(index, at..at + grapheme.len(), columns, grapheme == " ");
        }
    }
    wrapping.finish()
}

/// Where what follows stands: under the value of a `name  value` line, else under the first letter.
fn hanging_indent(canvas: &Canvas<'_>, line: &[Span]) -> u16 {
    match line {
        [name, _, ..] if name.text.as_str().ends_with(' ') => canvas.columns(&name.text),
        [first, ..] => first.text.as_str().bytes().take_while(|b| *b == b' ').count() as u16,
        [] => 0,
    }
}

struct Wrapping {
    indent: u16,
    width: u16,
    rows: Vec<Row>,
    row: Row,
    used: u16,
    /// After the last space of the row: how many pieces, where the last of them ends, columns up to there.
    space: Option<(usize, usize, u16)>,
}

impl Wrapping {
    fn take(&mut self, span: usize, bytes: Range<usize>, columns: u16, space: bool) {
        while self.used.saturating_add(columns) > self.width && !space && !self.row.pieces.is_empty() {
            self.wrap();
        }
        let end = bytes.end;
        match self.row.pieces.last_mut() {
            Some((last, range)) if *last == span && range.end == bytes.start => range.end = end,
            _ => self.row.pieces.push((span, bytes)),
        }
        self.used = self.used.saturating_add(columns);
        if space {
            self.space = Some((self.row.pieces.len(), end, self.used));
        }
    }

    /// Ends the row after its last space, or where it stands when nothing would be won by that.
    fn wrap(&mut self) {
        let mut next = Row { indent: self.indent, pieces: Vec::new() };
        let mut used = self.indent;
        if let Some((count, end, columns)) = self.space.take().filter(|(_, _, columns)| *columns > self.indent) {
            next.pieces = self.row.pieces.split_off(count);
            if let Some((span, range)) = self.row.pieces.last_mut()
                && range.end > end
            {
                next.pieces.insert(0, (*span, end..range.end));
                range.end = end;
            }
            used += self.used.saturating_sub(columns);
        }
        self.rows.push(std::mem::replace(&mut self.row, next));
        self.used = used;
    }

    fn finish(mut self) -> Vec<Row> {
        if !self.row.pieces.is_empty() || self.rows.is_empty() {
            self.rows.push(self.row);
        }
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    use super::*;
    use crate::config::resolved::Colours;
    use crate::ui::theme::Theme;

    fn wrapped(spans: &[&str], width: u16) -> Vec<String> {
        let theme = Theme::load("dark", Colours::Sixteen, false).unwrap();
        let mut buffer = Buffer::empty(Rect::new(0, 0, 1, 1));
        let canvas = Canvas::new(&mut buffer, &theme);
        let spans: Vec<Span> = spans.iter().map(|s| Span { text: Safe::of(s), tone: Tone::Plain }).collect();
        let said = |row: Row| {
            let text: String = row.pieces.into_iter().map(|(i, r)| &spans[i].text.as_str()[r]).collect();
            format!("{}{text}", " ".repeat(usize::from(row.indent)))
        };
        line(&canvas, &spans, width).into_iter().map(said).collect()
    }

    #[test]
    fn breaks_after_spaces_and_inside_long_words() {
        assert_eq!(wrapped(&["one two three"], 8), ["one two ", "three"]);
        assert_eq!(wrapped(&["abcdefghij"], 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrapped(&["日本語です"], 4), ["日本", "語で", "す"]);
        assert_eq!(wrapped(&[], 4), [""]);
    }

    #[test]
    fn what_follows_hangs_under_the_value() {
        assert_eq!(wrapped(&["url  ", "http://a b c d e f g"], 15), ["url  http://a b ", "     c d e f g"]);
        assert_eq!(wrapped(&["  - a b c d e"], 9), ["  - a b c ", "  d e"]);
    }

    #[test]
    fn nothing_is_lost_and_nothing_sticks_out() {
        let text = "SELECT a, b FROM t WHERE x = 'é日本' AND looooooooooooooooooooong";
        for width in 2..70 {
            let rows = wrapped(&[text], width);
            assert_eq!(rows.concat(), text, "{width}");
            let rows = wrapped(&["name      ", text], width);
            let said: String = rows.iter().map(|row| row.trim()).collect();
            assert_eq!(said.replace(' ', ""), format!("name{text}").replace(' ', ""), "{width}");
            let widest = rows.iter().map(|row| display_width(row.trim_end())).max();
            assert!(widest <= Some(usize::from(width)), "{width}: {rows:#?}");
        }
        assert_eq!(wrapped(&["url  ", "http://abcdefghijkl"], 15), ["url  http://abc", "     defghijkl"]);
    }
}
