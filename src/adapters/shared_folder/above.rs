//! Whether the folders above a shared one can be trusted: whoever may write one of them can put another folder, with another
//! policy or none, in its place.

use std::path::{Path, PathBuf};

use rustix::fs::{Stat, stat};
use rustix::io::Errno;

/// Bits of group and others that allow writing, and the one by which they may not replace what is another's.
const OTHERS_WRITE: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// What is wrong with a folder above.
pub(super) struct Wrong {
    pub(super) folder: PathBuf,
    pub(super) how: How,
}

/// How it is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// Others may write it (its mode).
    Open(u32),
    /// It belongs to somebody who is neither root, nor the shared folder's owner, nor who runs this.
    Stranger(u32),
}

/// The first above a folder, from the top, that cannot be trusted. Links on the way are followed.
pub(super) fn wrong(folder: &Path, itself: &Stat) -> Result<Option<Wrong>, Errno> {
    let real = folder.canonicalize().map_err(|error| super::place::errno_of(&error))?;
    let written = std::path::absolute(folder).map_err(|error| super::place::errno_of(&error))?;
    let ours = rustix::process::geteuid().as_raw();
    let mut above: Vec<&Path> = real.ancestors().skip(1).chain(written.ancestors().skip(1)).collect();
    above.sort_by_key(|folder| folder.as_os_str().len());
    for folder in above {
        let facts = stat(folder)?;
        let how = if facts.st_mode & OTHERS_WRITE != 0 && facts.st_mode & STICKY == 0 {
            How::Open(facts.st_mode & 0o7777)
        } else if ![0, ours, itself.st_uid].contains(&facts.st_uid) {
            How::Stranger(facts.st_uid)
        } else {
            continue;
        };
        return Ok(Some(Wrong { folder: folder.to_owned(), how }));
    }
    Ok(None)
}
