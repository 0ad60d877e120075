//! What is written to the audit, as it stands on the timeline: the same words for what this program records and for what it
//! reads of others. Fields that a later version may have written are shown as they are.

use chrono::DateTime;

use crate::app::actions::progress;
use crate::app::document::Document;
use crate::app::table::{RowKey, Tone};
use crate::domain::Safe;
use crate::remediation::audit::{AuditEvent, Entry, Record, Value};
use crate::remediation::outcome::Outcome;

use super::{Draft, Happening, Kind};

/// Items of a list, characters of a text and lines that a detail shows; the audit has the rest.
const ITEMS: usize = 50;
const TEXT: usize = 400;
const LINES: usize = 200;
/// Deepest nesting that is shown.
const DEPTH: usize = 4;

type Fields = [(String, Value)];

/// What this program has just given to the audit.
#[must_use]
pub fn of_entry(entry: &Entry) -> Draft {
    let event = entry.event();
    let mut draft = draft(event.word(), Some(event), entry.fields());
    draft.detail = Some(detail(entry.run(), entry.fields()));
    draft.run = entry.run().clone();
    draft
}

/// What was read from the audit; `None` without a time that can be read.
#[must_use]
pub fn of_record(record: &Record) -> Option<Happening> {
    let at = DateTime::parse_from_rfc3339(record.at.as_str()).ok()?.to_utc();
    let writer = &record.writer;
    let mut draft = draft(record.event.as_str(), record.event(), &record.fields);
    if draft.kind == Kind::Action {
        draft.kind = Kind::Audit;
    }
    let mut document = detail(&record.run, &record.fields);
    let tty = writer.tty.as_ref().map(|tty| format!(", terminal {tty}")).unwrap_or_default();
    document.heading("Recorded by");
    let words = format!("{} (uid {}) on {}, process {}{tty}", writer.user, writer.uid, writer.host, writer.pid);
    document.line(words, Tone::Plain);
    document.line(format!("record {} of their chain, hash {}", record.seq, record.hash.hex()), Tone::Dim);
    draft.detail = Some(document);
    draft.run = record.run.clone();
    let key = RowKey::Text(Safe::of(format!("{} {}", record.hash.hex(), record.seq)));
    Some(draft.by(writer.user.clone()).at(key, at))
}

fn draft(word: &str, event: Option<AuditEvent>, fields: &Fields) -> Draft {
    let text = |name: &str| text(fields, name);
    let subject = match (text("action"), text("target")) {
        (Some(action), Some(target)) => format!("{action} on {target}"),
        (Some(only), None) | (None, Some(only)) => only.to_string(),
        (None, None) => String::new(),
    };
    let why = text("why").or_else(|| text("because")).or_else(|| text("reason"));
    let (kind, word, tone) = match event {
        Some(AuditEvent::Intent) => (Kind::Action, "started", Tone::Accent),
        Some(AuditEvent::Outcome) => {
            let said = text("outcome").unwrap_or_default();
            let outcome = Outcome::parse(said.as_str());
            let tone = outcome.map_or(Tone::Unknown, progress::tone);
            let seen = evidence(fields).or(why);
            return Draft::new(Kind::Action, said.clipped(16), tone, phrase(&subject, seen.as_ref()));
        }
        Some(AuditEvent::Recovered) => (Kind::Action, "unknown", Tone::Bad),
        Some(AuditEvent::Refused) => (Kind::Action, "refused", Tone::Warn),
        Some(AuditEvent::Cancelled) => (Kind::Action, "left", Tone::Dim),
        Some(AuditEvent::ConfirmationFailed) => (Kind::Action, "mistyped", Tone::Warn),
        Some(AuditEvent::ConfirmationExpired) => (Kind::Action, "expired", Tone::Warn),
        Some(AuditEvent::ApprovalAsked) => (Kind::Action, "asks 2nd", Tone::Accent),
        Some(AuditEvent::Approved) => (Kind::Action, "approved", Tone::Accent),
        Some(AuditEvent::ApprovalExpired) => (Kind::Action, "unapproved", Tone::Warn),
        Some(AuditEvent::Armed) => (Kind::Action, "armed", Tone::Warn),
        Some(AuditEvent::Disarmed) => (Kind::Action, "disarmed", Tone::Dim),
        Some(AuditEvent::ClockConfirmed) => (Kind::Audit, "clock ok", Tone::Accent),
        Some(AuditEvent::AuditTried) => (Kind::Audit, "audit tried", Tone::Dim),
        Some(AuditEvent::SegmentOpened) => (Kind::Audit, "new file", Tone::Dim),
        Some(AuditEvent::SegmentLost) => (Kind::Audit, "file lost", Tone::Bad),
        Some(AuditEvent::Tripped) => (Kind::Tripwire, "worse", Tone::Bad),
        Some(AuditEvent::Mark) => (Kind::Mark, "mark", Tone::Accent),
        Some(AuditEvent::Acknowledged) => (Kind::Alert, "seen", Tone::Accent),
        Some(AuditEvent::Silenced) => (Kind::Alert, "silenced", Tone::Accent),
        Some(AuditEvent::SilenceEnded) => (Kind::Alert, "heard again", Tone::Accent),
        _ => (Kind::Action, word, Tone::Plain),
    };
    let words = match event {
        Some(
            AuditEvent::Tripped
            | AuditEvent::Mark
            | AuditEvent::ClockConfirmed
            | AuditEvent::Acknowledged
            | AuditEvent::Silenced
            | AuditEvent::SilenceEnded,
        ) => text("text").unwrap_or_default(),
        _ => phrase(&subject, why.as_ref()),
    };
    Draft::new(kind, Safe::of(word).clipped(16), tone, words)
}

