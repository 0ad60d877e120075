//! Two buffers to bytes: only the cells that changed, the shortest cursor moves, the fewest style codes, one
//! synchronized update. Nothing changed gives no byte at all.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";
/// A gap of at most this many unchanged cells is written over when that is shorter than a cursor move.
const WRITE_THROUGH: u16 = 4;

/// Knows where cursor and style of the terminal stand.
pub struct Encoder {
    position: Option<(u16, u16)>,
    style: Option<Style>,
    out: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Style {
    foreground: Color,
    background: Color,
    modifier: Modifier,
}

impl Style {
    const PLAIN: Style = Style { foreground: Color::Reset, background: Color::Reset, modifier: Modifier::empty() };

    fn of(cell: &Cell) -> Style {
        Style { foreground: cell.fg, background: cell.bg, modifier: cell.modifier }
    }
}

impl Default for Encoder {
    fn default() -> Encoder {
        Encoder { position: None, style: None, out: Vec::with_capacity(4096) }
    }
}

impl Encoder {
    /// The bytes that turn `shown` into `wanted`; empty when they are alike. Buffers of unlike size redraw everything.
    pub fn encode(&mut self, shown: &Buffer, wanted: &Buffer) -> Vec<u8> {
        self.out.clear();
        if shown.area == wanted.area {
            self.encode_changes(shown, wanted);
        } else {
            self.forget();
            self.out.extend_from_slice(BEGIN);
            self.out.extend_from_slice(b"\x1b[m\x1b[2J");
            self.style = Some(Style::PLAIN);
            self.encode_changes(&Buffer::empty(wanted.area), wanted);
        }
        if self.out.is_empty() {
            return Vec::new();
        }
        self.out.extend_from_slice(END);
        std::mem::take(&mut self.out)
    }

    /// Somebody else wrote to the terminal: cursor and style are not known any more.
    pub fn forget(&mut self) {
        self.position = None;
        self.style = None;
    }

    /// Row by row: a row that is alike, as most are, costs one comparison.
    fn encode_changes(&mut self, shown: &Buffer, wanted: &Buffer) {
        let width = wanted.area.width;
        let columns = usize::from(width).max(1);
        let rows = shown.content.chunks(columns).zip(wanted.content.chunks(columns));
        for (y, (old, new)) in (0u16..).zip(rows) {
            if old == new {
                continue;
            }
            // A wide character covers its right neighbour: whatever was or is under one is drawn with it.
            let (mut covered, mut uncovered) = (0, 0);
            for (x, (before, now)) in (0u16..).zip(old.iter().zip(new)) {
                if covered > 0 {
                    covered -= 1;
                    uncovered = uncovered.max(columns_of(before)) - 1;
                    continue;
                }
                let wide = columns_of(now);
                if before != now || uncovered > 0 {
                    self.step_to(x, y, width, wanted);
                    self.put(x, y, now, wide);
                }
                covered = wide - 1;
                uncovered = uncovered.max(columns_of(before)) - 1;
            }
        }
    }

    fn step_to(&mut self, x: u16, y: u16, width: u16, wanted: &Buffer) {
        if self.out.is_empty() {
            self.out.extend_from_slice(BEGIN);
        }
        match self.position {
            Some((cx, cy)) if cy == y && cx == x => return,
            Some((cx, cy)) if cy == y && cx < x && x - cx <= WRITE_THROUGH && self.writable(cx, x, y, wanted) => {
                for gap in cx..x {
                    if let Some(cell) = wanted.cell((gap, y)) {
                        self.out.extend_from_slice(cell.symbol().as_bytes());
                    }
                }
            }
            Some((cx, cy)) if cy == y && cx < x && cx < width => self.csi(&[x - cx], 'C'),
            Some((_, cy)) if x == 0 && y == cy + 1 => self.out.extend_from_slice(b"\r\n"),
            _ if x == 0 => self.csi(&[y + 1], 'H'),
            _ => self.csi(&[y + 1, x + 1], 'H'),
        }
        self.position = Some((x, y));
    }

