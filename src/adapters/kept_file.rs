//! A small file in the user's state folder that several windows of one user keep together: read, joined with what another
//! wrote meanwhile, and written whole, all under one lock. It is the user's alone; one that cannot be read is set aside and
//! told, never written over unseen.

use std::fs::{DirBuilder, File};
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{
    AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, flock, fstat, fsync, openat, renameat, statat, unlinkat,
};
use rustix::io::Errno;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::Safe;

/// Largest file that is read.
const LARGEST: u64 = 64 << 20;
/// Between two tries for the lock.
const PAUSE: Duration = Duration::from_millis(5);
/// A link is not followed, and a pipe that lies in the way holds nobody up.
const CAREFUL: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

/// Where it lies, and what it is called for people.
#[derive(Clone, Debug)]
pub struct KeptFile {
    folder: PathBuf,
    name: String,
    what: &'static str,
}

/// How it looked from outside: whether another wrote it is told by comparing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    file: u64,
    size: i64,
    written: (i64, u64),
}

/// Why there is nothing.
enum Fault {
    /// The file says nothing that can be understood.
    Damaged(String),
    /// It cannot be read.
    Unreadable(Safe),
}

impl KeptFile {
    /// A file of this name in this folder.
    #[must_use]
    pub fn new(folder: PathBuf, name: String, what: &'static str) -> KeptFile {
        KeptFile { folder, name, what }
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// A cheap look; none where there is no file.
    #[must_use]
    pub fn look(&self) -> Option<Look> {
        let stat = statat(CWD, self.path(), AtFlags::SYMLINK_NOFOLLOW).ok()?;
        Some(Look { file: stat.st_ino, size: stat.st_size, written: (stat.st_mtime, stat.st_mtime_nsec) })
    }

    /// What is kept, if there is anything. It changes nothing.
    ///
    /// # Errors
    /// It is damaged or cannot be read.
    pub fn read<T: DeserializeOwned>(&self) -> Result<Option<T>, Safe> {
        self.parsed().map_err(|fault| match fault {
            Fault::Damaged(why) => self.told(&format!("is damaged ({why})")),
            Fault::Unreadable(why) => why,
        })
    }

    /// The same at the start of a run: what is damaged is set aside, and told.
    ///
    /// # Errors
    /// It is damaged or cannot be read.
    pub fn take_up<T: DeserializeOwned>(&self) -> Result<Option<T>, Safe> {
        self.parsed().map_err(|fault| match fault {
            Fault::Damaged(why) => self.set_aside(&why),
            Fault::Unreadable(why) => why,
        })
    }

    /// Reads, joins and writes it under the lock, for which it waits so long; what is kept now. What is as it was is not
    /// written.
    ///
    /// # Errors
    /// It cannot be locked, read or written. What is damaged is set aside.
    pub fn update<T: Serialize + DeserializeOwned>(
        &self,
        patience: Duration,
        join: impl FnOnce(Option<T>) -> T,
    ) -> Result<T, Safe> {
        let made = DirBuilder::new().mode(0o700).recursive(true).create(&self.folder);
        made.map_err(|error| self.fault(&error))?;
        let dir = open(&self.folder)?.ok_or_else(|| self.told("has no folder any more"))?;
        let _locked = self.lock(&dir, patience)?;
        let known = match self.parsed() {
            Ok(known) => known,
            Err(Fault::Damaged(why)) => {
                tracing::warn!("{}", self.set_aside(&why));
                None
            }
            Err(Fault::Unreadable(why)) => return Err(why),
        };
        let before = known.as_ref().and_then(|known| serde_json::to_vec(known).ok());
        let joined = join(known);
        let bytes = serde_json::to_vec(&joined).map_err(|error| self.fault(&error))?;
        if before.as_ref() != Some(&bytes) {
            self.write(&dir, &bytes)?;
        }
        Ok(joined)
    }

    fn parsed<T: DeserializeOwned>(&self) -> Result<Option<T>, Fault> {
        let Some(bytes) = self.bytes().map_err(Fault::Unreadable)? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|why| Fault::Damaged(why.to_string()))
    }

