//! What an action on sessions would touch: the sessions with all that a person should know of each, who is left alone and
//! why, what is missing, and what would be sent. Only reads.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::super::Session;
use super::super::cause::{grant_statistics, quoted};
use super::super::column::{Bytes, Micros, get};
use super::super::connect::APPLICATION;
use super::blocking::{self, Blocking};
use super::choice::Choice;
use super::order::Order;
use super::turn::{self, Key};
use crate::domain::session::{SessionId, SessionState};
use crate::domain::{Cause, Safe, figure};
use crate::remediation::action::{Databases, SessionSelector};
use crate::remediation::card::Preview;
use crate::remediation::object::{Excluded, Object, ObjectKey};
use crate::remediation::step::SessionVerb;
use crate::remediation::turn::Reach;

const CHOOSE: &str = include_str!("sql/choose.sql");
/// Databases that are named of many.
const NAMED: usize = 5;
/// Most sessions that one preview reads.
const MOST: usize = 1000;
/// Most sessions of which it is asked whom they wait for: each such question holds up the server's locks for an instant.
const WAITERS: usize = 1000;

/// Looks. The identity is not in it.
pub async fn look(
    session: &mut Session,
    selector: &SessionSelector,
    verb: SessionVerb,
    cap: usize,
    (users, applications): &(Vec<String>, Vec<String>),
) -> Result<Preview, Cause> {
    let mut preview = Preview::default();
    let choice = match Choice::new(selector, verb) {
        Ok(choice) => choice.sparing(users, applications),
        Err(why) => {
            preview.obstacles.push(why);
            return Ok(preview);
        }
    };
    turn::look(session, Reach::of(selector)).await?.tell(&mut preview);
    let found = choose(session, &choice, selector, cap, None).await?;
    let user = session.facts.user.one_line();
    let here = session.facts.database.one_line();
    preview.warnings.extend(spread(selector, &found.sessions));
    preview.remarks.extend(looked_in(selector, &here));
    found.fill(&mut preview, selector, &choice, cap);
    found.tell(&mut preview, selector, verb, user.as_str());
    let keys: Vec<ObjectKey> = preview.objects.iter().map(|object| object.key.clone()).collect();
    preview.effect = Order::new(&keys, verb)?.lines(Key::of(session));
    Ok(preview)
}

/// In which databases it looked.
pub(super) fn looked_in(selector: &SessionSelector, here: &Safe) -> Option<Safe> {
    let SessionSelector::Idle { databases, .. } = selector else { return None };
    Some(Safe::of(match databases {
        Databases::Present => format!("only in database {here}, which we are connected to"),
        Databases::Named(name) => format!("only in database {name}"),
        Databases::Every => "in EVERY database of the server".to_owned(),
    }))
}

/// Whose sessions they are beside those of the database that the card names; environment and phrase are of that one alone.
pub(super) fn spread<'a>(selector: &SessionSelector, objects: impl IntoIterator<Item = &'a Object>) -> Option<Safe> {
    let SessionSelector::Idle { databases: Databases::Every, .. } = selector else { return None };
    let mut databases: BTreeMap<&Safe, usize> = BTreeMap::new();
    for object in objects {
        *databases.entry(&object.database).or_default() += 1;
    }
    let mut named: Vec<(&Safe, usize)> = databases.into_iter().collect();
    named.sort_by_key(|(_, sessions)| Reverse(*sessions));
    let some: Vec<String> = named.iter().take(NAMED).map(|(name, sessions)| format!("{name} ({sessions})")).collect();
    let such = if named.len() > NAMED { ", such as" } else { ":" };
    let count = match named.len() {
        1 => "1 database".to_owned(),
        count => format!("{count} databases"),
    };
    let of_others = "environment and phrase are of the one that the card names; of the others they are not known";
    (!named.is_empty()).then(|| Safe::of(format!("sessions of {count}{such} {}; {of_others}", some.join(", "))))
}

