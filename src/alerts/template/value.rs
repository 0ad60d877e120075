//! The values of templates, and how each is called and told apart.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::metrics::labels::Labels;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `nil`.
    Nil,
    /// What a key that is not there gives.
    Missing,
    /// A truth.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A float.
    Float(f64),
    /// Text.
    Text(Arc<str>),
    /// Names with texts; one that is not there is empty.
    Labels(Labels),
    /// Names with values.
    Map(Arc<BTreeMap<String, Value>>),
    /// Values with fixed names.
    Struct(Arc<Struct>),
    /// A list: what a query gives.
    List(Arc<[Value]>),
}

/// Values with fixed names, such as an element of a query.
#[derive(Debug, PartialEq)]
pub struct Struct {
    /// What Go calls it.
    pub kind: &'static str,
    /// Its values, in order.
    pub fields: Vec<(&'static str, Value)>,
}

impl Value {
    /// Text.
    pub fn text(text: impl Into<Arc<str>>) -> Value {
        Value::Text(text.into())
    }

    /// An element of a query.
    pub fn sample(labels: Labels, value: f64) -> Value {
        let fields = vec![("Labels", Value::Labels(labels)), ("Value", Value::Float(value))];
        Value::Struct(Arc::new(Struct { kind: "*template.sample", fields }))
    }

    /// What Go calls its type.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Nil | Value::Missing => "nil",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float64",
            Value::Text(_) => "string",
            Value::Labels(_) => "map[string]string",
            Value::Map(_) => "map[string]interface {}",
            Value::Struct(fields) => fields.kind,
            Value::List(_) => "template.queryResult",
        }
    }

    /// Whether `if` takes it for true: what is neither zero nor empty.
    pub fn truth(&self) -> bool {
        match self {
            Value::Nil | Value::Missing => false,
            Value::Bool(truth) => *truth,
            Value::Int(number) => *number != 0,
            Value::Float(number) => *number != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::Labels(labels) => !labels.is_empty(),
            Value::Map(map) => !map.is_empty(),
            Value::Struct(_) => true,
            Value::List(items) => !items.is_empty(),
        }
    }

    /// A field or key.
    pub fn field(&self, name: &str) -> Result<Value, String> {
        let lacking = || format!("can't evaluate field {name} in type {}", self.kind());
        match self {
            Value::Labels(labels) => Ok(Value::text(labels.get(name))),
            Value::Map(map) => Ok(map.get(name).cloned().unwrap_or(Value::Missing)),
            Value::Struct(of) => {
                of.fields.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()).ok_or_else(lacking)
            }
            Value::Nil | Value::Missing => Err(format!("nil pointer evaluating interface {{}}.{name}")),
            _ => Err(lacking()),
        }
    }
}
