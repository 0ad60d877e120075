//! Reads the newest records of every operator, for showing. Bounded: the ends of the newest files, no more. Each line is held
//! against its own hash; whether a whole chain holds is what `audit verify` is for. It writes nothing, locks nothing for long.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use rustix::fs::fstat;

use crate::domain::Safe;
use crate::remediation::audit::{Continues, LINE_LIMIT, Record, Runs, Unfinished};

use super::doubt;
use super::folder::{Folder, Segment, retrying};
use super::lock::look_alive;
use super::scan;

/// Of every operator at most so many bytes are read, in the newest of their files.
const BYTES: u64 = 1024 * 1024;
/// Files of one operator that are looked into, the newest.
const FILES: usize = 2;
/// Operators that are looked at.
const OPERATORS: usize = 64;
/// Most records that are kept, the newest.
pub const RECORDS: usize = 1000;

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The newest records; of each operator in their order.
    pub records: Vec<Record>,
    /// Files that could not be read, and why.
    pub unreadable: Vec<Safe>,
    /// Lines that are no records, or not as they were written.
    pub bad: usize,
    /// There is more than was read.
    pub left_out: bool,
    /// Runs without an end whose process is gone.
    pub unfinished: Vec<Unfinished>,
}

/// Reads what the folder tells.
///
/// # Errors
/// The folder cannot be read.
pub fn read(folder: &Folder) -> io::Result<Found> {
    let mut found = Found::default();
    let segments = folder.segments()?;
    let mut operators: Vec<&[Segment]> = segments.chunk_by(|a, b| a.operator == b.operator).collect();
    found.left_out = operators.len() > OPERATORS;
    operators.truncate(OPERATORS);
    for files in operators {
        of_operator(folder, files, &mut found);
    }
    found.records.sort_by(|a, b| a.at.cmp(&b.at));
    let surplus = found.records.len().saturating_sub(RECORDS);
    found.records.drain(..surplus);
    found.left_out |= surplus > 0;
    Ok(found)
}

fn of_operator(folder: &Folder, files: &[Segment], found: &mut Found) {
    found.left_out |= files.len() > FILES;
    // How far each file counts says the one after it.
    let (mut kept, mut limits): (Vec<Vec<Record>>, Vec<Continues>) = (Vec::new(), Vec::new());
    for segment in files.iter().rev().take(FILES) {
        match tail(folder, segment, found) {
            Ok((mut records, doubted)) => {
                limits.extend(records.first().and_then(|first| first.continues.clone()));
                let name = segment.name();
                let next = limits.iter().rev().find(|old| old.file.as_str() == name).or(doubted.as_ref());
                records.retain(|record| next.is_none_or(|old| record.seq <= old.seq));
                kept.push(records);
            }
            Err(error) => found.unreadable.push(Safe::of(format!("{}: {error}", segment.name()))),
        }
    }
    let mut runs = Runs::default();
    for record in kept.into_iter().rev().flatten() {
        runs.note(&record);
        found.records.push(record);
    }
    let operator = files.first().map(|file| file.operator.clone()).unwrap_or_default();
    let gone = |run: &&Unfinished| look_alive(folder, &operator, run.writer.alive.as_str()) == Some(false);
    found.unfinished.extend(runs.open().filter(gone).cloned());
}

/// The records at the end of a file, and behind which of them nothing may be on disk. A last line without an end is no record:
/// it may be on its way.
fn tail(folder: &Folder, segment: &Segment, found: &mut Found) -> io::Result<(Vec<Record>, Option<Continues>)> {
    let name = segment.name();
    let file: File = scan::open(folder, &name)?;
    let length = file.metadata()?.len();
    let from = length.saturating_sub(BYTES);
    found.left_out |= from > 0;
    let mut bytes = vec![0; usize::try_from(length - from).unwrap_or(0)];
    let mut filled = 0;
    while let Some(room) = bytes.get_mut(filled..).filter(|room| !room.is_empty()) {
        match retrying(|| file.read_at(room, from + filled as u64))? {
            0 => break,
            read => filled += read,
        }
    }
    bytes.truncate(filled);
    let mut lines: &[u8] = &bytes;
    if from > 0 {
        // The first line was begun before what is read.
        lines = memchr::memchr(b'\n', lines).and_then(|at| lines.get(at + 1..)).unwrap_or_default();
    }
    let mut records = Vec::new();
    while let Some(end) = memchr::memchr(b'\n', lines) {
        let (line, rest) = lines.split_at(end);
        lines = rest.get(1..).unwrap_or_default();
        // Room that was reserved for an outcome is filled with zeros.
        if line.first().is_none_or(|byte| *byte == 0) {
            continue;
        }
        match Some(line).filter(|line| line.len() < LINE_LIMIT).and_then(Record::read) {
            Some(record) => records.push(record),
            None => found.bad += 1,
        }
    }
    Ok((records, doubt::of(folder, &segment.operator, &name, &fstat(&file)?)))
}
