//! Emptying a database of Redis: what it is and holds, whether it may be emptied, and the one `FLUSHDB`, sent over a connection
//! in which the server has just said that it still is the one of the card.

use std::time::Duration;

use chrono::DateTime;

use super::connection::{Connection, Limit};
use super::info::{self, Info};
use super::resp::Reply;
use super::{acl_user, refusal};
use crate::config::resolved::RedisTarget;
use crate::domain::{Cause, Safe, Untrusted, figure};
use crate::remediation::card::{Identity, Preview};
use crate::remediation::object::{Excluded, Fate, Object, ObjectKey};
use crate::remediation::step::{FlushStep, StepEnd};

/// What is sent. The server frees the memory beside its work, so that nobody waits for it.
const FLUSH: [&str; 2] = ["FLUSHDB", "ASYNC"];

/// What the server says it is and holds, in one round trip.
pub(super) struct Look {
    pub(super) identity: Identity,
    info: Info,
    text: Vec<u8>,
    database: u16,
    pub(super) user: String,
    keys: u64,
}

/// What a flush would touch; only read.
///
/// # Errors
/// It cannot be reached, loads its data, or lets us not look.
pub async fn preview(target: &RedisTarget, deadline: Duration) -> Result<Preview, Cause> {
    let limit = Limit::new(deadline);
    let mut connection = Connection::open(target, &mut None, limit).await?;
    let look = look(&mut connection, target, limit).await?;
    let mut preview = look.preview(target);
    let dry = ["ACL", "DRYRUN", &look.user, FLUSH[0], FLUSH[1]];
    match ask(&mut connection, &dry, limit).await? {
        Reply::Status(_) => {}
        Reply::Bulk(Some(_)) => {
            let cause = refusal::cause(b"NOPERM this user has no permissions", &FLUSH[..1], &look.user);
            let fix: Vec<String> = cause.advice().iter().map(Safe::to_string).collect();
            preview.obstacles.push(Safe::of(format!("{cause}: {}", fix.join("; "))));
        }
        // Before version 7, or without leave to ask: the server says so when it is sent.
        _ => preview.remarks.push(Safe::of("whether this user may flush cannot be asked here beforehand")),
    }
    Ok(preview)
}

/// Empties the database, once, if it still is what the card shows.
pub async fn flush(
    target: &RedisTarget,
    identity: &Identity,
    objects: &[ObjectKey],
    step: &FlushStep,
    deadline: Duration,
) -> StepEnd {
    let limit = Limit::new(deadline);
    let ready = async {
        let mut connection = Connection::open(target, &mut None, limit).await?;
        let look = look(&mut connection, target, limit).await?;
        connection.settle()?;
        Ok::<_, Cause>((connection, look))
    };
    let (mut connection, look) = match ready.await {
        Ok(ready) => ready,
        Err(cause) => return StepEnd::Failed(cause),
    };
    if let Some(what) = difference(identity, &look.identity) {
        return StepEnd::OtherTarget(what);
    }
    if !step.bears(look.keys) {
        let (now, then, share) = (look.keys, step.count, figure::percent(step.tolerance));
        let words = format!("it holds {now} keys now and {then} on the card, more than {share} apart");
        return StepEnd::OtherTarget(Safe::of(words));
    }
    match ask(&mut connection, &FLUSH, limit).await {
        Ok(Reply::Status(said)) => StepEnd::Done {
            fates: objects.iter().map(|key| (key.clone(), Fate::Done)).collect(),
            said: vec![Safe::of(format!("{} (of {} keys)", Safe::one_line(&said), look.keys))],
        },
        Ok(Reply::Error(said)) => StepEnd::Failed(refusal::cause(&said, &FLUSH, acl_user(target))),
        Ok(_) => StepEnd::Unknown(Cause::Protocol(Safe::of("FLUSHDB was answered with something else"))),
        // From here on it may have had its effect; it is never sent again.
        Err(cause) => StepEnd::Unknown(cause),
    }
}