/// What is found; of those who fit only these, where some are named.
pub(super) async fn choose(
    session: &mut Session,
    choice: &Choice,
    selector: &SessionSelector,
    cap: usize,
    only: Option<&[i32]>,
) -> Result<Found, Cause> {
    let here = session.facts.database_oid;
    let only_here = choice.only_here.then_some(here);
    // Which blocks most is known only when all that block are.
    let limit = if choice.root { MOST } else { cap.min(MOST) } as i64;
    let waiters = WAITERS as i64 + 1;
    let locks = !matches!(selector, SessionSelector::Idle { .. });
    let parameters = [
        (&choice.pid as _, Type::INT4),
        (&choice.backend_start as _, Type::TIMESTAMPTZ),
        (&choice.user as _, Type::TEXT),
        (&choice.applications as _, Type::TEXT_ARRAY),
        (&choice.root as _, Type::BOOL),
        (&APPLICATION as _, Type::TEXT),
        (&choice.states as _, Type::TEXT_ARRAY),
        (&only_here as _, Type::OID),
        (&choice.except_users as _, Type::TEXT_ARRAY),
        (&choice.except_applications as _, Type::TEXT_ARRAY),
        (&choice.older_seconds as _, Type::FLOAT8),
        (&choice.only_running as _, Type::BOOL),
        (&limit as _, Type::INT8),
        (&here as _, Type::OID),
        (&locks as _, Type::BOOL),
        (&choice.database as _, Type::TEXT),
        (&waiters as _, Type::INT8),
        (&only as _, Type::INT4_ARRAY),
    ];
    let rows = session.link.query(CHOOSE, &parameters).await?;
    let here = session.facts.database.one_line();
    let mut found = Found::default();
    for row in &rows {
        found.take(row, &here)?;
    }
    Ok(found)
}

/// The rows, sorted by what they are of.
#[derive(Default)]
pub(super) struct Found {
    pub(super) sessions: Vec<Object>,
    /// Class, how many, some of their pids.
    groups: Vec<(String, usize, Vec<i32>)>,
    blocking: Blocking,
    /// Of how many that wait it was asked whom they wait for.
    asked: usize,
}

impl Found {
    fn take(&mut self, row: &Row, here: &Safe) -> Result<(), Cause> {
        let kind = get::<&str>(row, 0)?;
        match kind {
            "session" => self.sessions.push(object(row, here)?),
            "waiter" => self.blocking.waits(get(row, 2)?, &get::<Option<Vec<i32>>>(row, 13)?.unwrap_or_default()),
            "asked" => self.asked = usize::try_from(get::<i64>(row, 1)?).unwrap_or(usize::MAX),
            class => {
                let count = usize::try_from(get::<i64>(row, 1)?).unwrap_or(0);
                self.groups.push((class.to_owned(), count, get::<Option<Vec<i32>>>(row, 13)?.unwrap_or_default()));
            }
        }
        Ok(())
    }

    pub(super) fn of(&self, class: &str) -> usize {
        self.groups.iter().find(|(name, ..)| name == class).map_or(0, |(_, count, _)| *count)
    }

    fn fill(&self, preview: &mut Preview, selector: &SessionSelector, choice: &Choice, cap: usize) {
        let mut objects: Vec<(usize, Object)> = self.sessions.iter().map(|object| self.with_blocked(object)).collect();
        let fitting = self.of("fits").max(objects.len());
        let root = matches!(selector, SessionSelector::RootBlocker);
        if root {
            objects.sort_by_key(|(blocked, _)| Reverse(*blocked));
            objects.truncate(1);
        }
        objects.truncate(cap);
        let left = fitting - objects.len();
        if left > 0 {
            let why = if root && cap > 0 { "block fewer".to_owned() } else { format!("over the cap of {cap}") };
            preview.excluded.push(Excluded { count: left, why: Safe::of(why) });
        }
        preview.objects = objects.into_iter().map(|(_, object)| object).collect();
        preview.remarks.extend(self.freed(&preview.objects));
        self.leave_alone(preview, choice);
    }

