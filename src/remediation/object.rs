//! What an action touches: objects with an identity, never a pattern. The list that a person saw and agreed to is the most
//! that can be touched.

use std::time::Duration;

use crate::domain::session::{SessionId, SessionState};
use crate::domain::{Safe, Untrusted};

/// What tells an object from every other, and from itself at another time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKey {
    /// A session of PostgreSQL in the state that the card shows: the same backend, still in what it was doing then.
    Session {
        /// Backend.
        id: SessionId,
        /// Its state.
        state: SessionState,
        /// Since when, microseconds since 1970: `query_start` of what is active, else `state_change`.
        since_us: i64,
    },
    /// Something that has only its name: an endpoint, a receiver, a unit.
    Named(Untrusted),
}

impl ObjectKey {
    /// Whether it is a session that runs something.
    #[must_use]
    pub fn runs_something(&self) -> bool {
        matches!(self, ObjectKey::Session { state: SessionState::Active | SessionState::Fastpath, .. })
    }
}

/// One object on a card.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Which.
    pub key: ObjectKey,
    /// What a person knows it by, in one line.
    pub label: Safe,
    /// What it runs or ran last, as the server keeps it; literals in it may be secrets.
    pub query: Untrusted,
    /// Whose it is: the user of a session.
    pub user: Safe,
    /// `application_name` of a session.
    pub application: Safe,
    /// Where it comes from.
    pub client: Safe,
    /// How long it is as it is.
    pub age: Option<Duration>,
    /// What else there is to say: transaction age, whom it blocks.
    pub remark: Safe,
}

/// Objects that fit the description and are left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excluded {
    /// How many.
    pub count: usize,
    /// Why.
    pub why: Safe,
}

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// The effect took place.
    Done,
    /// It was there no more.
    Gone,
    /// It is not what it was on the card any more, and was left alone.
    Changed,
    /// The target refused.
    Refused,
    /// Nobody knows.
    Unknown,
}

impl Fate {
    /// All, in the order of the screen.
    pub const ALL: [Fate; 5] = [Fate::Done, Fate::Gone, Fate::Changed, Fate::Refused, Fate::Unknown];

    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Fate::Done => "done",
            Fate::Gone => "already gone",
            Fate::Changed => "changed, left alone",
            Fate::Refused => "refused",
            Fate::Unknown => "unknown",
        }
    }
}
