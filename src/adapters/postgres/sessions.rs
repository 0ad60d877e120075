//! From rows to sessions: ages by the server's clock, counts, who holds slots, who holds back vacuum. Idle sessions
//! come without their last query; it is remembered here, and asked for when a session has come to rest.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use super::capabilities::Capabilities;
use super::cause::grant_statistics;
use super::names::Names;
use super::rows::{Rows, SessionRow};
use crate::domain::database::{Holder, Sessions, Slots};
use crate::domain::session::{Session, SessionState};
use crate::domain::{Safe, Untrusted};

/// Sessions in a reading's list.
pub const MOST: usize = 500;
/// Groups of holders.
const MOST_HOLDERS: usize = 50;
/// Queries of idle sessions that one reading asks for.
const ASKED_AT_ONCE: usize = 20;
/// An idle session's query is asked for once it rests this long: in a busy pool it would be gone before it is read.
const AT_REST: Duration = Duration::from_secs(4);
/// The state of a session that logs in, from PostgreSQL 18 on.
const STARTING: &str = "starting";
/// A change may be written down a little after its own time.
const MARGIN_US: i64 = 1_000_000;

/// What is remembered of sessions from reading to reading: those at rest are sent as a bare pid, idle ones without
/// their last query.
#[derive(Default)]
pub struct Memory {
    known: HashMap<i32, SessionRow>,
    /// Idle sessions whose query the next reading asks for.
    pub wanted: Vec<i32>,
    /// Who did not stir since this instant of the server's clock is sent as a bare pid.
    pub since_us: i64,
}

impl Memory {
    /// Completes the rows with what is remembered, remembers them, and notes what to ask for next. Returns how many
    /// sessions at rest nothing is remembered of.
    fn fill(&mut self, rows: &mut Rows, clock_us: i64) -> u32 {
        let mut missing = 0;
        for pid in std::mem::take(&mut rows.resting) {
            match self.known.remove(&pid) {
                Some(row) => rows.sessions.push(row),
                None => missing += 1,
            }
        }
        let mut next = HashMap::with_capacity(rows.sessions.len());
        let mut resting = Vec::new();
        for row in rows.sessions.iter_mut().filter(|row| !row.hidden) {
            if row.query.is_none() {
                let known = self.known.remove(&row.id.pid).filter(|known| known.is_same_query(row));
                row.query = known.and_then(|known| known.query);
            }
            if row.query.is_none() {
                let age = age(clock_us, row.state_change_us).filter(|age| *age >= AT_REST);
                resting.extend(age.map(|age| (age, row.id.pid)));
            }
            next.insert(row.id.pid, row.clone());
        }
        resting.sort_unstable_by_key(|(age, _)| Reverse(*age));
        self.wanted = resting.into_iter().take(ASKED_AT_ONCE).map(|(_, pid)| pid).collect();
        self.known = next;
        // Should one ever be missing, or the server have sent only some, the next reading brings all of them.
        let all = rows.states.is_empty();
        self.since_us = if missing == 0 && all { clock_us.saturating_sub(MARGIN_US) } else { 0 };
        missing
    }
}

impl SessionRow {
    fn is_same_query(&self, other: &SessionRow) -> bool {
        self.id == other.id && self.query_start_us == other.query_start_us
    }
}

/// Slots and sessions of a reading. `rows` hold all sessions but ours, or as many as were sent and the groups.
pub fn build(mut rows: Rows, facts: &Capabilities, names: &Names, memory: &mut Memory) -> (Slots, Sessions) {
    let clock_us = rows.head.clock_us;
    let missing = memory.fill(&mut rows, clock_us);
    let holding = holding_back(&rows.sessions);
    let blocking: Vec<i32> = rows.sessions.iter().flat_map(|row| row.blocked_by.iter().copied()).collect();
    let total: u32 = if rows.states.is_empty() {
        u32::try_from(rows.sessions.len()).unwrap_or(u32::MAX).saturating_add(missing)
    } else {
        rows.states.iter().map(|group| group.count).sum()
    };
    let asked = u32::try_from(rows.sessions.iter().filter(|row| row.asked).count()).unwrap_or(u32::MAX);
    let mut sessions = counted(&rows, missing, facts);
    let holders = holders(&rows, names);
    let mut list: Vec<Session> = rows
        .sessions
        .into_iter()
        .map(|row| {
            let holds = holding.get(&row.database).is_some_and(|oldest| is_at(&row, *oldest));
            session(row, clock_us, holds, names)
        })
        .collect();
    sessions.blocked = u32::try_from(list.iter().filter(|s| !s.blocked_by.is_empty()).count()).unwrap_or(u32::MAX);
    sessions.unasked = sessions.waiting.saturating_sub(asked);
    sessions.oldest_idle_in_transaction =
        list.iter().filter(|s| s.state.holds_transaction()).filter_map(|s| s.state_age).max();
    sessions.oldest_active = list.iter().filter_map(|s| s.query_age).max();
    list.sort_by_key(|session| (rank(session, &blocking), Reverse(session.state_age)));
    list.truncate(MOST);
    sessions.left_out = total.saturating_sub(u32::try_from(list.len()).unwrap_or(u32::MAX));
    sessions.list = list.into();
    let slots = Slots { max: facts.max_connections, reserved: facts.reserved, used: total.saturating_add(1), holders };
    (slots, sessions)
}

