//! PostgreSQL: one kept connection per database, one composed statement per reading; a failure is a `Cause`, of the
//! whole reading or of one part. The caller decides when to read again. Only `actions` changes something: sessions.

mod actions;
mod backup;
mod capabilities;
mod cause;
mod column;
mod compose;
mod connect;
mod dial;
mod explain;
mod link;
mod login;
mod names;
mod password;
mod records;
mod room;
mod rows;
mod scalars;
mod sessions;
mod statements;
mod tls;
mod upkeep;
mod wire;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::DateTime;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::types::Type;

use crate::config::resolved::DatabaseSpec;
use crate::domain::cause::Phase;
use crate::domain::database::{
    DatabaseCounters, DatabaseReading, Part, ServerIdentity, Sessions, Slots, StatementsReading,
};
use crate::domain::{Cause, Safe};
use crate::remediation::turn::Reach;

use actions::kin::Member;
use actions::turn::HeldTurn;
use capabilities::Capabilities;
use compose::Ask;
use link::{Failure, Link};
use names::Names;
use rows::{Head, Rows};
use scalars::{Scalars, Transaction};
use sessions::Memory;
use statements::Statements;

pub use actions::kin::Kin;
pub use backup::{Backed, Counted, NotMade, ScratchServer};
pub use upkeep::Ended;

/// Our statements are ended by the server after this long.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(2);
/// Time for cancelling, after the deadline.
const CANCEL_TIME: Duration = Duration::from_millis(300);
/// How often the size is asked for.
const SIZE_EVERY: Duration = Duration::from_secs(60);
/// How long the size is left alone when asking for it took too long.
const SIZE_PAUSE: Duration = Duration::from_secs(600);
/// How long a part that failed is left out of the composed statement.
const PART_PAUSE: Duration = Duration::from_secs(60);
/// How often a missing right is looked for anew.
const RIGHTS_EVERY: Duration = Duration::from_secs(30);
/// More sessions than this are grouped by the server …
const CROWDED_FROM: u32 = 1000;
/// … until there are fewer than this again.
const CROWDED_TO: u32 = 800;
/// More waiting sessions than this, and only some are asked who blocks them.
const MOST_WAITING: u32 = 64;

/// One PostgreSQL server that is watched.
pub struct PostgresSource {
    spec: DatabaseSpec,
    session: Option<Session>,
    statements: Statements,
    scalars: Scalars,
    /// Whose sessions no action ever touches: users, applications.
    spared: (Vec<String>, Vec<String>),
    /// The turn that a run has, and up to which run they are over.
    turn: Option<HeldTurn>,
    over: Option<u64>,
    /// Sessions of this program.
    kin: Kin,
}

/// What belongs to one connection.
struct Session {
    link: Link,
    facts: Capabilities,
    transaction: Transaction,
    names: Names,
    memory: Memory,
    crowded: bool,
    readings: u64,
    started_us: Option<i64>,
    size: Option<i64>,
    size_next: Instant,
    rights_next: Instant,
    counters_out: Option<(Cause, Instant)>,
    sessions_out: Option<(Cause, Instant)>,
    /// The turn that it has.
    claimed: Option<Reach>,
    /// Its place among those of this program.
    member: Option<Member>,
}

impl PostgresSource {
    /// Nothing is opened before the first reading.
    #[must_use]
    pub fn new(spec: DatabaseSpec) -> PostgresSource {
        let statements = Statements::new(spec.statements_interval);
        let scalars = Scalars::new(spec.scalars.clone());
        let spared = <(Vec<String>, Vec<String>)>::default();
        PostgresSource { spec, session: None, statements, scalars, spared, turn: None, over: None, kin: Kin::default() }
    }

    /// Sessions of these users and applications are never touched, whatever an action selects.
    #[must_use]
    pub fn sparing(mut self, users: &[String], applications: &[String]) -> PostgresSource {
        self.spared = (users.to_vec(), applications.to_vec());
        self
    }

    /// What sessions of this program hold is no other operator's.
    #[must_use]
    pub fn among(mut self, kin: &Kin) -> PostgresSource {
        self.kin = kin.clone();
        self
    }

