//! Readings as adapters would hand them over, told in few words.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::domain::cache::{CacheReading, RedisFigures};
use quarterdeck::domain::cause::Phase;
use quarterdeck::domain::database::{
    DatabaseCounters, DatabaseReading, Holder, OwnCost, ServerIdentity, Sessions, Slots, StatementsReading,
};
use quarterdeck::domain::health::HealthReading;
use quarterdeck::domain::session::{Session, SessionId, SessionState};
use quarterdeck::domain::statement::{StatementCounters, StatementId, StatementSnapshot};
use quarterdeck::domain::{Cause, Safe, Untrusted};
use quarterdeck::health::{Expectation, Response, read_body};

/// An answer to a probe, read as the program reads it.
pub fn answer(status: u16, body: &str, milliseconds: f64) -> HealthReading {
    let report = read_body(&Response::json(status, body.as_bytes()), &Expectation::default());
    let latency = Duration::from_secs_f64(milliseconds / 1000.0);
    HealthReading { result: Ok(report), latency: Some(latency), certificate: None }
}

/// A probe that brought no report.
pub fn silence(cause: Cause) -> HealthReading {
    HealthReading { result: Err(cause), latency: None, certificate: None }
}

/// A cause by a short name.
pub fn cause(name: &str) -> Cause {
    match name {
        "refused" => Cause::Refused { family: "IPv4" },
        "timeout" => Cause::Timeout { phase: Phase::Answer, after: Duration::from_secs(5) },
        "limited" => Cause::RateLimited { retry_after: Some(Duration::from_secs(30)) },
        "forbidden" => Cause::HttpDenied { status: 403 },
        "not json" => Cause::NotJson("<html>".into()),
        "login" => Cause::AuthenticationFailed("password authentication failed for user \"app\"".into()),
        "slots" => Cause::TooManyConnections("sorry, too many clients already".into()),
        "starting" => Cause::ServerNotReady("the database system is starting up".into()),
        "terminated" => Cause::SessionTerminated("terminating connection due to administrator command".into()),
        "cancelled" => Cause::OurQueryCancelled,
        "loading" => Cause::Loading { percent: Some(42.0) },
        "no password" => Cause::NoAuth,
        "no statements" => Cause::Denied {
            missing: "the extension pg_stat_statements".into(),
            fix: vec!["CREATE EXTENSION pg_stat_statements;".into()],
        },
        other => panic!("no cause is called {other}"),
    }
}

/// Counters of a cache; with a run it is a Redis.
pub fn counters(hits: u64, misses: u64, run: Option<&str>, evicted: u64) -> CacheReading {
    let redis = run.map(|run| RedisFigures {
        version: "7.2.4".into(),
        run_id: run.into(),
        role: "master".into(),
        ops_per_second: Some(1250.0),
        used_memory: Some(412 << 20),
        max_memory: Some(512 << 20),
        clients: Some(48),
        blocked_clients: Some(0),
        evicted_keys: Some(evicted),
        expired_keys: Some(12),
        keys: Some(125_000),
        keyspace: vec![(0, 125_000)],
        uptime_seconds: Some(86_400),
        eviction_policy: Some("allkeys-lru".into()),
        primary_link: None,
    });
    CacheReading { hits: Some(hits), misses: Some(misses), lifetime_ratio: None, redis, scalars: Vec::new() }
}

