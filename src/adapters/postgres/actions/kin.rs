//! Which sessions are this program's own. What one of them holds is held for all: none of them is another operator.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::Session;
use crate::domain::Safe;

/// Sessions of one program, on whatever servers.
#[derive(Clone, Debug, Default)]
pub struct Kin(Arc<Mutex<Members>>);

#[derive(Debug, Default)]
struct Members {
    next: u64,
    known: HashMap<u64, Ours>,
}

/// A session, as a server knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ours {
    server: Option<Safe>,
    pid: i32,
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

    fn members(&self) -> MutexGuard<'_, Members> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.kin.members().known.remove(&self.place);
    }
}

impl Session {
    /// Before it takes anything that others of ours may look at.
    pub(super) async fn make_known(&mut self) {
        let ours = Ours { server: self.facts.system_identifier.clone(), pid: self.link.told_pid().await };
        if let Some(member) = &self.member {
            member.kin.members().known.insert(member.place, ours);
        }
    }

    /// Whether a server process is that of a session of ours.
    pub(super) fn knows(&self, pid: i32) -> bool {
        let ours = Ours { server: self.facts.system_identifier.clone(), pid };
        self.member.as_ref().is_some_and(|member| member.kin.members().known.values().any(|known| *known == ours))
    }
}
