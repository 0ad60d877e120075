//! Two buffers to bytes: only the cells that changed, the shortest cursor moves, the fewest style codes, one
//! synchronized update. Nothing changed gives no byte at all.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";
/// A gap of at most this many unchanged cells is written over when that is shorter than a cursor move.
const WRITE_THROUGH: u16 = 4;

/// A run of at least this many blanks is erased (`CSI n X`) instead of written.
const ERASE_FROM: u16 = 10;
/// Modifiers that are seen where no character is.
const SEEN_ON_BLANKS: Modifier = Modifier::UNDERLINED.union(Modifier::REVERSED).union(Modifier::CROSSED_OUT);

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

    /// The style that draws a cell, after this one: a blank shows neither its foreground nor how bold it is, so it
    /// takes over what is set.
    fn for_cell(self, cell: &Cell) -> Style {
        if cell.symbol() == " " {
            let seen = cell.modifier.intersection(SEEN_ON_BLANKS);
            // A blank that is reversed or underlined shows its foreground after all.
            let foreground = if seen.is_empty() { self.foreground } else { cell.fg };
            Style { foreground, background: cell.bg, modifier: self.modifier.difference(SEEN_ON_BLANKS).union(seen) }
        } else {
            Style { foreground: cell.fg, background: cell.bg, modifier: cell.modifier }
        }
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
            self.encode_row(y, old, new, wanted);
        }
    }

    fn encode_row(&mut self, y: u16, old: &[Cell], new: &[Cell], wanted: &Buffer) {
        // A wide character covers its right neighbour: whatever was or is under one is drawn with it.
        let (mut covered, mut uncovered) = (0, 0);
        let mut erased = 0;
        for (x, (before, now)) in (0u16..).zip(old.iter().zip(new)) {
            let under = uncovered > 0;
            uncovered = uncovered.max(columns_of(before)) - 1;
            if covered > 0 || erased > 0 {
                (covered, erased) = (u16::saturating_sub(covered, 1), u16::saturating_sub(erased, 1));
                continue;
            }
            let wide = columns_of(now);
            if under || !looks_alike(before, now) {
                self.step_to(x, y, wanted);
                let blanks = blanks(old, new, x);
                if blanks >= ERASE_FROM {
                    self.erase(blanks);
                    erased = blanks - 1;
                } else {
                    self.put(x, y, now, wide);
                }
            }
            covered = wide - 1;
        }
    }

    /// Makes cells blank from the cursor on, which stays where it is.
    fn erase(&mut self, cells: u16) {
        let style = self.style.unwrap_or(Style::PLAIN);
        let bare = Style { background: Color::Reset, modifier: style.modifier.difference(SEEN_ON_BLANKS), ..style };
        self.change_style(bare);
        self.csi(&[cells], 'X');
    }

    fn step_to(&mut self, x: u16, y: u16, wanted: &Buffer) {
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
            Some((cx, cy)) if cy == y && cx < x && cx < wanted.area.width => self.csi(&[x - cx], 'C'),
            Some((_, cy)) if x == 0 && y == cy + 1 => self.out.extend_from_slice(b"\r\n"),
            _ if x == 0 => self.csi(&[y + 1], 'H'),
            _ => self.csi(&[y + 1, x + 1], 'H'),
        }
        self.position = Some((x, y));
    }

    /// Whether the cells between can be written without a style change, each one column wide.
    fn writable(&self, from: u16, to: u16, y: u16, wanted: &Buffer) -> bool {
        let fits = |cell: &Cell| self.style.is_some_and(|now| now == now.for_cell(cell)) && cell.symbol().len() == 1;
        (from..to).all(|x| wanted.cell((x, y)).is_some_and(fits))
    }

    fn put(&mut self, x: u16, y: u16, cell: &Cell, columns: u16) {
        self.change_style(self.style.unwrap_or(Style::PLAIN).for_cell(cell));
        self.out.extend_from_slice(cell.symbol().as_bytes());
        // Wide characters and the right edge leave the cursor where terminals disagree: forget it.
        self.position = (columns == 1).then_some((x + 1, y));
    }

    fn change_style(&mut self, style: Style) {
        if self.style == Some(style) {
            return;
        }
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

/// Whether two cells give the same picture.
fn looks_alike(before: &Cell, now: &Cell) -> bool {
    before == now || is_bare(before) && is_bare(now)
}

/// A blank without a colour behind it: whatever its foreground, nothing is seen. Only these are erased, since not every
/// terminal erases with the background that is set.
fn is_bare(cell: &Cell) -> bool {
    cell.symbol() == " " && cell.bg == Color::Reset && !cell.modifier.intersects(SEEN_ON_BLANKS)
}

/// How many cells from `x` on become or stay blank, up to the last one that becomes so.
fn blanks(old: &[Cell], new: &[Cell], x: u16) -> u16 {
    let cells = old.iter().zip(new).skip(usize::from(x)).take_while(|(_, now)| is_bare(now));
    let changed = (1u16..).zip(cells).filter(|(_, (before, now))| !looks_alike(before, now));
    changed.last().map_or(0, |(count, _)| count)
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
mod tests;
