//! Bytes from the terminal to keys: a state machine that keeps an unfinished escape sequence until its rest arrives.
//! The caller decides when waiting is over ([`Decoder::flush`]). Unknown sequences are dropped whole, never typed.

use std::time::Duration;

use crate::input::mouse::{Mouse, MouseAction};
use crate::input::{Code, Key};

/// How long the rest may take after a lone ESC, which may be the key itself.
const ESCAPE_PATIENCE: Duration = Duration::from_millis(25);
/// How long the rest of anything longer may take: nobody types that, so a slow line is waited for. A paste whose end was
/// lost must not swallow every key from then on: silence ends it, too.
const SEQUENCE_PATIENCE: Duration = Duration::from_millis(500);

/// Longest paste that is kept; the rest is dropped.
const PASTE_LIMIT: usize = 64 * 1024;
/// Longest escape sequence; a longer one is dropped.
const SEQUENCE_LIMIT: usize = 64;

/// What the terminal sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key.
    Key(Key),
    /// The mouse did something that the program has a use for.
    Mouse(Mouse),
    /// A bracketed paste, raw.
    Paste(Vec<u8>),
}

/// The state machine.
#[derive(Default)]
pub struct Decoder {
    pending: Vec<u8>,
    paste: Option<Vec<u8>>,
    escaped: bool,
}

const PASTE_BEGIN: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

impl Decoder {
    /// Takes bytes, gives what is complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        // After an ESC that was given up as a key, `[` with more behind it in one piece is its late rest: no finger types
        // that, and a paste whose first byte came early must not become keys.
        if std::mem::take(&mut self.escaped) && matches!(bytes, [b'[', _, ..]) {
            self.pending.push(0x1b);
        }
        self.pending.extend_from_slice(bytes);
        let mut out = Vec::new();
        loop {
            if self.paste.is_some() {
                match self.take_paste() {
                    Some(input) => out.push(input),
                    None => return out,
                }
                continue;
            }
            match parse(&self.pending) {
                Parsed::Nothing => return out,
                Parsed::Unfinished if self.pending.len() > SEQUENCE_LIMIT => self.pending.clear(),
                Parsed::Unfinished => return out,
                Parsed::Dropped(used) => {
                    self.pending.drain(..used);
                }
                Parsed::PasteBegins => {
                    self.pending.drain(..PASTE_BEGIN.len());
                    self.paste = Some(Vec::new());
                }
                Parsed::Key(key, used) => {
                    self.pending.drain(..used);
                    out.push(Input::Key(key));
                }
                Parsed::Mouse(mouse, used) => {
                    self.pending.drain(..used);
                    out.push(Input::Mouse(mouse));
                }
            }
        }
    }

    /// How long an unfinished sequence waits for its rest; nothing when there is none.
    #[must_use]
    pub fn patience(&self) -> Option<Duration> {
        match self.pending.as_slice() {
            _ if self.paste.is_some() => Some(SEQUENCE_PATIENCE),
            [] => None,
            [0x1b] | [0x1b, 0x1b] => Some(ESCAPE_PATIENCE),
            _ => Some(SEQUENCE_PATIENCE),
        }
    }

    /// The rest did not come: a lone ESC was the key; a paste is what came of it; anything longer is dropped.
    pub fn flush(&mut self) -> Vec<Input> {
        let mut pending = std::mem::take(&mut self.pending);
        if let Some(mut paste) = self.paste.take() {
            paste.append(&mut pending);
            // A beginning of the end is no text.
            let cut = (1..PASTE_END.len()).rev().find(|n| PASTE_END.get(..*n).is_some_and(|end| paste.ends_with(end)));
            paste.truncate(paste.len() - cut.unwrap_or(0));
            return vec![Input::Paste(paste)];
        }
        match pending.as_slice() {
            [0x1b] => {
                self.escaped = true;
                vec![Input::Key(Key::plain(Code::Esc))]
            }
            [0x1b, 0x1b] => vec![Input::Key(Key::plain(Code::Esc)); 2],
            [0x1b, c @ (b'[' | b'O')] => vec![Input::Key(Key { alt: true, ..Key::char(char::from(*c)) })],
            _ => Vec::new(),
        }
    }

    fn take_paste(&mut self) -> Option<Input> {
        let paste = self.paste.as_mut()?;
        let end = memchr::memmem::find(&self.pending, PASTE_END);
        // Without the end, the last bytes may be its beginning: they stay.
        let take = end.unwrap_or_else(|| self.pending.len().saturating_sub(PASTE_END.len() - 1));
        let room = PASTE_LIMIT.saturating_sub(paste.len());
        paste.extend(self.pending.drain(..take).take(room));
        end?;
        self.pending.drain(..PASTE_END.len());
        self.paste.take().map(Input::Paste)
    }
}

