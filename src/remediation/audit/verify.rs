//! Verification: bytes of a file in, in pieces of any size; how far the chain holds out, or the first record that is bad.

use super::bad::{Bad, Why};
use super::chain::{Chain, Continues, Hash};
use super::record::{LINE_LIMIT, Record, parts};

/// A file that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many records.
    pub records: u64,
    /// The chain at its end.
    pub chain: Chain,
    /// What it goes on from.
    pub continues: Option<Continues>,
    /// Bytes of a last line that was never ended; they are no record and stay where they are.
    pub torn: Option<u64>,
    /// Bytes behind the record that the next file goes on from, of at most one whole record: nobody vouches for them.
    pub beyond: u64,
}

/// Verifies a file piece by piece.
#[derive(Clone, Debug, Default)]
pub struct Verifier {
    /// Number of the first record where it does not say itself what it goes on from.
    first: u64,
    until: Option<Continues>,
    chain: Chain,
    continues: Option<Continues>,
    records: u64,
    line: Vec<u8>,
    good: u64,
    behind: Behind,
    bad: Option<Bad>,
}

/// What stands behind the record that the next file goes on from. One record whose end on the disk was not known may stand
/// there, and the beginning of another; anything else was a record once and was changed, or is left out.
#[derive(Clone, Debug, Default)]
struct Behind {
    bytes: u64,
    lines: u64,
    line: Vec<u8>,
    bad: Option<Why>,
}

impl Verifier {
    /// Of a file; `first` is the number that its first record has by all that is known, `until` what the next file says.
    #[must_use]
    pub fn new(first: u64, until: Option<Continues>) -> Verifier {
        Verifier { first: first.max(1), until, ..Verifier::default() }
    }

    /// What stands behind that record is vouched for by nobody.
    pub fn stop_at(&mut self, last: Continues) {
        self.until = Some(last);
    }

    /// Where it stops, as the next file says, or the operator's own sign.
    #[must_use]
    pub fn until(&self) -> Option<&Continues> {
        self.until.as_ref()
    }

    /// Takes more bytes; each good record is shown to `seen`. After the first bad one nothing is taken any more.
    ///
    /// # Errors
    /// The first bad record.
    pub fn push(&mut self, mut bytes: &[u8], seen: &mut dyn FnMut(&Record)) -> Result<(), Bad> {
        while !bytes.is_empty() {
            if let Some(bad) = self.bad {
                return Err(bad);
            }
            if self.until.as_ref().is_some_and(|until| until.seq <= self.chain.seq()) {
                self.take_behind(bytes);
                return Ok(());
            }
            let end = memchr::memchr(b'\n', bytes);
            let (piece, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
            self.line.extend_from_slice(piece.get(..piece.len().min(LINE_LIMIT + 1)).unwrap_or(piece));
            if self.line.len() >= LINE_LIMIT {
                return self.reject(Why::Oversized);
            }
            bytes = rest;
            if end.is_some() {
                bytes = rest.get(1..).unwrap_or_default();
                let line = std::mem::take(&mut self.line);
                match self.judge(&line) {
                    Ok(record) => self.accept(record, line.len() as u64 + 1, seen),
                    Err(why) => return self.reject(why),
                }
            }
        }
        self.bad.map_or(Ok(()), Err)
    }

    fn take_behind(&mut self, bytes: &[u8]) {
        self.behind.bytes += bytes.len() as u64;
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (piece, is_ended) = piece.strip_suffix(b"\n").map_or((piece, false), |line| (line, true));
            let room = LINE_LIMIT.saturating_sub(self.behind.line.len());
            self.behind.line.extend_from_slice(piece.get(..room).unwrap_or(piece));
            if !is_ended {
                continue;
            }
            let line = std::mem::take(&mut self.behind.line);
            self.behind.lines += 1;
            if self.behind.bad.is_none() {
                let left_out = (self.behind.lines > 1).then_some(Why::LeftOut);
                // NUL is what a power cut leaves of a record that was written and never synced.
                let broken = || self.judge(&line).err().filter(|why| *why != Why::Nul);
                self.behind.bad = left_out.or_else(broken);
            }
        }
    }

