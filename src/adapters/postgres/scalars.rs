//! Signals that are a single value of a query. Each stands or fails alone; each runs read-only.

use std::time::Duration;

use chrono::DateTime;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use super::capabilities::LOCK_TIMEOUT_MS;
use super::column::Micros;
use super::link::Link;
use crate::config::resolved::ScalarQuery;
use crate::domain::cause::Phase;
use crate::domain::signal::SignalValue;
use crate::domain::source::SignalId;
use crate::domain::{Cause, Safe};

/// When each signal was read last.
pub struct Scalars {
    queries: Vec<ScalarQuery>,
    last: Vec<Option<Instant>>,
    /// When somebody wanted all of them: what was read before that is due.
    wanted: Option<Instant>,
}

/// One value or why there is none.
pub type Value = (SignalId, Result<SignalValue, Cause>);

impl Scalars {
    /// None was read yet.
    pub fn new(queries: Vec<ScalarQuery>) -> Scalars {
        let last = vec![None; queries.len()];
        Scalars { queries, last, wanted: None }
    }

    /// Somebody waits: all are due, and still the longest waiting is read first.
    pub fn hasten(&mut self) {
        self.wanted = Some(Instant::now());
    }

    /// Reads those that are due, the longest waiting first, while time is left. Readings come every `round`: a signal
    /// that would be due before the next is due now.
    pub async fn read(
        &mut self,
        link: &mut Link,
        transaction: &Transaction,
        round: Duration,
        until: Instant,
    ) -> Vec<Value> {
        let now = Instant::now();
        let mut due: Vec<usize> = (0..self.queries.len()).filter(|at| self.is_due(*at, now, round / 2)).collect();
        due.sort_by_key(|at| self.last.get(*at).copied().flatten());
        let mut values = Vec::with_capacity(due.len());
        for at in due {
            let Some(query) = self.queries.get(at) else { continue };
            if !link.alive() || Instant::now() >= until {
                break;
            }
            let started = Instant::now();
            let outcome = timeout_at(until, one(link, query, transaction)).await;
            let late = Cause::Timeout { phase: Phase::Answer, after: started.elapsed() };
            let gave_up = outcome.is_err();
            values.push((query.signal, outcome.unwrap_or(Err(late))));
            if let Some(last) = self.last.get_mut(at) {
                *last = Some(started);
            }
            if gave_up {
                break;
            }
        }
        values
    }

    fn is_due(&self, at: usize, now: Instant, slack: Duration) -> bool {
        let interval = self.queries.get(at).map(|query| query.interval).unwrap_or_default();
        match self.last.get(at) {
            Some(Some(last)) => {
                now.saturating_duration_since(*last) + slack >= interval
                    || self.wanted.is_some_and(|wanted| *last <= wanted)
            }
            _ => true,
        }
    }
}

/// The transaction around each signal. What a query may do to the session ends with it: no setting that it changes and
/// nothing that it writes outlives the ROLLBACK, and a single statement cannot leave the read-only mode it began in.
pub struct Transaction {
    begin: String,
}

impl Transaction {
    /// On a session that is ours alone and has our settings.
    pub fn of_our_session() -> Transaction {
        Transaction { begin: "BEGIN TRANSACTION READ ONLY".to_owned() }
    }

    /// Behind a pooler, where a setting of the session would not stay ours: short-tempered, and of the wanted search
    /// path.
    pub fn behind_a_pooler(statement_timeout_ms: u32, search_path: Option<&str>) -> Transaction {
        let mut begin = format!(
            "BEGIN TRANSACTION READ ONLY; SET LOCAL statement_timeout = {statement_timeout_ms}; \
             SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"
        );
        if let Some(path) = search_path {
            let literal = path.replace('\'', "''").replace('\\', "\\\\");
            begin.push_str(&format!("; SELECT pg_catalog.set_config('search_path', E'{literal}', true)"));
        }
        Transaction { begin }
    }

    /// What begins it.
    pub fn begin(&self) -> &str {
        &self.begin
    }
}

async fn one(link: &mut Link, query: &ScalarQuery, transaction: &Transaction) -> Result<SignalValue, Cause> {
    link.run(&transaction.begin).await?;
    let answer = link.query_one_row(&query.sql).await;
    let outcome = match answer {
        Ok(row) => in_session_time(link, row.as_ref()).await,
        Err(failure) => Err(match failure.state {
            None if link.alive() => Cause::Misconfigured(Safe::of("the query gives more than one row")),
            _ => failure.cause,
        }),
    };
    if link.alive()
        && let Err(failure) = link.run("ROLLBACK").await
    {
        // Somebody cancelled even this: a session that may still be in our transaction is of no use.
        link.close();
        return Err(failure.cause);
    }
    outcome
}