    /// Somebody waits for what is read here: the next reading carries every signal, whatever its interval, and
    /// the statements follow soon.
    pub fn hasten(&mut self) {
        self.statements.hasten();
        self.scalars.hasten();
    }

    /// One reading; connects first where there is no connection. The deadline is over everything. After a failure
    /// that leaves the connection in doubt it is closed, and the next reading opens another.
    pub async fn read(&mut self, deadline: Duration) -> Result<DatabaseReading, Cause> {
        let started = Instant::now();
        let until = started + deadline;
        let connecting = self.session.is_none();
        let outcome = timeout_at(until, self.attempt(until, deadline)).await;
        let outcome = outcome.unwrap_or_else(|_late| {
            let phase = if connecting && self.session.is_none() { Phase::Whole } else { Phase::Answer };
            Err(Cause::Timeout { phase, after: deadline })
        });
        self.settle(&outcome).await;
        outcome
    }

    /// Lets go of a connection that is broken, or busy with what nobody waits for any more.
    async fn settle<T>(&mut self, outcome: &Result<T, Cause>) {
        match outcome {
            Err(Cause::Timeout { .. }) => self.give_up().await,
            _ if self.session.as_ref().is_some_and(|session| !session.link.alive()) => self.session = None,
            _ => {}
        }
    }

    async fn give_up(&mut self) {
        if let Some(session) = self.session.take() {
            session.link.cancel(Instant::now() + CANCEL_TIME).await;
        }
    }

    /// Sees to it that there is a connection: the kept one, else a new one.
    async fn ready(&mut self, until: Instant, patience: u32) -> Result<(), Cause> {
        if self.session.is_some() {
            return Ok(());
        }
        let (link, facts) = connect::connect(&self.spec.target, until, patience).await?;
        let transaction = if facts.pooler {
            Transaction::behind_a_pooler(patience, self.spec.target.search_path.as_deref())
        } else {
            Transaction::of_our_session()
        };
        self.statements = Statements::new(self.spec.statements_interval);
        self.session = Some(Session { member: Some(self.kin.join()), ..Session::new(link, facts, transaction) });
        self.take_turn_again().await;
        Ok(())
    }

    async fn attempt(&mut self, until: Instant, deadline: Duration) -> Result<DatabaseReading, Cause> {
        let patience = patience(deadline);
        self.ready(until, patience).await?;
        let Some(session) = &mut self.session else { return Err(not_connected()) };
        let mut reading = session.reading().await?;
        // What is left of the time; a part that takes longer fails alone.
        let parts_until = until.checked_sub(CANCEL_TIME.min(deadline / 5)).unwrap_or(until);
        if session.facts.statements.is_err() {
            session.look_for_rights(&self.spec, patience).await?;
        }
        // Readings come in rounds: what would be due before the next one is due now.
        if self.statements.due(Instant::now() + self.spec.interval / 2) {
            reading.statements = Some(read_statements(&mut self.statements, session, parts_until).await);
        }
        let late = matches!(reading.statements, Some(Err(Cause::Timeout { .. })));
        if !late {
            let (link, transaction) = (&mut session.link, &session.transaction);
            reading.scalars = self.scalars.read(link, transaction, self.spec.interval, parts_until).await;
        }
        reading.own_cost = session.link.cost;
        if late || reading.scalars.iter().any(|(_, value)| matches!(value, Err(Cause::Timeout { .. }))) {
            // The connection is busy with what we no longer wait for.
            self.give_up().await;
        }
        Ok(reading)
    }
}

fn not_connected() -> Cause {
    Cause::ConnectionLost(Safe::of("there is no connection"))
}

/// The server's time-out for our statements, in milliseconds: under the deadline, so that the server ends them first.
fn patience(deadline: Duration) -> u32 {
    let ours = STATEMENT_TIMEOUT.min(deadline.mul_f64(0.8));
    u32::try_from(ours.as_millis()).unwrap_or(u32::MAX).max(1)
}

