//! How often a log is looked at: quickly while lines have come lately, seldom once it fell silent. A line that ends a
//! silence shows at most one slow pause late; an idle log costs one wake-up a second.

use std::time::Duration;

use crate::domain::moment::Moment;

/// Pause between looks while lines come.
pub const QUICK: Duration = Duration::from_millis(250);
/// Pause between looks at what fell silent.
pub const SLOW: Duration = Duration::from_secs(1);
/// Silence after which the pauses grow. Longer than an unfinished line waits, so that its part shows in time.
const SILENCE: Duration = Duration::from_secs(3);

/// The pace of one source.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    newest: Option<Moment>,
}

impl Pace {
    /// Something came, or the state changed.
    pub fn stir(&mut self, now: Moment) {
        self.newest = Some(now);
    }

    /// The pause until the next look. What was never looked at counts as stirred.
    pub fn pause(&mut self, now: Moment) -> Duration {
        let quiet = now.since(*self.newest.get_or_insert(now));
        quiet.saturating_sub(SILENCE).clamp(QUICK, SLOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::assembler::PARTIAL_AFTER;

    #[test]
    fn quick_after_lines_slow_in_silence() {
        let mut pace = Pace::default();
        let mut at = |seconds: f64| pace.pause(Moment::fixed(seconds));
        assert_eq!((at(0.0), at(3.2)), (QUICK, QUICK));
        assert_eq!(at(3.6), Duration::from_millis(600));
        assert_eq!((at(4.0), at(500.0)), (SLOW, SLOW));
        pace.stir(Moment::fixed(500.0));
        assert_eq!(pace.pause(Moment::fixed(500.0)), QUICK);
        // A clock that goes back is no silence.
        assert_eq!(pace.pause(Moment::fixed(10.0)), QUICK);
        const { assert!(SILENCE.as_millis() > PARTIAL_AFTER.as_millis() + QUICK.as_millis()) };
    }

    #[test]
    fn an_idle_minute_takes_few_looks() {
        let (mut pace, mut now, mut looks) = (Pace::default(), Moment::fixed(0.0), 0);
        while now.since(Moment::fixed(0.0)) < Duration::from_secs(60) {
            now = now.plus(pace.pause(now));
            looks += 1;
        }
        assert!((60..80).contains(&looks), "{looks}");
    }
}
