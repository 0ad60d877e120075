//! What is done to the database of a Redis cache, over short connections of its own: the look for the card, the flush, and a
//! count afterwards.

use std::time::Duration;

use crate::adapters::redis::{command, flush};
use crate::app::Event;
use crate::config::resolved::RedisTarget;
use crate::domain::{Cause, Safe};
use crate::remediation::card::Identity;
use crate::remediation::execution::Input;
use crate::remediation::guard::Approved;
use crate::remediation::measure::{Evidence, Measure};
use crate::remediation::query::RedisStep;
use crate::remediation::step::{StepEnd, Work};

use super::clock;
use super::inbox::Inbox;
use super::leave::leave;

/// Deadline of a count.
const BRIEF: Duration = Duration::from_secs(5);

/// Looks at a database for the card.
pub async fn preview(id: u64, target: Option<RedisTarget>, deadline: Duration, inbox: &Inbox) {
    let begun = clock::now();
    let outcome = match target {
        Some(target) => flush::preview(&target, deadline).await,
        None => Err(no_redis()),
    };
    inbox.tell(Event::Previewed { id, outcome: Box::new(outcome), begun });
}

/// Looks at the server of a command for the card.
pub async fn preview_command(
    id: u64,
    target: Option<RedisTarget>,
    step: &RedisStep,
    deadline: Duration,
    inbox: &Inbox,
) {
    let begun = clock::now();
    let outcome = match target {
        Some(target) => command::preview(&target, step, deadline).await,
        None => Err(no_redis()),
    };
    inbox.tell(Event::Previewed { id, outcome: Box::new(outcome), begun });
}

/// Flushes it, or sends a command, once.
pub async fn run(run: u64, step: usize, target: Option<RedisTarget>, approved: &Approved, inbox: &Inbox) {
    let end = match (&approved.step().work, target) {
        (Work::Redis(redis), Some(target)) => command::run(&target, approved.identity(), redis, &leave(approved)).await,
        (Work::Flush(work), Some(target)) => {
            let (identity, objects) = (approved.identity(), approved.objects());
            flush::flush(&target, identity, objects, work, &leave(approved)).await
        }
        _ => StepEnd::Failed(no_redis()),
    };
    tell(inbox, run, Input::StepEnded { step, end });
}

/// Counts its keys; of another server nothing is said.
pub async fn count(run: u64, target: Option<RedisTarget>, identity: &Identity, inbox: &Inbox) {
    let at = clock::now();
    let keys = match target {
        Some(target) => flush::keys(&target, identity, BRIEF).await,
        None => Err(no_redis()),
    };
    let words = keys.as_ref().map_or_else(|_| "not known".to_owned(), u64::to_string);
    let value = keys.ok().map(|keys| keys as f64);
    tell(
        inbox,
        run,
        Input::Read(Evidence { measure: Measure::ObjectsLeft, value, at, words: Safe::of(words), chance: 0.0 }),
    );
}

fn no_redis() -> Cause {
    Cause::Misconfigured(Safe::of("this cache is no Redis of the configuration"))
}

fn tell(inbox: &Inbox, run: u64, input: Input) {
    inbox.tell(Event::ActionHappened { run, input: Box::new(input) });
}
