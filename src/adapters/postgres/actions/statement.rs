//! One statement of a runbook. What only reads goes over the kept connection, in a read-only transaction that is rolled back,
//! and its rows are shown. What writes goes over a second connection that lives only for it, by the extended protocol: one
//! statement, its values bound as they are and never part of its text.

use std::error::Error;
use std::time::Duration;

use bytes::BytesMut;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::types::{Format, IsNull, ToSql, Type};

use super::super::link::{Failure, Parameter};
use super::super::room::room;
use super::super::scalars::Transaction;
use super::super::{PostgresSource, Session, cause, connect, not_connected, patience};
use super::{identity, late, rows, turn};
use crate::adapters::leave::Leave;
use crate::domain::{Cause, Safe, Untrusted};
use crate::remediation::card::{Identity, Preview};
use crate::remediation::object::{Fate, ObjectKey};
use crate::remediation::query::SqlStep;
use crate::remediation::step::{SessionVerb, StepEnd};
use crate::remediation::turn::Reach;
use crate::remediation::written;

/// Giving the turn back takes no longer, nor longer than the step.
const BRIEF: Duration = Duration::from_secs(5);
/// A lock is waited for so long at most.
const LOCK: Duration = Duration::from_secs(5);

/// A value in the server's text form: what type it is the statement says.
#[derive(Debug)]
struct Text<'a>(&'a str);

impl ToSql for Text<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    tokio_postgres::types::to_sql_checked!();
}

impl PostgresSource {
    /// What the statement would be sent to, and whether a second login can succeed. Only reads.
    pub async fn preview_statement(&mut self, step: &SqlStep, deadline: Duration) -> Result<Preview, Cause> {
        let until = Instant::now() + deadline;
        let looked = timeout_at(until, self.look_at(step, until)).await;
        let outcome = looked.unwrap_or_else(|_late| Err(late(deadline)));
        self.settle(&outcome).await;
        outcome
    }

    /// Sends it, once, if the server still is the one of the card.
    pub async fn run_statement(&mut self, confirmed: &Identity, step: &SqlStep, leave: &Leave) -> StepEnd {
        let deadline = match leave.ask() {
            Ok(left) => left,
            Err(late) => return StepEnd::Failed(late),
        };
        let until = Instant::now() + deadline;
        if !step.read_only {
            return self.write(confirmed, step, until, deadline, leave).await;
        }
        let read = timeout_at(until, self.show(confirmed, step, until)).await;
        let outcome = read.unwrap_or_else(|_late| Err(late(deadline)));
        self.settle(&outcome).await;
        match outcome {
            Ok(end) => end,
            // It reads: whatever became of it, nothing was changed.
            Err(cause) => StepEnd::Failed(cause),
        }
    }

    async fn look_at(&mut self, step: &SqlStep, until: Instant) -> Result<Preview, Cause> {
        self.ready(until, patience(self.spec.deadline)).await?;
        let session = self.session.as_mut().ok_or_else(not_connected)?;
        let identity = identity::read(session, SessionVerb::Cancel, None).await?.identity;
        let mut preview = Preview { identity, ..Preview::default() };
        if !step.read_only {
            turn::look(session, Reach::Database).await?.tell(&mut preview);
        }
        if step.read_only {
            preview.effect.push(Untrusted::from("in a read-only transaction, over the kept connection:"));
        } else {
            preview.effect.push(Untrusted::from("over a second connection, one statement by itself:"));
            second_login(session, &mut preview).await?;
        }
        preview.effect.extend(written::statement(&step.sql, &step.binds));
        Ok(preview)
    }

    async fn show(&mut self, confirmed: &Identity, step: &SqlStep, until: Instant) -> Result<StepEnd, Cause> {
        self.ready(until, patience(self.spec.deadline)).await?;
        let session = self.session.as_mut().ok_or_else(not_connected)?;
        let now = identity::read(session, SessionVerb::Cancel, None).await?.identity;
        // What could not be looked at for the card was consented to wherever the configuration points.
        if !confirmed.facts.is_empty()
            && let Some(what) = identity::difference(confirmed, &now)
        {
            return Ok(StepEnd::OtherTarget(what));
        }
        read(session, step).await.map(|said| StepEnd::Done { fates: Vec::new(), said })
    }

    async fn write(
        &mut self,
        confirmed: &Identity,
        step: &SqlStep,
        until: Instant,
        deadline: Duration,
        leave: &Leave,
    ) -> StepEnd {
        let opened = timeout_at(until, self.second(confirmed, until, deadline)).await;
        let mut second = match opened.unwrap_or_else(|_late| Err(Stopped::Failed(late(deadline)))) {
            Ok(second) => second,
            Err(Stopped::Failed(cause)) => return StepEnd::Failed(cause),
            Err(Stopped::OtherTarget(what)) => return StepEnd::OtherTarget(what),
        };
        // By the clock that counts suspend too; and no time left to hear the answer is too late as well. Nothing was sent.
        match leave.ask() {
            Ok(left) if left >= deadline / 5 && Instant::now() + deadline / 5 <= until => {}
            _ => return StepEnd::Failed(late(deadline)),
        }
        let texts: Vec<Text<'_>> = step.binds.iter().map(|bind| Text(bind)).collect();
        let parameters: Vec<Parameter<'_>> = texts.iter().map(|text| (text as _, Type::UNKNOWN)).collect();
        let end = match timeout_at(until, second.link.change(&step.sql, &parameters)).await {
            Ok(Ok(count)) => {
                let said = vec![Safe::of(format!("{count} rows"))];
                StepEnd::Done { fates: fates(step, count), said }
            }
            Ok(Err(failure)) if step.changes_rows() || was_not_begun(step, &failure) => ended(failure),
            // A procedure may have committed before it failed, an index may have been left behind.
            Ok(Err(failure)) => StepEnd::Unknown(failure.cause),
            Err(_late) => {
                second.link.canceller().send(Instant::now() + super::super::CANCEL_TIME).await;
                return StepEnd::Unknown(late(deadline));
            }
        };
        // Given back now: the server may notice only later that the connection is gone.
        if !second.link.alive() {
            return end;
        }
        end.and_said(turn::give_back(&mut second, until.min(Instant::now() + BRIEF)).await.err())
    }

