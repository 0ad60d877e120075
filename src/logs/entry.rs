//! One line in full, for the detail view: every field with its dotted path, nested ones kept, as far as a cut or broken
//! line goes. Depth and number of fields are bounded. All text comes out of the gate.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::domain::safe::Safe;
use crate::domain::untrusted::Untrusted;

use super::level::Level;
use super::logfmt;
use super::scan::{self, Shape};
use super::segment::Line;

/// Most rows of an entry.
const ROWS: usize = 1000;
/// Deepest nesting that is taken apart.
const DEPTH: usize = 32;

/// A line, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Microseconds since 1970.
    pub time: Option<i64>,
    /// Level, inherited by lines that continue an entry.
    pub level: Level,
    /// The message.
    pub message: Untrusted,
    /// How the line is written.
    pub shape: Shape,
    /// What a compose prefix names.
    pub service: Option<Safe>,
    /// Fields in the order of the line: dotted path (`context.request_id`) and value.
    pub fields: Vec<(Safe, Safe)>,
    /// The same as rows of a tree.
    pub rows: Vec<TreeRow>,
    /// Why the line could not be read to its end, if so.
    pub broken: Option<Safe>,
}

/// One row of an entry's tree. A row without a value has rows below it.
#[derive(Clone, Debug, PartialEq)]
pub struct TreeRow {
    /// Nesting, 0 at the top.
    pub depth: usize,
    /// Key, or place in a list.
    pub key: Safe,
    /// Value.
    pub value: Option<Safe>,
}

impl Entry {
    /// Takes a line apart.
    #[must_use]
    pub fn parse(line: &Line<'_>) -> Entry {
        let seen = line.scan();
        let mut sink = Sink::default();
        let broken = match seen.shape {
            Shape::Json => read_json(seen.body, &mut sink).err().map(|reason| {
                let cut = if line.clipped { "the line was longer than what is kept" } else { reason.as_str() };
                Safe::of(format!("read up to here: {cut}"))
            }),
            Shape::Logfmt => {
                for pair in logfmt::pairs(seen.body) {
                    let value = if pair.quoted { super::json::unescape(pair.value) } else { pair.value.to_vec() };
                    sink.leaf(&Safe::of_bytes(pair.key), Safe::of_bytes(&value));
                }
                None
            }
            Shape::Plain => None,
        };
        if sink.left_out > 0 {
            let more = Safe::of(format!("{} more fields", sink.left_out));
            sink.rows.push(TreeRow { depth: 0, key: Safe::of("…"), value: Some(more) });
        }
        Entry {
            time: line.time.or(seen.time),
            level: line.level,
            message: Untrusted::new(scan::message(line.raw).into_owned()),
            shape: seen.shape,
            service: seen.service.map(Safe::of_bytes),
            fields: sink.fields,
            rows: sink.rows,
            broken,
        }
    }

    /// The rows as indented lines: `key: value`.
    #[must_use]
    pub fn tree(&self) -> Vec<Safe> {
        let row = |row: &TreeRow| {
            let indent = "  ".repeat(row.depth);
            Safe::of(match &row.value {
                Some(value) => format!("{indent}{}: {value}", row.key),
                None => format!("{indent}{}:", row.key),
            })
        };
        let mut lines: Vec<Safe> = self.rows.iter().map(row).collect();
        if lines.is_empty() {
            lines = self.message.lines();
        }
        lines.extend(self.broken.iter().map(|reason| Safe::of(format!("({reason})"))));
        lines
    }
}

/// Where fields are gathered.
#[derive(Default)]
struct Sink {
    path: Vec<Safe>,
    fields: Vec<(Safe, Safe)>,
    rows: Vec<TreeRow>,
    left_out: usize,
}

impl Sink {
    fn leaf(&mut self, key: &Safe, value: Safe) {
        if self.rows.len() >= ROWS {
            self.left_out += 1;
            return;
        }
        let mut path = String::new();
        for part in &self.path {
            path.push_str(part.as_str());
            path.push('.');
        }
        path.push_str(key.as_str());
        self.fields.push((Safe::of(path), value.clone()));
        self.rows.push(TreeRow { depth: self.path.len(), key: key.clone(), value: Some(value) });
    }

    fn open(&mut self, key: &Safe) {
        if self.rows.len() < ROWS {
            self.rows.push(TreeRow { depth: self.path.len(), key: key.clone(), value: None });
        }
        self.path.push(key.clone());
    }
}

fn read_json(body: &[u8], sink: &mut Sink) -> Result<(), String> {
    let text = with_visible_bytes(body.trim_ascii());
    let mut reader = serde_json::Deserializer::from_str(&text);
    let said = |error: serde_json::Error| format!("invalid JSON at column {}", error.column());
    Node { key: None, sink }.deserialize(&mut reader).map_err(said)?;
    reader.end().map_err(said)
}

/// What is not UTF-8 becomes a visible `\xNN` inside the JSON text.
fn with_visible_bytes(body: &[u8]) -> String {
    let mut out = String::with_capacity(body.len());
    for chunk in body.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            out.push_str(&format!("\\\\x{byte:02x}"));
        }
    }
    out
}

