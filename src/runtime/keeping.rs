//! What is kept of alerts over a restart: a small file of the user alone, read once at the start and written whole, under
//! another name first. A thread of its own does it, so that no disk holds the loop up. A file that cannot be read is set aside
//! and told.

use std::fs::{DirBuilder, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, fstat, fsync, openat, renameat, unlinkat};
use rustix::io::Errno;

use crate::adapters::{audit_log, operator};
use crate::app::Event;
use crate::app::alerts::Kept;
use crate::domain::Safe;

use super::inbox::Inbox;

/// Largest file that is read.
const LARGEST: u64 = 8 * 1024 * 1024;
/// Orders that wait at most; the newest is as good as all before it.
const WAITING: usize = 16;
/// A link is not followed, and a pipe that lies in the way holds nobody up.
const CAREFUL: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

/// The near end of the thread.
pub struct Keeping {
    orders: SyncSender<Box<Kept>>,
    thread: std::thread::JoinHandle<()>,
}

impl Keeping {
    /// Starts the thread: what was kept comes as an event. `base` is the state folder, the user's own where none is given.
    pub fn start(base: Option<PathBuf>, name: &Safe, inbox: Arc<Inbox>) -> std::io::Result<Keeping> {
        let (orders, waiting) = sync_channel(WAITING);
        let folder = base.or_else(audit_log::default_folder).map(|base| base.join("kept"));
        let file = file_name(name);
        let work = move || {
            let Some(folder) = folder else {
                tracing::warn!("there is no home folder: what is said of alerts is not kept");
                return;
            };
            inbox.tell(taken_up(&folder, &file));
            write_all(&waiting, &folder, &file);
        };
        let thread = std::thread::Builder::new().name("keeping".to_owned()).spawn(work)?;
        Ok(Keeping { orders, thread })
    }

    /// Keeps this from now on.
    pub fn keep(&self, kept: Box<Kept>) {
        if self.orders.try_send(kept).is_err() {
            tracing::warn!("what is said of alerts could not be kept: the disk does not answer");
        }
    }

    /// Writes what still waits.
    pub fn finish(self) {
        drop(self.orders);
        let _panicked = self.thread.join();
    }
}

/// A name of its own for each configuration.
fn file_name(name: &Safe) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let name: String = name.as_str().chars().take(40).map(plain).collect();
    format!("alerts-{name}.json")
}

fn taken_up(folder: &Path, file: &str) -> Event {
    let operator = operator::identity().user;
    let (kept, trouble) = match read(folder, file) {
        Ok(None) => (None, None),
        Ok(Some(bytes)) => match serde_json::from_slice::<Kept>(&bytes) {
            Ok(kept) => (Some(Box::new(kept)), None),
            Err(why) => (None, Some(set_aside(folder, file, &why.to_string()))),
        },
        Err(why) => (None, Some(Safe::of(format!("what was kept of alerts cannot be read: {why}")))),
    };
    Event::AlertsKept { kept, trouble, operator }
}

fn write_all(waiting: &Receiver<Box<Kept>>, folder: &Path, file: &str) {
    while let Ok(first) = waiting.recv() {
        let newest = waiting.try_iter().last().unwrap_or(first);
        let written = serde_json::to_vec(&newest).map_err(|why| Safe::of(why.to_string()));
        if let Err(why) = written.and_then(|bytes| write(folder, file, &bytes)) {
            tracing::warn!("what is said of alerts is not kept: {why}");
        }
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

/// What is kept under a name; nothing where nothing is.
fn read(folder: &Path, name: &str) -> Result<Option<Vec<u8>>, Safe> {
    let Some(dir) = open(folder)? else { return Ok(None) };
    let fault = |what: String| Safe::of(format!("{}: {what}", folder.join(name).display()));
    let file = match openat(&dir, name, OFlags::RDONLY | CAREFUL, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(None),
        other => other.map_err(|errno| fault(words(errno)))?,
    };
    let stat = fstat(&file).map_err(|errno| fault(words(errno)))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(fault("is no regular file".to_owned()));
    }
    let mut bytes = Vec::new();
    let read = File::from(file).take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| fault(error.to_string()))?;
    if read as u64 > LARGEST {
        return Err(fault(format!("is larger than {LARGEST} bytes")));
    }
    Ok(Some(bytes))
}

