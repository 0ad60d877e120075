//! The one statement of upkeep, over a connection of its own: identity, turn and name are looked at once more, then it is sent,
//! once. Whoever waits for it can have it cancelled by the server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::types::Type;

use super::super::actions::{identity, turn};
use super::super::column::get;
use super::super::link::{Canceller, Failure};
use super::super::{PostgresSource, Session, not_connected, patience};
use super::preview::{self, key};
use super::{late, leftover, relation};
use crate::adapters::leave::Leave;
use crate::domain::{Cause, Safe, Untrusted, figure};
use crate::remediation::card::Identity;
use crate::remediation::object::Fate;
use crate::remediation::step::{SessionVerb, StepEnd};
use crate::remediation::turn::Reach;
use crate::remediation::upkeep::{UpkeepStep, UpkeepVerb};

const SESSION: &str = include_str!("sql/session.sql");
/// The server's answer to a cancel is awaited for so long.
const CANCELLED: Duration = Duration::from_secs(20);
/// A look before or after it takes no longer.
const BRIEF: Duration = Duration::from_secs(5);
/// Of the step's time so much is kept for what comes after the statement, and no more than a fifth of it: a cancel and its answer,
/// a look at what it left, giving the turn back.
const AFTER: Duration = Duration::from_secs(15);

/// Until when the statement is waited for, and until when the step lasts, whatever the server does.
#[derive(Clone, Copy)]
struct Times {
    answer: Instant,
    step: Instant,
}

impl Times {
    fn of(deadline: Duration) -> Times {
        let step = Instant::now() + deadline;
        Times { answer: step.checked_sub(AFTER.min(deadline / 5)).unwrap_or(step), step }
    }

    /// For something brief that comes after the statement.
    fn at_most(self, brief: Duration) -> Instant {
        self.step.min(Instant::now() + brief)
    }
}

/// How it ended, and what it left.
#[derive(Debug)]
pub struct Ended {
    /// The step's end.
    pub end: StepEnd,
    /// Invalid indexes that are there now, where it was a reindex.
    pub leftovers: Option<Vec<Untrusted>>,
}

impl PostgresSource {
    /// Does it. `begun` is told the server process once everything is checked; when `halt` is ready, the server is asked to
    /// cancel. This source must not be the kept one: it waits for as long as the statement takes.
    pub async fn keep_up(
        &mut self,
        confirmed: &Identity,
        step: &UpkeepStep,
        leave: &Leave,
        begun: impl FnOnce(i32),
        halt: impl Future<Output = ()>,
    ) -> Ended {
        let deadline = match leave.ask() {
            Ok(left) => left,
            Err(late) => return Ended { end: StepEnd::Failed(late), leftovers: None },
        };
        let times = Times::of(deadline);
        let prepared = timeout(BRIEF.min(deadline), self.prepare(confirmed, step, times)).await;
        let mut sent = false;
        let end = match prepared.unwrap_or_else(|_late| Err(StepEnd::Failed(late(BRIEF.min(deadline))))) {
            Err(end) => return Ended { end, leftovers: None },
            Ok((pid, lock)) => {
                begun(pid);
                match (leave.ask(), lock) {
                    (Err(late), _) => StepEnd::Failed(late),
                    (Ok(_), Some(lock)) => self.drop_leftover(step, &lock, times, leave, halt).await,
                    (Ok(_), None) => {
                        sent = true;
                        self.order(step, times, deadline, halt).await
                    }
                }
            }
        };
        let leftovers = if step.verb == UpkeepVerb::Reindex { self.leftovers(step, times).await } else { None };
        // Given back now: the server may notice only later that the connection is gone.
        let kept = self.release(times.at_most(BRIEF).saturating_duration_since(Instant::now())).await;
        let end = if sent { with_what_is_left(end, step, leftovers.as_deref()) } else { end };
        let told = leftovers.iter().flatten();
        let told = told.map(|name| {
            Safe::of(format!("{} is invalid and was left behind: drop-leftover removes it", name.one_line()))
        });
        Ended { end: end.and_said(told).and_said(kept.err()), leftovers }
    }

