//! What is kept of alerts over a restart: one private file, written whole or not at all. One that cannot be read is set aside,
//! never overwritten unseen.

use std::fs::{DirBuilder, File, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::alerts::lifecycle::Saved;
use crate::domain::Safe;

/// Largest file that is read.
const FILE: u64 = 64 << 20;

/// Where the alerts of one set of rules are kept.
#[derive(Clone, Debug)]
pub struct AlertState {
    path: PathBuf,
}

impl AlertState {
    /// In this folder, or the user's own; of the program of this name with these rules.
    #[must_use]
    pub fn of(folder: Option<&Path>, name: &str, rules: &[String]) -> Option<AlertState> {
        let folder = folder.map(Path::to_owned).or_else(super::audit_log::default_folder)?.join("alerts");
        let mut hash = Sha256::new();
        for part in std::iter::once(name).chain(rules.iter().map(String::as_str)) {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let hex: String = hash.finalize().iter().take(8).flat_map(|byte| [byte >> 4, byte & 15]).map(digit).collect();
        Some(AlertState { path: folder.join(format!("{hex}.json")) })
    }

    /// What an earlier run kept, if there was one. What is broken is set aside, and told.
    pub fn load(&self) -> Result<Option<Saved>, Safe> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(none) if none.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(why) => return Err(self.told(&format!("cannot be read: {why}"))),
        };
        let mut bytes = Vec::new();
        let read = file.take(FILE).read_to_end(&mut bytes).map_err(|why| why.to_string());
        match read.and_then(|_| serde_json::from_slice(&bytes).map_err(|why| why.to_string())) {
            Ok(saved) => Ok(Some(saved)),
            Err(why) => {
                let aside = self.path.with_extension("broken");
                let moved = std::fs::rename(&self.path, &aside);
                let moved = moved
                    .map_or_else(|why| format!("and stays: {why}"), |()| format!("set aside as {}", aside.display()));
                Err(self.told(&format!("is broken ({why}), {moved}; alerts begin anew")))
            }
        }
    }

    /// Keeps this, in place of what was kept.
    pub fn keep(&self, saved: &Saved) -> Result<(), Safe> {
        self.write(saved).map_err(|why| self.told(&format!("cannot be written: {why}")))
    }

    fn write(&self, saved: &Saved) -> std::io::Result<()> {
        let folder = self.path.parent().unwrap_or_else(|| Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let draft = self.path.with_extension(format!("{}.new", std::process::id()));
        let mut file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .custom_flags(nofollow())
            .open(&draft)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(&serde_json::to_vec(saved)?)?;
        file.sync_all()?;
        std::fs::rename(&draft, &self.path)?;
        File::open(folder)?.sync_all()
    }

    fn told(&self, what: &str) -> Safe {
        Safe::of(format!("kept alerts {} {what}", self.path.display()))
    }
}

fn nofollow() -> i32 {
    rustix::fs::OFlags::NOFOLLOW.bits().cast_signed()
}

fn digit(value: u8) -> char {
    char::from_digit(u32::from(value), 16).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::lifecycle::saved::SavedRule;

    #[test]
    fn it_is_private_and_whole_and_a_broken_one_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let state = AlertState::of(Some(folder.path()), "shop", &["a.yml".to_owned()]).unwrap();
        assert_eq!(state.load(), Ok(None));
        let rule = |name: &str| SavedRule {
            file: "a.yml".into(),
            group: "g".into(),
            name: name.into(),
            labels: Vec::new(),
            alerts: Vec::new(),
        };
        for name in ["A", "B"] {
            let saved = Saved { at: 5, rules: vec![rule(name)] };
            state.keep(&saved).unwrap();
            assert_eq!(state.load(), Ok(Some(saved)));
        }
        assert_eq!(std::fs::metadata(&state.path).unwrap().permissions().mode() & 0o777, 0o600);
        let others = AlertState::of(Some(folder.path()), "shop", &["b.yml".to_owned()]).unwrap();
        assert_eq!(others.load(), Ok(None), "other rules, other alerts");
        std::fs::write(&state.path, "{\"at\": 5, \"rul").unwrap();
        let why = state.load().unwrap_err();
        assert!(why.as_str().contains("is broken") && why.as_str().contains("set aside"), "{why}");
        assert_eq!(state.load(), Ok(None));
        assert!(state.path.with_extension("broken").exists());
        std::fs::remove_dir_all(folder.path().join("alerts")).unwrap();
        std::fs::write(folder.path().join("alerts"), "").unwrap();
        assert!(state.keep(&Saved::default()).unwrap_err().as_str().contains("cannot be written"));
    }
}