enum Parsed {
    Nothing,
    Unfinished,
    Dropped(usize),
    PasteBegins,
    Key(Key, usize),
    Mouse(Mouse, usize),
}

fn parse(bytes: &[u8]) -> Parsed {
    match bytes {
        [] => Parsed::Nothing,
        [0x1b] => Parsed::Unfinished,
        [0x1b, b'[', rest @ ..] => parse_csi(bytes, rest),
        [0x1b, b'O'] => Parsed::Unfinished,
        [0x1b, b'O', c, ..] => match final_code(*c) {
            Some(code) => Parsed::Key(Key::plain(code), 3),
            None => Parsed::Dropped(3),
        },
        // Strings that a terminal may answer with: never typed.
        [0x1b, b']' | b'P' | b'_' | b'^' | b'X', rest @ ..] => parse_string(rest),
        [0x1b, 0x1b, ..] => Parsed::Key(Key::plain(Code::Esc), 1),
        [0x1b, rest @ ..] => match parse_plain(rest) {
            Parsed::Key(key, used) => Parsed::Key(Key { alt: true, ..key }, used + 1),
            Parsed::Dropped(used) => Parsed::Dropped(used + 1),
            other => other,
        },
        _ => parse_plain(bytes),
    }
}

fn parse_string(rest: &[u8]) -> Parsed {
    for (at, pair) in rest.iter().zip(rest.iter().skip(1).chain(std::iter::once(&0))).enumerate() {
        match pair {
            (0x07, _) => return Parsed::Dropped(at + 3),
            (0x1b, b'\\') => return Parsed::Dropped(at + 4),
            _ => {}
        }
    }
    Parsed::Unfinished
}

fn parse_csi(all: &[u8], rest: &[u8]) -> Parsed {
    if all.starts_with(PASTE_BEGIN) {
        return Parsed::PasteBegins;
    }
    // The old report of a mouse, by terminals that know no better: three bytes follow that are no keys.
    if rest.first() == Some(&b'M') {
        return if rest.len() >= 4 { Parsed::Dropped(6) } else { Parsed::Unfinished };
    }
    let Some(end) = rest.iter().position(|b| (0x40..=0x7e).contains(b)) else {
        // A byte that cannot stand in a sequence ends it.
        return match rest.iter().position(|b| !(0x20..=0x3f).contains(b)) {
            Some(bad) => Parsed::Dropped(bad + 2),
            None => Parsed::Unfinished,
        };
    };
    if rest.iter().take(end).any(|b| !(0x20..=0x3f).contains(b)) {
        return Parsed::Dropped(2);
    }
    let used = end + 3;
    let (parameters, last) = (rest.get(..end).unwrap_or(&[]), rest.get(end).copied().unwrap_or(0));
    if let Some(report) = parameters.strip_prefix(b"<") {
        return parse_mouse(report, last).map_or(Parsed::Dropped(used), |mouse| Parsed::Mouse(mouse, used));
    }
    let numbers: Vec<u32> = parameters
        .split(|b| *b == b';')
        .map(|p| std::str::from_utf8(p).ok().and_then(|t| t.parse().ok()).unwrap_or(0))
        .collect();
    let code = match last {
        b'~' => match numbers.first() {
            Some(1 | 7) => Some(Code::Home),
            Some(4 | 8) => Some(Code::End),
            Some(3) => Some(Code::Delete),
            Some(5) => Some(Code::PageUp),
            Some(6) => Some(Code::PageDown),
            Some(n @ 11..=15) => Some(Code::F((n - 10) as u8)),
            Some(n @ 17..=21) => Some(Code::F((n - 11) as u8)),
            Some(n @ (23 | 24)) => Some(Code::F((n - 12) as u8)),
            _ => None,
        },
        b'Z' => Some(Code::BackTab),
        // F3 with modifiers looks like the report of a cursor position, `M` ends that of a mouse: never keys.
        b'R' | b'M' => None,
        c => final_code(c),
    };
    let modifiers = numbers.get(1).copied().unwrap_or(1).saturating_sub(1);
    match code {
        Some(code) => Parsed::Key(Key { code, ctrl: modifiers & 4 != 0, alt: modifiers & 2 != 0 }, used),
        None => Parsed::Dropped(used),
    }
}