    /// A connection for this statement alone, to the server of the card, with the turn by itself: whatever becomes of the
    /// kept one, other operators are kept out for as long as the statement takes.
    async fn second(&mut self, confirmed: &Identity, until: Instant, deadline: Duration) -> Result<Session, Stopped> {
        let (link, facts) =
            connect::connect(&self.spec.target, until, patience(deadline)).await.map_err(Stopped::Failed)?;
        if facts.pooler {
            return Err(Stopped::Failed(Cause::Misconfigured(Safe::of(NO_POOLER))));
        }
        let new = Session::new(link, facts, Transaction::of_our_session());
        let mut second = Session { member: Some(self.kin.join()), ..new };
        let found = identity::read(&mut second, SessionVerb::Cancel, None).await.map_err(Stopped::Failed)?;
        if let Some(what) = identity::difference(confirmed, &found.identity) {
            return Err(Stopped::OtherTarget(what));
        }
        let patience = until.saturating_duration_since(Instant::now()) / 4;
        turn::claim(&mut second, Reach::Database, patience).await.map_err(Stopped::Failed)?;
        // The server gives up before we do: what it ended itself is not in doubt.
        let left = until.saturating_duration_since(Instant::now());
        let (statement, lock) = (left.mul_f64(0.7).as_millis().max(1), LOCK.min(left / 2).as_millis().max(1));
        let set = format!(
            "SET default_transaction_read_only = off; SET statement_timeout = {statement}; SET lock_timeout = {lock}"
        );
        second.link.run(&set).await.map_err(|failure| Stopped::Failed(failure.cause))?;
        Ok(second)
    }
}

const NO_POOLER: &str =
    "behind a pooler no session is ours: a direct DSN is needed (host and port of PostgreSQL itself)";

enum Stopped {
    Failed(Cause),
    OtherTarget(Safe),
}

/// A change of rows that met none changed nothing: it was so already, or is gone, and is not there to be undone.
fn fates(step: &SqlStep, count: u64) -> Vec<(ObjectKey, Fate)> {
    if count > 0 || !step.counts_changes() {
        return Vec::new();
    }
    vec![(ObjectKey::Named(Untrusted::from("the rows of the statement")), Fate::Gone)]
}

/// Whether a second login can succeed is said before it is tried.
async fn second_login(session: &mut Session, preview: &mut Preview) -> Result<(), Cause> {
    if session.facts.pooler {
        preview.obstacles.push(Safe::of(NO_POOLER));
        return Ok(());
    }
    if session.facts.replica {
        preview.obstacles.push(Safe::of("it is a replica: it takes no writes"));
    }
    match room(session).await?.for_logins(1) {
        Ok(words) => preview.remarks.push(words),
        Err(why) => preview.obstacles.push(why),
    }
    Ok(())
}

/// Its rows, in columns; bounded by the server too.
async fn read(session: &mut Session, step: &SqlStep) -> Result<Vec<Safe>, Cause> {
    let sql = rows::asked(&step.sql);
    let texts: Vec<Text<'_>> = step.binds.iter().map(|bind| Text(bind)).collect();
    let parameters: Vec<Parameter<'_>> = texts.iter().map(|text| (text as _, Type::UNKNOWN)).collect();
    session.link.run(session.transaction.begin()).await?;
    let answer = session.link.query(&sql, &parameters).await;
    if session.link.alive()
        && let Err(failure) = session.link.run("ROLLBACK").await
    {
        session.link.close();
        return Err(failure.cause);
    }
    let answer = answer?;
    if step.redact && !answer.is_empty() {
        let more = if answer.len() > rows::ROWS { "more than " } else { "" };
        return Ok(vec![Safe::of(format!("{more}{} rows, hidden by --redact", answer.len().min(rows::ROWS)))]);
    }
    rows::told(&answer)
}

/// What is not understood or not allowed is told before anything runs; but a procedure may have run for a while before it
/// comes to such a line.
fn was_not_begun(step: &SqlStep, failure: &Failure) -> bool {
    let calls = ["CALL", "DO"]
        .iter()
        .any(|word| step.sql.trim_start().get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word)));
    !calls && failure.state.as_deref().is_some_and(|state| state.starts_with("42"))
}

/// What the server says it ended itself is undone; all else may have come after the effect.
fn ended(failure: Failure) -> StepEnd {
    match failure.state.as_deref() {
        // A protocol violation is told before anything runs: too few values.
        Some("08P01") => StepEnd::Failed(failure.cause),
        Some(state) if !cause::ends_session(state) => StepEnd::Failed(failure.cause),
        _ => StepEnd::Unknown(failure.cause),
    }
}