/// Keys of the database now.
///
/// # Errors
/// It cannot be read, or is not the one of the card.
pub async fn keys(target: &RedisTarget, identity: &Identity, deadline: Duration) -> Result<u64, Cause> {
    let limit = Limit::new(deadline);
    let mut connection = Connection::open(target, &mut None, limit).await?;
    let look = look(&mut connection, target, limit).await?;
    match difference(identity, &look.identity) {
        Some(what) => Err(Cause::Other(what)),
        None => Ok(look.keys),
    }
}

pub(super) async fn ask(connection: &mut Connection, argv: &[&str], limit: Limit) -> Result<Reply, Cause> {
    connection.send(&[argv], limit).await?;
    connection.receive(limit).await
}

pub(super) async fn look(connection: &mut Connection, target: &RedisTarget, limit: Limit) -> Result<Look, Cause> {
    let commands: [&[&str]; 4] = [&["INFO"], &["DBSIZE"], &["CLIENT", "INFO"], &["ACL", "WHOAMI"]];
    connection.send(&commands, limit).await?;
    let mut replies = Vec::with_capacity(commands.len());
    for _ in &commands {
        replies.push(connection.receive(limit).await?);
    }
    let [said, size, client, user] = <[Reply; 4]>::try_from(replies).map_err(|_more| odd("a look"))?;
    let text = match said {
        Reply::Bulk(Some(text)) => text,
        Reply::Error(said) => return Err(refusal::cause(&said, &["INFO"], acl_user(target))),
        _ => return Err(odd("INFO")),
    };
    let info = info::parse(&text).ok_or_else(|| odd("INFO"))?;
    if info.loading {
        return Err(Cause::Loading { percent: info.loaded_percent });
    }
    let keys = match size {
        Reply::Integer(keys) => u64::try_from(keys).map_err(|_negative| odd("DBSIZE"))?,
        Reply::Error(said) => return Err(refusal::cause(&said, &["DBSIZE"], acl_user(target))),
        _ => return Err(odd("DBSIZE")),
    };
    // Older servers, and users without leave, do not tell these two; then they are as the login asked for.
    let database = match &client {
        Reply::Bulk(Some(line)) => {
            word(line, "db=").and_then(|db| db.parse().ok()).ok_or_else(|| odd("CLIENT INFO"))?
        }
        _ => target.database,
    };
    let user = match user {
        Reply::Bulk(Some(name)) => String::from_utf8_lossy(&name).into_owned(),
        _ => acl_user(target).to_owned(),
    };
    if info.figures.run_id.as_str().is_empty() || info.figures.role.as_str().is_empty() {
        return Err(Cause::Misconfigured(Safe::of("the server does not say which one it is (run_id, role)")));
    }
    let identity = Identity {
        facts: vec![
            ("server", Untrusted::from(server(target))),
            ("run id", Untrusted::from(info.figures.run_id.as_str())),
            ("role", Untrusted::from(info.figures.role.as_str())),
            ("cluster", Untrusted::from(if field(&text, "cluster_enabled") == Some("1") { "yes" } else { "no" })),
            ("database", Untrusted::from(database.to_string())),
            ("user", Untrusted::from(user.clone())),
        ],
    };
    Ok(Look { identity, info, text, database, user, keys })
}

impl Look {
    fn preview(&self, target: &RedisTarget) -> Preview {
        let mut obstacles = Vec::new();
        let role = &self.info.figures.role;
        if role.as_str() != "master" {
            obstacles.push(Safe::of(format!("its role is {role}: a replica is not flushed, its primary is")));
        }
        if field(&self.text, "cluster_enabled") == Some("1") {
            obstacles.push(Safe::of("it is a node of a cluster: it holds only a part, and is not flushed from here"));
        }
        let name = format!("database {} of {}", self.database, server(target));
        let mut effect = Vec::new();
        if self.database != 0 {
            effect.push(Untrusted::from(format!("SELECT {}", self.database)));
        }
        effect.push(Untrusted::from(FLUSH.join(" ")));
        Preview {
            identity: self.identity.clone(),
            objects: vec![Object {
                key: ObjectKey::Named(Untrusted::from(name.clone())),
                label: Safe::of(format!("{name}: {} keys", self.keys)),
                query: Untrusted::default(),
                user: Safe::of(&self.user),
                application: Safe::of("redis"),
                client: Safe::of(server(target)),
                age: None,
                remark: Safe::default(),
            }],
            excluded: self.others(),
            effect,
            count: Some(self.keys),
            remarks: self.remarks(),
            obstacles,
            ..Preview::default()
        }
    }

