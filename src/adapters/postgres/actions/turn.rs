//! One action on a database at a time, whoever asks from wherever: advisory locks by which two bastions see each other. They
//! are of one database each, so what concerns a whole server is taken first and then looked for everywhere.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tokio_postgres::types::Type;

use super::super::column::{Bytes, get};
use super::super::{PostgresSource, Session, not_connected, patience};
use super::late;
use crate::domain::{Cause, Safe};
use crate::remediation::turn::Reach;

const CLAIM: &str = include_str!("sql/claim.sql");
const RELEASE: &str = include_str!("sql/release.sql");
const HOLDER: &str = include_str!("sql/holder.sql");
/// Our place among the advisory locks: `qdck`. The second number is the database's, or zero for the whole server.
const CLASS: i32 = 0x7164_636b;

/// The lock's key.
#[derive(Clone, Copy)]
pub struct Key {
    pub class: i32,
    pub object: i32,
}

impl Key {
    /// Of the database that a session is in.
    pub fn of(session: &Session) -> Key {
        Key { class: CLASS, object: session.facts.database_oid.cast_signed() }
    }
}

/// A session of this program that has a turn: no other operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ours {
    server: Option<Safe>,
    pid: i32,
}

/// The turn that a run has until its end, whatever becomes of the connection meanwhile.
#[derive(Debug)]
pub struct HeldTurn {
    run: u64,
    reach: Reach,
    ours: Vec<Ours>,
    /// The connection that had it was lost, and nobody was told yet.
    lost: bool,
}

impl PostgresSource {
    /// Takes the turn for a whole run. It is also given back when the connection ends; a new one takes it again.
    pub async fn hold_turn(
        &mut self,
        run: u64,
        reach: Reach,
        ours: Vec<Ours>,
        deadline: Duration,
    ) -> Result<Ours, Cause> {
        self.claim_beside(reach, &ours, deadline).await?;
        self.turn = Some(HeldTurn { run, reach, ours, lost: false });
        self.turn_of_ours().ok_or_else(not_connected)
    }

    /// The run is over.
    pub async fn give_turn_back(&mut self, run: u64, deadline: Duration) -> Result<(), Cause> {
        if self.turn.as_ref().is_none_or(|turn| turn.run != run) {
            return Ok(());
        }
        self.turn = None;
        self.release(deadline).await
    }

    /// Which session has the turn of a run, for a second one that is there for the same run.
    #[must_use]
    pub fn turn_of_ours(&self) -> Option<Ours> {
        let session = self.session.as_ref()?;
        let (_, pid) = session.claimed?;
        Some(Ours { server: session.facts.system_identifier.clone(), pid })
    }

    /// A second connection for what this session already has the turn for.
    #[must_use]
    pub fn beside(mut self, ours: Option<Ours>) -> PostgresSource {
        self.beside = ours.into_iter().collect();
        self
    }

    /// That the turn of the run was lost on the way with its connection; said once.
    pub fn lost_turn(&mut self) -> bool {
        self.turn.as_mut().is_some_and(|turn| std::mem::take(&mut turn.lost))
    }

    /// Takes the turn until `release`, or says who has it. It is also given back when the connection ends. What a run holds
    /// already reaches as far as that does.
    pub async fn claim(&mut self, reach: Reach, deadline: Duration) -> Result<(), Cause> {
        let (reach, ours) = match &self.turn {
            Some(turn) => (turn.reach, turn.ours.clone()),
            None => (reach, self.beside.clone()),
        };
        self.claim_beside(reach, &ours, deadline).await
    }

    /// Gives the turn back, unless a run has it.
    pub async fn release(&mut self, deadline: Duration) -> Result<(), Cause> {
        let Some(session) = self.session.as_mut().filter(|_| self.turn.is_none()) else { return Ok(()) };
        let given = timeout_at(Instant::now() + deadline, release(session)).await;
        let outcome = given.unwrap_or_else(|_late| Err(late(deadline)));
        self.settle(&outcome).await;
        outcome
    }

    /// A new connection takes the turn of the run again; where that cannot be, every step is refused that needs it.
    pub(in crate::adapters::postgres) async fn take_turn_again(&mut self) {
        let (Some(turn), Some(session)) = (self.turn.as_mut(), self.session.as_mut()) else { return };
        turn.lost = true;
        match claim(session, turn.reach, &turn.ours).await {
            Ok(()) => tracing::warn!("the turn of the database was lost with its connection, and taken again"),
            Err(cause) => tracing::warn!("the turn of the database was lost with its connection: {cause}"),
        }
    }

    async fn claim_beside(&mut self, reach: Reach, ours: &[Ours], deadline: Duration) -> Result<(), Cause> {
        let until = Instant::now() + deadline;
        let work = async {
            self.ready(until, patience(self.spec.deadline)).await?;
            let session = self.session.as_mut().ok_or_else(not_connected)?;
            claim(session, reach, ours).await
        };
        let outcome = timeout_at(until, work).await.unwrap_or_else(|_late| Err(late(deadline)));
        self.settle(&outcome).await;
        outcome
    }
}

