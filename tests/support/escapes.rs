//! The oracle of outside text: which bytes the program may write to a terminal, and which characters to a pipe. Written
//! down here a second time, on purpose: it shares nothing with the gate that it judges.
#![allow(dead_code, reason = "each test file uses its part")]

const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[m\x1b[2J";
const ENTER_AGAIN: &str = "\x1b[?47h\x1b[?25l\x1b[?2004h\x1b[m\x1b[2J";
const LEAVE: &str = "\x1b[?2026l\x1b[m\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[?25h\x1b[?1049l";
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";
const BEGIN: &str = "\x1b[?2026h";
const CLEAR: &str = "\x1b[m\x1b[2J";
const END: &str = "\x1b[?2026l";

/// What is wrong with everything that was written to a terminal of this size: empty when all of it is ours.
/// `copies` is how often a person asked to copy.
pub fn leaks(bytes: &[u8], columns: u16, rows: u16, copies: usize) -> Vec<String> {
    let mut reader = Reader { rest: "", wrong: Vec::new(), size: (columns, rows), copies };
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            reader.rest = text;
            reader.whole();
        }
        Err(at) => reader.wrong.push(format!("no UTF-8 at {at}: {:?}", near(&bytes[at.valid_up_to()..]))),
    }
    reader.wrong
}

/// What is wrong with text that was written to a pipe: it may hold line ends and nothing else that does something.
pub fn leaks_of_text(bytes: &[u8]) -> Vec<String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.chars().filter(|c| *c != '\n' && is_hidden(*c)).map(|c| format!("{c:?} in text")).collect(),
        Err(at) => vec![format!("no UTF-8 at {at}")],
    }
}

/// Characters that do something to a terminal, or hide or reorder what stands around them.
pub fn is_hidden(c: char) -> bool {
    matches!(u32::from(c),
        0..=0x1f | 0x7f..=0x9f | 0xad | 0x34f | 0x61c | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f
        | 0xfe00..=0xfe0f | 0xfeff | 0xfff9..=0xfffb | 0xe0000..=0xe0fff)
}

struct Reader<'a> {
    rest: &'a str,
    wrong: Vec<String>,
    size: (u16, u16),
    copies: usize,
}

