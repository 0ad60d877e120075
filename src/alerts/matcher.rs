//! Matchers of labels as silences have them: `alertname="Down" instance=~"api.*"`, with the four signs of the field. A label
//! that an alert does not have is an empty one.

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

use regex::Regex;

use crate::metrics::labels::Labels;
use crate::metrics::promql::anchored_pattern;

/// Most matchers of one silence.
const MOST: usize = 20;
/// Longest name or value, in characters.
const LONGEST: usize = 500;
/// Values by their shape, most of them such that no team gives them: usual words, words, names of alerts, numbers,
/// addresses, versions, paths, and what no shape has. A pattern that most of a shape match names nothing.
const SHAPES: [[&str; 6]; 10] = [
    ["critical", "node-exporter", "HighErrorRatio", "production", "frontend", "postgres"],
    ["qzx", "vbk", "jwy", "mfd", "x", "gh"],
    ["qzxwvuts", "bkvpqzr", "jwyyhhc", "mfdfqtt", "xkcdqj", "ghzzpl"],
    ["QzxVbk", "VbkJwyOut", "JwyyPqZ", "MfdQtt", "XkqjTw", "GhzzPlow"],
    ["QZX", "VBKQ", "JW", "MFDXX", "XKQJ", "G"],
    ["731", "9", "26", "5804", "402", "185397"],
    ["q7z-xw2.vbk:7431", "10.97.3.211:9177", "jwy-8.mf.dq:80", "192.0.2.77:443", "xkq:26531", "[2001:db8::7]:9"],
    ["v7.31.0-q", "0.9.26", "qz_xw_vb", "mf-dq-81", "jw.yy", "x1"],
    ["/qz/xw/vbk", "https://vbk.qz/x?j=7", "jwy@mf.dq", "/m", "C:\\qz\\x", "qz/x7:v9"],
    ["\u{1}qd-7f3a", "Zz 0", "-/.", "\u{e9}\u{df}\u{4e2d}", "_", " ~ x"],
];

/// How a value is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Match,
    /// `!~`
    NoMatch,
}

impl Sign {
    fn word(self) -> &'static str {
        match self {
            Sign::Equal => "=",
            Sign::NotEqual => "!=",
            Sign::Match => "=~",
            Sign::NoMatch => "!~",
        }
    }
}

/// One matcher.
#[derive(Clone, Debug)]
pub struct Matcher {
    name: String,
    sign: Sign,
    value: String,
    pattern: Option<Regex>,
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Matcher) -> bool {
        (&self.name, self.sign, &self.value) == (&other.name, other.sign, &other.value)
    }
}

impl Matcher {
    /// Of a name, a sign and a value.
    ///
    /// # Errors
    /// The name is none, or the pattern cannot be read.
    pub fn new(name: &str, sign: Sign, value: &str) -> Result<Matcher, String> {
        let named = name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
        if name.is_empty() || !named || name.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(format!("{name:?} is no name of a label"));
        }
        let pattern = match sign {
            Sign::Match | Sign::NoMatch => Some(anchored_pattern(value).map_err(|why| why.to_string())?),
            Sign::Equal | Sign::NotEqual => None,
        };
        Ok(Matcher { name: name.to_owned(), sign, value: value.to_owned(), pattern })
    }

    /// That a label has a value.
    ///
    /// # Errors
    /// The name is none.
    pub fn equal(name: &str, value: &str) -> Result<Matcher, String> {
        Matcher::new(name, Sign::Equal, value)
    }

    /// Whether labels are as it says.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.takes(labels.get(&self.name))
    }

    fn takes(&self, value: &str) -> bool {
        let found = self.pattern.as_ref().map_or(value == self.value, |pattern| pattern.is_match(value));
        found == matches!(self.sign, Sign::Equal | Sign::Match)
    }

    /// Whether it says what must be there: an equality with something, or a pattern that most values of no shape have. What
    /// only says what must not be there narrows nothing.
    #[must_use]
    pub fn narrows(&self) -> bool {
        match self.sign {
            Sign::Equal => !self.value.is_empty(),
            Sign::Match => {
                let most = |shape: &[&str; 6]| 2 * shape.iter().filter(|value| self.takes(value)).count() > shape.len();
                !self.takes("") && !SHAPES.iter().any(most)
            }
            Sign::NotEqual | Sign::NoMatch => false,
        }
    }
}

/// As it can be read again.
impl fmt::Display for Matcher {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value.replace('\\', "\\\\").replace('"', "\\\"");
        write!(out, "{}{}\"{value}\"", self.name, self.sign.word())
    }
}

