//! Tickets of printed cards, kept between `run --dry-run` and `run --confirm`: small files of the user alone, each taken once.
//! What a ticket is good for is decided by `remediation::ticket`.

use std::fs::{DirBuilder, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, fstat, openat, renameat, statat, unlinkat};
use rustix::io::Errno;

use crate::domain::{Moment, Safe};
use crate::remediation::card::Card;
use crate::remediation::ticket::{ID_DIGITS, Ticket};

use super::{audit_log, operator};

/// Largest ticket.
const LARGEST: u64 = 512 * 1024;
/// Names of the folder that are looked at when it is swept.
const NAMES: usize = 1000;
/// A ticket of an hour ago is good for nothing.
const SWEPT_AFTER: i64 = 3600;
/// A link is not followed, and a pipe that lies in the way holds nobody up.
const CAREFUL: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

/// The folder of the tickets.
#[derive(Debug)]
pub struct Tickets {
    dir: OwnedFd,
    path: PathBuf,
}

impl Tickets {
    /// Opens the folder in the user's state folder; made if it is missing, refused if others may enter it.
    pub fn open() -> Result<Tickets, Safe> {
        let state =
            audit_log::default_folder().ok_or_else(|| Safe::of("you have no home folder: a code has no place"))?;
        let path = state.join("tickets");
        let fault = |what: String| Safe::of(format!("{}: {what}", path.display()));
        DirBuilder::new().mode(0o700).recursive(true).create(&path).map_err(|e| fault(e.to_string()))?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | CAREFUL;
        let dir = openat(CWD, &path, flags, Mode::empty()).map_err(|e| fault(words(e)))?;
        let stat = fstat(&dir).map_err(|e| fault(words(e)))?;
        if stat.st_uid != rustix::process::geteuid().as_raw() || stat.st_mode & 0o077 != 0 {
            return Err(fault("it must be yours alone (chmod 700)".to_owned()));
        }
        Ok(Tickets { dir, path })
    }

    /// Keeps a ticket for a card; the code that brings it back.
    pub fn issue(&self, card: &Card, now: Moment) -> Result<Safe, Safe> {
        self.sweep(now);
        let id = chance().map_err(|e| self.fault(&e.to_string()))?;
        let ticket = Ticket::new(&id, card, &operator::in_this_boot(now))
            .ok_or_else(|| Safe::of("the system does not say in which boot it is: a code could not be dated"))?;
        let text = serde_json::to_vec(&ticket).map_err(|e| self.fault(&e.to_string()))?;
        if text.len() as u64 > LARGEST {
            return Err(Safe::of("it touches too much for a code to stand for"));
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | CAREFUL;
        let file = openat(&self.dir, &id, flags, Mode::RUSR | Mode::WUSR).map_err(|e| self.fault(&words(e)))?;
        File::from(file).write_all(&text).map_err(|e| self.fault(&e.to_string()))?;
        Ok(ticket.code())
    }

    /// Takes the ticket of a code out of the folder; nobody takes it again, whatever becomes of it.
    pub fn take(&self, code: &str) -> Result<Ticket, Safe> {
        let id = Ticket::id_of(code).ok_or_else(|| Safe::of("it does not look like a code; a dry run prints one"))?;
        // Of two that take at once, one finds nothing to rename.
        let taken = format!("{id}.{}", std::process::id());
        renameat(&self.dir, id, &self.dir, &taken).map_err(|errno| match errno {
            Errno::NOENT => Safe::of("it is not known: it was used already, or is long over"),
            other => self.fault(&words(other)),
        })?;
        let read = self.read(&taken);
        unlinkat(&self.dir, &taken, AtFlags::empty()).map_err(|e| self.fault(&words(e)))?;
        serde_json::from_slice(&read?).map_err(|_broken| Safe::of("its ticket is damaged"))
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, Safe> {
        let file =
            openat(&self.dir, name, OFlags::RDONLY | CAREFUL, Mode::empty()).map_err(|e| self.fault(&words(e)))?;
        let mut bytes = Vec::new();
        File::from(file).take(LARGEST).read_to_end(&mut bytes).map_err(|e| self.fault(&e.to_string()))?;
        Ok(bytes)
    }

    /// Codes that never came back go.
    fn sweep(&self, now: Moment) {
        let before = now.wall.timestamp().saturating_sub(SWEPT_AFTER);
        let Ok(entries) = Dir::read_from(&self.dir) else { return };
        for entry in entries.take(NAMES).flatten() {
            let Ok(stat) = statat(&self.dir, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW) else { continue };
            if stat.st_mtime < before {
                // A folder stays: only files are ours.
                let _stays = unlinkat(&self.dir, entry.file_name(), AtFlags::empty());
            }
        }
    }

    fn fault(&self, what: &str) -> Safe {
        Safe::of(format!("{}: {what}", self.path.display()))
    }
}

fn words(errno: Errno) -> String {
    std::io::Error::from(errno).to_string()
}

/// A name from the kernel's chance.
fn chance() -> std::io::Result<String> {
    let mut bytes = [0; 8];
    // As many bytes as the name has pairs of digits; the others stay zero.
    if let Some(chance) = bytes.get_mut(..ID_DIGITS / 2) {
        File::open("/dev/urandom")?.read_exact(chance)?;
    }
    Ok(format!("{:0ID_DIGITS$x}", u64::from_le_bytes(bytes)))
}
