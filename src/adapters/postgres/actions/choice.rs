//! A selector as binds. What a selector leaves open is never read as all: an empty name is nobody, no age and no name is
//! nobody.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::{Safe, session::SessionState};
use crate::remediation::action::{Databases, SessionSelector};
use crate::remediation::step::SessionVerb;

/// PostgreSQL keeps so many bytes of a name.
const NAME_BYTES: usize = 63;
/// Ages beyond this are one to PostgreSQL's calendar.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

/// What is bound.
pub struct Choice {
    pub pid: Option<i32>,
    pub backend_start: Option<DateTime<Utc>>,
    pub user: Option<String>,
    pub applications: Option<Vec<String>>,
    pub root: bool,
    pub states: Vec<&'static str>,
    pub only_here: bool,
    pub database: Option<String>,
    pub except_users: Vec<String>,
    pub except_applications: Vec<String>,
    pub older_seconds: f64,
    pub only_running: bool,
    /// The age, in words.
    pub older_than: Duration,
}

impl Choice {
    /// What a selector chooses for a verb; why it chooses nobody, if it does.
    pub fn new(selector: &SessionSelector, verb: SessionVerb) -> Result<Choice, Safe> {
        let mut choice = Choice {
            pid: None,
            backend_start: None,
            user: None,
            applications: None,
            root: false,
            states: SessionState::ALL.into_iter().map(SessionState::word).collect(),
            only_here: false,
            database: None,
            except_users: Vec::new(),
            except_applications: Vec::new(),
            older_seconds: 0.0,
            only_running: verb == SessionVerb::Cancel,
            older_than: Duration::ZERO,
        };
        match selector {
            SessionSelector::One(id) => {
                choice.pid = Some(id.pid);
                let start = DateTime::from_timestamp_micros(id.backend_start_us);
                choice.backend_start = Some(start.ok_or_else(|| Safe::of("a session of no known time"))?);
            }
            SessionSelector::Pid(pid) if *pid > 0 => choice.pid = Some(*pid),
            SessionSelector::Pid(_) | SessionSelector::Given(_) => {
                return Err(Safe::of("no pid names nobody: give it as pid=1234"));
            }
            SessionSelector::Idle { older_than, user, application, databases, except_users, except_applications } => {
                let named = [("user", user), ("application", application)];
                if let Some((what, _)) = named.iter().find(|(_, name)| name.as_ref().is_some_and(String::is_empty)) {
                    return Err(Safe::of(format!("an empty {what} names nobody")));
                }
                if older_than.is_zero() && user.is_none() && application.is_none() {
                    return Err(Safe::of("no age, no user and no application names nobody"));
                }
                choice.states = vec![SessionState::Idle.word()];
                choice.user = user.as_deref().map(clipped);
                choice.applications = application.as_deref().map(as_reported);
                choice.only_here = *databases == Databases::Present;
                if let Databases::Named(name) = databases {
                    choice.database = Some(database(name)?);
                }
                choice.except_users = except_users.iter().map(|name| clipped(name)).collect();
                choice.except_applications = except_applications.iter().flat_map(|name| as_reported(name)).collect();
                choice.is_older(*older_than);
            }
            SessionSelector::IdleInTransaction { older_than } => {
                if older_than.is_zero() {
                    return Err(Safe::of("no age names nobody"));
                }
                choice.states =
                    vec![SessionState::IdleInTransaction.word(), SessionState::IdleInTransactionAborted.word()];
                choice.only_here = true;
                choice.is_older(*older_than);
            }
            SessionSelector::RootBlocker => choice.root = true,
        }
        Ok(choice)
    }

    /// Leaves these out too.
    pub fn sparing(mut self, users: &[String], applications: &[String]) -> Choice {
        self.except_users.extend(users.iter().map(|name| clipped(name)));
        self.except_applications.extend(applications.iter().flat_map(|name| as_reported(name)));
        self
    }

