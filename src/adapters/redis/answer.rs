//! An answer of any shape, read as it comes: values, lists in lists, nothing at all. Of a list its number and its first
//! elements are kept, of a text its beginning; what is left over is read and thrown away, so that an error anywhere in it is
//! found and no answer takes much memory. Pure.

use super::resp::{broken, integer, line_end};
use crate::domain::{Cause, Safe};

/// Elements of a list that are kept.
const ELEMENTS: usize = 20;
/// Bytes of a text that are kept.
const TEXT: usize = 160;
/// Characters of an answer that are shown.
const SAID: usize = 400;
/// Errors that are kept; more are counted.
const ERRORS: usize = 3;
/// Lists in lists at most.
const DEPTH: usize = 32;
/// Bytes of an answer at most; a larger one is given up.
const MOST: u64 = 256 * 1024 * 1024;

/// The answer.
#[derive(Debug, PartialEq)]
pub enum Answer {
    /// The whole of it is an error, without the minus.
    Refused(Vec<u8>),
    /// Everything else.
    Told(Told),
}

/// An answer, as much of it as is kept.
#[derive(Debug, PartialEq)]
pub struct Told {
    value: Value,
    errors: Vec<Safe>,
    more_errors: u64,
}

#[derive(Debug, PartialEq)]
enum Value {
    Status(Safe),
    Error(Safe),
    Integer(i64),
    Nil,
    Text { begin: Vec<u8>, length: u64 },
    List { count: u64, first: Vec<Value> },
}

impl Told {
    /// In words, bounded.
    pub fn words(&self) -> Safe {
        match &self.value {
            Value::Text { begin, length } if *length == begin.len() as u64 => Safe::one_line(begin).clipped(SAID),
            value => Safe::of(words(value)).clipped(SAID),
        }
    }

    /// The errors in it, if there are any.
    pub fn errors(&self) -> Option<Safe> {
        let count = self.errors.len() as u64 + self.more_errors;
        let named: Vec<&str> = self.errors.iter().map(Safe::as_str).collect();
        let plural = if count == 1 { "" } else { "s" };
        (count > 0).then(|| {
            Safe::of(format!(
                "the answer holds {count} error{plural}: {}; all of it: {}",
                named.join("; "),
                self.words()
            ))
        })
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::Status(text) => text.to_string(),
        Value::Error(text) => format!("error {text}"),
        Value::Integer(number) => number.to_string(),
        Value::Nil => "nil".to_owned(),
        Value::Text { begin, length } => {
            let cut = *length > begin.len() as u64;
            let rest = if cut { format!("… ({length} bytes)") } else { String::new() };
            format!("\"{}\"{rest}", Safe::one_line(begin))
        }
        Value::List { count, first } => {
            let plural = if *count == 1 { "" } else { "s" };
            let inner = |value: &Value| match value {
                Value::List { .. } => format!("({})", words(value)),
                value => words(value),
            };
            let mut shown = first.iter().map(inner).collect::<Vec<_>>().join(", ");
            if *count > first.len() as u64 {
                shown.push_str(", …");
            }
            format!("{count} element{plural}{}{shown}", if *count == 0 { "" } else { ": " })
        }
    }
}

/// Reads one answer, piece by piece.
#[derive(Default)]
pub struct Reading {
    /// The lists that are open, the outermost first.
    open: Vec<Open>,
    /// The text that is being read.
    text: Option<Text>,
    errors: Vec<Safe>,
    more_errors: u64,
    taken: u64,
}

struct Open {
    count: u64,
    left: u64,
    first: Vec<Value>,
}

struct Text {
    begin: Vec<u8>,
    length: u64,
    /// Bytes of it that are still to come, and those of its line end.
    left: u64,
}

impl Reading {
    /// Takes what came from the front of `bytes`; the answer, once it is whole.
    pub fn take(&mut self, bytes: &mut Vec<u8>) -> Result<Option<Answer>, Cause> {
        let mut at = 0;
        let outcome = loop {
            let rest = bytes.get(at..).unwrap_or_default();
            match self.next(rest) {
                Err(cause) => break Err(cause),
                Ok(None) => break Ok(None),
                Ok(Some((taken, done))) => {
                    at += taken;
                    self.taken += taken as u64;
                    if self.taken > MOST {
                        break Err(Cause::TooLarge { what: Safe::of("an answer of Redis"), limit: MOST });
                    }
                    if let Some(answer) = done {
                        break Ok(Some(answer));
                    }
                }
            }
        };
        bytes.drain(..at);
        outcome
    }