    /// Who is left alone by what was chosen, and why; by name where names were given.
    pub(super) fn leave_alone(&self, preview: &mut Preview, choice: &Choice) {
        let words: [(&str, String); 14] = [
            ("state", choice.in_other_states()),
            ("other user", "of other users".to_owned()),
            ("other application", "of other applications".to_owned()),
            ("younger", format!("younger than {}", figure::span(choice.older_than))),
            ("user", excepted("users", &choice.except_users)),
            ("application", excepted("applications", &choice.except_applications)),
            ("database", "in other databases".to_owned()),
            ("superuser", "of superusers".to_owned()),
            ("right", "no right to signal them".to_owned()),
            ("hidden", "cannot be seen: no right".to_owned()),
            ("untracked", "cannot be seen: track_activities is off".to_owned()),
            ("resting", "run nothing: a cancel would change nothing".to_owned()),
            ("ours", "our own".to_owned()),
            ("replication", "replication".to_owned()),
        ];
        let background = ("background", "the server's own processes".to_owned());
        for (class, why) in words.into_iter().chain([background]) {
            let count = self.of(class);
            if count > 0 {
                preview.excluded.push(Excluded { count, why: Safe::of(why) });
            }
        }
    }

    /// Whom all of them together keep waiting, where they are too many for one line each to be read.
    pub(super) fn freed(&self, objects: &[Object]) -> Option<Safe> {
        let pids = objects.iter().filter_map(|object| match &object.key {
            ObjectKey::Session { id, .. } => Some(id.pid),
            ObjectKey::Named(_) => None,
        });
        let mut freed: BTreeSet<i32> = pids.clone().flat_map(|pid| self.blocking.by(pid)).collect();
        for pid in pids {
            freed.remove(&pid);
        }
        let words = blocking::words(&freed).filter(|_| objects.len() > 1)?;
        Some(Safe::of(format!("whom it frees: together it {words}")))
    }

    /// An object with whom it blocks in its remark, and how many those are.
    pub(super) fn with_blocked(&self, object: &Object) -> (usize, Object) {
        let ObjectKey::Session { id, .. } = &object.key else { return (0, object.clone()) };
        let blocked = self.blocking.by(id.pid);
        let remark = match blocking::words(&blocked) {
            Some(words) if object.remark.as_str().is_empty() => Safe::of(words),
            Some(words) => Safe::of(format!("{words}; {}", object.remark)),
            None => object.remark.clone(),
        };
        (blocked.len(), Object { remark, ..object.clone() })
    }

    /// Who is at the root is known only when everybody who waits was asked about.
    pub(super) fn not_all_asked(&self) -> Option<Safe> {
        let words = "sessions wait for locks, and whom they all wait for is not known: aim at one session by its pid";
        (self.asked > WAITERS).then(|| Safe::of(format!("more than {WAITERS} {words}")))
    }

    /// How many one keeps waiting.
    pub(super) fn kept_waiting(&self, pid: i32) -> usize {
        self.blocking.by(pid).len()
    }

    /// Somebody who is left alone, and keeps more waiting than who is chosen.
    pub(super) fn greater_root(&self, chosen: Option<&Object>) -> Option<Safe> {
        let ObjectKey::Session { id, .. } = &chosen?.key else { return None };
        let excluded = self.groups.iter().filter(|(class, ..)| class != "fits").flat_map(|(_, _, pids)| pids);
        let greatest = excluded.map(|pid| (self.blocking.by(*pid).len(), *pid)).max()?;
        let words = |(blocked, pid)| format!("pid {pid}, which is left alone, keeps more waiting: {blocked}");
        (greatest.0 > self.blocking.by(id.pid).len()).then(|| Safe::of(words(greatest)))
    }

