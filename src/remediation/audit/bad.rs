//! What can be wrong with a record, in words for people.

use std::fmt;

use super::record::LINE_LIMIT;

/// Why a record is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its bytes do not give the hash that stands in it.
    HashWrong,
    /// It does not follow the record before.
    PrevWrong,
    /// A later one stands in its place.
    Skipped { found: u64 },
    /// An earlier one stands in its place.
    Repeated { found: u64 },
    /// It is no JSON object of a record.
    NotARecord,
    /// It holds a NUL, as a file after a power cut can.
    Nul,
    /// It is longer than a record can be.
    Oversized,
    /// The file that follows refers to it, and it is not here.
    Missing,
    /// The file that follows goes on from an earlier one, and leaves out more than one whose end on the disk was not known.
    LeftOut,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::HashWrong => f.write_str("its bytes do not give its hash: it was changed"),
            Why::PrevWrong => f.write_str("it does not carry the hash of the record before"),
            Why::Skipped { found } => write!(f, "record {found} stands in its place: it was taken out"),
            Why::Repeated { found } => write!(f, "record {found} stands in its place: it was put in"),
            Why::NotARecord => f.write_str("the line is no record"),
            Why::Nul => f.write_str("the line holds NUL bytes"),
            Why::Oversized => write!(f, "the line is longer than {LINE_LIMIT} bytes"),
            Why::Missing => f.write_str("the next file refers to it, and it is not here"),
            Why::LeftOut => {
                f.write_str("it and others behind it are left out by the next file, which goes on before them")
            }
        }
    }
}

/// The first record that is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bad {
    /// The number that should stand here.
    pub seq: u64,
    /// Why.
    pub why: Why,
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {} is bad: {}", self.seq, self.why)
    }
}
