//! One stream's kept segments in the order of the stream, each line with a key for merging: the latest time stated so
//! far, so that keys never decrease along the stream and its own order is never changed. Stretches of the old part of
//! a file, read again on demand, lie before the new lines; what is missing between them is a gap.

use std::collections::VecDeque;
use std::sync::Arc;

use super::search::Direction;
use super::segment::{Line, LineAddress, Segment, Stream};

/// Bytes of a file, from a line's beginning to another's.
pub type Bytes = (u64, u64);

/// Where the bytes of a file lie that are counted but not kept: between kept lines, or before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Which file.
    pub stream: Stream,
    /// Which of its bytes.
    pub bytes: Bytes,
}

/// Which lines of a gap are wanted: so many as are read at once, from its newer end or from its older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reload {
    /// Where they lie.
    pub gap: Gap,
    /// `Older` walks into it from its end, `Newer` from its beginning.
    pub direction: Direction,
}

/// A segment in its place.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The lines.
    pub segment: Arc<Segment>,
    /// Keys are at least this,
    floor: i64,
    /// and at most that: later lines had their place before.
    ceiling: i64,
    /// The stretch that was read again with it; `None` for new lines.
    pub bytes: Option<Bytes>,
}

impl Kept {
    /// Key of the line at `index`.
    pub fn key(&self, index: usize) -> i64 {
        self.segment.peak(index).unwrap_or(self.floor).max(self.floor).min(self.ceiling)
    }

    /// Key of the first line.
    pub fn first_key(&self) -> i64 {
        self.key(0)
    }

    /// Key of the last line.
    pub fn last_key(&self) -> i64 {
        self.key(self.segment.len().saturating_sub(1))
    }

    /// How many lines have a key below `key`, or at most `key`.
    fn lines_below(&self, key: i64, included: bool) -> usize {
        let below = |at: usize| if included { self.key(at) <= key } else { self.key(at) < key };
        let (mut low, mut high) = (0, self.segment.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if below(middle) { low = middle + 1 } else { high = middle }
        }
        low
    }
}

/// Between two lines of a run: so many segments, and lines of the next one, lie before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cut {
    /// Whole segments before it.
    pub segment: usize,
    /// Lines of the next segment before it.
    pub line: usize,
}

/// What is kept of one stream.
#[derive(Clone, Debug)]
pub struct Run {
    /// Which stream.
    pub stream: Stream,
    kept: VecDeque<Kept>,
    last_key: Option<i64>,
    timed: bool,
    /// Where the old part of the file ends that was only counted; 0 without one, and when it is gone.
    old_until: u64,
}

impl Run {
    /// Nothing kept.
    pub fn new(stream: Stream) -> Run {
        Run { stream, kept: VecDeque::new(), last_key: None, timed: false, old_until: 0 }
    }

    /// The segments in their order.
    pub fn kept(&self) -> &VecDeque<Kept> {
        &self.kept
    }

    /// The file has an old part that ends there; 0: it has none any more.
    pub fn set_old_until(&mut self, end: u64) {
        self.old_until = end;
    }

    /// Where the old part ends.
    pub fn old_until(&self) -> u64 {
        self.old_until
    }

    /// Adds new lines at the end.
    pub fn append(&mut self, segment: Arc<Segment>) {
        let stated = segment.first_stated();
        let arrived = segment.arrived().wall.timestamp_micros();
        self.timed |= stated.is_some();
        // A log that states no times is placed by its arrival.
        let floor = match self.last_key {
            Some(key) if self.timed => key,
            Some(key) => key.max(arrived),
            None => stated.unwrap_or(arrived).min(arrived),
        };
        let kept = Kept { segment, floor, ceiling: i64::MAX, bytes: None };
        self.last_key = Some(kept.last_key());
        self.kept.push_back(kept);
    }

    /// Puts a stretch of the old part in its place. `false` when lines of it are kept already.
    pub fn insert(&mut self, bytes: Bytes, segments: Vec<Arc<Segment>>) -> bool {
        let at = self.kept.partition_point(|kept| kept.bytes.is_some_and(|have| have.0 < bytes.0));
        let overlaps = |kept: &Kept| kept.bytes.is_some_and(|have| have.0 < bytes.1 && bytes.0 < have.1);
        if self.kept.iter().any(overlaps) || bytes.1 > self.old_until {
            return false;
        }
        let ceiling = self.kept.get(at).map_or(i64::MAX, Kept::first_key);
        let before = at.checked_sub(1).and_then(|at| self.kept.get(at)).map(Kept::last_key);
        let mut floor =
            before.or_else(|| segments.iter().find_map(|s| s.first_stated())).unwrap_or(ceiling).min(ceiling);
        for (n, segment) in segments.into_iter().enumerate() {
            let kept = Kept { segment, floor, ceiling, bytes: Some(bytes) };
            floor = kept.last_key();
            self.kept.insert(at + n, kept);
        }
        true
    }