    /// What is missing, as an obstacle where nothing can be done without it, else as a remark.
    fn tell(&self, preview: &mut Preview, selector: &SessionSelector, verb: SessionVerb, user: &str) {
        let nothing = preview.objects.is_empty();
        let mut missing = Vec::new();
        if self.of("right") > 0 {
            let count = figure_of(self.of("right"));
            missing
                .push(Safe::of(format!("{count} may not be signalled: GRANT pg_signal_backend TO {};", quoted(user))));
        }
        missing.extend(self.hidden(user));
        let root = matches!(selector, SessionSelector::RootBlocker);
        // Of whoever cannot be seen, and of whoever was not asked about, nobody knows whether it keeps the most waiting.
        let unknown = root && self.of("hidden") > 0;
        if nothing || unknown { &mut preview.obstacles } else { &mut preview.remarks }.extend(missing);
        if root {
            preview.obstacles.extend(self.not_all_asked());
            preview.warnings.extend(self.greater_root(preview.objects.first()));
        }
        preview.obstacles.extend(self.resting().filter(|_| nothing));
        preview.remarks.extend(self.prepared());
        if nothing && preview.obstacles.is_empty() {
            preview.obstacles.push(Safe::of(match selector {
                SessionSelector::One(_) | SessionSelector::Pid(_) | SessionSelector::Given(_) => {
                    "it is gone, or nobody may touch it"
                }
                SessionSelector::RootBlocker => "nobody who may be signalled keeps others waiting",
                _ => "nobody fits: there is nothing to do",
            }));
        }
        preview.remarks.extend(rolled_back(&preview.objects, verb));
    }

    /// That some cannot be seen, and what would show them.
    pub(super) fn hidden(&self, user: &str) -> Option<Safe> {
        let (count, grant) = (figure_of(self.of("hidden")), grant_statistics(user));
        (self.of("hidden") > 0).then(|| Safe::of(format!("{count} cannot be seen: {grant}")))
    }

    /// Who holds something, and runs nothing that could be cancelled.
    fn resting(&self) -> Option<Safe> {
        let (_, count, pids) = self.groups.iter().find(|(class, ..)| class == "resting")?;
        let named: Vec<String> = pids.iter().map(ToString::to_string).collect();
        Some(Safe::of(format!(
            "{} nothing at the moment (pid {}): a cancel would not free what it holds, only ending the session does",
            if *count == 1 { "it runs" } else { "they run" },
            named.join(", ")
        )))
    }

    /// Who waits for what no signal reaches.
    pub(super) fn prepared(&self) -> Option<Safe> {
        let prepared = self.blocking.by_prepared();
        (prepared > 0).then(|| {
            Safe::of(format!(
                "{} wait for a prepared transaction, which no signal reaches: COMMIT PREPARED or ROLLBACK PREPARED",
                figure_of(prepared)
            ))
        })
    }
}

/// Whose work is lost.
pub(super) fn rolled_back(objects: &[Object], verb: SessionVerb) -> Option<Safe> {
    let open = objects.iter().filter(|object| has_transaction(object)).count();
    let lost = verb == SessionVerb::Terminate && open > 0;
    lost.then(|| Safe::of(format!("uncommitted work of {} is rolled back", figure_of(open))))
}

fn figure_of(count: usize) -> String {
    if count == 1 { "1 session".to_owned() } else { format!("{count} sessions") }
}

fn has_transaction(object: &Object) -> bool {
    matches!(&object.key, ObjectKey::Session { state, .. } if *state != SessionState::Idle)
}

