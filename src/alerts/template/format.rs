//! Go's `printf` and `print`: verbs, flags, width and precision, and how each value reads.

use std::fmt::Write;

use super::float;
use super::value::Value;

/// Widest field and longest precision that is obeyed.
const WIDEST: usize = 10_000;

/// One verb with its flags.
#[derive(Clone, Copy, Default)]
struct Spec {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// A value as a template prints it.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Struct(of) => {
            let fields: Vec<String> = of.fields.iter().map(|(_, value)| shown(value)).collect();
            format!("{{{}}}", fields.join(" "))
        }
        _ => Spec::default().value(value, 'v'),
    }
}

/// `print`: a space between two values neither of which is text.
pub fn print(values: &[Value]) -> String {
    let mut text = String::new();
    let mut before_is_text = true;
    for value in values {
        let is_text = matches!(value, Value::Text(_));
        if !is_text && !before_is_text {
            text.push(' ');
        }
        text.push_str(&Spec::default().value(value, 'v'));
        before_is_text = is_text;
    }
    text
}

/// `println`: a space between any two, and a line end.
pub fn println(values: &[Value]) -> String {
    let told: Vec<String> = values.iter().map(|value| Spec::default().value(value, 'v')).collect();
    format!("{}\n", told.join(" "))
}

/// `printf`. No more than `most` bytes and one value are made.
pub fn printf(format: &str, values: &[Value], most: usize) -> String {
    let mut out = String::new();
    let mut rest = format;
    let mut at = 0;
    while let Some(percent) = rest.find('%') {
        let (before, behind) = rest.split_at(percent);
        out.push_str(before);
        let mut behind = behind.strip_prefix('%').unwrap_or(behind);
        let (spec, bad) = Spec::of(&mut behind, values, &mut at);
        out.push_str(&bad);
        let Some(verb) = behind.chars().next() else {
            out.push_str("%!(NOVERB)");
            rest = "";
            break;
        };
        rest = behind.strip_prefix(verb).unwrap_or(behind);
        if verb == '%' {
            out.push('%');
        } else if let Some(value) = values.get(at) {
            at += 1;
            out.push_str(&spec.value(value, verb));
        } else {
            let _ = write!(out, "%!{verb}(MISSING)");
        }
        if out.len() > most {
            return out;
        }
    }
    out.push_str(rest);
    let extra: Vec<String> = values.iter().skip(at).map(|value| told(value, Spec::default())).collect();
    if !extra.is_empty() {
        let _ = write!(out, "%!(EXTRA {})", extra.join(", "));
    }
    out
}

/// `type=value`, for what does not fit.
fn told(value: &Value, spec: Spec) -> String {
    match value {
        Value::Nil | Value::Missing => "<nil>".to_owned(),
        _ => format!("{}={}", value.kind(), spec.value(value, 'v')),
    }
}

impl Spec {
    /// Flags, width and precision, taken off the text; what is bad about them.
    fn of(rest: &mut &str, values: &[Value], at: &mut usize) -> (Spec, String) {
        let mut spec = Spec::default();
        let mut bad = String::new();
        while let Some(flag @ ('-' | '+' | '#' | ' ' | '0')) = rest.chars().next() {
            match flag {
                '-' => spec.minus = true,
                '+' => spec.plus = true,
                '#' => spec.sharp = true,
                ' ' => spec.space = true,
                _ => spec.zero = true,
            }
            *rest = rest.get(1..).unwrap_or_default();
        }
        match size(rest, values, at) {
            Ok(Some(width)) => {
                spec.minus |= width < 0;
                spec.width = usize::try_from(width.unsigned_abs()).ok();
            }
            Ok(None) => {}
            Err(()) => bad.push_str("%!(BADWIDTH)"),
        }
        if let Some(behind) = rest.strip_prefix('.') {
            *rest = behind;
            match size(rest, values, at) {
                Ok(precision) => spec.precision = usize::try_from(precision.unwrap_or(0)).ok(),
                Err(()) => bad.push_str("%!(BADPREC)"),
            }
        }
        (spec, bad)
    }

    fn value(self, value: &Value, verb: char) -> String {
        let fits = match (value, verb) {
            (Value::Nil | Value::Missing, 'v') => {
                Some(self.pad(if *value == Value::Missing { "<no value>" } else { "<nil>" }))
            }
            (Value::Nil | Value::Missing, _) => None,
            (_, 'T') => Some(self.pad(value.kind())),
            (Value::Bool(truth), 't' | 'v') => Some(self.pad(if *truth { "true" } else { "false" })),
            (Value::Int(number), _) => self.int(*number, verb),
            (Value::Float(number), _) => self.float(*number, verb),
            (Value::Text(text), _) => self.text(text, verb),
            (Value::Labels(labels), _) => {
                Some(self.map(labels.iter().map(|(name, text)| (name, Value::text(text))), verb))
            }
            (Value::Map(map), _) => {
                Some(self.map(map.iter().map(|(name, value)| (name.as_str(), value.clone())), verb))
            }
            (Value::Struct(of), _) => {
                let fields: Vec<String> = of.fields.iter().map(|(_, value)| self.value(value, verb)).collect();
                Some(format!("&{{{}}}", fields.join(" ")))
            }
            (Value::List(items), _) => {
                let items: Vec<String> = items.iter().map(|value| self.value(value, verb)).collect();
                Some(format!("[{}]", items.join(" ")))
            }
            (Value::Bool(_), _) => None,
        };
        fits.unwrap_or_else(|| format!("%!{verb}({})", told(value, self)))
    }

