//! How long changing load goes on: one round of it, in about half a minute, or with `QUARTERDECK_ENGINES_MINUTES=5` as many rounds
//! as are begun in that time.

use std::time::{Duration, Instant};

pub struct Rounds {
    begun: Instant,
    least: Duration,
    done: usize,
}

impl Rounds {
    pub fn begin() -> Rounds {
        let minutes = std::env::var("QUARTERDECK_ENGINES_MINUTES").ok().and_then(|minutes| minutes.parse().ok());
        Rounds { begun: Instant::now(), least: Duration::from_secs(60 * minutes.unwrap_or(0u64)), done: 0 }
    }

    /// Whether another round begins.
    pub fn another(&mut self) -> bool {
        let begins = self.done == 0 || self.begun.elapsed() < self.least;
        self.done += usize::from(begins);
        begins
    }

    pub fn done(&self) -> usize {
        self.done
    }
}
