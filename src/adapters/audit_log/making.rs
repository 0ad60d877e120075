//! Making the next file of the chain, and opening the last one again; what is wrong with one, in words.

use std::fs::File;

use rustix::fs::{Mode, OFlags};

use crate::domain::Safe;
use crate::remediation::audit::Verifier;

use super::error::AuditError;
use super::folder::{Folder, REFUSED, Segment, retrying};
use super::scan::{self, Judged};
use super::segment::Open;
use super::start::Setting;

/// Opens the last file for writing and judges it; and whether it is closed.
pub(super) fn find(setting: &Setting<'_>, segment: Segment, verifier: Verifier) -> Result<(Open, bool), AuditError> {
    let (folder, name) = (setting.folder, segment.name());
    let broken = |error: std::io::Error| AuditError::unusable(format!("{}: {error}: {REFUSED}", folder.shown(&name)));
    let sealed = folder.is_closed(&name);
    let file = if sealed {
        scan::open(folder, &name).map_err(broken)?
    } else {
        File::from(folder.open_own(setting.disk, &name, OFlags::empty(), Mode::empty(), own_user())?)
    };
    let size = file.metadata().map_err(broken)?.len();
    if verifier.records() == 0 {
        // Whoever made it may have ended before its name was on disk.
        retrying(|| setting.disk.fsync(folder.fd())).map_err(broken)?;
    }
    Ok((Open::new(file, segment, folder, verifier, size), sealed))
}

/// Makes a new file; when this returns its name is on disk.
pub(super) fn create(setting: &Setting<'_>, segment: Segment, verifier: Verifier) -> Result<Open, AuditError> {
    let (folder, name) = (setting.folder, segment.name());
    let mode = Mode::from_raw_mode(if setting.shared { 0o640 } else { 0o600 });
    let file = folder.open_own(setting.disk, &name, OFlags::CREATE | OFlags::EXCL, mode, own_user())?;
    // The mask of the process must not take away what the group may read.
    let set = rustix::fs::fchmod(&file, mode).map_err(std::io::Error::from);
    set.and_then(|()| retrying(|| setting.disk.fsync(folder.fd()))).map_err(|error| {
        AuditError::unusable(format!("{} may not be on disk ({error}): {REFUSED}", folder.shown(&name)))
    })?;
    Ok(Open::new(File::from(file), segment, folder, verifier, 0))
}

/// What is wrong with a file, for people.
pub(super) fn complaint(folder: &Folder, segment: &Segment, verdict: &Judged) -> Option<Safe> {
    let shown = folder.shown(&segment.name());
    match verdict {
        Judged::Good(good) => good.torn.map(|bytes| {
            Safe::of(format!("{shown} ends in a line that was never ended ({bytes} bytes); it is kept as it is"))
        }),
        Judged::Bad(bad) => Some(Safe::of(format!("{shown}: {bad}"))),
        Judged::Unreadable(error) => Some(Safe::of(format!("{shown} cannot be read: {error}"))),
    }
}

/// Files belong to whom we act as.
pub(super) fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}
