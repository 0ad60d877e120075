//! Columns as they come over the wire: raw text without an assumption about its encoding, instants, numbers.

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use crate::domain::{Cause, Safe, Untrusted};

type Broken = Box<dyn std::error::Error + Sync + Send>;

/// Microseconds from 1970 to PostgreSQL's epoch, 2000.
const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// The bytes of a text column. A server's text need not be UTF-8: roles and queries of other databases are not converted.
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> FromSql<'a> for Bytes<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Broken> {
        Ok(Bytes(raw))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::TEXT | Type::VARCHAR | Type::NAME | Type::BPCHAR | Type::BYTEA | Type::UNKNOWN)
    }
}

impl Bytes<'_> {
    /// The bytes kept.
    pub fn keep(&self) -> Untrusted {
        Untrusted::new(self.0)
    }
}

/// An instant in microseconds since 1970; `infinity` saturates.
#[derive(Clone, Copy)]
pub struct Micros(pub i64);

impl<'a> FromSql<'a> for Micros {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Broken> {
        Ok(Micros(i64::from_be_bytes(raw.try_into()?).saturating_add(EPOCH_MICROS)))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::TIMESTAMPTZ | Type::TIMESTAMP)
    }
}

/// A transaction id.
#[derive(Clone, Copy)]
pub struct Xid(pub u32);

impl<'a> FromSql<'a> for Xid {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Broken> {
        Ok(Xid(u32::from_be_bytes(raw.try_into()?)))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::XID
    }
}

/// A column's value; what does not fit is a broken answer, never a panic.
pub fn get<'a, T: FromSql<'a>>(row: &'a Row, at: usize) -> Result<T, Cause> {
    row.try_get(at).map_err(|e| Cause::Protocol(Safe::of(format!("column {at}: {}", super::cause::words(&e)))))
}
