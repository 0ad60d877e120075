//! The operations on which the promises of the audit rest, behind a trait: so that every one of them can be made to fail.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::{FlockOperation, Mode, OFlags};

/// What is done to a disk.
pub trait Disk: Send {
    /// Opens a file of the folder.
    ///
    /// # Errors
    /// Of the system.
    fn open(&self, folder: BorrowedFd<'_>, name: &str, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
        Ok(rustix::fs::openat(folder, name, flags, mode)?)
    }

    /// Writes at the end; may write less.
    ///
    /// # Errors
    /// Of the system.
    fn write(&self, file: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(file, bytes)?)
    }

    /// Returns when what was written is on disk.
    ///
    /// # Errors
    /// Of the system.
    fn fsync(&self, file: BorrowedFd<'_>) -> io::Result<()> {
        Ok(rustix::fs::fsync(file)?)
    }

    /// Locks a file against other processes, or lets go of it.
    ///
    /// # Errors
    /// Of the system; a file system without locks says so.
    fn lock(&self, file: BorrowedFd<'_>, operation: FlockOperation) -> io::Result<()> {
        Ok(rustix::fs::flock(file, operation)?)
    }

    /// Reserves space behind the end, without making the file longer.
    ///
    /// # Errors
    /// Of the system; a file system that cannot do it says so.
    fn reserve(&self, file: BorrowedFd<'_>, offset: u64, bytes: u64) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        return Ok(rustix::fs::fallocate(file, rustix::fs::FallocateFlags::KEEP_SIZE, offset, bytes)?);
        #[cfg(not(target_os = "linux"))]
        {
            let _ = (file, offset, bytes);
            Err(io::ErrorKind::Unsupported.into())
        }
    }
}

/// The disk as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {}
