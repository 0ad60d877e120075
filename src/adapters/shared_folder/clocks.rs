//! What the wall clock showed when it was trusted last, by the boot-time clock: one record of each user. So a clock that jumped
//! while no program looked is seen by the next. Records of other boots say nothing, and one that cannot be read says nothing.

use serde::{Deserialize, Serialize};

use crate::adapters::operator;
use crate::domain::{Cause, Moment};

use super::record::{self, When};
use super::{SharedFolder, Shelf, fault};

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
    /// Takes down what both clocks show, as something that is trusted.
    pub fn keep_clock(&self, now: Moment) -> Result<(), Cause> {
        let place = self.shelf(Shelf::Clocks)?;
        let record = Record { kind: Kind::Clock, when: When::of(&operator::in_this_boot(now)) };
        let name = rustix::process::geteuid().as_raw().to_string();
        place.write(&name, &record::write(&record), false).map_err(|errno| fault(place.path(), errno))
    }

    /// What both clocks showed when somebody trusted them last in this boot.
    pub fn newest_clock(&self) -> Result<Option<Moment>, Cause> {
        let place = self.shelf(Shelf::Clocks)?;
        let boot = operator::boot_id();
        let names = place.names("").map_err(|errno| fault(place.path(), errno))?;
        let read = |name: &String| {
            let (bytes, _) = place.read(name).ok()??;
            record::read::<Record>(&bytes)?.when.read()
        };
        let of_this_boot = names.iter().filter_map(read).filter(|when| boot.is_some() && when.boot == boot);
        Ok(of_this_boot.map(|when| when.at).max_by_key(|at| at.boot))
    }
}