async fn read_statements(reader: &mut Statements, session: &mut Session, until: Instant) -> Part<StatementsReading> {
    let started = Instant::now();
    match &session.facts.statements {
        Err(cause) => {
            reader.postpone(started);
            Err(cause.clone())
        }
        Ok(shape) => timeout_at(until, reader.read(&mut session.link, shape))
            .await
            .unwrap_or_else(|_late| Err(Cause::Timeout { phase: Phase::Answer, after: started.elapsed() })),
    }
}

impl Session {
    fn new(link: Link, facts: Capabilities, transaction: Transaction) -> Session {
        let now = Instant::now();
        Session {
            link,
            facts,
            transaction,
            names: Names::default(),
            memory: Memory::default(),
            crowded: false,
            readings: 0,
            started_us: None,
            size: None,
            size_next: now,
            rights_next: now + RIGHTS_EVERY,
            counters_out: None,
            sessions_out: None,
            claimed: None,
            member: None,
        }
    }

    /// An extension or a grant may have come since: asks again from time to time while one is missing.
    async fn look_for_rights(&mut self, spec: &DatabaseSpec, patience: u32) -> Result<(), Cause> {
        let now = Instant::now();
        if now >= self.rights_next {
            self.rights_next = now + RIGHTS_EVERY;
            self.facts = capabilities::probe(&mut self.link, &spec.target, patience).await?;
        }
        Ok(())
    }

    async fn reading(&mut self) -> Result<DatabaseReading, Cause> {
        let before = wall_seconds();
        let started = Instant::now();
        let rows = self.rows().await?;
        let took = started.elapsed();
        if self.started_us.is_some_and(|known| known != rows.head.started_us) {
            // Behind a pooler another server may answer from one reading to the next: what we know is of the old one.
            self.link.close();
            return Err(Cause::SessionTerminated(Safe::of("the server behind the pooler restarted")));
        }
        self.started_us = Some(rows.head.started_us);
        self.readings += 1;
        let counters = self.counters(&rows.head);
        let skew = rows.head.clock_us as f64 / 1e6 - (before + took.as_secs_f64() / 2.0);
        let server = self.identity(&rows.head, skew);
        let (slots, sessions) = self.sessions(rows).await?;
        Ok(DatabaseReading {
            server,
            took,
            slots,
            sessions,
            counters,
            statements: None,
            scalars: Vec::new(),
            own_cost: self.link.cost,
        })
    }

    fn identity(&self, head: &Head, clock_skew_seconds: f64) -> ServerIdentity {
        ServerIdentity {
            version: self.facts.version.clone(),
            version_num: self.facts.version_num,
            replica: head.replica,
            system_identifier: self.facts.system_identifier.clone(),
            started_us: head.started_us,
            database: self.facts.database.clone(),
            database_oid: self.facts.database_oid,
            user: self.facts.user.clone(),
            address: self.link.origin.shown.clone(),
            pooler: self.facts.pooler,
            may_signal: self.facts.may_signal,
            clock_skew_seconds,
        }
    }

    /// The composed statement; where it fails for a part of it, the parts one by one.
    async fn rows(&mut self) -> Result<Rows, Cause> {
        let now = Instant::now();
        let out = |part: &Option<(Cause, Instant)>| part.as_ref().is_some_and(|(_, again)| now < *again);
        let counters = !out(&self.counters_out);
        let ask = match (out(&self.sessions_out), self.crowded) {
            (true, _) => Ask::None,
            (false, true) => Ask::Crowded,
            (false, false) => Ask::Plain,
        };
        let rows = match self.ask(counters, ask).await {
            Ok(rows) => rows,
            Err(failure) if self.is_of_a_part(&failure) => self.split(counters, ask).await?,
            Err(failure) => return Err(failure.cause),
        };
        if counters && self.counters_out.as_ref().is_some_and(|(_, again)| now >= *again) {
            self.counters_out = None;
        }
        Ok(rows)
    }

