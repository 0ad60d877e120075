//! One file of the chain, open for writing: what others wrote into it is read before anything is added, a record is one
//! write and one fsync, and whatever leaves doubt about what is on disk closes the file for good.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use rustix::fs::{Mode, Stat, fchmod, fstat};

use crate::domain::Safe;
use crate::remediation::audit::{Chain, Continues, Runs, Verifier};

use super::Failed;
use super::disk::Disk;
use super::doubt;
use super::error::{AuditError, AuditFault};
use super::folder::{Folder, Segment, retrying};
use super::scan;

const ANYBODY_WRITES: u32 = 0o222;

/// Why the file cannot be written any more.
pub(super) enum Stale {
    /// Another process goes on in a new file.
    Continued,
    /// It cannot be trusted.
    Broken(Safe),
}

/// The file that is written.
#[derive(Debug)]
pub(super) struct Open {
    file: File,
    pub(super) segment: Segment,
    pub(super) name: String,
    pub(super) shown: Safe,
    pub(super) verifier: Verifier,
    pub(super) size: u64,
}

impl Open {
    pub(super) fn new(file: File, segment: Segment, folder: &Folder, verifier: Verifier, size: u64) -> Open {
        let name = segment.name();
        Open { file, segment, shown: folder.shown(&name), name, verifier, size }
    }

    pub(super) fn chain(&self) -> Chain {
        self.verifier.chain()
    }

    /// How far it is known to be on disk.
    pub(super) fn vouched(&self) -> Option<(Stat, Continues)> {
        let (chain, file) = (self.chain(), Safe::of(&self.name));
        Some((fstat(&self.file).ok()?, Continues { file, seq: chain.seq(), hash: chain.head() }))
    }

    /// Reads what other processes wrote since. Only under the turn.
    pub(super) fn catch_up(&mut self, folder: &Folder, runs: &mut Runs) -> Result<(), Stale> {
        let shown = self.shown.clone();
        let broken = |why: &str| Err(Stale::Broken(Safe::of(format!("{shown} {why}"))));
        let Ok(open) = fstat(&self.file) else { return broken("cannot be looked at any more") };
        match folder.stat(&self.name) {
            Some(named) if (named.st_dev, named.st_ino) == (open.st_dev, open.st_ino) => {}
            Some(_) => return broken("was replaced by another file"),
            None => return broken("was moved away"),
        }
        let size = u64::try_from(open.st_size).unwrap_or(0);
        if size < self.size {
            return broken("became shorter");
        }
        let doubt = doubt::of(folder, &self.segment.operator, &self.name, &open);
        let is_doubted = doubt.is_some();
        if let Some(last) = doubt {
            self.verifier.stop_at(last);
        }
        if let Some(why) = self.read_to(size, runs) {
            self.seal();
            return broken(&why);
        }
        let next = Segment { index: self.segment.index.saturating_add(1), ..self.segment.clone() };
        if folder.stat(&next.name()).is_some() {
            return Err(Stale::Continued);
        }
        match (is_doubted, is_sealed(&open)) {
            (true, _) => broken(&format!("was closed by another process of yours: {}", self.unvouched())),
            (false, true) => broken("was closed by another process of yours"),
            (false, false) => Ok(()),
        }
    }

    /// Verifies up to there; what is wrong, if anything.
    fn read_to(&mut self, size: u64, runs: &mut Runs) -> Option<String> {
        if size == self.size {
            return None;
        }
        let read = scan::feed(&self.file, &mut self.verifier, self.size, size, &mut |record| runs.note(record));
        match (read, self.verifier.finish()) {
            (Err(error), _) => Some(format!("cannot be read: {error}")),
            (Ok(_), Err(bad)) => Some(format!("does not verify: {bad}")),
            (Ok(_), Ok(good)) => {
                self.size = size;
                good.torn.map(|bytes| format!("ends in a line that was never ended ({bytes} bytes)"))
            }
        }
    }

