//! Reads files of the chain: in pieces, each file held against the next one's first record. It only reads.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use rustix::fs::{FileType, Mode, OFlags, fstat, openat};

use crate::remediation::audit::{Bad, Continues, LINE_LIMIT, Record, Verified, Verifier, Why};

use super::doubt;
use super::folder::{Folder, Segment};

/// How much is read at once.
const PIECE: usize = 64 * 1024;

/// What a file turned out to be.
#[derive(Debug)]
pub enum Judged {
    /// It holds.
    Good(Verified),
    /// It does not.
    Bad(Bad),
    /// It could not be read.
    Unreadable(io::Error),
}

/// Opens a file of the chain for reading.
///
/// # Errors
/// It cannot be opened, or is no regular file.
pub fn open(folder: &Folder, name: &str) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let fd = openat(folder.fd(), name, flags, Mode::empty())?;
    if FileType::from_raw_mode(fstat(&fd)?.st_mode) != FileType::RegularFile {
        return Err(io::Error::other("not a regular file"));
    }
    Ok(File::from(fd))
}

/// Gives the verifier what stands between two offsets. Where the file ends earlier, so does this.
///
/// # Errors
/// Of the system. What the verifier finds it keeps.
pub(super) fn feed(
    file: &File,
    verifier: &mut Verifier,
    from: u64,
    to: u64,
    seen: &mut dyn FnMut(&Record),
) -> io::Result<u64> {
    let mut piece = vec![0; PIECE];
    let mut at = from;
    while at < to {
        let wanted = usize::try_from(to - at).unwrap_or(PIECE).min(PIECE);
        let read = super::folder::retrying(|| file.read_at(piece.get_mut(..wanted).unwrap_or_default(), at))?;
        if read == 0 {
            break;
        }
        at += read as u64;
        if verifier.push(piece.get(..read).unwrap_or_default(), seen).is_err() {
            break;
        }
    }
    Ok(at)
}

/// What the first record of a file says that it goes on from.
fn continues(file: &File) -> Option<Continues> {
    let mut verifier = Verifier::new(1, None);
    let mut first = None;
    feed(file, &mut verifier, 0, LINE_LIMIT as u64, &mut |record| {
        first.get_or_insert_with(|| record.continues.clone());
    })
    .ok()?;
    first.flatten()
}

/// Verifies the files of one operator in their order, each with what the next one says of it. `seen` gets the records that
/// count.
pub fn chain(
    folder: &Folder,
    segments: &[Segment],
    seen: &mut dyn FnMut(&Segment, &Record),
) -> Vec<(Segment, Verifier, Judged)> {
    let files: Vec<io::Result<File>> = segments.iter().map(|segment| open(folder, &segment.name())).collect();
    let references: Vec<Option<Continues>> = files.iter().map(|file| continues(file.as_ref().ok()?)).collect();
    let mut first = 1;
    let mut judged = Vec::new();
    for (segment, file) in segments.iter().zip(files) {
        let name = segment.name();
        let next = references.iter().flatten().find(|reference| reference.file.as_str() == name).cloned();
        let doubted = |file: &File| doubt::of(folder, &segment.operator, &name, &fstat(file).ok()?);
        let until = next.or_else(|| file.as_ref().ok().and_then(doubted));
        let mut verifier = Verifier::new(first, until);
        let read = file.and_then(|file| {
            let to = file.metadata()?.len();
            feed(&file, &mut verifier, 0, to, &mut |record| seen(segment, record))
        });
        let verdict = match read {
            Err(error) => Judged::Unreadable(error),
            Ok(_) => verifier.finish().map_or_else(Judged::Bad, Judged::Good),
        };
        if verifier.records() > 0 {
            first = verifier.chain().seq() + 1;
        }
        judged.push((segment.clone(), verifier, verdict));
    }
    forks(&references, &mut judged);
    judged
}

/// Each file goes on from the one before. One that is passed over, while a later file goes on from an earlier one, may hold a first
/// record whose end on the disk was not known; with more it was in order once, and is left out.
fn forks(references: &[Option<Continues>], judged: &mut [(Segment, Verifier, Judged)]) {
    let names: Vec<String> = judged.iter().map(|(segment, ..)| segment.name()).collect();
    let mut at = references.iter().rposition(Option::is_some);
    while let Some(later) = at {
        let old = references.get(later).and_then(Option::as_ref);
        let before = old.and_then(|old| names.iter().take(later).position(|name| name == old.file.as_str()));
        for (_, verifier, verdict) in judged.iter_mut().take(later).skip(before.map_or(later, |before| before + 1)) {
            if verifier.records() > 1 && matches!(verdict, Judged::Good(_)) {
                *verdict = Judged::Bad(Bad { seq: verifier.first_seq(), why: Why::LeftOut });
            }
        }
        at = before;
    }
}
