//! One action on a database at a time, whoever asks from wherever: advisory locks by which two bastions see each other. They
//! are of one database each, so what concerns a whole server is taken first and then looked for everywhere.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::super::column::{Bytes, get};
use super::super::connect::APPLICATION;
use super::super::link::Parameter;
use super::super::{PostgresSource, Session, not_connected, patience};
use super::kin::Whose;
use super::late;
use crate::domain::{Cause, Safe};
use crate::remediation::card::{Identity, Preview};
use crate::remediation::step::{SessionVerb, StepEnd};
use crate::remediation::turn::Reach;

const CLAIM: &str = include_str!("sql/claim.sql");
const SHARE: &str = include_str!("sql/share.sql");
const UNLOCK: &str = include_str!("sql/release.sql");
const HOLDER: &str = include_str!("sql/holder.sql");
const LET_GO: &str = include_str!("sql/let_go.sql");
/// Whether anybody answers.
const THERE: &str = "SELECT 1";
/// Where nobody is seen who has it, or a former session of ours is still at work, it is tried again after this.
const ONCE_MORE: Duration = Duration::from_millis(150);
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

/// The turn that a run has until its end, whatever becomes of the connection meanwhile.
#[derive(Debug)]
pub struct HeldTurn {
    run: u64,
    reach: Reach,
    /// The connection that had it was lost, and nobody was told yet.
    lost: bool,
}

impl PostgresSource {
    /// Takes the turn for a whole run. It is also given back when the connection ends; a new one takes it again.
    pub async fn hold_turn(&mut self, run: u64, reach: Reach, deadline: Duration) -> Result<(), Cause> {
        if self.over.is_some_and(|over| over >= run) {
            return Err(Cause::Other(Safe::of("the run was over before its turn came")));
        }
        self.claim_for(reach, deadline).await?;
        self.turn = Some(HeldTurn { run, reach, lost: false });
        Ok(())
    }

    /// Sees to it that the run still has its turn: asks over the connection that has it, and takes it again where that was
    /// lost. Whether it was lost since somebody was told.
    pub async fn hold_again(&mut self, run: u64, deadline: Duration) -> Result<bool, Cause> {
        let Some(reach) = self.turn.as_ref().filter(|turn| turn.run == run).map(|turn| turn.reach) else {
            return Err(Cause::Other(Safe::of("its turn was given back already")));
        };
        let until = Instant::now() + deadline;
        for kept in [self.session.is_some(), false] {
            let work = async {
                self.ready(until, patience(self.spec.deadline)).await?;
                let session = self.session.as_mut().ok_or_else(not_connected)?;
                if session.claimed.is_some() {
                    session.link.query(THERE, &[]).await?;
                }
                claim(session, reach, half(until)).await
            };
            let outcome = timeout_at(until, work).await.unwrap_or_else(|_late| Err(late(deadline)));
            self.settle(&outcome).await;
            if !self.is_worth_another(kept, &outcome) {
                return outcome.map(|()| self.lost_turn());
            }
        }
        Err(not_connected())
    }

    /// The same for a connection that works for a run by itself, on the server of the card.
    pub async fn stand(&mut self, confirmed: &Identity, reach: Reach, deadline: Duration) -> Result<bool, StepEnd> {
        let until = Instant::now() + deadline;
        let work = async {
            if let Some(session) = self.session.as_mut().filter(|session| session.claimed.is_some()) {
                // An error is an answer too: the session is there, and has what it had.
                let _answer = session.link.query(THERE, &[]).await;
                if session.link.alive() {
                    return Ok(false);
                }
            }
            self.session = None;
            self.ready(until, patience(self.spec.deadline)).await.map_err(StepEnd::Failed)?;
            let session = self.session.as_mut().ok_or_else(|| StepEnd::Failed(not_connected()))?;
            let found = super::identity::read(session, SessionVerb::Cancel, None).await.map_err(StepEnd::Failed)?;
            if let Some(what) = super::identity::difference(confirmed, &found.identity) {
                return Err(StepEnd::OtherTarget(what));
            }
            claim(session, reach, half(until)).await.map_err(StepEnd::Failed)?;
            Ok(true)
        };
        let stands = timeout_at(until, work).await.unwrap_or_else(|_late| Err(StepEnd::Failed(late(deadline))));
        stands.map_err(|end| match end {
            StepEnd::Failed(cause) => {
                let words =
                    "the connection that keeps other operators out was lost, and the turn is not to be had again";
                StepEnd::Failed(Cause::Other(Safe::of(format!("{words}: {cause}"))))
            }
            end => end,
        })
    }

