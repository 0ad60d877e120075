//! Whether a person can have read what a dialog asks: the terminal has to have taken a frame with it, and to have had it for a
//! while without a break. Every dialog that leads to an effect goes by this.

use std::time::Duration;

use crate::domain::Moment;

/// Nothing is taken for so long after it was seen first, or after what it asks about changed.
pub const DEAF: Duration = Duration::from_millis(400);

/// What is said for that long.
pub const READ: &str = "read it first …";

/// What is known of it being seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sight {
    /// Since when it has been on the screen without a break.
    since: Option<Moment>,
    /// A frame that shows it was drawn, and may still be on its way.
    drawn: bool,
}

impl Sight {
    /// A frame was drawn, with it or without: what is covered has to be seen anew.
    pub fn drawn(&mut self, visible: bool) {
        self.drawn = visible;
        self.since = self.since.filter(|_| visible);
    }

    /// The terminal took the frame.
    pub fn taken(&mut self, now: Moment) {
        if self.drawn {
            self.since.get_or_insert(now);
        }
    }

    /// Whether keys are taken: what was typed before it could be read was not meant for it.
    #[must_use]
    pub fn listens(&self, now: Moment) -> bool {
        self.since.is_some_and(|since| now.since(since) >= DEAF)
    }

    /// When it begins to take keys, once it is on the screen and does not yet.
    #[must_use]
    pub fn listens_at(&self, now: Moment) -> Option<Moment> {
        let at = self.since?.plus(DEAF);
        (at.boot > now.boot).then_some(at)
    }
}
