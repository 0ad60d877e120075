//! Windows that were decoded once, for all rules that are evaluated at one time. A series that got a sample meanwhile is
//! decoded anew; what finds no room is decoded each time.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::vector::Hashed;
use crate::metrics::store::{Sample, Samples, is_stale};

/// Most samples, and series, that are kept: 8 MiB.
const ROOM: usize = 1 << 19;
/// Most places that are held ready for the next evaluation: 2 MiB.
const SPARE: usize = 1 << 16;
/// Most windows that are kept: they are looked through one by one.
const WINDOWS: usize = 16;
/// Spreads the numbers of series, which follow each other.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Where the samples of a series stand, and which sample was its last.
#[derive(Clone, Copy, Debug)]
struct Place {
    from: u32,
    count: u32,
    last: i64,
}

type Places = HashMap<u64, Place, BuildHasherDefault<Hashed>>;

/// Samples of windows, without staleness markers.
#[derive(Debug, Default)]
pub struct Memo {
    /// By the borders of the window, then by series.
    windows: Vec<((i64, i64), Places)>,
    /// Places without anything in them: what held those of the last evaluation suffices for the next.
    spare: Vec<Places>,
    samples: Vec<Sample>,
    room: usize,
    /// Nothing is kept meanwhile.
    rests: bool,
    scratch: Vec<Sample>,
}

impl Memo {
    /// One that keeps what it has seen.
    #[must_use]
    pub fn keeping() -> Memo {
        Memo { room: ROOM, ..Memo::default() }
    }

    /// Forgets what it has seen: another evaluation begins.
    pub fn clear(&mut self) {
        for (_, mut places) in self.windows.drain(..) {
            places.clear();
            self.spare.push(places);
        }
        let mut held = 0;
        self.spare.retain(|places| {
            held += places.capacity();
            held <= SPARE
        });
        self.samples.clear();
        self.room = ROOM;
    }

    /// Whether to keep nothing from now on: the steps of a subquery have windows that nobody else looks at. What it was before.
    pub(super) fn rest(&mut self, rests: bool) -> bool {
        std::mem::replace(&mut self.rests, rests)
    }

    /// The samples of a series in a window.
    pub(super) fn samples(&mut self, of: Samples<'_>, start: i64, end: i64) -> &[Sample] {
        let known = match self.windows.iter().position(|(borders, _)| *borders == (start, end)) {
            _ if self.room == 0 || self.rests => return decoded(of, start, end, &mut self.scratch),
            None if self.windows.len() >= WINDOWS => return decoded(of, start, end, &mut self.scratch),
            known => known,
        };
        let window = known.unwrap_or_else(|| {
            self.windows.push(((start, end), self.spare.pop().unwrap_or_default()));
            self.windows.len() - 1
        });
        let Some((_, places)) = self.windows.get_mut(window) else { return &[] };
        let (key, last) = (of.made().wrapping_mul(SPREAD), of.last().map_or(i64::MIN, |last| last.at));
        if let Some(place) = places.get(&key).filter(|place| place.last == last) {
            let from = place.from as usize;
            return self.samples.get(from..from + place.count as usize).unwrap_or_default();
        }
        let found = decoded(of, start, end, &mut self.scratch);
        let Some(room) = self.room.checked_sub(found.len() + 1) else { return &self.scratch };
        self.room = room;
        places.insert(key, Place { from: self.samples.len() as u32, count: found.len() as u32, last });
        self.samples.extend_from_slice(found);
        &self.scratch
    }
}

fn decoded<'s>(of: Samples<'_>, start: i64, end: i64, into: &'s mut Vec<Sample>) -> &'s [Sample] {
    of.between(start, end, into);
    if into.iter().any(|sample| is_stale(sample.value)) {
        into.retain(|sample| !is_stale(sample.value));
    }
    into
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::labels::Labels;
    use crate::metrics::promql::{Limits, Query};
    use crate::metrics::store::Store;

    #[test]
    fn what_was_seen_is_kept_until_the_series_goes_on() {
        let mut store = Store::default();
        let labels = Labels::new([("__name__", "a")]);
        let mut memo = Memo::keeping();
        let mut seen = |store: &Store, end: i64| {
            let (_, samples) = store.select(Some("a"), |_| true).next().unwrap();
            let seen = memo.samples(samples, 0, end).iter().map(|sample| sample.value).collect::<Vec<_>>();
            (seen, memo.samples.len())
        };
        store.append(&labels, Sample { at: 1, value: 1.0 });
        store.append(&labels, Sample { at: 2, value: 2.0 });
        assert_eq!(seen(&store, 9), (vec![1.0, 2.0], 2));
        assert_eq!(seen(&store, 9), (vec![1.0, 2.0], 2), "not decoded again");
        assert_eq!(seen(&store, 1), (vec![1.0], 3));
        store.append(&labels, Sample { at: 3, value: 3.0 });
        assert_eq!(seen(&store, 9), (vec![1.0, 2.0, 3.0], 6));
    }

    #[test]
    fn windows_are_few_and_those_of_the_steps_of_a_subquery_are_none() {
        let mut store = Store::default();
        let labels = Labels::new([("__name__", "a")]);
        for at in 0..100 {
            store.append(&labels, Sample { at: at * 1000, value: 1.0 });
        }
        let mut memo = Memo::keeping();
        let mut ask = |expr: &str| {
            Query::compile(expr).unwrap().instant_or_idle(&store, 99_000, &Limits::default(), &mut memo, &[]).unwrap();
            (memo.windows.len(), memo.samples.len())
        };
        assert_eq!(ask("max_over_time(sum_over_time(a[10s])[1m:5s])"), (0, 0));
        for seconds in 1..=16 {
            assert_eq!(ask(&format!("sum_over_time(a[{seconds}s])")).0, seconds);
        }
        let full = ask("sum_over_time(a[16s])");
        assert_eq!(ask("sum_over_time(a[17s])"), full, "decoded, not kept");
    }
}
