//! Literals of a query hidden, for shared screens: strings, numbers and comments become `?`. Names, keywords and shape
//! stay. Read as PostgreSQL's own scanner reads; what can be read in two ways, or has no end, hides all that follows.

use crate::domain::Untrusted;

/// The query without its literals. What cannot be told apart is hidden, never shown.
#[must_use]
pub fn redacted(query: &Untrusted) -> Untrusted {
    let bytes = query.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let piece = piece(rest);
        match piece.shown {
            Shown::AsItIs => out.extend_from_slice(rest.get(..piece.length).unwrap_or_default()),
            Shown::Hidden(mark) => out.extend_from_slice(mark.as_bytes()),
        }
        at += piece.length.max(1);
    }
    Untrusted::new(out)
}

/// What of a query is code: strings and numbers are `?`, a comment is a space. `None` where that cannot be told for certain.
#[must_use]
pub fn code(query: &str) -> Option<String> {
    let mut out = String::with_capacity(query.len());
    let mut rest = query;
    while !rest.is_empty() {
        let piece = piece(rest.as_bytes());
        // A letter of several bytes is plain, and taken byte by byte.
        let length = (piece.length.max(1)..=rest.len()).find(|end| rest.is_char_boundary(*end))?;
        let (own, after) = rest.split_at_checked(length)?;
        match piece.shown {
            _ if piece.in_doubt => return None,
            Shown::AsItIs => out.push_str(own),
            Shown::Hidden("?" | "E?") => out.push_str(" ? "),
            Shown::Hidden(_) => out.push(' '),
        }
        rest = after;
    }
    Some(out)
}

/// What a query begins with.
struct Piece {
    length: usize,
    shown: Shown,
    /// It can be read in two ways, or has no end.
    in_doubt: bool,
}

enum Shown {
    AsItIs,
    Hidden(&'static str),
}

impl Piece {
    fn plain(length: usize) -> Piece {
        Piece { length, shown: Shown::AsItIs, in_doubt: false }
    }

