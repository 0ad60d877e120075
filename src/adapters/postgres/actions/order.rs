//! The one statement that signals sessions: its text, its binds, and what became of each session. The card shows the same
//! text and binds that are sent.

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::super::Session;
use super::super::column::{Bytes, get};
use super::super::connect::APPLICATION;
use super::super::link::Parameter;
use super::turn::{self, Key};
use super::was_never_begun;
use crate::domain::session::SessionState;
use crate::domain::{Cause, Safe, Untrusted};
use crate::remediation::object::{Fate, ObjectKey};
use crate::remediation::step::{SessionVerb, StepEnd};

const SIGNAL: &str = include_str!("sql/signal.sql");
/// Sessions of one statement at most.
const MOST: usize = 1000;

/// PostgreSQL's function for a verb.
pub fn function(verb: SessionVerb) -> &'static str {
    match verb {
        SessionVerb::Cancel => "pg_cancel_backend",
        SessionVerb::Terminate => "pg_terminate_backend",
    }
}

/// Which sessions, as the arrays that are bound. Sorted: the same set is the same statement.
pub struct Order {
    keys: Vec<ObjectKey>,
    sql: String,
    pids: Vec<i32>,
    starts: Vec<DateTime<Utc>>,
    states: Vec<&'static str>,
    since: Vec<DateTime<Utc>>,
}

impl Order {
    /// Of sessions only, each once.
    pub fn new(objects: &[ObjectKey], verb: SessionVerb) -> Result<Order, Cause> {
        let mut keys = objects.to_vec();
        keys.sort();
        keys.dedup();
        if keys.len() > MOST {
            return Err(Cause::TooLarge { what: Safe::of("the list of sessions"), limit: MOST as u64 });
        }
        let sql = SIGNAL.replace("{function}", function(verb));
        let (mut pids, mut starts, mut states, mut since) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for key in &keys {
            let ObjectKey::Session { id, state, since_us } = key else {
                return Err(Cause::Misconfigured(Safe::of("not a session: nothing was sent")));
            };
            if *state == SessionState::Hidden {
                return Err(Cause::Misconfigured(Safe::of("a session that cannot be seen: nothing was sent")));
            }
            pids.push(id.pid);
            starts.push(instant(id.backend_start_us)?);
            states.push(state.word());
            since.push(instant(*since_us)?);
        }
        Ok(Order { keys, sql, pids, starts, states, since })
    }

    /// Nothing is to be done: an empty list is nobody.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The arrays.
    pub fn parameters(&self) -> [Parameter<'_>; 4] {
        [
            (&self.pids, Type::INT4_ARRAY),
            (&self.starts, Type::TIMESTAMPTZ_ARRAY),
            (&self.states, Type::TEXT_ARRAY),
            (&self.since, Type::TIMESTAMPTZ_ARRAY),
        ]
    }