impl Reader<'_> {
    /// Turns on the screen, each with its frames, and plain lines between them.
    fn whole(&mut self) {
        while !self.rest.is_empty() {
            if self.takes(ENTER) {
                self.turn();
            } else {
                self.plain(true);
            }
        }
    }

    fn turn(&mut self) {
        loop {
            while self.takes(MOUSE_ON) || self.takes(MOUSE_OFF) || self.takes(ENTER_AGAIN) {}
            if self.rest.is_empty() || self.takes(LEAVE) {
                return;
            } else if self.takes(BEGIN) {
                self.takes(CLEAR);
                self.frame();
            } else if self.copies > 0 && self.copy() {
                self.copies -= 1;
            } else {
                self.complain("outside of a frame");
            }
        }
    }

    fn frame(&mut self) {
        while !self.rest.is_empty() && !self.takes(END) {
            if self.takes("\r\n") || self.rest.starts_with('\x1b') && (self.travel() || self.style()) {
                continue;
            }
            self.plain(false);
        }
    }

    /// One character that is a picture; with `lines` also a line end.
    fn plain(&mut self, lines: bool) {
        if lines && self.takes("\r\n") {
            return;
        }
        match self.rest.chars().next() {
            Some(c) if !is_hidden(c) => self.rest = &self.rest[c.len_utf8()..],
            _ => self.complain("in the text"),
        }
    }

    /// `CSI row;column H`, `CSI columns C` or `CSI columns X`, within the screen.
    fn travel(&mut self) -> bool {
        let Some((numbers, last, length)) = self.sequence() else { return false };
        let fits = match (last, numbers.as_slice()) {
            ('H', [row]) => *row <= self.size.1,
            ('H', [row, column]) => *row <= self.size.1 && *column <= self.size.0,
            ('C', [columns]) => *columns < self.size.0,
            ('X', [columns]) => *columns <= self.size.0,
            _ => false,
        };
        if fits {
            self.rest = &self.rest[length..];
        }
        fits
    }

    /// `CSI … m` with the styles that the program has; it conceals nothing.
    fn style(&mut self) -> bool {
        let Some((numbers, 'm', length)) = self.sequence() else { return false };
        let mut left = numbers.as_slice();
        loop {
            left = match left {
                [] => break,
                [38 | 48, 5, n, rest @ ..] if *n <= 255 => rest,
                [38 | 48, 2, r, g, b, rest @ ..] if [r, g, b].into_iter().all(|c| *c <= 255) => rest,
                [0..=4 | 7 | 9 | 30..=37 | 39..=47 | 49 | 90..=97 | 100..=107, rest @ ..] => rest,
                _ => return false,
            };
        }
        self.rest = &self.rest[length..];
        true
    }

    /// The numbers, the last character and the length of a plain CSI sequence.
    fn sequence(&self) -> Option<(Vec<u16>, char, usize)> {
        let body = self.rest.strip_prefix("\x1b[")?;
        let end = body.find(|c: char| !c.is_ascii_digit() && c != ';')?;
        let numbers = body[..end].split(';').map(|n| if n.is_empty() { Some(0) } else { n.parse().ok() });
        let last = body[end..].chars().next()?;
        Some((numbers.collect::<Option<_>>()?, last, 2 + end + last.len_utf8()))
    }

    /// OSC 52 with nothing but base64.
    fn copy(&mut self) -> bool {
        let Some(body) = self.rest.strip_prefix("\x1b]52;c;") else { return false };
        let end = body.find(|c: char| !c.is_ascii_alphanumeric() && !"+/=".contains(c)).unwrap_or(0);
        let Some(rest) = body[end..].strip_prefix('\x07') else { return false };
        self.rest = rest;
        true
    }

    fn takes(&mut self, wanted: &str) -> bool {
        self.rest.strip_prefix(wanted).inspect(|rest| self.rest = rest).is_some()
    }

    /// Notes what stands here and goes on behind it.
    fn complain(&mut self, place: &str) {
        self.wrong.push(format!("{place}: {:?}", near(self.rest.as_bytes())));
        self.rest = self.rest.chars().next().map_or("", |c| &self.rest[c.len_utf8()..]);
    }
}

fn near(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(24)]).into_owned()
}

#[test]
fn the_oracle_sees_what_is_not_ours() {
    let turn = |frame: &str| format!("{ENTER}{BEGIN}{CLEAR}{frame}{END}{LEAVE}bye\r\n");
    let judge = |text: &str| leaks(text.as_bytes(), 80, 24, 0);
    assert_eq!(judge(&turn("\x1b[2;3Hok\x1b[1;38;5;9m\x1b[5Cé\r\n\x1b[H\x1b[m")), [""; 0]);
    for bad in [
        "\x1b[2J",
        "\x1b[99;1H",
        "\x1b[8m",
        "\x1b]0;t\x07",
        "\x1b]52;c;eA==\x07",
        "\x1b[c",
        "\x1b[6n",
        "\x1b(0",
        "\x07",
        "\u{9b}",
        "\u{202e}",
        "\u{200b}",
        "\r",
        "\n",
        "\x1b[?25h",
        "\x1bP",
        "\x1b[?1049l",
        "\x7f",
    ] {
        assert!(!judge(&turn(bad)).is_empty(), "{bad:?}");
    }
    assert_eq!(leaks(format!("{ENTER}\x1b]52;c;eA==\x07{LEAVE}").as_bytes(), 80, 24, 1), [""; 0]);
    assert!(!leaks(b"\x9b2J", 80, 24, 0).is_empty() && !leaks_of_text(b"a\x1b[m\n").is_empty());
}
