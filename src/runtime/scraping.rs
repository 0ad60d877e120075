//! One task per scraped endpoint: wait for its slot, read within its deadline, hand the page to the engine, wait again. As
//! other sources it never overlaps itself, and failures wait longer and longer.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::adapters::scrape::Scrape;
use crate::config::resolved::MetricsSpec;
use crate::domain::Safe;
use crate::domain::backoff::Schedule;
use crate::engine::Input;

use super::engine_thread::Pages;
use super::sources::chance;
use super::{clock, pace};

/// Longest pause after plain failures: the engine takes what is left out for unanswered, and until then nobody knows.
const CAP: Duration = Duration::from_secs(15);

/// One endpoint with its schedule.
pub struct Scraping {
    /// Which, by its place.
    pub target: usize,
    /// What is asked.
    pub scrape: Scrape,
    /// Where its pages go.
    pub pages: Pages,
    name: Safe,
    interval: Duration,
    deadline: Duration,
}

impl Scraping {
    /// Of an endpoint.
    #[must_use]
    pub fn new(target: usize, spec: &MetricsSpec, scrape: Scrape, pages: Pages) -> Scraping {
        let (name, interval, deadline) = (spec.name.clone(), spec.interval, spec.deadline);
        Scraping { target, scrape, pages, name, interval, deadline }
    }

    /// Reads for ever. `refresh` changes when a person wants everything read now.
    pub async fn run(mut self, mut refresh: watch::Receiver<u64>, started: Instant) {
        let phase = pace::phase(self.target, self.interval);
        let mut schedule = Schedule::new(self.interval, CAP);
        loop {
            refresh.mark_unchanged();
            let (begun, at) = (Instant::now(), clock::now());
            let answer = self.scrape.read(self.deadline).await;
            match (&answer, schedule.failures()) {
                (Err(cause), 0) => tracing::warn!("metrics {}: {cause}", self.name),
                (Ok(_), failures @ 1..) => {
                    tracing::info!("metrics {}: answers again after {failures} attempts", self.name);
                }
                _ => {}
            }
            let pause = schedule.after(answer.as_ref().err(), chance());
            let took = begun.elapsed();
            self.pages.hand(Input::Scraped { target: self.target, begun: at, took, answer });
            let next = pace::next(begun.duration_since(started), pause, phase);
            let next_in = next.saturating_sub(started.elapsed());
            tokio::select! {
                () = tokio::time::sleep(next_in) => {}
                asked = refresh.changed() => if asked.is_err() {
                    return;
                }
            }
        }
    }
}
