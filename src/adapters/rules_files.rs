//! Rules files as they lie on disk: data, not code, so that readable is enough; but only regular files, of a bounded size.
//! What they say is judged elsewhere.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::{Mode, OFlags};

use super::log_tail::glob;
use crate::domain::Safe;

/// Largest file that is read.
const FILE: u64 = 4 << 20;
/// Most files of all patterns.
const FILES: usize = 256;

/// A file: its name, and its text or why there is none.
pub type Found = (String, Result<String, Safe>);

/// How the files looked from outside: whether they have changed is told by comparing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look(Vec<(PathBuf, Option<(SystemTime, u64)>)>);

/// A cheap look: names, sizes and times.
#[must_use]
pub fn look(patterns: &[String]) -> Look {
    let of = |path: PathBuf| {
        let meta = std::fs::metadata(&path).ok();
        let seen = meta.map(|meta| (meta.modified().unwrap_or(SystemTime::UNIX_EPOCH), meta.len()));
        (path, seen)
    };
    Look(paths(patterns).into_iter().map(of).collect())
}

/// Reads all files, in the order of the patterns.
#[must_use]
pub fn read(patterns: &[String]) -> Vec<Found> {
    paths(patterns).into_iter().map(|path| (path.display().to_string(), text(&path))).collect()
}

/// What the patterns name; one that matches nothing stands for itself, and is told as missing.
pub(super) fn paths(patterns: &[String]) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for pattern in patterns {
        let mut named = if glob::is_pattern(pattern) { glob::expand(pattern).0 } else { Vec::new() };
        if named.is_empty() {
            named.push(PathBuf::from(pattern));
        }
        for path in named {
            if !paths.contains(&path) && paths.len() < FILES {
                paths.push(path);
            }
        }
    }
    paths
}

/// The text of one, if it is a regular file of a bounded size.
pub(super) fn text(path: &Path) -> Result<String, Safe> {
    let wrong = |why: &dyn std::fmt::Display| Safe::of(format!("cannot be read: {why}"));
    // A pipe without a writer would never open.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file: File = rustix::fs::open(path, flags, Mode::empty()).map_err(|why| wrong(&why))?.into();
    if !file.metadata().map_err(|why| wrong(&why))?.is_file() {
        return Err(wrong(&"it is no regular file"));
    }
    let mut bytes = Vec::new();
    file.take(FILE + 1).read_to_end(&mut bytes).map_err(|why| wrong(&why))?;
    if bytes.len() as u64 > FILE {
        return Err(wrong(&format!("it is larger than {FILE} bytes")));
    }
    String::from_utf8(bytes).map_err(|_not_text| wrong(&"it is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_of_a_bounded_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(at("b.yml"), "groups: []\n").unwrap();
        std::fs::write(at("a.yml"), "groups: []\n").unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe.yml"), Mode::from_raw_mode(0o600)).unwrap();
        std::fs::write(at("large"), vec![b'#'; FILE as usize + 1]).unwrap();
        std::fs::write(at("odd"), [0xff]).unwrap();
        let patterns =
            [at("*.yml"), at("a.yml"), at("pipe.yml"), at("large"), at("odd"), at("none*"), "/dev/zero".into()];
        let read = read(&patterns);
        let short: Vec<(&str, Result<&str, String>)> = read
            .iter()
            .map(|(name, text)| {
                let name = name.rsplit('/').next().unwrap();
                (name, text.as_deref().map_err(|why| why.as_str().replace("cannot be read: ", "")))
            })
            .collect();
        let ok = Ok("groups: []\n");
        let wrong = |why: &str| Err(why.to_owned());
        assert_eq!(short[0], ("a.yml", ok.clone()));
        assert_eq!(short[1], ("b.yml", ok));
        assert_eq!(short[2], ("pipe.yml", wrong("it is no regular file")));
        assert_eq!(short[3], ("large", wrong("it is larger than 4194304 bytes")));
        assert_eq!(short[4], ("odd", wrong("it is not UTF-8")));
        assert!(short[5].1.is_err() && short[5].0 == "none*");
        assert_eq!(short[6], ("zero", wrong("it is no regular file")));
        let before = look(&patterns);
        assert_eq!(before, look(&patterns));
        std::fs::write(at("b.yml"), "groups: [ ]\n").unwrap();
        assert_ne!(before, look(&patterns));
    }
}
