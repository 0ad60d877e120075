//! The bytes of a change, judged by a terminal emulator.

use super::*;
use ratatui::layout::Rect;
use ratatui::style::Style as RatatuiStyle;

fn screen(lines: &[&str]) -> Buffer {
    Buffer::with_lines(lines.iter().map(|l| (*l).to_owned()))
}

/// What a terminal shows after the bytes.
fn replay(parser: &mut vt100::Parser, bytes: &[u8]) -> Vec<String> {
    parser.process(bytes);
    let columns = parser.screen().size().1;
    parser.screen().rows(0, columns).map(|row| format!("{row:<width$}", width = columns as usize)).collect()
}

#[test]
fn nothing_changed_writes_nothing() {
    let one = screen(&["hello", "world"]);
    let mut encoder = Encoder::default();
    encoder.encode(&Buffer::empty(Rect::new(0, 0, 1, 1)), &one);
    assert!(encoder.encode(&one, &one.clone()).is_empty());
}

#[test]
fn a_changed_figure_costs_a_move_and_its_digits() {
    let one = screen(&["api    12.4ms ok"]);
    let two = screen(&["api    13.5ms ok"]);
    let mut encoder = Encoder::default();
    let mut parser = vt100::Parser::new(1, 16, 0);
    replay(&mut parser, &encoder.encode(&Buffer::empty(Rect::new(0, 0, 1, 1)), &one));
    let bytes = encoder.encode(&one, &two);
    assert_eq!(replay(&mut parser, &bytes), ["api    13.5ms ok"]);
    assert!(bytes.len() <= BEGIN.len() + END.len() + 6 + 3, "{:?}", String::from_utf8_lossy(&bytes));
}

#[test]
fn a_long_text_that_goes_is_erased_and_not_written_over() {
    let (one, two) = (screen(&[&"x".repeat(80)]), screen(&[&format!("ab{}|", " ".repeat(77))]));
    let mut encoder = Encoder::default();
    let mut parser = vt100::Parser::new(1, 80, 0);
    replay(&mut parser, &encoder.encode(&Buffer::empty(Rect::new(0, 0, 1, 1)), &one));
    let bytes = encoder.encode(&one, &two);
    assert_eq!(replay(&mut parser, &bytes), [format!("ab{}|", " ".repeat(77))]);
    assert!(bytes.len() < BEGIN.len() + END.len() + 20, "{:?}", String::from_utf8_lossy(&bytes));
}

#[test]
fn a_blank_needs_no_colour_of_its_own() {
    let mut one = screen(&["red  red"]);
    one.set_style(Rect::new(0, 0, 3, 1), RatatuiStyle::new().fg(Color::Red));
    one.set_style(Rect::new(5, 0, 3, 1), RatatuiStyle::new().fg(Color::Red));
    let bytes = Encoder::default().encode(&Buffer::empty(Rect::new(0, 0, 1, 1)), &one);
    assert_eq!(String::from_utf8_lossy(&bytes).matches("\x1b[").count(), 6, "begin, clear twice, home, red, end");
}

#[test]
fn styles_are_told_once() {
    let mut one = screen(&["aaaa", "bbbb"]);
    one.set_style(Rect::new(0, 0, 4, 1), RatatuiStyle::new().fg(Color::Red));
    let bytes = Encoder::default().encode(&Buffer::empty(Rect::new(0, 0, 1, 1)), &one);
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.matches("\x1b[31m").count(), 1, "{text:?}");
}

#[test]
fn wide_characters_come_and_go() {
    let texts = ["a漢字b  ", "漢字ab  ", "abcdef  ", "ab漢f   ", "x漢漢漢  "];
    for first in texts {
        for second in texts {
            let make = |text: &str| {
                let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 1));
                buffer.set_string(0, 0, text, RatatuiStyle::new());
                buffer
            };
            let mut encoder = Encoder::default();
            let mut parser = vt100::Parser::new(1, 8, 0);
            parser.process(&encoder.encode(&Buffer::empty(Rect::new(0, 0, 1, 1)), &make(first)));
            parser.process(&encoder.encode(&make(first), &make(second)));
            assert_eq!(parser.screen().contents().trim_end(), second.trim_end(), "{first:?} to {second:?}");
        }
    }
}

/// Cells of every kind: blanks with and without a background, words in colours, wide characters.
fn any_screen() -> impl proptest::strategy::Strategy<Value = Vec<(u8, u8, u8, u8)>> {
    proptest::collection::vec((0u8..12, 0u8..3, 0u8..3, 0u8..5), 60)
}

