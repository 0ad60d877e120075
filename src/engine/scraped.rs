//! A round of a target: its page taken in whole or not at all, the series that tell of the round itself, and the figures that
//! are made of it.

use std::collections::VecDeque;
use std::time::Duration;

use super::growth::Growth;
use super::lost::{Failing, Gave};
use super::output::{PageTold, StoreTold, TargetTold};
use super::settings::TargetSettings;
use super::{Body, Engine, Output, requests};
use crate::domain::{Cause, Moment};
use crate::metrics::exposition;
use crate::metrics::labels::{Labels, NAME};
use crate::metrics::store::{Store, Target};

/// Most rounds whose times are kept.
const ROUNDS: usize = 4096;

/// One target and its rounds.
#[derive(Debug)]
pub struct Watched {
    pub settings: TargetSettings,
    page: Target,
    /// The series that tell of the rounds.
    own: Target,
    /// Rounds so far.
    pub rounds: u32,
    /// Times of rounds that gave a page, without one between that gave none; the newest last.
    pub unbroken: VecDeque<i64>,
    /// It fails; what it gave before, where it ever answered.
    fails: Option<Option<Gave>>,
    /// It answered once.
    answered: bool,
}

impl Watched {
    pub fn new(settings: TargetSettings, store: &mut Store) -> Watched {
        let (page, own) = (store.target(settings.labels.clone()), store.target(Labels::default()));
        Watched { settings, page, own, rounds: 0, unbroken: VecDeque::new(), fails: None, answered: false }
    }

    /// What is lost with it, where it fails.
    pub fn failing(&self) -> Option<Failing<'_>> {
        Some(Failing { labels: &self.settings.labels, gave: self.fails.as_ref()?.as_ref() })
    }

    /// Whether a series is one of its.
    pub fn owns(&self, labels: &Labels) -> bool {
        self.settings.labels.iter().all(|(name, value)| labels.get(name) == value)
    }

    /// Rounds over the window, from the first to the last.
    fn span(&self, at: i64) -> Option<(i64, i64)> {
        let window = self.settings.window.as_millis() as i64;
        // A round that comes a little late is still of the window.
        let late = self.settings.interval.as_millis() as i64 / 4;
        let oldest = at.saturating_sub(window).saturating_sub(late);
        let first = *self.unbroken.iter().find(|round| **round >= oldest)?;
        let last = *self.unbroken.back()?;
        (last > first).then_some((first, last))
    }

    fn record(&mut self, at: i64, is_taken: bool, store: &Store) {
        self.rounds = self.rounds.saturating_add(1);
        if is_taken {
            (self.fails, self.answered) = (None, true);
            if self.unbroken.len() >= ROUNDS {
                self.unbroken.pop_front();
            }
            self.unbroken.push_back(at);
        } else {
            if self.fails.is_none() {
                self.fails = Some(self.answered.then(|| Gave::until(store, &self.settings.labels, at)));
            }
            self.unbroken.clear();
        }
    }

    /// `up` and its like, as Prometheus has them.
    fn tell(&self, at: i64, took: Duration, samples: Option<usize>, store: &mut Store) {
        let series = |name: &str| self.settings.labels.with(NAME, name);
        let told = [
            (series("up"), f64::from(u8::from(samples.is_some()))),
            (series("scrape_duration_seconds"), took.as_secs_f64()),
            (series("scrape_samples_scraped"), samples.unwrap_or(0) as f64),
        ];
        store.results(self.own, at, told.iter().map(|(labels, value)| (labels, *value)));
    }
}

impl Engine {
    /// A round came in.
    pub(super) fn scraped(
        &mut self,
        target: usize,
        begun: Moment,
        took: Duration,
        answer: Result<Body, Cause>,
        now: Moment,
    ) -> Vec<Output> {
        let at = self.line.at(begun.min(now));
        let Some(watched) = self.targets.get_mut(target) else { return Vec::new() };
        let limits = self.page;
        let (store, families) = (&mut self.store, &mut self.families);
        let taken = answer.and_then(|body| {
            let page = exposition::read(&body.bytes, body.format, &limits)?;
            families.learn(&page);
            let taken = store.scrape(watched.page, at, &page);
            let refused = taken.repeated + taken.out_of_order + taken.ahead;
            Ok(PageTold { bytes: body.bytes.len(), samples: page.samples.len(), refused, made: taken.made })
        });
        if taken.is_err() {
            store.failed(watched.page, at);
        }
        watched.tell(at, took, taken.as_ref().ok().map(|page| page.samples), store);
        watched.record(at, taken.is_ok(), store);
        let (mut requests, mut cache) = (None, None);
        if let (Ok(_), Some((from, to))) = (&taken, watched.span(at)) {
            let mut growth =
                Growth::new(store, &watched.settings.labels, (from, to), watched.unbroken.front() < Some(&to));
            requests = requests::requests(&watched.settings, &mut growth);
            cache = requests::cache(&watched.settings, &mut growth);
        }
        let told = TargetTold { at: begun, took, page: taken, requests, cache };
        vec![Output::Target { target, told }, Output::Store(self.stored())]
    }

    fn stored(&self) -> StoreTold {
        StoreTold {
            series: self.store.series(),
            bytes: self.store.bytes(),
            limit: self.store.limits().bytes,
            dropped: self.store.dropped(),
        }
    }
}
