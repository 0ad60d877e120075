//! Lines that begin with `#`: type, help and unit of a family, the end of an OpenMetrics page, and comments.

use super::Format;
use super::line::{Cursor, Read};
use super::page::Kind;

/// What such a line says.
pub(super) enum Meta<'a> {
    Type(&'a [u8], Kind),
    Help(&'a [u8], &'a [u8]),
    Unit(&'a [u8], &'a [u8]),
    Comment,
    End,
}

impl<'a> Cursor<'a> {
    /// A whole line, its end included, the cursor on its `#`.
    pub fn meta(&mut self) -> Read<Meta<'a>> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = memchr::memchr(b'\n', rest);
        let line = rest.get(..length.unwrap_or(rest.len())).unwrap_or_default();
        if self.format == Format::OpenMetrics {
            if line == b"# EOF" {
                self.at += (line.len() + 1).min(rest.len());
                return Ok(Meta::End);
            }
            if length.is_none() {
                return self.expected("# EOF at the end");
            }
        }
        let from = self.at;
        let meta = self.described(from + line.len())?;
        self.at = (from + line.len() + 1).min(self.bytes.len());
        Ok(meta)
    }

    fn described(&mut self, end: usize) -> Read<Meta<'a>> {
        let strict = self.format == Format::OpenMetrics;
        self.at += 1;
        if !matches!(self.peek(), Some(b' ' | b'\t')) {
            return if strict { self.expected("one blank after #") } else { Ok(Meta::Comment) };
        }
        self.at += usize::from(strict);
        self.blanks();
        let word = self.slice(self.at, end);
        let blank = |b: Option<&u8>| b.is_some_and(|b| *b == b' ' || (!strict && *b == b'\t'));
        let keyword = match word.get(..4) {
            Some(keyword @ (b"TYPE" | b"HELP")) if blank(word.get(4)) => keyword,
            Some(keyword @ b"UNIT") if strict && blank(word.get(4)) => keyword,
            _ if strict => return self.expected("TYPE, HELP, UNIT or EOF after #"),
            _ => return Ok(Meta::Comment),
        };
        self.at += 5;
        self.blanks();
        let name = match self.peek() {
            Some(b'"') => self.quoted("a metric name in UTF-8")?,
            _ => self.metric_name()?,
        };
        if name.is_empty() {
            return self.expected("a metric name");
        }
        let text = self.slice(self.at, end);
        // One blank parts name and text; what follows it is the text as it stands.
        if strict && text.first() != Some(&b' ') || !strict && text.first().is_some_and(|b| !matches!(b, b' ' | b'\t'))
        {
            return self.expected("one blank after the metric name");
        }
        let text = text.get(1..).unwrap_or_default();
        match keyword {
            b"TYPE" => match Kind::of(text, self.format) {
                Some(kind) => Ok(Meta::Type(name, kind)),
                None => self.expected("a metric type"),
            },
            b"HELP" if !self.utf8 && std::str::from_utf8(text).is_err() => self.expected("a help text in UTF-8"),
            b"HELP" => Ok(Meta::Help(name, text)),
            _ => {
                let bare = name.strip_suffix(text).and_then(|bare| bare.strip_suffix(b"_"));
                let fits = text.is_empty() || bare.is_some_and(|bare| !bare.is_empty());
                if fits { Ok(Meta::Unit(name, text)) } else { self.expected("a unit that the metric's name ends with") }
            }
        }
    }
}
