//! A walk over the top-level keys of one JSON object without building anything: strings and nested values are
//! stepped over, so that no key inside them is taken for one of ours. What is cut off or broken ends the walk.

use std::ops::ControlFlow;

use memchr::memchr2;

/// A value at the top level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Between the quotes, still escaped. A string that the line's end cut off is given as far as it goes.
    Text(&'a [u8]),
    /// A number, `true`, `false` or `null`.
    Literal(&'a [u8]),
    /// An object or a list, brackets included.
    Nested(&'a [u8]),
}

/// Calls `visit` with each top-level key (still escaped), its value and where the value ends, until it breaks.
/// Gives back `false` when the object did not end properly.
pub fn walk<'a>(line: &'a [u8], mut visit: impl FnMut(&'a [u8], Value<'a>, usize) -> ControlFlow<()>) -> bool {
    let mut at = skip_space(line, 0);
    if line.get(at) != Some(&b'{') {
        return false;
    }
    at += 1;
    loop {
        at = skip_space(line, at);
        while line.get(at) == Some(&b',') {
            at = skip_space(line, at + 1);
        }
        match line.get(at) {
            Some(b'"') => {}
            Some(b'}') => return true,
            _ => return false,
        }
        let Some(key_end) = end_of_text(line, at + 1) else { return false };
        let Some(key) = line.get(at + 1..key_end) else { return false };
        at = skip_space(line, key_end + 1);
        if line.get(at) != Some(&b':') {
            return false;
        }
        at = skip_space(line, at + 1);
        let (value, end) = match line.get(at) {
            Some(b'"') => {
                let end = end_of_text(line, at + 1).unwrap_or(line.len());
                (line.get(at + 1..end).map(Value::Text), end + 1)
            }
            Some(b'{' | b'[') => {
                let end = end_of_nested(line, at);
                (line.get(at..end).map(Value::Nested), end)
            }
            _ => {
                let end = end_of_literal(line, at);
                (line.get(at..end).map(Value::Literal), end)
            }
        };
        let Some(value) = value else { return false };
        if visit(key, value, end.min(line.len())).is_break() {
            return true;
        }
        at = end;
    }
}

#[inline]
fn skip_space(line: &[u8], mut at: usize) -> usize {
    while matches!(line.get(at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
        at += 1;
    }
    at
}

/// Where the quote stands that ends the string whose first byte is at `from`.
#[inline]
fn end_of_text(line: &[u8], mut from: usize) -> Option<usize> {
    loop {
        let at = from + memchr2(b'"', b'\\', line.get(from..)?)?;
        if line.get(at) == Some(&b'"') {
            return Some(at);
        }
        from = at + 2;
    }
}

fn end_of_nested(line: &[u8], from: usize) -> usize {
    let mut depth = 0usize;
    let mut at = from;
    while let Some(byte) = line.get(at) {
        match byte {
            b'"' => match end_of_text(line, at + 1) {
                Some(end) => at = end,
                None => return line.len(),
            },
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    line.len()
}

fn end_of_literal(line: &[u8], from: usize) -> usize {
    let rest = line.get(from..).unwrap_or_default();
    from + rest
        .iter()
        .position(|b| matches!(b, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n'))
        .unwrap_or(rest.len())
}

/// Resolves the escapes of a JSON string. What is no escape stays as it stands.
pub fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (plain, tail) = rest.split_at(at);
        out.extend_from_slice(plain);
        let taken = unescape_one(tail, &mut out);
        rest = tail.get(taken..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

/// Resolves the escape at the beginning of `tail` and gives its length.
fn unescape_one(tail: &[u8], out: &mut Vec<u8>) -> usize {
    let byte = match tail.get(1) {
        Some(b'n') => b'\n',
        Some(b't') => b'\t',
        Some(b'r') => b'\r',
        Some(b'b') => 8,
        Some(b'f') => 12,
        Some(other @ (b'"' | b'\\' | b'/')) => *other,
        Some(b'u') => {
            let Some((character, taken)) = unescape_unicode(tail) else {
                out.push(b'\\');
                return 1;
            };
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            return taken;
        }
        _ => {
            out.push(b'\\');
            return 1;
        }
    };
    out.push(byte);
    2
}

fn hex4(text: &[u8]) -> Option<u32> {
    text.get(2..6)?.iter().try_fold(0u32, |sum, d| (*d as char).to_digit(16).map(|d| sum * 16 + d))
}

fn unescape_unicode(tail: &[u8]) -> Option<(char, usize)> {
    let first = hex4(tail)?;
    if !(0xD800..0xDC00).contains(&first) {
        return char::from_u32(first).map(|c| (c, 6));
    }
    let second = tail.get(6..).filter(|t| t.starts_with(b"\\u")).and_then(hex4)?;
    let low = second.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
    char::from_u32(0x10000 + ((first - 0xD800) << 10) + low).map(|c| (c, 12))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(line: &str) -> (Vec<String>, bool) {
        let mut keys = Vec::new();
        let whole = walk(line.as_bytes(), |key, _, _| {
            keys.push(String::from_utf8_lossy(key).into_owned());
            ControlFlow::Continue(())
        });
        (keys, whole)
    }

    #[test]
    fn only_the_top_level() {
        let line = r#" {"a":"x\"level\":\"error\"", "b":{"level":"error","c":["]",{"d":1}]},"e":[1,2],"f":null , "g": -1.5e3}"#;
        assert_eq!(keys(line), (vec!["a".into(), "b".into(), "e".into(), "f".into(), "g".into()], true));
    }

    #[test]
    fn broken_objects_end_the_walk() {
        for line in ["", "{", "{\"a", "{\"a\"", "{\"a\":", "{\"a\" 1}", "[1]", "{\"a\":1]", "{\"a\\"] {
            assert!(!keys(line).1, "{line}");
        }
        assert_eq!(keys("{\"a\":{\"b\":\"c").0, ["a"]);
        assert_eq!(keys("{\"a\":}]}").0, ["a"]);
    }

    #[test]
    fn escapes() {
        assert_eq!(
            unescape(br"a\n\u00e9\ud83d\ude00\u001b\\\q\ud800x\u12"),
            "a\né😀\u{1b}\\\\q\\ud800x\\u12".as_bytes()
        );
    }
}
