//! One open log file: who it is (device, inode), how far it was read, and prints of what was read, so that a file that
//! was truncated and grew again under the same inode is noticed. Opening never waits, whatever stands at the path.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, SeekFrom};
use rustix::io::Errno;

use crate::domain::cause::Cause;
use crate::domain::safe::Safe;

/// Bytes of the beginning that are compared.
const HEAD: usize = 1024;
/// Bytes before the position that are compared.
const TAIL: usize = 256;

/// Which file, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    pub device: u64,
    pub inode: u64,
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub identity: Identity,
    pub kind: FileType,
}

/// What a read gave.
#[derive(Debug, PartialEq)]
pub enum Read {
    /// So many bytes stand in the buffer.
    Data(usize),
    /// So many NUL bytes of a hole were passed over.
    Hole(u64),
    /// Nothing new.
    End,
    /// The contents are not those that were read before. So many bytes are known to have been there unread.
    Replaced { unread: u64 },
}

/// An open file.
#[derive(Debug)]
pub struct OpenFile {
    fd: OwnedFd,
    pub identity: Identity,
    /// A pipe with a name: no positions, no identity of contents.
    pub is_fifo: bool,
    /// Somebody has this FIFO open for writing.
    pub has_writer: bool,
    /// How far it was read.
    pub position: u64,
    /// Its contents were replaced once, under the same inode.
    pub was_replaced: bool,
    head: Vec<u8>,
    tail: Vec<u8>,
    size: u64,
    modified: (i64, u64),
}

/// Looks at a path without opening it.
pub fn look(path: &Path) -> Result<Seen, Cause> {
    let stat = rustix::fs::stat(path).map_err(|errno| cause(errno, path))?;
    Ok(Seen {
        identity: Identity { device: stat.st_dev, inode: stat.st_ino },
        kind: FileType::from_raw_mode(stat.st_mode),
    })
}

/// Why a path of this kind is not read, or that it is.
pub fn acceptable(kind: FileType, fifo_allowed: bool, path: &Path) -> Result<(), Cause> {
    let what = match kind {
        FileType::RegularFile => return Ok(()),
        FileType::Fifo if fifo_allowed => return Ok(()),
        FileType::Fifo => "a FIFO now, and was a file",
        FileType::Directory => "a directory",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::Socket => "a socket",
        _ => "not a file",
    };
    Err(Cause::Misconfigured(Safe::of(format!("{} is {what}", path.display()))))
}

/// What an error of the system means for a file.
pub fn cause(errno: Errno, path: &Path) -> Cause {
    let name = Safe::of_bytes(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()));
    match errno {
        Errno::NOENT | Errno::NOTDIR => Cause::FileMissing(name),
        Errno::ACCESS | Errno::PERM => Cause::PermissionDenied(name),
        other => Cause::Other(Safe::of(format!("{name}: {}", std::io::Error::from(other)))),
    }
}

