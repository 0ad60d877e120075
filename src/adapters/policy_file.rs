//! The policy of a shared folder: opened without following links, judged by what the system says of it and of the folder,
//! capped. Whether it has changed is for the caller to see, by reading it again.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, OFlags, Stat, fstat, openat};
use rustix::io::Errno;

use crate::config::keys::policy::FILE;
use crate::config::policy::PolicyFile;
use crate::config::trust::{Facts, judge_policy};
use crate::domain::Safe;

/// Largest policy that is read.
const LIMIT: u64 = 256 * 1024;
/// A pipe of that name holds nobody up.
const CAREFUL: OFlags = OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

/// Reads the policy of a folder, as it is now.
#[must_use]
pub fn read(folder: &Path) -> PolicyFile {
    let path = folder.join(FILE);
    let text = text(folder, &path);
    PolicyFile { path, text }
}

fn text(folder: &Path, path: &Path) -> Result<Option<String>, Safe> {
    let told = |errno: Errno| Safe::of(std::io::Error::from(errno).to_string());
    // A folder that is not there, or is none, is told by those who use it; it holds no policy.
    let dir = match openat(CWD, folder, CAREFUL.union(OFlags::DIRECTORY), Mode::empty()) {
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(None),
        other => other.map_err(told)?,
    };
    let file = match openat(&dir, FILE, CAREFUL, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP) => return Err(Safe::of("it is a symbolic link; put the file itself there")),
        other => other.map_err(told)?,
    };
    judge_policy(path, facts(&fstat(&file).map_err(told)?), facts(&fstat(&dir).map_err(told)?))?;
    let mut bytes = Vec::new();
    File::from(file).take(LIMIT + 1).read_to_end(&mut bytes).map_err(|error| Safe::of(error.to_string()))?;
    if bytes.len() as u64 > LIMIT {
        return Err(Safe::of("it is larger than 256 KiB"));
    }
    let text = String::from_utf8(bytes);
    text.map(Some).map_err(|e| Safe::of(format!("it is not UTF-8 (byte {})", e.utf8_error().valid_up_to())))
}

fn facts(stat: &Stat) -> Facts {
    let regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    Facts { owner: stat.st_uid, mode: stat.st_mode & 0o7777, regular }
}