    /// What will be sent, a line each: the statement, then its binds.
    pub fn lines(&self, turn: Key) -> Vec<Untrusted> {
        let times = |all: &[DateTime<Utc>]| array(all.iter().map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true)));
        let binds = [
            format!("$1 = {}", turn.class),
            format!("$2 = {}", turn.object),
            format!("$3 = {}", array(self.pids.iter().map(ToString::to_string))),
            format!("$4 = {}", times(&self.starts)),
            format!("$5 = {}", array(self.states.iter().map(|word| format!("\"{word}\"")))),
            format!("$6 = {}", times(&self.since)),
            format!("$7 = {APPLICATION}"),
        ];
        self.sql.lines().map(Untrusted::from).chain(binds.into_iter().map(Untrusted::from)).collect()
    }

    /// Sends it, once. Whatever goes wrong from here on may have come after the effect.
    pub async fn send(&self, session: &mut Session) -> StepEnd {
        let turn = Key::of(session);
        let [pids, starts, states, since] = self.parameters();
        let parameters = [
            (&turn.class as _, Type::INT4),
            (&turn.object as _, Type::INT4),
            pids,
            starts,
            states,
            since,
            (&APPLICATION as _, Type::TEXT),
        ];
        let rows = match session.link.query(&self.sql, &parameters).await {
            Ok(rows) => rows,
            Err(failure) if failure.state.as_deref().is_some_and(was_never_begun) => {
                return StepEnd::Failed(failure.cause);
            }
            Err(failure) => return StepEnd::Unknown(failure.cause),
        };
        match self.read(&rows) {
            Err(cause) => StepEnd::Unknown(cause),
            Ok(Answer::Told { fates, said }) => StepEnd::Done { fates, said },
            Ok(Answer::Held) => StepEnd::Failed(turn::taken(session).await),
        }
    }

    fn read(&self, rows: &[Row]) -> Result<Answer, Cause> {
        let mut words: HashMap<usize, String> = HashMap::with_capacity(rows.len());
        for row in rows {
            let at = usize::try_from(get::<i64>(row, 0)?).unwrap_or(0);
            words.insert(at, String::from_utf8_lossy(get::<Bytes<'_>>(row, 1)?.0).into_owned());
        }
        if !words.is_empty() && words.values().all(|word| word == "held") {
            return Ok(Answer::Held);
        }
        let mut said = Vec::new();
        let mut fates = Vec::with_capacity(self.keys.len());
        for (at, key) in self.keys.iter().enumerate() {
            let word = words.get(&(at + 1)).map(String::as_str).unwrap_or_default();
            if let (Some(why), ObjectKey::Session { id, .. }) = (word.strip_prefix("refused: "), key) {
                said.push(Safe::of(format!("pid {} refused: {why}", id.pid)));
            }
            fates.push((key.clone(), fate(word)));
        }
        Ok(Answer::Told { fates, said })
    }
}

enum Answer {
    Told { fates: Vec<(ObjectKey, Fate)>, said: Vec<Safe> },
    Held,
}

fn fate(word: &str) -> Fate {
    match word {
        "done" => Fate::Done,
        // The function says that there is no such process: it left between the check and the call.
        "gone" | "left" => Fate::Gone,
        "changed" => Fate::Changed,
        _ if word.starts_with("refused") => Fate::Refused,
        _ => Fate::Unknown,
    }
}

fn instant(us: i64) -> Result<DateTime<Utc>, Cause> {
    DateTime::from_timestamp_micros(us).ok_or_else(|| Cause::Misconfigured(Safe::of("a session of no known time")))
}

fn array(items: impl Iterator<Item = String>) -> String {
    format!("{{{}}}", items.collect::<Vec<String>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::session::SessionId;

    fn key(pid: i32, state: SessionState) -> ObjectKey {
        ObjectKey::Session { id: SessionId { pid, backend_start_us: 5 }, state, since_us: 1_000_001 }
    }

    #[test]
    fn the_same_set_is_the_same_statement() {
        let (one, two) = (key(1, SessionState::Idle), key(2, SessionState::Active));
        let lines =
            |keys: &[ObjectKey]| Order::new(keys, SessionVerb::Cancel).unwrap().lines(Key { class: 1, object: 2 });
        assert_eq!(lines(&[one.clone(), two.clone()]), lines(&[two, one.clone(), one]));
    }

    #[test]
    fn binds_stand_on_the_card_and_never_in_the_statement() {
        let order = Order::new(&[key(4711, SessionState::IdleInTransaction)], SessionVerb::Terminate).unwrap();
        assert!(!order.sql.contains("4711") && order.sql.contains("pg_terminate_backend(s.pid)"), "{}", order.sql);
        assert!(!order.sql.contains('{') && !order.sql.contains("pg_cancel_backend"));
        let lines: Vec<String> =
            order.lines(Key { class: 1, object: 2 }).iter().map(|line| line.one_line().to_string()).collect();
        assert!(lines.iter().any(|line| line == "$3 = {4711}"), "{lines:?}");
        assert!(lines.iter().any(|line| line == "$5 = {\"idle in transaction\"}"), "{lines:?}");
        assert!(lines.iter().any(|line| line == "$6 = {1970-01-01T00:00:01.000001Z}"), "{lines:?}");
    }

    #[test]
    fn what_is_no_session_is_not_sent() {
        assert!(Order::new(&[ObjectKey::Named(Untrusted::from("x"))], SessionVerb::Cancel).is_err());
        assert!(Order::new(&[key(1, SessionState::Hidden)], SessionVerb::Cancel).is_err());
        let many: Vec<ObjectKey> = (0..=1000).map(|pid| key(pid, SessionState::Idle)).collect();
        assert!(Order::new(&many, SessionVerb::Cancel).is_err());
        assert!(Order::new(&[], SessionVerb::Cancel).unwrap().is_empty());
    }

    #[test]
    fn a_word_that_nobody_knows_is_unknown() {
        assert_eq!([fate("done"), fate("gone"), fate("changed")], [Fate::Done, Fate::Gone, Fate::Changed]);
        assert_eq!([fate("refused: no right"), fate("held"), fate("")], [Fate::Refused, Fate::Unknown, Fate::Unknown]);
    }
}
