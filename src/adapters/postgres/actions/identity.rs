//! Who answers on the kept connection, read from the target itself, and whether it is who was confirmed.

use tokio_postgres::types::Type;

use super::super::Session;
use super::super::cause::quoted;
use super::super::column::{Bytes, get};
use super::order;
use crate::domain::{Cause, Safe, Untrusted};
use crate::remediation::card::Identity;
use crate::remediation::step::SessionVerb;

const IDENTITY: &str = include_str!("sql/identity.sql");
/// The one column that a role may be refused.
const SYSTEM_IDENTIFIER: &str = "(SELECT s.system_identifier FROM pg_catalog.pg_control_system() AS s)";
/// The facts, in the order of the columns.
const FACTS: [&str; 7] = ["system identifier", "server", "database", "started", "role", "version", "user"];
/// Those that another server would not share; a restart, a promotion or an upgrade changes the others.
const LASTING: [&str; 3] = ["system identifier", "server", "database"];

/// What was read.
pub struct Found {
    pub identity: Identity,
    /// Why nothing can be done here whatever is chosen.
    pub obstacles: Vec<Safe>,
}

/// Asks. `brief` is how long the server works on what follows at most, in milliseconds.
pub async fn read(session: &mut Session, verb: SessionVerb, brief: Option<u32>) -> Result<Found, Cause> {
    // Behind a pooler nothing may be set, and nothing will be sent.
    let brief = brief.filter(|_| !session.facts.pooler).map(|milliseconds| milliseconds.to_string());
    let readable = session.facts.system_identifier.is_some();
    let sql = IDENTITY.replace("{system_identifier}", if readable { SYSTEM_IDENTIFIER } else { "'not readable'" });
    let function = order::function(verb);
    let parameters = [(&function as _, Type::TEXT), (&brief as _, Type::TEXT)];
    let rows = session.link.query(&sql, &parameters).await?;
    let row = rows.first().ok_or_else(|| Cause::Protocol(Safe::of("the server told nothing about itself")))?;
    let mut facts: Vec<(&'static str, Untrusted)> = Vec::with_capacity(FACTS.len() + 1);
    for (at, name) in FACTS.into_iter().enumerate() {
        let told = get::<Bytes<'_>>(row, at)?.keep();
        let is_database = name == "database";
        facts.push((name, if is_database { Identity::database(&told, session.facts.database_oid) } else { told }));
    }
    facts.push(("connection", Untrusted::from(if session.facts.pooler { "through a pooler" } else { "direct" })));
    let mut obstacles = Vec::new();
    if session.facts.pooler {
        obstacles.push(Safe::of(
            "behind a pooler the session that would be signalled from is not ours: give this target a direct DSN \
             (host and port of PostgreSQL itself)",
        ));
    }
    if get::<Option<bool>>(row, FACTS.len())? != Some(true) {
        let user = quoted(session.facts.user.one_line().as_str());
        obstacles.push(Safe::of(format!(
            "{user} may not call {function}: GRANT EXECUTE ON FUNCTION pg_catalog.{function} TO {user};"
        )));
    }
    Ok(Found { identity: Identity { facts }, obstacles })
}

/// What is not as it was confirmed. An identity without facts confirms nothing.
pub fn difference(confirmed: &Identity, now: &Identity) -> Option<Safe> {
    if confirmed.facts.len() != now.facts.len() {
        return Some(Safe::of("what was confirmed does not tell which server it was"));
    }
    let other = confirmed.facts.iter().zip(&now.facts).find(|(before, now)| before != now);
    other.map(|(before, now)| changed(before, now))
}

/// Of the lasting facts only.
pub fn another_server(confirmed: &Identity, now: &Identity) -> Option<Safe> {
    let lasting = |identity: &Identity| Identity {
        facts: identity.facts.iter().filter(|(name, _)| LASTING.contains(name)).cloned().collect(),
    };
    difference(&lasting(confirmed), &lasting(now))
}

fn changed((name, before): &(&'static str, Untrusted), (_, now): &(&'static str, Untrusted)) -> Safe {
    Safe::of(format!("{name} was {}, is {}", before.one_line().clipped(60), now.one_line().clipped(60)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(facts: &[(&'static str, &str)]) -> Identity {
        Identity { facts: facts.iter().map(|(name, value)| (*name, Untrusted::from(*value))).collect() }
    }

    #[test]
    fn every_fact_counts_and_nothing_confirms_nothing() {
        let now = identity(&[("server", "a"), ("started", "1"), ("role", "primary")]);
        assert_eq!(difference(&now, &now), None);
        let then = identity(&[("server", "a"), ("started", "1"), ("role", "replica")]);
        assert_eq!(difference(&then, &now).unwrap().as_str(), "role was replica, is primary");
        assert!(difference(&Identity::default(), &now).is_some());
        assert!(difference(&now, &Identity::default()).is_some());
    }

    #[test]
    fn a_restart_is_not_another_server() {
        let now = identity(&[("server", "a"), ("started", "1")]);
        assert_eq!(another_server(&identity(&[("server", "a"), ("started", "0")]), &now), None);
        assert!(another_server(&identity(&[("server", "b"), ("started", "1")]), &now).is_some());
        assert!(another_server(&Identity::default(), &now).is_some());
    }
}