fn painted(cells: &[(u8, u8, u8, u8)]) -> Buffer {
    const COLOURS: [Color; 3] = [Color::Reset, Color::Red, Color::Rgb(1, 2, 3)];
    const MODIFIERS: [Modifier; 5] =
        [Modifier::empty(), Modifier::BOLD, Modifier::UNDERLINED, Modifier::REVERSED, Modifier::DIM];
    let mut buffer = Buffer::empty(Rect::new(0, 0, 30, 2));
    let mut x = 0;
    for (kind, fg, bg, modifier) in cells {
        let symbol = ["a", "b", "漢"].get(usize::from(*kind)).copied().unwrap_or(" ");
        let width = if symbol == "漢" { 2 } else { 1 };
        if x % 30 + width > 30 || x >= 60 {
            x += 1;
            continue;
        }
        let style = RatatuiStyle::new()
            .fg(COLOURS[usize::from(*fg)])
            .bg(COLOURS[usize::from(*bg)])
            .add_modifier(MODIFIERS[usize::from(*modifier)]);
        buffer.set_string(x % 30, x / 30, symbol, style);
        x += width;
    }
    buffer
}

/// What is seen of a cell: of a blank the colour behind it and the lines, of a character everything.
fn seen(text: &str, colours: (vt100::Color, vt100::Color), lines: (bool, bool), weight: (bool, bool)) -> String {
    match (text, lines) {
        (" " | "", (false, false)) => format!("blank {:?}", colours.1),
        (" " | "", _) => format!("blank {colours:?} {lines:?}"),
        _ => format!("{text} {colours:?} {lines:?} {weight:?}"),
    }
}

fn on_screen(parser: &vt100::Parser) -> Vec<String> {
    let cells = (0..2).flat_map(|y| (0..30).map(move |x| parser.screen().cell(y, x).unwrap()));
    let drawn = cells.filter(|cell| !cell.is_wide_continuation()).map(|cell| {
        let (lines, weight) = ((cell.underline(), cell.inverse()), (cell.bold(), cell.dim()));
        seen(cell.contents(), (cell.fgcolor(), cell.bgcolor()), lines, weight)
    });
    drawn.collect()
}

fn wanted(buffer: &Buffer) -> Vec<String> {
    let colour = |colour: Color| match colour {
        Color::Red => vt100::Color::Idx(1),
        Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
        _ => vt100::Color::Default,
    };
    let mut cells = Vec::new();
    let mut covered = 0;
    for cell in &buffer.content {
        if covered > 0 {
            covered -= 1;
            continue;
        }
        covered = columns_of(cell) - 1;
        let has = |flag| cell.modifier.contains(flag);
        let lines = (has(Modifier::UNDERLINED), has(Modifier::REVERSED));
        let weight = (has(Modifier::BOLD), has(Modifier::DIM));
        cells.push(seen(cell.symbol(), (colour(cell.fg), colour(cell.bg)), lines, weight));
    }
    cells
}

proptest::proptest! {
    #[test]
    fn after_any_change_the_terminal_shows_what_is_wanted(first in any_screen(), second in any_screen()) {
        let (first, second) = (painted(&first), painted(&second));
        let (mut encoder, mut parser) = (Encoder::default(), vt100::Parser::new(2, 30, 0));
        parser.process(&encoder.encode(&Buffer::empty(Rect::new(0, 0, 1, 1)), &first));
        proptest::prop_assert_eq!(on_screen(&parser), wanted(&first));
        parser.process(&encoder.encode(&first, &second));
        proptest::prop_assert_eq!(on_screen(&parser), wanted(&second));
    }

    #[test]
    fn any_two_screens_end_up_right(a in "[ -~]{24}", b in "[ -~]{24}", bold in 0u16..8) {
        let make = |text: &str| {
            let mut buffer = screen(&[&text[..8], &text[8..16], &text[16..]]);
            buffer.set_style(Rect::new(bold, 0, 1, 3), RatatuiStyle::new().fg(Color::Indexed(9)));
            buffer
        };
        let (first, second) = (make(&a), make(&b));
        let mut encoder = Encoder::default();
        let mut parser = vt100::Parser::new(3, 8, 0);
        replay(&mut parser, &encoder.encode(&Buffer::empty(Rect::new(0, 0, 1, 1)), &first));
        let shown = replay(&mut parser, &encoder.encode(&first, &second));
        proptest::prop_assert_eq!(shown, [&b[..8], &b[8..16], &b[16..]]);
    }
}
