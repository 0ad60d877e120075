//! Which sessions are this program's own. What one of them holds is held for all: none of them is another operator. A session
//! whose connection we lost may live on at its server; it is remembered for a while as one that was ours.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use chrono::{DateTime, Utc};

use super::super::column::get;
use super::super::{Session, not_connected};
use crate::domain::{Cause, Safe};

/// Sessions of before that are remembered, the newest.
const FORMER: usize = 64;
/// What a name of a session may have beside ours and the time: the server keeps 63 bytes.
const NAMED: usize = 41;
/// A user of it, so that something of the machine is left.
const USER: usize = 24;
const OURSELVES: &str = include_str!("sql/ourselves.sql");

/// Sessions of one program, on whatever servers.
#[derive(Clone, Debug, Default)]
pub struct Kin(Arc<Mutex<Members>>);

#[derive(Debug, Default)]
struct Members {
    next: u64,
    known: HashMap<u64, Ours>,
    former: VecDeque<Former>,
    operator: Option<Safe>,
}

/// A server while it runs. A replica, a clone and a restarted server have the same identifier, but never the same start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub identifier: Option<Safe>,
    pub started_us: i64,
}

/// A session, as its server knows it: a process id alone comes again.
#[derive(Clone, Debug)]
pub(super) struct Ours {
    pub server: Server,
    pub pid: i32,
    pub since_us: i64,
}

#[derive(Clone, Debug)]
struct Former {
    ours: Ours,
    lost: DateTime<Utc>,
}

/// Whose a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// Not this program's, for all we know.
    Another,
    /// One that we have.
    Ours,
    /// One that we had until then.
    Former(DateTime<Utc>),
}

/// A place among them, for as long as a session lives.
#[derive(Debug)]
pub struct Member {
    kin: Kin,
    place: u64,
}

impl Kin {
    /// A place for a new session.
    #[must_use]
    pub fn join(&self) -> Member {
        let mut members = self.members();
        members.next += 1;
        Member { kin: self.clone(), place: members.next }
    }

    /// Who runs this program, and where: told to others by the name of a session that has a turn.
    pub fn belongs_to(&self, user: &str, host: &str) {
        let plain = |text: &str, most| {
            let plain = text.chars().map(|char| if char.is_ascii_graphic() { char } else { '?' });
            plain.take(most).collect::<String>()
        };
        let whole = format!("{}@{}", plain(user, USER), plain(host, NAMED));
        self.members().operator = Some(Safe::of(plain(&whole, NAMED)));
    }

    /// Whether that is known.
    #[must_use]
    pub fn is_somebodys(&self) -> bool {
        self.members().operator.is_some()
    }

    fn members(&self) -> MutexGuard<'_, Members> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut members = self.kin.members();
        let Some(ours) = members.known.remove(&self.place) else { return };
        if members.former.len() >= FORMER {
            members.former.pop_front();
        }
        members.former.push_back(Former { ours, lost: SystemTime::now().into() });
    }
}

impl Members {
    /// Of a session whose start may not be seen only the process id is known: with a connection that we have, that is enough.
    fn whose(&self, server: &Server, pid: i32, since_us: Option<i64>) -> Whose {
        let is = |ours: &Ours| ours.pid == pid && ours.server.is(server);
        if self.known.values().any(|ours| is(ours) && since_us.is_none_or(|since| since == ours.since_us)) {
            return Whose::Ours;
        }
        let former = self.former.iter().rev().find(|former| is(&former.ours) && Some(former.ours.since_us) == since_us);
        former.map_or(Whose::Another, |former| Whose::Former(former.lost))
    }
}

impl Server {
    fn is(&self, other: &Server) -> bool {
        // Not every role may read the identifier.
        let differs = self.identifier.is_some() && other.identifier.is_some() && self.identifier != other.identifier;
        self.started_us == other.started_us && !differs
    }
}

