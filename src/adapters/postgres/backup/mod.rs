//! What a backup needs of PostgreSQL, over connections of its own: one exported snapshot that is counted and dumped, and a
//! scratch database that is made, counted and dropped. The programs that dump and restore are not run here.

mod reach;

use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::types::Type;

use super::actions::{identity, turn};
use super::cause::quoted;
use super::column::{Bytes, get};
use super::room::{Room, room};
use super::upkeep::against_the_server;
use super::{PostgresSource, Session, not_connected, patience};
use crate::domain::cause::Phase;
use crate::domain::{Cause, Safe, Untrusted};
use crate::remediation::backup::{Count, SCRATCH};
use crate::remediation::card::{Identity, Preview};
use crate::remediation::step::{SessionVerb, StepEnd};
use crate::remediation::turn::Reach;

const DATABASE: &str = include_str!("sql/database.sql");
const TABLES: &str = include_str!("sql/tables.sql");
const ON_SCRATCH: &str = include_str!("sql/scratch.sql");
const SESSION: &str = include_str!("sql/session.sql");
const COMPOSE: &str = include_str!("sql/compose.sql");
/// Logins that a backup needs beside the kept one: the snapshot's and the dump's.
const LOGINS: i64 = 2;
/// `duplicate_database`
const DUPLICATE: &str = "42P04";
/// What is looked at before takes no longer.
const BRIEF: Duration = Duration::from_secs(10);

/// What is known of a database that is to be backed up.
#[derive(Debug)]
pub struct Backed {
    /// Identity, what speaks against it, and remarks.
    pub preview: Preview,
    /// Major version of the server.
    pub major: u32,
    /// Its size in bytes, where it may be asked for.
    pub size: Option<i64>,
    /// Tables that would be dumped and counted.
    pub tables: i64,
}

/// What is known of the server where it would be restored.
#[derive(Debug)]
pub struct ScratchServer {
    /// Which server, in words: part of what is consented to.
    pub which: Untrusted,
    /// What it says it is.
    pub identity: Identity,
    /// Major version.
    pub major: u32,
    /// Why nothing can be restored there.
    pub obstacles: Vec<Safe>,
    /// Scratch databases of other runs that are still there.
    pub left: Vec<Safe>,
    /// Its places, while we look with one connection.
    room: Room,
}

impl ScratchServer {
    /// Whether the logins can succeed that are there at the same time: the one that makes and drops the scratch database, which
    /// is the one that looks now, and beside it the program that restores or who counts the copy, while the one before may not
    /// have left yet. Where the database itself is on the same server, its snapshot is held all the while.
    pub fn logins(&self, is_same_server: bool) -> Result<Safe, Safe> {
        self.room.for_logins(if is_same_server { 3 } else { 2 })
    }
}

/// Why there is no new scratch database.
#[derive(Debug)]
pub struct NotMade {
    /// Why.
    pub cause: Cause,
    /// It may be there all the same, and it would be ours.
    pub may_be_there: bool,
}

impl From<Cause> for NotMade {
    fn from(cause: Cause) -> NotMade {
        NotMade { cause, may_be_there: false }
    }
}

/// A table, and the statement that counts it.
#[derive(Clone, Debug)]
pub struct Counted {
    /// Whole name, quoted by the server.
    pub table: Untrusted,
    /// Composed by the server.
    sql: String,
}

impl PostgresSource {
    /// What a backup of this database would be. Only reads.
    pub async fn look_at_backup(&mut self, within: Duration) -> Result<Backed, Cause> {
        let until = Instant::now() + within;
        let work = async {
            self.ready(until, patience(self.spec.deadline)).await?;
            look(self.session.as_mut().ok_or_else(not_connected)?).await
        };
        let outcome = timeout_at(until, work).await.unwrap_or_else(|_late| Err(late(within)));
        self.settle(&outcome).await;
        outcome
    }

    /// Whether a scratch database can be made here. Only reads.
    pub async fn look_at_scratch(&mut self, within: Duration) -> Result<ScratchServer, Cause> {
        let until = Instant::now() + within;
        let work = async {
            self.ready(until, patience(self.spec.deadline)).await?;
            look_at_scratch(self.session.as_mut().ok_or_else(not_connected)?).await
        };
        let outcome = timeout_at(until, work).await.unwrap_or_else(|_late| Err(late(within)));
        self.settle(&outcome).await;
        outcome
    }

