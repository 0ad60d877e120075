//! The lines that are kept, over all logs, in the order in which they arrived: whole segments, bounded in bytes, the
//! oldest going first. Everything is counted, kept or not.

use std::collections::VecDeque;
use std::sync::Arc;

use super::counters::LogCounters;
use super::segment::{Line, LineAddress, Segment};
use super::summary::BlockSummary;

/// Most summaries remembered; from then on neighbours are joined.
const SUMMARIES: usize = 4096;

/// Kept lines and counters.
#[derive(Clone, Debug)]
pub struct LogStore {
    max_bytes: usize,
    bytes: usize,
    lines: usize,
    segments: VecDeque<Arc<Segment>>,
    counters: Vec<LogCounters>,
    summaries: Vec<(u16, BlockSummary)>,
}

impl LogStore {
    /// Keeps at most `max_bytes` of segments, but always the newest one.
    #[must_use]
    pub fn new(max_bytes: usize) -> LogStore {
        LogStore {
            max_bytes,
            bytes: 0,
            lines: 0,
            segments: VecDeque::new(),
            counters: Vec::new(),
            summaries: Vec::new(),
        }
    }

    /// Adds the newest segment, whose sequence is above all others', and lets go of the oldest beyond the bound.
    pub fn append(&mut self, segment: Arc<Segment>) {
        self.count(segment.log(), |counters| {
            counters.lines += segment.len() as u64;
            counters.levels.merge(segment.counts());
            counters.cut_bytes += segment.bytes_cut();
        });
        if segment.is_empty() {
            return;
        }
        self.bytes += segment.footprint();
        self.lines += segment.len();
        self.segments.push_back(segment);
        while self.bytes > self.max_bytes && self.segments.len() > 1 {
            let Some(oldest) = self.segments.pop_front() else { return };
            self.bytes -= oldest.footprint();
            self.lines -= oldest.len();
            self.count(oldest.log(), |counters| counters.evicted_lines += oldest.len() as u64);
        }
    }

    /// Counts a block of the old part of a file.
    pub fn add_summary(&mut self, log: u16, block: &BlockSummary) {
        self.count(log, |counters| {
            counters.lines += block.lines;
            counters.summarized_lines += block.lines;
            counters.levels.merge(&block.levels);
        });
        if self.summaries.len() >= SUMMARIES {
            self.join_summaries();
        }
        self.summaries.push((log, *block));
    }

    /// Counts what could not be taken.
    pub fn add_loss(&mut self, log: u16, lines: u64, bytes: u64) {
        self.count(log, |counters| {
            counters.dropped_lines = counters.dropped_lines.saturating_add(lines);
            counters.lost_bytes = counters.lost_bytes.saturating_add(bytes);
        });
    }

    /// Counters of one log; all zero when nothing came from it.
    #[must_use]
    pub fn counters(&self, log: u16) -> LogCounters {
        self.counters.get(usize::from(log)).copied().unwrap_or_default()
    }

    /// Counters of all logs together.
    #[must_use]
    pub fn total(&self) -> LogCounters {
        LogCounters::sum(&self.counters)
    }

    /// Summaries of old parts, as they were read.
    #[must_use]
    pub fn summaries(&self) -> &[(u16, BlockSummary)] {
        &self.summaries
    }

    /// How many lines are kept.
    #[must_use]
    pub fn len_lines(&self) -> usize {
        self.lines
    }

    /// What the kept lines take in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The kept segments, shared, oldest first: what a job over the whole kept log takes along.
    #[must_use]
    pub fn segments(&self) -> Vec<Arc<Segment>> {
        self.segments.iter().cloned().collect()
    }

    /// The kept segments behind `sequence`, shared, oldest first: what an incremental job takes along.
    #[must_use]
    pub fn segments_after(&self, sequence: u64) -> Vec<Arc<Segment>> {
        let from = self.segments.partition_point(|s| s.sequence() <= sequence);
        self.segments.iter().skip(from).cloned().collect()
    }

