//! One action on a database at a time, whoever asks from wherever: an advisory lock by which two bastions see each other.

use tokio_postgres::types::Type;

use super::super::Session;
use super::super::column::{Bytes, get};
use crate::domain::{Cause, Safe};

const CLAIM: &str = include_str!("sql/claim.sql");
const RELEASE: &str = include_str!("sql/release.sql");
const HOLDER: &str = include_str!("sql/holder.sql");
/// Our place among the advisory locks: `qdck`.
const CLASS: i32 = 0x7164_636b;

/// The lock's key.
#[derive(Clone, Copy)]
pub struct Turn {
    pub class: i32,
    pub object: i32,
}

impl Turn {
    /// Of the database that a session is in.
    pub fn of(session: &Session) -> Turn {
        Turn { class: CLASS, object: session.facts.database_oid.cast_signed() }
    }
}

/// Takes it for as long as the session lasts, or says who has it.
pub async fn claim(session: &mut Session) -> Result<(), Cause> {
    if session.claimed {
        return Ok(());
    }
    if session.facts.pooler {
        return Err(Cause::Misconfigured(Safe::of("behind a pooler no session is ours: a direct DSN is needed")));
    }
    let turn = Turn::of(session);
    let rows = session.link.query(CLAIM, &[(&turn.class, Type::INT4), (&turn.object, Type::INT4)]).await?;
    match rows.first().map(|row| get::<bool>(row, 0)).transpose()? {
        Some(true) => {
            session.claimed = true;
            Ok(())
        }
        _ => Err(taken(session).await),
    }
}

/// Gives it back.
pub async fn release(session: &mut Session) -> Result<(), Cause> {
    if !std::mem::take(&mut session.claimed) {
        return Ok(());
    }
    let turn = Turn::of(session);
    session.link.query(RELEASE, &[(&turn.class, Type::INT4), (&turn.object, Type::INT4)]).await?;
    Ok(())
}

/// Why it was not to be had.
pub async fn taken(session: &mut Session) -> Cause {
    let words = match holder(session).await {
        Ok(Some(holder)) => format!("held by another operator: {holder}"),
        Ok(None) => "another operator was just at it and is done: look again".to_owned(),
        Err(cause) => format!("held by another operator, who cannot be told ({cause})"),
    };
    Cause::Other(Safe::of(words))
}

/// Who else has it.
pub async fn holder(session: &mut Session) -> Result<Option<Safe>, Cause> {
    let turn = Turn::of(session);
    let numbers = [i64::from(turn.class.cast_unsigned()), i64::from(turn.object.cast_unsigned())];
    let parameters =
        [(&numbers[0] as _, Type::INT8), (&numbers[1] as _, Type::INT8), (&session.facts.database_oid as _, Type::OID)];
    let rows = session.link.query(HOLDER, &parameters).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let text = |at| get::<Option<Bytes<'_>>>(row, at).map(|told| told.map(|bytes| bytes.keep().one_line().clipped(60)));
    let or = |told: Option<Safe>, else_: &'static str| {
        told.filter(|told| !told.as_str().is_empty()).unwrap_or_else(|| Safe::of(else_))
    };
    let (role, application, client) =
        (or(text(0)?, "somebody"), or(text(1)?, "an application without a name"), or(text(2)?, "a place not told"));
    Ok(Some(Safe::of(format!("{role} with {application} from {client}, pid {}", get::<i32>(row, 3)?))))
}
