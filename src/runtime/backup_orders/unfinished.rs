//! What backups left that never came to their end, killed or cut off: named on the card of the next, and never deleted by us.

use std::time::Duration;

use super::off;
use crate::adapters::backup as files;
use crate::domain::{Moment, Safe, figure};
use crate::remediation::backup::{Backup, OldDump};
use crate::remediation::card::Preview;

/// So many are named.
const NAMED: usize = 5;

/// Names them.
pub async fn on_card(preview: &mut Preview, backup: &Backup, database: &Safe, now: Moment) {
    let (folder, name) = (backup.folder.clone(), database.clone());
    // A folder that cannot be read is an obstacle already.
    let Ok(left) = off(move || files::unfinished(&folder, &name)).await else { return };
    preview.remarks.extend(left.iter().take(NAMED).map(|file| words(file, now)));
    let more = left.len().saturating_sub(NAMED);
    if more > 0 {
        preview.remarks.push(Safe::of(format!("and {more} more files of backups that did not end")));
    }
}

fn words(file: &OldDump, now: Moment) -> Safe {
    let age = u64::try_from(now.wall.timestamp().saturating_sub(file.modified)).unwrap_or(0);
    Safe::of(format!(
        "left by a backup that did not end: {}, {}, last written {} ago; unless one runs now it can be deleted by hand",
        file.path.display(),
        figure::bytes(file.size),
        figure::age(Duration::from_secs(age))
    ))
}
