//! What one look at a PostgreSQL server gave. Each part stands or fails alone: a missing right darkens one pane only.

use std::sync::Arc;
use std::time::Duration;

use super::cause::Cause;
use super::safe::Safe;
use super::session::{Session, SessionState};
use super::signal::SignalValue;
use super::source::SignalId;
use super::statement::{StatementId, StatementSnapshot};
use super::untrusted::Untrusted;

/// A part of a reading: its value, or why just this part is missing.
pub type Part<T> = Result<T, Cause>;

/// One composed reading.
#[derive(Clone, Debug)]
pub struct DatabaseReading {
    /// Who answered.
    pub server: ServerIdentity,
    /// Round trip of the reading.
    pub took: Duration,
    /// Slots.
    pub slots: Part<Slots>,
    /// Client sessions, ours left out; capped.
    pub sessions: Part<Sessions>,
    /// Counters of the connected database.
    pub counters: Part<DatabaseCounters>,
    /// `pg_stat_statements`; `None` when it was not this round's turn.
    pub statements: Option<Part<StatementsReading>>,
    /// Signals read over the same connection.
    pub scalars: Vec<(SignalId, Result<SignalValue, Cause>)>,
    /// Statements that we sent, and their execution time as we saw it, since the connection began: what we cost.
    pub own_cost: OwnCost,
}

/// Who the server says it is.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerIdentity {
    /// `server_version`, such as `15.18`.
    pub version: Safe,
    /// `server_version_num`, such as 150018.
    pub version_num: u32,
    /// In recovery, so a replica.
    pub replica: bool,
    /// `system_identifier`, where it may be read: the identity of the cluster.
    pub system_identifier: Option<Safe>,
    /// `pg_postmaster_start_time`, microseconds since 1970: changes at each restart.
    pub started_us: i64,
    /// Database we are connected to.
    pub database: Untrusted,
    /// Its number, which no other database of the server has, whatever it is called.
    pub database_oid: u32,
    /// Role we are.
    pub user: Untrusted,
    /// Host and port that answered.
    pub address: Safe,
    /// We speak to a pooler: the sessions are the server's, not the pooler's clients.
    pub pooler: bool,
    /// This role has `pg_signal_backend`, or is a member of another role: it may signal sessions that are not its own.
    pub may_signal: bool,
    /// Difference between the server's clock and ours, seconds; positive when the server is ahead.
    pub clock_skew_seconds: f64,
}

/// Connection slots of the whole server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slots {
    /// `max_connections`.
    pub max: u32,
    /// Kept for superusers and (from 16) for `pg_use_reserved_connections`.
    pub reserved: u32,
    /// Client backends in use, ours included.
    pub used: u32,
    /// Who holds them: user, application, client, count; largest first, capped.
    pub holders: Vec<Holder>,
}

impl Slots {
    /// What ordinary users can have.
    #[must_use]
    pub fn usable(&self) -> u32 {
        self.max.saturating_sub(self.reserved)
    }
}

/// A group of sessions that holds slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// `usename`.
    pub user: Untrusted,
    /// `application_name`.
    pub application: Untrusted,
    /// Client address, `local` for a socket.
    pub client: Safe,
    /// Sessions.
    pub count: u32,
}

/// The sessions of a reading.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Sessions {
    /// Count by state over all of them, the capped-away ones too; ours left out.
    pub by_state: Vec<(SessionState, u32)>,
    /// The sessions, most interesting first.
    pub list: Arc<[Session]>,
    /// How many the cap left out.
    pub left_out: u32,
    /// Sessions whose details we may not see (no `pg_read_all_stats`), with the grant that opens them.
    pub hidden: Option<(u32, Safe)>,
    /// Sessions that tell no state, whoever looks: `track_activities` is off for them.
    pub untold: u32,
    /// Waiting for a lock.
    pub waiting: u32,
    /// Blocked by another session, as far as they were asked.
    pub blocked: u32,
    /// Of those that wait for a lock, how many were not asked who blocks them: there are too many to ask.
    pub unasked: u32,
    /// Longest time idle in transaction.
    pub oldest_idle_in_transaction: Option<Duration>,
    /// Longest running query.
    pub oldest_active: Option<Duration>,
}

impl Sessions {
    /// How many sessions nobody knows what they do, and why; none where all are known.
    #[must_use]
    pub fn unseen(&self) -> Option<(u32, Safe)> {
        let untold = || format!("track_activities is off for {}", self.untold);
        match (&self.hidden, self.untold) {
            (None, 0) => None,
            (Some((count, grant)), 0) => Some((*count, grant.clone())),
            (None, count) => Some((count, Safe::of(untold()))),
            (Some((count, grant)), more) => {
                Some((count.saturating_add(more), Safe::of(format!("{grant} {}", untold()))))
            }
        }
    }

    /// How many are blocked, where that is known: whom a session waits for that may not be seen, or that was not asked, is
    /// not told.
    #[must_use]
    pub fn blocked_as_known(&self) -> Option<u32> {
        (self.hidden.is_none() && self.unasked == 0).then_some(self.blocked)
    }
}

/// `pg_stat_database` and size of the connected database. Counters since `stats_reset`.
#[derive(Clone, Debug, PartialEq)]
pub struct DatabaseCounters {
    /// `xact_commit`.
    pub commits: i64,
    /// `xact_rollback`.
    pub rollbacks: i64,
    /// `blks_hit`.
    pub blocks_hit: i64,
    /// `blks_read`.
    pub blocks_read: i64,
    /// `deadlocks`.
    pub deadlocks: i64,
    /// `temp_bytes`.
    pub temp_bytes: i64,
    /// `pg_database_size`, read rarely; `None` until then or without the right.
    pub size_bytes: Option<i64>,
    /// `stats_reset`, microseconds since 1970.
    pub stats_reset_us: Option<i64>,
}

/// Counters of all statements, and the texts of those that are new at the top.
#[derive(Clone, Debug)]
pub struct StatementsReading {
    /// Counters.
    pub snapshot: StatementSnapshot,
    /// Texts that were fetched with it.
    pub texts: Vec<(StatementId, Arc<Untrusted>)>,
}

/// What we cost the server since we connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct OwnCost {
    /// Statements sent.
    pub statements: u64,
    /// Time spent waiting for them.
    pub waited: Duration,
}