/// `button;column;row` of an SGR report; columns and rows count from 1. Releases, motion, other buttons and numbers
/// that no screen has are nothing.
fn parse_mouse(report: &[u8], last: u8) -> Option<Mouse> {
    /// Shift, Alt and Control held.
    const MODIFIERS: u16 = 4 | 8 | 16;
    let mut numbers = report.split(|b| *b == b';').map(|n| std::str::from_utf8(n).ok()?.parse::<u16>().ok());
    let (button, column, row) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let action = match button & !MODIFIERS {
        0 => MouseAction::Press,
        64 => MouseAction::WheelUp,
        65 => MouseAction::WheelDown,
        _ => return None,
    };
    let mouse = Mouse { action, x: column.checked_sub(1)?, y: row.checked_sub(1)? };
    (last == b'M' && numbers.next().is_none()).then_some(mouse)
}

fn final_code(c: u8) -> Option<Code> {
    Some(match c {
        b'A' => Code::Up,
        b'B' => Code::Down,
        b'C' => Code::Right,
        b'D' => Code::Left,
        b'H' => Code::Home,
        b'F' => Code::End,
        b'P'..=b'S' => Code::F(c - b'P' + 1),
        b'M' => Code::Enter,
        _ => return None,
    })
}

fn parse_plain(bytes: &[u8]) -> Parsed {
    let Some(first) = bytes.first().copied() else { return Parsed::Unfinished };
    let key = match first {
        b'\r' | b'\n' => Key::plain(Code::Enter),
        b'\t' => Key::plain(Code::Tab),
        0x7f | 0x08 => Key::plain(Code::Backspace),
        0 => Key::ctrl(' '),
        0x01..=0x1a => Key::ctrl(char::from(first - 1 + b'a')),
        0x1c..=0x1f => return Parsed::Dropped(1),
        _ => return parse_character(bytes, first),
    };
    Parsed::Key(key, 1)
}