/// Writes all of it under another name and gives it its own: whoever reads finds the one or the other whole.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Safe> {
    let fault = |what: String| Safe::of(format!("{}: {what}", folder.join(name).display()));
    let made = DirBuilder::new().mode(0o700).recursive(true).create(folder);
    made.map_err(|error| fault(error.to_string()))?;
    let dir = open(folder)?.ok_or_else(|| fault("its folder is gone".to_owned()))?;
    let new = format!("{name}.{}", std::process::id());
    // What a program of this number left behind is in the way.
    let _none = unlinkat(&dir, &new, AtFlags::empty());
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | CAREFUL;
    let file = openat(&dir, &new, flags, Mode::RUSR | Mode::WUSR).map_err(|errno| fault(words(errno)))?;
    let mut file = File::from(file);
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    let named = written
        .map_err(|error| error.to_string())
        .and_then(|()| renameat(&dir, &new, &dir, name).and_then(|()| fsync(&dir)).map_err(words));
    named.map_err(|what| {
        let _none = unlinkat(&dir, &new, AtFlags::empty());
        fault(what)
    })
}

/// A file that says nothing stays for whoever wants to know why; it is not written over.
fn set_aside(folder: &Path, name: &str, why: &str) -> Safe {
    let broken = format!("{name}.broken");
    let moved = open(folder).ok().flatten().map(|dir| renameat(&dir, name, &dir, &broken));
    let place = folder.join(if moved.is_some_and(|moved| moved.is_ok()) { &broken } else { name });
    Safe::of(format!(
        "what was kept of alerts is damaged ({why}): silences and acknowledgements of before are gone; it lies in {}",
        place.display()
    ))
}

fn words(errno: Errno) -> String {
    std::io::Error::from(errno).to_string()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::time::Duration;

    use super::*;
    use crate::app::alerts::kept::KeptSilence;

    fn kept() -> Kept {
        let silence = KeptSilence {
            matchers: "alertname=\"Down\"".into(),
            from: 1,
            until: 2,
            by: "mia".into(),
            comment: "deploy".into(),
        };
        Kept { at: 1, silences: vec![silence], ..Kept::default() }
    }

    fn started(base: &Path) -> (Keeping, Option<Box<Kept>>, Option<Safe>) {
        let inbox = Arc::new(Inbox::default());
        let keeping =
            Keeping::start(Some(base.to_owned()), &Safe::of("my shop"), Arc::clone(&inbox)).expect("a thread");
        loop {
            for event in inbox.wait(Duration::from_secs(10), false) {
                if let Event::AlertsKept { kept, trouble, operator } = event {
                    assert!(!operator.as_str().is_empty());
                    return (keeping, kept, trouble);
                }
            }
        }
    }

    #[test]
    fn what_is_kept_comes_back_and_belongs_to_the_user_alone() {
        let base = tempfile::tempdir().expect("a folder");
        let (keeping, before, trouble) = started(base.path());
        assert_eq!((before, trouble), (None, None));
        assert!(!base.path().join("kept").exists(), "who says nothing writes nothing");
        keeping.keep(Box::new(kept()));
        keeping.finish();
        let file = base.path().join("kept/alerts-my_shop.json");
        assert_eq!(file.metadata().expect("the file").permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(base.path().join("kept")).expect("the folder").count(), 1, "nothing lies about");
        let (keeping, again, trouble) = started(base.path());
        assert_eq!((again, trouble), (Some(Box::new(kept())), None));
        keeping.finish();
    }

    #[test]
    fn a_damaged_file_is_set_aside_and_told() {
        let base = tempfile::tempdir().expect("a folder");
        let folder = base.path().join("kept");
        DirBuilder::new().mode(0o700).create(&folder).expect("a folder");
        std::fs::write(folder.join("alerts-my_shop.json"), "{\"at\": 1").expect("a file");
        let (keeping, kept_before, trouble) = started(base.path());
        assert_eq!(kept_before, None);
        assert!(trouble.expect("trouble").as_str().contains("alerts-my_shop.json.broken"));
        keeping.keep(Box::new(kept()));
        keeping.finish();
        assert_eq!(std::fs::read(folder.join("alerts-my_shop.json.broken")).expect("set aside"), b"{\"at\": 1");
        assert!(folder.join("alerts-my_shop.json").exists());
    }

    #[test]
    fn a_link_and_a_folder_that_others_enter_are_refused() {
        let base = tempfile::tempdir().expect("a folder");
        let folder = base.path().join("kept");
        DirBuilder::new().mode(0o700).create(&folder).expect("a folder");
        symlink("/etc/passwd", folder.join("alerts-my_shop.json")).expect("a link");
        let (keeping, _, trouble) = started(base.path());
        assert!(trouble.is_some());
        keeping.finish();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).expect("open to others");
        assert!(write(&folder, "x", b"").expect_err("others may enter").as_str().contains("chmod 700"));
    }
}