    /// Reserves space behind the end.
    pub(super) fn reserve(&self, disk: &dyn Disk, bytes: u64) -> Result<(), Failed> {
        use rustix::io::Errno;
        retrying(|| disk.reserve(self.file.as_fd(), self.size, bytes)).map_err(|error| {
            let errno = error.raw_os_error().map(Errno::from_raw_os_error);
            let (fault, why) = match errno {
                Some(Errno::NOSPC | Errno::DQUOT) => {
                    (AuditFault::Full, "there is no space for the record and the outcome; make room".to_owned())
                }
                // A padding file that is removed in time would give the space to whoever asks first, not to us.
                Some(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) | None => (
                    AuditFault::Unusable,
                    "this file system cannot reserve space, so a full disk could lose an outcome; keep the audit on \
                     ext4, xfs, btrfs or tmpfs"
                        .to_owned(),
                ),
                _ => (AuditFault::Unusable, format!("space for the outcome could not be reserved ({error})")),
            };
            Failed::Nothing(AuditError::new(fault, format!("{}: {why}; no action runs", self.shown)))
        })
    }

    /// One record: written, on disk, and part of the chain.
    pub(super) fn write(&mut self, disk: &dyn Disk, line: &[u8], runs: &mut Runs) -> Result<(), Failed> {
        let mut rest = line;
        while !rest.is_empty() {
            match retrying(|| disk.write(self.file.as_fd(), rest)) {
                Ok(written) if written > 0 => rest = rest.get(written..).unwrap_or_default(),
                failed => {
                    let error = failed.err().unwrap_or_else(|| io::ErrorKind::WriteZero.into());
                    if rest.len() == line.len() {
                        return Err(Failed::Nothing(self.not_written(&error)));
                    }
                    return Err(self.doubt(format!("a record could be written in part only ({error})")));
                }
            }
        }
        if let Err(error) = disk.fsync(self.file.as_fd()) {
            // The kernel may have dropped the pages, and a second attempt may succeed without them.
            return Err(self.doubt(format!("a record may not be on disk (fsync: {error})")));
        }
        self.size += line.len() as u64;
        match self.verifier.push(line, &mut |record| runs.note(record)) {
            Ok(()) => Ok(()),
            Err(bad) => Err(self.doubt(bad.to_string())),
        }
    }

    fn not_written(&self, error: &io::Error) -> AuditError {
        let full = error.kind() == io::ErrorKind::StorageFull || error.kind() == io::ErrorKind::QuotaExceeded;
        let fault = if full { AuditFault::Full } else { AuditFault::Unusable };
        AuditError::new(fault, format!("{}: nothing was recorded ({error})", self.shown))
    }

    fn doubt(&self, why: impl AsRef<str>) -> Failed {
        self.seal();
        Failed::Final(Safe::of(format!("{}: {}", self.shown, why.as_ref())))
    }

    /// Nobody writes here any more: the missing right to write is the sign that every process looks for.
    pub(super) fn seal(&self) {
        if let Ok(stat) = fstat(&self.file) {
            // Where it cannot be set, nothing can be written either, or the next file is the sign.
            let mode = stat.st_mode & 0o7777 & !ANYBODY_WRITES;
            let _ = fchmod(&self.file, Mode::from_raw_mode(mode));
        }
    }

    /// What nobody knows of it, for people.
    pub(super) fn unvouched(&self) -> String {
        format!("a record after number {} may not be on disk", self.chain().seq())
    }

    /// Lines that stand behind what holds, a torn one included.
    pub(super) fn lines_beyond(&self) -> u64 {
        let (mut count, mut torn, mut at) = (0, false, self.verifier.good_bytes());
        let mut piece = [0; 8192];
        while let Ok(read) = std::os::unix::fs::FileExt::read_at(&self.file, &mut piece, at) {
            let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            count += memchr::memchr_iter(b'\n', bytes).count() as u64;
            torn = bytes.last() != Some(&b'\n');
            at += read as u64;
        }
        count + u64::from(torn)
    }
}

pub(super) fn is_sealed(stat: &Stat) -> bool {
    stat.st_mode & ANYBODY_WRITES == 0
}
