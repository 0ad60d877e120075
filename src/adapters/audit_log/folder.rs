//! The folder of the audit and its files: opened once, by descriptor, and judged before anything is believed. Symbolic
//! links, other owners, files that others may write and anything that is no regular file are refused.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, open, statat};

use crate::domain::Safe;

use super::disk::Disk;
use super::error::AuditError;
use super::segment::is_sealed;

const OTHERS_WRITE: u32 = 0o022;
const STICKY: u32 = 0o1000;
/// What is made in the folder bears its group; elsewhere than on Linux it does so without being told.
const SETGID: u32 = if cfg!(target_os = "linux") { 0o2000 } else { 0 };
/// Most names of the folder that are looked at.
const NAMES: usize = 10_000;

/// Where the audit is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The folder.
    pub path: PathBuf,
    /// Several operators write into it, each their own file, which their group may read.
    pub shared: bool,
}

/// The folder of this user: `~/.local/state/quarterdeck`.
#[must_use]
pub fn default_folder() -> Option<PathBuf> {
    let dirs = ProjectDirs::from("", "", "quarterdeck")?;
    Some(dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).to_owned())
}

/// A file of the chain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Segment {
    /// Whose.
    pub operator: String,
    /// The how manieth; 0 has no number in its name.
    pub index: u32,
}

impl Segment {
    /// Its name in the folder.
    #[must_use]
    pub fn name(&self) -> String {
        match self.index {
            0 => format!("audit-{}.jsonl", self.operator),
            index => format!("audit-{}.{index}.jsonl", self.operator),
        }
    }

    pub(super) fn parse(name: &str) -> Option<Segment> {
        let middle = name.strip_prefix("audit-")?.strip_suffix(".jsonl")?;
        let numbered = middle.rsplit_once('.').and_then(|(operator, index)| Some((operator, index.parse().ok()?)));
        let (operator, index) = numbered.unwrap_or((middle, 0));
        let segment = Segment { operator: operator.to_owned(), index };
        (segment.name() == name && !operator.is_empty()).then_some(segment)
    }
}

/// The opened folder.
#[derive(Debug)]
pub struct Folder {
    fd: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// For reading alone: whatever is there is looked at.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn look(path: &Path) -> io::Result<Folder> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Folder { fd: open(path, flags, Mode::empty())?, path: path.to_owned() })
    }

    /// For writing: made if it is the user's own and missing, and judged.
    pub(super) fn for_writing(place: &Place, user: u32) -> Result<Folder, AuditError> {
        let path = &place.path;
        if !place.shared
            && let Err(error) = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
        {
            return Err(unusable(path, &format!("it cannot be made: {error}")));
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = open(path, flags, Mode::empty()).map_err(|errno| match errno {
            rustix::io::Errno::NOTDIR | rustix::io::Errno::LOOP => {
                unusable(path, "it is no folder but a symbolic link or a file; name the folder itself")
            }
            other => unusable(path, &io::Error::from(other).to_string()),
        })?;
        let stat = fstat(&fd).map_err(|errno| unusable(path, &io::Error::from(errno).to_string()))?;
        if stat.st_uid != user && !(place.shared && stat.st_uid == 0) {
            let fix = if place.shared { "make root its owner" } else { "it must be yours" };
            return Err(unusable(path, &format!("it belongs to user {}; {fix}", stat.st_uid)));
        }
        let mode = stat.st_mode & 0o7777;
        if mode & OTHERS_WRITE != 0 && !(place.shared && mode & STICKY != 0) {
            let fix = if place.shared { "chmod +t it, so that nobody moves another's file" } else { "chmod go-w it" };
            return Err(unusable(path, &format!("it may be written by others (mode {mode:04o}); {fix}")));
        }
        if place.shared && mode & SETGID != SETGID {
            let fix = "chmod g+s it, so that its group may read what each of you records";
            return Err(unusable(path, &format!("it does not hand its group on (mode {mode:04o}); {fix}")));
        }
        Ok(Folder { fd, path: path.clone() })
    }

    /// Its descriptor.
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// A path in it, for people.
    #[must_use]
    pub fn shown(&self, name: &str) -> Safe {
        Safe::of(self.path.join(name).display().to_string())
    }

    /// What is known of a name, links not followed; `None` where there is nothing.
    pub(super) fn stat(&self, name: &str) -> Option<Stat> {
        statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW).ok()
    }

    /// Whether nothing may be added to a file of the chain any more.
    #[must_use]
    pub fn is_closed(&self, name: &str) -> bool {
        self.stat(name).is_some_and(|stat| is_sealed(&stat))
    }

    /// Whose file that is, as the system says.
    #[must_use]
    pub fn owner(&self, name: &str) -> Option<u32> {
        self.stat(name).map(|stat| stat.st_uid)
    }

    /// The files of all operators, by operator and number.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn segments(&self) -> io::Result<Vec<Segment>> {
        let mut found: Vec<Segment> = Dir::read_from(&self.fd)?
            .take(NAMES)
            .filter_map(|entry| Segment::parse(entry.ok()?.file_name().to_str().ok()?))
            .collect();
        found.sort();
        Ok(found)
    }

    /// Opens a file of ours for reading and appending, and judges it.
    pub(super) fn open_own(
        &self,
        disk: &dyn Disk,
        name: &str,
        extra: OFlags,
        mode: Mode,
        user: u32,
    ) -> Result<OwnedFd, AuditError> {
        let shown = self.shown(name);
        // A pipe in its place must not hold us up.
        let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | extra;
        let fd = retrying(|| disk.open(self.fd(), name, flags, mode)).map_err(|error| {
            AuditError::unusable(match error.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
                Some(rustix::io::Errno::LOOP) => format!("{shown} is a symbolic link; remove it: {REFUSED}"),
                Some(rustix::io::Errno::ROFS) => format!("{shown} is on a read-only file system: {REFUSED}"),
                _ => format!("{shown} cannot be written ({error}): {REFUSED}"),
            })
        })?;
        let stat = fstat(&fd).map_err(|errno| AuditError::unusable(format!("{shown}: {}", io::Error::from(errno))))?;
        let why = if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            "is not a regular file".to_owned()
        } else if stat.st_uid != user {
            format!("belongs to user {}", stat.st_uid)
        } else if stat.st_mode & OTHERS_WRITE != 0 {
            format!("may be written by others; chmod go-w {shown}")
        } else if stat.st_nlink > 1 {
            "has a second name (a hard link)".to_owned()
        } else {
            return Ok(fd);
        };
        Err(AuditError::unusable(format!("{shown} {why}: {REFUSED}")))
    }
}

/// What follows for the person.
pub(super) const REFUSED: &str = "without an audit no action runs; watching goes on";

fn unusable(path: &Path, why: &str) -> AuditError {
    AuditError::unusable(format!("the audit folder {}: {why}: {REFUSED}", path.display()))
}

/// Again, when a signal came in between.
pub(super) fn retrying<T>(mut operation: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match operation() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
