//! JSON in ASCII: serde_json leaves DEL, C1 and bidi characters as they are; here every character beyond printable
//! ASCII becomes an escape.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

struct Ascii(CompactFormatter);

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for c in fragment.chars() {
            if (' '..='~').contains(&c) {
                writer.write_all(&[c as u8])?;
                continue;
            }
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }
}

/// Takes no more than so many bytes.
struct Bounded {
    out: Vec<u8>,
    limit: usize,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.out.len().saturating_add(bytes.len()) > self.limit {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One line, without its end; empty when the value cannot be written, which no value of ours does.
#[must_use]
pub fn line(value: &impl Serialize) -> String {
    line_within(value, usize::MAX).unwrap_or_default()
}

/// As [`line`], of at most so many bytes; what is longer is given up as soon as it is.
#[must_use]
pub fn line_within(value: &impl Serialize, limit: usize) -> Option<String> {
    let mut to = Bounded { out: Vec::new(), limit };
    value.serialize(&mut Serializer::with_formatter(&mut to, Ascii(CompactFormatter))).ok()?;
    String::from_utf8(to.out).ok()
}

#[cfg(test)]
mod tests {
    use super::{line, line_within};

    #[test]
    fn only_printable_ascii_leaves() {
        let text = "a\u{7f}\u{9b}31m\u{202e}é\u{1f600}\"\\\n";
        let written = line(&serde_json::json!({ "k": text }));
        assert!(written.bytes().all(|b| (0x20..0x7f).contains(&b)), "{written}");
        let back: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(back["k"], text);
    }

    #[test]
    fn what_is_too_long_is_given_up() {
        assert_eq!(line_within(&"four", 6).as_deref(), Some("\"four\""));
        assert_eq!(line_within(&"four", 5), None);
    }
}
