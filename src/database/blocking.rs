//! Who blocks whom: from the sessions of a reading to those at the root of a pile-up, and how long it has lasted. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::database::Sessions;
use crate::domain::session::{Session, SessionId};
use crate::domain::{Moment, Safe, Verdict, figure};

use super::judge::Problem;

/// A session that others blocked for longer than this degrades the database.
pub const BLOCKED: Duration = Duration::from_secs(5);
/// What `pg_blocking_pids` calls a prepared transaction.
const PREPARED: i32 = 0;
/// Longest name that is told, and what is left of one in any case.
const NAME: usize = 24;
const SHORT: usize = 8;

/// A session that others wait for while it waits for none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    /// Process id; 0 is a prepared transaction.
    pub pid: i32,
    /// Sessions that wait for it, through others too.
    pub blocks: usize,
}

/// The sessions at the root of every chain of waiting ones, who blocks most first. Of a ring in which each waits for
/// the other it is the lowest pid.
#[must_use]
pub fn roots(sessions: &[Session]) -> Vec<Root> {
    let mut waiting_for: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    let mut blocked: BTreeMap<i32, &[i32]> = BTreeMap::new();
    for session in sessions.iter().filter(|s| !s.blocked_by.is_empty()) {
        blocked.insert(session.id.pid, &session.blocked_by);
        for pid in &session.blocked_by {
            waiting_for.entry(*pid).or_default().push(session.id.pid);
        }
    }
    let mut roots = Vec::new();
    let mut covered = BTreeSet::new();
    for pid in waiting_for.keys().filter(|pid| !blocked.contains_key(pid)) {
        let found = behind(*pid, &waiting_for);
        roots.push(Root { pid: *pid, blocks: found.len() });
        covered.extend(found);
    }
    for pid in blocked.keys() {
        if !covered.contains(pid) {
            let pid = ring(*pid, &blocked);
            let found = behind(pid, &waiting_for);
            let others = found.iter().filter(|other| **other != pid).count();
            roots.push(Root { pid, blocks: others });
            covered.extend(found);
            covered.insert(pid);
        }
    }
    roots.sort_by_key(|root| (std::cmp::Reverse(root.blocks), root.pid));
    roots
}

/// All that wait for a session, directly or through others.
fn behind(pid: i32, waiting_for: &BTreeMap<i32, Vec<i32>>) -> BTreeSet<i32> {
    let mut found = BTreeSet::new();
    let mut open = vec![pid];
    while let Some(pid) = open.pop() {
        for next in waiting_for.get(&pid).into_iter().flatten() {
            if found.insert(*next) {
                open.push(*next);
            }
        }
    }
    found
}

/// The lowest pid of the ring that one comes to by going from each to whom it waits for.
fn ring(from: i32, blocked: &BTreeMap<i32, &[i32]>) -> i32 {
    let next = |pid: i32| blocked.get(&pid).and_then(|by| by.iter().copied().find(|p| blocked.contains_key(p)));
    let mut seen = BTreeSet::new();
    let mut pid = from;
    while seen.insert(pid) {
        let Some(before) = next(pid) else { return pid };
        pid = before;
    }
    let (start, mut lowest) = (pid, pid);
    while let Some(after) = next(pid).filter(|after| *after != start) {
        lowest = lowest.min(after);
        pid = after;
    }
    lowest
}

/// A root in words, such as `pid 21308 schema-migration blocks 20, idle in tx 31s`; where they are longer than `most`
/// characters the name gives way.
#[must_use]
pub fn words(root: Root, sessions: &[Session], most: usize) -> Safe {
    if root.pid == PREPARED {
        return Safe::of(format!("a prepared transaction blocks {}", root.blocks));
    }
    let Some(session) = sessions.iter().find(|s| s.id.pid == root.pid) else {
        return Safe::of(format!("pid {} blocks {}", root.pid, root.blocks));
    };
    let application = session.application.one_line();
    let name = if application.as_str().is_empty() { session.user.one_line() } else { application };
    let age = session.state_age.map(|age| format!(" {}", figure::age(age))).unwrap_or_default();
    let (pid, blocks, state) = (root.pid, root.blocks, session.state.short());
    let tell = |name: &Safe| Safe::of(format!("pid {pid} {name} blocks {blocks}, {state}{age}"));
    let length = |text: &Safe| text.as_str().chars().count();
    let name = name.clipped(NAME);
    let whole = tell(&name);
    let excess = length(&whole).saturating_sub(most);
    if excess == 0 { whole } else { tell(&name.clipped(length(&name).saturating_sub(excess).max(SHORT))) }
}

/// Since when each session is seen blocked. A reading says only that it is blocked, not for how long.
#[derive(Clone, Debug, Default)]
pub struct BlockedSince(BTreeMap<SessionId, Moment>);

