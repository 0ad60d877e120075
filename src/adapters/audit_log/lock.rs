//! Locks between the processes of one operator: one held for each record, one held as long as a process lives. The kernel
//! lets go of both when their process ends, however it ends, so neither can be left behind or mistaken for another's.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, flock, unlinkat};

use super::disk::Disk;
use super::doubt;
use super::error::{AuditError, AuditFault};
use super::folder::Folder;
use super::segment::Open;
use crate::domain::Safe;

/// A record is written in milliseconds; who holds the lock longer is stuck.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(1);

/// The lock under which records are written.
#[derive(Debug)]
pub(super) struct Turn {
    file: Arc<OwnedFd>,
    name: String,
}

/// It is our turn, until this is dropped.
pub(super) struct Held(Arc<OwnedFd>);

impl Drop for Held {
    fn drop(&mut self) {
        // Only a broken descriptor fails here; then the kernel lets go when the process ends.
        let _ = flock(self.0.as_fd(), FlockOperation::Unlock);
    }
}

impl Turn {
    pub(super) fn open(folder: &Folder, disk: &dyn Disk, operator: &str, user: u32) -> Result<Turn, AuditError> {
        let name = doubt::lock_name(operator);
        let file = folder.open_own(disk, &name, OFlags::CREATE, Mode::from_raw_mode(0o600), user)?;
        Ok(Turn { file: Arc::new(file), name })
    }

    /// Says to whoever comes later that the last record of this file may not be on disk. Only under the turn.
    pub(super) fn doubt(&self, open: &Open) {
        if let Some((stat, last)) = open.vouched() {
            doubt::set(self.file.as_fd(), &stat, last);
        }
    }

    /// A chain begins anew: what was said of its files is over. Only under the turn.
    pub(super) fn forget_doubts(&self) {
        doubt::forget(self.file.as_fd());
    }

    /// Waits for our turn.
    pub(super) fn take(&self, folder: &Folder, disk: &dyn Disk) -> Result<Held, AuditError> {
        let shown = folder.shown(&self.name);
        let until = Instant::now() + PATIENCE;
        while let Err(why) = disk.lock(self.file.as_fd(), FlockOperation::NonBlockingLockExclusive) {
            let waits = matches!(why.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted);
            if waits && Instant::now() < until {
                std::thread::sleep(PAUSE);
            } else if waits {
                let words = format!("{shown} has been locked by another process of yours for {PATIENCE:?}");
                return Err(AuditError::new(AuditFault::Busy, words));
            } else {
                return Err(no_locks(&shown, &why));
            }
        }
        let held = Held(Arc::clone(&self.file));
        // Whoever removed the file made room for a second lock beside ours.
        let same = match (folder.stat(&self.name), rustix::fs::fstat(self.file.as_fd())) {
            (Some(named), Ok(open)) => (named.st_dev, named.st_ino) == (open.st_dev, open.st_ino),
            _ => false,
        };
        if same { Ok(held) } else { Err(AuditError::unusable(format!("{shown} was removed: leave and start again"))) }
    }
}

/// Without locks two dashboards of one operator could write over each other, and nobody knew whose run still goes on.
fn no_locks(shown: &Safe, why: &io::Error) -> AuditError {
    AuditError::unusable(format!(
        "{shown} cannot be locked on this file system ({why}): no action runs with its audit there; name a folder on a file \
         system with locks, such as a local disk, as audit under [actions]"
    ))
}

/// The sign that this process lives.
#[derive(Debug)]
pub(super) struct Alive {
    folder: OwnedFd,
    name: String,
    _locked: OwnedFd,
}

impl Alive {
    /// `name` is used once: it holds the process and the time.
    pub(super) fn begin(folder: &Folder, disk: &dyn Disk, name: &str, user: u32) -> Result<Alive, AuditError> {
        let flags = OFlags::CREATE | OFlags::EXCL;
        let file = folder.open_own(disk, name, flags, Mode::from_raw_mode(0o600), user)?;
        let own = folder.fd().try_clone_to_owned();
        let own = own.map_err(|e| AuditError::unusable(format!("{}: {e}", folder.shown(name))))?;
        let locked = disk.lock(file.as_fd(), FlockOperation::NonBlockingLockExclusive);
        locked.map_err(|why| no_locks(&folder.shown(name), &why))?;
        Ok(Alive { folder: own, name: name.to_owned(), _locked: file })
    }

    /// Whether the process that wrote under this name still lives. A dead one's file is removed. Only under the turn.
    pub(super) fn is_alive(folder: &Folder, operator: &str, name: &str) -> bool {
        // A record names the file; nothing else may be opened or removed by way of it.
        let own = name.strip_prefix(&format!(".audit-{operator}.")).and_then(|rest| rest.strip_suffix(".alive"));
        if own.is_none_or(|own| own.contains('/')) {
            return false;
        }
        let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = match rustix::fs::openat(folder.fd(), name, flags, Mode::empty()) {
            Ok(file) => file,
            Err(rustix::io::Errno::NOENT) => return false,
            // Who cannot be asked is not declared dead.
            Err(_) => return true,
        };
        let alive = flock(&file, FlockOperation::NonBlockingLockExclusive).is_err();
        if !alive {
            // What stays behind is an empty file that nobody locks.
            let _ = unlinkat(folder.fd(), name, AtFlags::empty());
        }
        alive
    }
}

/// Whether the process of that name lives, for those who only look: nothing is removed. `None`: it cannot be known.
pub(super) fn look_alive(folder: &Folder, operator: &str, name: &str) -> Option<bool> {
    let own = name.strip_prefix(&format!(".audit-{operator}.")).and_then(|rest| rest.strip_suffix(".alive"));
    if own.is_none_or(|own| own.contains('/')) {
        return None;
    }
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    match rustix::fs::openat(folder.fd(), name, flags, Mode::empty()) {
        Ok(file) => Some(flock(&file, FlockOperation::NonBlockingLockShared).is_err()),
        Err(rustix::io::Errno::NOENT) => Some(false),
        Err(_another_users) => None,
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        // What stays behind is an empty file that nobody locks.
        let _ = unlinkat(self.folder.as_fd(), &self.name, AtFlags::empty());
    }
}
