//! A record has a greatest size, since space for the last one is reserved before the first effect. What is larger is cut,
//! with a mark that says how much is missing; what an action touches only where nothing else is left to cut.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::value::Value;

/// How much is kept.
#[derive(Clone, Copy)]
pub struct Limits {
    /// Characters of a text.
    text: usize,
    /// Items of a list, or names.
    items: usize,
    /// How deep values are nested.
    depth: usize,
    /// Characters of a text that is kept whole while anything else can be cut.
    whole: usize,
}

/// Fields of an entry that are kept under all limits: more than any entry has.
const FIELDS: usize = 32;
const ALL: usize = usize::MAX;

impl Limits {
    /// From everything down to next to nothing.
    pub const STEPS: [Limits; 9] = [
        Limits { text: 32 * 1024, items: 4096, depth: 16, whole: ALL },
        Limits { text: 4096, items: 512, depth: 12, whole: ALL },
        Limits { text: 1024, items: 128, depth: 8, whole: ALL },
        Limits { text: 256, items: 32, depth: 6, whole: ALL },
        Limits { text: 64, items: 12, depth: 3, whole: ALL },
        Limits { text: 16, items: 4, depth: 2, whole: ALL },
        Limits { text: 16, items: 2, depth: 1, whole: ALL },
        Limits { text: 16, items: 2, depth: 1, whole: 16 * 1024 },
        // Whatever it is made of: this fits.
        Limits { text: 16, items: 1, depth: 1, whole: 16 },
    ];

    /// Of a record that was read back: it is within its size.
    pub const WHOLE: Limits = Limits { text: ALL, items: ALL, depth: 128, whole: ALL };

    fn below(self) -> Limits {
        Limits { depth: self.depth.saturating_sub(1), ..self }
    }
}

/// The fields of an entry within limits.
pub struct Fields<'a>(pub &'a [(String, Value)], pub Limits);

struct Named<'a>(&'a [(String, Value)], Limits);

struct Cut<'a>(&'a Value, Limits);

fn text(text: &str, most: usize) -> String {
    let missing = text.chars().count().saturating_sub(most);
    if missing == 0 {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most).collect();
    format!("{kept}[cut: {missing} characters more]")
}

/// The first of them by name.
fn named<S: Serializer>(
    fields: &[(String, Value)],
    items: usize,
    limits: Limits,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    for (name, value) in fields.iter().take(items) {
        map.serialize_entry(&text(name, limits.text), &Cut(value, limits))?;
    }
    if fields.len() > items {
        map.serialize_entry("[cut]", &format!("{} fields more", fields.len() - items))?;
    }
    map.end()
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        named(self.0, self.1.items.max(FIELDS), self.1, serializer)
    }
}

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        named(self.0, self.1.items, self.1, serializer)
    }
}

impl Serialize for Cut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Cut(value, limits) = *self;
        match value {
            Value::Whole(whole) => serializer.serialize_str(&text(whole.as_str(), limits.whole)),
            Value::Text(whole) => serializer.serialize_str(&text(whole.as_str(), limits.text)),
            Value::Number(number) => serializer.serialize_i64(*number),
            // JSON has no NaN: what cannot be written as a figure is not known.
            Value::Figure(figure) => match figure.filter(|f| f.is_finite()) {
                Some(figure) => serializer.serialize_f64(figure),
                None => serializer.serialize_unit(),
            },
            Value::Flag(flag) => serializer.serialize_bool(*flag),
            Value::List(_) | Value::Map(_) if limits.depth == 0 => serializer.serialize_str("[cut: nested too deep]"),
            Value::List(list) => {
                let mut seq = serializer.serialize_seq(None)?;
                for item in list.iter().take(limits.items) {
                    seq.serialize_element(&Cut(item, limits.below()))?;
                }
                if list.len() > limits.items {
                    seq.serialize_element(&format!("[cut: {} more]", list.len() - limits.items))?;
                }
                seq.end()
            }
            Value::Map(map) => Named(map, limits.below()).serialize(serializer),
        }
    }
}
