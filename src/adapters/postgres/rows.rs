//! The rows of a reading as plain values, before names are known: the head, the sessions, the groups.

use std::net::IpAddr;

use tokio_postgres::Row;

use super::column::{Bytes, Micros, Xid, get};
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

/// All rows of a reading, sorted by what they are.
#[derive(Default)]
pub struct Rows {
    pub head: Option<Head>,
    pub sessions: Vec<SessionRow>,
    pub states: Vec<StateGroup>,
    pub holders: Vec<HolderGroup>,
}

/// Reads them.
pub fn read(rows: &[Row]) -> Result<Rows, Cause> {
    let mut all = Rows::default();
    for row in rows {
        match get::<i32>(row, 0)? {
            0 => all.head = Some(head(row)?),
            -1 => all.states.push(state_group(row)?),
            kind if kind < 0 => all.holders.push(holder_group(row)?),
            pid => all.sessions.push(session(row, pid)?),
        }
    }
    Ok(all)
}

fn head(row: &Row) -> Result<Head, Cause> {
    Ok(Head {
        started_us: get::<Micros>(row, 1)?.0,
        clock_us: get::<Micros>(row, 7)?.0,
        stats_reset_us: micros(row, 8)?,
        replica: get(row, 16)?,
        counters: get(row, 17)?,
    })
}

fn session(row: &Row, pid: i32) -> Result<SessionRow, Cause> {
    let event = get::<Option<&str>>(row, 11)?;
    let kind = get::<Option<&str>>(row, 10)?;
    Ok(SessionRow {
        id: SessionId { pid, backend_start_us: micros(row, 1)?.unwrap_or(0) },
        role: get(row, 2)?,
        application: text(row, 3)?,
        client: get(row, 4)?,
        database: get(row, 5)?,
        state: get(row, 6)?,
        state_change_us: micros(row, 7)?,
        query_start_us: micros(row, 8)?,
        transaction_start_us: micros(row, 9)?,
        wait: kind.map(|kind| Safe::of(format!("{kind}:{}", event.unwrap_or_default()))),
        lock_wait: kind == Some("Lock"),
        blocked_by: get::<Option<Vec<i32>>>(row, 12)?.unwrap_or_default(),
        xid: get::<Option<Xid>>(row, 13)?.map(|xid| xid.0),
        xmin: get::<Option<Xid>>(row, 14)?.map(|xid| xid.0),
        query: get::<Option<Bytes<'_>>>(row, 15)?.map(|bytes| bytes.keep()),
        hidden: get(row, 16)?,
    })
}

fn state_group(row: &Row) -> Result<StateGroup, Cause> {
    let (count, waiting) = counts(row)?;
    Ok(StateGroup { state: get(row, 6)?, hidden: get::<Option<bool>>(row, 16)? == Some(true), count, waiting })
}

fn holder_group(row: &Row) -> Result<HolderGroup, Cause> {
    Ok(HolderGroup { role: get(row, 2)?, application: text(row, 3)?, client: get(row, 4)?, count: counts(row)?.0 })
}

fn counts(row: &Row) -> Result<(u32, u32), Cause> {
    let figures: Vec<i64> = get(row, 17)?;
    let at = |index: usize| figures.get(index).and_then(|n| u32::try_from(*n).ok()).unwrap_or(0);
    Ok((at(0), at(1)))
}

fn micros(row: &Row, at: usize) -> Result<Option<i64>, Cause> {
    Ok(get::<Option<Micros>>(row, at)?.map(|instant| instant.0))
}

fn text(row: &Row, at: usize) -> Result<Untrusted, Cause> {
    Ok(get::<Option<Bytes<'_>>>(row, at)?.map(|bytes| bytes.keep()).unwrap_or_default())
}
