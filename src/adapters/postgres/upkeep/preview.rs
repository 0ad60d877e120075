//! The card of upkeep: what the name stands for, how it is kept, who is in its way, whether a login of its own can succeed and
//! whether the role may. Only reads.

use std::time::Duration;

use tokio_postgres::types::Type;

use super::super::Session;
use super::super::actions::{identity, turn};
use super::super::cause::quoted;
use super::super::column::{Bytes, get};
use super::super::room::room;
use super::relation::{self, Found};
use super::{leftover, version};
use crate::domain::{Cause, Safe, Untrusted, figure};
use crate::remediation::card::Preview;
use crate::remediation::object::{Object, ObjectKey};
use crate::remediation::step::SessionVerb;
use crate::remediation::turn::Reach;
use crate::remediation::upkeep::{Upkeep, UpkeepVerb};

const HOLDERS: &str = include_str!("sql/holders.sql");
const NEEDY: &str = include_str!("sql/needy.sql");

/// Looks.
pub async fn look(session: &mut Session, upkeep: &Upkeep, deadline: Duration) -> Result<Preview, Cause> {
    let who = identity::read(session, SessionVerb::Cancel, None).await?;
    let mut preview = Preview { identity: who.identity, ..Preview::default() };
    against_the_server(session, &mut preview, 1).await?;
    let found = match relation::read(session, &upkeep.name, upkeep.verb).await? {
        Ok(found) => found,
        Err(why) => {
            preview.obstacles.push(why);
            return Ok(preview);
        }
    };
    preview.obstacles.extend(against_the_relation(session, &found, upkeep.verb));
    preview.standing = Some(found.relation.standing.words(upkeep.verb));
    preview.objects = vec![object(&found)];
    preview.remarks.push(kept(&found));
    preview.remarks.extend(holders(session, &found).await?);
    if upkeep.verb == UpkeepVerb::Reindex {
        let left = found.relation.standing.leftovers.iter().map(|name| {
            Safe::of(format!("{} is invalid, left by a cancelled reindex: drop-leftover removes it", name.one_line()))
        });
        preview.remarks.extend(left);
    }
    preview.effect = vec![Untrusted::from(format!(
        "over a connection of its own: statement_timeout = {}, lock_timeout = {}",
        figure::span(deadline),
        figure::span(upkeep.lock_timeout)
    ))];
    if upkeep.verb == UpkeepVerb::DropLeftover {
        preview.effect.extend(leftover::effect(&found));
        preview.remarks.push(leftover::cost(&found, upkeep.lock_timeout));
    } else {
        preview.effect.push(found.relation.command.clone());
    }
    preview.relation = Some(found.relation);
    Ok(preview)
}

