//! A look at the text before the parser sees it: bounds of length and nesting, numbers that the parser does not read or would
//! choke on, newer syntax that it does not know by name, and patterns, which are in another dialect than it reads.

use std::iter::Peekable;
use std::str::CharIndices;

use super::failure::Refused;

/// Longest expression.
const LENGTH: usize = 32 * 1024;
/// Most operators and brackets: what nests in a tree.
const NODES: usize = 1_000;
/// Longest range or offset that is written as a number of seconds.
const SECONDS: f64 = 1e11;

/// The text for the parser.
#[derive(Debug)]
pub struct Prepared {
    pub text: String,
    /// The patterns of matchers as they were written, quotes included; in the text stand their places in this list.
    pub patterns: Vec<String>,
}

pub fn prepared(text: &str) -> Result<Prepared, Refused> {
    if text.len() > LENGTH {
        return Err(Refused::outside(format!("an expression of more than {LENGTH} bytes")));
    }
    let chars = text.char_indices().peekable();
    let mut scan = Scan { chars, out: String::with_capacity(text.len()), nodes: 0, patterns: Vec::new() };
    scan.all()?;
    if scan.nodes > NODES {
        return Err(Refused::outside(format!("an expression of more than {NODES} operators")));
    }
    Ok(Prepared { text: scan.out, patterns: scan.patterns })
}

/// Where a range or an offset is written, for which other rules hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Expression,
    Brackets,
    Offset,
}

struct Scan<'t> {
    chars: Peekable<CharIndices<'t>>,
    out: String,
    nodes: usize,
    patterns: Vec<String>,
}

impl Scan<'_> {
    fn all(&mut self) -> Result<(), Refused> {
        let (mut place, mut braces, mut tilde) = (Place::Expression, false, false);
        while let Some(next) = self.peek() {
            match next {
                '"' | '\'' | '`' => {
                    let begin = self.out.len();
                    self.string(next)?;
                    if braces && std::mem::take(&mut tilde) {
                        let pattern = self.out.split_off(begin);
                        self.out.push_str(&format!("\"{}\"", self.patterns.len()));
                        self.patterns.push(pattern);
                    }
                    place = after(place);
                }
                '#' => drop(self.run(|c| c != '\n' && c != '\r')),
                '{' | '}' => {
                    braces = next == '{';
                    self.pass();
                }
                _ if braces => {
                    tilde = next == '~' || tilde && next.is_whitespace();
                    self.pass();
                }
                ':' if place == Place::Brackets => self.pass(),
                '[' | ']' => {
                    place = if next == '[' { Place::Brackets } else { Place::Expression };
                    self.nodes += 1;
                    self.pass();
                }
                '+' | '-' if place == Place::Offset => self.pass(),
                '(' | '+' | '-' | '*' | '/' | '%' | '^' if place != Place::Expression => {
                    return Err(Refused::outside("a duration expression"));
                }
                '(' | '+' | '-' | '*' | '/' | '%' | '^' | '=' | '<' | '>' | '!' => {
                    self.nodes += 1;
                    self.pass();
                    // They cut native histograms; nothing else is written so.
                    if matches!(next, '<' | '>') && self.peek() == Some('/') {
                        return Err(Refused::outside(format!("the operator {next}/")));
                    }
                }
                c if c.is_ascii_digit() || c == '.' => {
                    self.number(place)?;
                    place = after(place);
                }
                c if c.is_ascii_alphabetic() || c == '_' || c == ':' => {
                    let word = self.run(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':').to_ascii_lowercase();
                    place = self.word(&word, place)?;
                }
                c if c.is_whitespace() => self.pass(),
                _ => {
                    place = after(place);
                    self.pass();
                }
            }
        }
        Ok(())
    }

    fn peek(&mut self) -> Option<char> {
        self.chars.peek().map(|(_, next)| *next)
    }

    fn pass(&mut self) {
        if let Some((_, next)) = self.chars.next() {
            self.out.push(next);
        }
    }

    /// Passes on what is wanted; the same as a word.
    fn run(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let mut word = String::new();
        while let Some(next) = self.peek().filter(|next| wanted(*next)) {
            word.push(next);
            self.pass();
        }
        word
    }

    fn string(&mut self, quote: char) -> Result<(), Refused> {
        self.pass();
        while let Some(next) = self.peek() {
            self.pass();
            if next == quote {
                return Ok(());
            }
            if next == '\\' && quote != '`' {
                let escape = self.peek();
                self.pass();
                let high = match escape {
                    Some('x') => self.peek().is_some_and(|digit| matches!(digit, '8'..='9' | 'a'..='f' | 'A'..='F')),
                    Some('2' | '3') => true,
                    _ => false,
                };
                // They write bytes, which need not be text.
                if high {
                    return Err(Refused::outside("an escape of a byte above \\x7f"));
                }
            }
        }
        Ok(())
    }

    fn number(&mut self, place: Place) -> Result<(), Refused> {
        let mut word = String::new();
        while let Some(next) = self.peek() {
            let signed = matches!(next, '+' | '-') && word.ends_with(['e', 'E']) && !word.starts_with("0x");
            if !(next.is_ascii_alphanumeric() || matches!(next, '.' | '_') || signed) {
                break;
            }
            word.push(next);
            self.chars.next();
        }
        // Digits may be set apart; the parser knows only plain ones.
        word.retain(|c| c != '_');
        if place != Place::Expression && word.parse::<f64>().is_ok_and(|seconds| seconds > SECONDS) {
            return Err(Refused::invalid("duration out of range"));
        }
        self.out.push_str(&word);
        Ok(())
    }

    fn word(&mut self, word: &str, place: Place) -> Result<Place, Refused> {
        match (word, place) {
            ("inf" | "nan", Place::Offset | Place::Brackets) => return Err(Refused::invalid("duration out of range")),
            (_, Place::Brackets) => return Err(Refused::outside("a duration expression")),
            ("step" | "range" | "min" | "max" | "min_of" | "max_of", Place::Offset) => {
                return Err(Refused::outside("a duration expression"));
            }
            ("anchored" | "smoothed", _) => {
                return Err(Refused::outside(format!("the modifier {word}")));
            }
            ("and" | "or" | "unless" | "atan2", _) => self.nodes += 1,
            ("offset", _) => return Ok(Place::Offset),
            _ => {}
        }
        Ok(after(place))
    }
}

/// An offset ends with the first thing behind it; brackets end with their bracket.
fn after(place: Place) -> Place {
    if place == Place::Brackets { place } else { Place::Expression }
}
