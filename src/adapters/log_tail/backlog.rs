//! The old part of a large file, which lies before the lines that are shown: read in blocks between other work, and
//! counted only.

use memchr::{memchr, memrchr};
use rustix::io::Errno;

use crate::logs::summary::{BlockSummary, Summarizer};

use super::file::OpenFile;

/// How much is counted in one turn.
const BLOCK: u64 = 2 * 1024 * 1024;

/// What remains to be counted.
#[derive(Debug)]
pub struct Backlog {
    next: u64,
    end: u64,
    summarizer: Summarizer,
    /// Inside a line that is longer than the buffer and was counted already.
    skipping: bool,
}

/// Where the lines begin that are shown of a file of `size`: the first line border in its last `tail` bytes.
pub fn tail_start(file: &OpenFile, size: u64, tail: u64, buffer: &mut [u8]) -> Result<u64, Errno> {
    let Some(from) = size.checked_sub(tail).filter(|from| *from > 0) else { return Ok(0) };
    let mut at = from - 1;
    while at < size {
        let read = file.read_at(at, buffer)?;
        let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else { break };
        if let Some(end) = memchr(b'\n', piece) {
            let start = at + end as u64 + 1;
            // A border at the very end shows nothing: then the last line is shown as far as it goes back.
            return Ok(if start < size { start } else { from });
        }
        at += read as u64;
    }
    Ok(from)
}

impl Backlog {
    /// Everything before `end`.
    pub fn before(end: u64) -> Option<Backlog> {
        (end > 0).then(|| Backlog { next: 0, end, summarizer: Summarizer::new(), skipping: false })
    }

    /// How much is not counted yet.
    pub fn remaining(&self) -> u64 {
        self.end - self.next
    }

    /// Counts the next block. `None` when the file ends too early: it was truncated.
    pub fn count(&mut self, file: &OpenFile, buffer: &mut [u8], now: i64) -> Option<BlockSummary> {
        let start = self.next;
        let mut block = BlockSummary { offset: start, ..BlockSummary::default() };
        while self.next < self.end && self.next - start < BLOCK {
            let wanted = buffer.len().min(usize::try_from(self.end - self.next).unwrap_or(usize::MAX));
            let read = file.read_at(self.next, buffer.get_mut(..wanted)?).ok().filter(|read| *read > 0)?;
            let piece = buffer.get(..read)?;
            let is_last = self.next + read as u64 == self.end;
            let taken = if self.skipping {
                let end = memchr(b'\n', piece);
                self.skipping = end.is_none();
                let taken = end.map_or(read, |at| at + 1);
                block = block.joined(&BlockSummary { bytes: taken as u64, ..BlockSummary::default() });
                taken
            } else {
                let end = memrchr(b'\n', piece);
                self.skipping = end.is_none() && !is_last;
                let taken = if is_last { read } else { end.map_or(read, |at| at + 1) };
                block = block.joined(&self.summarizer.count(self.next, piece.get(..taken)?, now));
                taken
            };
            self.next += taken as u64;
        }
        Some(block)
    }
}
