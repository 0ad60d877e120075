//! Log lines in memory: an immutable segment holds up to 256 KiB of lines and an index over them, and is shared, never
//! copied. A builder fills the next one; it takes lines of one log at a time.

use std::borrow::Cow;

use crate::domain::moment::Moment;

use super::level::{Level, LevelCounts};
use super::scan::{self, Scan};
use super::traces::{Placed, Traces};

/// Most bytes of lines in a segment.
pub const SEGMENT_BYTES: usize = 256 * 1024;
/// Most lines in a segment, so that a flood of short lines cannot make the index larger than the text.
pub const SEGMENT_LINES: usize = 8192;
/// Bytes kept of one line; the rest is counted.
pub const LINE_BYTES: usize = 64 * 1024;

const CONTINUATION: u8 = 1;
const CLIPPED: u8 = 2;
const NO_TIME: i64 = i64::MIN;

/// Lines between two places of a segment where the latest time so far is noted.
const STRIDE: usize = 64;

/// Where lines come from: a file of a log, or a command. Streams order as the logs of the configuration do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stream {
    /// Index of the log in the configuration.
    pub log: u16,
    /// Which of the log's files.
    pub file: u16,
}

/// Where a line is found, as long as its segment is kept. Within a stream addresses order as the lines stand in it; over
/// streams the store orders them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LineAddress {
    /// Sequence of the segment.
    pub sequence: u64,
    /// Stream of the segment.
    pub stream: Stream,
    /// Line in the segment.
    pub index: u32,
}

#[derive(Clone, Copy, Debug)]
struct LineIndex {
    time: i64,
    offset: u32,
    length: u32,
    level: Level,
    flags: u8,
}

/// An immutable run of lines of one log.
#[derive(Debug)]
pub struct Segment {
    stream: Stream,
    sequence: u64,
    arrived: Moment,
    bytes: Box<[u8]>,
    index: Box<[LineIndex]>,
    counts: LevelCounts,
    bytes_cut: u64,
    first_time: Option<i64>,
    last_time: Option<i64>,
    /// Latest time stated before every 64th line.
    peaks: Box<[i64]>,
}

impl Segment {
    /// Index of the log in the configuration.
    #[must_use]
    pub fn log(&self) -> u16 {
        self.stream.log
    }

    /// Where its lines come from.
    #[must_use]
    pub fn stream(&self) -> Stream {
        self.stream
    }

    /// Place in the order of its stream; of new lines in the order of arrival over all streams, too.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// When its lines were read.
    #[must_use]
    pub fn arrived(&self) -> Moment {
        self.arrived
    }

    /// How many lines it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether it holds no line (it may still count cut bytes).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Entries by level.
    #[must_use]
    pub fn counts(&self) -> &LevelCounts {
        &self.counts
    }

    /// Bytes of over-long lines that were not kept.
    #[must_use]
    pub fn bytes_cut(&self) -> u64 {
        self.bytes_cut
    }

    /// Earliest and latest time that its lines state.
    #[must_use]
    pub fn times(&self) -> Option<(i64, i64)> {
        self.first_time.zip(self.last_time)
    }

    /// What it takes in memory.
    #[must_use]
    pub fn footprint(&self) -> usize {
        let peaks = size_of_val(&*self.peaks);
        size_of::<Segment>() + 16 + self.bytes.len() + self.index.len() * size_of::<LineIndex>() + peaks
    }

