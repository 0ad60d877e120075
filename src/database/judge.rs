//! What a reading means: problems in words with their verdicts. The table of thresholds that the README tells.

use std::time::Duration;

use super::counters::DatabaseRates;
use crate::domain::database::{DatabaseReading, Sessions, Slots};
use crate::domain::session::SessionState;
use crate::domain::{Cause, Safe, Verdict, figure};

/// From this share of the usable slots on, the database is degraded.
pub const SLOTS_DEGRADED: f64 = 0.9;
/// A session idle in transaction for longer degrades the database.
pub const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(5 * 60);
/// With fewer blocks asked for, a hit ratio says nothing.
pub const FEWEST_BLOCKS: i64 = 100;

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad.
    pub verdict: Verdict,
    /// What, with the figures.
    pub words: Safe,
}

/// All problems of a reading, worst first. `rates` are those of the newest interval, if there is one.
#[must_use]
pub fn problems(reading: &DatabaseReading, rates: Option<&DatabaseRates>, hit_target: Option<f64>) -> Vec<Problem> {
    let mut found = Vec::new();
    match &reading.slots {
        Ok(slots) => found.extend(of_slots(slots, reading.sessions.as_ref().ok())),
        Err(cause) => found.push(of_cause("connections", cause)),
    }
    match &reading.sessions {
        Ok(sessions) => found.extend(of_hidden(sessions).into_iter().chain(of_sessions(sessions))),
        Err(cause) => found.push(of_cause("sessions", cause)),
    }
    match &reading.counters {
        Ok(_) => found.extend(rates.zip(hit_target).and_then(|(rates, target)| of_hit_ratio(rates, target))),
        Err(cause) => found.push(of_cause("counters", cause)),
    }
    found.sort_by_key(|problem| std::cmp::Reverse(problem.verdict));
    found
}

/// The verdict of a reading: the worst of its problems.
#[must_use]
pub fn verdict(problems: &[Problem]) -> Verdict {
    Verdict::worst(problems.iter().map(|problem| problem.verdict))
}

/// From this share of the usable slots on, sessions idle in transaction are why the others are missing.
const STUCK: f64 = 0.1;

/// Those that hold a slot and do nothing with it, where they are many: whose they are and since when. A pool of its usual size
/// is the largest holder on a good day too.
fn stuck(sessions: &Sessions, usable: u32) -> Option<String> {
    let holds = |(state, count): &(SessionState, u32)| state.holds_transaction().then_some(*count);
    let count: u32 = sessions.by_state.iter().filter_map(holds).sum();
    if count < 2 || f64::from(count) < f64::from(usable) * STUCK {
        return None;
    }
    let mut users: Vec<(Safe, u32)> = Vec::new();
    for session in sessions.list.iter().filter(|session| session.state.holds_transaction()) {
        let user = session.user.one_line().clipped(40);
        match users.iter_mut().find(|(known, _)| *known == user) {
            Some((_, count)) => *count += 1,
            None => users.push((user, 1)),
        }
    }
    let by = users.into_iter().max_by_key(|(_, count)| *count).map_or(String::new(), |(user, most)| {
        // The list may be capped.
        if most == count { format!(" by {user}") } else { format!(", most by {user}") }
    });
    let oldest = sessions.oldest_idle_in_transaction;
    let oldest = oldest.map_or(String::new(), |age| format!(" (oldest {})", figure::age(age)));
    Some(format!("{count} idle in tx{by}{oldest}"))
}

fn of_slots(slots: &Slots, sessions: Option<&Sessions>) -> Option<Problem> {
    let (used, usable) = (slots.used, slots.usable());
    if usable == 0 {
        return None;
    }
    let share = f64::from(used) / f64::from(usable);
    let (verdict, how) = if used >= usable {
        (Verdict::Down, "slots full".to_owned())
    } else if share >= SLOTS_DEGRADED {
        (Verdict::Degraded, format!("slots {:.0} %", (share * 100.0).floor()))
    } else {
        return None;
    };
    let holder = slots.holders.first().map(|most| (most.user.one_line().clipped(40), most.count));
    let words = match (sessions.and_then(|sessions| stuck(sessions, usable)), holder) {
        (Some(stuck), _) => format!("{how}: {stuck}"),
        (None, Some((who, count))) => format!("{how}: {who} holds {count} of {usable}"),
        (None, None) => format!("{how}: {used} of {usable}"),
    };
    Some(Problem { verdict, words: Safe::of(words) })
}

fn of_sessions(sessions: &Sessions) -> Option<Problem> {
    let oldest = sessions.oldest_idle_in_transaction.filter(|age| *age > IDLE_IN_TRANSACTION)?;
    let holder = sessions
        .list
        .iter()
        .find(|session| session.state.holds_transaction() && session.state_age == Some(oldest))
        .map(|session| {
            let vacuum = if session.holds_back_vacuum { ", holds back vacuum" } else { "" };
            format!(" (pid {}, {}{vacuum})", session.id.pid, session.user.one_line().clipped(40))
        })
        .unwrap_or_default();
    let words = format!("idle in transaction for {}{holder}", figure::age(oldest));
    Some(Problem { verdict: Verdict::Degraded, words: Safe::of(words) })
}

/// Sessions that we may not see could be idle in transaction for hours: what is not seen is not ok.
fn of_hidden(sessions: &Sessions) -> Option<Problem> {
    let (count, why) = sessions.unseen()?;
    let those = if count == 1 { "session is" } else { "sessions are" };
    let waits = if sessions.hidden.is_some() { " and waits for locks" } else { "" };
    let words = format!("{count} {those} hidden, so idle in transaction{waits} cannot be judged; {why}");
    Some(Problem { verdict: Verdict::Unknown, words: Safe::of(words) })
}

