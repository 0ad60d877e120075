//! The sign that a record may not be on disk: its fsync failed, and what can be read of it now may be gone after a power cut. It
//! names the last record before it and stands in the operator's lock file, which each of their processes has open. It need not
//! be on disk itself: after a power cut the file shows what is there.

use std::fs::File;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::FileExt;

use rustix::fs::{Stat, fstat, ftruncate};
use serde::{Deserialize, Serialize};

use crate::remediation::audit::Continues;

use super::folder::{Folder, retrying};
use super::scan;

/// Signs that are kept: those of a few hundred failures.
const LIMIT: u64 = 64 * 1024;
const OTHERS_WRITE: u32 = 0o022;

#[derive(Debug, Serialize, Deserialize)]
struct Sign {
    /// A file that is moved away takes its sign with it.
    inode: u64,
    last: Continues,
}

/// Name of the lock file.
pub(super) fn lock_name(operator: &str) -> String {
    format!(".audit-{operator}.lock")
}

/// Sets the sign: of that file only what stands up to `last` is known to be on disk. Where it cannot be set, the file is closed
/// all the same.
pub(super) fn set(lock: BorrowedFd<'_>, file: &Stat, last: Continues) {
    let is_full = fstat(lock).is_ok_and(|stat| u64::try_from(stat.st_size).unwrap_or(0) > LIMIT / 2);
    if is_full {
        forget(lock);
    }
    if let Ok(mut line) = serde_json::to_vec(&Sign { inode: file.st_ino, last }) {
        line.push(b'\n');
        let _ = retrying(|| Ok(rustix::io::write(lock, &line)?));
    }
}

/// No file of before is there any more.
pub(super) fn forget(lock: BorrowedFd<'_>) {
    let _ = ftruncate(lock, 0);
}

/// The last record of this file that is known to be on disk, where a later one may not be. `None` for whoever may not read it.
pub(super) fn of(folder: &Folder, operator: &str, name: &str, file: &Stat) -> Option<Continues> {
    let lock: File = scan::open(folder, &lock_name(operator)).ok()?;
    let stat = fstat(&lock).ok()?;
    // What another wrote says nothing of this operator's file.
    if stat.st_uid != file.st_uid || stat.st_mode & OTHERS_WRITE != 0 {
        return None;
    }
    let mut bytes = vec![0; usize::try_from(u64::try_from(stat.st_size).ok()?.min(LIMIT)).ok()?];
    let read = retrying(|| lock.read_at(&mut bytes, 0)).ok()?;
    bytes.truncate(read);
    let signs = bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Sign>(line).ok());
    let is_of_it = |sign: &Sign| sign.inode == file.st_ino && sign.last.file.as_str() == name;
    signs.rev().find(is_of_it).map(|sign| sign.last)
}
