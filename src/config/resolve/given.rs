//! Values of an entry by their type, and what follows from where they came from.

use std::path::PathBuf;
use std::time::Duration;

use super::super::layers::Item;
use super::super::problem::Layer;
use super::super::value::Value;
use super::super::words::in_quotes;
use crate::domain::secret::SecretRef;
use crate::domain::target::Provenance;

/// The line of a configuration that turns something on.
pub fn turn_on(item: &Item, key: &str, value: &str) -> String {
    format!("{} = [{{ name = {}, {key} = {value} }}]", item.section.name, in_quotes(&item.name))
}

pub fn flag(item: &Item, key: &str) -> bool {
    item.given(key).is_some_and(|g| g.value == Value::Flag(true))
}

pub fn text<'a>(item: &'a Item, key: &str) -> Option<&'a str> {
    match &item.given(key)?.value {
        Value::Text(text) | Value::Connection(text) => Some(text),
        _ => None,
    }
}

pub fn texts(item: &Item, key: &str) -> Option<Vec<String>> {
    match &item.given(key)?.value {
        Value::Texts(texts) => Some(texts.clone()),
        _ => None,
    }
}

pub fn time(item: &Item, key: &str) -> Option<Duration> {
    match item.given(key)?.value {
        Value::Time(time) => Some(time),
        _ => None,
    }
}

pub fn ratio(item: &Item, key: &str) -> Option<f64> {
    match item.given(key)?.value {
        Value::Ratio(ratio) => Some(ratio),
        _ => None,
    }
}

pub fn count(item: &Item, key: &str) -> Option<u32> {
    match item.given(key)?.value {
        Value::Count(count) => u32::try_from(count).ok(),
        _ => None,
    }
}

pub fn file(item: &Item, key: &str) -> Option<PathBuf> {
    match &item.given(key)?.value {
        Value::File(path) => Some(path.clone()),
        _ => None,
    }
}

pub fn secret(item: &Item, key: &str) -> Option<SecretRef> {
    match &item.given(key)?.value {
        Value::Secret(secret) => Some(secret.clone()),
        _ => None,
    }
}

/// Found in the environment, or named by a person.
pub fn provenance(item: &Item, key: &str) -> Provenance {
    match item.place_of(key).layer {
        Layer::Environment if item.place.layer == Layer::Environment || item.given(key).is_some() => {
            Provenance::Discovered
        }
        _ => Provenance::Configured,
    }
}
