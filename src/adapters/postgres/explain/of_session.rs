//! The statement of a session: its own text where the server kept all of it, else the one that `pg_stat_statements` keeps
//! under the same number. Where neither is known, why not.

use tokio_postgres::types::Type;

use super::{Judged, judged, kept_text, read_text};
use crate::adapters::postgres::Session;
use crate::adapters::postgres::cause::quoted;
use crate::adapters::postgres::column::get;
use crate::domain::session::SessionId;
use crate::domain::statement::StatementId;
use crate::domain::{Cause, Safe};
use crate::remediation::card::Preview;
use crate::remediation::explain::{KeptText, LONGEST};

const SESSION: &str = include_str!("session.sql");
/// From here on the server tells by which number it knows what a session runs.
const TELLS_NUMBER: u32 = 140_000;

/// What is known of the statement of a session.
struct Told {
    kept: KeptText,
    /// `query_id`; none where nobody computes it.
    number: Option<i64>,
    database: Option<u32>,
    /// This role may not see it.
    hidden: bool,
}

/// Finds what can be planned, or says why nothing can.
pub async fn look(session: &mut Session, id: SessionId, patience: u32, preview: &mut Preview) -> Result<(), Cause> {
    let Some(told) = read(session, id).await? else {
        preview.obstacles.push(Safe::of("the session is gone"));
        return Ok(());
    };
    if told.hidden {
        let user = quoted(session.facts.user.one_line().as_str());
        let why = format!("this role may not see what it runs: GRANT pg_read_all_stats TO {user};");
        preview.obstacles.push(Safe::of(why));
        return Ok(());
    }
    if told.database != Some(session.facts.database_oid) {
        preview.obstacles.push(Safe::of(super::ELSEWHERE));
        return Ok(());
    }
    let why = match judged(session, &told.kept, patience).await? {
        Judged::Planned(planned, None) => {
            preview.remarks.push(Safe::of("its text is the session's own, whole and with its values"));
            super::plans(preview, planned, patience);
            return Ok(());
        }
        Judged::Planned(_, Some(why)) | Judged::Not(why) => why,
    };
    let kept = match told.number.filter(|number| *number != 0) {
        None => {
            Err("by which number pg_stat_statements knows it is not told (compute_query_id, from PostgreSQL 14 on)")
        }
        Some(_) if session.facts.statements.is_err() => Err("there is no pg_stat_statements that would know all of it"),
        Some(number) => {
            let id = StatementId { database: session.facts.database_oid, ..StatementId::bare(number) };
            read_text(session, id).await?.ok_or("pg_stat_statements does not hold it")
        }
    };
    let also = match kept {
        Err(also) => Safe::of(also),
        Ok(kept) => match judged(session, &kept, patience).await? {
            Judged::Planned(planned, None) => {
                let number = told.number.unwrap_or_default();
                let words =
                    format!("its text is that of pg_stat_statements (query {number}), with $1 for a value: {why}");
                preview.remarks.push(Safe::of(words));
                super::plans(preview, planned, patience);
                return Ok(());
            }
            Judged::Planned(_, Some(why)) | Judged::Not(why) => why,
        },
    };
    preview.obstacles.push(why);
    preview.obstacles.push(also);
    Ok(())
}

async fn read(session: &mut Session, id: SessionId) -> Result<Option<Told>, Cause> {
    let tells = session.facts.version_num >= TELLS_NUMBER;
    let sql = SESSION.replace("{query_id}", if tells { "s.query_id" } else { "NULL::pg_catalog.int8" });
    let longest = i32::try_from(LONGEST).unwrap_or(i32::MAX);
    let parameters = [(&id.pid as _, Type::INT4), (&id.backend_start_us as _, Type::INT8), (&longest as _, Type::INT4)];
    let rows = session.link.query(&sql, &parameters).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(Told {
        kept: kept_text(row)?,
        number: get(row, 3)?,
        database: get(row, 4)?,
        hidden: get::<Option<bool>>(row, 5)?.unwrap_or(true),
    }))
}
