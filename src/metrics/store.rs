//! The series store: samples of many series over hours, in memory, with bounds that are counted when they bite.

use std::collections::BTreeMap;

use super::labels::Labels;

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

/// The samples of all series.
#[derive(Debug, Default)]
pub struct Store {
    series: BTreeMap<Labels, Vec<Sample>>,
}

impl Store {
    /// Takes a sample in. One that is not newer than the last of its series is refused (`false`).
    pub fn append(&mut self, labels: &Labels, sample: Sample) -> bool {
        let samples = self.series.entry(labels.clone()).or_default();
        let newer = samples.last().is_none_or(|last| last.at < sample.at);
        if newer {
            samples.push(sample);
        }
        newer
    }

    /// The series of a metric name (all, where none is given) whose labels are wanted, by their labels.
    pub fn select<'a>(
        &'a self,
        metric: Option<&'a str>,
        wanted: impl Fn(&Labels) -> bool + 'a,
    ) -> impl Iterator<Item = (&'a Labels, Samples<'a>)> + 'a {
        let named = move |labels: &Labels| metric.is_none_or(|metric| labels.metric() == metric);
        self.series
            .iter()
            .filter(move |(labels, _)| named(labels) && wanted(labels))
            .map(|(labels, samples)| (labels, Samples { samples }))
    }
}

/// The samples of one series.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a> {
    samples: &'a [Sample],
}

impl Samples<'_> {
    /// Those later than `after` and not later than `until`, oldest first, staleness markers among them.
    pub fn between(&self, after: i64, until: i64, into: &mut Vec<Sample>) {
        into.clear();
        into.extend(self.samples.iter().filter(|sample| sample.at > after && sample.at <= until));
    }

    /// The newest of those, unless it is a staleness marker.
    #[must_use]
    pub fn newest(&self, after: i64, until: i64) -> Option<Sample> {
        let newest = self.samples.iter().rev().find(|sample| sample.at <= until)?;
        (newest.at > after && !is_stale(newest.value)).then_some(*newest)
    }
}