/// A statement: queryid, calls, total milliseconds, text.
pub type StatementRow = (i64, i64, f64, &'static str);

/// What a reading of PostgreSQL is made of.
#[derive(Clone, Debug)]
pub struct Postgres {
    pub used: u32,
    pub usable: u32,
    pub started: i64,
    pub replica: bool,
    pub pooler: bool,
    pub may_signal: bool,
    pub commits: i64,
    pub blocks_hit: i64,
    pub blocks_read: i64,
    pub idle_in_transaction: Option<Duration>,
    pub sessions: Vec<Session>,
    /// `None`: not this round's turn.
    pub statements: Option<Result<Vec<StatementRow>, Cause>>,
}

impl Default for Postgres {
    fn default() -> Postgres {
        Postgres {
            used: 12,
            usable: 97,
            started: 1,
            replica: false,
            pooler: false,
            may_signal: true,
            commits: 0,
            blocks_hit: 0,
            blocks_read: 0,
            idle_in_transaction: None,
            sessions: Vec::new(),
            statements: None,
        }
    }
}

impl Postgres {
    pub fn reading(self) -> DatabaseReading {
        let statements = self.statements.map(|part| part.map(|rows| snapshot(&rows)));
        let by_state = SessionState::ALL
            .into_iter()
            .map(|state| (state, self.sessions.iter().filter(|s| s.state == state).count() as u32))
            .filter(|(_, count)| *count > 0)
            .collect();
        let oldest = self.sessions.iter().filter(|s| s.state.holds_transaction()).filter_map(|s| s.state_age).max();
        let holder = Holder {
            user: Untrusted::new("app"),
            application: Untrusted::new("pggit-api"),
            client: "10.0.0.17".into(),
            count: self.used.saturating_sub(2),
        };
        DatabaseReading {
            server: ServerIdentity {
                version: "16.4".into(),
                version_num: 160_004,
                replica: self.replica,
                system_identifier: None,
                started_us: self.started,
                database: Untrusted::new("pggit"),
                database_oid: 16_384,
                user: Untrusted::new("app"),
                address: "10.0.0.5:5432".into(),
                pooler: self.pooler,
                may_signal: self.may_signal,
                clock_skew_seconds: 0.0,
            },
            took: Duration::from_millis(4),
            slots: Ok(Slots { max: self.usable + 3, reserved: 3, used: self.used, holders: vec![holder] }),
            sessions: Ok(Sessions {
                by_state,
                blocked: self.sessions.iter().filter(|s| !s.blocked_by.is_empty()).count() as u32,
                waiting: self.sessions.iter().filter(|s| s.wait.is_some()).count() as u32,
                list: self.sessions.into(),
                oldest_idle_in_transaction: self.idle_in_transaction.or(oldest),
                ..Sessions::default()
            }),
            counters: Ok(DatabaseCounters {
                commits: self.commits,
                rollbacks: self.commits / 100,
                blocks_hit: self.blocks_hit,
                blocks_read: self.blocks_read,
                deadlocks: 0,
                temp_bytes: 0,
                size_bytes: Some(44_237_000_000),
                stats_reset_us: Some(1),
            }),
            statements,
            scalars: Vec::new(),
            own_cost: OwnCost { statements: 61, waited: Duration::from_millis(240) },
        }
    }
}

fn snapshot(rows: &[(i64, i64, f64, &'static str)]) -> StatementsReading {
    let id = |query: i64| StatementId { user: 10, database: 5, query, top_level: true };
    let mut entries: Vec<StatementCounters> = rows
        .iter()
        .map(|(query, calls, total_ms, _)| StatementCounters {
            id: id(*query),
            calls: *calls,
            total_ms: *total_ms,
            rows: calls.wrapping_mul(3),
            blocks_hit: calls.wrapping_mul(40),
            blocks_read: *calls,
            temp_blocks: 0,
        })
        .collect();
    entries.sort_by_key(|e| e.id);
    let texts = rows.iter().map(|(query, .., text)| (id(*query), Arc::new(Untrusted::new(*text)))).collect();
    let snapshot = StatementSnapshot { entries: entries.into(), deallocations: Some(0), stats_reset_us: Some(1) };
    StatementsReading { snapshot, texts }
}

/// One session.
pub fn session(pid: i32, state: SessionState, seconds: u64, query: &str) -> Session {
    let age = Duration::from_secs(seconds);
    Session {
        id: SessionId { pid, backend_start_us: 7 },
        user: Untrusted::new("app"),
        application: Untrusted::new("pggit-api"),
        client: Safe::of("10.0.0.17"),
        database: Untrusted::new("pggit"),
        state,
        state_age: Some(age),
        query_age: (state == SessionState::Active).then_some(age),
        transaction_age: (state != SessionState::Idle).then_some(age),
        wait: None,
        blocked_by: Vec::new(),
        holds_back_vacuum: state.holds_transaction() && seconds > 100,
        query: Untrusted::new(query),
    }
}
