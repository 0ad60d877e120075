//! Emptying a database of Redis: what it holds, whether it may be emptied, and the one `FLUSHDB`, sent over a connection
//! in which the server has just said that it still is the one of the card.

use std::time::Duration;

use chrono::DateTime;

use super::connection::Limit;
use super::resp::Reply;
use super::server::{self, Look, May, ask, difference, field, word};
use super::{acl_user, refusal};
use crate::adapters::leave::Leave;
use crate::config::resolved::RedisTarget;
use crate::domain::{Cause, Safe, Untrusted, figure};
use crate::remediation::card::{Identity, Preview};
use crate::remediation::object::{Excluded, Fate, Object, ObjectKey};
use crate::remediation::step::{FlushStep, StepEnd};

/// What is sent. The server frees the memory beside its work, so that nobody waits for it.
const FLUSH: [&str; 2] = ["FLUSHDB", "ASYNC"];

/// What a flush would touch; only read.
///
/// # Errors
/// It cannot be reached, loads its data, or lets us not look.
pub async fn preview(target: &RedisTarget, deadline: Duration) -> Result<Preview, Cause> {
    let limit = Limit::new(deadline);
    let (mut connection, look) = server::look(target, limit).await?;
    let mut preview = look.preview(target);
    match server::may(&mut connection, &look.user, &FLUSH, limit).await? {
        May::Yes => {}
        May::No(why) => preview.obstacles.push(why),
        May::NotTold => preview.remarks.push(Safe::of("whether this user may flush cannot be asked here beforehand")),
    }
    Ok(preview)
}

/// Empties the database, once, if it still is what the card shows.
pub async fn flush(
    target: &RedisTarget,
    identity: &Identity,
    objects: &[ObjectKey],
    step: &FlushStep,
    leave: &Leave,
) -> StepEnd {
    let limit = Limit::new(leave.left());
    let (mut connection, look) = match server::look_again(target, identity, limit).await {
        Ok(ready) => ready,
        Err(end) => return end,
    };
    if !step.bears(look.keys) {
        let (now, then, share) = (look.keys, step.count, figure::percent(step.tolerance));
        let words = format!("it holds {now} keys now and {then} on the card, more than {share} apart");
        return StepEnd::OtherTarget(Safe::of(words));
    }
    if let Err(late) = leave.ask() {
        return StepEnd::Failed(late);
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
    let (_connection, look) = server::look(target, limit).await?;
    match difference(identity, &look.identity) {
        Some(what) => Err(Cause::Other(what)),
        None => Ok(look.keys),
    }
}

impl Look {
    fn preview(&self, target: &RedisTarget) -> Preview {
        let (mut obstacles, mut warnings) = (Vec::new(), Vec::new());
        let role = &self.info.figures.role;
        let takes_none = field(&self.text, "slave_read_only") != Some("0");
        match (role.as_str() != "master", target.flush_on.replica) {
            (false, _) => {}
            (true, false) => obstacles.push(Safe::of(format!(
                "its role is {role}: a replica is not flushed, its primary is (flush_replica declares otherwise)"
            ))),
            (true, true) if takes_none => {
                obstacles.push(Safe::of(format!("its role is {role}, and it is read-only: its primary is flushed")));
            }
            (true, true) => warnings.push(Safe::of(format!(
                "ITS ROLE IS {role}: only what this replica holds goes, its primary keeps all and may send it again"
            ))),
        }
        if field(&self.text, "cluster_enabled") == Some("1") {
            if target.flush_on.cluster {
                warnings.push(Safe::of("IT IS A NODE OF A CLUSTER: only its part goes, other nodes keep theirs"));
            } else {
                obstacles.push(Safe::of(
                    "it is a node of a cluster: it holds only a part, and is not flushed from here (flush_cluster declares \
                     otherwise)",
                ));
            }
        }
        let name = format!("database {} of {}", self.database, server::server(target));
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
                client: Safe::of(server::server(target)),
                database: Safe::default(),
                age: None,
                remark: Safe::default(),
            }],
            excluded: self.others(),
            effect,
            count: Some(self.keys),
            remarks: self.remarks(),
            warnings,
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
