//! A reading as plain values, before names are known: the head, the sessions, the groups.

use std::collections::HashSet;
use std::net::IpAddr;

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::column::{Bytes, Micros, Xid, get};
use super::records::{Record, Records};
use crate::domain::session::SessionId;
use crate::domain::{Cause, Safe, Untrusted};

/// The server's row.
pub struct Head {
    pub started_us: i64,
    pub clock_us: i64,
    pub stats_reset_us: Option<i64>,
    pub replica: bool,
    pub counters: Option<Vec<Option<i64>>>,
}

/// A session's row.
#[derive(Clone)]
pub struct SessionRow {
    pub id: SessionId,
    pub role: Option<u32>,
    pub application: Untrusted,
    pub client: Option<IpAddr>,
    pub database: Option<u32>,
    pub state: Option<String>,
    pub state_change_us: Option<i64>,
    pub query_start_us: Option<i64>,
    pub transaction_start_us: Option<i64>,
    pub wait: Option<Safe>,
    pub lock_wait: bool,
    /// Whether it was asked who blocks it.
    pub asked: bool,
    pub blocked_by: Vec<i32>,
    pub xid: Option<u32>,
    pub xmin: Option<u32>,
    pub query: Option<Untrusted>,
    pub hidden: bool,
}

/// Sessions counted by the server, when there are too many to send.
pub struct StateGroup {
    pub state: Option<String>,
    pub hidden: bool,
    pub count: u32,
    pub waiting: u32,
}

/// Who holds slots, counted by the server.
pub struct HolderGroup {
    pub role: Option<u32>,
    pub application: Untrusted,
    pub client: Option<IpAddr>,
    pub count: u32,
}

/// A whole reading, sorted by what it is of.
pub struct Rows {
    pub head: Head,
    pub sessions: Vec<SessionRow>,
    /// Sessions that did not stir since the last reading: only their pids are sent.
    pub resting: Vec<i32>,
    pub states: Vec<StateGroup>,
    pub holders: Vec<HolderGroup>,
}

/// Reads the one row of a reading.
pub fn read(rows: &[Row]) -> Result<Rows, Cause> {
    let row = rows.first().ok_or_else(|| Cause::Protocol(Safe::of("the reading is empty")))?;
    let records = |at: usize| match row.columns().get(at).map(|column| column.type_() == &Type::RECORD_ARRAY) {
        Some(true) => get::<Option<Records<'_>>>(row, at).map(Option::unwrap_or_default),
        _ => Ok(Records::default()),
    };
    let sessions: Vec<SessionRow> = records(6)?.0.iter().map(session).collect::<Result<_, Cause>>()?;
    let sent: HashSet<i32> = sessions.iter().map(|row| row.id.pid).collect();
    let mut resting = get::<Option<Vec<i32>>>(row, 5)?.unwrap_or_default();
    resting.retain(|pid| !sent.contains(pid));
    Ok(Rows {
        head: head(row)?,
        sessions,
        resting,
        states: records(7)?.0.iter().map(state_group).collect::<Result<_, Cause>>()?,
        holders: records(8)?.0.iter().map(holder_group).collect::<Result<_, Cause>>()?,
    })
}

fn head(row: &Row) -> Result<Head, Cause> {
    Ok(Head {
        started_us: get::<Micros>(row, 0)?.0,
        clock_us: get::<Micros>(row, 1)?.0,
        stats_reset_us: get::<Option<Micros>>(row, 2)?.map(|instant| instant.0),
        replica: get(row, 3)?,
        counters: get(row, 4)?,
    })
}

fn session(row: &Record<'_>) -> Result<SessionRow, Cause> {
    let kind = row.get::<Option<&str>>(10)?;
    let event = row.get::<Option<&str>>(11)?;
    let blocked_by = row.get::<Option<Vec<i32>>>(12)?;
    Ok(SessionRow {
        id: SessionId { pid: row.get(0)?, backend_start_us: micros(row, 1)?.unwrap_or(0) },
        role: row.get(2)?,
        application: text(row, 3)?,
        client: row.get(4)?,
        database: row.get(5)?,
        state: row.get(6)?,
        state_change_us: micros(row, 7)?,
        query_start_us: micros(row, 8)?,
        transaction_start_us: micros(row, 9)?,
        wait: kind.map(|kind| Safe::of(format!("{kind}:{}", event.unwrap_or_default()))),
        lock_wait: kind == Some("Lock"),
        asked: blocked_by.is_some(),
        blocked_by: blocked_by.unwrap_or_default(),
        xid: row.get::<Option<Xid>>(13)?.map(|xid| xid.0),
        xmin: row.get::<Option<Xid>>(14)?.map(|xid| xid.0),
        query: row.get::<Option<Bytes<'_>>>(15)?.map(|bytes| bytes.keep()),
        hidden: row.get(16)?,
    })
}

fn state_group(row: &Record<'_>) -> Result<StateGroup, Cause> {
    Ok(StateGroup { state: row.get(0)?, hidden: row.get(1)?, count: count(row, 2)?, waiting: count(row, 3)? })
}

fn holder_group(row: &Record<'_>) -> Result<HolderGroup, Cause> {
    Ok(HolderGroup { role: row.get(0)?, application: text(row, 1)?, client: row.get(2)?, count: count(row, 3)? })
}

fn count(row: &Record<'_>, at: usize) -> Result<u32, Cause> {
    Ok(u32::try_from(row.get::<i64>(at)?).unwrap_or(0))
}

fn micros(row: &Record<'_>, at: usize) -> Result<Option<i64>, Cause> {
    Ok(row.get::<Option<Micros>>(at)?.map(|instant| instant.0))
}

fn text(row: &Record<'_>, at: usize) -> Result<Untrusted, Cause> {
    Ok(row.get::<Option<Bytes<'_>>>(at)?.map(|bytes| bytes.keep()).unwrap_or_default())
}