    fn bytes(&self) -> Result<Option<Vec<u8>>, Safe> {
        let Some(dir) = open(&self.folder)? else { return Ok(None) };
        let file = match openat(&dir, &self.name, OFlags::RDONLY | CAREFUL, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(None),
            other => other.map_err(|errno| self.fault(&words(errno)))?,
        };
        let stat = fstat(&file).map_err(|errno| self.fault(&words(errno)))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(self.told("is no regular file"));
        }
        let mut bytes = Vec::new();
        let read = File::from(file).take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| self.fault(&error))?;
        if read as u64 > LARGEST {
            return Err(self.told(&format!("is larger than {LARGEST} bytes")));
        }
        Ok(Some(bytes))
    }

    /// Our turn, until it is dropped or this process ends.
    fn lock(&self, dir: &OwnedFd, patience: Duration) -> Result<OwnedFd, Safe> {
        let name = format!(".{}.lock", self.name);
        let flags = OFlags::RDWR | OFlags::CREATE | CAREFUL;
        let file = openat(dir, &name, flags, Mode::RUSR | Mode::WUSR).map_err(|errno| self.fault(&words(errno)))?;
        let until = Instant::now() + patience;
        loop {
            match flock(file.as_fd(), FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(file),
                Err(Errno::WOULDBLOCK | Errno::INTR) if Instant::now() < until => std::thread::sleep(PAUSE),
                Err(Errno::WOULDBLOCK | Errno::INTR) => {
                    return Err(self.told(&format!("has been locked by another window for {patience:?}")));
                }
                Err(other) => return Err(self.told(&format!("cannot be locked: {}", words(other)))),
            }
        }
    }

    /// Writes all of it under another name and gives it its own: whoever reads finds the one or the other whole.
    fn write(&self, dir: &OwnedFd, bytes: &[u8]) -> Result<(), Safe> {
        let new = format!("{}.{}", self.name, std::process::id());
        // What a program of this number left behind is in the way.
        let _none = unlinkat(dir, &new, AtFlags::empty());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | CAREFUL;
        let file = openat(dir, &new, flags, Mode::RUSR | Mode::WUSR).map_err(|errno| self.fault(&words(errno)))?;
        let mut file = File::from(file);
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        let named = written
            .map_err(|error| error.to_string())
            .and_then(|()| renameat(dir, &new, dir, &self.name).and_then(|()| fsync(dir)).map_err(words));
        named.map_err(|what| {
            let _none = unlinkat(dir, &new, AtFlags::empty());
            self.fault(&what)
        })
    }

    /// A file that says nothing stays for whoever wants to know why; it is not written over.
    fn set_aside(&self, why: &str) -> Safe {
        let broken = format!("{}.broken", self.name);
        let moved = open(&self.folder).ok().flatten().map(|dir| renameat(&dir, &self.name, &dir, &broken));
        let place = self.folder.join(if moved.is_some_and(|moved| moved.is_ok()) { &broken } else { &self.name });
        Safe::of(format!(
            "what was kept of {} is damaged ({why}) and begins anew; the file of before lies in {}",
            self.what,
            place.display()
        ))
    }

    fn fault(&self, why: &dyn std::fmt::Display) -> Safe {
        self.told(&format!("cannot be used: {why}"))
    }

    fn told(&self, what: &str) -> Safe {
        Safe::of(format!("what is kept of {} {what} ({})", self.what, self.path().display()))
    }
}

/// Opens the folder; one that others may enter is refused.
fn open(folder: &Path) -> Result<Option<OwnedFd>, Safe> {
    let fault = |what: String| Safe::of(format!("{}: {what}", folder.display()));
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | CAREFUL;
    let dir = match openat(CWD, folder, flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(None),
        other => other.map_err(|errno| fault(words(errno)))?,
    };
    let stat = fstat(&dir).map_err(|errno| fault(words(errno)))?;
    if stat.st_uid != rustix::process::geteuid().as_raw() || stat.st_mode & 0o077 != 0 {
        return Err(fault("it must be yours alone (chmod 700)".to_owned()));
    }
    Ok(Some(dir))
}

