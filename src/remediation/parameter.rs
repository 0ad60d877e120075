//! What an action of a team's own is given when it is asked for: a name, of which type, and how long. A value is checked
//! against its type before it goes anywhere, and there it is always a value: never a part of a text that something reads.

use crate::domain::Safe;

mod fill;
mod given;
mod veil;

pub use fill::{Filled, Gap, HIDDEN, Spot, as_it_stands, filled, in_a_title};
pub use given::Given;

/// Longest text, in characters, where nothing is said.
pub const USUAL_LENGTH: usize = 200;
/// Longest text that may be asked for.
pub const LONGEST: usize = 1000;
/// Longest name.
const NAME: usize = 32;

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name: `{name}` stands where it goes.
    pub name: String,
    /// What it may be.
    pub kind: ParameterKind,
    /// What it is for, in a few words; empty where nobody said.
    pub doc: Safe,
    /// What holds when it is not given.
    pub otherwise: Otherwise,
}

/// What a value may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// A whole number.
    Integer,
    /// One line of at most so many characters.
    Text(usize),
    /// A UUID.
    Uuid,
    /// One of these.
    OneOf(Vec<String>),
}

/// What holds when a parameter is not given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Otherwise {
    /// Nothing: it must be given.
    Refused,
    /// Steps that want it are left out.
    LeftOut,
    /// This value.
    Value(String),
}

impl Parameter {
    /// Whether a name can be one.
    #[must_use]
    pub fn is_name(name: &str) -> bool {
        name.len() <= NAME
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    }

    /// The value as it is used, if it is of the type.
    ///
    /// # Errors
    /// What it should be, in words.
    pub fn checked(&self, value: &str) -> Result<String, Safe> {
        let wrong = |wants: String| Err(Safe::of(format!("{} {value:?}: {wants}", self.name)));
        match &self.kind {
            ParameterKind::Integer => match value.parse::<i64>() {
                Ok(number) => Ok(number.to_string()),
                Err(_) => wrong("it is a whole number".to_owned()),
            },
            ParameterKind::Text(most) => {
                if value.trim().is_empty() {
                    return wrong("it is empty".to_owned());
                }
                if value.chars().any(char::is_control) {
                    return wrong("it is one line without control characters".to_owned());
                }
                if value.chars().count() > *most {
                    return wrong(format!("it has at most {most} characters"));
                }
                Ok(value.to_owned())
            }
            ParameterKind::Uuid if is_uuid(value) => Ok(value.to_ascii_lowercase()),
            ParameterKind::Uuid => wrong("it is a UUID such as 123e4567-e89b-12d3-a456-426614174000".to_owned()),
            ParameterKind::OneOf(words) if words.iter().any(|word| word == value) => Ok(value.to_owned()),
            ParameterKind::OneOf(words) => wrong(format!("it is one of {}", words.join(", "))),
        }
    }

    /// `webhook (a whole number: which webhook)`.
    #[must_use]
    pub fn words(&self) -> Safe {
        let kind = match &self.kind {
            ParameterKind::Integer => "a whole number".to_owned(),
            ParameterKind::Text(_) => "a text".to_owned(),
            ParameterKind::Uuid => "a UUID".to_owned(),
            ParameterKind::OneOf(words) => format!("one of {}", words.join(", ")),
        };
        let doc = if self.doc.as_str().is_empty() { String::new() } else { format!(": {}", self.doc) };
        let otherwise = match &self.otherwise {
            Otherwise::Refused => String::new(),
            Otherwise::LeftOut => "; may be left out".to_owned(),
            Otherwise::Value(value) => format!("; else {value}"),
        };
        Safe::of(format!("{} ({kind}{doc}{otherwise})", self.name))
    }

    /// A value that it may have.
    #[must_use]
    pub fn sample(&self) -> String {
        match &self.kind {
            ParameterKind::Integer => "1".to_owned(),
            ParameterKind::Text(_) => "x".to_owned(),
            ParameterKind::Uuid => "00000000-0000-0000-0000-000000000000".to_owned(),
            ParameterKind::OneOf(words) => words.first().cloned().unwrap_or_default(),
        }
    }
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: ParameterKind) -> Parameter {
        Parameter { name: "p".to_owned(), kind, doc: Safe::default(), otherwise: Otherwise::Refused }
    }

    #[test]
    fn a_value_is_of_its_type_or_refused() {
        let is = |kind: &ParameterKind, value: &str| of(kind.clone()).checked(value).ok();
        let number = ParameterKind::Integer;
        assert_eq!(is(&number, "-42").as_deref(), Some("-42"));
        assert_eq!(is(&number, "007").as_deref(), Some("7"));
        for wrong in ["", "4.2", "1 OR 1=1", "0x10", "99999999999999999999", "٣"] {
            assert_eq!(is(&number, wrong), None, "{wrong}");
        }
        let uuid = ParameterKind::Uuid;
        assert_eq!(
            is(&uuid, "123E4567-e89b-12d3-a456-426614174000").as_deref(),
            Some("123e4567-e89b-12d3-a456-426614174000")
        );
        for wrong in ["", "123e4567e89b12d3a456426614174000", "123e4567-e89b-12d3-a456-42661417400/", "../x"] {
            assert_eq!(is(&uuid, wrong), None, "{wrong}");
        }
        let text = ParameterKind::Text(3);
        assert_eq!(is(&text, "äöü").as_deref(), Some("äöü"));
        for wrong in ["", " ", "abcd", "a\nb", "a\u{9b}"] {
            assert_eq!(is(&text, wrong), None, "{wrong:?}");
        }
        let words = ParameterKind::OneOf(vec!["up".to_owned(), "down".to_owned()]);
        assert!(is(&words, "up").is_some() && is(&words, "u").is_none() && is(&words, "").is_none());
        for kind in [number, uuid, text, words] {
            let sample = of(kind.clone()).sample();
            assert!(is(&kind, &sample).is_some(), "{sample}");
        }
    }
}
