//! What the wall clock showed when it was trusted last, by the boot-time clock: one record of each user. So a clock that jumped
//! while no program looked is seen by the next. What says nothing: records of other boots, of a time to come, those that cannot
//! be read, and those that others than the user of that name can have written.

use serde::{Deserialize, Serialize};

use crate::adapters::operator;
use crate::domain::{Cause, Moment};
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
        let seen =
            names.iter().filter_map(|name| read(&place, name)).filter(|when| boot.is_some() && when.boot == boot);
        Ok(seen.map(|when| when.at).filter(|at| at.boot <= now.boot).max_by_key(|at| at.boot))
    }
}

/// A record that the user whom its name tells, and nobody else, can have written.
fn read(place: &Place, name: &str) -> Option<BootMoment> {
    let (bytes, stat) = place.read(name).ok()??;
    if name != stat.st_uid.to_string() || !owner_alone_writes(&stat) {
        tracing::warn!("{}: a record of the clocks that others can have written", place.path().join(name).display());
        return None;
    }
    record::read::<Record>(&bytes)?.when.read()
}
