//! One line with a sample: where its series ends, its value, its time. It checks everything that the format asks for and
//! allocates nothing.

use super::page::Exposed;
use super::series::{closing, repeats};
use super::{Format, Limits, number};

/// Where a page breaks, and what was expected there.
pub(super) struct Broken {
    pub at: usize,
    pub what: Fault,
}

pub(super) enum Fault {
    Expected(&'static str),
    TooMany { what: &'static str, found: usize, limit: usize },
}

pub(super) type Read<T> = Result<T, Broken>;

/// What a byte may stand in.
const NAME_START: u8 = 1;
const NAME: u8 = 2;
const LABEL: u8 = 4;
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => NAME_START | NAME | LABEL,
            b'0'..=b'9' => NAME | LABEL,
            b':' => NAME_START | NAME,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

fn is(byte: u8, class: u8) -> bool {
    CLASSES[usize::from(byte)] & class != 0
}

/// A place on a page.
pub(super) struct Cursor<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
    pub format: Format,
    pub limits: Limits,
    /// The whole page is UTF-8: no part of it has to be asked.
    pub utf8: bool,
    pub exemplars: usize,
}

impl<'a> Cursor<'a> {
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub fn slice(&self, from: usize, to: usize) -> &'a [u8] {
        self.bytes.get(from..to).unwrap_or_default()
    }

    pub fn expected<T>(&self, what: &'static str) -> Read<T> {
        Err(Broken { at: self.at, what: Fault::Expected(what) })
    }

    fn within(&self, what: &'static str, found: usize, limit: usize) -> Read<()> {
        if found <= limit { Ok(()) } else { Err(Broken { at: self.at, what: Fault::TooMany { what, found, limit } }) }
    }

    /// Blanks between words; OpenMetrics allows none but where it says so.
    pub fn blanks(&mut self) {
        if self.format == Format::Text {
            while matches!(self.peek(), Some(b' ' | b'\t')) {
                self.at += 1;
            }
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn word(&mut self, class: u8) -> &'a [u8] {
        let from = self.at;
        while self.peek().is_some_and(|b| is(b, class)) {
            self.at += 1;
        }
        self.slice(from, self.at)
    }

    /// A metric's name as it may stand without quotes; empty where none stands.
    pub fn metric_name(&mut self) -> Read<&'a [u8]> {
        if !self.peek().is_some_and(|b| is(b, NAME_START)) {
            return Ok(&[]);
        }
        let name = self.word(NAME);
        self.within("bytes in a name", name.len(), self.limits.name)?;
        Ok(name)
    }

