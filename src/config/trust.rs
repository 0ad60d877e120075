//! Whether a configuration file may be believed: it can name programs to run, so it is code. Pure, over file metadata.

use std::path::{Path, PathBuf};

use crate::domain::Safe;

/// Bits of group and others that allow writing.
const OTHERS_WRITE: u32 = 0o022;
/// The sticky bit: others may add to the folder, but not replace what is not theirs.
const STICKY: u32 = 0o1000;

/// What is known of a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Owner.
    pub owner: u32,
    /// Permission bits, sticky bit included.
    pub mode: u32,
    /// A regular file (or, for folders, a folder).
    pub regular: bool,
}

/// Who is running us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Effective user.
    pub user: u32,
    /// Root by way of sudo.
    pub through_sudo: bool,
}

/// Judges a file by the facts of the opened file and of every folder above it.
///
/// # Errors
/// The words say what is wrong and what to do.
pub fn judge(path: &Path, file: Facts, folders: &[(PathBuf, Facts)], reader: Reader) -> Result<(), Safe> {
    let shown = path.display();
    if !file.regular {
        return Err(Safe::of(format!("{shown} is not a regular file")));
    }
    owner(&shown.to_string(), file, reader)?;
    if file.mode & OTHERS_WRITE != 0 {
        let words = format!("{shown} may be written by others (mode {:04o}); chmod go-w {shown}", file.mode & 0o7777);
        return Err(Safe::of(words));
    }
    for (folder, facts) in folders {
        let shown = folder.display().to_string();
        owner(&shown, *facts, reader)?;
        // In a sticky folder nobody can replace a file that is not theirs, and this one is ours or root's.
        if facts.mode & OTHERS_WRITE != 0 && facts.mode & STICKY == 0 {
            let words = format!(
                "the folder {shown} may be written by others (mode {:04o}); chmod go-w {shown}",
                facts.mode & 0o7777
            );
            return Err(Safe::of(words));
        }
    }
    Ok(())
}

/// Judges the policy of a shared folder. A group shares the folder; none of its members may replace or remove what binds all.
///
/// # Errors
/// The words say what is wrong and what to do.
pub fn judge_policy(path: &Path, file: Facts, folder: Facts) -> Result<(), Safe> {
    let (shown, above) = (path.display(), path.parent().unwrap_or(path).display());
    if !file.regular {
        return Err(Safe::of("it is not a regular file"));
    }
    if file.owner != 0 && file.owner != folder.owner {
        let words = format!(
            "it belongs to user {}; only root's counts, or that of the folder's owner ({}); chown root {shown}",
            file.owner, folder.owner
        );
        return Err(Safe::of(words));
    }
    if file.mode & OTHERS_WRITE != 0 {
        let words = format!("it may be written by others (mode {:04o}); chmod go-w {shown}", file.mode & 0o7777);
        return Err(Safe::of(words));
    }
    if folder.mode & OTHERS_WRITE != 0 && folder.mode & STICKY == 0 {
        let words = format!("anybody who may write {above} can remove it (no sticky bit); chmod +t {above}");
        return Err(Safe::of(words));
    }
    Ok(())
}

fn owner(shown: &str, facts: Facts, reader: Reader) -> Result<(), Safe> {
    if facts.owner == 0 || facts.owner == reader.user && reader.user != 0 {
        return Ok(());
    }
    let fix = if reader.user == 0 {
        let why = if reader.through_sudo { "through sudo" } else { "as root" };
        format!("run {why} only root's files count; chown root {shown}, or run without it")
    } else {
        format!("only your own files and root's count; copy it, or chown {} {shown}", reader.user)
    };
    Err(Safe::of(format!("{shown} belongs to user {}; {fix}", facts.owner)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: Reader = Reader { user: 1000, through_sudo: false };
    const SUDO: Reader = Reader { user: 0, through_sudo: true };

    fn facts(owner: u32, mode: u32) -> Facts {
        Facts { owner, mode, regular: true }
    }

    fn said(file: Facts, folder: Facts, reader: Reader) -> String {
        let path = Path::new("/home/me/q.toml");
        let folders = [(PathBuf::from("/home/me"), folder), (PathBuf::from("/"), facts(0, 0o755))];
        judge(path, file, &folders, reader).err().map(|s| s.to_string()).unwrap_or_default()
    }

    #[test]
    fn own_files_and_roots_are_believed() {
        assert_eq!(said(facts(1000, 0o600), facts(1000, 0o755), ME), "");
        assert_eq!(said(facts(0, 0o644), facts(0, 0o755), ME), "");
        assert_eq!(said(facts(1000, 0o600), facts(0, 0o1777), ME), "", "a sticky folder keeps our file ours");
    }

    #[test]
    fn what_others_may_write_is_refused_with_the_fix() {
        let words = said(facts(1000, 0o664), facts(1000, 0o755), ME);
        assert_eq!(words, "/home/me/q.toml may be written by others (mode 0664); chmod go-w /home/me/q.toml");
        assert!(said(facts(1000, 0o602), facts(1000, 0o755), ME).contains("chmod go-w"));
        let words = said(facts(1000, 0o600), facts(1000, 0o777), ME);
        assert_eq!(words, "the folder /home/me may be written by others (mode 0777); chmod go-w /home/me");
    }

    #[test]
    fn what_belongs_to_others_is_refused() {
        assert!(said(facts(1001, 0o600), facts(1000, 0o755), ME).contains("belongs to user 1001"));
        assert!(said(facts(1000, 0o600), facts(1001, 0o755), ME).contains("/home/me belongs to user 1001"));
    }

    #[test]
    fn root_believes_only_root() {
        let words = said(facts(1000, 0o600), facts(1000, 0o755), SUDO);
        assert!(words.contains("through sudo only root's files count"), "{words}");
        assert_eq!(said(facts(0, 0o600), facts(0, 0o755), SUDO), "");
        assert!(!said(facts(0, 0o600), facts(1000, 0o755), SUDO).is_empty());
    }

    #[test]
    fn a_policy_is_roots_or_the_folders_owners_and_nobody_elses_to_write_or_remove() {
        let path = Path::new("/srv/shared/policy.toml");
        let said = |file, folder| judge_policy(path, file, folder).err().map(|s| s.to_string()).unwrap_or_default();
        let folder = |mode| facts(500, mode);
        assert_eq!(said(facts(0, 0o644), folder(0o3770)), "");
        assert_eq!(said(facts(500, 0o640), folder(0o3770)), "");
        let member = said(facts(1000, 0o644), folder(0o3770));
        assert!(member.contains("belongs to user 1000") && member.contains("chown root /srv/shared/policy.toml"));
        assert!(said(facts(0, 0o664), folder(0o3770)).contains("chmod go-w /srv/shared/policy.toml"));
        assert!(said(facts(0, 0o644), folder(0o2770)).contains("no sticky bit); chmod +t /srv/shared"));
        assert!(said(Facts { regular: false, ..facts(0, 0o644) }, folder(0o3770)).contains("not a regular file"));
    }

    #[test]
    fn a_folder_or_device_is_no_configuration() {
        assert!(said(Facts { regular: false, ..facts(0, 0o666) }, facts(0, 0o755), ME).contains("not a regular file"));
    }
}