fn session(row: SessionRow, clock_us: i64, holds_back_vacuum: bool, names: &Names) -> Session {
    let state = state_of(row.state.as_deref(), row.hidden);
    Session {
        id: row.id,
        user: names.role(row.role),
        application: row.application,
        client: client(row.client, row.hidden),
        database: names.database(row.database),
        state,
        state_age: age(clock_us, row.state_change_us),
        query_age: age(clock_us, row.query_start_us).filter(|_| state == SessionState::Active),
        transaction_age: age(clock_us, row.transaction_start_us),
        wait: row.wait,
        blocked_by: row.blocked_by,
        holds_back_vacuum,
        query: row.query.unwrap_or_default(),
    }
}

fn age(clock_us: i64, since_us: Option<i64>) -> Option<Duration> {
    since_us.map(|since| Duration::from_micros(u64::try_from(clock_us.saturating_sub(since)).unwrap_or(0)))
}

fn state_of(word: Option<&str>, hidden: bool) -> SessionState {
    if hidden { SessionState::Hidden } else { SessionState::parse(word) }
}

/// Its server tells that it tells nothing. One that has just begun tells no state yet, and has done nothing yet.
fn is_untold(word: Option<&str>, hidden: bool) -> bool {
    !hidden && word.is_some_and(|word| word != STARTING && SessionState::parse(Some(word)) == SessionState::Hidden)
}

fn client(address: Option<IpAddr>, hidden: bool) -> Safe {
    match address {
        Some(address) => Safe::of(address.to_string()),
        None if hidden => Safe::of("hidden"),
        None => Safe::of("local"),
    }
}

/// Most interesting first: who blocks or is blocked, open transactions, work, the rest.
fn rank(session: &Session, blocking: &[i32]) -> u8 {
    match session.state {
        _ if !session.blocked_by.is_empty() || blocking.contains(&session.id.pid) => 0,
        SessionState::IdleInTransaction | SessionState::IdleInTransactionAborted => 1,
        SessionState::Active | SessionState::Fastpath => 2,
        SessionState::Idle => 3,
        SessionState::Hidden => 4,
    }
}

fn counted(rows: &Rows, missing: u32, facts: &Capabilities) -> Sessions {
    let mut counts: HashMap<SessionState, u32> = HashMap::new();
    let mut hidden = 0u32;
    let mut untold = 0u32;
    let mut waiting = 0u32;
    if missing > 0 {
        counts.insert(SessionState::Idle, missing);
    }
    if rows.states.is_empty() {
        for row in &rows.sessions {
            *counts.entry(state_of(row.state.as_deref(), row.hidden)).or_default() += 1;
            hidden += u32::from(row.hidden);
            untold += u32::from(is_untold(row.state.as_deref(), row.hidden));
            waiting += u32::from(row.lock_wait);
        }
    } else {
        for group in &rows.states {
            *counts.entry(state_of(group.state.as_deref(), group.hidden)).or_default() += group.count;
            hidden += if group.hidden { group.count } else { 0 };
            untold += if is_untold(group.state.as_deref(), group.hidden) { group.count } else { 0 };
            waiting += group.waiting;
        }
    }
    let by_state = SessionState::ALL.into_iter().filter_map(|state| counts.get(&state).map(|n| (state, *n))).collect();
    let grant = || grant_statistics(facts.user.one_line().as_str());
    Sessions { by_state, waiting, untold, hidden: (hidden > 0).then(|| (hidden, grant())), ..Sessions::default() }
}

/// Role, application, client, and whether the client is hidden.
type HolderKey<'a> = (Option<u32>, &'a Untrusted, Option<IpAddr>, bool);