    fn map<'a>(self, pairs: impl Iterator<Item = (&'a str, Value)>, verb: char) -> String {
        let name = |name: &str| self.value(&Value::text(name), verb);
        let pairs: Vec<String> =
            pairs.map(|(key, value)| format!("{}:{}", name(key), self.value(&value, verb))).collect();
        format!("map[{}]", pairs.join(" "))
    }

    fn int(self, number: i64, verb: char) -> Option<String> {
        let size = number.unsigned_abs();
        let character = u32::try_from(number).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
        let digits = match verb {
            'v' | 'd' => size.to_string(),
            'b' => format!("{}{size:b}", if self.sharp { "0b" } else { "" }),
            'o' => format!("{}{size:o}", if self.sharp { "0" } else { "" }),
            'O' => format!("0o{size:o}"),
            'x' => format!("{}{size:x}", if self.sharp { "0x" } else { "" }),
            'X' => format!("{}{size:X}", if self.sharp { "0X" } else { "" }),
            'c' => return Some(self.pad(&character.to_string())),
            'q' => return Some(self.pad(&format!("'{}'", escaped(&character.to_string(), '\'')))),
            'U' => return Some(self.pad(&format!("U+{size:04X}"))),
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' | 's' | 't' => return None,
            _ => return None,
        };
        let zeros = self.precision.map_or(0, |digits_wanted| digits_wanted.saturating_sub(digits.len()));
        let digits = if self.precision == Some(0) && number == 0 { String::new() } else { "0".repeat(zeros) + &digits };
        Some(self.signed(self.sign(number < 0), &digits, self.precision.is_none()))
    }

    fn float(self, number: f64, verb: char) -> Option<String> {
        let (form, precision) = match verb {
            'v' => ('g', self.precision),
            'e' | 'E' | 'f' | 'F' => (verb, Some(self.precision.unwrap_or(6))),
            'g' | 'G' | 'x' | 'X' => (verb, self.precision),
            _ => return None,
        };
        let text = float::go(number, form, precision);
        let bare = text.strip_prefix(['-', '+']).unwrap_or(&text);
        if !number.is_finite() {
            let sign = match (number.is_nan(), text.starts_with('-')) {
                (true, _) if self.plus => "+",
                (true, _) if self.space => " ",
                (true, _) => "",
                (false, true) => "-",
                (false, false) if self.space && !self.plus => " ",
                (false, false) => "+",
            };
            return Some(Spec { zero: false, ..self }.pad(&format!("{sign}{bare}")));
        }
        Some(self.signed(self.sign(text.starts_with('-')), bare, true))
    }

    fn text(self, text: &str, verb: char) -> Option<String> {
        let cut: String = self.precision.map_or_else(|| text.to_owned(), |most| text.chars().take(most).collect());
        Some(match verb {
            'v' | 's' => self.pad(&cut),
            'q' => self.pad(&format!("\"{}\"", escaped(&cut, '"'))),
            'x' | 'X' => {
                let bytes = text.bytes().take(self.precision.unwrap_or(usize::MAX));
                let mut hexadecimal = String::new();
                for byte in bytes {
                    let _ =
                        if verb == 'x' { write!(hexadecimal, "{byte:02x}") } else { write!(hexadecimal, "{byte:02X}") };
                }
                self.pad(&hexadecimal)
            }
            _ => return None,
        })
    }

    fn sign(self, negative: bool) -> &'static str {
        match (negative, self.plus, self.space) {
            (true, _, _) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            (false, false, false) => "",
        }
    }

    /// Zeros stand between sign and digits.
    fn signed(self, sign: &str, digits: &str, zeros: bool) -> String {
        let width = self.width.unwrap_or(0);
        if self.zero && zeros && !self.minus {
            let missing = width.saturating_sub(sign.len() + digits.len());
            return format!("{sign}{}{digits}", "0".repeat(missing));
        }
        Spec { zero: false, ..self }.pad(&format!("{sign}{digits}"))
    }

    fn pad(self, text: &str) -> String {
        let missing = self.width.unwrap_or(0).saturating_sub(text.chars().count());
        match (self.minus, self.zero) {
            (true, _) => format!("{text}{}", " ".repeat(missing)),
            (false, true) => format!("{}{text}", "0".repeat(missing)),
            (false, false) => format!("{}{text}", " ".repeat(missing)),
        }
    }
}

/// A number, or `*` and the next value.
fn size(rest: &mut &str, values: &[Value], at: &mut usize) -> Result<Option<i64>, ()> {
    if let Some(behind) = rest.strip_prefix('*') {
        *rest = behind;
        let value = values.get(*at);
        *at += usize::from(value.is_some());
        let Some(Value::Int(number)) = value else { return Err(()) };
        let fits = number.unsigned_abs() <= WIDEST as u64;
        return if fits { Ok(Some(*number)) } else { Err(()) };
    }
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, behind) = rest.split_at_checked(digits).unwrap_or((rest, ""));
    *rest = behind;
    if number.is_empty() {
        return Ok(None);
    }
    number.parse().ok().filter(|size| *size <= WIDEST as i64).map(Some).ok_or(())
}

/// As Go quotes.
fn escaped(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let _ = match c {
            '\n' => out.write_str("\\n"),
            '\t' => out.write_str("\\t"),
            '\r' => out.write_str("\\r"),
            '\u{7}' => out.write_str("\\a"),
            '\u{8}' => out.write_str("\\b"),
            '\u{b}' => out.write_str("\\v"),
            '\u{c}' => out.write_str("\\f"),
            '\\' => out.write_str("\\\\"),
            c if c == quote => write!(out, "\\{c}"),
            c if c < ' ' || c == '\u{7f}' => write!(out, "\\x{:02x}", u32::from(c)),
            c if c.is_control() => write!(out, "\\u{:04x}", u32::from(c)),
            c => write!(out, "{c}"),
        };
    }
    out
}
