//! A value hidden in what somebody else says, however it is spelled there: as it is, percent-encoded, in a form, in JSON, in
//! any mixture of them. A value within a longer word is another word.

use crate::domain::Safe;

use super::HIDDEN;

/// Fewer characters of a value at a place where a text was cut off tell nothing.
const TAIL: usize = 3;
/// What ends a text that was cut off.
const CUT: char = '…';

/// A text with a value hidden wherever it stands as a word of its own.
pub(super) fn without(text: &str, value: &str) -> String {
    let value: Vec<Letter> = value.chars().map(Letter::of).collect();
    let word = |letter: Option<&Letter>| letter.is_some_and(|letter| letter.is_of_a_word);
    let (first, last) = (word(value.first()), word(value.last()));
    let whole = text.strip_suffix(CUT);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let inside = first && text.get(..at).is_some_and(ends_a_word);
        let ends = |end: &usize| {
            let next = rest.get(*end..).and_then(|rest| rest.chars().next());
            !(last && next.is_some_and(char::is_alphanumeric))
        };
        if let Some(end) = spelled(rest, &value).into_iter().filter(|end| !inside && *end > 0).filter(ends).max() {
            out.push_str(HIDDEN);
            at += end;
            continue;
        }
        if whole.and_then(|whole| whole.get(at..)).is_some_and(|kept| is_begun(kept, &value)) {
            out.push_str(HIDDEN);
            out.push(CUT);
            return out;
        }
        let Some(letter) = rest.chars().next() else { break };
        out.push(letter);
        at += letter.len_utf8();
    }
    out
}

/// A letter of a value, and how it may be written.
struct Letter {
    plain: Vec<String>,
    /// In digits whose case means nothing.
    escaped: Vec<String>,
    is_of_a_word: bool,
}

impl Letter {
    fn of(letter: char) -> Letter {
        let mut plain = vec![letter.to_string(), Safe::of(letter.to_string()).to_string()];
        match letter {
            ' ' => plain.push("+".to_owned()),
            '"' | '\\' | '/' | '\'' => plain.push(format!("\\{letter}")),
            _ => {}
        }
        plain.retain(|form| !form.is_empty());
        let (mut bytes, mut units) = ([0; 4], [0; 2]);
        let bytes = letter.encode_utf8(&mut bytes).bytes();
        let units = letter.encode_utf16(&mut units).iter();
        let whole = |codes: Vec<String>| codes.concat();
        let escaped = vec![
            whole(bytes.clone().map(|byte| format!("%{byte:02x}")).collect()),
            whole(bytes.map(|byte| format!("\\x{byte:02x}")).collect()),
            whole(units.map(|unit| format!("\\u{unit:04x}")).collect()),
            format!("\\u{{{:x}}}", u32::from(letter)),
        ];
        Letter { plain, escaped, is_of_a_word: letter.is_alphanumeric() }
    }

    /// How many bytes at the beginning of a text are this letter.
    fn lengths<'a>(&'a self, text: &'a str) -> impl Iterator<Item = usize> + 'a {
        let plain = self.plain.iter().filter(|form| text.starts_with(form.as_str()));
        plain.chain(self.escaped.iter().filter(|form| begins(text, form))).map(String::len)
    }

    /// Whether a text is nothing but the beginning of an escape of it.
    fn is_begun_by(&self, text: &str) -> bool {
        !text.is_empty() && self.escaped.iter().any(|form| form.len() > text.len() && begins(form, text))
    }
}

fn begins(text: &str, with: &str) -> bool {
    text.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with))
}

/// Where the value may end that a text begins with.
fn spelled(text: &str, value: &[Letter]) -> Vec<usize> {
    let mut ends = vec![0];
    for letter in value {
        ends = on(text, &ends, letter);
        if ends.is_empty() {
            break;
        }
    }
    ends
}

fn on(text: &str, ends: &[usize], letter: &Letter) -> Vec<usize> {
    let mut next: Vec<usize> = Vec::new();
    for end in ends {
        next.extend(text.get(*end..).into_iter().flat_map(|rest| letter.lengths(rest)).map(|length| end + length));
    }
    next.sort_unstable();
    next.dedup();
    next
}

/// Whether a text is nothing but the beginning of the value.
fn is_begun(text: &str, value: &[Letter]) -> bool {
    let mut ends = vec![0];
    for (count, letter) in value.iter().enumerate() {
        let over = |end: &usize| text.get(*end..).is_some_and(|rest| rest.is_empty() || letter.is_begun_by(rest));
        if count >= TAIL && ends.iter().any(over) {
            return true;
        }
        ends = on(text, &ends, letter);
        if ends.is_empty() {
            break;
        }
    }
    false
}

