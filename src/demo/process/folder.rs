//! The private folder of a sample: made, removed, and swept if a sample and its keeper were killed together.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown},
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};

use super::{
    super::{
        entropy,
        error::{DemoError, Doing},
    },
    Account,
};

const PREFIX: &str = "qd-demo-";

/// A folder that belongs to one living sample: the lock in it is held as long as the sample lives.
#[derive(Debug)]
pub struct Folder {
    /// Where it is.
    pub root: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes a new one. What the account owns lies in `pg`, `redis` and `log`; `run` stays ours.
    pub fn create(account: Option<&Account>) -> Result<Self, DemoError> {
        let base = base(account);
        sweep(&base);
        let name = entropy::secret()?;
        let root = base.join(format!("{PREFIX}{}", name.get(..8).unwrap_or(&name)));
        DirBuilder::new().mode(0o700).create(&root).doing(&format!("create {}", root.display()))?;
        let made = Self::fill(&root, account);
        if made.is_err() {
            // Nothing is in it yet that anyone needs.
            let _ = fs::remove_dir_all(&root);
        }
        Ok(Self { _lock: made?, root })
    }

    fn fill(root: &Path, account: Option<&Account>) -> Result<File, DemoError> {
        let lock = OpenOptions::new().write(true).create_new(true).mode(0o600).open(root.join("lock"));
        let lock = lock.doing("create the sample's lock")?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).doing("lock the sample's folder")?;
        for name in ["pg", "redis", "log", "run"] {
            let path = root.join(name);
            DirBuilder::new().mode(0o700).create(&path).doing(&format!("create {}", path.display()))?;
            if let (Some(account), true) = (account, name != "run") {
                chown(&path, Some(account.uid), Some(account.gid)).doing("hand over a folder")?;
            }
        }
        if account.is_some() {
            // The account must pass through, and sees no names on its way.
            fs::set_permissions(root, Permissions::from_mode(0o711)).doing("open the sample's folder")?;
        }
        Ok(lock)
    }
}

/// The temporary folder, if the account may pass it and a socket's path fits in it.
fn base(account: Option<&Account>) -> PathBuf {
    let base = std::env::temp_dir();
    let passable = |path: &Path| fs::metadata(path).is_ok_and(|data| data.is_dir() && data.mode() & 0o001 != 0);
    let fits = base.is_absolute() && base.as_os_str().len() <= 60;
    if fits && (account.is_none() || base.ancestors().all(passable)) { base } else { PathBuf::from("/tmp") }
}

/// Removes folders of samples that were killed together with their keepers.
fn sweep(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else { return };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        let Ok(data) = fs::symlink_metadata(entry.path()) else { continue };
        if !ours || !data.is_dir() || data.uid() != rustix::process::geteuid().as_raw() {
            continue;
        }
        let Ok(lock) = File::open(entry.path().join("lock")) else { continue };
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            // What cannot be removed now is tried again by the next sample.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Removes a folder and all in it; `false` while something is left.
pub fn remove(root: &Path) -> bool {
    let named = root.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(PREFIX));
    named
        && match fs::remove_dir_all(root) {
            Ok(()) => true,
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_orphaned_folder_is_swept_and_a_living_one_is_not() {
        let base = tempfile::tempdir().unwrap();
        let (dead, alive) = (base.path().join("qd-demo-dead"), base.path().join("qd-demo-alive"));
        for path in [&dead, &alive] {
            fs::create_dir(path).unwrap();
            fs::write(path.join("lock"), "").unwrap();
        }
        fs::create_dir(base.path().join("other")).unwrap();
        let held = File::open(alive.join("lock")).unwrap();
        flock(&held, FlockOperation::NonBlockingLockExclusive).unwrap();
        sweep(base.path());
        assert!(!dead.exists());
        assert!(alive.exists() && base.path().join("other").exists());
    }

    #[test]
    fn only_a_folder_of_ours_is_ever_removed() {
        let base = tempfile::tempdir().unwrap();
        assert!(!remove(base.path()));
        assert!(base.path().exists());
        assert!(remove(&base.path().join("qd-demo-gone")));
    }
}