    /// Other databases of the same server keep their keys.
    fn others(&self) -> Vec<Excluded> {
        let others = self.info.figures.keyspace.iter().filter(|(database, _)| *database != self.database);
        let excluded = |(database, keys): &(u16, u64)| Excluded {
            count: usize::try_from(*keys).unwrap_or(usize::MAX),
            why: Safe::of(format!("keys of database {database} of the same server")),
        };
        others.map(excluded).collect()
    }

    fn remarks(&self) -> Vec<Safe> {
        let figures = &self.info.figures;
        let number = |name: &str| field(&self.text, name).and_then(|value| value.parse::<u64>().ok());
        let used = figures.used_memory.map_or_else(|| "not told".to_owned(), figure::bytes);
        let most = match figures.max_memory {
            Some(0) => "no limit".to_owned(),
            Some(most) => format!("at most {}", figure::bytes(most)),
            None => "limit not told".to_owned(),
        };
        let mut remarks = vec![Safe::of(format!("{} keys; memory of the whole server {used}, {most}", self.keys))];
        let line = field(&self.text, &format!("db{}", self.database)).unwrap_or_default();
        if let Some(expiring) = word(line.as_bytes(), "expires=").and_then(|n| n.parse::<u64>().ok()) {
            let lasting = self.keys.saturating_sub(expiring);
            if lasting > 0 {
                remarks.push(Safe::of(format!("{lasting} of the keys never expire: is all of it only a cache?")));
            }
        }
        if let Some(replicas) = number("connected_slaves").filter(|replicas| *replicas > 0) {
            remarks.push(Safe::of(format!("replicas that are emptied with it: {replicas}")));
        }
        let aof = if number("aof_enabled") == Some(1) { "append-only file on" } else { "no append-only file" };
        let saved = number("rdb_last_save_time")
            .and_then(|secs| DateTime::from_timestamp(i64::try_from(secs).ok()?, 0))
            .map_or_else(|| "not known".to_owned(), |at| at.format("%Y-%m-%d %H:%M:%S UTC").to_string());
        remarks.push(Safe::of(format!("persistence: {aof}; last dump or start {saved}")));
        remarks
    }
}

/// What is not as the card shows it.
pub(super) fn difference(then: &Identity, now: &Identity) -> Option<Safe> {
    if then == now {
        return None;
    }
    let pairs = then.facts.iter().zip(&now.facts);
    let differing = pairs.filter(|(then, now)| then != now);
    let words: Vec<String> = differing
        .map(|((name, then), (_, now))| format!("{name} is {} and was {}", now.one_line(), then.one_line()))
        .collect();
    Some(Safe::of(if words.is_empty() { "it tells other things of itself".to_owned() } else { words.join(", ") }))
}

fn server(target: &RedisTarget) -> String {
    match &target.unix {
        Some(path) => path.display().to_string(),
        None => format!("{}:{}", target.host, target.port),
    }
}

/// The value of a line of `INFO`.
fn field<'a>(text: &'a [u8], name: &str) -> Option<&'a str> {
    let value = |line: &'a [u8]| line.strip_prefix(name.as_bytes())?.strip_prefix(b":");
    let found = text.split(|byte| *byte == b'\n').find_map(value)?;
    std::str::from_utf8(found).ok().map(str::trim)
}

/// What follows `name` in a line of words, up to a blank or a comma.
fn word<'a>(line: &'a [u8], name: &str) -> Option<&'a str> {
    let mut words = line.split(|byte| matches!(byte, b' ' | b',' | b'\n' | b'\r'));
    let found = words.find_map(|word| word.strip_prefix(name.as_bytes()))?;
    std::str::from_utf8(found).ok()
}

fn odd(what: &str) -> Cause {
    Cause::Protocol(Safe::of(format!("{what} was not answered as it should be")))
}