    /// Takes the turn of the confirmed database, and exports a snapshot that lives as long as this
    /// connection; and the encoding.
    pub async fn export_snapshot(
        &mut self,
        confirmed: &Identity,
        deadline: Duration,
    ) -> Result<(String, String), StepEnd> {
        let until = Instant::now() + BRIEF.min(deadline);
        let work = async {
            self.long_session(until, deadline).await.map_err(StepEnd::Failed)?;
            let session = self.session.as_mut().ok_or_else(|| StepEnd::Failed(not_connected()))?;
            let found = identity::read(session, SessionVerb::Cancel, None).await.map_err(StepEnd::Failed)?;
            if let Some(what) = identity::difference(confirmed, &found.identity) {
                return Err(StepEnd::OtherTarget(what));
            }
            turn::claim(session, Reach::Database, BRIEF.min(deadline) / 2).await.map_err(StepEnd::Failed)?;
            let begin = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
            session.link.run(begin).await.map_err(|failure| StepEnd::Failed(failure.cause))?;
            let sql = "SELECT pg_catalog.pg_export_snapshot(), pg_catalog.pg_encoding_to_char(d.encoding)::pg_catalog.text \
                FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()";
            let rows = session.link.query(sql, &[]).await.map_err(|failure| StepEnd::Failed(failure.cause))?;
            let row = rows.first().ok_or_else(|| StepEnd::Failed(not_connected()))?;
            let text = |at| get::<Bytes<'_>>(row, at).map(|bytes| String::from_utf8_lossy(bytes.0).into_owned());
            Ok((text(0).map_err(StepEnd::Failed)?, text(1).map_err(StepEnd::Failed)?))
        };
        timeout_at(until, work).await.unwrap_or_else(|_late| Err(StepEnd::Failed(late(BRIEF))))
    }

