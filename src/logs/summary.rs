//! The old part of a large file: blocks of which only the place and the counts are kept, so that all of it is counted
//! and none of it takes memory.

use memchr::memchr;

use super::level::LevelCounts;
use super::segment::LINE_BYTES;
use super::traces::Traces;

/// What a stretch of whole lines of a file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockSummary {
    /// Where it begins in its file.
    pub offset: u64,
    /// How long it is.
    pub bytes: u64,
    /// Lines.
    pub lines: u64,
    /// Entries by level.
    pub levels: LevelCounts,
    /// Earliest and latest time stated, in microseconds since 1970.
    pub times: Option<(i64, i64)>,
}

impl BlockSummary {
    /// This block and the one right behind it as one.
    #[must_use]
    pub fn joined(mut self, next: &BlockSummary) -> BlockSummary {
        self.bytes += next.bytes;
        self.lines += next.lines;
        self.levels.merge(&next.levels);
        self.times = match (self.times, next.times) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (mine, theirs) => mine.or(theirs),
        };
        self
    }
}

/// Counts blocks one after the other; traces go on over their borders.
#[derive(Debug, Default)]
pub struct Summarizer {
    traces: Traces,
}

impl Summarizer {
    /// At the beginning of a file.
    #[must_use]
    pub fn new() -> Summarizer {
        Summarizer::default()
    }

    /// Counts the lines of `text`, which begins and ends at a line's border (a last line without its end counts too).
    pub fn count(&mut self, offset: u64, text: &[u8], now: i64) -> BlockSummary {
        let mut block = BlockSummary { offset, bytes: text.len() as u64, ..BlockSummary::default() };
        let mut rest = text;
        while !rest.is_empty() {
            let end = memchr(b'\n', rest).unwrap_or(rest.len());
            let line = rest.get(..end).unwrap_or_default();
            rest = rest.get(end + 1..).unwrap_or_default();
            block.lines += 1;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let placed = self.traces.place(line.get(..LINE_BYTES).unwrap_or(line), now);
            if !placed.continuation {
                block.levels.add(placed.level);
            }
            if let Some(time) = placed.time {
                block.times = Some(block.times.map_or((time, time), |(a, b)| (a.min(time), b.max(time))));
            }
        }
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::level::Level;

    #[test]
    fn blocks_add_up_to_the_whole() {
        let text = b"ERROR: a\n  at b\n2026-01-02T12:00:00Z INFO c\nlast";
        let whole = Summarizer::new().count(0, text, 0);
        assert_eq!((whole.lines, whole.levels.errors(), whole.levels.total()), (4, 1, 3));
        assert_eq!(whole.levels.of(Level::Info), 1);
        let mut parts = Summarizer::new();
        let first = parts.count(0, &text[..9], 0);
        let second = parts.count(9, &text[9..], 0);
        assert_eq!(first.joined(&second), whole);
    }
}
