//! Rounds of a target: a scraped page, a failed scrape, the results of a group of rules. What was there in the last round and
//! is not in this one ends with a staleness marker, as Prometheus has it.

use std::collections::HashMap;

use super::fingerprint::{self, AsItself};
use super::track::Track;
use super::{STALE, Sample, Store};
use crate::metrics::exposition::{self, Page};
use crate::metrics::labels::Labels;

/// How far ahead of a round a page's own time may lie, in milliseconds; Prometheus allows as much.
pub const AHEAD: i64 = 600_000;

/// One that is scraped, or a group of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target(u32);

/// What became of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Samples taken in.
    pub added: usize,
    /// Series that were not known.
    pub made: usize,
    /// Series that ended with this round.
    pub ended: usize,
    /// Samples of a series that the round already had: the first stands.
    pub repeated: usize,
    /// Samples not newer than the last of their series, or older than what is kept: refused.
    pub out_of_order: usize,
    /// Samples more than [`AHEAD`] in the future: refused.
    pub ahead: usize,
    /// Series that the bound on bytes dropped meanwhile.
    pub dropped: u64,
}

/// Where a series is, and when it was made: a slot may hold another by now.
#[derive(Clone, Copy, Debug)]
struct Place {
    slot: u32,
    made: u64,
}

/// A round that is under way.
struct Round {
    target: Target,
    at: i64,
    /// Series of the round before.
    before: Vec<Place>,
    /// Series dropped before it began.
    dropped: u64,
    taken: Taken,
}

/// What is kept of a target.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    labels: Labels,
    /// Times of its rounds.
    pub ticks: Vec<i64>,
    /// Its series by the fingerprint of their written form.
    known: HashMap<u128, Place, AsItself>,
    /// Series of the last round.
    live: Vec<Place>,
}

impl Rounds {
    /// Bytes that it takes up.
    pub fn bytes(&self) -> usize {
        let places = self.known.capacity() * (size_of::<(u128, Place)>() + 1) * 8 / 7;
        places
            + self.live.capacity() * size_of::<Place>()
            + self.ticks.capacity() * size_of::<i64>()
            + self.labels.bytes()
    }

    /// Lets go what is known of series that are gone, and ticks before the horizon.
    pub fn forget(&mut self, horizon: Option<i64>, is: impl Fn(u32, u64) -> bool) {
        self.known.retain(|_, place| is(place.slot, place.made));
        if self.known.capacity() > 4 * self.known.len() + 64 {
            self.known.shrink_to_fit();
        }
        self.live.retain(|place| is(place.slot, place.made));
        if let Some(horizon) = horizon {
            let old = self.ticks.partition_point(|tick| *tick < horizon);
            self.ticks.drain(..old);
        }
    }
}

/// The labels of a scraped series with those of its target; what clashes is kept as `exported_…`.
fn joined(scraped: &Labels, target: &Labels) -> Labels {
    let mut joined = scraped.clone();
    for (name, value) in target.iter() {
        let own = scraped.get(name);
        if !own.is_empty() {
            let mut moved = format!("exported_{name}");
            while !joined.get(&moved).is_empty() || !target.get(&moved).is_empty() {
                moved.insert_str(0, "exported_");
            }
            joined = joined.with(&moved, own);
        }
        joined = joined.with(name, value);
    }
    joined
}

impl Store {
    /// A target whose series get these labels (`job`, `instance`).
    pub fn target(&mut self, labels: Labels) -> Target {
        self.targets.push(Rounds { labels, ..Rounds::default() });
        Target((self.targets.len() - 1) as u32)
    }

    /// Takes a page in that was scraped at `at`. A round that is not later than the last one of its target is refused whole.
    ///
    /// A sample with a time of its own gets that time, unless it is too far ahead or not newer than the last of its series;
    /// such series get no staleness marker when they vanish, as in Prometheus. Targets need labels that tell them apart: two
    /// that give one series would end it for each other.
    pub fn scrape(&mut self, target: Target, at: i64, page: &Page<'_>) -> Taken {
        let Some(mut round) = self.begin(target, at) else {
            return Taken { out_of_order: page.samples.len(), ..Taken::default() };
        };
        for exposed in &page.samples {
            let slot = self.known(exposed.series, &mut round);
            match exposed.at {
                None => self.put(slot, exposed.value, &mut round),
                Some(own) => self.put_own(slot, Sample { at: own, value: exposed.value }, &mut round),
            }
        }
        self.finish(round)
    }

