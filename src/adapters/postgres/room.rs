//! Whether more logins of this role can succeed: the one answer for whatever opens a connection beside the kept one. The border:
//! it only counts; whoever takes a place between this look and the login is not seen.

use super::Session;
use super::cause::grant_statistics;
use super::column::get;
use crate::domain::{Cause, Safe};

const ROOM: &str = include_str!("sql/room.sql");

/// The places that a server has for logins of this role to this database.
#[derive(Clone, Debug, Default)]
pub struct Room {
    used: i64,
    usable: i64,
    reserved: i64,
    of_role: Option<Limit>,
    of_database: Option<Limit>,
    unseen: String,
    known: bool,
}

/// A limit of its own (`CONNECTION LIMIT`), and how much of it is taken.
#[derive(Clone, Copy, Debug)]
struct Limit {
    most: i64,
    taken: i64,
}

impl Room {
    /// The same for another database of that server, whose own limit is not known.
    #[must_use]
    pub fn elsewhere(self) -> Room {
        Room { of_database: None, ..self }
    }

    /// Whether so many more logins can succeed, in words; the reason why not.
    pub fn for_logins(&self, logins: i64) -> Result<Safe, Safe> {
        let Room { used, usable, reserved, unseen, .. } = self;
        let of_its_own = if logins == 1 { "a login".to_owned() } else { format!("{logins} logins") };
        if !self.known {
            return Ok(Safe::of(format!("whether {of_its_own} of its own can succeed is not known")));
        }
        if used + logins > *usable {
            return Err(Safe::of(format!(
                "it needs {of_its_own} of its own, and {used} of {usable} slots are taken ({reserved} are reserved){unseen}: free some first"
            )));
        }
        for (whose, limit) in [("role", self.of_role), ("database", self.of_database)] {
            if let Some(Limit { most, .. }) = limit.filter(|limit| limit.taken + logins > limit.most) {
                return Err(Safe::of(format!(
                    "it needs {of_its_own} of its own, and this {whose}'s {most} connections (CONNECTION LIMIT) are taken{unseen}"
                )));
            }
        }
        Ok(Safe::of(format!("{of_its_own} of its own can succeed: {used} of {usable} slots are taken")))
    }
}

/// What room there is.
pub async fn room(session: &mut Session) -> Result<Room, Cause> {
    let rows = session.link.query(ROOM, &[]).await?;
    let Some(row) = rows.first() else { return Ok(Room::default()) };
    let reserved = get::<i64>(row, 2)?;
    let limit = |most, taken| {
        let (most, taken) = (get::<Option<i64>>(row, most)?, get::<i64>(row, taken)?);
        Ok::<_, Cause>(most.map(|most| Limit { most, taken }))
    };
    Ok(Room {
        used: get::<i64>(row, 0)?,
        usable: get::<i64>(row, 1)? - reserved,
        reserved,
        of_role: limit(3, 4)?,
        of_database: limit(5, 6)?,
        unseen: unseen(session, get::<i64>(row, 7)?),
        known: true,
    })
}

/// That some of those who have a slot could only be counted: one of the server's own workers may be among them.
fn unseen(session: &Session, hidden: i64) -> String {
    let grant = grant_statistics(session.facts.user.one_line().as_str());
    if hidden > 0 { format!("; {hidden} of them cannot be seen: {grant}") } else { String::new() }
}
