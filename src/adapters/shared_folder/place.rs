//! A folder by its descriptor, and files in it: opened without following links, never blocking, written whole or not at all.

use std::ffi::CStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, RenameFlags, Stat, fchmod, fstat, fsync, mkdirat, openat, renameat,
    renameat_with, statat, unlinkat,
};
use rustix::io::Errno;

/// Largest record that is read.
pub(super) const LARGEST: u64 = 512 * 1024;
/// Most names of a folder that are looked at.
const NAMES: usize = 10_000;
/// Others may do the same at the same time; each try can lose against one of them.
const TRIES: usize = 16;
/// Of anything opened here: a link is not followed, and a pipe that lies in the way holds nobody up.
const CAREFUL: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

static MADE: AtomicU32 = AtomicU32::new(0);

/// An open folder.
#[derive(Debug)]
pub(super) struct Place {
    dir: OwnedFd,
    path: PathBuf,
    file_mode: Mode,
}

impl Place {
    pub(super) fn folder(path: &Path) -> Result<Place, Errno> {
        let dir = openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | CAREFUL, Mode::empty())?;
        Ok(Place { dir, path: path.to_owned(), file_mode: Mode::empty() })
    }

    /// A folder in it, made if it is missing; others see it only when it is as it should be.
    pub(super) fn inner(&self, name: &str, mode: u32, file_mode: u32) -> Result<Place, Errno> {
        for _ in 0..TRIES {
            match openat(&self.dir, name, OFlags::RDONLY | OFlags::DIRECTORY | CAREFUL, Mode::empty()) {
                Err(Errno::NOENT) => self.make_folder(name, Mode::from_bits_retain(mode))?,
                Err(other) => return Err(other),
                Ok(dir) => {
                    return Ok(Place { dir, path: self.path.join(name), file_mode: Mode::from_bits_retain(file_mode) });
                }
            }
        }
        Err(Errno::BUSY)
    }

    fn make_folder(&self, name: &str, mode: Mode) -> Result<(), Errno> {
        let new = unused(name);
        mkdirat(&self.dir, &new, Mode::RWXU)?;
        let result = openat(&self.dir, &new, OFlags::RDONLY | OFlags::DIRECTORY | CAREFUL, Mode::empty())
            .and_then(|dir| fchmod(dir, mode))
            .and_then(|()| renameat_with(&self.dir, &new, &self.dir, name, RenameFlags::NOREPLACE));
        if result.is_err() {
            let _gone = unlinkat(&self.dir, &new, AtFlags::REMOVEDIR);
        }
        already(result)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn stat(&self) -> Result<Stat, Errno> {
        fstat(&self.dir)
    }

    /// A file that several write in turn, made if it is missing.
    pub(super) fn open_or_make(&self, name: &str) -> Result<File, Errno> {
        for _ in 0..TRIES {
            // Without CREATE: some systems refuse to create what is there already and another's.
            match openat(&self.dir, name, OFlags::RDWR | CAREFUL, Mode::empty()) {
                Err(Errno::NOENT) => already(self.put(name, b"", self.file_mode, true))?,
                Err(other) => return Err(other),
                Ok(file) => return regular(&file).map(|_stat| File::from(file)),
            }
        }
        Err(Errno::BUSY)
    }

    /// A file for reading, as it is; none if there is no such file.
    pub(super) fn open(&self, name: &str) -> Result<Option<File>, Errno> {
        match openat(&self.dir, name, OFlags::RDONLY | CAREFUL, Mode::empty()) {
            Err(Errno::NOENT) => Ok(None),
            Err(other) => Err(other),
            Ok(file) => regular(&file).map(|_stat| Some(File::from(file))),
        }
    }

    /// Whether an open file is still the one of that name.
    pub(super) fn is_named(&self, file: &File, name: &str) -> Result<bool, Errno> {
        let held = fstat(file)?;
        match statat(&self.dir, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(named) => Ok(named.st_ino == held.st_ino && named.st_dev == held.st_dev),
            Err(Errno::NOENT) => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// What stands in a record, and what the system says of it; none if there is no such file.
    pub(super) fn read(&self, name: &str) -> Result<Option<(Vec<u8>, Stat)>, Errno> {
        let file = match openat(&self.dir, name, OFlags::RDONLY | CAREFUL, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(None),
            other => other?,
        };
        let stat = regular(&file)?;
        let mut bytes = Vec::new();
        File::from(file).take(LARGEST + 1).read_to_end(&mut bytes).map_err(|e| errno_of(&e))?;
        if bytes.len() as u64 > LARGEST { Err(Errno::FBIG) } else { Ok(Some((bytes, stat))) }
    }

    /// Writes a record so that it is there, whole and on the disk, when this returns. `new`: not over another.
    pub(super) fn write(&self, name: &str, bytes: &[u8], new: bool) -> Result<(), Errno> {
        // Its owner alone writes it: who owns it vouches for what stands in it.
        self.put(name, bytes, self.file_mode & !Mode::WGRP & !Mode::RWXO, new)
    }

    fn put(&self, name: &str, bytes: &[u8], mode: Mode, new: bool) -> Result<(), Errno> {
        let draft = unused(name);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | CAREFUL;
        let file = File::from(openat(&self.dir, &draft, flags, Mode::RUSR | Mode::WUSR)?);
        let written = fill(&file, bytes).and_then(|()| fchmod(&file, mode)).and_then(|()| fsync(&file));
        let placed = written.and_then(|()| {
            if new {
                renameat_with(&self.dir, &draft, &self.dir, name, RenameFlags::NOREPLACE)
            } else {
                renameat(&self.dir, &draft, &self.dir, name)
            }
        });
        if placed.is_err() {
            let _gone = unlinkat(&self.dir, &draft, AtFlags::empty());
        }
        placed.and_then(|()| fsync(&self.dir))
    }

    /// Removes a record so that it is gone from the disk, too, when this returns.
    pub(super) fn remove(&self, name: &str) -> Result<(), Errno> {
        unlinkat(&self.dir, name, AtFlags::empty())?;
        fsync(&self.dir)
    }

    /// Names of records that begin so.
    pub(super) fn names(&self, beginning: &str) -> Result<Vec<String>, Errno> {
        let mut names = Vec::new();
        for (count, entry) in Dir::read_from(&self.dir)?.enumerate() {
            if count > NAMES {
                return Err(Errno::OVERFLOW);
            }
            let name = entry?;
            let name = text(name.file_name());
            if name.starts_with(beginning) && !name.starts_with('.') {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Removes what is one's own and was last written before an instant: seconds since 1970.
    pub(super) fn sweep(&self, owner: u32, before: i64) {
        let Ok(entries) = Dir::read_from(&self.dir) else { return };
        for entry in entries.take(NAMES).flatten() {
            let Ok(stat) = statat(&self.dir, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW) else { continue };
            if stat.st_uid == owner && stat.st_mtime < before && FileType::from_raw_mode(stat.st_mode).is_file() {
                let _stays = unlinkat(&self.dir, entry.file_name(), AtFlags::empty());
            }
        }
    }
}

fn text(name: &CStr) -> String {
    String::from_utf8_lossy(name.to_bytes()).into_owned()
}

/// A name that nobody else uses; records are not called so.
fn unused(name: &str) -> String {
    format!(".{name}.{}.{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed))
}

/// Somebody else was faster: what was wanted is there.
fn already(made: Result<(), Errno>) -> Result<(), Errno> {
    match made {
        Err(Errno::EXIST | Errno::NOTEMPTY) => Ok(()),
        other => other,
    }
}

fn regular(file: &OwnedFd) -> Result<Stat, Errno> {
    let stat = fstat(file)?;
    if FileType::from_raw_mode(stat.st_mode).is_file() { Ok(stat) } else { Err(Errno::INVAL) }
}

fn fill(mut file: &File, bytes: &[u8]) -> Result<(), Errno> {
    file.write_all(bytes).map_err(|e| errno_of(&e))
}

pub(super) fn errno_of(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}
