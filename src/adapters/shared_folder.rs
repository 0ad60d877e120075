//! The place where the processes of one host meet: holds, cool-downs and approvals, as files in a folder of a group.
//! Nothing here waits for another process. What is decided by what is found is the guard's.

mod above;
mod approvals;
mod clocks;
mod cool_downs;
mod holds;
mod place;
mod record;

pub use approvals::{Answer, ApproveError, Pending};
pub use holds::{HeldBy, Hold, Holder};

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Stat};
use rustix::io::Errno;

use crate::domain::{Cause, Safe};

use super::operator;
use above::How;
use place::Place;

/// A folder without the sticky bit.
const UNSTUCK: &str = "lets each of its group remove what is another's, the policy too (no sticky bit)";

/// Actions at a time on the whole host, unless said otherwise.
pub const SLOTS: usize = 4;

/// Where processes meet.
#[derive(Clone, Debug)]
pub struct SharedFolder {
    root: PathBuf,
    reach: Reach,
    slots: usize,
}

/// With whom one meets there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// A group of people.
    Group,
    /// Other processes of one's own.
    OnlyYou,
}

/// What is kept, each in a folder of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shelf {
    Holds,
    Slots,
    CoolDowns,
    Requests,
    Approvals,
    Clocks,
}

impl Shelf {
    const ALL: [Shelf; 6] =
        [Shelf::Holds, Shelf::Slots, Shelf::CoolDowns, Shelf::Requests, Shelf::Approvals, Shelf::Clocks];

    fn name(self) -> &'static str {
        match self {
            Shelf::Holds => "holds",
            Shelf::Slots => "slots",
            Shelf::CoolDowns => "cool-downs",
            Shelf::Requests => "requests",
            Shelf::Approvals => "approvals",
            Shelf::Clocks => "clocks",
        }
    }
}

impl SharedFolder {
    /// Opens the folder of the host; without one, a folder of one's own, which covers only oneself. A folder that cannot be
    /// trusted is refused with the line that mends it, never replaced by one's own.
    pub fn open(configured: Option<&Path>) -> Result<SharedFolder, Cause> {
        let folder = match configured {
            Some(path) => SharedFolder { root: path.to_owned(), reach: Reach::Group, slots: SLOTS },
            None => SharedFolder { root: own_folder()?, reach: Reach::OnlyYou, slots: SLOTS },
        };
        for shelf in Shelf::ALL {
            folder.shelf(shelf)?;
        }
        Ok(folder)
    }

    /// The same with another number of actions at a time.
    #[must_use]
    pub fn with_slots(self, slots: usize) -> SharedFolder {
        SharedFolder { slots: slots.clamp(1, 64), ..self }
    }

    /// Whether other operators of the host are not met here.
    #[must_use]
    pub fn covers_only_you(&self) -> bool {
        self.reach == Reach::OnlyYou
    }

    /// Whom the guards cover, in words.
    #[must_use]
    pub fn reach_words(&self) -> Safe {
        match self.reach {
            Reach::OnlyYou => Safe::of("guards cover only you"),
            Reach::Group => Safe::of(format!("guards cover everyone who uses {}", self.root.display())),
        }
    }

    /// Opened anew each time, so that a folder that was put in the place of another is the one in use from then on.
    fn shelf(&self, which: Shelf) -> Result<Place, Cause> {
        let root = Place::folder(&self.root).map_err(|errno| self.cannot_open(errno))?;
        root.stat().map_err(|errno| self.fault(errno)).and_then(|stat| self.judge(&stat))?;
        let (folder_mode, file_mode) = match self.reach {
            // Sticky: nobody removes or replaces what is another's.
            Reach::Group => (0o3770, 0o660),
            Reach::OnlyYou => (0o700, 0o600),
        };
        let place = root.inner(which.name(), folder_mode, file_mode).map_err(|errno| match errno {
            Errno::ACCESS | Errno::PERM => self.not_a_member(&root),
            other => self.fault(other),
        })?;
        let stat = place.stat().map_err(|errno| self.fault(errno))?;
        if self.reach == Reach::Group && stat.st_mode & 0o002 != 0 || !is_folder(&stat) {
            let path = Safe::of(place.path().display().to_string());
            return Err(Cause::Misconfigured(Safe::of(format!("{path} may be written by anybody: remove that right"))));
        }
        Ok(place)
    }

    /// Whether the folder may be trusted.
    fn judge(&self, stat: &Stat) -> Result<(), Cause> {
        let ours = rustix::process::geteuid().as_raw();
        let wrong = match self.reach {
            Reach::Group if stat.st_mode & 0o002 != 0 => "may be written by anybody",
            Reach::Group if stat.st_mode & 0o2000 == 0 => "does not hand its group on (no setgid)",
            Reach::Group if stat.st_mode & 0o070 != 0o070 => "is not open to its group",
            // Else each of them lifts what binds all, by removing the policy.
            Reach::Group if stat.st_mode & 0o1000 == 0 => UNSTUCK,
            Reach::OnlyYou if stat.st_uid != ours => "belongs to another user",
            Reach::OnlyYou if stat.st_mode & 0o022 != 0 => "may be written by others",
            Reach::OnlyYou => return Ok(()),
            Reach::Group => return self.judge_above(stat),
        };
        Err(self.refuse(wrong, Some(stat.st_gid)))
    }