    /// All lines' bytes, one line end between each.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The line at `index`.
    #[must_use]
    pub fn line(&self, index: usize) -> Option<Line<'_>> {
        self.index.get(index).map(|line| self.view(line))
    }

    /// All lines in order.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = Line<'_>> + ExactSizeIterator {
        self.index.iter().map(|line| self.view(line))
    }

    /// Only the level of the line at `index`.
    #[must_use]
    pub fn level(&self, index: usize) -> Option<Level> {
        self.index.get(index).map(|line| line.level)
    }

    /// The line that holds the byte at `offset` of [`Segment::bytes`].
    #[must_use]
    pub fn line_at(&self, offset: usize) -> usize {
        self.index.partition_point(|line| line.offset as usize <= offset).saturating_sub(1)
    }

    /// The address of the line at `index`.
    #[must_use]
    pub fn address(&self, index: usize) -> LineAddress {
        LineAddress { sequence: self.sequence, stream: self.stream, index: index as u32 }
    }

    /// The latest time stated up to the line at `index`, included; none when no line up to it states one. What lies in
    /// the future of its arrival counts as of its arrival: a wrong clock must not hold a place for hours.
    #[must_use]
    pub fn peak(&self, index: usize) -> Option<i64> {
        let block = index / STRIDE;
        let before = self.peaks.get(block).copied().unwrap_or(NO_TIME);
        let lines = self.index.get(block * STRIDE..=index).unwrap_or_default();
        let cap = self.arrived.wall.timestamp_micros();
        let peak = lines.iter().fold(before, |peak, line| peak.max(line.time.min(cap)));
        (peak != NO_TIME).then_some(peak)
    }

    /// The first time that a line states.
    #[must_use]
    pub fn first_stated(&self) -> Option<i64> {
        self.first_time?;
        self.index.iter().map(|line| line.time).find(|time| *time != NO_TIME)
    }

    fn view(&self, line: &LineIndex) -> Line<'_> {
        let (start, length) = (line.offset as usize, line.length as usize);
        Line {
            raw: self.bytes.get(start..start + length).unwrap_or_default(),
            level: line.level,
            time: (line.time != NO_TIME).then_some(line.time),
            continuation: line.flags & CONTINUATION != 0,
            clipped: line.flags & CLIPPED != 0,
        }
    }
}

/// One line of a segment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line<'a> {
    /// As it was read, without line end.
    pub raw: &'a [u8],
    /// Its level, or that of the entry it continues.
    pub level: Level,
    /// The time it states, in microseconds since 1970.
    pub time: Option<i64>,
    /// It continues the entry above.
    pub continuation: bool,
    /// It was longer than what is kept.
    pub clipped: bool,
}

impl<'a> Line<'a> {
    /// The words for people: the message without its frame, escapes resolved. Outside text: show it through the gate.
    #[must_use]
    pub fn message(&self) -> Cow<'a, [u8]> {
        if self.continuation { Cow::Borrowed(scan::body(self.raw)) } else { scan::message(self.raw) }
    }

    /// How it is written and which service a compose prefix names.
    #[must_use]
    pub fn scan(&self) -> Scan<'a> {
        scan::scan(self.raw, self.time.unwrap_or(0))
    }
}

/// Fills segments. Its buffers are reused; a sealed segment gets memory of exactly its size.
#[derive(Debug, Default)]
pub struct SegmentBuilder {
    bytes: Vec<u8>,
    index: Vec<LineIndex>,
    counts: LevelCounts,
    bytes_cut: u64,
    first_time: Option<i64>,
    last_time: Option<i64>,
}

impl SegmentBuilder {
    /// An empty one.
    #[must_use]
    pub fn new() -> SegmentBuilder {
        SegmentBuilder::default()
    }

    /// Whether a line of `length` bytes still fits.
    #[must_use]
    pub fn has_room(&self, length: usize) -> bool {
        self.index.len() < SEGMENT_LINES && self.bytes.len() + length.min(LINE_BYTES) < SEGMENT_BYTES
    }