impl BlockedSince {
    /// Takes the sessions of a reading; those that are free again are forgotten.
    pub fn step(&mut self, sessions: &Sessions, now: Moment) {
        let before = std::mem::take(&mut self.0);
        self.0 = sessions
            .list
            .iter()
            .filter(|s| !s.blocked_by.is_empty())
            .map(|s| (s.id, before.get(&s.id).copied().unwrap_or(now)))
            .collect();
    }

    /// How long the longest of them has been blocked.
    #[must_use]
    pub fn longest(&self, now: Moment) -> Option<Duration> {
        self.0.values().map(|since| now.since(*since)).max()
    }

    /// A problem once somebody has been blocked for longer than [`BLOCKED`].
    #[must_use]
    pub fn problem(&self, sessions: &Sessions, now: Moment) -> Option<Problem> {
        self.longest(now).filter(|age| *age > BLOCKED)?;
        let root = roots(&sessions.list).into_iter().next()?;
        Some(Problem { verdict: Verdict::Degraded, words: words(root, &sessions.list, usize::MAX) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Untrusted;
    use crate::domain::session::SessionState;

    fn session(pid: i32, blocked_by: &[i32]) -> Session {
        Session {
            id: SessionId { pid, backend_start_us: 1 },
            user: Untrusted::new("app"),
            application: Untrusted::new("schema-migration"),
            client: "local".into(),
            database: Untrusted::new("pggit"),
            state: if blocked_by.is_empty() { SessionState::IdleInTransaction } else { SessionState::Active },
            state_age: Some(Duration::from_secs(31)),
            query_age: None,
            transaction_age: None,
            wait: None,
            blocked_by: blocked_by.to_vec(),
            holds_back_vacuum: false,
            query: Untrusted::new(""),
        }
    }

    fn found(sessions: &[(i32, &[i32])]) -> Vec<(i32, usize)> {
        let sessions: Vec<Session> = sessions.iter().map(|(pid, by)| session(*pid, by)).collect();
        roots(&sessions).into_iter().map(|root| (root.pid, root.blocks)).collect()
    }

    #[test]
    fn the_root_is_blocked_by_nobody() {
        assert_eq!(found(&[(1, &[]), (2, &[])]), []);
        assert_eq!(found(&[(1, &[]), (2, &[1]), (3, &[2]), (4, &[2, 1])]), [(1, 3)], "through others too");
        assert_eq!(
            found(&[(2, &[1]), (3, &[9]), (4, &[9])]),
            [(9, 2), (1, 1)],
            "who is not listed blocks all the same"
        );
        assert_eq!(found(&[(3, &[0])]), [(0, 1)]);
        assert_eq!(found(&[(5, &[1, 2]), (1, &[]), (2, &[])]), [(1, 1), (2, 1)]);
    }

    #[test]
    fn a_ring_has_a_root_too() {
        assert_eq!(found(&[(7, &[5]), (5, &[7])]), [(5, 1)]);
        assert_eq!(found(&[(7, &[5]), (5, &[7]), (9, &[7]), (3, &[9])]), [(5, 3)], "with those that wait for it");
        assert_eq!(found(&[(4, &[4])]), [(4, 0)]);
        assert_eq!(found(&[(1, &[2]), (2, &[1]), (6, &[8]), (8, &[6]), (3, &[])]), [(1, 1), (6, 1)]);
    }

    #[test]
    fn in_words() {
        let sessions = [session(21_308, &[]), session(5, &[21_308])];
        let root = roots(&sessions)[0];
        let told = |root, most| words(root, &sessions, most).to_string();
        assert_eq!(told(root, 51), "pid 21308 schema-migration blocks 1, idle in tx 31s");
        assert_eq!(told(root, 48), "pid 21308 schema-migra… blocks 1, idle in tx 31s", "the name gives way");
        assert_eq!(told(root, 10), "pid 21308 schema-… blocks 1, idle in tx 31s");
        assert_eq!(told(Root { pid: 0, blocks: 2 }, 99), "a prepared transaction blocks 2");
        assert_eq!(told(Root { pid: 1, blocks: 2 }, 99), "pid 1 blocks 2");
    }

    #[test]
    fn it_counts_from_the_reading_that_saw_it_first() {
        let reading =
            |by: &[i32]| Sessions { list: [session(1, &[]), session(2, by)].into(), blocked: 1, ..Sessions::default() };
        let mut since = BlockedSince::default();
        let mut at = |secs: f64, by: &[i32]| {
            let now = Moment::fixed(secs);
            since.step(&reading(by), now);
            since.problem(&reading(by), now).map(|p| p.verdict)
        };
        assert_eq!([at(0.0, &[1]), at(5.0, &[1])], [None, None]);
        assert_eq!(at(6.0, &[1]), Some(Verdict::Degraded));
        assert_eq!([at(8.0, &[]), at(9.0, &[1]), at(14.0, &[1])], [None; 3], "free in between");
        assert_eq!(at(15.0, &[1]), Some(Verdict::Degraded));
    }
}