/// A session; `here` is the database that we are connected to.
pub(super) fn object(row: &Row, here: &Safe) -> Result<Object, Cause> {
    let text = |at| get::<Option<Bytes<'_>>>(row, at).map(|told| told.map(|bytes| bytes.keep()).unwrap_or_default());
    let micros = |at| get::<Option<Micros>>(row, at).map(|told| told.map(|instant| instant.0));
    let pid = get::<i32>(row, 2)?;
    let state = SessionState::parse(get::<Option<&str>>(row, 8)?);
    let now = micros(16)?.unwrap_or(0);
    let age = |since: i64| Duration::from_micros(u64::try_from(now.saturating_sub(since)).unwrap_or(0));
    let since_us = micros(9)?.unwrap_or(0);
    let mut remarks = Vec::new();
    if let Some(begun) = micros(10)? {
        remarks.push(format!("tx {}", figure::age(age(begun))));
    }
    if let Some(locks) = get::<Option<i64>>(row, 14)?.filter(|locks| *locks > 0) {
        let strong = text(15)?;
        let named = if strong.is_empty() { String::new() } else { format!(": {}", strong.one_line().clipped(120)) };
        remarks.push(format!("holds {locks} {}{named}", if locks == 1 { "lock" } else { "locks" }));
    }
    if get::<bool>(row, 12)? {
        remarks.push("holds back vacuum".to_owned());
    }
    let other = Some(text(7)?.one_line()).filter(|name| !name.as_str().is_empty());
    let database = other.unwrap_or_else(|| here.clone());
    if database != *here {
        remarks.push(format!("in database {database}"));
    }
    let client = get::<Option<IpAddr>>(row, 6)?;
    Ok(Object {
        key: ObjectKey::Session { id: SessionId { pid, backend_start_us: micros(3)?.unwrap_or(0) }, state, since_us },
        label: Safe::of(format!("pid {pid} {}", state.short())),
        query: text(11)?,
        user: text(4)?.one_line(),
        application: text(5)?.one_line(),
        client: client.map_or_else(|| Safe::of("local"), |address| Safe::of(address.to_string())),
        database,
        age: Some(age(since_us)),
        remark: Safe::of(remarks.join("; ")),
    })
}

/// Those that are left alone by name: the first of the names, for a line on a card.
fn excepted(what: &str, names: &[String]) -> String {
    let mut known: Vec<&str> = names.iter().map(String::as_str).collect();
    known.sort_unstable();
    known.dedup();
    let more = known.len().saturating_sub(NAMED);
    known.truncate(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    if known.is_empty() {
        format!("of {what} that are excluded")
    } else {
        format!("of {what} that are excluded ({}{more})", known.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_at_the_root_is_not_known_when_not_all_were_asked_about() {
        let told = |asked: usize| {
            let mut preview = Preview::default();
            let found = Found { asked, ..Found::default() };
            found.tell(&mut preview, &SessionSelector::RootBlocker, SessionVerb::Cancel, "ops");
            preview.obstacles[0].to_string()
        };
        assert!(told(WAITERS + 1).starts_with("more than 1000 sessions wait"), "{}", told(WAITERS + 1));
        assert_eq!(told(WAITERS), "nobody who may be signalled keeps others waiting");
    }

    #[test]
    fn who_is_left_alone_and_keeps_more_waiting_is_named() {
        let mut found = Found { groups: vec![("superuser".to_owned(), 1, vec![7])], ..Found::default() };
        let key = ObjectKey::Session {
            id: SessionId { pid: 1, backend_start_us: 0 },
            state: SessionState::Active,
            since_us: 0,
        };
        let chosen = Object {
            key,
            label: Safe::default(),
            query: crate::domain::Untrusted::default(),
            user: Safe::default(),
            application: Safe::default(),
            client: Safe::default(),
            database: Safe::default(),
            age: None,
            remark: Safe::default(),
        };
        found.blocking.waits(2, &[1]);
        found.blocking.waits(8, &[7]);
        assert_eq!(found.greater_root(Some(&chosen)), None, "as many is not more");
        found.blocking.waits(9, &[7]);
        let words = found.greater_root(Some(&chosen)).unwrap();
        assert_eq!(words.as_str(), "pid 7, which is left alone, keeps more waiting: 2");
    }
}