    /// The run is over; what it asked for and is still on its way is too late.
    pub async fn give_turn_back(&mut self, run: u64, deadline: Duration) -> Result<(), Safe> {
        self.over = self.over.max(Some(run));
        if self.turn.as_ref().is_none_or(|turn| turn.run != run) {
            return Ok(());
        }
        self.turn = None;
        self.release(deadline).await
    }

    /// That the turn of the run was lost on the way with its connection; said once.
    pub fn lost_turn(&mut self) -> bool {
        self.turn.as_mut().is_some_and(|turn| std::mem::take(&mut turn.lost))
    }

    /// Takes the turn until `release`, or says who has it. It is also given back when the connection ends. What a run holds
    /// already reaches as far as that does.
    pub async fn claim(&mut self, reach: Reach, deadline: Duration) -> Result<(), Cause> {
        let reach = self.turn.as_ref().map_or(reach, |turn| turn.reach);
        self.claim_for(reach, deadline).await
    }

    /// Gives the turn back, unless a run has it. Where that cannot be done in time the connection is let go; what has to be
    /// said of it.
    pub async fn release(&mut self, deadline: Duration) -> Result<(), Safe> {
        let Some(session) = self.session.as_mut().filter(|_| self.turn.is_none()) else { return Ok(()) };
        let given = give_back(session, Instant::now() + deadline).await;
        if given.is_err() {
            // It may be busy with what was broken off.
            self.give_up().await;
        }
        given
    }

    /// A new connection takes the turn of the run again; where that cannot be, every step is refused that needs it.
    pub(in crate::adapters::postgres) async fn take_turn_again(&mut self) {
        let (Some(turn), Some(session)) = (self.turn.as_mut(), self.session.as_mut()) else { return };
        turn.lost = true;
        match claim(session, turn.reach, Duration::ZERO).await {
            Ok(()) => tracing::warn!("the turn of the database was lost with its connection, and taken again"),
            Err(cause) => tracing::warn!("the turn of the database was lost with its connection: {cause}"),
        }
    }

    async fn claim_for(&mut self, reach: Reach, deadline: Duration) -> Result<(), Cause> {
        let until = Instant::now() + deadline;
        let work = async {
            self.ready(until, patience(self.spec.deadline)).await?;
            let session = self.session.as_mut().ok_or_else(not_connected)?;
            claim(session, reach, half(until)).await
        };
        let outcome = timeout_at(until, work).await.unwrap_or_else(|_late| Err(late(deadline)));
        self.settle(&outcome).await;
        outcome
    }
}

/// The time that may be spent on waiting for it: the rest is for the answers.
fn half(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now()) / 2
}

/// Takes it for as long as the session lasts, or says who has it. Sessions of one program have it beside each other, so that
/// it stands for as long as one of them does. A session of ours that is not connected to us any more and still at work is
/// waited for, as long as there is patience: what it does is not to be overlapped.
pub async fn claim(session: &mut Session, reach: Reach, patience: Duration) -> Result<(), Cause> {
    if session.claimed.is_some_and(|had| had >= reach) {
        return Ok(());
    }
    if session.facts.pooler {
        return Err(Cause::Misconfigured(Safe::of("behind a pooler no session is ours: a direct DSN is needed")));
    }
    release(session).await?;
    session.make_known().await?;
    let until = Instant::now() + patience;
    let mut tried = false;
    loop {
        let outcome = take(session, reach).await;
        let Err(why) = outcome else {
            session.claimed = Some(reach);
            return Ok(());
        };
        let_go(session).await?;
        let again = match why {
            // Whoever had it is gone, or is another session of ours that takes it in this moment.
            Cause::HeldJustNow => !tried || Instant::now() < until,
            Cause::HeldByOurs(_) => Instant::now() + ONCE_MORE < until,
            _ => false,
        };
        if !again {
            return Err(why);
        }
        tried = true;
        sleep(ONCE_MORE).await;
    }
}

