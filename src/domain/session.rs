//! PostgreSQL sessions. A session is an identity (`pid` + `backend_start`), never a bare number.

use std::time::Duration;

use super::safe::Safe;
use super::untrusted::Untrusted;

/// What tells one session from every other, also after its pid was given to somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId {
    /// Process id of the backend.
    pub pid: i32,
    /// `backend_start`, microseconds since 1970.
    pub backend_start_us: i64,
}

/// `pg_stat_activity.state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionState {
    /// Runs a query.
    Active,
    /// Waits for its client.
    Idle,
    /// Waits for its client with a transaction open.
    IdleInTransaction,
    /// The same after an error.
    IdleInTransactionAborted,
    /// Runs a fast-path function.
    Fastpath,
    /// `track_activities` is off for it, or we may not see it.
    Hidden,
}

impl SessionState {
    /// All, in the order of the screen.
    pub const ALL: [SessionState; 6] = [
        SessionState::Active,
        SessionState::Idle,
        SessionState::IdleInTransaction,
        SessionState::IdleInTransactionAborted,
        SessionState::Fastpath,
        SessionState::Hidden,
    ];

    /// PostgreSQL's own word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            SessionState::Active => "active",
            SessionState::Idle => "idle",
            SessionState::IdleInTransaction => "idle in transaction",
            SessionState::IdleInTransactionAborted => "idle in transaction (aborted)",
            SessionState::Fastpath => "fastpath function call",
            SessionState::Hidden => "hidden",
        }
    }

    /// The word that fits a table.
    #[must_use]
    pub fn short(self) -> &'static str {
        match self {
            SessionState::IdleInTransaction => "idle in tx",
            SessionState::IdleInTransactionAborted => "aborted tx",
            SessionState::Fastpath => "fastpath",
            other => other.word(),
        }
    }

    /// Reads PostgreSQL's word; what is missing or new is hidden.
    #[must_use]
    pub fn parse(word: Option<&str>) -> SessionState {
        SessionState::ALL.into_iter().find(|s| Some(s.word()) == word).unwrap_or(SessionState::Hidden)
    }

    /// Whether a transaction is open while nothing runs.
    #[must_use]
    pub fn holds_transaction(self) -> bool {
        matches!(self, SessionState::IdleInTransaction | SessionState::IdleInTransactionAborted)
    }
}

/// One client session of the server. Ages are by the server's clock at the time of the reading.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Identity.
    pub id: SessionId,
    /// `usename`.
    pub user: Untrusted,
    /// `application_name`.
    pub application: Untrusted,
    /// Client address, `local` for a socket.
    pub client: Safe,
    /// `datname`.
    pub database: Untrusted,
    /// State.
    pub state: SessionState,
    /// Since `state_change`.
    pub state_age: Option<Duration>,
    /// Since `query_start`, for what is active.
    pub query_age: Option<Duration>,
    /// Since `xact_start`.
    pub transaction_age: Option<Duration>,
    /// `wait_event_type:wait_event`.
    pub wait: Option<Safe>,
    /// Pids that block this one.
    pub blocked_by: Vec<i32>,
    /// Holds the oldest `backend_xmin`/`backend_xid` of its database back: vacuum cannot pass it.
    pub holds_back_vacuum: bool,
    /// The running, or the last, query; cut by the server at `track_activity_query_size`.
    pub query: Untrusted,
}
