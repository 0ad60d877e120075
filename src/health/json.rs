//! A reader of JSON for bodies that are not to be trusted: it keeps duplicate keys, takes numbers of any size,
//! repairs lone surrogates, and caps depth and count. What it cannot read is `Fault`, never a panic.

use std::borrow::Cow;

/// Deepest nesting that is read.
pub const MAX_DEPTH: usize = 64;
/// Most values that are read.
pub const MAX_NODES: usize = 20_000;

/// One value. Objects keep their entries in order, duplicates included.
#[derive(Clone, Debug, PartialEq)]
pub enum Node<'a> {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// Any number; what is too large is infinite, and `NaN` is taken as Python writes it.
    Number(f64),
    /// A string.
    Text(Cow<'a, str>),
    /// An array.
    List(Vec<Node<'a>>),
    /// An object.
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not JSON: what was met, and at which byte.
    Invalid { at: usize, what: &'static str },
    /// JSON, but nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// JSON, but with more than [`MAX_NODES`] values.
    TooMany,
}

/// A body that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Document<'a> {
    /// The value.
    pub root: Node<'a>,
    /// The first key that an object held twice.
    pub duplicate: Option<Cow<'a, str>>,
}

/// Reads one document of at most [`MAX_NODES`] values.
///
/// # Errors
/// When the text is not JSON, or more of it than is read.
pub fn parse(text: &str) -> Result<Document<'_>, Fault> {
    parse_within(text, MAX_NODES)
}