async fn take(session: &mut Session, reach: Reach) -> Result<(), Cause> {
    let (here, everywhere) = locked(session, CLAIM, reach).await?;
    // Whoever took one in another database did so before they looked, and so did we: one of us sees the other.
    nobody_else(session, reach).await?;
    let shared = locked(session, SHARE, reach).await?;
    if shared != (true, true) {
        return Err(Cause::HeldJustNow);
    }
    if (here, everywhere) != (true, true) {
        // Another session of ours had it, and may have let it go meanwhile: whoever came in between is seen now.
        nobody_else(session, reach).await?;
    }
    // Nobody else can take what is shared; another session of ours can have it beside this one.
    unlock(session, (here, everywhere && reach == Reach::Server)).await
}

/// Locks of the database, and of the whole server where that is wanted: whether they were had.
async fn locked(session: &mut Session, sql: &str, reach: Reach) -> Result<(bool, bool), Cause> {
    let (key, wide, operator) = (Key::of(session), reach == Reach::Server, session.operator());
    let operator = operator.as_ref().map(Safe::as_str);
    let mut parameters: Vec<Parameter<'_>> =
        vec![(&key.class, Type::INT4), (&key.object, Type::INT4), (&wide, Type::BOOL)];
    if sql == CLAIM {
        parameters.extend([(&operator as _, Type::TEXT), (&APPLICATION as _, Type::TEXT)]);
    }
    let rows = session.link.query(sql, &parameters).await?;
    let row = rows.first().ok_or_else(not_connected)?;
    Ok((get(row, 0)?, get::<Option<bool>>(row, 1)?.unwrap_or(true)))
}

async fn nobody_else(session: &mut Session, reach: Reach) -> Result<(), Cause> {
    look(session, reach).await?.against.map_or(Ok(()), Err)
}

/// Gives it back before `until`, whatever the server does: what cannot be given back goes with its connection, which is closed
/// then. What has to be said of that.
pub async fn give_back(session: &mut Session, until: Instant) -> Result<(), Safe> {
    let left = until.saturating_duration_since(Instant::now());
    let cause = match timeout_at(until, release(session)).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(cause)) => cause,
        Err(_late) => late(left),
    };
    session.link.close();
    Err(Safe::of(format!(
        "the turn of the database could not be given back ({cause}): its connection was closed, and the turn goes with it"
    )))
}

/// Gives it back.
async fn release(session: &mut Session) -> Result<(), Cause> {
    if session.claimed.take().is_some() {
        let_go(session).await?;
    }
    Ok(())
}

async fn let_go(session: &mut Session) -> Result<(), Cause> {
    session.link.query(LET_GO, &[(&APPLICATION as _, Type::TEXT)]).await?;
    Ok(())
}

async fn unlock(session: &mut Session, (here, everywhere): (bool, bool)) -> Result<(), Cause> {
    let key = Key::of(session);
    let parameters = [
        (&key.class as _, Type::INT4),
        (&key.object as _, Type::INT4),
        (&here as _, Type::BOOL),
        (&everywhere as _, Type::BOOL),
    ];
    session.link.query(UNLOCK, &parameters).await?;
    Ok(())
}

/// Why it was not to be had.
pub async fn taken(session: &mut Session) -> Cause {
    match look(session, Reach::Database).await {
        Ok(Look { against: Some(why), .. }) => why,
        Ok(_) => Cause::HeldJustNow,
        Err(cause) => Cause::HeldByAnother(Safe::of(format!("who it is cannot be told ({cause})"))),
    }
}

/// Who else has it, or has what speaks against it.
#[derive(Debug, Default)]
pub struct Look {
    /// Another operator, or a session of ours that is at work without us.
    pub against: Option<Cause>,
    /// A session of ours that is not ours any more has it too, and does nothing.
    pub beside: Option<Safe>,
}

impl Look {
    /// On a card.
    pub fn tell(self, preview: &mut Preview) {
        preview.obstacles.extend(self.against.map(|cause| Safe::of(cause.to_string())));
        preview.remarks.extend(self.beside);
    }
}