    /// Whether the cells between can be written without a style change, each one column wide.
    fn writable(&self, from: u16, to: u16, y: u16, wanted: &Buffer) -> bool {
        (from..to)
            .all(|x| wanted.cell((x, y)).is_some_and(|c| Some(Style::of(c)) == self.style && c.symbol().len() == 1))
    }

    fn put(&mut self, x: u16, y: u16, cell: &Cell, columns: u16) {
        let style = Style::of(cell);
        if self.style != Some(style) {
            self.change_style(style);
        }
        self.out.extend_from_slice(cell.symbol().as_bytes());
        // Wide characters and the right edge leave the cursor where terminals disagree: forget it.
        self.position = (columns == 1).then_some((x + 1, y));
    }

    fn change_style(&mut self, style: Style) {
        let before = self.style.unwrap_or(Style::PLAIN);
        let mut codes: Vec<String> = Vec::new();
        let removed = before.modifier.difference(style.modifier);
        let from = if self.style.is_none() || !removed.is_empty() {
            codes.push("0".to_owned());
            Style::PLAIN
        } else {
            before
        };
        let added = style.modifier.difference(from.modifier);
        for (flag, code) in [
            (Modifier::BOLD, "1"),
            (Modifier::DIM, "2"),
            (Modifier::ITALIC, "3"),
            (Modifier::UNDERLINED, "4"),
            (Modifier::REVERSED, "7"),
            (Modifier::CROSSED_OUT, "9"),
        ] {
            if added.contains(flag) {
                codes.push(code.to_owned());
            }
        }
        if style.foreground != from.foreground {
            codes.push(colour(style.foreground, 30));
        }
        if style.background != from.background {
            codes.push(colour(style.background, 40));
        }
        if codes == ["0"] {
            self.out.extend_from_slice(b"\x1b[m");
        } else if !codes.is_empty() {
            self.out.extend_from_slice(format!("\x1b[{}m", codes.join(";")).as_bytes());
        }
        self.style = Some(style);
    }

    fn csi(&mut self, numbers: &[u16], last: char) {
        let shown: Vec<String> = numbers.iter().map(|n| if *n == 1 { String::new() } else { n.to_string() }).collect();
        self.out.extend_from_slice(format!("\x1b[{}{last}", shown.join(";")).as_bytes());
    }
}

/// Columns that a cell's character takes, at least one.
fn columns_of(cell: &Cell) -> u16 {
    let symbol = cell.symbol();
    if symbol.len() == 1 {
        return 1;
    }
    u16::try_from(unicode_width::UnicodeWidthStr::width(symbol)).unwrap_or(1).max(1)
}

/// `base` is 30 for the foreground, 40 for the background.
fn colour(colour: Color, base: u8) -> String {
    let plain = |n: u8| (base + n).to_string();
    let bright = |n: u8| (base + 60 + n).to_string();
    match colour {
        Color::Reset => (base + 9).to_string(),
        Color::Black => plain(0),
        Color::Red => plain(1),
        Color::Green => plain(2),
        Color::Yellow => plain(3),
        Color::Blue => plain(4),
        Color::Magenta => plain(5),
        Color::Cyan => plain(6),
        Color::Gray => plain(7),
        Color::DarkGray => bright(0),
        Color::LightRed => bright(1),
        Color::LightGreen => bright(2),
        Color::LightYellow => bright(3),
        Color::LightBlue => bright(4),
        Color::LightMagenta => bright(5),
        Color::LightCyan => bright(6),
        Color::White => bright(7),
        Color::Indexed(n) => format!("{};5;{n}", base + 8),
        Color::Rgb(r, g, b) => format!("{};2;{r};{g};{b}", base + 8),
    }
}

#[cfg(test)]
mod tests {
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

    proptest::proptest! {
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
}
