//! One alert: an element of a rule's result, from when it was first seen until fifteen minutes after it has gone.

use std::time::Duration;

use super::rule::since;
use crate::metrics::labels::{Labels, NAME};

/// Where an alert stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It fired and has gone.
    Resolved,
    /// It has not lasted long enough.
    Pending,
    /// It fires.
    Firing,
}

impl State {
    /// The word, as Prometheus has it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            State::Resolved => "inactive",
            State::Pending => "pending",
            State::Firing => "firing",
        }
    }
}

/// Why an alert's element went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Gone {
    /// Its value is right again.
    #[default]
    Mended,
    /// Nothing happens that could be measured: 0 of 0.
    Traffic,
    /// Its data went, or its range is not full.
    Data,
}

/// One alert. Its labels and annotations are outside text.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// What tells it apart: the element's labels and the rule's, `alertname` among them.
    pub labels: Labels,
    /// What it says to people, expanded.
    pub annotations: Vec<(String, String)>,
    /// The value of the element when it was last seen.
    pub value: f64,
    /// Whether it is only known to be no less.
    pub is_least: bool,
    /// Where it stands.
    pub state: State,
    /// Since when its element has been there.
    pub active_at: i64,
    /// Since when it fires.
    pub fired_at: Option<i64>,
    /// Since when it has gone.
    pub resolved_at: Option<i64>,
    /// Why it went, where it has.
    pub gone: Gone,
    /// Since when it fires only because it is to go on for a while.
    pub kept_since: Option<i64>,
}

impl Alert {
    /// Pending or firing.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state != State::Resolved
    }

    /// Whether it fires on although its element has gone; the time begins with the first look without it.
    pub(super) fn is_kept(&mut self, keep: Duration, at: i64) -> bool {
        !keep.is_zero() && since(*self.kept_since.get_or_insert(at), at) < keep
    }

    /// The series `ALERTS`, of its present state.
    #[must_use]
    pub fn series(&self) -> Labels {
        self.labels.with(NAME, "ALERTS").with("alertstate", self.state.word())
    }

    /// The series `ALERTS_FOR_STATE`, whose value is when the alert began.
    #[must_use]
    pub fn for_state_series(&self) -> Labels {
        self.labels.with(NAME, "ALERTS_FOR_STATE")
    }
}
