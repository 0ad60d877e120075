//! What is counted for each log, whether its lines are still kept or not.

use super::level::LevelCounts;

/// Counters of one log since the program began to read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogCounters {
    /// All lines that were read, summaries included.
    pub lines: u64,
    /// Entries by level; lines that continue an entry are not counted again.
    pub levels: LevelCounts,
    /// Lines that were only counted, as the old part of a large file is.
    pub summarized_lines: u64,
    /// Lines that were kept once and made room for newer ones.
    pub evicted_lines: u64,
    /// Lines that came and could not be taken.
    pub dropped_lines: u64,
    /// Bytes that were lost: truncated away before they were read, or dropped.
    pub lost_bytes: u64,
    /// Bytes of over-long lines that were not kept.
    pub cut_bytes: u64,
}

impl LogCounters {
    /// Errors and worse.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.levels.errors()
    }

    /// Counts of several logs together.
    #[must_use]
    pub fn sum<'a>(all: impl IntoIterator<Item = &'a LogCounters>) -> LogCounters {
        let mut sum = LogCounters::default();
        for one in all {
            sum.lines += one.lines;
            sum.levels.merge(&one.levels);
            sum.summarized_lines += one.summarized_lines;
            sum.evicted_lines += one.evicted_lines;
            sum.dropped_lines = sum.dropped_lines.saturating_add(one.dropped_lines);
            sum.lost_bytes = sum.lost_bytes.saturating_add(one.lost_bytes);
            sum.cut_bytes += one.cut_bytes;
        }
        sum
    }
}