/// As they can be read again.
#[must_use]
pub fn text(matchers: &[Matcher]) -> String {
    matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Reads matchers with blanks or commas between them; braces around them may stay.
///
/// # Errors
/// What cannot be read, in words.
pub fn parse(text: &str) -> Result<Vec<Matcher>, String> {
    let mut letters = text.chars().peekable();
    let mut found = Vec::new();
    loop {
        while letters.next_if(|c| c.is_whitespace() || matches!(c, ',' | '{' | '}')).is_some() {}
        if letters.peek().is_none() {
            return Ok(found);
        }
        if found.len() >= MOST {
            return Err(format!("{MOST} matchers are the most"));
        }
        found.push(one(&mut letters)?);
    }
}

fn one(letters: &mut Peekable<Chars<'_>>) -> Result<Matcher, String> {
    let mut name = String::new();
    while let Some(letter) = letters.next_if(|c| c.is_alphanumeric() || *c == '_') {
        name.push(letter);
    }
    let sign = match (letters.next(), letters.peek()) {
        (Some('='), Some('~')) => Sign::Match,
        (Some('!'), Some('~')) => Sign::NoMatch,
        (Some('!'), Some('=')) => Sign::NotEqual,
        (Some('='), _) => Sign::Equal,
        _ => return Err(format!("behind {name:?} stands =, !=, =~ or !~ and a value")),
    };
    if sign != Sign::Equal {
        letters.next();
    }
    Matcher::new(&name, sign, &value(letters)?)
}

fn value(letters: &mut Peekable<Chars<'_>>) -> Result<String, String> {
    let mut value = String::new();
    if letters.next_if_eq(&'"').is_none() {
        while let Some(letter) = letters.next_if(|c| !c.is_whitespace() && !matches!(c, ',' | '}')) {
            value.push(letter);
        }
        return bounded(value);
    }
    loop {
        match letters.next() {
            Some('"') => return bounded(value),
            Some('\\') => value.extend(letters.next()),
            Some(letter) => value.push(letter),
            None => return Err("a quotation mark is missing at the end".to_owned()),
        }
    }
}

fn bounded(value: String) -> Result<String, String> {
    if value.chars().count() > LONGEST { Err(format!("a value has at most {LONGEST} characters")) } else { Ok(value) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        Labels::new(pairs.iter().copied())
    }

    #[test]
    fn the_four_signs() {
        let all = parse(r#"{alertname="Down", instance=~"api.*"} job!=old  zone!~"eu-.*""#).unwrap();
        let fits = |pairs: &[(&str, &str)]| all.iter().all(|matcher| matcher.matches(&labels(pairs)));
        assert!(fits(&[("alertname", "Down"), ("instance", "api-1")]));
        assert!(!fits(&[("alertname", "Down"), ("instance", "my-api-1")]), "a pattern is anchored");
        assert!(!fits(&[("alertname", "Down"), ("instance", "api-1"), ("job", "old")]));
        assert!(!fits(&[("alertname", "Down"), ("instance", "api-1"), ("zone", "eu-1")]));
        assert!(!fits(&[("instance", "api-1")]), "what is not there is empty");
    }

    #[test]
    fn what_narrows_nothing() {
        for (text, narrows) in [
            ("a=b", true),
            ("a=~\"b|c\"", true),
            ("a=\"\"", false),
            ("a=~\".*\"", false),
            ("a=~\".+\"", false),
            ("a=~\"(?s:.+)\"", false),
            ("a=~\"b|\"", false),
            ("a=~\"..+\"", false),
            ("a=~\"...*\"", false),
            ("a=~\".{3,}\"", false),
            ("a=~\"[^x]+\"", false),
            ("a=~\"[^9].*\"", false),
            ("a=~\"[a-z]+\"", false),
            ("a=~\"[A-Z].*\"", false),
            ("a=~\"(?i)[a-z0-9:._-]+\"", false),
            ("a=~\"\\\\d+\"", false),
            ("a=~\"\\\\w+\"", false),
            ("a=~\".*:.*\"", false),
            ("a=~\"/.*|.*[.].*\"", false),
            ("a=~\".*[aeiou].*\"", false),
            ("a=~\"api.*\"", true),
            ("a=~\".*prod.*\"", true),
            ("a=~\"High.*|Pool.*\"", true),
            ("a=~\"5..\"", true),
            ("a=~\"eu-.*\"", true),
            ("a=~\"10[.]0[.].*\"", true),
            ("a=~\".*:9100\"", true),
            ("a=~\"(web|db)-[0-9]+\"", true),
            ("a!=b", false),
            ("a!~b", false),
        ] {
            assert_eq!(parse(text).unwrap()[0].narrows(), narrows, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        for text in ["alertname", "=b", "1a=b", "a=~\"(\"", "a=\"b", "a<b", "ä=b"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse("").unwrap().is_empty());
        assert!(parse(&"a=b ".repeat(21)).is_err());
    }

    proptest! {
        /// Whatever a label holds, a matcher of it is read again as it was written.
        #[test]
        fn what_is_written_is_read_again(value in "\\PC{0,40}", raw in any::<String>()) {
            for value in [value, raw.chars().take(100).collect()] {
                let written = Matcher::equal("instance", &value).unwrap();
                prop_assert_eq!(parse(&written.to_string()).unwrap(), vec![written]);
            }
        }

        #[test]
        fn no_text_breaks_it(text in any::<String>()) {
            let _ = parse(&text);
        }
    }
}
