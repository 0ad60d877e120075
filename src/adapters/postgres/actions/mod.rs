//! What can be done to sessions, over the one kept connection: a preview that only reads, the one statement that cancels or
//! terminates, and a look at what is left. Nothing here decides whether it may be done: the guard does.

mod agreed;
mod blocking;
mod choice;
pub(super) mod identity;
pub(super) mod kin;
mod order;
mod preview;
pub(super) mod receivers;
mod rows;
mod statement;
pub(super) mod turn;

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tokio_postgres::types::Type;

use super::{PostgresSource, cause, not_connected, patience};
use crate::domain::cause::Phase;
use crate::domain::{Cause, Safe};
use crate::remediation::action::SessionSelector;
use crate::remediation::card::{Identity, Preview};
use crate::remediation::object::ObjectKey;
use crate::remediation::step::{SessionVerb, StepEnd};
use crate::remediation::turn::Reach;

use order::Order;

const LEFT: &str = include_str!("sql/left.sql");

impl PostgresSource {
    /// What a selector finds now, and what would be sent. Only reads. A kept connection that turns out to be broken is
    /// made anew, once.
    pub async fn preview(
        &mut self,
        selector: &SessionSelector,
        verb: SessionVerb,
        cap: usize,
        deadline: Duration,
    ) -> Result<Preview, Cause> {
        let until = Instant::now() + deadline;
        for kept in [self.session.is_some(), false] {
            let looked = timeout_at(until, self.look(selector, verb, cap, until)).await;
            let outcome = looked.unwrap_or_else(|_late| Err(late(deadline)));
            self.settle(&outcome).await;
            if !self.is_worth_another(kept, &outcome) {
                return outcome;
            }
        }
        Err(not_connected())
    }

    /// Does it to exactly these, each only if it still is what its key says, in one statement; after the target said once
    /// more that it is the confirmed one. Never sent twice.
    pub async fn signal(
        &mut self,
        confirmed: &Identity,
        objects: &[ObjectKey],
        verb: SessionVerb,
        deadline: Duration,
    ) -> StepEnd {
        let order = match Order::new(objects, verb) {
            Ok(order) => order,
            Err(cause) => return StepEnd::Failed(cause),
        };
        // The server gives up before we do: what it ended itself is not in doubt for longer than it needs to be.
        let brief = patience(deadline / 2);
        let until = Instant::now() + deadline;
        match self.identify(verb, Some(brief), until, deadline).await {
            Err(cause) => return StepEnd::Failed(cause),
            Ok(found) => {
                if let Some(what) = identity::difference(confirmed, &found.identity) {
                    self.restore_patience(until).await;
                    return StepEnd::OtherTarget(what);
                }
                if let Some(obstacle) = found.obstacles.into_iter().next() {
                    self.restore_patience(until).await;
                    return StepEnd::Failed(Cause::Misconfigured(obstacle));
                }
            }
        }
        let end = self.send(&order, until, deadline).await;
        self.restore_patience(until).await;
        end
    }

    /// How many of these sessions are still as their keys say, on the confirmed target. A restart of the same server ends
    /// all of them; another server says nothing about them.
    pub async fn left(
        &mut self,
        confirmed: &Identity,
        objects: &[ObjectKey],
        verb: SessionVerb,
        deadline: Duration,
    ) -> Result<usize, Cause> {
        let order = Order::new(objects, SessionVerb::Terminate)?;
        // What was to be cancelled is gone when it does something else; what was to be terminated only when it is gone.
        let whole = verb == SessionVerb::Terminate;
        let until = Instant::now() + deadline;
        let found = self.identify(SessionVerb::Terminate, None, until, deadline).await?;
        if let Some(what) = identity::another_server(confirmed, &found.identity) {
            return Err(Cause::Other(Safe::of(format!("another server answers: {what}"))));
        }
        let counted = timeout_at(until, self.count_left(&order, whole)).await;
        let outcome = counted.unwrap_or_else(|_late| Err(late(deadline)));
        self.settle(&outcome).await;
        outcome
    }

    async fn look(
        &mut self,
        selector: &SessionSelector,
        verb: SessionVerb,
        cap: usize,
        until: Instant,
    ) -> Result<Preview, Cause> {
        self.ready(until, patience(self.spec.deadline)).await?;
        let session = self.session.as_mut().ok_or_else(not_connected)?;
        let found = identity::read(session, verb, None).await?;
        let mut preview = preview::look(session, selector, verb, cap, &self.spared).await?;
        preview.identity = found.identity;
        preview.obstacles.splice(0..0, found.obstacles);
        Ok(preview)
    }

