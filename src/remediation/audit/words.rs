//! A record as people read it: one line, through the gate.

use crate::domain::Safe;

use super::record::Record;
use super::value::Value;

/// Longest text of a field on the line.
const TEXT: usize = 160;
/// Most items of a list on the line.
const ITEMS: usize = 6;

impl Record {
    /// One line.
    #[must_use]
    pub fn words(&self) -> Safe {
        let who = &self.writer;
        let mut line = format!("{}  {}@{} #{}  {}", self.at, who.user, who.host, self.seq, self.event);
        if !self.run.as_str().is_empty() {
            line.push_str(&format!("  run {}", self.run));
        }
        for (name, value) in &self.fields {
            line.push_str(&format!("  {name}={}", words(value)));
        }
        Safe::of(line)
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Whole(text)
            if text.as_str().contains([' ', '"', '=']) || text.as_str().is_empty() =>
        {
            format!("{:?}", text.clipped(TEXT).as_str())
        }
        Value::Text(text) | Value::Whole(text) => text.clipped(TEXT).to_string(),
        Value::Number(number) => number.to_string(),
        Value::Figure(Some(figure)) => figure.to_string(),
        Value::Figure(None) => "unknown".to_owned(),
        Value::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Value::List(list) => joined('[', list.iter().map(words), list.len(), ']'),
        Value::Map(map) => {
            joined('{', map.iter().map(|(name, value)| format!("{name}={}", words(value))), map.len(), '}')
        }
    }
}

fn joined(open: char, items: impl Iterator<Item = String>, count: usize, close: char) -> String {
    let mut shown: Vec<String> = items.take(ITEMS).collect();
    if count > ITEMS {
        shown.push(format!("and {} more", count - ITEMS));
    }
    format!("{open}{}{close}", shown.join(", "))
}
