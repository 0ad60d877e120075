//! The samples of one series, in chunks: sealed ones and the one that is being filled.

use super::Sample;
use super::bits::Writer;
use super::codec::{Decoder, State};
use crate::metrics::labels::Labels;

/// Samples of a chunk: more cost less memory, fewer cost less time for the newest.
const CHUNK: u16 = 120;
/// Reading begins at the head of a chunk or at its mark, which goes on after so many samples: what rules ask for is the last
/// few minutes, and a full chunk is longer. One mark a series, since very many are kept.
const APART: u16 = 40;
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

/// Behind a sample of the chunk that is being filled, or (`sealed`) of the one before it.
#[derive(Clone, Debug)]
struct Mark {
    /// What is known with the sample.
    state: State,
    /// Where its bits end.
    position: u32,
    /// How many samples of its chunk have gone by with it.
    count: u16,
    sealed: bool,
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
    /// The last mark.
    mark: Option<Box<Mark>>,
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
            mark: None,
        }
    }

    /// The newest sample.
    pub fn last(&self) -> Option<Sample> {
        (self.count > 0).then(|| self.state.sample())
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
            if self.count.is_multiple_of(APART) {
                self.mark();
            }
            self.state.write_time(&mut self.open, sample.at, after(ticks, self.state.at));
        }
        self.state.write_value(&mut self.open, sample.value);
        self.count += 1;
    }

    fn mark(&mut self) {
        let position = self.open.position() as u32;
        let mark = Mark { state: self.state.clone(), position, count: self.count, sealed: false };
        match &mut self.mark {
            Some(place) => **place = mark,
            place => *place = Some(Box::new(mark)),
        }
    }

    fn seal(&mut self) {
        // One of the chunk before is of no use any more.
        self.mark = self.mark.take().filter(|mark| !mark.sealed);
        self.mark.iter_mut().for_each(|mark| mark.sealed = true);
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
            if self.sealed.is_empty() {
                self.mark = self.mark.take().filter(|mark| !mark.sealed);
            }
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
        let mark = self.mark.as_ref().map_or(0, |_| size_of::<Mark>() + PIECE);
        self.packed + table + self.open.capacity() + mark + 2 * PIECE
    }

    /// Those later than `after` and not later than `until`, oldest first.
    pub fn between(&self, ticks: &[i64], after: i64, until: i64, into: &mut Vec<Sample>) {
        let from = self.sealed.partition_point(|chunk| chunk.last() <= after);
        let sealed = (from..self.sealed.len()).filter_map(|place| self.sealed_part(place, ticks, after));
        let open = (self.count > 0 && self.state.at > after).then(|| self.open_part(ticks, after));
        for part in sealed.chain(open) {
            if part.first > until || part.samples.between(after, until, into) {
                return;
            }
        }
    }

    /// The newest that is not later than `until`.
    pub fn newest(&self, ticks: &[i64], until: i64) -> Option<Sample> {
        if self.state.at <= until {
            return self.last();
        }
        let part = if self.first <= until {
            self.open_part(ticks, until)
        } else {
            let place = self.sealed.partition_point(|chunk| chunk.first <= until).checked_sub(1)?;
            self.sealed_part(place, ticks, until)?
        };
        part.samples.take_while(|sample| sample.at <= until).last().or(part.before)
    }

    fn sealed_part<'t>(&'t self, place: usize, ticks: &'t [i64], after: i64) -> Option<Part<'t>> {
        let chunk = self.sealed.get(place)?;
        let newest = place + 1 == self.sealed.len();
        let mark = self.mark.as_deref().filter(|mark| newest && mark.sealed && mark.state.at <= after);
        Some(Part::new(&chunk.bytes, chunk.first, chunk.count, mark, ticks))
    }

    fn open_part<'t>(&'t self, ticks: &'t [i64], after: i64) -> Part<'t> {
        let mark = self.mark.as_deref().filter(|mark| !mark.sealed && mark.state.at <= after);
        Part::new(self.open.bytes(), self.first, self.count, mark, ticks)
    }
}

/// What is read of a chunk: all of it, or what stands behind a mark.
struct Part<'t> {
    /// The first sample of the chunk.
    first: i64,
    /// The one that the mark stands behind.
    before: Option<Sample>,
    samples: Decoder<'t>,
}

impl<'t> Part<'t> {
    fn new(bytes: &'t [u8], first: i64, count: u16, mark: Option<&Mark>, ticks: &'t [i64]) -> Part<'t> {
        let samples = match mark {
            None => Decoder::new(bytes, first, count, ticks),
            Some(mark) => {
                let left = count.saturating_sub(mark.count);
                Decoder::resumed(bytes, mark.position as usize, mark.state.clone(), left, ticks)
            }
        };
        Part { first, before: mark.map(|mark| mark.state.sample()), samples }
    }
}

/// The first tick after a time: mostly the last of all.
fn after(ticks: &[i64], at: i64) -> Option<i64> {
    match ticks {
        [.., before, last] if *before <= at && *last > at => Some(*last),
        _ => ticks.get(ticks.partition_point(|tick| *tick <= at)).copied(),
    }
}
