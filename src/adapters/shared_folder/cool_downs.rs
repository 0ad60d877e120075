//! When an action was last started on a target: on the disk before its first effect, so that it holds whatever becomes of
//! the process. A record that cannot be read refuses; it never means that nothing cools down.

use std::time::Duration;

use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::adapters::operator;
use crate::domain::{Cause, Moment, Safe};
use crate::remediation::cooldown::{BootMoment, left};

use super::place::Place;
use super::record::{self, When};
use super::{SharedFolder, Shelf, fault};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    kind: Kind,
    action: String,
    target: String,
    when: When,
    /// The start before it, by the same user: it counts again when this one is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<When>,
}

#[derive(Serialize, Deserialize)]
enum Kind {
    #[serde(rename = "cool-down")]
    CoolDown,
}

impl SharedFolder {
    /// Takes down that an action starts now. To be called before its first effect, which must not take place if this fails.
    pub fn started(&self, action: &str, target_key: &str, now: Moment) -> Result<(), Cause> {
        let place = self.shelf(Shelf::CoolDowns)?;
        let name = own_name(action, target_key);
        let record = Record {
            kind: Kind::CoolDown,
            action: action.to_owned(),
            target: record::name(&[target_key]),
            when: When::of(&operator::in_this_boot(now)),
            before: own(&place, &name)?.map(|record| record.when),
        };
        place.write(&name, &record::write(&record), false).map_err(|errno| fault(place.path(), errno))
    }

    /// Takes one's own last start back: nothing was done. The one before it counts again. To be called under the locks that it
    /// was taken down under.
    pub fn never_started(&self, action: &str, target_key: &str) -> Result<(), Cause> {
        let place = self.shelf(Shelf::CoolDowns)?;
        let name = own_name(action, target_key);
        if let Some(record) = own(&place, &name)?
            && let Some(when) = record.before
        {
            let record = Record { when, before: None, ..record };
            return place.write(&name, &record::write(&record), false).map_err(|errno| fault(place.path(), errno));
        }
        match place.remove(&name) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(fault(place.path(), errno)),
        }
    }

    /// The last start of an action on a target, by each user who started it.
    pub fn last_starts(&self, action: &str, target_key: &str) -> Result<Vec<BootMoment>, Cause> {
        let place = self.shelf(Shelf::CoolDowns)?;
        let names = place.names(&format!("{}.", record::name(&[action, target_key])));
        let names = names.map_err(|errno| fault(place.path(), errno))?;
        let mut starts = Vec::with_capacity(names.len());
        for name in names {
            let path = place.path().join(&name);
            let Some((bytes, _)) = place.read(&name).map_err(|errno| fault(&path, errno))? else { continue };
            let read = record::read::<Record>(&bytes).filter(|record| record.action == action);
            let when = read.and_then(|record| record.when.read()).ok_or_else(|| {
                let said = "is broken: it is not known whether the action still cools down; remove it when you know";
                Cause::Other(Safe::of(format!("the record {} {said}", path.display())))
            })?;
            starts.push(when);
        }
        Ok(starts)
    }

    /// How long an action on a target still cools down; `None`: it does not.
    pub fn cooling(
        &self,
        action: &str,
        target_key: &str,
        cool_down: Duration,
        now: Moment,
    ) -> Result<Option<Duration>, Cause> {
        Ok(left(&self.last_starts(action, target_key)?, cool_down, &operator::in_this_boot(now)))
    }
}

/// Each user writes a file of his own: nobody may replace what is another's.
fn own_name(action: &str, target_key: &str) -> String {
    let user = rustix::process::geteuid().as_raw();
    format!("{}.{user}", record::name(&[action, target_key]))
}

/// One's own record, if there is one that can be read: whether an action cools down was asked before.
fn own(place: &Place, name: &str) -> Result<Option<Record>, Cause> {
    let read = place.read(name).map_err(|errno| fault(&place.path().join(name), errno))?;
    Ok(read.and_then(|(bytes, _)| record::read::<Record>(&bytes)))
}