fn of_hit_ratio(rates: &DatabaseRates, target: f64) -> Option<Problem> {
    let ratio = rates.hit_ratio.filter(|ratio| rates.blocks >= FEWEST_BLOCKS && *ratio < target)?;
    let words = format!("buffer hit ratio {:.1} % under {:.1} %", ratio * 100.0, target * 100.0);
    Some(Problem { verdict: Verdict::Degraded, words: Safe::of(words) })
}

/// A part that could not be read leaves its figures unknown; where a right is missing, the lines that give it follow.
fn of_cause(what: &str, cause: &Cause) -> Problem {
    let fix = if let Cause::Denied { fix, .. } = cause { fix.as_slice() } else { &[] };
    let words = fix.iter().fold(format!("{what}: {cause}"), |words, line| format!("{words}; {line}"));
    Problem { verdict: cause.verdict(), words: Safe::of(words) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Untrusted;
    use crate::domain::database::Holder;
    use crate::domain::session::{Session, SessionId};

    fn slots(used: u32) -> Slots {
        Slots { max: 100, reserved: 3, used, holders: Vec::new() }
    }

    fn verdict_of(used: u32) -> Option<Verdict> {
        of_slots(&slots(used), None).map(|p| p.verdict)
    }

    #[test]
    fn slots_are_judged_against_the_usable_ones() {
        assert_eq!(verdict_of(87), None); // 89.7 %
        assert_eq!(verdict_of(88), Some(Verdict::Degraded));
        assert_eq!(verdict_of(96), Some(Verdict::Degraded));
        assert_eq!(verdict_of(97), Some(Verdict::Down));
        assert_eq!(verdict_of(99), Some(Verdict::Down));
        assert!(of_slots(&slots(88), None).unwrap().words.as_str().starts_with("slots 90 %: 88 of 97"));
    }

    fn session(user: &str, state: SessionState) -> Session {
        let (nothing, text) = (Untrusted::default(), |text: &str| Untrusted::from(text));
        Session {
            id: SessionId { pid: 1, backend_start_us: 0 },
            user: text(user),
            application: nothing.clone(),
            client: Safe::default(),
            database: nothing.clone(),
            state,
            state_age: None,
            query_age: None,
            transaction_age: None,
            wait: None,
            blocked_by: Vec::new(),
            holds_back_vacuum: false,
            query: nothing,
        }
    }

    #[test]
    fn those_that_hold_slots_idly_in_transaction_are_named_before_the_largest_pool() {
        let (user, application) = (Untrusted::from("web"), Untrusted::from("pool"));
        let pool = Holder { user, application, client: Safe::of("local"), count: 60 };
        let slots = Slots { holders: vec![pool], ..slots(97) };
        let told = |idle_in_tx: u32, users: &[&str]| {
            let list = users.iter().map(|user| session(user, SessionState::IdleInTransaction));
            let sessions = Sessions {
                by_state: vec![(SessionState::Idle, 60), (SessionState::IdleInTransaction, idle_in_tx)],
                list: list.collect(),
                oldest_idle_in_transaction: Some(Duration::from_secs(8)),
                ..Sessions::default()
            };
            of_slots(&slots, Some(&sessions)).unwrap().words.to_string()
        };
        assert_eq!(told(13, &["reports"; 13]), "slots full: 13 idle in tx by reports (oldest 8s)");
        assert_eq!(told(13, &["reports", "cron", "reports"]), "slots full: 13 idle in tx, most by reports (oldest 8s)");
        assert_eq!(told(9, &["reports"; 9]), "slots full: web holds 60 of 97", "few of them are not why");
        assert_eq!(of_slots(&slots, None).unwrap().words.as_str(), "slots full: web holds 60 of 97");
    }

    #[test]
    fn idle_in_transaction_counts_after_five_minutes() {
        let with =
            |secs| Sessions { oldest_idle_in_transaction: Some(Duration::from_secs(secs)), ..Sessions::default() };
        assert_eq!(of_sessions(&with(300)), None);
        assert_eq!(of_sessions(&with(301)).unwrap().verdict, Verdict::Degraded);
        assert_eq!(of_sessions(&Sessions::default()), None);
    }

    #[test]
    fn what_may_not_be_seen_is_unknown_and_the_grant_is_told() {
        let grant = Safe::of("GRANT pg_read_all_stats TO \"mon\";");
        let sessions = Sessions { hidden: Some((3, grant.clone())), ..Sessions::default() };
        let problem = of_hidden(&sessions).unwrap();
        assert_eq!(problem.verdict, Verdict::Unknown);
        assert!(problem.words.as_str().contains(grant.as_str()), "{}", problem.words);
        let denied = of_cause("sessions", &Cause::Denied { missing: Safe::of("a right"), fix: vec![grant] });
        assert_eq!(denied.words.as_str(), "sessions: denied: a right; GRANT pg_read_all_stats TO \"mon\";");
    }

    #[test]
    fn an_idle_cache_is_not_a_bad_cache() {
        let rates = |hit_ratio, blocks| DatabaseRates {
            elapsed: Duration::from_secs(2),
            commits_per_second: 0.0,
            rollbacks_per_second: 0.0,
            hit_ratio,
            blocks,
            deadlocks: 0,
            temp_bytes: 0,
            growth_bytes: None,
        };
        assert_eq!(of_hit_ratio(&rates(None, 0), 0.9), None);
        assert_eq!(of_hit_ratio(&rates(Some(0.1), 10), 0.9), None);
        assert_eq!(of_hit_ratio(&rates(Some(0.5), 1000), 0.9).unwrap().verdict, Verdict::Degraded);
        assert_eq!(of_hit_ratio(&rates(Some(0.95), 1000), 0.9), None);
    }
}
