//! Paths that match a pattern: `*`, `?` and `[…]` in any part of the path, bounded. Compressed files are left out:
//! they hold no lines.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

/// Most files read at a time.
pub const FILES: usize = 64;
/// Most entries of one folder that are looked at.
const ENTRIES: usize = 10_000;
/// Most folders that are looked into.
const FOLDERS: usize = 256;

/// Whether a path is a pattern.
pub fn is_pattern(path: &str) -> bool {
    path.bytes().any(|b| matches!(b, b'*' | b'?' | b'['))
}

/// Regular files that match, the newest [`FILES`] of them in the order of their names, and how many were left out.
pub fn expand(pattern: &str) -> (Vec<PathBuf>, usize) {
    let mut found = vec![PathBuf::new()];
    for component in Path::new(pattern).components() {
        let part = component.as_os_str();
        if matches!(component, Component::Normal(_)) && part.to_str().is_none_or(is_pattern) {
            found.truncate(FOLDERS);
            found = found.iter().flat_map(|folder| matching(folder, part)).collect();
        } else {
            for path in &mut found {
                path.push(part);
            }
        }
    }
    let mut files: Vec<(SystemTime, PathBuf)> = found
        .into_iter()
        .filter(|path| !is_compressed(path))
        .filter_map(|path| {
            let meta = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file)?;
            Some((meta.modified().unwrap_or(SystemTime::UNIX_EPOCH), path))
        })
        .collect();
    files.sort_by(|a, b| b.cmp(a));
    let left_out = files.len().saturating_sub(FILES);
    files.truncate(FILES);
    let mut paths: Vec<PathBuf> = files.into_iter().map(|(_, path)| path).collect();
    paths.sort();
    (paths, left_out)
}

/// Whether a file's name says that it is compressed.
pub fn is_compressed(path: &Path) -> bool {
    path.extension().is_some_and(|e| ["gz", "xz", "zst", "bz2", "zip", "lz4"].iter().any(|known| e == *known))
}

fn matching(folder: &Path, part: &OsStr) -> Vec<PathBuf> {
    let place = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = std::fs::read_dir(place) else { return Vec::new() };
    let mut names: Vec<OsString> = entries
        .take(ENTRIES)
        .filter_map(|entry| Some(entry.ok()?.file_name()))
        .filter(|name| !name.as_bytes().starts_with(b".") || part.as_bytes().starts_with(b"."))
        .filter(|name| matches(part.as_bytes(), name.as_bytes()))
        .collect();
    names.sort();
    names.into_iter().map(|name| folder.join(OsString::from_vec(name.into_vec()))).collect()
}

/// Whether `name` matches `pattern`. Linear in memory, at worst quadratic in time.
pub fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    // Where the last star stands, and how much of the name it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while let Some(&byte) = name.get(n) {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some(b'?') => {
                p += 1;
                n += 1;
                continue;
            }
            Some(b'[') => match pattern.get(p..).and_then(|set| class(set, byte)) {
                Some((true, length)) => {
                    p += length;
                    n += 1;
                    continue;
                }
                // Without its end it stands for itself.
                None if byte == b'[' => {
                    p += 1;
                    n += 1;
                    continue;
                }
                _ => {}
            },
            Some(&literal) if literal == byte => {
                p += 1;
                n += 1;
                continue;
            }
            _ => {}
        }
        let Some((at, taken)) = star else { return false };
        star = Some((at, taken + 1));
        p = at + 1;
        n = taken + 1;
    }
    pattern.get(p..).unwrap_or_default().iter().all(|b| *b == b'*')
}

/// Whether the set at the beginning of `set` (`[a-z]`, `[!0]`) holds `byte`, and how long the set is.
fn class(set: &[u8], byte: u8) -> Option<(bool, usize)> {
    let negated = matches!(set.get(1), Some(b'!' | b'^'));
    let first = if negated { 2 } else { 1 };
    // A bracket in first place stands for itself.
    let end = first + 1 + set.get(first + 1..)?.iter().position(|b| *b == b']')?;
    let mut at = first;
    let mut held = false;
    while at < end {
        let low = *set.get(at)?;
        if set.get(at + 1) == Some(&b'-') && at + 2 < end {
            held |= (low..=*set.get(at + 2)?).contains(&byte);
            at += 3;
        } else {
            held |= low == byte;
            at += 1;
        }
    }
    Some((held != negated, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (pattern, name, expected) in [
            ("*.log", "app.log", true),
            ("*.log", "app.log.1", false),
            ("app-?.log", "app-1.log", true),
            ("app-[0-9].log", "app-7.log", true),
            ("app-[!0-9].log", "app-7.log", false),
            ("a*b*c", "aXbXbXc", true),
            ("a*b*c", "aXbXbX", false),
            ("[]]x", "]x", true),
            ("[x", "[x", true),
            ("*", "", true),
            ("a**", "a", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn expansion_over_folders() {
        let dir = tempfile::tempdir().unwrap();
        for (folder, file) in [("a", "x.log"), ("b", "x.log"), ("b", "x.log.gz"), ("b", ".hidden.log"), ("c", "y.txt")]
        {
            std::fs::create_dir_all(dir.path().join(folder)).unwrap();
            std::fs::write(dir.path().join(folder).join(file), "").unwrap();
        }
        std::fs::create_dir(dir.path().join("c/z.log")).unwrap();
        let (paths, left_out) = expand(dir.path().join("?/*.log*").to_str().unwrap());
        assert_eq!((paths, left_out), (vec![dir.path().join("a/x.log"), dir.path().join("b/x.log")], 0));
    }
}
