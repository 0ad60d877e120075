//! Files that were the log for a while and were rotated away before anyone looked: found by name and time of birth
//! beside the log, so that even two rotations between two looks lose nothing.

use std::cmp::Reverse;
use std::ops::RangeInclusive;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, StatxFlags};

use super::file::{Identity, OpenFile};
use super::glob;

/// Most entries of the folder that are looked at.
const ENTRIES: usize = 4096;
/// Most files taken up at once.
const FILES: usize = 16;

/// Most looks at a folder whose names change meanwhile.
const LOOKS: usize = 8;
/// Most files held open to be put in order.
const OPEN: usize = 64;

/// When a file was made: seconds and nanoseconds.
type Birth = (i64, u32);
/// A file, when it was made, and how far it was moved on.
type Candidate = (Birth, Reverse<u32>, OpenFile);

fn birth_of(fd: &OwnedFd) -> Option<Birth> {
    let stat = rustix::fs::statx(fd, c"", AtFlags::EMPTY_PATH, StatxFlags::BTIME).ok()?;
    (stat.stx_mask & StatxFlags::BTIME.bits() != 0).then_some((stat.stx_btime.tv_sec, stat.stx_btime.tv_nsec))
}

/// Files beside `path` with a rotated name of it that are younger than `last` and older than the file `newest`, in the
/// order of their birth. Copies of `last` (copytruncate) are not among them. Without times of birth there are none.
pub fn missed(path: &Path, last: &OpenFile, newest: &OpenFile, known: &[Identity]) -> Vec<OpenFile> {
    // After a copytruncate there are copies of what was read that cannot be told from files that were missed.
    if last.was_replaced {
        return Vec::new();
    }
    let (Some(from), Some(until)) = (birth_of(last.descriptor()), birth_of(newest.descriptor())) else {
        return Vec::new();
    };
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Vec::new() };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut known = known.to_vec();
    let mut found: Vec<Candidate> = Vec::new();
    // The chain may move on while its folder is read: a file is then seen under two names, or under none.
    for _ in 0..LOOKS {
        let before = found.len();
        let is_at_rest = look(folder, name.as_bytes(), from..=until, &mut known, &mut found);
        if is_at_rest && found.len() == before {
            break;
        }
    }
    found.retain(|(.., file)| !is_copy(last, file));
    // Born within one tick of the clock, the one that was moved on further is the older one.
    found.sort_by_key(|(birth, place, _)| (*birth, *place));
    found.truncate(FILES);
    found.into_iter().map(|(.., file)| file).collect()
}

/// Takes up what is not known yet. Gives whether every name that the folder gave still stood there.
fn look(
    folder: &Path,
    base: &[u8],
    births: RangeInclusive<Birth>,
    known: &mut Vec<Identity>,
    found: &mut Vec<Candidate>,
) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return true };
    let mut is_at_rest = true;
    for entry in entries.take(ENTRIES).filter_map(Result::ok) {
        let name = entry.file_name();
        if !is_rotated(base, name.as_bytes()) || glob::is_compressed(Path::new(&name)) || found.len() >= OPEN {
            continue;
        }
        let path = folder.join(&name);
        let Ok(seen) = super::file::look(&path) else {
            is_at_rest = false;
            continue;
        };
        if seen.kind != FileType::RegularFile || known.contains(&seen.identity) {
            continue;
        }
        let Ok(file) = OpenFile::open(&path, false) else { continue };
        // Between the look and the opening another may have taken the name.
        is_at_rest &= file.identity == seen.identity;
        if known.contains(&file.identity) {
            continue;
        }
        known.push(file.identity);
        if let Some(birth) = birth_of(file.descriptor()).filter(|birth| births.contains(birth)) {
            found.push((birth, Reverse(place(name.as_bytes())), file));
        }
    }
    is_at_rest
}

/// `app.log` → `app.log.1`, `app.log-20260102`, `app.log.2026-01-02T10`.
fn is_rotated(base: &[u8], name: &[u8]) -> bool {
    let Some(rest) = name.strip_prefix(base) else { return false };
    rest.len() > 1
        && matches!(rest.first(), Some(b'.' | b'-' | b'_'))
        && rest.iter().skip(1).all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'_' | b':' | b'T' | b'Z'))
}

/// The `2` of `app.log.2`; 0 without a number.
fn place(name: &[u8]) -> u32 {
    let digits = name.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let number = name.get(name.len() - digits..).and_then(|d| std::str::from_utf8(d).ok());
    number.and_then(|d| d.parse().ok()).unwrap_or(0)
}

fn is_copy(last: &OpenFile, file: &OpenFile) -> bool {
    let mut beginning = vec![0; last.head().len()];
    let read = file.read_at(0, &mut beginning).unwrap_or(0);
    read > 0 && read == beginning.len() && beginning == last.head()
}

#[cfg(test)]
mod tests {
    use super::is_rotated;

    #[test]
    fn rotated_names() {
        for name in ["app.log.1", "app.log-20260102", "app.log.2026-01-02T10:00"] {
            assert!(is_rotated(b"app.log", name.as_bytes()), "{name}");
        }
        for name in ["app.log", "app.log.gz", "app.log.1.gz", "app.log.bak", "other.log.1", "app.log."] {
            assert!(!is_rotated(b"app.log", name.as_bytes()), "{name}");
        }
    }
}
