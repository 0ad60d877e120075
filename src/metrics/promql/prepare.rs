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
/// Stands before the two digits of a byte that is no text.
pub const RAW: char = '\u{10ffff}';

/// The text for the parser.
#[derive(Debug)]
pub struct Prepared {
    pub text: String,
    /// The patterns of matchers as they were written, quotes included; in the text stand their places in this list.
    pub patterns: Vec<String>,
    /// Whether there are bytes that are no text.
    pub is_raw: bool,
    /// Whether info is called: the parser takes its second argument for any other selector, which it is not.
    pub is_info: bool,
}

pub fn prepared(text: &str) -> Result<Prepared, Refused> {
    if text.len() > LENGTH {
        return Err(Refused::outside(format!("an expression of more than {LENGTH} bytes")));
    }
    let chars = text.char_indices().peekable();
    let mut scan = Scan {
        chars,
        out: String::with_capacity(text.len()),
        nodes: 0,
        patterns: Vec::new(),
        is_raw: false,
        is_info: false,
        ended: false,
        lists: Vec::new(),
        opens: false,
    };
    scan.all()?;
    if scan.nodes > NODES {
        return Err(Refused::outside(format!("an expression of more than {NODES} operators")));
    }
    Ok(Prepared { text: scan.out, patterns: scan.patterns, is_raw: scan.is_raw, is_info: scan.is_info })
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
    is_raw: bool,
    is_info: bool,
    /// Whether what stands before this is an operand: behind one a word is a modifier, elsewhere a name.
    ended: bool,
    /// Of the brackets around this, whether they hold names of labels.
    lists: Vec<bool>,
    /// The last word has such brackets.
    opens: bool,
}

/// An escape in a text.
enum Escape {
    /// A byte above those of ASCII, which may be a part of a letter.
    Byte(u8),
    /// Anything else, for the parser.
    Other(String),
}

impl Scan<'_> {
    fn all(&mut self) -> Result<(), Refused> {
        let (mut place, mut braces, mut tilde) = (Place::Expression, false, false);
        while let Some(next) = self.peek() {
            match next {
                '"' | '\'' | '`' => {
                    let begin = self.out.len();
                    self.string(next);
                    self.ended = true;
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
                    self.ended = !braces;
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
                    self.ended = next == ']';
                    self.pass();
                }
                '+' | '-' if place == Place::Offset => self.pass(),
                '(' | '+' | '-' | '*' | '/' | '%' | '^' if place != Place::Expression => {
                    return Err(Refused::outside("a duration expression"));
                }
                '(' | '+' | '-' | '*' | '/' | '%' | '^' | '=' | '<' | '>' | '!' => {
                    self.nodes += 1;
                    self.pass();
                    self.ended = false;
                    if next == '(' {
                        let opens = std::mem::take(&mut self.opens);
                        self.lists.push(opens);
                    }
                    // They cut native histograms; nothing else is written so.
                    if matches!(next, '<' | '>') && self.peek() == Some('/') {
                        return Err(Refused::outside(format!("the operator {next}/")));
                    }
                }
                c if c.is_ascii_digit() || c == '.' => {
                    self.number(place)?;
                    self.ended = true;
                    place = after(place);
                }
                c if c.is_ascii_alphabetic() || c == '_' || c == ':' => {
                    let begin = self.out.len();
                    let word = self.run(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':');
                    place = self.word(&word.to_ascii_lowercase(), place)?;
                    if matches!(word.to_ascii_lowercase().as_str(), "anchored" | "smoothed") {
                        self.out.truncate(begin);
                        braces = self.named(&word);
                    }
                }
                c if c.is_whitespace() => self.pass(),
                _ => {
                    place = after(place);
                    self.ended = next == ')' && self.lists.pop() == Some(false);
                    self.pass();
                }
            }
        }
        Ok(())
    }

    /// A name that the parser takes for a modifier, in quotes; whether the braces of its selector are open.
    fn named(&mut self, name: &str) -> bool {
        if self.lists.last() == Some(&true) {
            self.out.push_str(&format!("\"{name}\""));
            return false;
        }
        while self.peek().is_some_and(char::is_whitespace) {
            self.chars.next();
        }
        let opens = self.peek() == Some('{');
        if opens {
            self.chars.next();
        }
        self.out.push_str(&format!("{{\"{name}\"{}", if opens { "," } else { "} " }));
        opens
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

    /// Passes a text on. Escapes that write the bytes of a letter are read here: the parser would take each for a letter.
    fn string(&mut self, quote: char) {
        self.pass();
        let mut bytes = Vec::new();
        while let Some(next) = self.peek() {
            if next == '\\' && quote != '`' {
                self.chars.next();
                match self.escape() {
                    Escape::Byte(byte) => bytes.push(byte),
                    Escape::Other(other) => {
                        self.letters(&mut bytes);
                        self.out.push('\\');
                        self.out.push_str(&other);
                    }
                }
                continue;
            }
            self.letters(&mut bytes);
            self.pass();
            if next == quote {
                return;
            }
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self) -> Escape {
        let Some((_, kind)) = self.chars.next() else { return Escape::Other(String::new()) };
        let (radix, most) = match kind {
            'x' => (16, 2),
            '0'..='7' => (8, 2),
            other => return Escape::Other(other.to_string()),
        };
        let mut digits = if radix == 8 { kind.to_string() } else { String::new() };
        let wanted = digits.len() + most;
        while let Some(next) = self.peek().filter(|next| digits.len() < wanted && next.is_digit(radix)) {
            digits.push(next);
            self.chars.next();
        }
        let byte = u8::from_str_radix(&digits, radix).ok().filter(|byte| digits.len() == wanted && !byte.is_ascii());
        let written = if radix == 8 { digits } else { format!("x{digits}") };
        byte.map_or(Escape::Other(written), Escape::Byte)
    }

    /// The letters that bytes write.
    fn letters(&mut self, bytes: &mut Vec<u8>) {
        for chunk in std::mem::take(bytes).utf8_chunks() {
            self.out.push_str(chunk.valid());
            for byte in chunk.invalid() {
                self.is_raw = true;
                self.out.push_str(&format!("{RAW}{byte:02x}"));
            }
        }
    }

    /// Whether an opening bracket comes next.
    fn calls(&self) -> bool {
        self.chars.clone().find(|(_, next)| !next.is_whitespace()).is_some_and(|(_, next)| next == '(')
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
            ("anchored" | "smoothed", _) if self.ended => {
                return Err(Refused::outside(format!("the modifier {word}")));
            }
            ("and" | "or" | "unless" | "atan2", _) => self.nodes += 1,
            ("offset", _) => return Ok(Place::Offset),
            ("info", _) => self.is_info |= self.calls(),
            _ => {}
        }
        let lists = ["by", "without", "on", "ignoring", "group_left", "group_right"];
        self.opens = lists.contains(&word);
        self.ended = !(self.opens || matches!(word, "and" | "or" | "unless" | "atan2" | "bool"));
        Ok(after(place))
    }
}

/// An offset ends with the first thing behind it; brackets end with their bracket.
fn after(place: Place) -> Place {
    if place == Place::Brackets { place } else { Place::Expression }
}
