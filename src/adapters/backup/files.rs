//! The files of a backup: a folder with room, a temporary file that only its owner reads, and a name that only a dump bears
//! which was restored. All of it waits for the disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access, statvfs};
use sha2::{Digest as _, Sha256};

use crate::domain::{Cause, Safe};
use crate::remediation::backup::{OldDump, is_dump_of};

/// A whole dump on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Where it is.
    pub path: PathBuf,
    /// Where it belongs once it is proved.
    proven: PathBuf,
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
    for taken in [folder.join(name), unproven(folder, name)] {
        if taken.exists() {
            return Err(Cause::Other(Safe::of(format!("there is a {} already", taken.display()))));
        }
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(|e| cause(&path, &e))?;
    Ok(path)
}

/// Brings a file to the disk, under a name that says that nothing is proved yet; never over another.
pub fn seal(part: &Path, folder: &Path, name: &str) -> Result<Sealed, Cause> {
    let file = File::open(part).map_err(|e| cause(part, &e))?;
    file.sync_all().map_err(|e| cause(part, &e))?;
    let (size, sha256) = hash(part)?;
    let path = unproven(folder, name);
    fs::hard_link(part, &path).map_err(|e| cause(&path, &e))?;
    fs::remove_file(part).map_err(|e| cause(part, &e))?;
    sync_folder(folder)?;
    Ok(Sealed { path, proven: folder.join(name), size, sha256 })
}

/// Gives a dump that was proved its name; never over another.
pub fn prove(sealed: &Sealed) -> Result<Sealed, Cause> {
    let Sealed { path, proven, .. } = sealed;
    fs::hard_link(path, proven).map_err(|e| cause(proven, &e))?;
    discard(path);
    if let Some(folder) = proven.parent() {
        sync_folder(folder)?;
    }
    Ok(Sealed { path: proven.clone(), ..sealed.clone() })
}

fn unproven(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.unproven"))
}

/// Sixteen digits from the kernel's chance.
pub fn chance() -> Result<String, Cause> {
    let (source, mut bytes) = (Path::new("/dev/urandom"), [0; 8]);
    File::open(source).and_then(|mut file| file.read_exact(&mut bytes)).map_err(|e| cause(source, &e))?;
    Ok(format!("{:016x}", u64::from_le_bytes(bytes)))
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

/// Proven dumps of a database beyond the newest, the oldest first. Only reads.
pub fn older(folder: &Path, database: &Safe, keep: usize) -> Result<Vec<OldDump>, Cause> {
    let mut dumps = found(folder, |name| is_dump_of(database, name))?;
    // Their names are in the order of their times.
    dumps.sort_by(|one, other| one.path.cmp(&other.path));
    dumps.truncate(dumps.len().saturating_sub(keep));
    Ok(dumps)
}

/// Files that backups of a database left which never came to their end, the oldest first. One that is being made now is among
/// them. Only reads.
pub fn unfinished(folder: &Path, database: &Safe) -> Result<Vec<OldDump>, Cause> {
    let is_left = |name: &str| {
        let part = name.strip_prefix('.').and_then(|name| name.strip_suffix(".part"));
        part.or_else(|| name.strip_suffix(".unproven")).is_some_and(|dump| is_dump_of(database, dump))
    };
    let mut left = found(folder, is_left)?;
    left.sort_by(|one, other| (one.modified, &one.path).cmp(&(other.modified, &other.path)));
    Ok(left)
}

/// Plain files of a folder by their names.
fn found(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<OldDump>, Cause> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| cause(folder, &e))?.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        // The entry itself: a link is nobody's dump.
        if wanted(&name)
            && let Ok(found) = entry.metadata()
            && found.is_file()
        {
            files.push(OldDump { path: folder.join(name), size: found.len(), modified: found.mtime() });
        }
    }
    Ok(files)
}

/// Deletes one for good.
pub fn delete(dump: &OldDump) -> Result<(), Cause> {
    fs::remove_file(&dump.path).map_err(|e| cause(&dump.path, &e))
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
