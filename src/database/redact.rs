//! Literals of a query hidden, for shared screens: strings and numbers become `?`. Names, keywords and shape stay.

use crate::domain::Untrusted;

/// The query without its literals. What cannot be told apart is hidden, never shown.
#[must_use]
pub fn redacted(query: &Untrusted) -> Untrusted {
    let bytes = query.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let in_word = out.last().is_some_and(|b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b'"'));
        let rest = bytes.get(at..).unwrap_or(&[]);
        at += match byte {
            b'\'' => {
                out.push(b'?');
                quoted(rest)
            }
            b'$' if !in_word => {
                let length = dollar_quoted(rest);
                out.push(if length.is_some() { b'?' } else { byte });
                length.unwrap_or(1)
            }
            b'0'..=b'9' if !in_word => {
                out.push(b'?');
                rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'.').count()
            }
            _ => {
                out.push(byte);
                1
            }
        };
    }
    Untrusted::new(out)
}

/// Length of a string that begins here; doubled quotes and backslashes hide the next one. An open string runs to the end.
fn quoted(rest: &[u8]) -> usize {
    let mut at = 1;
    while let Some(&byte) = rest.get(at) {
        match (byte, rest.get(at + 1)) {
            (b'\'', Some(b'\'')) | (b'\\', Some(_)) => at += 2,
            (b'\'', _) => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// Length of a `$tag$ … $tag$` string that begins here.
fn dollar_quoted(rest: &[u8]) -> Option<usize> {
    let tag = rest.iter().skip(1).position(|b| *b == b'$')? + 2;
    let open = rest.get(..tag)?;
    let named = open.get(1..tag - 1)?.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    if !named || open.get(1).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let body = rest.get(tag..)?;
    Some(memchr::memmem::find(body, open).map_or(rest.len(), |end| tag + end + tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_go_and_the_shape_stays() {
        for (query, expected) in [
            ("SELECT * FROM t1 WHERE a = 'x''y' AND b=42.5e3", "SELECT * FROM t1 WHERE a = ? AND b=?"),
            ("UPDATE t SET s = E'a\\'b', n = -7", "UPDATE t SET s = E?, n = -?"),
            ("SELECT $1, $tag$se'cret$tag$ , $$x$$", "SELECT $1, ? , ?"),
            ("SELECT 'open", "SELECT ?"),
        ] {
            assert_eq!(redacted(&Untrusted::from(query)).one_line().as_str(), expected);
        }
    }
}
