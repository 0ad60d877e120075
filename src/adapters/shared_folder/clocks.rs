//! What the wall clock showed when it was trusted last, by the boot-time clock: one record of each user. So a clock that jumped
//! while no program looked is seen by the next. What says nothing: records of other boots, of a time to come, those of others
//! that cannot be read, and those that others than the user of that name can have written. One's own that cannot be read is a fault.

use serde::{Deserialize, Serialize};

use crate::adapters::operator;
use crate::domain::{Cause, Moment, Safe};
use crate::remediation::cooldown::BootMoment;

use super::place::Place;
use super::record::{self, When};
use super::{SharedFolder, Shelf, fault, owner_alone_writes};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    kind: Kind,
    when: When,
}

#[derive(Serialize, Deserialize)]
enum Kind {
    #[serde(rename = "clock")]
    Clock,
}

impl SharedFolder {
    /// Takes down what both clocks showed, in this boot, as something that is trusted.
    pub fn keep_clock(&self, trusted: Moment) -> Result<(), Cause> {
        let place = self.shelf(Shelf::Clocks)?;
        let record = Record { kind: Kind::Clock, when: When::of(&operator::in_this_boot(trusted)) };
        let name = rustix::process::geteuid().as_raw().to_string();
        place.write(&name, &record::write(&record), false).map_err(|errno| fault(place.path(), errno))
    }

    /// What both clocks showed when somebody trusted them last in this boot: the newest, since whoever confirms the time after
    /// a jump does so for all.
    pub fn newest_clock(&self, now: Moment) -> Result<Option<Moment>, Cause> {
        let place = self.shelf(Shelf::Clocks)?;
        let boot = operator::boot_id();
        let names = place.names("").map_err(|errno| fault(place.path(), errno))?;
        let own = rustix::process::geteuid().as_raw().to_string();
        let mut whens = Vec::new();
        for name in &names {
            match read(&place, name) {
                Ok(when) => whens.extend(when),
                // Somebody else may leave there whatever they like: it locks nobody's windows.
                Err(cause) if *name != own => tracing::warn!("a record of the clocks: {cause}"),
                Err(cause) => return Err(cause),
            }
        }
        let seen = whens.into_iter().filter(|when| boot.is_some() && when.boot == boot);
        Ok(seen.map(|when| when.at).filter(|at| at.boot <= now.boot).max_by_key(|at| at.boot))
    }
}

/// A record that the user whom its name tells, and nobody else, can have written.
fn read(place: &Place, name: &str) -> Result<Option<BootMoment>, Cause> {
    let path = place.path().join(name);
    let Some((bytes, stat)) = place.read(name).map_err(|errno| fault(&path, errno))? else { return Ok(None) };
    if name != stat.st_uid.to_string() || !owner_alone_writes(&stat) {
        tracing::warn!("{}: a record of the clocks that others can have written", path.display());
        return Ok(None);
    }
    let broken = || Cause::Other(Safe::of(format!("{} is no record of the clocks", path.display())));
    record::read::<Record>(&bytes).and_then(|record| record.when.read()).map(Some).ok_or_else(broken)
}
