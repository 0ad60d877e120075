//! The folder where processes of one host meet, with real processes and, as root, real users.

mod approvals;
mod child;
mod clocks;
mod folder;
mod holds;

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use quarterdeck::adapters::shared_folder::SharedFolder;

/// A group that every system has, and two of its users.
const GROUP: u32 = 100;

fn root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A shared folder of a group, in a folder of its own that anybody may pass through.
struct Lab {
    around: tempfile::TempDir,
}

impl Lab {
    fn new() -> Lab {
        let around = tempfile::tempdir().unwrap();
        fs::set_permissions(around.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let lab = Lab { around };
        fs::create_dir(lab.path()).unwrap();
        if root() {
            chown(lab.path(), None, Some(GROUP)).unwrap();
        }
        lab.mode(0o3770);
        lab
    }

    fn path(&self) -> PathBuf {
        self.around.path().join("shared")
    }

    fn mode(&self, mode: u32) {
        fs::set_permissions(self.path(), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn open(&self) -> SharedFolder {
        SharedFolder::open(Some(&self.path())).unwrap_or_else(|cause| panic!("{cause}"))
    }

    fn refusal(&self) -> String {
        SharedFolder::open(Some(&self.path())).expect_err("a folder that must be refused").to_string()
    }
}

fn only_file(folder: &Path) -> PathBuf {
    let names: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(names.len(), 1, "{names:?}");
    names[0].clone()
}
