//! Dropping what a cancelled reindex left, in one transaction that has the table to itself: the index is looked at once nobody
//! can change it any more, dropped, and what was dropped is looked at before that counts. A drop that lets others go on
//! meanwhile cannot be part of a transaction, and would drop whatever bears the name when its turn comes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio_postgres::types::Type;

use super::super::Session;
use super::super::column::get;
use super::super::link::Failure;
use super::relation::Found;
use crate::adapters::leave::Leave;
use crate::domain::{Cause, Safe, Untrusted, figure};
use crate::remediation::upkeep::UpkeepStep;

const NOW: &str = include_str!("sql/leftover.sql");
const BEGIN: &str = "BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE";
const GONE: &str = "SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.oid = $1)";

/// What is sent, for the card.
pub fn effect(found: &Found) -> Vec<Untrusted> {
    let condition = format!("(only if it still is the invalid index of oid {}, else ROLLBACK)", found.relation.oid);
    let lock = found.lock.clone().unwrap_or_default();
    vec![BEGIN.into(), lock, condition.into(), found.relation.command.clone(), "COMMIT".into()]
}

/// What it costs others, for the card.
pub fn cost(found: &Found, lock_timeout: Duration) -> Safe {
    Safe::of(format!(
        "while it waits for its lock, {} at most, and for the moment of the drop nobody can read or write {}",
        figure::span(lock_timeout),
        found.table.1.one_line()
    ))
}

/// Does it; or why it is not what was consented to, and is as it was. `sent` is set before what cannot be taken back is sent.
pub async fn dropped(
    session: &mut Session,
    step: &UpkeepStep,
    lock: &Untrusted,
    leave: &Leave,
    sent: &AtomicBool,
) -> Result<Result<(), Safe>, Failure> {
    let done = attempt(session, step, lock, leave, sent).await;
    if !matches!(done, Ok(Ok(()))) && session.link.alive() {
        // Where this fails, the end of the connection does the same.
        if session.link.run("ROLLBACK").await.is_err() {
            session.link.close();
        }
    }
    done
}

async fn attempt(
    session: &mut Session,
    step: &UpkeepStep,
    lock: &Untrusted,
    leave: &Leave,
    sent: &AtomicBool,
) -> Result<Result<(), Safe>, Failure> {
    let (lock, command) = (text(lock)?, text(&step.on.command)?);
    let name = String::from_utf8_lossy(step.on.name.as_bytes()).into_owned();
    session.link.run(BEGIN).await?;
    session.link.query(lock, &[]).await?;
    let rows = session.link.query(NOW, &[(&name as _, Type::TEXT), (&step.on.oid as _, Type::OID)]).await?;
    let row = rows.first().ok_or_else(|| odd("the server says nothing of it"))?;
    let (oid, valid) = (get::<Option<u32>>(row, 0)?, get::<Option<bool>>(row, 1)?);
    if let Some(why) = against(step, oid, valid) {
        return Ok(Err(why));
    }
    // It may have waited for the lock, and the machine may have slept.
    leave.ask()?;
    session.link.query(command, &[]).await?;
    // An index can be renamed whoever has its table.
    let rows = session.link.query(GONE, &[(&step.on.oid as _, Type::OID)]).await?;
    if !rows.first().map_or(Ok(false), |row| get::<bool>(row, 0))? {
        return Ok(Err(Safe::of(format!("{} is another now", step.on.name.one_line()))));
    }
    sent.store(true, Ordering::Relaxed);
    session.link.run("COMMIT").await?;
    Ok(Ok(()))
}

/// Why what is there now is not what was consented to.
pub fn against(step: &UpkeepStep, oid: Option<u32>, valid: Option<bool>) -> Option<Safe> {
    let name = step.on.name.one_line();
    let then = step.on.oid;
    match (oid, valid) {
        (Some(now), Some(false)) if now == then => None,
        (Some(now), Some(true)) if now == then => {
            Some(Safe::of(format!("{name} can be used again, and is no leftover")))
        }
        (Some(now), _) if now != then => Some(Safe::of(format!("{name} is another now (oid {now}, was {then})"))),
        _ => Some(Safe::of(format!("{name} (oid {then}) is not there any more"))),
    }
}

fn text(sql: &Untrusted) -> Result<&str, Failure> {
    std::str::from_utf8(sql.as_bytes()).map_err(|_bad| odd("the statement is not UTF-8"))
}

fn odd(words: &str) -> Failure {
    Failure::from(Cause::Protocol(Safe::of(words)))
}