    fn reject(&mut self, why: Why) -> Result<(), Bad> {
        let bad = Bad { seq: self.expected(), why };
        self.bad = Some(bad);
        Err(bad)
    }

    fn expected(&self) -> u64 {
        if self.records == 0 { self.first.max(1) } else { self.chain.seq().saturating_add(1) }
    }

    fn judge(&self, line: &[u8]) -> Result<Record, Why> {
        if memchr::memchr(0, line).is_some() {
            return Err(Why::Nul);
        }
        let (covered, hex) = parts(line).ok_or(Why::NotARecord)?;
        let hash = Hash::of(covered);
        if hash.hex().as_bytes() != hex {
            return Err(Why::HashWrong);
        }
        let record: Record = serde_json::from_slice(line).map_err(|_not_a_record| Why::NotARecord)?;
        let continued = record.continues.as_ref().filter(|_| self.records == 0);
        let (prev, fits) = match continued {
            Some(old) => (old.hash, record.seq > old.seq),
            None if self.records == 0 => (Hash::default(), record.seq == 1),
            None => (self.chain.head(), record.seq == self.expected()),
        };
        let found = record.seq;
        match found.cmp(&self.expected()) {
            _ if fits && record.prev == prev => {}
            _ if fits => return Err(Why::PrevWrong),
            std::cmp::Ordering::Greater => return Err(Why::Skipped { found }),
            std::cmp::Ordering::Less => return Err(Why::Repeated { found }),
            std::cmp::Ordering::Equal => return Err(Why::PrevWrong),
        }
        let marked = self.until.as_ref().filter(|until| until.seq == found);
        if marked.is_some_and(|until| until.hash != hash) { Err(Why::HashWrong) } else { Ok(record) }
    }

    fn accept(&mut self, record: Record, bytes: u64, seen: &mut dyn FnMut(&Record)) {
        seen(&record);
        self.chain = Chain::at(record.seq, record.hash);
        self.records += 1;
        self.good += bytes;
        if self.records == 1 {
            self.continues = record.continues;
        }
    }

    /// The chain as far as it holds.
    #[must_use]
    pub fn chain(&self) -> Chain {
        self.chain
    }

    /// What the first record says that it goes on from.
    #[must_use]
    pub fn continues(&self) -> Option<&Continues> {
        self.continues.as_ref()
    }

    /// Number of the first record.
    #[must_use]
    pub fn first_seq(&self) -> u64 {
        self.chain.seq().saturating_sub(self.records).saturating_add(1)
    }

    /// Records that hold.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Bytes of the records that hold.
    #[must_use]
    pub fn good_bytes(&self) -> u64 {
        self.good
    }

    /// Whether a line has begun and not ended.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        !self.line.is_empty()
    }

    /// All bytes were given.
    ///
    /// # Errors
    /// The first bad record.
    pub fn finish(&self) -> Result<Verified, Bad> {
        if let Some(bad) = self.bad {
            return Err(bad);
        }
        if self.until.as_ref().is_some_and(|until| until.seq > self.chain.seq()) {
            return Err(Bad { seq: self.expected(), why: Why::Missing });
        }
        if let Some(why) = self.behind.bad {
            return Err(Bad { seq: self.expected(), why });
        }
        Ok(Verified {
            records: self.records,
            chain: self.chain,
            continues: self.continues.clone(),
            torn: (!self.line.is_empty()).then_some(self.line.len() as u64),
            beyond: self.behind.bytes,
        })
    }
}

/// Verifies the bytes of a whole file.
///
/// # Errors
/// The first bad record.
pub fn verify(bytes: &[u8]) -> Result<Verified, Bad> {
    let mut verifier = Verifier::new(1, None);
    verifier.push(bytes, &mut |_| {})?;
    verifier.finish()
}