    /// Everything before the first byte that may change something; the server process, and for a leftover what keeps its
    /// table as it is.
    async fn prepare(
        &mut self,
        confirmed: &Identity,
        step: &UpkeepStep,
        times: Times,
    ) -> Result<(i32, Option<Untrusted>), StepEnd> {
        let failed = StepEnd::Failed;
        self.ready(times.step, patience(BRIEF)).await.map_err(failed)?;
        let session = self.session.as_mut().ok_or_else(|| failed(not_connected()))?;
        let found = identity::read(session, SessionVerb::Cancel, None).await.map_err(failed)?;
        if let Some(what) = identity::difference(confirmed, &found.identity) {
            return Err(StepEnd::OtherTarget(what));
        }
        turn::claim(session, Reach::Database, BRIEF / 2).await.map_err(failed)?;
        let name = String::from_utf8_lossy(step.on.name.as_bytes()).into_owned();
        let lock = match relation::read(session, &name, step.verb).await.map_err(failed)? {
            Ok(now) if (now.relation.oid, &now.relation.command) == (step.on.oid, &step.on.command) => {
                if step.verb == UpkeepVerb::DropLeftover {
                    if let Some(why) = leftover::against(step, Some(now.relation.oid), now.valid) {
                        return Err(StepEnd::OtherTarget(why));
                    }
                    let why = || StepEnd::OtherTarget(Safe::of(format!("{name} is of no table that can be locked")));
                    Some(now.lock.ok_or_else(why)?)
                } else {
                    None
                }
            }
            Ok(now) => {
                let words = format!("{name} is another now (oid {}, was {})", now.relation.oid, step.on.oid);
                return Err(StepEnd::OtherTarget(Safe::of(words)));
            }
            Err(why) => return Err(StepEnd::OtherTarget(why)),
        };
        let milliseconds = |span: Duration| span.as_millis().clamp(1, i32::MAX as u128).to_string();
        // The server ends it before we give it up: what it ended itself is not in doubt.
        let left = times.answer.saturating_duration_since(Instant::now());
        let patience = left.saturating_sub(BRIEF.min(left / 10));
        let bounds = (milliseconds(patience), milliseconds(step.lock_timeout));
        let rows = session.link.query(SESSION, &[(&bounds.0 as _, Type::TEXT), (&bounds.1 as _, Type::TEXT)]).await;
        let rows = rows.map_err(|failure| failed(failure.cause))?;
        let pid = rows.first().map_or(Err(not_connected()), |row| get::<i32>(row, 0));
        Ok((pid.map_err(failed)?, lock))
    }

    async fn order(
        &mut self,
        step: &UpkeepStep,
        times: Times,
        deadline: Duration,
        halt: impl Future<Output = ()>,
    ) -> StepEnd {
        let Some(session) = self.session.as_mut() else { return StepEnd::Failed(not_connected()) };
        // What the server composed, byte for byte as on the card.
        let Ok(command) = std::str::from_utf8(step.on.command.as_bytes()) else {
            return StepEnd::Failed(Cause::Misconfigured(Safe::of("the statement is not UTF-8")));
        };
        let canceller = session.link.canceller();
        match waited_for(canceller, session.link.query(command, &[]), times, halt).await {
            (None, _) => {
                self.session = None;
                StepEnd::Unknown(late(deadline))
            }
            (Some(Ok(_)), _) => {
                StepEnd::Done { fates: vec![(key(&step.on.name, step.on.oid), Fate::Done)], said: Vec::new() }
            }
            (Some(Err(failure)), asked) => self.failed(step, failure, asked, times).await,
        }
    }

    /// As long as the end of the transaction was not sent, nothing of it can have counted.
    async fn drop_leftover(
        &mut self,
        step: &UpkeepStep,
        lock: &Untrusted,
        times: Times,
        leave: &Leave,
        halt: impl Future<Output = ()>,
    ) -> StepEnd {
        let Some(session) = self.session.as_mut() else { return StepEnd::Failed(not_connected()) };
        let step_time = times.answer.saturating_duration_since(Instant::now());
        let (canceller, sent) = (session.link.canceller(), AtomicBool::new(false));
        let answer = waited_for(canceller, leftover::dropped(session, step, lock, leave, &sent), times, halt).await;
        let certain = |end| match end {
            StepEnd::Unknown(cause) if !sent.load(Ordering::Relaxed) => StepEnd::Failed(cause),
            end => end,
        };
        match answer {
            (None, _) => {
                self.session = None;
                certain(StepEnd::Unknown(late(step_time)))
            }
            (Some(Ok(Ok(()))), _) => {
                StepEnd::Done { fates: vec![(key(&step.on.name, step.on.oid), Fate::Done)], said: Vec::new() }
            }
            (Some(Ok(Err(why))), _) => StepEnd::OtherTarget(why),
            (Some(Err(failure)), asked) => certain(self.failed(step, failure, asked, times).await),
        }
    }