/// Takes it for as long as the session lasts, or says who has it. A session of ours that has it is as good as this one.
pub async fn claim(session: &mut Session, reach: Reach, ours: &[Ours]) -> Result<(), Cause> {
    if session.claimed.is_some_and(|(had, _)| had >= reach) {
        return Ok(());
    }
    if session.facts.pooler {
        return Err(Cause::Misconfigured(Safe::of("behind a pooler no session is ours: a direct DSN is needed")));
    }
    release(session).await?;
    let (key, wide) = (Key::of(session), reach == Reach::Server);
    let parameters = [(&key.class as _, Type::INT4), (&key.object as _, Type::INT4), (&wide as _, Type::BOOL)];
    let rows = session.link.query(CLAIM, &parameters).await?;
    let row = rows.first().ok_or_else(not_connected)?;
    let (here, everywhere) = (get::<bool>(row, 0)?, get::<Option<bool>>(row, 1)?);
    let got = (here, everywhere == Some(true));
    let whole = here && everywhere != Some(false);
    // Whoever took one in another database did so before they looked, and so did we: one of us sees the other.
    let others = holders(session, reach).await;
    let known = |pid: i32| ours.contains(&Ours { server: session.facts.system_identifier.clone(), pid });
    let foreign = others.as_ref().map(|all| all.iter().find(|(pid, _)| !known(*pid)).map(|(_, words)| words.clone()));
    match (whole, foreign) {
        (true, Ok(None)) => {
            session.claimed = Some((reach, get(row, 2)?));
            Ok(())
        }
        (_, Ok(Some(words))) => {
            unlock(session, got).await?;
            Err(held_by(&words))
        }
        (_, Err(cause)) => {
            let cause = cause.clone();
            unlock(session, got).await?;
            Err(cause)
        }
        (false, Ok(None)) => {
            unlock(session, got).await?;
            let is_ours = others.is_ok_and(|all| !all.is_empty());
            if is_ours { Ok(()) } else { Err(just_done()) }
        }
    }
}

/// Gives it back.
async fn release(session: &mut Session) -> Result<(), Cause> {
    let Some((reach, _)) = session.claimed.take() else { return Ok(()) };
    unlock(session, (true, reach == Reach::Server)).await
}

async fn unlock(session: &mut Session, (here, everywhere): (bool, bool)) -> Result<(), Cause> {
    if !here && !everywhere {
        return Ok(());
    }
    let key = Key::of(session);
    let parameters = [
        (&key.class as _, Type::INT4),
        (&key.object as _, Type::INT4),
        (&here as _, Type::BOOL),
        (&everywhere as _, Type::BOOL),
    ];
    session.link.query(RELEASE, &parameters).await?;
    Ok(())
}

/// Why it was not to be had.
pub async fn taken(session: &mut Session) -> Cause {
    match holder(session, Reach::Database).await {
        Ok(Some(holder)) => held_by(&holder),
        Ok(None) => just_done(),
        Err(cause) => Cause::Other(Safe::of(format!("held by another operator, who cannot be told ({cause})"))),
    }
}

fn held_by(holder: &Safe) -> Cause {
    Cause::Other(Safe::of(format!("held by another operator: {holder}")))
}

fn just_done() -> Cause {
    Cause::Other(Safe::of("another operator was just at it and is done: look again"))
}

/// Who else has it, or has what speaks against it.
pub async fn holder(session: &mut Session, reach: Reach) -> Result<Option<Safe>, Cause> {
    Ok(holders(session, reach).await?.into_iter().next().map(|(_, words)| words))
}

async fn holders(session: &mut Session, reach: Reach) -> Result<Vec<(i32, Safe)>, Cause> {
    let key = Key::of(session);
    let numbers = [i64::from(key.class.cast_unsigned()), i64::from(key.object.cast_unsigned())];
    let wide = reach == Reach::Server;
    let parameters = [
        (&numbers[0] as _, Type::INT8),
        (&numbers[1] as _, Type::INT8),
        (&session.facts.database_oid as _, Type::OID),
        (&wide as _, Type::BOOL),
    ];
    let rows = session.link.query(HOLDER, &parameters).await?;
    rows.iter()
        .map(|row| {
            let text = |at| get::<Option<Bytes<'_>>>(row, at).map(|told| told.map(|b| b.keep().one_line().clipped(60)));
            let or = |told: Option<Safe>, else_: &'static str| {
                told.filter(|told| !told.as_str().is_empty()).unwrap_or_else(|| Safe::of(else_))
            };
            let (role, application, client) = (
                or(text(0)?, "somebody"),
                or(text(1)?, "an application without a name"),
                or(text(2)?, "a place not told"),
            );
            let elsewhere = text(4)?.map_or_else(String::new, |name| format!(", at database {name}"));
            let pid = get::<i32>(row, 3)?;
            Ok((pid, Safe::of(format!("{role} with {application} from {client}, pid {pid}{elsewhere}"))))
        })
        .collect()
}