    /// Whether the folder stays the one that it is.
    fn judge_above(&self, stat: &Stat) -> Result<(), Cause> {
        let Some(wrong) = above::wrong(&self.root, stat).map_err(|errno| self.fault(errno))? else { return Ok(()) };
        let (above, at) = (wrong.folder.display(), quoted(&wrong.folder));
        let (said, fix) = match wrong.how {
            How::Open(mode) => (format!("may be written by others (mode {mode:04o})"), format!("chmod go-w {at}")),
            How::Stranger(owner) => (format!("belongs to user {owner}"), format!("chown root {at}")),
        };
        Err(self.refused(&format!("can be replaced: {above} above it {said}"), &fix))
    }

    fn cannot_open(&self, errno: Errno) -> Cause {
        match errno {
            Errno::NOENT => self.refuse("does not exist", None),
            Errno::LOOP => self.refuse("is a symbolic link", None),
            // A link to a folder is told as this, since it is not followed.
            Errno::NOTDIR if self.root.is_symlink() => self.refuse("is a symbolic link", None),
            Errno::NOTDIR => self.refuse("is not a folder", None),
            Errno::ACCESS => self.refuse("may not be entered by you: you are not in its group", None),
            other => self.fault(other),
        }
    }

    fn not_a_member(&self, root: &Place) -> Cause {
        let gid = root.stat().ok().map(|stat| stat.st_gid);
        self.refuse("may not be written by you: you are not in its group", gid)
    }

    fn refuse(&self, wrong: &str, gid: Option<u32>) -> Cause {
        let fix = match self.reach {
            Reach::OnlyYou => format!("chown \"$USER\" {0} && chmod 700 {0}", quoted(&self.root)),
            Reach::Group => {
                let group = gid.filter(|gid| *gid != 0).and_then(operator::group_name);
                let group = group.unwrap_or_else(|| Safe::of("GROUP"));
                let line = format!("install -d -m 3770 -g {group} {}", quoted(&self.root));
                match wrong {
                    "is a symbolic link" | "is not a folder" => format!("rm {} && {line}", quoted(&self.root)),
                    UNSTUCK => format!("chmod +t {}", quoted(&self.root)),
                    wrong if wrong.ends_with("not in its group") => format!("usermod -aG {group} \"$USER\""),
                    _ => line,
                }
            }
        };
        self.refused(wrong, &fix)
    }

    fn refused(&self, wrong: &str, fix: &str) -> Cause {
        let path = self.root.display();
        let missing = Safe::of(format!("the shared folder {path} {wrong}; this mends it: {fix}"));
        Cause::Denied { missing, fix: vec![Safe::of(fix)] }
    }

    fn fault(&self, errno: Errno) -> Cause {
        Cause::Other(Safe::of(format!("the shared folder {}: {}", self.root.display(), words(errno))))
    }
}

/// What went wrong in the folder, with its path.
fn fault(path: &Path, errno: Errno) -> Cause {
    Cause::Other(Safe::of(format!("{}: {}", path.display(), words(errno))))
}

fn words(errno: Errno) -> String {
    match errno {
        Errno::NOSPC | Errno::DQUOT => "no space is left".to_owned(),
        Errno::ROFS => "it is on a file system that is read-only".to_owned(),
        Errno::NOLCK | Errno::OPNOTSUPP => "its file system knows no locks".to_owned(),
        other => std::io::Error::from(other).to_string(),
    }
}

/// Whether its owner vouches for what stands in a file.
fn owner_alone_writes(stat: &Stat) -> bool {
    stat.st_mode & 0o022 == 0 && stat.st_nlink == 1
}

fn is_folder(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Directory
}

/// For a line that is typed into a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'-' | b'_'));
    if plain { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// In one's own state, so that cool-downs hold over a restart of the machine.
fn own_folder() -> Result<PathBuf, Cause> {
    let homeless = || Cause::Misconfigured(Safe::of("you have no home folder: cool-downs have no place"));
    let bases = directories::BaseDirs::new().ok_or_else(homeless)?;
    let path = bases.state_dir().unwrap_or_else(|| bases.data_local_dir()).join("quarterdeck").join("guards");
    DirBuilder::new()
        .mode(0o700)
        .recursive(true)
        .create(&path)
        .map_err(|e| Cause::Other(Safe::of(format!("{}: {e}", path.display()))))?;
    Ok(path)
}