    /// What the server told is no guess; a lost line is.
    async fn failed(&mut self, step: &UpkeepStep, failure: Failure, asked: bool, times: Times) -> StepEnd {
        let name = step.on.name.one_line();
        match failure.state.as_deref() {
            Some("57014") if asked => StepEnd::Cancelled(Safe::of(match step.verb {
                UpkeepVerb::Analyse => "the server cancelled it: the statistics are as they were".to_owned(),
                UpkeepVerb::Vacuum | UpkeepVerb::VacuumAnalyse => {
                    "the server cancelled it: what it had cleaned stays clean, nothing is lost".to_owned()
                }
                UpkeepVerb::Reindex => format!("the server cancelled it: {name} is used as before"),
                UpkeepVerb::DropLeftover => format!("the server cancelled it: {name} is there as before"),
            })),
            Some("55P03") => {
                let who = match self.session.as_mut() {
                    Some(session) => in_the_way(session, step, times).await,
                    None => Vec::new(),
                };
                let who = if who.is_empty() { String::new() } else { format!(": {}", who.join("; ")) };
                let waited = figure::span(step.lock_timeout);
                let cause = Cause::Other(Safe::of(format!("it waited {waited} for a lock and gave up{who}")));
                // It is two statements in one, and the first may have had its lock.
                if step.verb == UpkeepVerb::VacuumAnalyse { half_clean(&cause) } else { StepEnd::Failed(cause) }
            }
            Some(state) if !super::super::cause::ends_session(state) => match step.verb {
                UpkeepVerb::Vacuum | UpkeepVerb::VacuumAnalyse => half_clean(&failure.cause),
                // Each is one transaction, undone as a whole; of a reindex what it left is looked at.
                UpkeepVerb::Analyse | UpkeepVerb::Reindex | UpkeepVerb::DropLeftover => StepEnd::Failed(failure.cause),
            },
            _ => {
                self.session = None;
                StepEnd::Unknown(failure.cause)
            }
        }
    }

    async fn leftovers(&mut self, step: &UpkeepStep, times: Times) -> Option<Vec<Untrusted>> {
        let session = self.session.as_mut()?;
        let name = String::from_utf8_lossy(step.on.name.as_bytes()).into_owned();
        let look = relation::read(session, &name, step.verb);
        let found = timeout_at(times.at_most(BRIEF), look).await.ok()?.ok()?.ok()?;
        Some(found.relation.standing.leftovers)
    }
}

/// Waits for what was sent; whether a stop was asked for meanwhile. No answer: it hangs, or the line does.
async fn waited_for<T>(
    canceller: Canceller,
    work: impl Future<Output = T>,
    times: Times,
    halt: impl Future<Output = ()>,
) -> (Option<T>, bool) {
    tokio::pin!(work);
    tokio::select! {
        biased;
        answer = &mut work => return (Some(answer), false),
        () = halt => {}
        // The server's own time-out should have ended it by now.
        () = tokio::time::sleep_until(times.answer) => {
            canceller.send(times.at_most(BRIEF)).await;
            return (timeout_at(times.at_most(BRIEF), work).await.ok(), false);
        }
    }
    canceller.send(times.at_most(BRIEF)).await;
    (timeout_at(times.at_most(CANCELLED), work).await.ok(), true)
}

async fn in_the_way(session: &mut Session, step: &UpkeepStep, times: Times) -> Vec<String> {
    let name = String::from_utf8_lossy(step.on.name.as_bytes()).into_owned();
    let look = async {
        let found = relation::read(session, &name, step.verb).await.ok()?.ok()?;
        preview::holders(session, &found).await.ok()
    };
    let told = timeout_at(times.at_most(BRIEF), look).await.ok().flatten().unwrap_or_default();
    told.iter().map(ToString::to_string).collect()
}

/// A vacuum cleans page by page, and keeps what it did.
fn half_clean(cause: &Cause) -> StepEnd {
    StepEnd::Miscarried(Cause::Other(Safe::of(format!("{cause}; what it had cleaned stays clean, nothing is lost"))))
}

/// A reindex that the server ended by an error may have left a part all the same.
fn with_what_is_left(end: StepEnd, step: &UpkeepStep, leftovers: Option<&[Untrusted]>) -> StepEnd {
    let StepEnd::Failed(cause) = end else { return end };
    let before = &step.on.standing;
    match (step.verb, leftovers) {
        (UpkeepVerb::Reindex, Some(left)) if left.iter().all(|name| before.leftovers.contains(name)) => {
            StepEnd::Failed(cause)
        }
        (UpkeepVerb::Reindex, Some(_)) => StepEnd::Miscarried(cause),
        (UpkeepVerb::Reindex, None) => StepEnd::Miscarried(Cause::Other(Safe::of(format!(
            "{cause}; whether it left an invalid index is not known"
        )))),
        _ => StepEnd::Failed(cause),
    }
}
