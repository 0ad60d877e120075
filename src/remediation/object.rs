//! What an action touches: objects with an identity, never a pattern. The list that a person saw and agreed to is the most
//! that can be touched.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::session::{SessionId, SessionState};
use crate::domain::{Safe, Untrusted};

use super::card::Digest;

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
    /// In which database of its server a session is.
    pub database: Safe,
    /// How long it is as it is.
    pub age: Option<Duration>,
    /// What else there is to say: transaction age, whom it blocks.
    pub remark: Safe,
}

impl Object {
    /// Whose it is.
    #[must_use]
    pub fn whose(&self) -> Whose {
        Whose {
            user: self.user.clone(),
            application: self.application.clone(),
            client: self.client.clone(),
            database: self.database.clone(),
        }
    }
}

/// Whose a session is: what a person goes by who agrees to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whose {
    /// The user that it logged in as.
    pub user: Safe,
    /// `application_name`.
    pub application: Safe,
    /// Where it comes from.
    pub client: Safe,
    /// Its database.
    pub database: Safe,
}

impl Whose {
    /// The mark of these words for an object. They have to be the true ones: one word of a veil is like every other.
    #[must_use]
    pub fn mark(&self, key: &ObjectKey) -> WhoseMark {
        let of = |words: &[&Safe]| Digest::of(&format!("{key:?} {words:?}")).hex();
        WhoseMark { owner: of(&[&self.user, &self.client, &self.database]), application: of(&[&self.application]) }
    }
}

/// Whose an object is, for comparing: it can be kept where the words themselves may not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhoseMark {
    owner: String,
    application: String,
}

impl WhoseMark {
    /// Whether it is another's altogether: an application may take another name, nothing else changes while a session lasts.
    #[must_use]
    pub fn is_anothers(&self, other: &WhoseMark) -> bool {
        self.owner != other.owner
    }
}

/// An object that was agreed to, with whose it was then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreedTo {
    /// Which.
    pub key: ObjectKey,
    /// Whose, as it may be shown: with `--redact` without what was given.
    pub whose: Whose,
    /// Whose it truly is.
    pub mark: WhoseMark,
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