    /// One more piece: how many bytes it took, and the answer if it was the last. `None` where more has to come first.
    fn next(&mut self, bytes: &[u8]) -> Result<Option<(usize, Option<Answer>)>, Cause> {
        if let Some(text) = self.text.take() {
            return self.go_on(text, bytes);
        }
        let Some((&kind, rest)) = bytes.split_first() else { return Ok(None) };
        if !matches!(kind, b'+' | b'-' | b':' | b'$' | b'*') {
            return Err(broken("the answer is not of the protocol of Redis"));
        }
        let Some(end) = line_end(rest)? else { return Ok(None) };
        let line = rest.get(..end).unwrap_or_default();
        let taken = 1 + end + 2;
        let value = match kind {
            b'+' => Value::Status(Safe::one_line(line).clipped(SAID)),
            b'-' if self.open.is_empty() => return Ok(Some((taken, Some(Answer::Refused(line.to_vec()))))),
            b'-' => self.error(line),
            b':' => Value::Integer(integer(line)?),
            _ => match (kind, announced(line)?) {
                (_, None) => Value::Nil,
                (b'$', Some(length)) => {
                    self.text = Some(Text { begin: Vec::new(), length, left: length.saturating_add(2) });
                    return Ok(Some((taken, None)));
                }
                (_, Some(0)) => Value::List { count: 0, first: Vec::new() },
                (_, Some(count)) => {
                    if self.open.len() == DEPTH {
                        return Err(broken("the answer has too many lists in lists"));
                    }
                    self.open.push(Open { count, left: count, first: Vec::new() });
                    return Ok(Some((taken, None)));
                }
            },
        };
        Ok(Some((taken, self.ended(value))))
    }

    fn go_on(&mut self, mut text: Text, bytes: &[u8]) -> Result<Option<(usize, Option<Answer>)>, Cause> {
        // The line end is taken in one piece, so that it can be looked at.
        let body = text.left.saturating_sub(2);
        if body > 0 {
            let taken = bytes.len().min(usize::try_from(body).unwrap_or(usize::MAX));
            let kept = TEXT.saturating_sub(text.begin.len()).min(taken);
            text.begin.extend_from_slice(bytes.get(..kept).unwrap_or_default());
            text.left -= taken as u64;
            self.text = Some(text);
            return Ok((taken > 0).then_some((taken, None)));
        }
        match bytes.get(..2) {
            None => {
                self.text = Some(text);
                Ok(None)
            }
            Some(b"\r\n") => Ok(Some((2, self.ended(Value::Text { begin: text.begin, length: text.length })))),
            Some(_) => Err(broken("a reply is longer than it announced")),
        }
    }

    fn error(&mut self, line: &[u8]) -> Value {
        let said = Safe::one_line(line).clipped(TEXT);
        if self.errors.len() < ERRORS {
            self.errors.push(said.clone());
        } else {
            self.more_errors += 1;
        }
        Value::Error(said)
    }

    /// A value is whole, and with it perhaps the lists that it ends.
    fn ended(&mut self, mut value: Value) -> Option<Answer> {
        while let Some(mut list) = self.open.pop() {
            if list.first.len() < ELEMENTS {
                list.first.push(value);
            }
            list.left -= 1;
            if list.left > 0 {
                self.open.push(list);
                return None;
            }
            value = Value::List { count: list.count, first: list.first };
        }
        let errors = std::mem::take(&mut self.errors);
        Some(Answer::Told(Told { value, errors, more_errors: self.more_errors }))
    }
}

