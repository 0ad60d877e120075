//! Arrays of records as PostgreSQL sends them in binary: many rows in one value, so that a reading is one row.

use tokio_postgres::types::{FromSql, Type};

use crate::domain::{Cause, Safe};

type Broken = Box<dyn std::error::Error + Sync + Send>;

/// Most records in one array.
const MOST: usize = 300_000;

/// One record: the type and the bytes of each field, `None` for NULL.
pub struct Record<'a>(Vec<(u32, Option<&'a [u8]>)>);

/// An array of records; a NULL in it is left out.
#[derive(Default)]
pub struct Records<'a>(pub Vec<Record<'a>>);

impl<'a> FromSql<'a> for Records<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Broken> {
        let mut rest = Reader(raw);
        let dimensions = rest.int()?;
        rest.int()?; // whether there are NULLs
        rest.int()?; // type of the elements
        if dimensions == 0 {
            return Ok(Records::default());
        }
        let count = usize::try_from(rest.int()?)?;
        rest.int()?; // lower bound
        if dimensions != 1 || count > MOST {
            return Err("not a plain array of records".into());
        }
        let mut all = Vec::new();
        for _ in 0..count {
            if let Some(bytes) = rest.value()? {
                all.push(record(bytes)?);
            }
        }
        Ok(Records(all))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::RECORD_ARRAY
    }
}

fn record(bytes: &[u8]) -> Result<Record<'_>, Broken> {
    let mut rest = Reader(bytes);
    let count = rest.int()?;
    let mut fields = Vec::with_capacity(usize::try_from(count)?.min(32));
    for _ in 0..count {
        let kind = rest.int()? as u32;
        fields.push((kind, rest.value()?));
    }
    Ok(Record(fields))
}

impl<'a> Record<'a> {
    /// A field's value.
    pub fn get<T: FromSql<'a>>(&self, at: usize) -> Result<T, Cause> {
        let broken = |why: &str| Cause::Protocol(Safe::of(format!("field {at} of a session: {why}")));
        let (oid, raw) = self.0.get(at).ok_or_else(|| broken("missing"))?;
        let kind = Type::from_oid(*oid).filter(T::accepts).ok_or_else(|| broken("of another type"))?;
        T::from_sql_nullable(&kind, *raw).map_err(|e| broken(&e.to_string()))
    }
}

/// Reads the numbers and values of the binary format one after the other.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn int(&mut self) -> Result<i32, Broken> {
        let (head, rest) = self.0.split_first_chunk::<4>().ok_or("too short")?;
        self.0 = rest;
        Ok(i32::from_be_bytes(*head))
    }

    fn value(&mut self) -> Result<Option<&'a [u8]>, Broken> {
        let length = self.int()?;
        if length < 0 {
            return Ok(None);
        }
        let (value, rest) = self.0.split_at_checked(usize::try_from(length)?).ok_or("too short")?;
        self.0 = rest;
        Ok(Some(value))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nulls_and_fields() {
        let mut raw: Vec<u8> = Vec::new();
        let ints = |raw: &mut Vec<u8>, all: &[i32]| raw.extend(all.iter().flat_map(|n| n.to_be_bytes()));
        ints(&mut raw, &[1, 1, 2249, 2, 1, -1, 24, 2, 23, 4, 7, 25, -1]);
        let all = Records::from_sql(&Type::RECORD_ARRAY, &raw).unwrap();
        assert_eq!(all.0.len(), 1);
        assert_eq!(all.0[0].get::<i32>(0).unwrap(), 7);
        assert_eq!(all.0[0].get::<Option<&str>>(1).unwrap(), None);
        assert!(all.0[0].get::<i32>(1).is_err() && all.0[0].get::<i32>(2).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(raw in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Records::from_sql(&Type::RECORD_ARRAY, &raw);
        }
    }
}