    /// Hidden up to its end; without one, all that follows.
    fn hidden(length: Option<usize>, rest: &[u8], mark: &'static str) -> Piece {
        Piece { length: length.unwrap_or(rest.len()), shown: Shown::Hidden(mark), in_doubt: length.is_none() }
    }
}

fn piece(rest: &[u8]) -> Piece {
    let hidden = |length| Piece::hidden(length, rest, "?");
    match rest {
        [b'\'', ..] => hidden(string(rest)),
        [b'"', ..] => identifier(rest).map_or_else(|| hidden(None), Piece::plain),
        [b'-', b'-', ..] => Piece::hidden(Some(line(rest)), rest, "-- ?"),
        [b'/', b'*', ..] => Piece::hidden(comment(rest), rest, "/*?*/"),
        [b'$', b'0'..=b'9', ..] => Piece::plain(1 + run(rest, 1, |b| b.is_ascii_digit())),
        [b'$', ..] => hidden(dollar_quoted(rest)),
        [b'0'..=b'9', ..] => hidden(Some(number(rest))),
        [first, ..] if starts_word(*first) => word(rest),
        _ => Piece::plain(1),
    }
}

/// A word; or a string whose kind the word names: `E'…'`, `B'…'`, `X'…'`, `N'…'`, `U&'…'`.
fn word(rest: &[u8]) -> Piece {
    let length = run(rest, 0, |b| starts_word(b) || b.is_ascii_digit() || b == b'$');
    let (word, after) = (rest.get(..length).unwrap_or_default(), rest.get(length..).unwrap_or_default());
    match (word, after) {
        (b"e" | b"E", [b'\'', ..]) => match escaped(after) {
            // The letter stays, as the words of the shape do.
            Some(string) => Piece { length: length + string, shown: Shown::Hidden("E?"), in_doubt: false },
            None => Piece::hidden(None, rest, "E?"),
        },
        _ => Piece::plain(length),
    }
}

fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

/// How many bytes from `from` on are of the kind.
fn run(rest: &[u8], from: usize, kind: impl Fn(u8) -> bool) -> usize {
    rest.get(from..).unwrap_or_default().iter().take_while(|b| kind(**b)).count()
}

/// Length of a number: digits, point, exponent with its sign, and whatever letters hang on it.
fn number(rest: &[u8]) -> usize {
    let mut at = run(rest, 0, |b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_'));
    let exponent = matches!(at.checked_sub(1).and_then(|last| rest.get(last)), Some(b'e' | b'E'));
    if exponent && matches!(rest.get(at), Some(b'+' | b'-')) && rest.get(at + 1).is_some_and(u8::is_ascii_digit) {
        at += 1 + run(rest, at + 1, |b| b.is_ascii_digit());
    }
    at
}

/// Length of an ordinary string: only a doubled quote stands for one. A backslash before a quote is the end of the
/// string for most servers and an escape where `standard_conforming_strings` is off: then nobody can tell.
fn string(rest: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match (rest.get(at)?, rest.get(at + 1)) {
            (b'\\', Some(b'\'')) => return None,
            (b'\\', Some(b'\\')) | (b'\'', Some(b'\'')) => at += 2,
            (b'\'', _) => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// Length of what follows `E`: a backslash takes the next byte with it. Over a line end the string may go on, in the
/// same kind, which is read as the ordinary string it looks like: every backslash that matters hides the rest there.
fn escaped(rest: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match (rest.get(at)?, rest.get(at + 1)) {
            (b'\\', _) | (b'\'', Some(b'\'')) => at += 2,
            (b'\'', _) => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// Length of a quoted name.
fn identifier(rest: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match (rest.get(at)?, rest.get(at + 1)) {
            (b'"', Some(b'"')) => at += 2,
            (b'"', _) => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// Length of a comment to the end of its line, which stays.
fn line(rest: &[u8]) -> usize {
    run(rest, 0, |b| !matches!(b, b'\n' | b'\r'))
}

/// Length of a comment with the comments in it.
fn comment(rest: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (2, 1);
    while depth > 0 {
        match (rest.get(at)?, rest.get(at + 1)) {
            (b'/', Some(b'*')) => (at, depth) = (at + 2, depth + 1),
            (b'*', Some(b'/')) => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
    }
    Some(at)
}

/// Length of a `$tag$ … $tag$` string; a dollar that begins nothing hides what follows, too.
fn dollar_quoted(rest: &[u8]) -> Option<usize> {
    let tag = run(rest, 1, |b| starts_word(b) || b.is_ascii_digit());
    let open = rest.get(..tag + 2).filter(|open| open.ends_with(b"$"))?;
    let body = rest.get(open.len()..)?;
    memchr::memmem::find(body, open).map(|end| open.len() + end + open.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(query: &str) -> String {
        String::from_utf8(redacted(&Untrusted::from(query)).as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn literals_go_and_the_shape_stays() {
        for (query, expected) in [
            ("SELECT * FROM t1 WHERE a = 'x''y' AND b=42.5e3", "SELECT * FROM t1 WHERE a = ? AND b=?"),
            ("UPDATE t SET s = E'a\\'b', n = -7", "UPDATE t SET s = E?, n = -?"),
            ("SELECT $1, $tag$se'cret$tag$ , $$x$$", "SELECT $1, ? , ?"),
            ("SELECT 'open", "SELECT ?"),
            ("SELECT 'C:\\dir\\\\' , 'hunter2'", "SELECT ? , ?"),
            ("SELECT 1 /* it's */ , 'swordfish'", "SELECT ? /*?*/ , ?"),
            ("SELECT 1 /* a /* b */ 'c' */ , 2", "SELECT ? /*?*/ , ?"),
            ("SELECT a -- it's\n , 'x'", "SELECT a -- ?\n , ?"),
            ("SELECT \"it's\" , 'x', \"a\"\"'b\"", "SELECT \"it's\" , ?, \"a\"\"'b\""),
            ("SELECT b'0101', x'ff', U&'\\0061' UESCAPE '!', n'x'", "SELECT b?, x?, U&? UESCAPE ?, n?"),
            ("SELECT $größe$ ' $größe$, tab$1, date'2024-01-01'", "SELECT ?, tab$1, date?"),
            ("SELECT 1e-5, .5, 0xff, 1_000", "SELECT ?, .?, ?, ?"),
        ] {
            assert_eq!(told(query), expected, "{query}");
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_or_has_no_end_hides_the_rest() {
        for query in [
            "SELECT 'C:\\' , 'hunter2'",
            "SELECT 'it\\'s' , hunter2",
            "SELECT E'a'\n'b\\'hunter2'",
            "SELECT E'a' -- x\n'b\\'hunter2'",
            "SELECT $x$ hunter2",
            "SELECT /* /* */ hunter2",
            "SELECT \"hunter2",
            "SELECT E'hunter2\\'",
            "SELECT $ hunter2",
            "SELECT 'a\\''hunter2'",
        ] {
            assert!(!told(query).contains("hunter2"), "{query}: {}", told(query));
        }
    }

    /// Literals that do not hold the secret and set traps for whoever reads them wrongly.
    fn trap() -> impl Strategy<Value = String> {
        prop::sample::select(vec![
            "1",
            "a",
            "\"a'b\"",
            "\"\"\"'\"",
            "'C:\\x'",
            "'it''s'",
            "E'it\\'s'",
            "e'\\\\'",
            "/* it's */",
            "/* /* ' */ \" */",
            "-- it's\n",
            "$$ ' $$",
            "$x$ $$ ' $x$",
            "$é$ ' $é$",
            "$1",
            "tab$1",
            "U&'\\0061'",
            "U&\"a'\"",
            "b'01'",
            "x'ff'",
            "1e-5",
            "'a'\n'b'",
            "''",
            "E''",
            "\"C:\\\"",
            "'\\\\'",
            "- -",
            "/ *",
            "'C:\\'",
        ])
        .prop_map(str::to_owned)
    }

    fn literal(secret: &str) -> Vec<String> {
        vec![
            format!("'{secret}'"),
            format!("'it''s {secret}'"),
            format!("'{secret}\\'"),
            format!("E'\\'{secret}\\\\'"),
            format!("e'{secret}\\''"),
            format!("E'a'\n'b\\'{secret}'"),
            format!("N'{secret}'"),
            format!("U&'{secret}\\0061'"),
            format!("$${secret}$$"),
            format!("$t${secret}$t$"),
            format!("$é1$ $$ ' {secret}$é1$"),
            format!("-- {secret}\n"),
            format!("/* {secret} */"),
            format!("/* /* */ {secret} */"),
            format!("'open {secret}"),
            format!("$t$ open {secret}"),
            format!("E'open {secret}"),
            format!("/* open {secret}"),
            format!("-- open {secret}"),
            format!("date'{secret}'"),
            format!("1{secret}"),
        ]
    }

    proptest! {
        #[test]
        fn a_secret_in_any_literal_never_survives(
            before in prop::collection::vec(trap(), 0..6),
            after in prop::collection::vec(trap(), 0..4),
            secret in "zq[a-z]{6}",
            which in any::<prop::sample::Index>(),
        ) {
            let literals = literal(&secret);
            let query = format!("SELECT {} , {} , {}", before.join(" , "), which.get(&literals), after.join(" , "));
            prop_assert!(code(&query).is_none_or(|code| !code.contains(&secret)), "{query}");
            prop_assert!(!told(&query).contains(&secret), "{}\n{}", query, told(&query));
        }

        #[test]
        fn any_bytes_are_read_to_their_end(query in prop::collection::vec(any::<u8>(), 0..200)) {
            let hidden = redacted(&Untrusted::new(query.clone()));
            prop_assert!(hidden.as_bytes().len() <= query.len() * 5 + 5);
        }
    }
}
