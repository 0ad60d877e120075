//! A value of a field: small, ordered, and gated. Read back, it is the same value again.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::domain::Safe;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text.
    Text(Safe),
    /// A whole number.
    Number(i64),
    /// A measured figure; `None` is not known.
    Figure(Option<f64>),
    /// Yes or no.
    Flag(bool),
    /// Several.
    List(Vec<Value>),
    /// Named ones, in their order.
    Map(Vec<(String, Value)>),
    /// Text of which nothing is cut while anything else is left to cut: whoever makes it keeps it far below the size of a
    /// record. Read back it is a text.
    Whole(Safe),
}

impl From<Safe> for Value {
    fn from(text: Safe) -> Value {
        Value::Text(text)
    }
}

impl From<&Safe> for Value {
    fn from(text: &Safe) -> Value {
        Value::Text(text.clone())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(Safe::of(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(Safe::of(text))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Number(number)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Value {
        i64::try_from(number).map_or(Value::Figure(Some(number as f64)), Value::Number)
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Value {
        Value::from(number as u64)
    }
}

impl From<f64> for Value {
    fn from(figure: f64) -> Value {
        Value::Figure(Some(figure))
    }
}

impl From<Option<f64>> for Value {
    fn from(figure: Option<f64>) -> Value {
        Value::Figure(figure)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Value {
        Value::Flag(flag)
    }
}

impl<V: Into<Value>> From<Vec<V>> for Value {
    fn from(list: Vec<V>) -> Value {
        Value::List(list.into_iter().map(Into::into).collect())
    }
}

impl From<Vec<(String, Value)>> for Value {
    fn from(map: Vec<(String, Value)>) -> Value {
        Value::Map(map)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_f64<E>(self, figure: f64) -> Result<Value, E> {
        Ok(Value::Figure(Some(figure)))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Figure(None))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut map = Vec::new();
        while let Some(item) = items.next_entry()? {
            map.push(item);
        }
        Ok(Value::Map(map))
    }
}
