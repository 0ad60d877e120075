//! The one gate for text. `Safe` holds only printable characters: no control byte, no escape sequence, no bidi or
//! zero-width character gets through; each becomes a visible escape. There is no other way to make a `Safe`.

use std::fmt;
use std::sync::Arc;

use unicode_segmentation::UnicodeSegmentation;

/// More combining marks than this on one character attack the terminal; the rest is counted away visibly.
const MARKS_PER_GRAPHEME: usize = 4;
/// Longest grapheme cluster that is passed on, in bytes.
const GRAPHEME_BYTES: usize = 64;

/// Printable text, shared when cloned. It never holds a line end either: one `Safe` is one line.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Safe(Arc<str>);

impl Safe {
    /// Gates text that is already valid UTF-8.
    #[must_use]
    pub fn of(text: impl AsRef<str>) -> Safe {
        let text = text.as_ref();
        if is_plain(text.as_bytes()) { Safe(text.into()) } else { Safe(gate(text).into()) }
    }

    /// Gates bytes: what is not UTF-8 becomes `\xNN`.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Safe {
        if is_plain(bytes) {
            return Safe(String::from_utf8_lossy(bytes).into());
        }
        let mut out = String::with_capacity(bytes.len() + 16);
        for chunk in bytes.utf8_chunks() {
            out.push_str(&gate(chunk.valid()));
            for byte in chunk.invalid() {
                push_byte_escape(&mut out, *byte);
            }
        }
        Safe(out.into())
    }

    /// Gates bytes onto one line: runs of white space, line ends included, become one space; ends are trimmed.
    #[must_use]
    pub fn one_line(bytes: &[u8]) -> Safe {
        let mut flat = Vec::with_capacity(bytes.len());
        for word in bytes.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()) {
            if !flat.is_empty() {
                flat.push(b' ');
            }
            flat.extend_from_slice(word);
        }
        Safe::of_bytes(&flat)
    }

    /// Gates a log line: colour sequences (SGR) are dropped, so that concealed text shows; all else as in [`Safe::of_bytes`].
    #[must_use]
    pub fn log_line(bytes: &[u8]) -> Safe {
        if memchr::memchr(0x1b, bytes).is_none() {
            return Safe::of_bytes(bytes);
        }
        Safe::of_bytes(&without_colours(bytes))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// At most `max` characters, the last one an ellipsis when something was cut.
    #[must_use]
    pub fn clipped(&self, max: usize) -> Safe {
        if self.0.chars().count() <= max {
            return self.clone();
        }
        let mut kept: String = self.0.chars().take(max.saturating_sub(1)).collect();
        kept.push('…');
        Safe(kept.into())
    }
}

impl fmt::Display for Safe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Safe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl AsRef<str> for Safe {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Safe {
    fn from(text: &str) -> Safe {
        Safe::of(text)
    }
}

impl From<String> for Safe {
    fn from(text: String) -> Safe {
        Safe::of(text)
    }
}

impl serde::Serialize for Safe {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// What is read back passes the gate like all text.
impl<'de> serde::Deserialize<'de> for Safe {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Safe, D::Error> {
        String::deserialize(deserializer).map(Safe::from)
    }
}

fn is_plain(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| (0x20..0x7f).contains(b))
}

fn gate(text: &str) -> String {
    if is_plain(text.as_bytes()) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for grapheme in text.graphemes(true) {
        gate_grapheme(grapheme, &mut out);
    }
    out
}

fn gate_grapheme(grapheme: &str, out: &mut String) {
    let mut marks = 0;
    let mut bytes = 0;
    let mut cut = 0;
    for (at, character) in grapheme.chars().enumerate() {
        if at == 1 && matches!(character, '\u{fe0e}' | '\u{fe0f}') {
            continue; // how an emoji is to be drawn: it hides nothing, and terminals disagree on its width
        }
        if is_hidden(character) {
            push_escape(out, character);
            continue;
        }
        if at > 0 {
            marks += 1;
            bytes += character.len_utf8();
            if marks > MARKS_PER_GRAPHEME || bytes > GRAPHEME_BYTES {
                cut += 1;
                continue;
            }
        }
        out.push(character);
    }
    if cut > 0 {
        out.push_str(&format!("<+{cut} marks>"));
    }
}

/// Control, format and invisible characters: whatever could move, hide or reorder what stands around it.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0x00AD | 0x034F | 0x061C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F
            | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF
            | 0xFFA0 | 0xFFF0..=0xFFFB | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF
            | 0xE000..=0xF8FF | 0xF0000..=0x10FFFF)
}

fn push_escape(out: &mut String, c: char) {
    match c {
        '\t' => out.push_str("  "),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        c if u32::from(c) < 0x100 => out.push_str(&format!("\\x{:02x}", u32::from(c))),
        c => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
    }
}

fn push_byte_escape(out: &mut String, byte: u8) {
    out.push_str(&format!("\\x{byte:02x}"));
}

/// Drops complete `ESC [ … m` sequences with plain parameters; leaves everything else for the gate to show.
fn without_colours(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(0x1b, rest) {
        out.extend_from_slice(&rest[..at]);
        let tail = &rest[at..];
        let parameters = tail.iter().skip(2).take_while(|b| b.is_ascii_digit() || matches!(b, b';' | b':')).count();
        if tail.get(1) == Some(&b'[') && tail.get(2 + parameters) == Some(&b'm') {
            rest = &tail[parameters + 3..];
        } else {
            out.push(0x1b);
            rest = &tail[1..];
        }
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::Safe;

    fn check(input: &[u8], expected: &str) {
        assert_eq!(Safe::of_bytes(input).as_str(), expected);
    }

    #[test]
    fn controls_become_visible() {
        check(b"plain text", "plain text");
        check(b"\x1b[2J\x07", "\\x1b[2J\\x07");
        check("a\u{9b}31m".as_bytes(), "a\\x9b31m");
        check(b"raw \x9b31m", "raw \\x9b31m");
        check(b"OK\rFAIL\n", "OK\\rFAIL\\n");
        check(b"tab\tstop", "tab  stop");
        check(b"\xc0\xaf", "\\xc0\\xaf");
    }

    #[test]
    fn bidi_and_zero_width_become_visible() {
        check("a\u{202e}b".as_bytes(), "a\\u{202e}b");
        check("pr\u{200b}od".as_bytes(), "pr\\u{200b}od");
        check("\u{feff}x\u{2066}".as_bytes(), "\\u{feff}x\\u{2066}");
        check("line\u{2028}sep".as_bytes(), "line\\u{2028}sep");
    }

    #[test]
    fn combining_marks_are_capped() {
        let zalgo = format!("a{}", "\u{301}".repeat(10_000));
        assert_eq!(Safe::of(&zalgo).as_str(), format!("a{}<+9996 marks>", "\u{301}".repeat(4)));
        check("e\u{301}té".as_bytes(), "e\u{301}té");
    }

    #[test]
    fn log_lines_lose_colours_and_nothing_else() {
        assert_eq!(Safe::log_line(b"\x1b[31mred\x1b[0m \x1b[8mhidden\x1b[2J").as_str(), "red hidden\\x1b[2J");
        assert_eq!(Safe::log_line(b"\x1b[31").as_str(), "\\x1b[31");
    }

    #[test]
    fn one_line_folds_white_space() {
        assert_eq!(Safe::one_line(b"  SELECT *\n\tFROM  t ").as_str(), "SELECT * FROM t");
    }
}
