//! Old dumps that a newer one makes superfluous: named on the card, and deleted only after that one was proved, and only those
//! that the card named, as it named them.

use std::path::PathBuf;

use super::off;
use crate::adapters::backup as files;
use crate::domain::{Cause, Safe, Untrusted, figure};
use crate::remediation::backup::{Backup, BackupStep, OLD_AT_ONCE, OldDump};
use crate::remediation::card::Preview;
use crate::remediation::guard::Approved;
use crate::remediation::object::{Fate, Object, ObjectKey};

/// What would be deleted is on the card.
pub async fn on_card(preview: &mut Preview, backup: &Backup, database: &Safe) {
    let Some(keep) = backup.keep else { return };
    // The new one counts.
    match found(backup.folder.clone(), database.clone(), keep.saturating_sub(1)).await {
        Err(cause) => preview.obstacles.push(Safe::of(format!("the old dumps: {cause}"))),
        Ok(dumps) => {
            let words = match dumps.len() {
                0 => format!("the newest {keep} of its dumps are kept: none has to be deleted"),
                count => format!(
                    "the newest {keep} of its dumps are kept: {} old ones on this card are deleted for good, once the new \
                     one is proved",
                    count.min(OLD_AT_ONCE)
                ),
            };
            preview.remarks.push(Safe::of(words));
            preview.objects.extend(dumps.iter().take(OLD_AT_ONCE).map(object));
        }
    }
}

fn object(dump: &OldDump) -> Object {
    Object {
        key: dump.key(),
        label: Safe::of(format!("old dump {}", dump.path.display())),
        query: Untrusted::default(),
        user: Safe::default(),
        application: Safe::of("old dump"),
        client: Safe::of(figure::bytes(dump.size)),
        database: Safe::default(),
        age: None,
        remark: Safe::of("deleted for good"),
    }
}

/// Deletes what the card named and `keep` still demands; what became of each object of the card.
pub async fn deleted(approved: &Approved, work: &BackupStep, said: &mut Vec<Safe>) -> Vec<(ObjectKey, Fate)> {
    let all = || approved.objects().iter().cloned();
    let Some(keep) = work.backup.keep else { return all().map(|key| (key, Fate::Done)).collect() };
    let now = match found(work.backup.folder.clone(), work.name.clone(), keep).await {
        Ok(now) => now,
        Err(cause) => {
            said.push(Safe::of(format!("old dumps could not be looked at, and none was deleted: {cause}")));
            Vec::new()
        }
    };
    let mut fates = Vec::new();
    for key in all() {
        let fate = match now.iter().find(|dump| dump.key() == key) {
            Some(dump) => delete(dump.clone(), said).await,
            None if is_file(&key, work) => Fate::Changed,
            None => Fate::Done,
        };
        fates.push((key, fate));
    }
    fates
}

/// An object of the card that is a file of the folder, not the scratch server.
fn is_file(key: &ObjectKey, work: &BackupStep) -> bool {
    let folder = format!("{}/", work.backup.folder.display());
    matches!(key, ObjectKey::Named(name) if name.as_bytes().starts_with(folder.as_bytes()))
}

async fn delete(dump: OldDump, said: &mut Vec<Safe>) -> Fate {
    let path = dump.path.display().to_string();
    let (words, fate) = match off(move || files::delete(&dump)).await {
        Ok(()) => (format!("old dump deleted: {path}"), Fate::Done),
        Err(Cause::FileMissing(_)) => (format!("old dump already gone: {path}"), Fate::Gone),
        Err(cause) => (format!("old dump not deleted: {cause}"), Fate::Refused),
    };
    said.push(Safe::of(words));
    fate
}

async fn found(folder: PathBuf, database: Safe, keep: usize) -> Result<Vec<OldDump>, Cause> {
    off(move || files::older(&folder, &database, keep)).await
}
