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

/// One line, without its end; empty when the value cannot be written, which no value of ours does.
#[must_use]
pub fn line(value: &impl Serialize) -> String {
    let mut out = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut out, Ascii(CompactFormatter));
    match value.serialize(&mut serializer) {
        Ok(()) => String::from_utf8(out).unwrap_or_default(),
        Err(_unwritable) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn only_printable_ascii_leaves() {
        let text = "a\u{7f}\u{9b}31m\u{202e}é\u{1f600}\"\\\n";
        let written = line(&serde_json::json!({ "k": text }));
        assert!(written.bytes().all(|b| (0x20..0x7f).contains(&b)), "{written}");
        let back: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(back["k"], text);
    }
}