    /// Text in quotes, the cursor on the first of them.
    pub fn quoted(&mut self, expected: &'static str) -> Read<&'a [u8]> {
        let from = self.at + 1;
        let inner = self.bytes.get(from..).unwrap_or_default();
        let Some(length) = closing(inner) else { return self.expected("a closing quote") };
        let text = self.slice(from, from + length);
        if self.format == Format::OpenMetrics && memchr::memchr(b'\n', text).is_some() {
            return self.expected("a closing quote before the line ends");
        }
        if !self.utf8 && std::str::from_utf8(text).is_err() {
            return self.expected(expected);
        }
        self.at = from + length + 1;
        Ok(text)
    }

    /// The labels in braces, the cursor behind the opening one. Gives whether a metric's name stood among them.
    fn labels(&mut self, from: usize, mut named: bool, may_name: bool) -> Read<bool> {
        let mut count = 0;
        // Names that may be one are looked at again with their escapes undone; so are more than these.
        let mut known: [&[u8]; 12] = [&[]; 12];
        let mut alike = false;
        loop {
            self.blanks();
            let (name, quoted) = match self.peek() {
                Some(b'}') => break,
                Some(b'"') => (self.quoted("a label name in UTF-8")?, true),
                Some(first) if is(first, NAME_START) && first != b':' => (self.word(LABEL), false),
                _ => return self.expected("a label name"),
            };
            self.within("bytes in a name", name.len(), self.limits.name)?;
            self.blanks();
            if quoted && may_name && matches!(self.peek(), Some(b',' | b'}')) {
                if named || name.is_empty() {
                    return self.expected(if named { "one metric name" } else { "a metric name" });
                }
                named = true;
            } else {
                self.label_value(name)?;
                alike |= quoted || known.iter().take(count).any(|known| *known == name) || name.first() == Some(&b'_');
                match known.get_mut(count) {
                    Some(place) => *place = name,
                    None => alike = true,
                }
                count += 1;
                self.blanks();
            }
            if !self.eat(b',') && self.peek() != Some(b'}') && self.format == Format::OpenMetrics {
                return self.expected("a comma or a closing brace");
            }
        }
        self.at += 1;
        self.within("labels", count, self.limits.labels)?;
        if alike && repeats(self.slice(from, self.at)) {
            self.at = from;
            return self.expected("labels with different names");
        }
        Ok(named)
    }

    fn label_value(&mut self, name: &[u8]) -> Read<()> {
        if name.is_empty() {
            return self.expected("a label name");
        }
        if !self.eat(b'=') {
            return self.expected("= after the label's name");
        }
        self.blanks();
        if self.peek() != Some(b'"') {
            return self.expected("a label value in quotes");
        }
        let value = self.quoted("a label value in UTF-8")?;
        self.within("bytes in a label value", value.len(), self.limits.value)
    }

    /// A whole line with a sample, its end included.
    pub fn sample(&mut self) -> Read<Exposed<'a>> {
        let from = self.at;
        let mut named = !self.metric_name()?.is_empty();
        let mut to = self.at;
        self.blanks();
        if self.eat(b'{') {
            named = self.labels(from, named, true)?;
            to = self.at;
        }
        if !named {
            self.at = from;
            return self.expected("a metric name");
        }
        let series = self.slice(from, to);
        let value = self.value("a value after the series")?;
        let at = match self.format {
            Format::Text => self.time_in_milliseconds()?,
            Format::OpenMetrics => self.time_and_exemplar()?,
        };
        Ok(Exposed { series, value, at })
    }

    fn value(&mut self, expected: &'static str) -> Read<f64> {
        if self.format == Format::OpenMetrics && !self.eat(b' ') {
            return self.expected("one blank before the value");
        }
        self.blanks();
        let Some((value, length)) = number::value(self.bytes.get(self.at..).unwrap_or_default()) else {
            return self.expected(expected);
        };
        self.at += length;
        Ok(value)
    }

    fn time_in_milliseconds(&mut self) -> Read<Option<i64>> {
        self.blanks();
        let from = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        let digits = self.slice(from, self.at);
        let time = std::str::from_utf8(digits).ok().filter(|text| !text.is_empty()).map(str::parse::<i64>);
        self.blanks();
        // The last line of the older format may lack its end.
        if !matches!(self.peek(), None | Some(b'\n')) || time.as_ref().is_some_and(Result::is_err) {
            self.at = from;
            return self.expected("a time in milliseconds or the end of the line");
        }
        self.at += 1;
        Ok(time.and_then(Result::ok))
    }

    fn time_and_exemplar(&mut self) -> Read<Option<i64>> {
        let mut time = None;
        if self.peek() == Some(b' ') && self.bytes.get(self.at + 1) != Some(&b'#') {
            self.at += 1;
            time = Some(self.seconds()?);
        }
        if self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(b" # {")) {
            self.at += 4;
            self.labels(self.at - 1, false, false)?;
            self.value("a value after the exemplar's labels")?;
            if self.eat(b' ') {
                self.seconds()?;
            }
            self.exemplars += 1;
        }
        if self.eat(b'\n') { Ok(time) } else { self.expected("a time in seconds, an exemplar or the end of the line") }
    }

    fn seconds(&mut self) -> Read<i64> {
        match number::value(self.bytes.get(self.at..).unwrap_or_default()) {
            Some((seconds, length)) if seconds.is_finite() => {
                self.at += length;
                Ok((seconds * 1000.0) as i64)
            }
            _ => self.expected("a time in seconds"),
        }
    }
}