/// Reads one value into the sink, under a key (none at the top).
struct Node<'s> {
    key: Option<Safe>,
    sink: &'s mut Sink,
}

impl Node<'_> {
    fn leaf(self, value: Safe) {
        let key = self.key.unwrap_or_default();
        self.sink.leaf(&key, value);
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.sink.path.len() >= DEPTH {
            serde::de::IgnoredAny::deserialize_from(deserializer)?;
            self.leaf(Safe::of("… (nested deeper than is shown)"));
            return Ok(());
        }
        deserializer.deserialize_any(self)
    }
}

/// Lets a value pass unread.
trait Ignore<'de> {
    fn deserialize_from<D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error>;
}

impl<'de> Ignore<'de> for serde::de::IgnoredAny {
    fn deserialize_from<D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
        <serde::de::IgnoredAny as serde::Deserialize<'de>>::deserialize(deserializer).map(|_| ())
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.leaf(Safe::of(if value { "true" } else { "false" }));
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.leaf(Safe::of(value.to_string()));
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.leaf(Safe::of(value.to_string()));
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.leaf(Safe::of(value.to_string()));
        Ok(())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.leaf(Safe::of(value));
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.leaf(Safe::of("null"));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let opened = self.key.inspect(|key| self.sink.open(key)).is_some();
        let mut at = 0usize;
        let mut outcome = Ok(());
        loop {
            match list.next_element_seed(Node { key: Some(Safe::of(at.to_string())), sink: &mut *self.sink }) {
                Ok(Some(())) => at += 1,
                Ok(None) => break,
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        if opened {
            self.sink.path.pop();
        }
        outcome
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let opened = self.key.inspect(|key| self.sink.open(key)).is_some();
        let mut read = || -> Result<(), A::Error> {
            while let Some(key) = map.next_key::<String>()? {
                map.next_value_seed(Node { key: Some(Safe::of(key)), sink: &mut *self.sink })?;
            }
            Ok(())
        };
        let outcome = read();
        if opened {
            self.sink.path.pop();
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::segment::tests::segment;

    fn entry(line: &str) -> Entry {
        Entry::parse(&segment(0, 0, &[line]).line(0).unwrap())
    }

    fn fields(entry: &Entry) -> Vec<String> {
        entry.fields.iter().map(|(path, value)| format!("{path}={value}")).collect()
    }

    #[test]
    fn nested_fields_are_kept() {
        let entry = entry(
            r#"{"timestamp": "2025-01-15T10:30:00.123Z", "level": "INFO", "message": "Codebook created",
                "context": {"request_id": "r1", "latency_ms": 245, "tags": ["a", {"b": null}], "ok": true}, "level": "WARN"}"#,
        );
        assert_eq!((entry.level, entry.shape, entry.broken.clone()), (Level::Warn, Shape::Json, None));
        assert_eq!(entry.message, Untrusted::from("Codebook created"));
        let expected = [
            "timestamp=2025-01-15T10:30:00.123Z",
            "level=INFO",
            "message=Codebook created",
            "context.request_id=r1",
            "context.latency_ms=245",
            "context.tags.0=a",
            "context.tags.1.b=null",
            "context.ok=true",
            "level=WARN",
        ];
        assert_eq!(fields(&entry), expected);
        assert_eq!(
            entry.tree()[3..8].iter().map(Safe::as_str).collect::<Vec<_>>(),
            ["context:", "  request_id: r1", "  latency_ms: 245", "  tags:", "    0: a"]
        );
    }

    #[test]
    fn hostile_and_broken_lines() {
        let hostile = entry("{\"a\\u001b[2J\":\"x\\u001b]52;c;eA==\\u0007\\u202e\",\"b\":{\"c\":1");
        assert_eq!(fields(&hostile), ["a\\x1b[2J=x\\x1b]52;c;eA==\\x07\\u{202e}", "b.c=1"]);
        assert!(hostile.broken.is_some());
        let deep = entry(&format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100)));
        assert!(deep.rows.len() <= DEPTH + 2);
        let wide = format!("{{{}}}", (0..5000).map(|n| format!("\"k{n}\":{n}")).collect::<Vec<_>>().join(","));
        let wide = entry(&wide);
        assert_eq!((wide.fields.len(), wide.tree().len()), (ROWS, ROWS + 1));
        assert_eq!(wide.tree()[ROWS].as_str(), "…: 4000 more fields");
    }

    #[test]
    fn logfmt_and_plain() {
        let pairs = entry(r#"level=info msg="a \"b\"" n=5"#);
        assert_eq!(fields(&pairs), ["level=info", "msg=a \"b\"", "n=5"]);
        assert_eq!(pairs.message, Untrusted::from("a \"b\""));
        let plain = entry("app-1  | ERROR: x");
        assert_eq!((plain.service.as_ref().map(Safe::as_str), plain.tree()[0].as_str()), (Some("app-1"), "ERROR: x"));
    }
}