fn holders(rows: &Rows, names: &Names) -> Vec<Holder> {
    let mut groups: HashMap<HolderKey<'_>, u32> = HashMap::new();
    if rows.holders.is_empty() {
        for row in &rows.sessions {
            *groups.entry((row.role, &row.application, row.client, row.hidden)).or_default() += 1;
        }
    } else {
        for group in &rows.holders {
            *groups.entry((group.role, &group.application, group.client, false)).or_default() += group.count;
        }
    }
    let mut all: Vec<Holder> = groups
        .into_iter()
        .map(|((role, application, address, hidden), count)| Holder {
            user: names.role(role),
            application: application.clone(),
            client: client(address, hidden),
            count,
        })
        .collect();
    all.sort_by(|a, b| {
        b.count.cmp(&a.count).then_with(|| a.user.cmp(&b.user)).then_with(|| a.application.cmp(&b.application))
    });
    all.truncate(MOST_HOLDERS);
    all
}

/// The oldest transaction id that sessions of each database hold on to.
fn holding_back(rows: &[SessionRow]) -> HashMap<Option<u32>, u32> {
    let mut oldest: HashMap<Option<u32>, u32> = HashMap::new();
    for row in rows {
        for xid in [row.xid, row.xmin].into_iter().flatten() {
            let entry = oldest.entry(row.database).or_insert(xid);
            if precedes(xid, *entry) {
                *entry = xid;
            }
        }
    }
    oldest
}

fn is_at(row: &SessionRow, oldest: u32) -> bool {
    row.xid == Some(oldest) || row.xmin == Some(oldest)
}

/// Transaction ids turn over: what lies less than half a turn back is older.
fn precedes(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::postgres::rows::Head;
    use crate::domain::session::SessionId;

    fn row(pid: i32, state: &str) -> SessionRow {
        SessionRow {
            id: SessionId { pid, backend_start_us: 1 },
            role: Some(10),
            application: Untrusted::from("app"),
            client: None,
            database: Some(5),
            state: Some(state.to_owned()),
            state_change_us: Some(1_000_000),
            query_start_us: Some(900_000),
            transaction_start_us: None,
            wait: None,
            lock_wait: false,
            asked: false,
            blocked_by: Vec::new(),
            xid: None,
            xmin: None,
            query: None,
            hidden: false,
        }
    }

    #[test]
    fn transaction_ids_turn_over() {
        assert!(precedes(3, 4));
        assert!(precedes(u32::MAX - 5, 4));
        assert!(!precedes(4, 4));
    }

    #[test]
    fn the_oldest_of_each_database_holds_back_vacuum() {
        let mut rows = vec![row(1, "active"), row(2, "active"), row(3, "active")];
        rows[0].xmin = Some(7);
        rows[1].xmin = Some(6);
        rows[2].xid = Some(9);
        rows[2].database = Some(6);
        let oldest = holding_back(&rows);
        assert_eq!(rows.iter().map(|r| is_at(r, oldest[&r.database])).collect::<Vec<_>>(), [false, true, true]);
    }

    fn rows(sessions: Vec<SessionRow>, resting: &[i32]) -> Rows {
        let head = Head { started_us: 0, clock_us: 0, stats_reset_us: None, replica: false, counters: None };
        Rows { head, sessions, resting: resting.to_vec(), states: Vec::new(), holders: Vec::new() }
    }

    #[test]
    fn queries_of_idle_sessions_are_remembered_and_asked_for_at_rest() {
        let mut memory = Memory::default();
        let mut first = rows(vec![row(1, "active"), row(2, "idle")], &[]);
        first.sessions[0].query = Some(Untrusted::from("select 1"));
        memory.fill(&mut first, 2_000_000);
        assert!(memory.wanted.is_empty(), "a second is no rest");
        let mut second = rows(vec![row(1, "idle"), row(2, "idle")], &[]);
        memory.fill(&mut second, 6_000_000);
        assert_eq!(second.sessions[0].query, Some(Untrusted::from("select 1")));
        assert_eq!(memory.wanted, [2]);
        let mut third = rows(vec![row(1, "idle"), row(2, "idle")], &[]);
        third.sessions[0].query_start_us = Some(5_000_000);
        memory.fill(&mut third, 6_000_000);
        assert_eq!(third.sessions[0].query, None, "another query began since");
    }

    #[test]
    fn sessions_at_rest_come_out_of_memory() {
        let mut memory = Memory::default();
        memory.fill(&mut rows(vec![row(1, "idle"), row(2, "idle")], &[]), 9_000_000);
        assert_eq!(memory.since_us, 8_000_000);
        let mut second = rows(vec![], &[2]);
        memory.fill(&mut second, 11_000_000);
        assert_eq!(second.sessions.iter().map(|r| r.id.pid).collect::<Vec<_>>(), [2]);
        assert_eq!(memory.since_us, 10_000_000);
        let mut third = rows(vec![], &[1, 2]);
        memory.fill(&mut third, 13_000_000);
        assert_eq!(memory.since_us, 0, "1 had gone: whoever bears its pid now must be asked for");
    }
}
