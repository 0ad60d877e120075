//! Figures and states that a pane, a detail or `check` shows of a source beside the few that actions are mostly proved by.
//! The border: what each is called, and in which unit it is, stands in the table of the configuration's grammar.

use std::time::Duration;

use crate::domain::health::WINDOW;
use crate::domain::source::SourceKind;
use crate::metrics::last_minute::MINUTE;

/// A figure or a state of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shown {
    /// The verdict of a database, a cache or a signal: 0 ok, 1 degraded, 3 down.
    State(SourceKind),
    /// Seconds since it was last read well.
    Age(SourceKind),
    /// Milliseconds within which so many of a hundred probes of a service were answered: 50, 95 or 99.
    ProbePercentile(u8),
    /// Probes of a service that failed, of those of the last minutes.
    FailedProbes,
    /// Their share, 0 to 1.
    FailedShare,
    /// Failures of a service in a row.
    FailuresInARow,
    /// The status of a service's newest answer.
    Status,
    /// Days that are left of a service's certificate; less than none once it has expired.
    CertificateDays,
    /// Sessions of a database.
    Sessions,
    /// Those that run a query.
    ActiveSessions,
    /// Those that wait for their client without a transaction.
    IdleSessions,
    /// Those that wait for their client with a transaction open, failed ones among them.
    OpenTransactions,
    /// Those of them whose transaction failed.
    AbortedTransactions,
    /// Those that wait for a lock.
    WaitingSessions,
    /// Those whose details may not be seen.
    HiddenSessions,
    /// Seconds for which the longest query has been running.
    LongestQuery,
    /// Seconds for which the longest transaction has been open.
    LongestTransaction,
    /// Commits per second.
    Commits,
    /// Rollbacks per second.
    Rollbacks,
    /// Hit ratio of the server's buffers, 0 to 1.
    BufferHit,
    /// Deadlocks of the last minute.
    Deadlocks,
    /// Bytes that went to temporary files in the last minute.
    TemporaryBytes,
    /// Bytes of the database.
    Size,
    /// 0 a primary, 1 a replica.
    DatabaseRole,
    /// Seconds that the server's clock is off ours, either way.
    ClockSkew,
    /// Milliseconds of the statement with the highest mean.
    SlowestStatement,
    /// Statements that are much slower than they were.
    SlowerStatements,
    /// Calls of statements per second.
    StatementCalls,
    /// Seconds spent in statements per second.
    StatementLoad,
    /// Bytes that a cache uses.
    Memory,
    /// Their share of what it may use, 0 to 1.
    MemoryShare,
    /// Its clients.
    Clients,
    /// Those of them that wait.
    BlockedClients,
    /// Its keys.
    Keys,
    /// Keys that it evicts per second.
    Evictions,
    /// Keys that expire per second.
    Expirations,
    /// What it does per second.
    Operations,
    /// 0 a primary, 1 a replica.
    CacheRole,
    /// The link of a replica to its primary: 0 up, 1 down.
    PrimaryLink,
}

impl Shown {
    /// Whether statements tell it, which are read at a pace of their own.
    #[must_use]
    pub fn is_of_statements(self) -> bool {
        matches!(self, Shown::SlowestStatement | Shown::SlowerStatements | Shown::StatementCalls | Shown::StatementLoad)
    }

    /// Over which time it is counted, where that is always the same.
    #[must_use]
    pub fn reaches_back(self) -> Option<Duration> {
        match self {
            Shown::ProbePercentile(_) | Shown::FailedProbes | Shown::FailedShare => Some(WINDOW),
            Shown::Deadlocks | Shown::TemporaryBytes => Some(MINUTE),
            _ => None,
        }
    }

    /// Whether it is the difference of two readings.
    #[must_use]
    pub fn is_between_readings(self) -> bool {
        let is_rate = matches!(
            self,
            Shown::Commits | Shown::Rollbacks | Shown::BufferHit | Shown::Evictions | Shown::Expirations
        );
        is_rate || self.is_of_statements()
    }

    /// The kind of source that tells it.
    #[must_use]
    pub fn source(self) -> SourceKind {
        match self {
            Shown::State(kind) | Shown::Age(kind) => kind,
            Shown::ProbePercentile(_)
            | Shown::FailedProbes
            | Shown::FailedShare
            | Shown::FailuresInARow
            | Shown::Status
            | Shown::CertificateDays => SourceKind::Service,
            Shown::Memory
            | Shown::MemoryShare
            | Shown::Clients
            | Shown::BlockedClients
            | Shown::Keys
            | Shown::Evictions
            | Shown::Expirations
            | Shown::Operations
            | Shown::CacheRole
            | Shown::PrimaryLink => SourceKind::Cache,
            _ => SourceKind::Database,
        }
    }
}