fn phrase(subject: &str, more: Option<&Safe>) -> Safe {
    let more = more.filter(|more| !more.as_str().is_empty()).map(|more| more.clipped(TEXT));
    Safe::of(match (subject.is_empty(), more) {
        (false, Some(more)) => format!("{subject}: {more}"),
        (false, None) => subject.to_owned(),
        (true, more) => more.unwrap_or_default().to_string(),
    })
}

/// A field that is a text, or the first of a list of texts.
fn text(fields: &Fields, wanted: &str) -> Option<Safe> {
    let (_, value) = fields.iter().find(|(name, _)| name == wanted)?;
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::List(list) => list.iter().find_map(|item| match item {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }),
        _ => None,
    }
}

/// The first trial, before and after.
fn evidence(fields: &Fields) -> Option<Safe> {
    let (_, Value::List(trials)) = fields.iter().find(|(name, _)| name == "evidence")? else { return None };
    trials.iter().find_map(|trial| {
        let Value::Map(trial) = trial else { return None };
        let of = |name| text(trial, name);
        let (what, before, after) = (of("what")?, of("before")?, of("after")?);
        (after.as_str() != "not known").then(|| Safe::of(format!("{what} {before} -> {after}")))
    })
}

/// Every field, line by line.
fn detail(run: &Safe, fields: &Fields) -> Document {
    let mut out = Document::new(Safe::default());
    if !run.as_str().is_empty() {
        out.field("run", run.clone(), Tone::Dim);
    }
    for (name, value) in fields {
        write(&mut out, &name.replace('_', " "), value, 0);
    }
    if out.lines.len() > LINES {
        out.lines.truncate(LINES);
        out.line("… the rest stands in the audit: quarterdeck audit show --json", Tone::Dim);
    }
    out
}

fn write(out: &mut Document, name: &str, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::List(list) if depth < DEPTH && !list.is_empty() => {
            out.field(&format!("{indent}{name}"), list.len().to_string(), Tone::Dim);
            for item in list.iter().take(ITEMS) {
                match item {
                    Value::Map(map) => {
                        let words =
                            map.iter().map(|(name, value)| format!("{} {}", name.replace('_', " "), one(value)));
                        out.line(format!("{indent}    {}", words.collect::<Vec<_>>().join(", ")), Tone::Plain);
                    }
                    item => {
                        out.line(format!("{indent}    {}", one(item)), Tone::Plain);
                    }
                }
            }
            if list.len() > ITEMS {
                out.line(format!("{indent}    and {} more", list.len() - ITEMS), Tone::Dim);
            }
        }
        Value::Map(map) if depth < DEPTH && !map.is_empty() => {
            out.line(format!("{indent}{name}"), Tone::Strong);
            for (inner, value) in map.iter().take(ITEMS) {
                write(out, &inner.replace('_', " "), value, depth + 1);
            }
        }
        value => {
            out.field(&format!("{indent}{name}"), one(value), Tone::Plain);
        }
    }
}

/// A value on one line.
fn one(value: &Value) -> Safe {
    match value {
        Value::Text(text) | Value::Whole(text) => text.clipped(TEXT),
        Value::Number(number) => Safe::of(number.to_string()),
        Value::Figure(Some(figure)) => Safe::of(figure.to_string()),
        Value::Figure(None) => Safe::of("not known"),
        Value::Flag(flag) => Safe::of(if *flag { "yes" } else { "no" }),
        Value::List(list) if list.is_empty() => Safe::of("none"),
        Value::List(list) => {
            let words = list.iter().take(ITEMS).map(|item| one(item).to_string());
            Safe::of(words.collect::<Vec<_>>().join("; ")).clipped(TEXT)
        }
        Value::Map(map) => {
            let words = map.iter().take(ITEMS).map(|(name, value)| format!("{name} {}", one(value)));
            Safe::of(words.collect::<Vec<_>>().join(", ")).clipped(TEXT)
        }
    }
}