    /// Lets the oldest new lines go.
    pub fn pop_oldest(&mut self) -> Option<Arc<Segment>> {
        let at = self.kept.iter().position(|kept| kept.bytes.is_none())?;
        self.kept.remove(at).map(|kept| kept.segment)
    }

    /// Sequence of the oldest new lines.
    pub fn oldest(&self) -> Option<u64> {
        let at = self.kept.partition_point(|kept| kept.bytes.is_some());
        self.kept.get(at).map(|kept| kept.segment.sequence())
    }

    /// Lets a stretch of the old part go.
    pub fn remove(&mut self, bytes: Bytes) -> Vec<Arc<Segment>> {
        let from = self.kept.partition_point(|kept| kept.bytes.is_some_and(|have| have.0 < bytes.0));
        let until = self.kept.partition_point(|kept| kept.bytes.is_some_and(|have| have.0 <= bytes.0));
        self.kept.drain(from..until).map(|kept| kept.segment).collect()
    }

    /// The gap before the segment at `at` (behind all of them when there is none).
    pub fn gap_before(&self, at: usize) -> Option<Gap> {
        let next = self.kept.get(at).and_then(|kept| kept.bytes);
        let before = at.checked_sub(1).and_then(|at| self.kept.get(at));
        let from = match before {
            Some(before) => before.bytes?.1,
            None => 0,
        };
        if before.is_some_and(|before| before.bytes == next) {
            return None;
        }
        let until = next.map_or(self.old_until, |next| next.0);
        (from < until).then_some(Gap { stream: self.stream, bytes: (from, until) })
    }

    /// Place of the segment with a sequence.
    pub fn find(&self, sequence: u64) -> Option<usize> {
        let at = self.kept.partition_point(|kept| kept.segment.sequence() < sequence);
        self.kept.get(at).filter(|kept| kept.segment.sequence() == sequence).map(|_| at)
    }

    /// Before the line at an address; where it was let go, before the next line that is kept.
    pub fn cut_at(&self, address: LineAddress) -> Cut {
        let segment = self.kept.partition_point(|kept| kept.segment.sequence() < address.sequence);
        let here = self.kept.get(segment).is_some_and(|kept| kept.segment.sequence() == address.sequence);
        Cut { segment, line: if here { address.index as usize } else { 0 } }
    }

    /// Behind all lines with a key below `key`, or at most `key`.
    pub fn cut_below(&self, key: i64, included: bool) -> Cut {
        let below = |kept: &Kept| if included { kept.last_key() <= key } else { kept.last_key() < key };
        let segment = self.kept.partition_point(below);
        Cut { segment, line: self.kept.get(segment).map_or(0, |kept| kept.lines_below(key, included)) }
    }

    /// Behind everything.
    pub fn end(&self) -> Cut {
        Cut { segment: self.kept.len(), line: 0 }
    }

    /// The line before a cut, and the cut before that line.
    pub fn before(&self, cut: Cut) -> Option<(Cut, LineAddress)> {
        let cut = if let Some(line) = cut.line.checked_sub(1) {
            Cut { line, ..cut }
        } else {
            let segment = cut.segment.checked_sub(1)?;
            Cut { segment, line: self.kept.get(segment)?.segment.len().checked_sub(1)? }
        };
        Some((cut, self.kept.get(cut.segment)?.segment.address(cut.line)))
    }

    /// The line behind a cut, and the cut behind that line.
    pub fn after(&self, cut: Cut) -> Option<(Cut, LineAddress)> {
        let kept = self.kept.get(cut.segment)?;
        let address = kept.segment.address(cut.line);
        let line = cut.line + 1;
        let next =
            if line < kept.segment.len() { Cut { line, ..cut } } else { Cut { segment: cut.segment + 1, line: 0 } };
        Some((next, address))
    }

    /// Key of a kept line.
    pub fn key(&self, address: LineAddress) -> Option<i64> {
        let kept = self.kept.get(self.find(address.sequence)?)?;
        ((address.index as usize) < kept.segment.len()).then(|| kept.key(address.index as usize))
    }

    /// A kept line and its segment.
    pub fn get(&self, address: LineAddress) -> Option<(&Arc<Segment>, Line<'_>)> {
        let kept = self.kept.get(self.find(address.sequence)?)?;
        kept.segment.line(address.index as usize).map(|line| (&kept.segment, line))
    }
}
