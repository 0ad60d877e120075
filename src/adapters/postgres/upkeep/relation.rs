//! What a name stands for on the server, and how it is kept: one question that takes no lock of the table.

use tokio_postgres::types::Type;

use super::super::Session;
use super::super::column::{Bytes, Micros, get};
use super::version;
use crate::domain::{Cause, Safe, Untrusted};
use crate::remediation::upkeep::{Relation, Standing, UpkeepVerb};

/// A table or an index.
pub struct Found {
    /// What consent is given to.
    pub relation: Relation,
    /// `relkind`.
    pub kind: String,
    /// The table, of an index too.
    pub table: (u32, Untrusted),
    /// Whose it is.
    pub owner: Safe,
    /// Our role may.
    pub may: bool,
    /// About so many bytes.
    pub size: Option<i64>,
    /// Live and dead rows of the table, by the server's statistics.
    pub rows: (Option<i64>, Option<i64>),
    /// By autovacuum: last VACUUM and last ANALYZE.
    pub automatic: (Option<i64>, Option<i64>),
    /// Of an index: whether it can be used.
    pub valid: Option<bool>,
    /// Its name is one that a cancelled reindex leaves.
    pub named_as_leftover: bool,
    /// Of a leftover that is to be dropped: what keeps its table as it is meanwhile, composed by the server.
    pub lock: Option<Untrusted>,
}

/// Asks; nobody there, or a name that cannot be one, is no error of the connection.
pub async fn read(session: &mut Session, name: &str, verb: UpkeepVerb) -> Result<Result<Found, Safe>, Cause> {
    let nobody = || Safe::of(format!("there is no table or index {}", Safe::of(name).clipped(80)));
    if name.trim().is_empty() {
        return Ok(Err(Safe::of("no table is named: with name=public.orders")));
    }
    if name.contains('\0') {
        return Ok(Err(nobody()));
    }
    let word = verb.word();
    let sql = version::relation(session.facts.version_num);
    let rows = match session.link.query(&sql, &[(&name as _, Type::TEXT), (&word as _, Type::TEXT)]).await {
        Ok(rows) => rows,
        // Its parts cannot be told: unclosed quotes, too many dots.
        Err(failure) if matches!(failure.state.as_deref(), Some("42602" | "42601" | "0A000")) => {
            return Ok(Err(Safe::of(format!("{name:?} is no name: {}", failure.cause))));
        }
        Err(failure) => return Err(failure.cause),
    };
    let Some(row) = rows.first() else { return Ok(Err(nobody())) };
    let text = |at| get::<Option<Bytes<'_>>>(row, at).map(|told| told.map(|bytes| bytes.keep()).unwrap_or_default());
    let micros = |at| get::<Option<Micros>>(row, at).map(|told| told.map(|instant| instant.0));
    let leftovers = get::<Vec<Bytes<'_>>>(row, 17)?;
    Ok(Ok(Found {
        relation: Relation {
            oid: get(row, 0)?,
            name: text(2)?,
            command: text(5)?,
            standing: Standing {
                exists: true,
                analysed_us: micros(13)?,
                vacuumed_us: micros(11)?,
                files: get::<Vec<Option<i64>>>(row, 16)?.into_iter().flatten().collect(),
                leftovers: leftovers.iter().map(Bytes::keep).collect(),
            },
        },
        kind: text(1)?.one_line().to_string(),
        table: (get(row, 3)?, text(4)?),
        owner: text(6)?.one_line(),
        may: get(row, 7)?,
        size: get(row, 8)?,
        rows: (get(row, 9)?, get(row, 10)?),
        automatic: (micros(12)?, micros(14)?),
        valid: get(row, 15)?,
        named_as_leftover: get(row, 18)?,
        lock: get::<Option<Bytes<'_>>>(row, 19)?.map(|bytes| bytes.keep()),
    }))
}
