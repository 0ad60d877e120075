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
use crate::metrics::store::{Sample, Store, Target};

/// Most rounds whose times are kept.
const ROUNDS: usize = 4096;

/// Most slots that one pause leaves out; a longer one is none of the target's.
const MOST_LEFT_OUT: usize = 1000;

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
    /// It fails.
    fails: bool,
    /// What it gave before, while it fails.
    gave: Option<Gave>,
    /// It answered once.
    answered: bool,
    /// The newest time that `up` was told of; none after a sleep.
    told: Option<i64>,
    /// Rounds that were answered since a sleep, where it answered before it.
    pub answers_since_sleep: Option<u32>,
}

impl Watched {
    pub fn new(settings: TargetSettings, store: &mut Store) -> Watched {
        let (page, own) = (store.target(settings.labels.clone()), store.target(Labels::default()));
        Watched {
            settings,
            page,
            own,
            rounds: 0,
            unbroken: VecDeque::new(),
            fails: false,
            gave: None,
            answered: false,
            told: None,
            answers_since_sleep: None,
        }
    }

    /// What is lost with it, where it fails.
    pub fn failing(&self) -> Option<Failing<'_>> {
        self.fails.then_some(Failing { labels: &self.settings.labels, gave: self.gave.as_ref() })
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
            (self.fails, self.gave, self.answered) = (false, None, true);
            self.answers_since_sleep = self.answers_since_sleep.map(|answers| answers.saturating_add(1));
            if self.unbroken.len() >= ROUNDS {
                self.unbroken.pop_front();
            }
            self.unbroken.push_back(at);
        } else {
            if !self.fails {
                self.fails = true;
                self.gave = self.answered.then(|| Gave::until(store, &self.settings.labels, at));
            }
            self.unbroken.clear();
        }
    }

    /// The machine slept: what was not asked meanwhile is nobody's failure.
    pub fn slept(&mut self) {
        self.told = None;
        self.answers_since_sleep = (self.answered && !self.fails).then_some(0);
    }

    /// After failures it is asked more rarely: the slots that are left out are rounds without an answer too, so that shares of
    /// `up` are those of time. Of the last two an answer may yet come.
    pub fn left_out_before(&mut self, now: i64, store: &mut Store) {
        self.left_out(now.saturating_sub(self.interval().saturating_mul(2)), store);
    }

    fn left_out(&mut self, until: i64, store: &mut Store) {
        let interval = self.interval();
        let Some(mut slot) = self.told.filter(|_| self.fails) else { return };
        let up = self.settings.labels.with(NAME, "up");
        for _ in 0..MOST_LEFT_OUT {
            slot = slot.saturating_add(interval);
            if slot > until {
                return;
            }
            store.append(&up, Sample { at: slot, value: 0.0 });
            self.told = Some(slot);
        }
        self.told = None;
    }

    fn interval(&self) -> i64 {
        (self.settings.interval.as_millis() as i64).max(1)
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
        let (limits, ahead) = (self.page, self.ahead);
        let (store, families) = (&mut self.store, &mut self.families);
        let taken = answer.and_then(|body| {
            let mut page = exposition::read(&body.bytes, body.format, &limits)?;
            // Its own times are the wall's.
            page.samples
                .iter_mut()
                .filter_map(|sample| sample.at.as_mut())
                .for_each(|own| *own = own.saturating_sub(ahead));
            families.learn(&page);
            let taken = store.scrape(watched.page, at, &page);
            let refused = taken.repeated + taken.out_of_order + taken.ahead;
            Ok(PageTold { bytes: body.bytes.len(), samples: page.samples.len(), refused, made: taken.made })
        });
        if taken.is_err() {
            store.failed(watched.page, at);
        }
        // A round that comes a little early is that of its slot.
        watched.left_out(at.saturating_sub(watched.interval() / 2), store);
        watched.told = Some(at);
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