/// Reads one document of at most `most` values.
///
/// # Errors
/// When the text is not JSON, or more of it than is read.
pub fn parse_within(text: &str, most: usize) -> Result<Document<'_>, Fault> {
    let mut reader = Reader { text, at: 0, left: most, duplicate: None };
    reader.skip_space();
    let root = reader.value(0)?;
    reader.skip_space();
    if reader.at < text.len() {
        return Err(reader.invalid("more after the end"));
    }
    Ok(Document { root, duplicate: reader.duplicate })
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Values that may still come.
    left: usize,
    duplicate: Option<Cow<'a, str>>,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn invalid(&self, what: &'static str) -> Fault {
        Fault::Invalid { at: self.at, what }
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn require(&mut self, byte: u8, what: &'static str) -> Result<(), Fault> {
        if self.peek() != Some(byte) {
            return Err(self.invalid(what));
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Node<'a>, Fault> {
        self.left = self.left.checked_sub(1).ok_or(Fault::TooMany)?;
        match self.peek() {
            Some(b'{' | b'[') if depth >= MAX_DEPTH => Err(Fault::TooDeep),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.string().map(Node::Text),
            Some(_) => self.scalar(),
            None => Err(self.invalid("it ends too early")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Node<'a>, Fault> {
        self.at += 1;
        let mut entries: Vec<(Cow<'a, str>, Node<'a>)> = Vec::new();
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Node::Object(entries));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.invalid("a key is missing"));
            }
            let key = self.string()?;
            self.skip_space();
            self.require(b':', "a colon is missing")?;
            self.skip_space();
            let value = self.value(depth + 1)?;
            entries.push((key, value));
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    self.note_duplicate(&entries);
                    return Ok(Node::Object(entries));
                }
                _ => return Err(self.invalid("an object does not end")),
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Node<'a>, Fault> {
        self.at += 1;
        let mut items = Vec::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Node::List(items));
        }
        loop {
            self.skip_space();
            items.push(self.value(depth + 1)?);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Node::List(items));
                }
                _ => return Err(self.invalid("an array does not end")),
            }
        }
    }

    fn note_duplicate(&mut self, entries: &[(Cow<'a, str>, Node<'a>)]) {
        if self.duplicate.is_some() || entries.len() < 2 {
            return;
        }
        let mut keys: Vec<&Cow<'a, str>> = entries.iter().map(|(key, _)| key).collect();
        keys.sort_unstable();
        self.duplicate = keys.iter().zip(keys.iter().skip(1)).find(|(a, b)| a == b).map(|(key, _)| (*key).clone());
    }

    fn scalar(&mut self) -> Result<Node<'a>, Fault> {
        const WORDS: [(&str, Node<'static>); 6] = [
            ("true", Node::Bool(true)),
            ("false", Node::Bool(false)),
            ("null", Node::Null),
            ("NaN", Node::Number(f64::NAN)),
            ("Infinity", Node::Number(f64::INFINITY)),
            ("-Infinity", Node::Number(f64::NEG_INFINITY)),
        ];
        for (word, node) in WORDS {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(node);
            }
        }
        self.number()
    }

    fn number(&mut self) -> Result<Node<'a>, Fault> {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E')))
            .unwrap_or(rest.len());
        let digits = rest.get(..end).unwrap_or("");
        let starts = digits.strip_prefix('-').unwrap_or(digits).starts_with(|c: char| c.is_ascii_digit());
        match digits.parse::<f64>() {
            Ok(number) if starts => {
                self.at += end;
                Ok(Node::Number(number))
            }
            _ => Err(self.invalid("no value stands here")),
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        self.at += 1;
        let rest = self.rest();
        let stop = rest.bytes().position(|b| b == b'"' || b == b'\\' || b < 0x20);
        let plain = stop.and_then(|stop| rest.get(..stop)).ok_or_else(|| self.invalid("a string does not end"))?;
        self.at += plain.len();
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(Cow::Borrowed(plain));
        }
        self.escaped(plain.to_owned()).map(Cow::Owned)
    }

    fn escaped(&mut self, mut out: String) -> Result<String, Fault> {
        loop {
            let mut characters = self.rest().chars();
            let character = characters.next().ok_or_else(|| self.invalid("a string does not end"))?;
            match character {
                '"' => {
                    self.at += 1;
                    return Ok(out);
                }
                '\\' => {
                    self.at += 1;
                    self.escape(&mut out)?;
                }
                c if u32::from(c) < 0x20 => return Err(self.invalid("a bare control character in a string")),
                c => {
                    out.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), Fault> {
        let byte = self.peek().ok_or_else(|| self.invalid("a string does not end"))?;
        let plain = match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.at += 1;
                let character = self.unicode()?;
                out.push(character);
                return Ok(());
            }
            _ => return Err(self.invalid("an unknown escape")),
        };
        self.at += 1;
        out.push(plain);
        Ok(())
    }

    fn unicode(&mut self) -> Result<char, Fault> {
        let first = self.four_digits()?;
        if (0xD800..0xDC00).contains(&first) && self.rest().starts_with("\\u") {
            let before = self.at;
            self.at += 2;
            let second = self.four_digits()?;
            if (0xDC00..0xE000).contains(&second) {
                let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = before;
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn four_digits(&mut self) -> Result<u32, Fault> {
        let digits = self.rest().get(..4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = digits.and_then(|d| u32::from_str_radix(d, 16).ok());
        let code = code.ok_or_else(|| self.invalid("an escape of fewer than four digits"))?;
        self.at += 4;
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(text: &str) -> Node<'_> {
        parse(text).unwrap().root
    }

    #[test]
    fn reads_what_json_is() {
        assert_eq!(root(" -1.5e3 "), Node::Number(-1500.0));
        assert_eq!(root(r#""a\u00e9\ud83d\ude00\n""#), Node::Text("aé😀\n".into()));
        assert_eq!(root("[1,[],{}]"), Node::List(vec![Node::Number(1.0), Node::List(vec![]), Node::Object(vec![])]));
    }

    #[test]
    fn tolerates_what_servers_write() {
        assert_eq!(root("1e999"), Node::Number(f64::INFINITY));
        assert!(matches!(root("NaN"), Node::Number(n) if n.is_nan()));
        assert_eq!(root(r#""\ud800x""#), Node::Text("\u{fffd}x".into()));
        let twice = parse(r#"{"a":1,"b":2,"a":3}"#).unwrap();
        assert_eq!(twice.duplicate.as_deref(), Some("a"));
        assert!(matches!(twice.root, Node::Object(entries) if entries.len() == 3));
    }

    #[test]
    fn refuses_what_is_not_json() {
        for wrong in [
            "",
            " ",
            "{",
            "{\"a\"",
            "{\"a\":}",
            "{a:1}",
            "[1,]",
            "{\"a\":1,}",
            "\"\u{1}\"",
            "\"\\x\"",
            "01x",
            "+1",
            "-",
            "tru",
            "{} {}",
        ] {
            assert!(matches!(parse(wrong), Err(Fault::Invalid { .. })), "{wrong}");
        }
    }

    #[test]
    fn is_bounded() {
        assert_eq!(parse(&"[".repeat(1_000_000)), Err(Fault::TooDeep));
        assert_eq!(parse(&format!("[{}0]", "0,".repeat(MAX_NODES))), Err(Fault::TooMany));
        assert_eq!(parse_within("[1,2]", 2), Err(Fault::TooMany));
        assert!(parse_within("[1,2]", 3).is_ok());
        assert!(parse(&format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH))).is_ok());
    }
}
