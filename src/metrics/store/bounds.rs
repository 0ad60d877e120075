//! The bounds of the store: what is too old goes; where the bytes do not suffice, whole series go and are counted, the one
//! longest without a sample first. Series that are still scraped go last, the youngest first: those that were there keep their
//! past, and a flood of new ones is its own victim.

use std::cmp::Reverse;

use super::Store;
use crate::metrics::labels::NAME;

impl Store {
    /// Bytes that it takes up: samples, labels, indexes, and what the allocator adds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let slots = self.tracks.capacity() * size_of::<usize>() + self.vacant.capacity() * size_of::<u32>();
        let targets: usize = self.targets.iter().map(super::Rounds::bytes).sum();
        size_of::<Store>() + self.held + slots + targets + self.index.bytes() + self.evicted.bytes()
    }

    fn keep(&self) -> i64 {
        i64::try_from(self.limits.keep.as_millis()).unwrap_or(i64::MAX)
    }

    /// Milliseconds that a chunk may span: a chunk goes as a whole, so it has to be short against what is kept.
    pub(super) fn span(&self) -> u32 {
        u32::try_from(self.keep() / 4).unwrap_or(u32::MAX)
    }

    /// Samples before it are too old.
    pub(super) fn horizon(&self) -> Option<i64> {
        self.newest.map(|newest| newest.saturating_sub(self.keep()))
    }

    /// Time has come to `at`; now and then old samples are let go.
    pub(super) fn advance(&mut self, at: i64) {
        let newest = self.newest.map_or(at, |newest| newest.max(at));
        self.newest = Some(newest);
        let swept = *self.swept.get_or_insert(newest);
        if newest.saturating_sub(swept) >= self.keep() / 32 {
            self.sweep();
        }
    }

    fn sweep(&mut self) {
        self.swept = self.newest;
        let Some(horizon) = self.horizon() else { return };
        self.evicted.forget(horizon);
        let mut gone = Vec::new();
        for (slot, track) in self.tracks.iter_mut().enumerate() {
            let Some(track) = track else { continue };
            let before = track.growing();
            if !track.forget(horizon) {
                gone.push(slot as u32);
            }
            self.held = self.held + track.growing() - before;
        }
        for slot in gone {
            self.remove(slot);
        }
        self.forget_places(Some(horizon.saturating_sub(i64::from(self.span()))));
    }

    /// Takes a series away.
    pub(super) fn remove(&mut self, slot: u32) {
        if let Some(track) = self.tracks.get_mut(slot as usize).and_then(Option::take) {
            self.held -= track.bytes();
            self.index.remove(&track.labels);
            self.vacant.push(slot);
        }
    }

    fn forget_places(&mut self, horizon: Option<i64>) {
        let tracks = &self.tracks;
        for rounds in &mut self.targets {
            rounds.forget(horizon, |slot, made| {
                tracks.get(slot as usize).and_then(Option::as_ref).is_some_and(|track| track.made == made)
            });
        }
    }

    /// Keeps within the bytes.
    pub(super) fn bound(&mut self) {
        if self.bytes() <= self.limits.bytes {
            return;
        }
        if self.swept < self.newest {
            self.sweep();
        }
        if self.bytes() > self.limits.bytes {
            self.evict();
        }
    }

    /// What is asked of its metric from now on misses this series.
    fn remember(&mut self, slot: u32) {
        let Some(track) = self.tracks.get(slot as usize).and_then(Option::as_ref) else { return };
        let metric = track.labels.get(NAME);
        let (live, ended) = if track.live { (self.newest, None) } else { (None, track.last().map(|last| last.at)) };
        self.evicted.take(metric, live, ended);
    }

    /// Drops series until there is some room again, so that it is seldom done.
    fn evict(&mut self) {
        let goal = self.limits.bytes - self.limits.bytes / 32;
        let mut order: Vec<_> = self
            .tracks
            .iter()
            .enumerate()
            .filter_map(|(slot, track)| {
                let track = track.as_ref()?;
                let last = track.last().filter(|_| !track.live).map(|last| last.at);
                Some((track.live, last, Reverse(track.made), slot as u32))
            })
            .collect();
        order.sort_unstable();
        for (.., slot) in order {
            if self.bytes() <= goal {
                break;
            }
            self.remember(slot);
            self.remove(slot);
            self.dropped += 1;
        }
        self.forget_places(None);
    }
}