    /// The kept segments, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Segment>> + ExactSizeIterator {
        self.segments.iter()
    }

    /// Address of the oldest kept line.
    #[must_use]
    pub fn first(&self) -> Option<LineAddress> {
        self.segments.front().map(|s| s.address(0))
    }

    /// Address of the newest line.
    #[must_use]
    pub fn last(&self) -> Option<LineAddress> {
        self.segments.back().map(|s| s.address(s.len().saturating_sub(1)))
    }

    /// The segment and line at an address, while they are kept.
    #[must_use]
    pub fn get(&self, address: LineAddress) -> Option<(&Arc<Segment>, Line<'_>)> {
        let segment = self.segments.get(self.find(address)?)?;
        segment.line(address.index as usize).map(|line| (segment, line))
    }

    /// The line itself, or the oldest kept one when it was let go.
    #[must_use]
    pub fn nearest(&self, address: LineAddress) -> Option<LineAddress> {
        let first = self.first()?;
        if address < first {
            return Some(first);
        }
        self.get(address).map(|_| address).or_else(|| self.backwards(Some(address)).next().map(|(a, ..)| a))
    }

    /// How many kept lines lie before an address.
    #[must_use]
    pub fn ordinal(&self, address: LineAddress) -> usize {
        let before = self.segments.iter().take_while(|s| s.sequence() < address.sequence);
        let inside = if self.find(address).is_some() { address.index as usize } else { 0 };
        before.map(|s| s.len()).sum::<usize>() + inside
    }

    /// Lines from `from` (included; the oldest when `None`) to the newest.
    pub fn forwards(&self, from: Option<LineAddress>) -> impl Iterator<Item = (LineAddress, &Segment, Line<'_>)> {
        let from = from.unwrap_or(LineAddress { sequence: 0, index: 0 });
        let start = self.segments.partition_point(|s| s.sequence() < from.sequence);
        self.segments.iter().skip(start).flat_map(move |segment| {
            let skipped = if segment.sequence() == from.sequence { from.index as usize } else { 0 };
            let lines = segment.lines().enumerate().skip(skipped);
            lines.map(move |(at, line)| (segment.address(at), &**segment, line))
        })
    }

    /// Lines before `from` (not included; from the newest when `None`) to the oldest.
    pub fn backwards(&self, from: Option<LineAddress>) -> impl Iterator<Item = (LineAddress, &Segment, Line<'_>)> {
        let from = from.unwrap_or(LineAddress { sequence: u64::MAX, index: u32::MAX });
        let end = self.segments.partition_point(|s| s.sequence() <= from.sequence);
        self.segments.iter().take(end).rev().flat_map(move |segment| {
            let taken = if segment.sequence() == from.sequence { from.index as usize } else { usize::MAX };
            let lines = segment.lines().enumerate().take(taken.min(segment.len())).rev();
            lines.map(move |(at, line)| (segment.address(at), &**segment, line))
        })
    }

    fn find(&self, address: LineAddress) -> Option<usize> {
        let at = self.segments.partition_point(|s| s.sequence() < address.sequence);
        self.segments.get(at).filter(|s| s.sequence() == address.sequence).map(|_| at)
    }

    /// Changes the counters of a log.
    fn count(&mut self, log: u16, change: impl FnOnce(&mut LogCounters)) {
        let at = usize::from(log);
        if self.counters.len() <= at {
            self.counters.resize(at + 1, LogCounters::default());
        }
        if let Some(counters) = self.counters.get_mut(at) {
            change(counters);
        }
    }

    fn join_summaries(&mut self) {
        let mut joined: Vec<(u16, BlockSummary)> = Vec::with_capacity(SUMMARIES);
        let mut pair_open = false;
        for (log, block) in self.summaries.drain(..) {
            match joined.last_mut() {
                Some((last, before)) if pair_open && *last == log && before.offset + before.bytes == block.offset => {
                    *before = before.joined(&block);
                    pair_open = false;
                }
                _ => {
                    joined.push((log, block));
                    pair_open = true;
                }
            }
        }
        // Blocks of many files that do not touch cannot be joined: the oldest are forgotten, their counts are not.
        if joined.len() > SUMMARIES * 3 / 4 {
            joined.drain(..SUMMARIES / 4);
        }
        self.summaries = joined;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::segment::tests::segment;

    fn store() -> LogStore {
        let mut store = LogStore::new(1 << 20);
        store.append(Arc::new(segment(0, 4, &["a", "b"])));
        store.append(Arc::new(segment(1, 6, &["ERROR: c"])));
        store.append(Arc::new(segment(0, 9, &["d", "e", "f"])));
        store
    }

    fn text<'a>(lines: impl Iterator<Item = (LineAddress, &'a Segment, Line<'a>)>) -> String {
        lines.map(|(.., line)| String::from_utf8_lossy(line.raw).into_owned()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn walks_from_any_address() {
        let store = store();
        let at = |sequence, index| Some(LineAddress { sequence, index });
        assert_eq!(text(store.forwards(None)), "a b ERROR: c d e f");
        assert_eq!(text(store.forwards(at(9, 1))), "e f");
        assert_eq!(text(store.forwards(at(5, 7))), "ERROR: c d e f");
        assert_eq!(text(store.backwards(None)), "f e d ERROR: c b a");
        assert_eq!(text(store.backwards(at(9, 1))), "d ERROR: c b a");
        assert_eq!(text(store.backwards(at(5, 0))), "b a");
        assert_eq!(store.ordinal(at(9, 2).unwrap()), 5);
        assert_eq!((store.first(), store.last()), (at(4, 0), at(9, 2)));
        assert_eq!(store.total().errors(), 1);
    }

    #[test]
    fn the_oldest_go_and_are_counted() {
        let one = segment(0, 0, &["x"; 100]).footprint();
        let mut store = LogStore::new(one * 3);
        for sequence in 0..10 {
            store.append(Arc::new(segment(0, sequence, &["x"; 100])));
        }
        assert_eq!((store.len_lines(), store.bytes()), (300, one * 3));
        let counters = store.counters(0);
        assert_eq!((counters.lines, counters.evicted_lines), (1000, 700));
        let gone = LineAddress { sequence: 2, index: 5 };
        assert!(store.get(gone).is_none());
        assert_eq!(store.nearest(gone), store.first());
        assert_eq!(store.segments_after(8).len(), 1);
    }

    #[test]
    fn summaries_are_bounded_and_counts_are_not_lost() {
        let mut store = LogStore::new(1);
        for n in 0..20_000 {
            store.add_summary(0, &BlockSummary { offset: n * 10, bytes: 10, lines: 1, ..BlockSummary::default() });
        }
        assert!(store.summaries().len() <= SUMMARIES);
        assert_eq!(store.counters(0).summarized_lines, 20_000);
        assert_eq!(store.summaries().iter().map(|(_, b)| b.lines).sum::<u64>(), 20_000);
    }
}
