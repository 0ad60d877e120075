//! The line that is written, and read back: who wrote it, when, its place in the chain, and the entry. One line of JSON in
//! printable ASCII. The hash is the last member and covers every byte before it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{Moment, Safe, ascii_json};

use super::chain::{Continues, Hash};
use super::cut::{Fields, Limits};
use super::entry::{AuditEvent, Entry};
use super::value::Value;

/// Most bytes of a line, its end included.
pub const LINE_LIMIT: usize = 64 * 1024;
/// Version of the layout.
const SCHEMA: u32 = 1;
/// What stands before the hash, and after it.
const BEFORE: &str = ",\"hash\":\"";
const AFTER: &str = "\"}";
/// Longest text of a writer, in characters, and most claims.
const WRITER_TEXT: usize = 96;
const CLAIMS: usize = 8;

/// Who writes. All but the claims is told by the system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writer {
    /// Name of the host.
    pub host: Safe,
    /// The kernel's id of this boot.
    pub boot_id: Safe,
    /// Name of the user we run as.
    pub user: Safe,
    /// Its number.
    pub uid: u32,
    /// Who logged in, also behind sudo; `None` where the system does not tell.
    pub login_uid: Option<u32>,
    /// Our process.
    pub pid: u32,
    /// The terminal.
    pub tty: Option<Safe>,
    /// Program and version.
    pub program: Safe,
    /// Name of the file that is locked as long as the process lives.
    pub alive: Safe,
    /// What the environment claims; anybody can set it.
    pub claims: BTreeMap<String, Safe>,
}

impl Writer {
    /// With every text short enough that a record always has room for what happened.
    #[must_use]
    pub fn bounded(mut self) -> Writer {
        for text in [&mut self.host, &mut self.boot_id, &mut self.user, &mut self.program, &mut self.alive] {
            *text = text.clipped(WRITER_TEXT);
        }
        self.tty = self.tty.map(|tty| tty.clipped(WRITER_TEXT));
        let short = |(name, claim): (String, Safe)| (name.chars().take(32).collect(), claim.clipped(WRITER_TEXT));
        self.claims = self.claims.into_iter().take(CLAIMS).map(short).collect();
        self
    }
}

/// A line that was read back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Layout.
    pub schema: u32,
    /// Its number.
    pub seq: u64,
    /// Hash of the record before.
    pub prev: Hash,
    /// Wall time in UTC, with nanoseconds.
    pub at: Safe,
    /// Nanoseconds since boot.
    pub boot_ns: u64,
    /// Who wrote it.
    pub writer: Writer,
    /// What a file goes on from, in its first record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<Continues>,
    /// What happened, in the record's word.
    pub event: Safe,
    /// Of which run.
    pub run: Safe,
    /// The fields in their order.
    #[serde(deserialize_with = "named", serialize_with = "whole")]
    pub fields: Vec<(String, Value)>,
    /// Its own hash.
    pub hash: Hash,
}

impl Record {
    /// A line without its end, if it is as it was written. Whether it stands in its place only the whole chain tells.
    #[must_use]
    pub fn read(line: &[u8]) -> Option<Record> {
        let (covered, hex) = parts(line)?;
        let whole = Hash::of(covered).hex().as_bytes() == hex;
        serde_json::from_slice(line).ok().filter(|_| whole)
    }

    /// What happened; `None` for what only a later version knows.
    #[must_use]
    pub fn event(&self) -> Option<AuditEvent> {
        AuditEvent::parse(self.event.as_str())
    }

    /// As one line of JSON.
    #[must_use]
    pub fn json(&self) -> Safe {
        Safe::of(ascii_json::line(self))
    }
}

fn named<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, Value)>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Map(fields) => Ok(fields),
        _ => Err(serde::de::Error::custom("fields have no names")),
    }
}

fn whole<S: serde::Serializer>(fields: &[(String, Value)], serializer: S) -> Result<S::Ok, S::Error> {
    Fields(fields, Limits::WHOLE).serialize(serializer)
}

/// What goes into a line beside the entry.
pub(super) struct Frame<'a> {
    pub seq: u64,
    pub prev: Hash,
    pub at: Moment,
    pub writer: &'a Writer,
    pub continues: Option<&'a Continues>,
}

#[derive(Serialize)]
struct Body<'a> {
    schema: u32,
    seq: u64,
    prev: Hash,
    at: String,
    boot_ns: u64,
    writer: &'a Writer,
    #[serde(skip_serializing_if = "Option::is_none")]
    continues: Option<&'a Continues>,
    event: &'a str,
    run: &'a Safe,
    fields: Fields<'a>,
}

/// The line with its end, and its hash.
pub(super) fn compose(frame: &Frame<'_>, entry: &Entry) -> (Vec<u8>, Hash) {
    let body = |limits| Body {
        schema: SCHEMA,
        seq: frame.seq,
        prev: frame.prev,
        at: frame.at.wall.to_rfc3339_opts(chrono::SecondsFormat::Nanos, true),
        boot_ns: u64::try_from(frame.at.boot.as_nanos()).unwrap_or(u64::MAX),
        writer: frame.writer,
        continues: frame.continues,
        event: entry.event().word(),
        run: entry.run(),
        fields: Fields(entry.fields(), limits),
    };
    let room = LINE_LIMIT - BEFORE.len() - 64 - AFTER.len() - 1;
    let fits = Limits::STEPS.into_iter().find_map(|limits| ascii_json::line_within(&body(limits), room));
    // With the last limits everything fits: writer and run are bounded.
    let mut text = fits.unwrap_or_default();
    text.pop();
    let hash = Hash::of(text.as_bytes());
    text.push_str(BEFORE);
    text.push_str(&hash.hex());
    text.push_str(AFTER);
    text.push('\n');
    (text.into_bytes(), hash)
}

/// The part of a line that its hash covers, and the hash that stands in it.
pub(super) fn parts(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.strip_suffix(AFTER.as_bytes())?;
    let (rest, hex) = line.split_at_checked(line.len().checked_sub(64)?)?;
    Some((rest.strip_suffix(BEFORE.as_bytes())?, hex))
}
