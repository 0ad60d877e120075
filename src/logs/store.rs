//! The lines that are kept, over all logs, in the order of their times: whole segments, bounded in bytes, the oldest to
//! arrive going first; and stretches of the old part of files, read again on demand. Everything is counted, kept or not.

use std::sync::Arc;

use super::counters::LogCounters;
use super::merge::{Rank, Runs};
use super::run::{Bytes, Run};
use super::search::Direction;
use super::segment::{Line, LineAddress, Segment, Stream};
use super::summary::BlockSummary;

/// Most summaries remembered; from then on neighbours are joined.
const SUMMARIES: usize = 4096;
/// Of the bound, one part in so many is for lines that are read again.
const OLD_PART: usize = 4;

/// Stretches that are kept however large they are: the screen may show lines of two at a time.
const IN_VIEW: usize = 3;

/// A segment that was let go.
pub type Evicted = (Stream, u64);

/// Kept lines and counters.
#[derive(Clone, Debug)]
pub struct LogStore {
    max_bytes: usize,
    bytes: usize,
    lines: usize,
    old_bytes: usize,
    old_lines: usize,
    has_old: bool,
    runs: Runs,
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
            old_bytes: 0,
            old_lines: 0,
            has_old: false,
            runs: Runs::default(),
            counters: Vec::new(),
            summaries: Vec::new(),
        }
    }

    /// Adds the newest segment of its stream, and lets go of the oldest beyond the bound.
    pub fn append(&mut self, segment: Arc<Segment>) -> Vec<Evicted> {
        self.count(segment.log(), |counters| {
            counters.lines += segment.len() as u64;
            counters.levels.merge(segment.counts());
            counters.cut_bytes += segment.bytes_cut();
        });
        let mut evicted = Vec::new();
        if segment.is_empty() {
            return evicted;
        }
        let newest = (segment.stream(), segment.sequence());
        self.bytes += segment.footprint();
        self.lines += segment.len();
        self.runs.change(segment.stream(), |run| run.append(segment));
        let bound = if self.has_old { self.max_bytes - self.max_bytes / OLD_PART } else { self.max_bytes };
        while self.bytes > bound {
            let oldest = self.runs.iter_mut().filter_map(|run| Some((run.oldest()?, run))).min_by_key(|(n, _)| *n);
            let Some((sequence, run)) = oldest.filter(|(n, run)| (run.stream, *n) != newest) else { break };
            evicted.push((run.stream, sequence));
            let Some(gone) = run.pop_oldest() else { break };
            self.bytes -= gone.footprint();
            self.lines -= gone.len();
            self.count(gone.log(), |counters| counters.evicted_lines += gone.len() as u64);
        }
        if !evicted.is_empty() {
            self.runs.forget_empty();
        }
        evicted
    }

    /// The first `until` bytes of a stream's file are only counted: they can be read again. 0: they are gone.
    pub fn set_old_part(&mut self, stream: Stream, until: u64) {
        self.has_old |= until > 0;
        self.runs.change(stream, |run| run.set_old_until(until));
    }

    /// Puts a stretch that was read again in its place, and lets go of those farthest from it beyond the bound.
    pub fn insert_old(&mut self, stream: Stream, bytes: Bytes, segments: Vec<Arc<Segment>>) -> Vec<Evicted> {
        let (size, lines) = weight(&segments);
        if self.runs.change(stream, |run| run.insert(bytes, segments)) != Some(true) {
            return Vec::new();
        }
        self.old_bytes += size;
        self.old_lines += lines;
        let mut evicted = Vec::new();
        while self.old_bytes > self.max_bytes / OLD_PART {
            let Some((stream, gone)) = self.farthest_from(stream, bytes) else { break };
            let segments = self.runs.change(stream, |run| run.remove(gone)).unwrap_or_default();
            let (size, lines) = weight(&segments);
            self.old_bytes -= size;
            self.old_lines -= lines;
            evicted.extend(segments.iter().map(|segment| (stream, segment.sequence())));
        }
        evicted
    }

    /// The stretch that was read again and lies farthest from this one, in time, then in its file.
    fn farthest_from(&self, stream: Stream, bytes: Bytes) -> Option<(Stream, Bytes)> {
        let of = |run: &Run| -> Vec<(i64, Stream, Bytes)> {
            let old = run.kept().iter().filter_map(|kept| Some((kept.first_key(), run.stream, kept.bytes?)));
            old.collect()
        };
        let all: Vec<(i64, Stream, Bytes)> = self.runs.iter().flat_map(of).collect();
        let here = all.iter().find(|(_, s, b)| (*s, *b) == (stream, bytes)).map(|(key, ..)| *key)?;
        let mut stretches: Vec<(Stream, Bytes)> = all.iter().map(|(_, s, b)| (*s, *b)).collect();
        stretches.dedup();
        if stretches.len() <= IN_VIEW {
            return None;
        }
        let others = all.into_iter().filter(|(_, s, b)| (*s, *b) != (stream, bytes));
        let farthest = others.max_by_key(|(key, _, b)| (key.abs_diff(here), b.0.abs_diff(bytes.0)))?;
        Some((farthest.1, farthest.2))
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
        self.lines + self.old_lines
    }

    /// How many lines of old parts are not kept now, and can be read again.
    #[must_use]
    pub fn unloaded_lines(&self) -> u64 {
        let can = |log: u16| self.runs.iter().any(|run| run.stream.log == log && run.old_until() > 0);
        let logs = (0u16..).zip(&self.counters).filter(|(log, _)| can(*log));
        logs.map(|(_, counters)| counters.summarized_lines).sum::<u64>().saturating_sub(self.old_lines as u64)
    }

    /// What the kept lines take in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes + self.old_bytes
    }

    /// The kept lines, to walk through; a copy shares them.
    #[must_use]
    pub fn runs(&self) -> &Runs {
        &self.runs
    }

    /// The kept segments, shared, stream by stream, oldest first: what a job over the whole kept log takes along.
    #[must_use]
    pub fn segments(&self) -> Vec<Arc<Segment>> {
        self.runs.iter().flat_map(|run| run.kept().iter().map(|kept| Arc::clone(&kept.segment))).collect()
    }

    /// New segments behind `sequence`, shared, in the order of arrival: what an incremental job takes along.
    #[must_use]
    pub fn segments_after(&self, sequence: u64) -> Vec<Arc<Segment>> {
        let newer = |run: &Run| -> Vec<Arc<Segment>> {
            let back = run.kept().iter().rev();
            back.map(|kept| &kept.segment).take_while(|s| s.sequence() > sequence).cloned().collect()
        };
        let mut segments: Vec<Arc<Segment>> = self.runs.iter().flat_map(newer).collect();
        segments.sort_by_key(|segment| segment.sequence());
        segments
    }

    /// Address of the oldest kept line.
    #[must_use]
    pub fn first(&self) -> Option<LineAddress> {
        self.runs.outermost(Direction::Older)
    }

    /// Address of the newest line.
    #[must_use]
    pub fn last(&self) -> Option<LineAddress> {
        self.runs.outermost(Direction::Newer)
    }

    /// The segment and line at an address, while they are kept.
    #[must_use]
    pub fn get(&self, address: LineAddress) -> Option<(&Arc<Segment>, Line<'_>)> {
        self.runs.line(address)
    }

    /// The line itself, or the nearest newer one of its stream when it was let go.
    #[must_use]
    pub fn nearest(&self, address: LineAddress) -> Option<LineAddress> {
        let run = self.runs.get(address.stream)?;
        run.after(run.cut_at(address)).map(|(_, near)| near)
    }

    /// Place of a kept line among all, for comparing.
    #[must_use]
    pub fn rank(&self, address: LineAddress) -> Option<Rank> {
        self.runs.rank(address)
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

/// What segments take in memory, and their lines.
fn weight(segments: &[Arc<Segment>]) -> (usize, usize) {
    segments.iter().fold((0, 0), |(size, lines), s| (size + s.footprint(), lines + s.len()))
}

#[cfg(test)]
#[path = "tests/store.rs"]
mod tests;
