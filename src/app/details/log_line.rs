//! A log line as a tree, and as it came.

use crate::app::Model;
use crate::app::document::Document;
use crate::app::table::Tone;
use crate::domain::{Safe, Untrusted};
use crate::logs::Entry;

pub fn document(model: &Model) -> Option<Document> {
    let logs = &model.shown().0.logs;
    let at = logs.selected.or_else(|| logs.newest())?;
    let (segment, line) = logs.store.get(at)?;
    let entry = Entry::parse(&line);
    let mut out = Document::new(Safe::of(format!("Log line of {}", logs.name(segment.log()))));
    if let Some(time) = entry.time {
        let utc = chrono::DateTime::from_timestamp_micros(time).unwrap_or_default();
        out.field("time", Safe::of(utc.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()), Tone::Plain);
    }
    out.field("level", Safe::of(entry.level.word()), Tone::Plain);
    if let Some(service) = &entry.service {
        out.field("service", service.clone(), Tone::Plain);
    }
    if line.clipped {
        out.field("clipped", "the line was longer than the 64 KiB that are kept", Tone::Warn);
    }
    out.heading("Message");
    for text in entry.message.lines() {
        out.line(text, Tone::Plain);
    }
    // Time, level and message stand above.
    let is_above = |row: &Safe| {
        let (name, value) = row.as_str().split_once(": ").unwrap_or_default();
        match name {
            "timestamp" | "time" => entry.time.is_some(),
            "level" => value.eq_ignore_ascii_case(entry.level.word()),
            "message" | "msg" => value == entry.message.one_line().as_str(),
            _ => false,
        }
    };
    let rows: Vec<Safe> = entry.tree().into_iter().filter(|row| !is_above(row)).collect();
    if !rows.is_empty() {
        out.heading("Fields");
        for row in rows {
            out.line(row, Tone::Plain);
        }
    }
    out.heading("As it came");
    for text in Untrusted::new(line.raw).lines() {
        out.line(text, Tone::Dim);
    }
    Some(out)
}
