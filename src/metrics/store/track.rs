//! The samples of one series, in chunks: sealed ones and the one that is being filled.

use super::Sample;
use super::bits::Writer;
use super::codec::{Decoder, State};
use crate::metrics::labels::Labels;

/// Samples of a chunk: more cost less memory, fewer cost less time for the newest.
const CHUNK: u16 = 120;
/// What the allocator adds to a piece of memory.
const PIECE: usize = 16;

#[derive(Debug)]
struct Chunk {
    first: i64,
    /// Milliseconds from the first to the last.
    span: u32,
    count: u16,
    bytes: Box<[u8]>,
}

impl Chunk {
    fn last(&self) -> i64 {
        self.first.saturating_add(i64::from(self.span))
    }
}

/// One series.
#[derive(Debug)]
pub(super) struct Track {
    pub labels: Labels,
    /// The target whose scrapes give its times, where there is one.
    pub owner: Option<u32>,
    /// When it was made, in the order of all.
    pub made: u64,
    /// The last round of a target that held it.
    pub seen: u64,
    /// Its target held it in its last round.
    pub live: bool,
    sealed: Vec<Chunk>,
    /// Bytes of the sealed chunks.
    packed: usize,
    open: Writer,
    first: i64,
    count: u16,
    state: State,
}

impl Track {
    pub fn new(labels: Labels, owner: Option<u32>, made: u64) -> Track {
        Track {
            labels,
            owner,
            made,
            seen: 0,
            live: false,
            sealed: Vec::new(),
            packed: 0,
            open: Writer::default(),
            first: 0,
            count: 0,
            state: State::default(),
        }
    }

    /// The newest sample.
    pub fn last(&self) -> Option<Sample> {
        (self.count > 0).then(|| Sample { at: self.state.at, value: f64::from_bits(self.state.bits) })
    }

    /// The time of the oldest sample that is still there.
    pub fn first(&self) -> Option<i64> {
        self.sealed.first().map(|chunk| chunk.first).or((self.count > 0).then_some(self.first))
    }

    /// Takes a newer sample in; a chunk never spans more than `span` milliseconds. `ticks` are the scrapes of its owner.
    pub fn push(&mut self, sample: Sample, ticks: &[i64], span: u32) {
        let spanned = sample.at.saturating_sub(self.first);
        if self.count >= CHUNK || (self.count > 0 && spanned > i64::from(span)) {
            self.seal();
        }
        if self.count == 0 {
            self.first = sample.at;
            self.state = State::at(sample.at);
        } else {
            self.state.write_time(&mut self.open, sample.at, after(ticks, self.state.at));
        }
        self.state.write_value(&mut self.open, sample.value);
        self.count += 1;
    }

    fn seal(&mut self) {
        let span = u32::try_from(self.state.at.saturating_sub(self.first)).unwrap_or(u32::MAX);
        let bytes = self.open.take();
        self.packed += bytes.len() + PIECE;
        self.sealed.reserve_exact(1);
        self.sealed.push(Chunk { first: self.first, span, count: self.count, bytes });
        self.count = 0;
    }

    /// Lets chunks go that end before the horizon; whether there is still something.
    pub fn forget(&mut self, horizon: i64) -> bool {
        let old = self.sealed.partition_point(|chunk| chunk.last() < horizon);
        if old > 0 {
            self.packed -= self.sealed.drain(..old).map(|chunk| chunk.bytes.len() + PIECE).sum::<usize>();
            self.sealed.shrink_to_fit();
        }
        !self.sealed.is_empty() || self.state.at >= horizon
    }

    /// Bytes that it takes up, with what the allocator adds.
    pub fn bytes(&self) -> usize {
        size_of::<Track>() + self.labels.bytes() + 2 * PIECE + self.growing()
    }

    /// Those of its samples.
    pub fn growing(&self) -> usize {
        let table = self.sealed.capacity() * size_of::<Chunk>();
        self.packed + table + self.open.capacity() + 2 * PIECE
    }

    /// Those later than `after` and not later than `until`, oldest first.
    pub fn between(&self, ticks: &[i64], after: i64, until: i64, into: &mut Vec<Sample>) {
        let from = self.sealed.partition_point(|chunk| chunk.last() <= after);
        let sealed = self.sealed.get(from..).unwrap_or_default().iter();
        let sealed = sealed.map(|chunk| (&*chunk.bytes, chunk.first, chunk.count));
        let open = (self.count > 0 && self.state.at > after).then_some((self.open.bytes(), self.first, self.count));
        for (bytes, first, count) in sealed.chain(open) {
            if first > until {
                return;
            }
            let samples = Decoder::new(bytes, first, count, ticks);
            into.extend(samples.skip_while(|s| s.at <= after).take_while(|s| s.at <= until));
        }
    }

    /// The newest that is not later than `until`.
    pub fn newest(&self, ticks: &[i64], until: i64) -> Option<Sample> {
        if self.state.at <= until {
            return self.last();
        }
        let (bytes, first, count) = if self.first <= until {
            (self.open.bytes(), self.first, self.count)
        } else {
            let chunk = self.sealed.partition_point(|chunk| chunk.first <= until).checked_sub(1)?;
            self.sealed.get(chunk).map(|chunk| (&*chunk.bytes, chunk.first, chunk.count))?
        };
        Decoder::new(bytes, first, count, ticks).take_while(|sample| sample.at <= until).last()
    }
}

/// The first tick after a time: mostly the last of all.
fn after(ticks: &[i64], at: i64) -> Option<i64> {
    match ticks {
        [.., before, last] if *before <= at && *last > at => Some(*last),
        _ => ticks.get(ticks.partition_point(|tick| *tick <= at)).copied(),
    }
}
