//! The chain: each record carries the hash of the one before, so that none can be changed, taken out, put in or moved
//! without the rest telling. It cannot tell that the whole was written anew: for that the head is kept elsewhere too.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::domain::{Moment, Safe};

use super::entry::Entry;
use super::record::{Frame, Writer, compose};

/// SHA-256 of a record.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// Of bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Hash {
        Hash(Sha256::digest(bytes).into())
    }

    /// In hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('?');
        self.0.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
    }

    fn parse(hex: &str) -> Option<Hash> {
        let mut bytes = [0; 32];
        if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Hash(bytes))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.hex())
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        let hex = String::deserialize(deserializer)?;
        Hash::parse(&hex).ok_or_else(|| serde::de::Error::custom("no hash"))
    }
}

/// What the first record of a file goes on from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continues {
    /// The file before.
    pub file: Safe,
    /// Its last record that counts.
    pub seq: u64,
    /// That record's hash.
    pub hash: Hash,
}

/// Where the chain ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    seq: u64,
    head: Hash,
}

/// A record as it is to be written. The chain has not grown before it is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The bytes, with the line's end.
    pub bytes: Vec<u8>,
    /// The chain after it.
    pub then: Chain,
}

impl Chain {
    /// One that ends with this record; without any, 0 and the hash of zeros.
    #[must_use]
    pub fn at(seq: u64, head: Hash) -> Chain {
        Chain { seq, head }
    }

    /// Number of the last record; 0 without any.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Hash of the last record.
    #[must_use]
    pub fn head(&self) -> Hash {
        self.head
    }

    /// The next record.
    #[must_use]
    pub fn next(&self, entry: &Entry, writer: &Writer, at: Moment) -> Line {
        self.line(self.seq.saturating_add(1), entry, writer, at, None)
    }

    /// The first record of a new file, which goes on from this chain; `skipped` numbers may stand in what was lost.
    #[must_use]
    pub fn first(&self, skipped: u64, old: &Safe, entry: &Entry, writer: &Writer, at: Moment) -> Line {
        let continues = Continues { file: old.clone(), seq: self.seq, hash: self.head };
        self.line(self.seq.saturating_add(1).saturating_add(skipped), entry, writer, at, Some(&continues))
    }

    fn line(&self, seq: u64, entry: &Entry, writer: &Writer, at: Moment, continues: Option<&Continues>) -> Line {
        let (bytes, head) = compose(&Frame { seq, prev: self.head, at, writer, continues }, entry);
        Line { bytes, then: Chain { seq, head } }
    }
}
