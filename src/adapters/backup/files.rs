//! The files of a backup: a folder with room, a temporary file that only its owner reads, and a name that only a dump bears
//! which can be read. All of it waits for the disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access, statvfs};
use sha2::{Digest as _, Sha256};

use crate::domain::{Cause, Safe};
use crate::remediation::backup::is_dump_of;

/// A dump under its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// Free bytes of a folder that can be written to.
pub fn look_at_folder(folder: &Path) -> Result<u64, Cause> {
    let shown = folder.display();
    let found = fs::metadata(folder).map_err(|e| cause(folder, &e))?;
    if !found.is_dir() {
        return Err(Cause::Other(Safe::of(format!("{shown} is no folder"))));
    }
    if access(folder, Access::WRITE_OK | Access::EXEC_OK).is_err() {
        return Err(Cause::PermissionDenied(Safe::of(format!("{shown} cannot be written to"))));
    }
    let room = statvfs(folder).map_err(|e| cause(folder, &e.into()))?;
    Ok(room.f_bavail.saturating_mul(room.f_frsize))
}

/// A new temporary file beside the name that it is to bear; nobody else reads it.
pub fn begin(folder: &Path, name: &str) -> Result<PathBuf, Cause> {
    let path = folder.join(format!(".{name}.part"));
    if folder.join(name).exists() {
        return Err(Cause::Other(Safe::of(format!("there is a {name} already"))));
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(|e| cause(&path, &e))?;
    Ok(path)
}

/// Brings a file to the disk and gives it its name; never over another.
pub fn seal(part: &Path, folder: &Path, name: &str) -> Result<Sealed, Cause> {
    let file = File::open(part).map_err(|e| cause(part, &e))?;
    file.sync_all().map_err(|e| cause(part, &e))?;
    let (size, sha256) = hash(part)?;
    let path = folder.join(name);
    fs::hard_link(part, &path).map_err(|e| cause(&path, &e))?;
    fs::remove_file(part).map_err(|e| cause(part, &e))?;
    sync_folder(folder)?;
    Ok(Sealed { path, size, sha256 })
}

/// Takes the name of a proven dump from a file that is none.
pub fn unproven(path: &Path) -> Result<PathBuf, Cause> {
    let mut name = path.as_os_str().to_owned();
    name.push(".unproven");
    let to = PathBuf::from(name);
    fs::rename(path, &to).map_err(|e| cause(path, &e))?;
    Ok(to)
}

/// Removes a temporary file, if it is there.
pub fn discard(part: &Path) {
    if let Err(e) = fs::remove_file(part)
        && e.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!("{} is left: {e}", part.display());
    }
}

/// Size and SHA-256 of a file, as it is on the disk now.
pub fn hash(path: &Path) -> Result<(u64, String), Cause> {
    let mut file = File::open(path).map_err(|e| cause(path, &e))?;
    let (mut all, mut size) = (Sha256::new(), 0u64);
    let mut piece = vec![0; 256 * 1024];
    loop {
        match file.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => {
                all.update(piece.get(..count).unwrap_or_default());
                size += count as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(cause(path, &e)),
        }
    }
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('?');
    Ok((size, all.finalize().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()))
}

/// Removes proven dumps of a database beyond the newest; which.
pub fn prune(folder: &Path, database: &Safe, keep: usize) -> Result<Vec<String>, Cause> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .map_err(|e| cause(folder, &e))?
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| is_dump_of(database, name))
        .collect();
    // Their names are in the order of their times.
    names.sort();
    names.truncate(names.len().saturating_sub(keep.max(1)));
    for name in &names {
        fs::remove_file(folder.join(name)).map_err(|e| cause(&folder.join(name), &e))?;
    }
    Ok(names)
}

fn sync_folder(folder: &Path) -> Result<(), Cause> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|e| cause(folder, &e))
}

fn cause(path: &Path, error: &io::Error) -> Cause {
    let shown = Safe::of(path.display().to_string());
    match error.kind() {
        io::ErrorKind::NotFound => Cause::FileMissing(shown),
        io::ErrorKind::PermissionDenied => Cause::PermissionDenied(shown),
        _ => Cause::Other(Safe::of(format!("{shown}: {error}"))),
    }
}