impl OpenFile {
    /// Opens what stands at `path`, at its beginning.
    pub fn open(path: &Path, fifo_allowed: bool) -> Result<OpenFile, Cause> {
        // Looked at first: opening a device can do something.
        acceptable(look(path)?.kind, fifo_allowed, path)?;
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| cause(errno, path))?;
        let stat = rustix::fs::fstat(&fd).map_err(|errno| cause(errno, path))?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        acceptable(kind, fifo_allowed, path)?;
        Ok(OpenFile {
            fd,
            identity: Identity { device: stat.st_dev, inode: stat.st_ino },
            is_fifo: kind == FileType::Fifo,
            has_writer: false,
            position: 0,
            was_replaced: false,
            head: Vec::new(),
            tail: Vec::new(),
            size: u64::try_from(stat.st_size).unwrap_or(0),
            modified: (0, 0),
        })
    }

    /// Size when it was last looked at.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The file itself, for questions about it.
    pub fn descriptor(&self) -> &OwnedFd {
        &self.fd
    }

    /// The first bytes that were read or looked at.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// Goes to `position`, as if everything before had been read.
    pub fn start_at(&mut self, position: u64) -> Result<(), Errno> {
        self.head = self.at(0, HEAD.min(usize::try_from(position).unwrap_or(HEAD)))?;
        let back = TAIL.min(usize::try_from(position).unwrap_or(TAIL));
        self.tail = self.at(position - back as u64, back)?;
        self.position = position;
        Ok(())
    }

    /// Goes to the beginning of new contents.
    pub fn restart(&mut self) {
        self.position = 0;
        self.was_replaced = true;
        self.head.clear();
        self.tail.clear();
        self.modified = (0, 0);
    }

    /// Reads at any place, without moving.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Errno> {
        loop {
            match rustix::io::pread(&self.fd, &mut *buffer, offset) {
                Err(Errno::INTR) => {}
                other => return other,
            }
        }
    }

    fn at(&self, offset: u64, length: usize) -> Result<Vec<u8>, Errno> {
        let mut bytes = vec![0; length];
        let read = self.read_at(offset, &mut bytes)?;
        bytes.truncate(read);
        Ok(bytes)
    }

    /// Reads what is new into `buffer`.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<Read, Errno> {
        if self.is_fifo {
            return self.read_fifo(buffer);
        }
        let stat = rustix::fs::fstat(&self.fd)?;
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        let unread = self.size.saturating_sub(self.position);
        if size < self.position {
            self.size = size;
            return Ok(Read::Replaced { unread });
        }
        let modified = (stat.st_mtime as i64, stat.st_mtime_nsec as u64);
        if size == self.position {
            // Grown again to exactly the same size?
            let same = modified == self.modified || self.is_unchanged()?;
            self.size = size;
            self.modified = modified;
            return Ok(if same { Read::End } else { Read::Replaced { unread } });
        }
        let read = self.read_at(self.position, buffer)?;
        // Compared after reading: had the contents been replaced before, what was read would be a piece of the new.
        if !self.is_unchanged()? {
            self.size = size;
            return Ok(Read::Replaced { unread });
        }
        self.size = size;
        self.modified = modified;
        let Some(data) = buffer.get(..read).filter(|data| !data.is_empty()) else { return Ok(Read::End) };
        if data.first() == Some(&0) && data.iter().all(|b| *b == 0) {
            return Ok(Read::Hole(self.pass_hole(read as u64, data)));
        }
        self.advance(data);
        Ok(Read::Data(read))
    }

    fn read_fifo(&mut self, buffer: &mut [u8]) -> Result<Read, Errno> {
        match rustix::io::read(&self.fd, buffer) {
            Ok(0) => {
                self.has_writer = false;
                Ok(Read::End)
            }
            Err(Errno::AGAIN) => {
                self.has_writer = true;
                Ok(Read::End)
            }
            Err(Errno::INTR) => Ok(Read::End),
            Ok(read) => {
                self.has_writer = true;
                self.position += read as u64;
                Ok(Read::Data(read))
            }
            Err(errno) => Err(errno),
        }
    }

    /// Steps over NUL bytes, and over the rest of the hole that they begin.
    fn pass_hole(&mut self, length: u64, data: &[u8]) -> u64 {
        let from = self.position;
        self.advance(data);
        let end = match rustix::fs::seek(&self.fd, SeekFrom::Data(from + length)) {
            Ok(at) => at.clamp(self.position, self.size.max(self.position)),
            // No data behind: the hole goes on to the end, if it is one.
            Err(Errno::NXIO) => self.size.max(self.position),
            Err(_) => self.position,
        };
        if end > self.position && self.start_at(end).is_err() {
            self.position = from + length;
        }
        self.position - from
    }

    /// Whether beginning and the bytes before the position are still what was read.
    pub fn is_unchanged(&self) -> Result<bool, Errno> {
        let tail_from = self.position - self.tail.len() as u64;
        Ok(self.at(0, self.head.len())? == self.head && self.at(tail_from, self.tail.len())? == self.tail)
    }

    fn advance(&mut self, data: &[u8]) {
        if self.head.len() as u64 == self.position && self.head.len() < HEAD {
            self.head.extend(data.iter().take(HEAD - self.head.len()));
        }
        self.position += data.len() as u64;
        if let Some(newest) = data.len().checked_sub(TAIL).and_then(|from| data.get(from..)) {
            self.tail.clear();
            self.tail.extend_from_slice(newest);
        } else {
            self.tail.extend_from_slice(data);
            self.tail.drain(..self.tail.len().saturating_sub(TAIL));
        }
    }
}