    /// Why a session in none of the states is left alone.
    pub fn in_other_states(&self) -> String {
        match self.states.as_slice() {
            [one] => format!("not {one}"),
            [first, ..] if *first == SessionState::IdleInTransaction.word() => format!("not {first}"),
            _ => "in other states".to_owned(),
        }
    }

    fn is_older(&mut self, than: Duration) {
        self.older_than = than;
        self.older_seconds = than.min(LONGEST).as_secs_f64();
    }
}

/// A name as the server keeps it.
fn clipped(name: &str) -> String {
    name.char_indices().take_while(|(at, c)| at + c.len_utf8() <= NAME_BYTES).map(|(_, c)| c).collect()
}

/// The name of a database, which is never taken for another: one that the server would cut off is none.
fn database(name: &str) -> Result<String, Safe> {
    if name.trim().is_empty() {
        return Err(Safe::of("an empty database names none"));
    }
    if name.len() > NAME_BYTES {
        return Err(Safe::of(format!("no database has a name of more than {NAME_BYTES} bytes")));
    }
    Ok(name.to_owned())
}

/// An application's name in each way that servers report it: what is not ASCII is `?` up to 15, `\xNN` from 16 on.
fn as_reported(name: &str) -> Vec<String> {
    let plain = |byte: u8| (0x20..0x7f).contains(&byte);
    let mark: String = name.bytes().map(|byte| if plain(byte) { char::from(byte) } else { '?' }).collect();
    let escaped: String = name
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("\\x{byte:02x}") })
        .collect();
    let mut all = vec![clipped(name), clipped(&mark), clipped(&escaped)];
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idle(seconds: u64, user: Option<&str>, application: Option<&str>) -> SessionSelector {
        SessionSelector::Idle {
            older_than: Duration::from_secs(seconds),
            user: user.map(str::to_owned),
            application: application.map(str::to_owned),
            databases: Databases::Present,
            except_users: Vec::new(),
            except_applications: Vec::new(),
        }
    }

    fn in_database(name: &str) -> SessionSelector {
        let SessionSelector::Idle { older_than, user, application, except_users, except_applications, .. } =
            idle(5, None, None)
        else {
            unreachable!()
        };
        let databases = Databases::Named(name.to_owned());
        SessionSelector::Idle { older_than, user, application, databases, except_users, except_applications }
    }

    #[test]
    fn only_the_word_for_it_means_every_database() {
        let choice = |selector: &SessionSelector| Choice::new(selector, SessionVerb::Terminate).unwrap();
        assert!(choice(&idle(5, None, None)).only_here);
        let named = choice(&in_database("*"));
        assert_eq!(named.database.as_deref(), Some("*"), "a name like any other, which no database has");
    }

    #[test]
    fn empty_is_nobody() {
        for selector in [
            idle(5, Some(""), None),
            idle(5, None, Some("")),
            idle(0, None, None),
            SessionSelector::IdleInTransaction { older_than: Duration::ZERO },
            SessionSelector::Pid(0),
            in_database(""),
            in_database(" "),
            in_database(&"x".repeat(64)),
        ] {
            assert!(Choice::new(&selector, SessionVerb::Terminate).is_err(), "{selector:?}");
        }
        assert!(Choice::new(&idle(0, Some("app"), None), SessionVerb::Terminate).is_ok());
        assert!(Choice::new(&idle(5, None, None), SessionVerb::Terminate).is_ok());
    }

    #[test]
    fn names_are_compared_as_the_server_keeps_them() {
        assert_eq!(as_reported("web"), ["web"]);
        assert_eq!(as_reported("wéb"), ["wéb", "w??b", "w\\xc3\\xa9b"]);
        assert_eq!(clipped(&"x".repeat(70)).len(), 63);
        assert_eq!(clipped(&"é".repeat(40)).len(), 62);
    }

    #[test]
    fn an_age_without_end_is_bound_all_the_same() {
        let selector = SessionSelector::IdleInTransaction { older_than: Duration::MAX };
        assert!(Choice::new(&selector, SessionVerb::Terminate).unwrap().older_seconds < 1e11);
    }
}