    async fn ask(&mut self, counters: bool, sessions: Ask) -> Result<Rows, Failure> {
        let now = Instant::now();
        // Not with the first reading: the screen waits for that one.
        let size = counters && self.facts.may_size && self.readings > 0 && now >= self.size_next;
        if size {
            self.size_next = now + SIZE_EVERY;
        }
        let all_queries = self.readings == 0;
        let since = DateTime::from_timestamp_micros(self.memory.since_us).unwrap_or_default();
        let sql = compose::reading(counters, sessions);
        let wanted = std::mem::take(&mut self.memory.wanted);
        let answer = self
            .link
            .query(
                &sql,
                &[
                    (&size, Type::BOOL),
                    (&wanted, Type::INT4_ARRAY),
                    (&self.facts.database_oid, Type::OID),
                    (&all_queries, Type::BOOL),
                    (&since, Type::TIMESTAMPTZ),
                ],
            )
            .await;
        if size && answer.as_ref().is_err_and(|failure| failure.state.as_deref() == Some("57014")) {
            // So many files that they cannot be counted in time: that must not cost a reading every minute.
            self.size_next = now + SIZE_PAUSE;
        }
        rows::read(&answer?).map_err(|cause| Failure { cause, state: None })
    }

    /// Whether a failure may be the fault of one part. A cancelled statement is not split: that would only repeat it.
    fn is_of_a_part(&self, failure: &Failure) -> bool {
        let Some(state) = failure.state.as_deref() else { return false };
        self.link.alive() && !matches!(state, "57014" | "55P03") && !cause::ends_session(state)
    }

    async fn split(&mut self, counters: bool, sessions: Ask) -> Result<Rows, Cause> {
        let again = Instant::now() + PART_PAUSE;
        let mut rows = self.ask(false, Ask::None).await?;
        if counters {
            match self.ask(true, Ask::None).await {
                Ok(with) => rows.head = with.head,
                Err(failure) if self.is_of_a_part(&failure) => self.counters_out = Some((failure.cause, again)),
                Err(failure) => return Err(failure.cause),
            }
        }
        if sessions != Ask::None {
            match self.ask(false, sessions).await {
                Ok(with) => {
                    self.sessions_out = None;
                    rows = Rows { head: rows.head, ..with };
                }
                Err(failure) if self.is_of_a_part(&failure) => self.sessions_out = Some((failure.cause, again)),
                Err(failure) => return Err(failure.cause),
            }
        }
        Ok(rows)
    }

    fn counters(&mut self, head: &Head) -> Part<DatabaseCounters> {
        let Some(figures) = &head.counters else {
            let unknown = Cause::Protocol(Safe::of("the counters are missing"));
            return Err(self.counters_out.as_ref().map_or(unknown, |(cause, _)| cause.clone()));
        };
        let at = |index: usize| figures.get(index).copied().flatten();
        self.size = at(6).or(self.size);
        let hit = at(2).unwrap_or(0);
        Ok(DatabaseCounters {
            commits: at(0).unwrap_or(0),
            rollbacks: at(1).unwrap_or(0),
            blocks_hit: hit,
            blocks_read: at(3).unwrap_or(0).saturating_sub(hit).max(0),
            deadlocks: at(4).unwrap_or(0),
            temp_bytes: at(5).unwrap_or(0),
            size_bytes: self.size,
            stats_reset_us: head.stats_reset_us,
        })
    }

    async fn sessions(&mut self, rows: Rows) -> Result<(Part<Slots>, Part<Sessions>), Cause> {
        let now = Instant::now();
        if let Some((cause, again)) = &self.sessions_out {
            if now < *again {
                return Ok((Err(cause.clone()), Err(cause.clone())));
            }
            self.sessions_out = None;
        }
        let roles: Vec<u32> =
            rows.sessions.iter().map(|r| r.role).chain(rows.holders.iter().map(|h| h.role)).flatten().collect();
        let databases: Vec<u32> = rows.sessions.iter().filter_map(|r| r.database).collect();
        self.names.learn(&mut self.link, &roles, &databases).await?;
        let (slots, sessions) = sessions::build(rows, &self.facts, &self.names, &mut self.memory);
        self.crowded =
            sessions.waiting > MOST_WAITING || slots.used > if self.crowded { CROWDED_TO } else { CROWDED_FROM };
        Ok((Ok(slots), Ok(sessions)))
    }
}

/// Wall time in seconds since 1970, only to compare with the server's clock.
fn wall_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
