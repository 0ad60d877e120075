//! Of which metrics series went because the bytes did not suffice, and until when: what is left of such a metric is not all there
//! was, and nobody may take it for that.

use std::collections::BTreeMap;

/// Most metrics that are told apart; of more it is only known when the last went.
const MOST: usize = 1000;

/// When series of one metric went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gone {
    /// When the last one went that was still scraped.
    live: Option<i64>,
    /// The newest sample of those that had ended.
    ended: Option<i64>,
    /// Series that went since these times last stood still for longer than samples are kept.
    pub series: u64,
}

impl Gone {
    fn take(&mut self, live: Option<i64>, ended: Option<i64>) {
        (self.live, self.ended) = (self.live.max(live), self.ended.max(ended));
        self.series += 1;
    }

    /// Whether what is later than `after` misses some of them; of what had ended only a range does.
    fn since(&self, after: i64, is_range: bool) -> bool {
        self.live.is_some_and(|at| at > after) || is_range && self.ended.is_some_and(|at| at > after)
    }

    fn newest(&self) -> Option<i64> {
        self.live.max(self.ended)
    }
}

/// Of all metrics.
#[derive(Clone, Debug, Default)]
pub struct Evicted {
    of: BTreeMap<Box<str>, Gone>,
    /// Of metrics for which there was no room.
    rest: Gone,
}

impl Evicted {
    /// A series went: when, if it was still scraped, or what its last sample was.
    pub fn take(&mut self, metric: &str, live: Option<i64>, ended: Option<i64>) {
        let is_full = self.of.len() >= MOST;
        match self.of.get_mut(metric) {
            Some(gone) => gone.take(live, ended),
            None if is_full => self.rest.take(live, ended),
            None => self.of.entry(metric.into()).or_default().take(live, ended),
        }
    }

    /// What is older than anything that is kept matters no more.
    pub fn forget(&mut self, horizon: i64) {
        self.of.retain(|_, gone| gone.newest().is_some_and(|newest| newest >= horizon));
        if self.rest.newest().is_some_and(|newest| newest < horizon) {
            self.rest = Gone::default();
        }
    }

    /// How many series of a metric (of any, where none is given) went whose samples a look at what is later than `after` would
    /// have found; none where it misses nothing.
    pub fn missed(&self, metric: Option<&str>, after: i64, is_range: bool) -> Option<u64> {
        let one = metric.and_then(|metric| self.of.get(metric));
        let any = metric.is_none().then(|| self.of.values()).into_iter().flatten();
        let missed: u64 = one
            .into_iter()
            .chain(any)
            .chain([&self.rest])
            .filter(|gone| gone.since(after, is_range))
            .map(|gone| gone.series)
            .sum();
        (missed > 0).then_some(missed)
    }

    pub fn bytes(&self) -> usize {
        let each = size_of::<(Box<str>, Gone)>();
        self.of.keys().map(|name| name.len() + each).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_metrics_than_there_is_room_for_are_all_of_them() {
        let mut evicted = Evicted::default();
        for n in 0..=MOST {
            evicted.take(&format!("m{n}"), Some(100), None);
        }
        assert_eq!(evicted.missed(Some("m1"), 50, false), Some(2), "its own, and what nobody can tell apart");
        assert_eq!(evicted.missed(Some("other"), 50, false), Some(1));
        assert_eq!(evicted.missed(Some("other"), 100, false), None);
        assert!(evicted.of.len() <= MOST);
        evicted.forget(101);
        assert_eq!(evicted.missed(None, 0, true), None);
    }

    #[test]
    fn what_had_ended_is_missed_by_ranges_alone() {
        let mut evicted = Evicted::default();
        evicted.take("m", None, Some(100));
        assert_eq!((evicted.missed(Some("m"), 50, false), evicted.missed(Some("m"), 50, true)), (None, Some(1)));
        assert_eq!(evicted.missed(Some("m"), 100, true), None);
    }
}
