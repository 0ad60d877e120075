//! The series store: samples of many series over hours, compressed in memory, with bounds that are counted when they bite.
//! What a page or a rule says comes in by rounds of a target (`rounds.rs`); what PromQL asks goes out by [`Store::select`].

mod bits;
mod bounds;
mod codec;
mod evicted;
mod fingerprint;
mod index;
mod rounds;
mod track;

#[cfg(test)]
mod tests;

use std::time::Duration;

pub use rounds::{AHEAD, Taken, Target};

use super::labels::Labels;
use evicted::Evicted;
use index::Index;
use rounds::Rounds;
use track::Track;

/// One sample. Time is milliseconds since the Unix epoch on a line that never steps: the wall clock at start plus the boot
/// clock since.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// When.
    pub at: i64,
    /// What.
    pub value: f64,
}

/// The bits of Prometheus' staleness marker: a NaN that says "this series has ended here".
pub const STALE: u64 = 0x7ff0_0000_0000_0002;

/// Whether a value is the staleness marker; any other NaN is a figure.
#[must_use]
pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE
}

/// What the store may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory, labels and indexes among them.
    pub bytes: usize,
    /// How long samples are kept after the newest round.
    pub keep: Duration,
}

impl Default for Limits {
    /// 300 MiB, without a bound in time.
    fn default() -> Limits {
        Limits { bytes: 300 << 20, keep: Duration::MAX }
    }
}

/// The samples of all series.
#[derive(Debug, Default)]
pub struct Store {
    limits: Limits,
    tracks: Vec<Option<Box<Track>>>,
    vacant: Vec<u32>,
    index: Index,
    targets: Vec<Rounds>,
    /// Bytes of all tracks.
    held: usize,
    /// Tracks made so far.
    made: u64,
    /// Rounds so far.
    round: u64,
    /// The newest time, and the one up to which old samples have been let go.
    newest: Option<i64>,
    swept: Option<i64>,
    dropped: u64,
    evicted: Evicted,
}

impl Store {
    /// An empty one with these bounds.
    #[must_use]
    pub fn new(limits: Limits) -> Store {
        Store { limits, ..Store::default() }
    }

    /// Takes a sample in. One that is not newer than the last of its series is refused (`false`).
    pub fn append(&mut self, labels: &Labels, sample: Sample) -> bool {
        let slot = match self.index.find(labels) {
            Some(slot) => slot,
            None => self.make(labels, None),
        };
        let taken = self.push(slot, sample);
        if taken {
            self.advance(sample.at);
        }
        taken
    }

    /// The series of a metric name (all, where none is given) whose labels are wanted, by their labels.
    pub fn select<'a>(
        &'a self,
        metric: Option<&str>,
        wanted: impl Fn(&Labels) -> bool + 'a,
    ) -> impl Iterator<Item = (&'a Labels, Samples<'a>)> + 'a {
        let named = metric.into_iter().flat_map(|metric| self.index.named(metric)).collect::<Vec<_>>();
        let all = if metric.is_none() { self.index.all() } else { Vec::new() };
        named.into_iter().chain(all).filter(move |(labels, _)| wanted(labels)).filter_map(|(labels, slot)| {
            let track = self.track(slot)?;
            Some((labels, Samples { track, ticks: self.ticks(track) }))
        })
    }

    /// The names of all metrics in order, each with its number of series.
    pub fn metrics(&self) -> impl Iterator<Item = (&str, usize)> {
        self.index.metrics()
    }

    /// How many series it holds.
    #[must_use]
    pub fn series(&self) -> usize {
        self.tracks.len() - self.vacant.len()
    }

    /// How many series were dropped because the bound on bytes bit.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many series of a metric (of any, where none is given) were dropped whose samples a look at what is later than `after`,
    /// in milliseconds, would have found; none where it misses nothing. Series that had ended are missed by ranges alone.
    #[must_use]
    pub fn missed(&self, metric: Option<&str>, after: i64, is_range: bool) -> Option<u64> {
        self.evicted.missed(metric, after, is_range)
    }

    /// The bounds.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    fn track(&self, slot: u32) -> Option<&Track> {
        self.tracks.get(slot as usize)?.as_deref()
    }

    fn track_mut(&mut self, slot: u32) -> Option<&mut Track> {
        self.tracks.get_mut(slot as usize)?.as_deref_mut()
    }

    fn ticks(&self, track: &Track) -> &[i64] {
        track.owner.and_then(|owner| self.targets.get(owner as usize)).map_or(&[], |rounds| &rounds.ticks)
    }

    /// Makes a series. It has no sample yet: the caller gives it one.
    fn make(&mut self, labels: &Labels, owner: Option<u32>) -> u32 {
        self.made += 1;
        let track = Box::new(Track::new(labels.clone(), owner, self.made));
        self.held += track.bytes();
        let slot = self.vacant.pop().unwrap_or_else(|| {
            self.tracks.push(None);
            (self.tracks.len() - 1) as u32
        });
        if let Some(place) = self.tracks.get_mut(slot as usize) {
            *place = Some(track);
        }
        self.index.insert(labels.clone(), slot);
        slot
    }

    /// Gives a series a sample that is newer than its last, and keeps within the bound on bytes.
    fn push(&mut self, slot: u32, sample: Sample) -> bool {
        let span = self.span();
        let Some(track) = self.tracks.get_mut(slot as usize).and_then(Option::as_deref_mut) else { return false };
        if track.last().is_some_and(|last| last.at >= sample.at) {
            return false;
        }
        let ticks = track.owner.and_then(|owner| self.targets.get(owner as usize)).map_or(&[][..], |r| &r.ticks);
        let before = track.growing();
        track.push(sample, ticks, span);
        let after = track.growing();
        if before != after {
            self.held = self.held + after - before;
            self.bound();
        }
        true
    }
}

/// The samples of one series.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a> {
    track: &'a Track,
    ticks: &'a [i64],
}

impl Samples<'_> {
    /// Those later than `after` and not later than `until`, oldest first, staleness markers among them.
    pub fn between(&self, after: i64, until: i64, into: &mut Vec<Sample>) {
        into.clear();
        self.track.between(self.ticks, after, until, into);
    }

    /// The newest of those, unless it is a staleness marker.
    #[must_use]
    pub fn newest(&self, after: i64, until: i64) -> Option<Sample> {
        let newest = self.track.newest(self.ticks, until)?;
        (newest.at > after && !is_stale(newest.value)).then_some(newest)
    }

    /// When its series was made, in the order of all: no two have the same.
    #[must_use]
    pub fn made(&self) -> u64 {
        self.track.made
    }

    /// The time of the oldest that is still kept.
    #[must_use]
    pub fn first(&self) -> Option<i64> {
        self.track.first()
    }

    /// The newest of all, a staleness marker too.
    #[must_use]
    pub fn last(&self) -> Option<Sample> {
        self.track.last()
    }
}