fn words(errno: Errno) -> String {
    std::io::Error::from(errno).to_string()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn file(base: &Path) -> KeptFile {
        KeptFile::new(base.join("kept"), "x.json".to_owned(), "numbers")
    }

    fn folder(base: &Path) -> PathBuf {
        let folder = base.join("kept");
        DirBuilder::new().mode(0o700).create(&folder).unwrap();
        folder
    }

    #[test]
    fn it_is_private_whole_and_written_only_where_it_changes() {
        let base = tempfile::tempdir().unwrap();
        let file = file(base.path());
        assert_eq!((file.read::<Vec<u32>>(), file.look()), (Ok(None), None));
        assert_eq!(
            file.update(PATIENCE, |known: Option<Vec<u32>>| {
                assert_eq!(known, None);
                vec![1]
            }),
            Ok(vec![1])
        );
        assert_eq!(file.path().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let look = file.look();
        assert_eq!(file.update(PATIENCE, Option::<Vec<u32>>::unwrap_or_default), Ok(vec![1]));
        assert_eq!(file.look(), look, "it is as it was");
        let names = std::fs::read_dir(base.path().join("kept")).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, [".x.json.lock", "x.json"], "nothing lies about");
    }

    #[test]
    fn nothing_is_lost_however_many_write_at_once() {
        let base = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for number in 0..8u32 {
                let file = file(base.path());
                scope.spawn(move || {
                    for turn in 0..5 {
                        let joined = file.update(PATIENCE, |known: Option<Vec<u32>>| {
                            let mut all = known.unwrap_or_default();
                            all.push(number * 100 + turn);
                            all
                        });
                        joined.unwrap();
                    }
                });
            }
        });
        let all = file(base.path()).read::<Vec<u32>>().unwrap().unwrap();
        assert_eq!(all.len(), 40, "{all:?}");
    }

    #[test]
    fn a_damaged_one_is_set_aside_and_a_look_leaves_it_where_it_is() {
        let base = tempfile::tempdir().unwrap();
        let folder = folder(base.path());
        let file = file(base.path());
        std::fs::write(file.path(), "[1, 2").unwrap();
        assert!(file.read::<Vec<u32>>().unwrap_err().as_str().contains("is damaged"));
        assert!(file.path().exists());
        assert!(file.take_up::<Vec<u32>>().unwrap_err().as_str().contains("x.json.broken"));
        assert_eq!(std::fs::read(folder.join("x.json.broken")).unwrap(), b"[1, 2");
        assert_eq!(file.read::<Vec<u32>>(), Ok(None));
    }

    #[test]
    fn a_link_a_pipe_and_a_folder_that_others_enter_are_refused() {
        let base = tempfile::tempdir().unwrap();
        let folder = folder(base.path());
        let file = file(base.path());
        symlink("/etc/passwd", file.path()).unwrap();
        assert!(file.read::<Vec<u32>>().is_err());
        std::fs::remove_file(file.path()).unwrap();
        rustix::fs::mkfifoat(CWD, file.path(), Mode::from_raw_mode(0o600)).unwrap();
        assert!(file.read::<Vec<u32>>().unwrap_err().as_str().contains("no regular file"));
        std::fs::remove_file(file.path()).unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        let refused = file.update(PATIENCE, Option::<Vec<u32>>::unwrap_or_default).unwrap_err();
        assert!(refused.as_str().contains("chmod 700"), "{refused}");
    }

    #[test]
    fn who_does_not_get_the_lock_says_so() {
        let base = tempfile::tempdir().unwrap();
        let file = file(base.path());
        let joined = file.update(PATIENCE, |_: Option<Vec<u32>>| {
            let other = file.update(Duration::ZERO, Option::<Vec<u32>>::unwrap_or_default);
            assert!(other.unwrap_err().as_str().contains("locked by another window"));
            vec![7]
        });
        assert_eq!(joined, Ok(vec![7]));
    }
}