/// A `timestamp` without a zone means what the server's `TimeZone` makes of it, as in any cast to `timestamptz`.
async fn in_session_time(link: &mut Link, row: Option<&Row>) -> Result<SignalValue, Cause> {
    let read = value(row)?;
    let local = row.and_then(|row| row.columns().first()).is_some_and(|column| *column.type_() == Type::TIMESTAMP);
    match (local, read) {
        (true, SignalValue::Instant(seconds)) => {
            let local = DateTime::from_timestamp_micros((seconds * 1e6) as i64).unwrap_or_default().naive_utc();
            let sql = "SELECT $1::pg_catalog.timestamp::pg_catalog.timestamptz";
            let rows = link.query(sql, &[(&local, Type::TIMESTAMP)]).await?;
            value(rows.first())
        }
        (_, read) => Ok(read),
    }
}

/// Nothing is not zero: no row and NULL are missing figures.
fn value(row: Option<&Row>) -> Result<SignalValue, Cause> {
    let missing = |what: &str| Cause::NoSuchFigure { pointer: Safe::of(what) };
    let row = row.ok_or_else(|| missing("the query (no row)"))?;
    if row.len() != 1 {
        return Err(Cause::Misconfigured(Safe::of(format!("the query gives {} columns, not one", row.len()))));
    }
    let kind = row.columns().first().map(|column| column.type_().name().to_owned()).unwrap_or_default();
    let read: Option<Scalar> = row.try_get(0).map_err(|_not| {
        Cause::Misconfigured(Safe::of(format!("the query gives a {kind}; a number, time or boolean is needed")))
    })?;
    read.map(|scalar| scalar.0).ok_or_else(|| missing("the query (NULL)"))
}

/// Any column that is a number, a time or a truth.
struct Scalar(SignalValue);

type Broken = Box<dyn std::error::Error + Sync + Send>;

impl<'a> FromSql<'a> for Scalar {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Broken> {
        let value = match *kind {
            Type::INT2 => SignalValue::Number(f64::from(i16::from_be_bytes(raw.try_into()?))),
            Type::INT4 => SignalValue::Number(f64::from(i32::from_be_bytes(raw.try_into()?))),
            Type::INT8 => SignalValue::Number(i64::from_be_bytes(raw.try_into()?) as f64),
            Type::OID => SignalValue::Number(f64::from(u32::from_be_bytes(raw.try_into()?))),
            Type::FLOAT4 => SignalValue::Number(f64::from(f32::from_be_bytes(raw.try_into()?))),
            Type::FLOAT8 => SignalValue::Number(f64::from_be_bytes(raw.try_into()?)),
            Type::NUMERIC => SignalValue::Number(numeric(raw).ok_or("a broken numeric")?),
            Type::BOOL => SignalValue::Number(f64::from(u8::from(raw.first() == Some(&1)))),
            Type::INTERVAL => SignalValue::Number(interval(raw).ok_or("a broken interval")?),
            Type::DATE => {
                let days = i64::from(i32::from_be_bytes(raw.try_into()?));
                SignalValue::Instant((days * 86_400 + 946_684_800) as f64)
            }
            _ => SignalValue::Instant(Micros::from_sql(kind, raw)?.0 as f64 / 1e6),
        };
        Ok(Scalar(value))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(
            *kind,
            Type::INT2
                | Type::INT4
                | Type::INT8
                | Type::OID
                | Type::FLOAT4
                | Type::FLOAT8
                | Type::NUMERIC
                | Type::BOOL
                | Type::INTERVAL
                | Type::DATE
                | Type::TIMESTAMP
                | Type::TIMESTAMPTZ
        )
    }
}

/// `numeric` on the wire: count, weight, sign and scale, then digits to the base 10 000.
fn numeric(raw: &[u8]) -> Option<f64> {
    let mut words = raw.chunks_exact(2).map(|two| two.try_into().map_or(0, u16::from_be_bytes));
    let (count, weight, sign, _scale) = (words.next()?, words.next()? as i16, words.next()?, words.next()?);
    let magnitude = words
        .take(usize::from(count))
        .enumerate()
        .map(|(at, digit)| f64::from(digit) * 10_000f64.powi(i32::from(weight) - at as i32))
        .sum::<f64>();
    match sign {
        0x0000 => Some(magnitude),
        0x4000 => Some(-magnitude),
        0xC000 => Some(f64::NAN),
        0xD000 => Some(f64::INFINITY),
        0xF000 => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// `interval` on the wire: microseconds, days, months; in seconds, a month being 30 days as in PostgreSQL's EXTRACT.
fn interval(raw: &[u8]) -> Option<f64> {
    let micros = i64::from_be_bytes(raw.get(0..8)?.try_into().ok()?);
    let days = i32::from_be_bytes(raw.get(8..12)?.try_into().ok()?);
    let months = i32::from_be_bytes(raw.get(12..16)?.try_into().ok()?);
    Some(micros as f64 / 1e6 + f64::from(days) * 86_400.0 + f64::from(months) * 30.0 * 86_400.0)
}