/// A length or a number of elements; none is nil.
fn announced(line: &[u8]) -> Result<Option<u64>, Cause> {
    match integer(line)? {
        -1 => Ok(None),
        number => u64::try_from(number).map(Some).map_err(|_negative| broken("a length is negative")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// In pieces of `size` bytes.
    fn read(bytes: &[u8], size: usize) -> Result<Option<Answer>, Cause> {
        let (mut reading, mut waiting) = (Reading::default(), Vec::new());
        for piece in bytes.chunks(size.max(1)) {
            waiting.extend_from_slice(piece);
            if let Some(answer) = reading.take(&mut waiting)? {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }

    fn told(bytes: &[u8]) -> Told {
        match read(bytes, bytes.len()).unwrap() {
            Some(Answer::Told(told)) => told,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_shape_has_words() {
        for (bytes, words) in [
            (&b"+OK\r\n"[..], "OK"),
            (b":-3\r\n", "-3"),
            (b"$3\r\na\nb\r\n", "a b"),
            (b"$-1\r\n", "nil"),
            (b"*-1\r\n", "nil"),
            (b"*0\r\n", "0 elements"),
            (b"*1\r\n*1\r\n:1\r\n", "1 element: (1 element: 1)"),
            (b"*3\r\n:1\r\n*2\r\n$-1\r\n$1\r\nx\r\n+FINE\r\n", "3 elements: 1, (2 elements: nil, \"x\"), FINE"),
        ] {
            assert_eq!(told(bytes).words().as_str(), words);
            assert_eq!(told(bytes).errors(), None);
        }
    }

    #[test]
    fn errors_are_found_wherever_they_are() {
        assert_eq!(read(b"-ERR no\r\n", 99).unwrap(), Some(Answer::Refused(b"ERR no".to_vec())));
        let mut many = b"*1000\r\n".to_vec();
        for _ in 0..999 {
            many.extend_from_slice(b":1\r\n");
        }
        many.extend_from_slice(b"*5\r\n-ERR a\x1b\r\n-ERR b\r\n-ERR c\r\n-ERR d\r\n-ERR e\r\n");
        let errors = told(&many).errors().unwrap().to_string();
        assert!(errors.starts_with("the answer holds 5 errors: ERR a\\x1b; ERR b; ERR c; all of it: 1000"), "{errors}");
        assert!(errors.chars().count() < 1000 && !errors.contains('\u{1b}'), "{errors}");
    }

    #[test]
    fn what_is_no_answer_is_said() {
        for bytes in [&b"HTTP/1.1 400\r\n"[..], b"$-2\r\n", b"*x\r\n", b"*1\r\n%1\r\n", b"$1\r\nabc", b"+a\nb\r\n"] {
            assert!(matches!(read(bytes, 99), Err(Cause::Protocol(_))), "{}", Safe::of_bytes(bytes));
        }
        assert!(read(&b"*1\r\n".repeat(DEPTH + 1), 99).is_err());
        assert_eq!(read(b"*9223372036854775807\r\n:1\r\n", 99).unwrap(), None, "a promise takes no memory");
    }

    fn shape() -> impl Strategy<Value = Vec<u8>> {
        let text = prop::collection::vec(any::<u8>(), 0..400);
        let leaf = prop_oneof![
            any::<i64>().prop_map(|n| format!(":{n}\r\n").into_bytes()),
            Just(b"$-1\r\n".to_vec()),
            Just(b"+OK\r\n".to_vec()),
            text.prop_map(|text| [format!("${}\r\n", text.len()).as_bytes(), &text, b"\r\n"].concat()),
        ];
        leaf.prop_recursive(4, 64, 30, |inner| {
            prop::collection::vec(inner, 0..30)
                .prop_map(|items| [format!("*{}\r\n", items.len()).into_bytes(), items.concat()].concat())
        })
    }

    proptest! {
        /// However it is cut into pieces it is the same answer, in bounded and harmless words, and nothing behind it is taken.
        #[test]
        fn pieces_do_not_matter(whole in shape(), size in 1usize..50) {
            let expected = read(&whole, whole.len()).unwrap();
            prop_assert!(expected.is_some());
            prop_assert_eq!(&read(&whole, size).unwrap(), &expected);
            let Some(Answer::Told(told)) = expected else { panic!() };
            let words = told.words();
            prop_assert!(words.as_str().chars().count() <= SAID + 1);
            prop_assert!(!words.as_str().chars().any(char::is_control));
            prop_assert_eq!(read(&whole[..whole.len() - 1], size).unwrap(), None);
            let mut behind = [whole.as_slice(), b"+more\r\n"].concat();
            Reading::default().take(&mut behind).unwrap();
            prop_assert_eq!(behind, b"+more\r\n");
        }

        #[test]
        fn never_panics(bytes in prop::collection::vec(prop::sample::select(b"+-:$*019\r\nx".to_vec()), 0..80), size in 1usize..9) {
            let _ = read(&bytes, size);
        }
    }
}
