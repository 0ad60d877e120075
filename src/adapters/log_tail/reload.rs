//! Lines of the old part of a file, read again because someone looks at them: a quarter of a mebibyte at a time, from a line's
//! beginning to another's, with the traces that began before. A file that is not the same any more gives nothing.

use std::sync::Arc;

use memchr::memchr;

use crate::domain::moment::Moment;
use crate::logs::LineAssembler;
use crate::logs::run::{Bytes, Reload};
use crate::logs::search::Direction;
use crate::logs::segment::{Segment, SegmentBuilder};

use super::file::OpenFile;

/// How much is read for one asking.
const STRETCH: u64 = 256 * 1024;
/// How far the beginning of a longer line is looked for.
const FURTHEST: u64 = 64 * STRETCH;
/// How much before the stretch is looked at, for the entry that its first lines may continue.
const LEAD: u64 = 64 * 1024;

/// The lines, and where they lie.
pub type Reloaded = (Bytes, Vec<Arc<Segment>>);

/// Reads lines of a gap. `None` when they are gone.
pub fn read(file: &OpenFile, wanted: &Reload, buffer: &mut [u8], now: Moment) -> Option<Reloaded> {
    if !file.is_unchanged().unwrap_or(false) {
        return None;
    }
    let (from, until) = stretch(file, wanted, buffer)?;
    let (mut assembler, mut builder) = (LineAssembler::new(), SegmentBuilder::new());
    let lead = match from.checked_sub(LEAD) {
        Some(lead) => border(file, lead, from, buffer).unwrap_or(from),
        None => 0,
    };
    pass(file, (lead, from), buffer, &mut |piece| assembler.push(piece, &mut builder, now, &mut |b| forget(b, now)))?;
    forget(&mut builder, now);
    let mut segments: Vec<Arc<Segment>> = Vec::new();
    let stream = wanted.gap.stream;
    let mut seal = |builder: &mut SegmentBuilder| {
        let sequence = from + segments.len() as u64;
        segments.extend(builder.seal_stream(stream, sequence, now).filter(|s| !s.is_empty()).map(Arc::new));
    };
    pass(file, (from, until), buffer, &mut |piece| assembler.push(piece, &mut builder, now, &mut seal))?;
    assembler.finish(&mut builder, now, &mut seal);
    seal(&mut builder);
    Some(((from, until), segments))
}

fn forget(builder: &mut SegmentBuilder, now: Moment) {
    builder.seal(0, 0, now);
}

/// Which bytes of the gap are read: at least one line.
fn stretch(file: &OpenFile, wanted: &Reload, buffer: &mut [u8]) -> Option<Bytes> {
    let (from, until) = wanted.gap.bytes;
    if until <= from {
        return None;
    }
    let mut length = STRETCH;
    loop {
        if until - from <= length {
            return Some((from, until));
        }
        let found = match wanted.direction {
            Direction::Older => border(file, until - length, until, buffer).map(|start| (start, until)),
            Direction::Newer => {
                border(file, from + STRETCH, from + length + STRETCH, buffer).map(|end| (from, end.min(until)))
            }
        };
        if found.is_some() {
            return found;
        }
        if length >= FURTHEST {
            // A line without end: a part of it.
            return Some(match wanted.direction {
                Direction::Older => (until - length, until),
                Direction::Newer => (from, from + length),
            });
        }
        length *= 2;
    }
}

/// The first line's beginning at `from` or behind it, and before `until`.
fn border(file: &OpenFile, from: u64, until: u64, buffer: &mut [u8]) -> Option<u64> {
    let mut at = from.checked_sub(1)?;
    while at < until {
        let read = file.read_at(at, buffer).ok()?;
        let piece = buffer.get(..read).filter(|piece| !piece.is_empty())?;
        if let Some(end) = memchr(b'\n', piece) {
            return Some(at + end as u64 + 1).filter(|start| *start < until);
        }
        at += read as u64;
    }
    None
}

/// Hands all bytes of a stretch on. `None` when the file ends before.
fn pass(file: &OpenFile, bytes: Bytes, buffer: &mut [u8], take: &mut dyn FnMut(&[u8])) -> Option<()> {
    let (mut at, until) = bytes;
    while at < until {
        let wanted = buffer.len().min(usize::try_from(until - at).unwrap_or(usize::MAX));
        let read = file.read_at(at, buffer.get_mut(..wanted)?).ok().filter(|read| *read > 0)?;
        take(buffer.get(..read)?);
        at += read as u64;
    }
    Some(())
}
