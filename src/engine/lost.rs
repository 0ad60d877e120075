//! What a target that fails would have given: the series that it gave before it failed, for as long as it fails, however long
//! samples are kept; of one that never answered, what its like give.

use std::collections::BTreeMap;

use crate::metrics::labels::Labels;
use crate::metrics::promql::Selector;
use crate::metrics::store::{Store, is_stale};

/// Series that tell of the rounds themselves, which a failing target has as well.
pub const OWN: [&str; 3] = ["up", "scrape_duration_seconds", "scrape_samples_scraped"];
/// Most series of one target that are remembered; of metrics past them the name.
const MOST: usize = 20_000;

/// What a target gave when it last answered, by metric; none of a metric is any of it.
#[derive(Clone, Debug, Default)]
pub struct Gave(BTreeMap<Box<str>, Vec<Labels>>);

impl Gave {
    /// What a target with these labels had until its round at `at` failed, which ended it all.
    pub fn until(store: &Store, target: &Labels, at: i64) -> Gave {
        let mut gave = BTreeMap::new();
        let mut left = MOST;
        for (metric, _) in store.metrics().filter(|(metric, _)| !OWN.contains(metric)) {
            let had = store.select(Some(metric), |labels| is_of(labels, target)).filter(|(_, samples)| {
                // What ended before the failure was gone already.
                samples.last().is_some_and(|last| last.at >= at || !is_stale(last.value))
            });
            let mut had: Vec<Labels> = had.map(|(labels, _)| labels.clone()).collect();
            if had.is_empty() {
                continue;
            }
            match left.checked_sub(had.len()) {
                Some(rest) => left = rest,
                None => had = Vec::new(),
            }
            gave.insert(metric.into(), had);
        }
        Gave(gave)
    }

    fn has(&self, selector: &Selector) -> bool {
        let is_meant = |series: &Vec<Labels>| series.is_empty() || series.iter().any(|labels| selector.matches(labels));
        match selector.metric() {
            Some(metric) => self.0.get(metric).is_some_and(is_meant),
            None => self.0.values().any(is_meant),
        }
    }
}

/// A target that fails now.
#[derive(Clone, Debug)]
pub struct Failing<'e> {
    /// Its labels.
    pub labels: &'e Labels,
    /// What it gave; none where it never answered.
    pub gave: Option<&'e Gave>,
}

impl Failing<'_> {
    /// Whether a selector asks for what it would have given.
    pub fn would_give(&self, selector: &Selector, store: &Store) -> bool {
        if selector.metric().is_some_and(|metric| OWN.contains(&metric)) {
            return false;
        }
        let Some(gave) = self.gave else { return self.is_like_others(selector, store) };
        gave.has(selector)
    }

    /// Whether others of its job give it, and the selector does not leave this one out.
    fn is_like_others(&self, selector: &Selector, store: &Store) -> bool {
        let job = self.labels.get("job");
        let asks_of_it = |name: &str| !self.labels.get(name).is_empty();
        let means_it = selector
            .matchers()
            .iter()
            .all(|matcher| !asks_of_it(matcher.name()) || matcher.matches(self.labels.get(matcher.name())));
        let is_alike = |labels: &Labels| {
            labels.get("job") == job
                && selector.matchers().iter().all(|m| asks_of_it(m.name()) || m.matches(labels.get(m.name())))
        };
        means_it && store.select(selector.metric(), is_alike).next().is_some()
    }
}

fn is_of(labels: &Labels, target: &Labels) -> bool {
    target.iter().all(|(name, value)| labels.get(name) == value)
}