impl Session {
    /// Before it takes anything that others of ours may look at.
    pub(super) async fn make_known(&mut self) -> Result<(), Cause> {
        let Some(member) = &self.member else { return Ok(()) };
        if member.kin.members().known.contains_key(&member.place) {
            return Ok(());
        }
        let rows = self.link.query(OURSELVES, &[]).await?;
        let row = rows.first().ok_or_else(not_connected)?;
        let server = Server { identifier: self.facts.system_identifier.clone(), started_us: get(row, 1)? };
        let ours = Ours { server, pid: get(row, 0)?, since_us: get(row, 2)? };
        member.kin.members().known.insert(member.place, ours);
        Ok(())
    }

    /// Whose a session is that this one's server tells of.
    pub(super) fn whose(&self, started_us: i64, pid: i32, since_us: Option<i64>) -> Whose {
        let Some(member) = &self.member else { return Whose::Another };
        let server = Server { identifier: self.facts.system_identifier.clone(), started_us };
        member.kin.members().whose(&server, pid, since_us)
    }

    /// Who runs this program, where that is known.
    pub(super) fn operator(&self) -> Option<Safe> {
        self.member.as_ref().and_then(|member| member.kin.members().operator.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(identifier: Option<&str>, started_us: i64) -> Server {
        Server { identifier: identifier.map(Safe::of), started_us }
    }

    fn known(kin: &Kin, server: &Server, pid: i32, since_us: i64) -> Member {
        let member = kin.join();
        kin.members().known.insert(member.place, Ours { server: server.clone(), pid, since_us });
        member
    }

    #[test]
    fn a_process_id_is_of_one_server_and_of_one_time() {
        let kin = Kin::default();
        let here = server(Some("7"), 100);
        let _member = known(&kin, &here, 42, 500);
        let whose = |server: &Server, pid, since| kin.members().whose(server, pid, since);
        assert_eq!(whose(&here, 42, Some(500)), Whose::Ours);
        assert_eq!(whose(&here, 42, None), Whose::Ours, "its start may not be seen");
        assert_eq!(whose(&server(None, 100), 42, Some(500)), Whose::Ours, "nor the identifier");
        assert_eq!(whose(&server(Some("7"), 101), 42, Some(500)), Whose::Another, "a replica, or after a restart");
        assert_eq!(whose(&server(Some("8"), 100), 42, Some(500)), Whose::Another);
        assert_eq!(whose(&here, 42, Some(501)), Whose::Another, "the process id came again");
        assert_eq!(whose(&here, 43, Some(500)), Whose::Another);
    }

    #[test]
    fn who_was_ours_is_remembered_the_newest_of_them() {
        let kin = Kin::default();
        let here = server(None, 100);
        drop(kin.join());
        for pid in 0..=i32::try_from(FORMER).unwrap() {
            drop(known(&kin, &here, pid, 500));
        }
        let whose = |pid, since| kin.members().whose(&here, pid, since);
        assert!(matches!(whose(1, Some(500)), Whose::Former(_)));
        assert_eq!(whose(0, Some(500)), Whose::Another, "forgotten");
        assert_eq!(whose(1, Some(501)), Whose::Another, "the process id came again");
        assert_eq!(whose(1, None), Whose::Another, "that it is that one is not shown");
        assert_eq!(kin.members().former.len(), FORMER);
    }

    #[test]
    fn the_name_fits_and_is_plain() {
        let kin = Kin::default();
        assert!(!kin.is_somebodys());
        kin.belongs_to("ann", "bastion-1");
        assert_eq!(kin.members().operator.as_ref().unwrap().as_str(), "ann@bastion-1");
        kin.belongs_to(&"ü x".repeat(30), &"h".repeat(80));
        let long = kin.members().operator.clone().unwrap();
        assert!(long.as_str().starts_with("??x??x") && long.as_str().ends_with("@hhhhhhhhhhhhhhhh"), "{long}");
        assert_eq!(long.as_str().len(), NAMED);
    }
}
