//! A record has a greatest size, since space for the last one is reserved before the first effect. What is larger is cut,
//! with a mark that says how much is missing; but what an action touches is always named to the last.

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
}

impl Limits {
    /// From everything down to next to nothing.
    pub const STEPS: [Limits; 6] = [
        Limits { text: 32 * 1024, items: 4096, depth: 16 },
        Limits { text: 4096, items: 512, depth: 12 },
        Limits { text: 1024, items: 128, depth: 8 },
        Limits { text: 256, items: 32, depth: 6 },
        Limits { text: 64, items: 12, depth: 3 },
        Limits { text: 16, items: 4, depth: 2 },
    ];

    /// Of a record that was read back: it is within its size.
    pub const WHOLE: Limits = Limits { text: usize::MAX, items: usize::MAX, depth: 128 };

    fn below(self) -> Limits {
        Limits { depth: self.depth.saturating_sub(1), ..self }
    }
}

/// Named values within limits.
pub struct Named<'a>(pub &'a [(String, Value)], pub Limits);

struct Cut<'a>(&'a Value, Limits);

fn text(text: &str, limits: Limits) -> String {
    let missing = text.chars().count().saturating_sub(limits.text);
    if missing == 0 {
        return text.to_owned();
    }
    let kept: String = text.chars().take(limits.text).collect();
    format!("{kept}[cut: {missing} characters more]")
}

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Named(fields, limits) = *self;
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in fields.iter().take(limits.items) {
            map.serialize_entry(&text(name, limits), &Cut(value, limits))?;
        }
        if fields.len() > limits.items {
            map.serialize_entry("[cut]", &format!("{} fields more", fields.len() - limits.items))?;
        }
        map.end()
    }
}

impl Serialize for Cut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Cut(value, limits) = *self;
        match value {
            Value::Whole(text) => serializer.serialize_str(text.as_str()),
            Value::Text(whole) => serializer.serialize_str(&text(whole.as_str(), limits)),
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