    /// Who answers; asked again on a new connection when the kept one turns out to be broken.
    async fn identify(
        &mut self,
        verb: SessionVerb,
        brief: Option<u32>,
        until: Instant,
        deadline: Duration,
    ) -> Result<identity::Found, Cause> {
        for kept in [self.session.is_some(), false] {
            let work = async {
                self.ready(until, patience(self.spec.deadline)).await?;
                let session = self.session.as_mut().ok_or_else(not_connected)?;
                identity::read(session, verb, brief).await
            };
            let outcome = timeout_at(until, work).await.unwrap_or_else(|_late| Err(late(deadline)));
            self.settle(&outcome).await;
            if !self.is_worth_another(kept, &outcome) {
                return outcome;
            }
        }
        Err(not_connected())
    }

    /// A question that changes nothing may be asked again when only the kept connection was at fault.
    fn is_worth_another<T>(&self, kept: bool, outcome: &Result<T, Cause>) -> bool {
        kept && self.session.is_none() && matches!(outcome, Err(cause) if !matches!(cause, Cause::Timeout { .. }))
    }

    async fn send(&mut self, order: &Order, until: Instant, deadline: Duration) -> StepEnd {
        let Some(session) = self.session.as_mut().filter(|session| session.link.alive()) else {
            return StepEnd::Failed(not_connected());
        };
        if Instant::now() + deadline / 5 > until {
            return StepEnd::Failed(late(deadline)); // No time left to hear the answer: nothing was sent.
        }
        if order.is_empty() {
            return StepEnd::Done { fates: Vec::new(), said: Vec::new() };
        }
        // A connection that was made anew on the way may not have got the turn again.
        let borrowed = session.claimed.is_none();
        let patience = until.saturating_duration_since(Instant::now()) / 4;
        let turn = timeout_at(until, turn::claim(session, Reach::Database, patience)).await;
        if let Err(cause) = turn.unwrap_or_else(|_late| Err(late(deadline))) {
            return StepEnd::Failed(cause);
        }
        let end = match timeout_at(until, order.send(session)).await {
            Err(_late) => {
                self.give_up().await;
                StepEnd::Unknown(late(deadline))
            }
            Ok(end) => {
                if self.session.as_ref().is_some_and(|session| !session.link.alive()) {
                    self.session = None;
                }
                end
            }
        };
        if !borrowed {
            return end;
        }
        // What was taken for this one statement.
        let left = until.saturating_duration_since(Instant::now());
        end.and_said(self.release(left).await.err())
    }

    async fn count_left(&mut self, order: &Order, whole: bool) -> Result<usize, Cause> {
        let session = self.session.as_mut().ok_or_else(not_connected)?;
        let [pids, starts, states, since] = order.parameters();
        let parameters = [pids, starts, states, since, (&whole, Type::BOOL)];
        let rows = session.link.query(LEFT, &parameters).await?;
        let row = rows.first().ok_or_else(|| Cause::Protocol(Safe::of("nothing was counted")))?;
        Ok(usize::try_from(super::column::get::<i64>(row, 0)?).unwrap_or(usize::MAX))
    }

    /// Readings have the patience that they had before. A session whose patience cannot be told any more is let go.
    async fn restore_patience(&mut self, until: Instant) {
        let usual = patience(self.spec.deadline).to_string();
        let Some(session) = self.session.as_mut().filter(|session| !session.facts.pooler) else { return };
        let sql = "SELECT pg_catalog.set_config('statement_timeout', $1, false)";
        let parameters = [(&usual as _, Type::TEXT)];
        let set = timeout_at(until, session.link.query(sql, &parameters)).await;
        if !matches!(set, Ok(Ok(_))) {
            self.session = None;
        }
    }
}

fn late(deadline: Duration) -> Cause {
    Cause::Timeout { phase: Phase::Answer, after: deadline }
}

/// Whether an error proves that a statement was not even begun: what stands in it is not there. A missing right proves
/// nothing, since the signalling functions tell it themselves, in the middle.
fn was_never_begun(state: &str) -> bool {
    state.starts_with("42") && state != "42501" && !cause::ends_session(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_have_run_has_no_effect() {
        assert!(was_never_begun("42883") && was_never_begun("42P01"));
        for doubtful in ["42501", "57014", "57P01", "08006", "53300", "XX000", "55P03"] {
            assert!(!was_never_begun(doubtful), "{doubtful}");
        }
    }
}
