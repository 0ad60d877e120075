//! One command of a runbook to Redis, sent once over a connection in which the server has just said that it still is the one
//! of the card. Its words go out with their lengths, as they are: nothing in them can become another command.

use std::time::Duration;

use super::answer::Answer;
use super::connection::Limit;
use super::server::{self, May};
use super::{acl_user, refusal};
use crate::adapters::leave::Leave;
use crate::config::resolved::RedisTarget;
use crate::domain::Cause;
use crate::remediation::card::{Identity, Preview};
use crate::remediation::level::Level;
use crate::remediation::query::RedisStep;
use crate::remediation::step::{StepEnd, Work};
use crate::remediation::written;

/// What the command would be sent to; only read.
///
/// # Errors
/// It cannot be reached, loads its data, or lets us not look.
pub async fn preview(target: &RedisTarget, step: &RedisStep, deadline: Duration) -> Result<Preview, Cause> {
    let limit = Limit::new(deadline);
    let (mut connection, look) = server::look(target, limit).await?;
    let mut preview = written::of(&Work::Redis(Box::new(step.clone())));
    preview.obstacles.extend(step.objection());
    if let May::No(why) = server::may(&mut connection, &look.user, &words(step), limit).await? {
        preview.obstacles.push(why);
    }
    preview.identity = look.identity;
    Ok(preview)
}

/// Sends it, once.
pub async fn run(target: &RedisTarget, identity: &Identity, step: &RedisStep, leave: &Leave) -> StepEnd {
    if let Some(why) = step.objection() {
        return StepEnd::Failed(Cause::Misconfigured(why));
    }
    let limit = Limit::new(leave.left());
    let mut connection = match server::look_again(target, identity, limit).await {
        Ok((connection, _look)) => connection,
        Err(end) => return end,
    };
    if let Err(late) = leave.ask() {
        return StepEnd::Failed(late);
    }
    let sent = connection.send(&[words(step).as_slice()], limit).await;
    let answered = match sent {
        Ok(()) => connection.receive_any(limit).await,
        Err(cause) => Err(cause),
    };
    // What only reads had no effect; of all else nobody knows.
    let in_doubt = |cause| if step.demands() == Level::L0 { StepEnd::Failed(cause) } else { StepEnd::Unknown(cause) };
    match answered {
        Ok(Answer::Refused(said)) => {
            let cause = refusal::cause(&said, &step.argv, acl_user(target));
            // One command that names its keys is done or not; a script, a module or a copy to elsewhere can be half done.
            let is_whole = step.demands() < Level::L3;
            if is_whole || refusal::came_before(&said, &step.argv) { StepEnd::Failed(cause) } else { in_doubt(cause) }
        }
        Ok(Answer::Told(told)) => match told.errors() {
            Some(errors) => in_doubt(Cause::Other(errors)),
            None => StepEnd::Done { fates: Vec::new(), said: vec![told.words()] },
        },
        Err(cause) => in_doubt(cause),
    }
}

fn words(step: &RedisStep) -> Vec<&str> {
    step.argv.iter().map(String::as_str).collect()
}