    /// The tables of the database, as this connection sees them: all of them, or none where there are more than `most`.
    pub async fn tables(&mut self, most: usize, deadline: Duration) -> Result<Vec<Counted>, Cause> {
        let until = Instant::now() + BRIEF.min(deadline);
        if self.session.is_none() {
            timeout_at(until, self.long_session(until, deadline)).await.map_err(|_late| late(BRIEF))??;
        }
        let session = self.session.as_mut().ok_or_else(not_connected)?;
        let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
        let rows = timeout_at(until, session.link.query(TABLES, &[(&limit as _, Type::INT8)])).await;
        let rows = rows.map_err(|_late| late(BRIEF))??;
        // What is not counted is not compared: a part of them proves nothing.
        if rows.len() > most {
            return Err(Cause::TooLarge { what: Safe::of("the list of tables"), limit: most as u64 });
        }
        let table = |row| {
            let sql = String::from_utf8_lossy(get::<Bytes<'_>>(row, 1)?.0).into_owned();
            Ok(Counted { table: get::<Bytes<'_>>(row, 0)?.keep(), sql })
        };
        rows.iter().map(table).collect()
    }

    /// Counts one. The caller keeps the time.
    pub async fn count(&mut self, table: &Counted) -> Result<Count, Cause> {
        let session = self.session.as_mut().ok_or_else(not_connected)?;
        let rows = session.link.query(&table.sql, &[]).await?;
        let row = rows.first().ok_or_else(not_connected)?;
        Ok(Count { table: table.table.clone(), rows: get(row, 0)? })
    }

    /// Makes a scratch database, on the server that was consented to and nowhere else.
    pub async fn make_scratch(
        &mut self,
        name: &str,
        encoding: &str,
        on: &Untrusted,
        deadline: Duration,
    ) -> Result<(), NotMade> {
        let (create, _) = self.composed(name, encoding, deadline).await?;
        self.is_still(on).await?;
        let session = self.session.as_mut().ok_or_else(not_connected)?;
        match timeout(deadline, session.link.run(&create)).await {
            Ok(Ok(())) => Ok(()),
            // Somebody else's by that name.
            Ok(Err(failure)) => {
                Err(NotMade { may_be_there: failure.state.as_deref() != Some(DUPLICATE), cause: failure.cause })
            }
            Err(_late) => Err(NotMade { cause: late(deadline), may_be_there: true }),
        }
    }

    /// Drops it, whoever is still in it; on the server where it was made and nowhere else.
    pub async fn drop_scratch(&mut self, name: &str, on: &Untrusted, deadline: Duration) -> Result<(), Cause> {
        if !name.starts_with(SCRATCH) {
            return Err(Cause::Misconfigured(Safe::of(format!("{name} is no scratch database of ours"))));
        }
        if self.session.as_ref().is_some_and(|session| !session.link.alive()) {
            self.session = None;
        }
        let (_, drop) = self.composed(name, "UTF8", deadline).await?;
        self.is_still(on).await?;
        let session = self.session.as_mut().ok_or_else(not_connected)?;
        Ok(timeout(deadline, session.link.run(&drop)).await.map_err(|_late| late(deadline))??)
    }

    /// A connection that was made anew may have led to another server.
    async fn is_still(&mut self, on: &Untrusted) -> Result<(), Cause> {
        let session = self.session.as_mut().ok_or_else(not_connected)?;
        let found = timeout(BRIEF, identity::read(session, SessionVerb::Cancel, None)).await;
        let now = which(&found.map_err(|_late| late(BRIEF))??.identity);
        if now == *on {
            return Ok(());
        }
        let (now, on) = (now.one_line(), on.one_line());
        Err(Cause::Other(Safe::of(format!("the scratch server is {now} now and was {on}: nothing was done there"))))
    }

    async fn composed(&mut self, name: &str, encoding: &str, deadline: Duration) -> Result<(String, String), Cause> {
        let until = Instant::now() + BRIEF.min(deadline);
        let work = async {
            self.long_session(until, deadline).await?;
            let session = self.session.as_mut().ok_or_else(not_connected)?;
            let rows = session.link.query(COMPOSE, &[(&name as _, Type::TEXT), (&encoding as _, Type::TEXT)]).await?;
            let row = rows.first().ok_or_else(not_connected)?;
            let text = |at| get::<Bytes<'_>>(row, at).map(|bytes| String::from_utf8_lossy(bytes.0).into_owned());
            Ok((text(0)?, text(1)?))
        };
        timeout_at(until, work).await.map_err(|_late| late(BRIEF))?
    }

    /// Connected, with the patience of what takes long.
    async fn long_session(&mut self, until: Instant, deadline: Duration) -> Result<(), Cause> {
        self.ready(until, patience(BRIEF)).await?;
        let session = self.session.as_mut().ok_or_else(not_connected)?;
        let patience = deadline.as_millis().clamp(1, i32::MAX as u128).to_string();
        session.link.query(SESSION, &[(&patience as _, Type::TEXT)]).await?;
        Ok(())
    }
}

async fn look(session: &mut Session) -> Result<Backed, Cause> {
    let found = identity::read(session, SessionVerb::Cancel, None).await?;
    let mut preview = Preview { identity: found.identity, ..Preview::default() };
    against_the_server(session, &mut preview, LOGINS).await?;
    let rows = session.link.query(DATABASE, &[]).await?;
    let row = rows.first().ok_or_else(not_connected)?;
    let hidden = get::<i64>(row, 3)?;
    if hidden > 0 {
        let which = get::<Option<Bytes<'_>>>(row, 4)?.map(|bytes| bytes.keep().one_line()).unwrap_or_default();
        let user = quoted(session.facts.user.one_line().as_str());
        preview.obstacles.push(Safe::of(format!(
            "{user} may not read {hidden} of the tables ({which}, …): GRANT pg_read_all_data TO {user};"
        )));
    }
    Ok(Backed { major: session.facts.version_num / 10_000, size: get(row, 0)?, tables: get(row, 2)?, preview })
}

async fn look_at_scratch(session: &mut Session) -> Result<ScratchServer, Cause> {
    let found = identity::read(session, SessionVerb::Cancel, None).await?;
    let rows = session.link.query(ON_SCRATCH, &[(&SCRATCH as _, Type::TEXT)]).await?;
    let row = rows.first().ok_or_else(not_connected)?;
    let user = quoted(session.facts.user.one_line().as_str());
    let mut obstacles = Vec::new();
    if session.facts.pooler {
        obstacles.push(Safe::of("the scratch server is behind a pooler: give it a direct DSN"));
    }
    if session.facts.replica {
        obstacles.push(Safe::of("the scratch server is a replica, which is read-only"));
    }
    if !get::<bool>(row, 0)? {
        obstacles.push(Safe::of(format!("{user} may not make a scratch database: ALTER ROLE {user} CREATEDB;")));
    }
    let left = get::<Vec<Bytes<'_>>>(row, 1)?;
    let room = room(session).await?;
    Ok(ScratchServer {
        which: which(&found.identity),
        identity: found.identity,
        major: session.facts.version_num / 10_000,
        obstacles,
        left: left.iter().map(|name| name.keep().one_line()).collect(),
        // The copy has a database of its own.
        room: room.elsewhere(),
    })
}

/// A server in words.
fn which(identity: &Identity) -> Untrusted {
    let facts = identity.facts.iter().filter(|(name, _)| matches!(*name, "system identifier" | "server" | "user"));
    let which: Vec<String> = facts.map(|(name, value)| format!("{name} {}", value.one_line())).collect();
    Untrusted::from(which.join(", "))
}

fn late(within: Duration) -> Cause {
    Cause::Timeout { phase: Phase::Answer, after: within }
}
