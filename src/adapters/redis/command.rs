//! One command of a runbook to Redis, sent once over a connection in which the server has just said that it still is the one
//! of the card. Its words go out with their lengths, as they are: nothing in them can become another command.

use std::time::Duration;

use super::connection::{Connection, Limit};
use super::flush::{ask, difference, look};
use super::resp::Reply;
use super::{acl_user, refusal};
use crate::config::resolved::RedisTarget;
use crate::domain::{Cause, Safe};
use crate::remediation::card::{Identity, Preview};
use crate::remediation::level::Level;
use crate::remediation::query::RedisStep;
use crate::remediation::step::{StepEnd, Work};
use crate::remediation::written;

/// Characters of an answer that are shown.
const SAID: usize = 400;

/// What the command would be sent to; only read.
///
/// # Errors
/// It cannot be reached, loads its data, or lets us not look.
pub async fn preview(target: &RedisTarget, step: &RedisStep, deadline: Duration) -> Result<Preview, Cause> {
    let limit = Limit::new(deadline);
    let mut connection = Connection::open(target, &mut None, limit).await?;
    let look = look(&mut connection, target, limit).await?;
    let mut preview = written::of(&Work::Redis(Box::new(step.clone())));
    preview.obstacles.extend(step.objection());
    let dry: Vec<&str> =
        ["ACL", "DRYRUN", look.user.as_str()].into_iter().chain(step.argv.iter().map(String::as_str)).collect();
    if let Reply::Bulk(Some(_)) = ask(&mut connection, &dry, limit).await? {
        let cause = refusal::cause(b"NOPERM this user has no permissions", &step.argv, &look.user);
        let fix: Vec<String> = cause.advice().iter().map(Safe::to_string).collect();
        preview.obstacles.push(Safe::of(format!("{cause}: {}", fix.join("; "))));
    }
    preview.identity = look.identity;
    Ok(preview)
}

/// Sends it, once.
pub async fn run(target: &RedisTarget, identity: &Identity, step: &RedisStep, deadline: Duration) -> StepEnd {
    if let Some(why) = step.objection() {
        return StepEnd::Failed(Cause::Misconfigured(why));
    }
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
    let argv: Vec<&str> = step.argv.iter().map(String::as_str).collect();
    match ask(&mut connection, &argv, limit).await {
        Ok(Reply::Error(said)) => StepEnd::Failed(refusal::cause(&said, &step.argv, acl_user(target))),
        Ok(reply) => StepEnd::Done { fates: Vec::new(), said: vec![told(&reply)] },
        // What only reads had no effect; of all else nobody knows.
        Err(cause) if step.demands() == Level::L0 => StepEnd::Failed(cause),
        Err(cause) => StepEnd::Unknown(cause),
    }
}

fn told(reply: &Reply) -> Safe {
    match reply {
        Reply::Status(text) | Reply::Error(text) => Safe::one_line(text).clipped(SAID),
        Reply::Integer(number) => Safe::of(number.to_string()),
        Reply::Bulk(None) => Safe::of("nil"),
        Reply::Bulk(Some(bytes)) => Safe::one_line(bytes).clipped(SAID),
    }
}