/// Looks, and takes nothing.
pub async fn look(session: &mut Session, reach: Reach) -> Result<Look, Cause> {
    let mut found = Look::default();
    let holders = holders(session, reach).await?;
    let alone: Vec<i32> = holders.iter().filter(|holder| holder.alone).map(|holder| holder.pid).collect();
    for holder in holders {
        match session.whose(holder.started_us, holder.pid, holder.since_us) {
            Whose::Ours => {}
            Whose::Another => return Ok(Look { against: Some(Cause::HeldByAnother(holder.words)), beside: None }),
            Whose::Former(lost) => {
                let Holder { pid, state, .. } = holder;
                let (lost, ended) =
                    (lost.format("%H:%M:%SZ"), format!("SELECT pg_terminate_backend({pid}) ends it now"));
                if !state.as_str().starts_with("idle") {
                    found.against = Some(Cause::HeldByOurs(Safe::of(format!(
                        "pid {pid}, its connection was lost at {lost}, and it still works there ({state}): it has the \
                         turn until its statement ends; {ended}"
                    ))));
                } else if alone.contains(&pid) {
                    found.against = Some(Cause::HeldByOurs(Safe::of(format!(
                        "pid {pid}, its connection was lost at {lost} in the middle of taking the turn: it has it for \
                         itself alone until the server notices that nobody listens; {ended}"
                    ))));
                } else {
                    found.beside = Some(Safe::of(format!(
                        "a former session of this program (pid {pid}, its connection was lost at {lost}) has the turn \
                         at the server too, and does nothing: it keeps other operators out until the server notices \
                         that nobody listens; {ended}"
                    )));
                }
            }
        }
    }
    Ok(found)
}

/// A session that has it.
struct Holder {
    pid: i32,
    /// When its server was started, and when it was begun, where that may be seen.
    started_us: i64,
    since_us: Option<i64>,
    state: Safe,
    /// Nobody can have it beside this session.
    alone: bool,
    words: Safe,
}

async fn holders(session: &mut Session, reach: Reach) -> Result<Vec<Holder>, Cause> {
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
    rows.iter().map(holder).collect()
}

fn holder(row: &Row) -> Result<Holder, Cause> {
    let text = |at| get::<Option<Bytes<'_>>>(row, at).map(|told| told.map(|b| b.keep().one_line().clipped(64)));
    let or = |told: Option<Safe>, else_: &'static str| {
        told.filter(|told| !told.as_str().is_empty()).unwrap_or_else(|| Safe::of(else_))
    };
    let (role, application) = (or(text(0)?, "somebody"), or(text(1)?, "an application without a name"));
    let client = or(text(2)?, "a place not told");
    let elsewhere = text(4)?.map_or_else(String::new, |name| format!(", at database {name}"));
    let pid = get::<i32>(row, 3)?;
    let words = match operator(application.as_str()) {
        Some((who, since)) => {
            format!("{who} since {since} (session: {role} with {APPLICATION} from {client}, pid {pid}{elsewhere})")
        }
        None => format!("{role} with {application} from {client}, pid {pid}{elsewhere}"),
    };
    let state = or(text(7)?, "what it does may not be seen");
    Ok(Holder {
        pid,
        started_us: get(row, 5)?,
        since_us: get(row, 6)?,
        state,
        alone: get(row, 8)?,
        words: Safe::of(words),
    })
}

/// Who has a turn and since when, as the name of their session says; it is a claim, as every such name.
fn operator(application: &str) -> Option<(&str, &str)> {
    let (since, who) = application.strip_prefix(APPLICATION)?.strip_prefix(' ')?.split_once(' ')?;
    let shape: String = since.chars().map(|char| if char.is_ascii_digit() { '0' } else { char }).collect();
    (shape == "00:00:00Z" && !who.is_empty()).then_some((who, since))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_is_told_only_by_a_whole_name() {
        assert_eq!(operator("quarterdeck 22:41:03Z ann@bastion-1"), Some(("ann@bastion-1", "22:41:03Z")));
        for other in
            ["quarterdeck", "quarterdeck ", "quarterdeck 22:41:03Z ", "quarterdeck now ann@b", "other 22:41:03Z a@b"]
        {
            assert_eq!(operator(other), None, "{other}");
        }
    }
}