/// The tables with the most dead rows: whole names, quoted by the server, and how many.
pub async fn needy(session: &mut Session) -> Result<Vec<(Untrusted, i64)>, Cause> {
    let rows = session.link.query(NEEDY, &[]).await?;
    rows.iter().map(|row| Ok((get::<Bytes<'_>>(row, 0)?.keep(), get::<i64>(row, 1)?))).collect()
}

/// What speaks against it whatever is named.
pub async fn against_the_server(session: &mut Session, preview: &mut Preview, logins: i64) -> Result<(), Cause> {
    if session.facts.pooler {
        preview.obstacles.push(Safe::of(
            "behind a pooler no session is ours: give this target a direct DSN (host and port of PostgreSQL itself)",
        ));
    }
    if session.facts.replica {
        preview.obstacles.push(Safe::of("it is a replica, which is read-only: aim at the primary"));
    }
    turn::look(session, Reach::Database).await?.tell(preview);
    match room(session).await?.for_logins(logins) {
        Ok(words) => preview.remarks.push(words),
        Err(why) => preview.obstacles.push(why),
    }
    Ok(())
}

fn against_the_relation(session: &Session, found: &Found, verb: UpkeepVerb) -> Vec<Safe> {
    let mut why = Vec::new();
    let name = found.relation.name.one_line();
    let fits = match verb {
        UpkeepVerb::Analyse => matches!(found.kind.as_str(), "r" | "m" | "p" | "f"),
        UpkeepVerb::Vacuum | UpkeepVerb::VacuumAnalyse => matches!(found.kind.as_str(), "r" | "m" | "p"),
        UpkeepVerb::Reindex => matches!(found.kind.as_str(), "r" | "m" | "i"),
        UpkeepVerb::DropLeftover => found.kind == "i",
    };
    if !fits {
        why.push(Safe::of(format!("{name} is {}: that cannot be done to it", kind(&found.kind))));
    }
    if verb == UpkeepVerb::DropLeftover && !(found.valid == Some(false) && found.named_as_leftover) {
        why.push(Safe::of(format!(
            "{name} is no leftover: only an invalid index with _ccnew or _ccold in its name is dropped"
        )));
    }
    if verb == UpkeepVerb::DropLeftover && fits && found.lock.is_none() {
        why.push(Safe::of(format!("{} cannot be kept as it is while its index is dropped", found.table.1.one_line())));
    }
    if verb == UpkeepVerb::Reindex && fits && found.kind != "i" && found.relation.standing.files.is_empty() {
        why.push(Safe::of(format!("{name} has no valid index: there is nothing to make anew")));
    }
    if !found.may {
        let user = quoted(session.facts.user.one_line().as_str());
        let owner = quoted(found.owner.as_str());
        let table = found.table.1.one_line();
        why.push(version::grant(verb, session.facts.version_num, &user, &owner, (&table, &name)));
    }
    why
}

fn kind(relkind: &str) -> &'static str {
    match relkind {
        "r" => "a table",
        "m" => "a materialised view",
        "p" => "a partitioned table",
        "f" => "a foreign table",
        "i" => "an index",
        "I" => "a partitioned index",
        "v" => "a view",
        "S" => "a sequence",
        "t" => "a TOAST table",
        _ => "of another kind",
    }
}

fn object(found: &Found) -> Object {
    let relation = &found.relation;
    let of = if found.kind == "i" { format!(" of {}", found.table.1.one_line()) } else { String::new() };
    let name = relation.name.one_line();
    Object {
        key: key(&relation.name, relation.oid),
        label: Safe::of(format!("{} {name}{of}, oid {}", kind(&found.kind), relation.oid)),
        query: Untrusted::default(),
        user: found.owner.clone(),
        application: Safe::of(kind(&found.kind)),
        client: found.size.map_or_else(Safe::default, |bytes| {
            Safe::of(format!("about {}", figure::bytes(u64::try_from(bytes).unwrap_or(0))))
        }),
        database: Safe::default(),
        age: None,
        remark: Safe::default(),
    }
}

/// What a relation is known by: its number and its name, both.
pub fn key(name: &Untrusted, oid: u32) -> ObjectKey {
    let mut bytes = format!("oid {oid} ").into_bytes();
    bytes.extend_from_slice(name.as_bytes());
    ObjectKey::Named(Untrusted::new(bytes))
}

fn kept(found: &Found) -> Safe {
    let count = |rows: Option<i64>| rows.map_or_else(|| "?".to_owned(), |rows| figure::count(rows as f64));
    let last = |us: Option<i64>| {
        let at = us.and_then(chrono::DateTime::from_timestamp_micros);
        at.map_or_else(|| "never".to_owned(), |at| at.format("%Y-%m-%d %H:%M").to_string())
    };
    let standing = &found.relation.standing;
    Safe::of(format!(
        "{} live and {} dead rows; last VACUUM {} (automatic {}), last ANALYZE {} (automatic {})",
        count(found.rows.0),
        count(found.rows.1),
        last(standing.vacuumed_us),
        last(found.automatic.0),
        last(standing.analysed_us),
        last(found.automatic.1)
    ))
}

/// Who is in the way now, a line each.
pub async fn holders(session: &mut Session, found: &Found) -> Result<Vec<Safe>, Cause> {
    let relations = vec![found.relation.oid, found.table.0];
    let here = session.facts.database_oid;
    let rows = session.link.query(HOLDERS, &[(&here as _, Type::OID), (&relations as _, Type::OID_ARRAY)]).await?;
    let mut told = Vec::new();
    for row in &rows {
        let text =
            |at| get::<Option<Bytes<'_>>>(row, at).map(|told| told.map(|b| b.keep().one_line()).unwrap_or_default());
        let age = get::<Option<f64>>(row, 6)?.filter(|age| age.is_finite() && *age >= 0.0);
        let age =
            age.map_or_else(String::new, |age| format!(", transaction {}", figure::age(Duration::from_secs_f64(age))));
        told.push(Safe::of(format!(
            "{} {} on it: pid {} {} {} {}{age}",
            if get::<bool>(row, 2)? { "holds" } else { "awaits" },
            text(1)?,
            get::<Option<i32>>(row, 0)?.unwrap_or(0),
            text(3)?,
            text(4)?,
            text(5)?
        )));
    }
    Ok(told)
}
