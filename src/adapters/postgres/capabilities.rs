//! What a connection is and may, asked once; everything later is composed from it. Also the exact lines that give
//! what is missing.

use super::cause::{grant_statistics, quoted};
use super::column::{Bytes, get};
use super::link::{Link, Parameter};
use crate::config::resolved::{DatabaseTarget, SessionAttributes};
use crate::domain::{Cause, Safe, Untrusted};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

const PROBE: &str = include_str!("sql/probe.sql");
const SYSTEM_IDENTIFIER: &str = include_str!("sql/system_identifier.sql");
/// A reading waits no longer than this for a lock of the catalogue.
pub const LOCK_TIMEOUT_MS: u32 = 250;

/// Facts that hold as long as the connection does.
pub struct Capabilities {
    pub version: Safe,
    pub version_num: u32,
    pub replica: bool,
    pub read_only: bool,
    pub database: Untrusted,
    pub user: Untrusted,
    pub database_oid: u32,
    pub max_connections: u32,
    pub reserved: u32,
    pub may_size: bool,
    pub pooler: bool,
    pub may_signal: bool,
    pub system_identifier: Option<Safe>,
    pub statements: Result<StatementsShape, Cause>,
}

/// How `pg_stat_statements` looks here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementsShape {
    /// Its schema, quoted.
    pub schema: String,
    /// `total_exec_time` (from 13), else `total_time`.
    pub total_exec_time: bool,
    /// `toplevel` (from 14).
    pub toplevel: bool,
    /// `pg_stat_statements_info` (from 14).
    pub info: bool,
}

/// Asks, and on a direct connection makes the session read-only, short-tempered and of the wanted search path. Behind
/// a pooler nothing is set: the setting would stick to a connection that others use.
pub async fn probe(link: &mut Link, target: &DatabaseTarget, statement_timeout_ms: u32) -> Result<Capabilities, Cause> {
    let pid = if target.pooler { 0 } else { link.told_pid().await };
    let (timeout, lock) = (statement_timeout_ms.to_string(), LOCK_TIMEOUT_MS.to_string());
    let parameters: [Parameter<'_>; 4] =
        [(&pid, Type::INT4), (&timeout, Type::TEXT), (&lock, Type::TEXT), (&target.search_path, Type::TEXT)];
    let rows = link.query(PROBE, &parameters).await?;
    let row = rows.first().ok_or_else(|| Cause::Protocol(Safe::of("the server told nothing about itself")))?;
    let mut found = read(row)?;
    if found.version_num < 120_000 {
        let words = format!("PostgreSQL {} is too old: 12 to 18 are understood", found.version);
        return Err(Cause::Misconfigured(Safe::of(words)));
    }
    if get::<bool>(row, 18)? {
        // Only a name for the cluster: without it the reading is as good.
        let told = link.query(SYSTEM_IDENTIFIER, &[]).await.ok();
        let number = told.as_ref().and_then(|rows| rows.first()).and_then(|row| get::<i64>(row, 0).ok());
        found.system_identifier = number.map(|number| Safe::of(number.to_string()));
    }
    Ok(found)
}

fn read(row: &Row) -> Result<Capabilities, Cause> {
    let text = |at| get::<Bytes<'_>>(row, at).map(|bytes| bytes.keep());
    let count = |at| get::<i32>(row, at).map(|n| u32::try_from(n).unwrap_or(0));
    let (database, user) = (text(4)?, text(5)?);
    let all_stats = get(row, 9)?;
    Ok(Capabilities {
        version: short_version(&text(0)?),
        version_num: count(1)?,
        replica: get(row, 2)?,
        read_only: get(row, 3)?,
        database_oid: get::<Option<u32>>(row, 6)?.unwrap_or(0),
        max_connections: count(7)?,
        reserved: count(8)?,
        may_size: all_stats || get(row, 10)?,
        pooler: !get::<bool>(row, 11)?,
        may_signal: get(row, 19)?,
        system_identifier: None,
        statements: statements(row, all_stats, &database, &user)?,
        database,
        user,
    })
}

/// `15.18 (Debian 15.18-0+deb12u1)` is `15.18`.
fn short_version(text: &Untrusted) -> Safe {
    let line = text.one_line();
    Safe::of(line.as_str().split(' ').next().unwrap_or_default()).clipped(24)
}

type Shape = Result<StatementsShape, Cause>;

fn statements(row: &Row, all_stats: bool, database: &Untrusted, user: &Untrusted) -> Result<Shape, Cause> {
    let loaded: bool = get(row, 12)?;
    let schema = get::<Option<Bytes<'_>>>(row, 13)?.map(|bytes| String::from_utf8_lossy(bytes.0).into_owned());
    let role = user.one_line();
    let Some(schema) = schema else { return Ok(Err(extension_missing(loaded, database))) };
    if !loaded {
        return Ok(Err(Cause::Denied {
            missing: Safe::of("pg_stat_statements is not in shared_preload_libraries"),
            fix: preload_lines(),
        }));
    }
    let flag = |at| get::<Option<bool>>(row, at).map(|told| told == Some(true));
    if !flag(14)? {
        let (schema, role) = (quoted(&schema), quoted(role.as_str()));
        return Ok(Err(Cause::Denied {
            missing: Safe::of(format!("{role} may not use the extension's schema {schema}")),
            fix: vec![
                Safe::of(format!("GRANT USAGE ON SCHEMA {schema} TO {role};")),
                Safe::of(format!("GRANT EXECUTE ON FUNCTION {schema}.pg_stat_statements TO {role};")),
            ],
        }));
    }
    if !all_stats {
        return Ok(Err(Cause::Denied {
            missing: Safe::of(format!("{} may not see other roles' statements", quoted(role.as_str()))),
            fix: vec![grant_statistics(role.as_str())],
        }));
    }
    Ok(Ok(StatementsShape {
        schema: quoted(&schema),
        total_exec_time: flag(15)?,
        toplevel: flag(16)?,
        info: flag(17)?,
    }))
}

fn extension_missing(loaded: bool, database: &Untrusted) -> Cause {
    let mut fix = if loaded { Vec::new() } else { preload_lines() };
    fix.push(Safe::of(format!("CREATE EXTENSION pg_stat_statements;  -- in database {}", database.one_line())));
    Cause::Denied { missing: Safe::of("the extension pg_stat_statements is not installed here"), fix }
}

fn preload_lines() -> Vec<Safe> {
    vec![
        Safe::of("shared_preload_libraries = 'pg_stat_statements'  -- in postgresql.conf, beside what stands there"),
        Safe::of("restart PostgreSQL"),
    ]
}

impl Capabilities {
    /// Whether the server is what `target_session_attrs` asks for; else what it is instead.
    pub fn suits(&self, wanted: SessionAttributes, second_pass: bool) -> Result<(), &'static str> {
        match wanted {
            SessionAttributes::Any => Ok(()),
            SessionAttributes::ReadWrite if self.replica || self.read_only => Err("is read-only"),
            SessionAttributes::ReadOnly if !self.replica && !self.read_only => Err("accepts writes"),
            SessionAttributes::Primary if self.replica => Err("is a standby"),
            SessionAttributes::Standby if !self.replica => Err("is the primary"),
            SessionAttributes::PreferStandby if !self.replica && !second_pass => Err("is the primary"),
            _ => Ok(()),
        }
    }
}