    /// Whether there is nothing to seal.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.is_empty() && self.bytes_cut == 0
    }

    /// Adds a line without its end, as the next of its stream. `cut` bytes of it were already let go.
    /// The caller seals first when there is no room.
    pub fn push_line(&mut self, raw: &[u8], cut: u64, stream: &mut Traces, now: Moment) {
        let kept = raw.get(..LINE_BYTES).unwrap_or(raw);
        let placed = stream.place(kept, now.wall.timestamp_micros());
        self.push_placed(kept, cut + (raw.len() - kept.len()) as u64, placed);
    }

    /// Adds the rest of a line of which a part was already shown.
    pub fn push_rest(&mut self, raw: &[u8], cut: u64, stream: &Traces) {
        let kept = raw.get(..LINE_BYTES).unwrap_or(raw);
        self.push_placed(kept, cut + (raw.len() - kept.len()) as u64, stream.place_rest());
    }

    /// Counts bytes of a line that was already added.
    pub fn count_cut(&mut self, bytes: u64) {
        self.bytes_cut += bytes;
    }

    fn push_placed(&mut self, kept: &[u8], cut: u64, placed: Placed) {
        let flags = if placed.continuation { CONTINUATION } else { 0 } | if cut > 0 { CLIPPED } else { 0 };
        self.index.push(LineIndex {
            time: placed.time.unwrap_or(NO_TIME),
            offset: self.bytes.len() as u32,
            length: kept.len() as u32,
            level: placed.level,
            flags,
        });
        self.bytes.extend_from_slice(kept);
        self.bytes.push(b'\n');
        self.bytes_cut += cut;
        if !placed.continuation {
            self.counts.add(placed.level);
        }
        if let Some(time) = placed.time {
            self.first_time = Some(self.first_time.map_or(time, |first| first.min(time)));
            self.last_time = Some(self.last_time.map_or(time, |last| last.max(time)));
        }
    }

    /// Makes a segment of what was added, if anything was, and begins anew. The log has one stream.
    pub fn seal(&mut self, log: u16, sequence: u64, arrived: Moment) -> Option<Segment> {
        self.seal_stream(Stream { log, file: 0 }, sequence, arrived)
    }

    /// The same for a log of several streams.
    pub fn seal_stream(&mut self, stream: Stream, sequence: u64, arrived: Moment) -> Option<Segment> {
        if self.is_empty() {
            return None;
        }
        let segment = Segment {
            stream,
            peaks: peaks(&self.index, arrived.wall.timestamp_micros()),
            sequence,
            arrived,
            bytes: self.bytes.as_slice().into(),
            index: self.index.as_slice().into(),
            counts: std::mem::take(&mut self.counts),
            bytes_cut: std::mem::take(&mut self.bytes_cut),
            first_time: self.first_time.take(),
            last_time: self.last_time.take(),
        };
        self.bytes.clear();
        self.index.clear();
        Some(segment)
    }
}

/// The latest time before every [`STRIDE`]th line.
fn peaks(index: &[LineIndex], cap: i64) -> Box<[i64]> {
    let mut peak = NO_TIME;
    let before = |lines: &[LineIndex]| {
        let before = peak;
        peak = lines.iter().fold(peak, |peak, line| peak.max(line.time.min(cap)));
        before
    };
    index.chunks(STRIDE).map(before).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A segment of these lines, for tests of this floor.
    pub(crate) fn segment(log: u16, sequence: u64, lines: &[&str]) -> Segment {
        let mut builder = SegmentBuilder::new();
        let mut stream = Traces::default();
        for line in lines {
            builder.push_line(line.as_bytes(), 0, &mut stream, Moment::fixed(0.0));
        }
        builder.seal(log, sequence, Moment::fixed(sequence as f64)).unwrap()
    }

    #[test]
    fn lines_keep_what_they_were() {
        let segment = segment(3, 7, &["ERROR: a", "  at b", "", r#"{"level":"info","msg":"x\ty"}"#]);
        assert_eq!((segment.log(), segment.sequence(), segment.len()), (3, 7, 4));
        let raws: Vec<_> = segment.lines().map(|l| (l.raw, l.level, l.continuation)).collect();
        assert_eq!(raws[1], (b"  at b".as_slice(), Level::Error, true));
        assert_eq!(raws[2], (b"".as_slice(), Level::Error, true));
        assert_eq!(&*segment.line(3).unwrap().message(), b"x\ty");
        assert_eq!((segment.counts().errors(), segment.counts().total()), (1, 2));
        for (at, line) in segment.lines().enumerate() {
            let offset = line.raw.as_ptr() as usize - segment.bytes().as_ptr() as usize;
            assert_eq!(segment.line_at(offset + line.raw.len()), at);
        }
    }

    #[test]
    fn a_line_is_cut_and_the_rest_counted() {
        let mut builder = SegmentBuilder::new();
        builder.push_line(&vec![b'x'; LINE_BYTES + 10], 5, &mut Traces::default(), Moment::fixed(0.0));
        let segment = builder.seal(0, 0, Moment::fixed(0.0)).unwrap();
        let line = segment.line(0).unwrap();
        assert_eq!((line.raw.len(), line.clipped, segment.bytes_cut()), (LINE_BYTES, true, 15));
        assert!(builder.is_empty() && builder.seal(0, 1, Moment::fixed(0.0)).is_none());
    }
}