fn parse_character(bytes: &[u8], first: u8) -> Parsed {
    let length = match first {
        0x00..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Parsed::Dropped(1),
    };
    let Some(slice) = bytes.get(..length) else { return Parsed::Unfinished };
    match std::str::from_utf8(slice).ok().and_then(|text| text.chars().next()) {
        Some(c) if !c.is_control() => Parsed::Key(Key::char(c), length),
        _ => Parsed::Dropped(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<String> {
        let mut decoder = Decoder::default();
        let mut inputs = decoder.feed(bytes);
        inputs.extend(decoder.flush());
        let words = |input: &Input| match input {
            Input::Key(key) => key.to_string(),
            Input::Mouse(Mouse { action, x, y }) => format!("{action:?} {x},{y}"),
            Input::Paste(_) => "paste".to_owned(),
        };
        inputs.iter().map(words).collect()
    }

    #[test]
    fn plain_keys_and_sequences() {
        assert_eq!(keys(b"q\r\t\x03"), ["q", "Enter", "Tab", "Ctrl-C"]);
        assert_eq!(
            keys(b"\x1b[A\x1bOB\x1b[1;5C\x1b[5~\x1b[Z\x1b[24~\x1bOP"),
            ["Up", "Down", "Ctrl-Right", "PgUp", "Shift-Tab", "F12", "F1"]
        );
        assert_eq!(keys("é漢".as_bytes()), ["é", "漢"]);
        assert_eq!(keys(b"\x1bx\x1b"), ["Alt-x", "Esc"]);
    }

    #[test]
    fn answers_of_a_terminal_are_never_typed() {
        assert_eq!(keys(b"\x1b]11;rgb:0000/0000/0000\x1b\\q"), ["q"]);
        assert_eq!(keys(b"\x1bP>|term\x1b\\q\x1b]0;t\x07"), ["q"]);
        assert_eq!(keys(b"\x1b[?62;c\x1b[3;4Rq"), ["q"]);
    }

    #[test]
    fn every_split_gives_the_same_keys() {
        let bytes = "\x1b[A\x1b[200~x\x1b[31my\x1b[201~é\x1b[1;5Dq".as_bytes();
        let whole = Decoder::default().feed(bytes);
        assert_eq!(whole.len(), 5);
        for cut in 0..=bytes.len() {
            let mut decoder = Decoder::default();
            let mut inputs = decoder.feed(&bytes[..cut]);
            inputs.extend(decoder.feed(&bytes[cut..]));
            assert_eq!(inputs, whole, "cut at {cut}");
        }
    }

    #[test]
    fn reports_of_the_mouse() {
        assert_eq!(
            keys(b"\x1b[<0;1;1M\x1b[<0;1;1m\x1b[<64;200;50M\x1b[<81;3;4Mq"),
            ["Press 0,0", "WheelUp 199,49", "WheelDown 2,3", "q"],
            "a release is nothing, modifiers change nothing"
        );
        for hostile in [
            "\x1b[<0;0;1M",
            "\x1b[<0;1;0M",
            "\x1b[<0;65536;1M",
            "\x1b[<0;99999999999999999999;1M",
            "\x1b[<-1;1;1M",
            "\x1b[<0;1M",
            "\x1b[<0;1;1;1M",
            "\x1b[<;;M",
            "\x1b[<M",
            "\x1b[<2;1;1M",
            "\x1b[<35;1;1M",
            "\x1b[<66;1;1M",
            "\x1b[<0;1;1~",
            "\x1b[0;1;1M",
            "\x1b[M !!",
            "\x1b[Mqqq",
        ] {
            assert_eq!(keys(hostile.as_bytes()), [""; 0], "{hostile:?}");
        }
        let bytes = b"\x1b[<0;12;7M\x1b[<65;300;9M";
        for cut in 0..=bytes.len() {
            let mut decoder = Decoder::default();
            let mut inputs = decoder.feed(&bytes[..cut]);
            inputs.extend(decoder.feed(&bytes[cut..]));
            assert_eq!(inputs, Decoder::default().feed(bytes), "cut at {cut}");
            assert_eq!(inputs.len(), 2);
        }
    }

    #[test]
    fn the_late_rest_of_an_escape_is_not_typed() {
        for rest in [&b"[A"[..], b"[24;5~", b"[200~q\r\x1b[201~"] {
            let mut decoder = Decoder::default();
            assert!(decoder.feed(b"\x1b").is_empty() && decoder.patience() == Some(ESCAPE_PATIENCE));
            assert_eq!(decoder.flush(), [Input::Key(Key::plain(Code::Esc))]);
            let late = decoder.feed(rest);
            assert!(late.iter().all(|i| !matches!(i, Input::Key(k) if k.typed().is_some())), "{late:?}");
            assert_eq!(decoder.feed(b"["), [Input::Key(Key::char('['))], "only right behind it");
        }
    }

    #[test]
    fn a_paste_that_never_ends_is_ended_by_silence() {
        for (rest, kept) in [("", "text"), ("\x1b", "text"), ("\x1b[201", "text"), ("\x1b[2x", "text\x1b[2x")] {
            let mut decoder = Decoder::default();
            assert_eq!(decoder.feed(format!("\x1b[200~text{rest}").as_bytes()), []);
            assert_eq!(decoder.patience(), Some(SEQUENCE_PATIENCE));
            assert_eq!(decoder.flush(), [Input::Paste(kept.into())], "{rest:?}");
            assert_eq!((decoder.patience(), decoder.flush()), (None, Vec::new()));
            assert_eq!(decoder.feed(b"q"), [Input::Key(Key::char('q'))]);
        }
    }

    #[test]
    fn what_nobody_types_is_waited_for_longer() {
        let mut decoder = Decoder::default();
        decoder.feed(b"\x1b[20");
        assert_eq!(decoder.patience(), Some(SEQUENCE_PATIENCE));
        decoder.feed(b"0~\x1b[201~");
        assert_eq!(decoder.patience(), None);
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_stays_bounded(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..600)) {
            let mut decoder = Decoder::default();
            for chunk in bytes.chunks(7) {
                decoder.feed(chunk);
                proptest::prop_assert!(decoder.paste.is_some() || decoder.pending.len() <= SEQUENCE_LIMIT + 7);
            }
            decoder.flush();
        }
    }
}
