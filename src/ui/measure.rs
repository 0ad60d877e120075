//! Columns of text: how wide it is, what of it fits, what is left of it. Counted as the buffer counts, grapheme by grapheme.

use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

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
    usize::from(grapheme.cell_width())
}

/// What is left of a text without its first columns.
pub fn skipped(text: &str, columns: usize) -> &str {
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

/// A count as columns; more than any screen has stays at the most there can be.
pub fn saturated(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_are_never_halved() {
        assert_eq!(fitting("日本語", 5), ("日本", 4));
        assert_eq!(fitting("abc", 2), ("ab", 2));
        assert_eq!(fitting("e\u{301}a", 1), ("e\u{301}", 1));
        assert_eq!(skipped("日本語", 3), "語");
        assert_eq!(skipped("abc", 9), "");
        assert_eq!(display_width("größe"), 5);
    }
}