/// Whether a text ends with a letter or digit: an escape counts as what it stands for.
fn ends_a_word(text: &str) -> bool {
    let tail = |length: usize| text.len().checked_sub(length).and_then(|from| text.get(from..));
    let code = |length: usize, mark: &str| {
        let digits = tail(length)?.strip_prefix(mark)?;
        let code = u32::from_str_radix(digits, 16).ok()?;
        Some(char::from_u32(code).is_some_and(|letter| letter.is_alphanumeric() && (length > 4 || letter.is_ascii())))
    };
    if let Some(known) = code(3, "%").or_else(|| code(4, "\\x")).or_else(|| code(6, "\\u")) {
        return known;
    }
    if ["\\n", "\\r", "\\t", "\\b", "\\f"].iter().any(|escape| text.ends_with(escape)) {
        return false;
    }
    text.chars().next_back().is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_is_hidden_however_it_is_spelled() {
        for (value, said, shown) in [
            ("alice", "user_alice_1", "user_***_1"),
            ("42", "webhook_42 is gone", "webhook_*** is gone"),
            ("42", "142, 421, a42 and 42b are others", "142, 421, a42 and 42b are others"),
            ("a b/c", "http://h/a%20b%2fc/x and a%20b%2FC", "http://h/***/x and a%20b%2FC"),
            ("a b/c", "q=a+b%2Fc&x", "q=***&x"),
            ("a b/c", "q=a+b/c", "q=***"),
            ("Jörg", "J\\u00f6rg, J\\u00F6rg, J%c3%b6rg, J\\xc3\\xb6rg", "***, ***, ***, ***"),
            ("😀!", "\\ud83d\\ude00! \\u{1f600}!", "*** ***"),
            ("say \"x\"", "{\"t\":\"say \\\"x\\\"\"} say \\u0022x\\u0022", "{\"t\":\"***\"} ***"),
            ("x/y", "\"x\\/y\"", "\"***\""),
            ("42", "a%2042 %3A42%2C", "a%20*** %3A***%2C"),
            ("42", "line\\n42\\n", "line\\n***\\n"),
            ("+1 555", "tel=%2B1+555", "tel=***"),
            ("aa", "aaa aa aa", "aaa *** ***"),
        ] {
            assert_eq!(without(said, value), shown, "{value} in {said}");
        }
    }

    #[test]
    fn a_value_that_was_cut_off_is_hidden_too() {
        for (value, said, shown) in [
            ("a b/c of many", "told: a b/c…", "told: ***…"),
            ("a b/c of many", "told: a%20b%2…", "told: ***…"),
            ("a b/c of many", "told: a…", "told: a…"),
            ("secret", "the secret…", "the ***…"),
        ] {
            assert_eq!(without(said, value), shown, "{value} in {said}");
        }
    }

    /// A letter as somebody else writes it.
    fn written(letter: char, way: usize) -> String {
        let (mut bytes, mut units) = ([0; 4], [0; 2]);
        let bytes = letter.encode_utf8(&mut bytes).as_bytes();
        let units = letter.encode_utf16(&mut units);
        match (way, letter) {
            (1, _) => bytes.iter().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat(),
            (2, _) => bytes.iter().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat(),
            (3, _) => bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect::<Vec<_>>().concat(),
            (4, _) => units.iter().map(|unit| format!("\\u{unit:04x}")).collect::<Vec<_>>().concat(),
            (5, _) => units.iter().map(|unit| format!("\\u{unit:04X}")).collect::<Vec<_>>().concat(),
            (6, _) => format!("\\u{{{:x}}}", u32::from(letter)),
            (7, ' ') => "+".to_owned(),
            (8, '"' | '\\' | '/' | '\'') => format!("\\{letter}"),
            _ => letter.to_string(),
        }
    }

    proptest! {
        /// Whatever writes it, each letter in a way of its own, and whatever stands around it.
        #[test]
        fn no_spelling_gets_past_it(
            value in "[a-z]{4}[ -~\u{e4}\u{f6}\u{fc}\u{1f600}]{0,6}[a-z]", ways in prop::collection::vec(0usize..9, 11), one in prop::option::of(0usize..9),
        ) {
            let spelled: String = value.chars().zip(ways).map(|(letter, way)| written(letter, one.unwrap_or(way))).collect();
            let hidden = without(&format!("<{spelled}> and ({spelled})"), &value);
            prop_assert_eq!(hidden, "<***> and (***)", "{}", spelled);
        }
    }
}