    /// Takes in what a group of rules gave at `at`; the labels stay as they are.
    pub fn results<'a>(
        &mut self,
        target: Target,
        at: i64,
        results: impl IntoIterator<Item = (&'a Labels, f64)>,
    ) -> Taken {
        let Some(mut round) = self.begin(target, at) else {
            return Taken { out_of_order: results.into_iter().count(), ..Taken::default() };
        };
        for (labels, value) in results {
            let slot = self.find_or_make(labels, &mut round);
            self.put(slot, value, &mut round);
        }
        self.finish(round)
    }

    /// The scrape at `at` failed, or the target is gone: all its series end there.
    pub fn failed(&mut self, target: Target, at: i64) -> Taken {
        self.results(target, at, std::iter::empty())
    }

    fn begin(&mut self, target: Target, at: i64) -> Option<Round> {
        let rounds = self.targets.get_mut(target.0 as usize)?;
        if rounds.ticks.last().is_some_and(|last| *last >= at) {
            return None;
        }
        rounds.ticks.push(at);
        let before = std::mem::take(&mut rounds.live);
        rounds.live.reserve_exact(before.len());
        self.round += 1;
        Some(Round { target, at, before, dropped: self.dropped, taken: Taken::default() })
    }

    fn find_or_make(&mut self, labels: &Labels, round: &mut Round) -> u32 {
        if let Some(slot) = self.index.find(labels) {
            return slot;
        }
        round.taken.made += 1;
        self.make(labels, Some(round.target.0))
    }

    /// The series of a written form.
    fn known(&mut self, series: &[u8], round: &mut Round) -> u32 {
        let fingerprint = fingerprint::of(series);
        let target = round.target.0 as usize;
        let rounds = self.targets.get(target);
        if let Some(place) = rounds.and_then(|rounds| rounds.known.get(&fingerprint))
            && self.is(*place)
        {
            return place.slot;
        }
        let mut labels = exposition::labels(series);
        if let Some(rounds) = rounds {
            labels = joined(&labels, &rounds.labels);
        }
        let slot = self.find_or_make(&labels, round);
        let made = self.track(slot).map_or(0, |track| track.made);
        if let Some(rounds) = self.targets.get_mut(target) {
            rounds.known.insert(fingerprint, Place { slot, made });
        }
        slot
    }

    fn is(&self, place: Place) -> bool {
        self.track(place.slot).is_some_and(|track| track.made == place.made)
    }

    fn put(&mut self, slot: u32, value: f64, round: &mut Round) {
        let number = self.round;
        let Some(track) = self.track_mut(slot) else { return };
        if track.seen == number {
            round.taken.repeated += 1;
            return;
        }
        track.seen = number;
        track.live = true;
        let place = Place { slot, made: track.made };
        if let Some(rounds) = self.targets.get_mut(round.target.0 as usize) {
            rounds.live.push(place);
        }
        if self.push(slot, Sample { at: round.at, value }) {
            round.taken.added += 1;
        } else {
            round.taken.out_of_order += 1;
        }
    }

    fn put_own(&mut self, slot: u32, sample: Sample, round: &mut Round) {
        let taken = &mut round.taken;
        let last = self.track(slot).and_then(Track::last);
        if sample.at > round.at.saturating_add(AHEAD) {
            taken.ahead += 1;
        } else if last.is_some_and(|last| last.at == sample.at && last.value.to_bits() == sample.value.to_bits()) {
            taken.repeated += 1;
        } else if self.horizon().is_none_or(|horizon| sample.at >= horizon) && self.push(slot, sample) {
            taken.added += 1;
        } else {
            taken.out_of_order += 1;
        }
        if self.track(slot).is_some_and(|track| track.last().is_none()) {
            self.remove(slot);
        }
    }

    /// What the last round had and this one has not ends.
    fn finish(&mut self, mut round: Round) -> Taken {
        let number = self.round;
        for place in std::mem::take(&mut round.before) {
            let gone = self.track(place.slot).is_some_and(|track| track.made == place.made && track.seen != number);
            if gone && self.push(place.slot, Sample { at: round.at, value: f64::from_bits(STALE) }) {
                round.taken.ended += 1;
            }
            if let Some(track) = self.track_mut(place.slot).filter(|_| gone) {
                track.live = false;
            }
        }
        self.advance(round.at);
        self.bound();
        round.taken.dropped = self.dropped - round.dropped;
        round.taken
    }
}
