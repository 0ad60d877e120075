//! The turns of databases for a run, from its locks to its end: taken one after the other over the kept connections, given back
//! over them. Who waits for them is a thread, and never longer than a moment.

use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::adapters::postgres::Ours;
use crate::domain::{Cause, Safe};
use crate::remediation::turn::{Reach, Turn};

use super::database_orders::DatabaseOrder;
use super::watch::Watch;

/// One turn is had within this, or not at all: a reading may stand before it.
const ONE: Duration = Duration::from_secs(8);
/// All of them are had within this.
const ALL: Duration = Duration::from_secs(15);

/// What came of it, for the thread that takes the other locks.
pub type Taken = Receiver<Result<(), Safe>>;

/// Takes them; nothing where none is needed.
pub fn take(watch: &Watch, run: u64, turns: &[Turn]) -> Option<Taken> {
    if turns.is_empty() {
        return None;
    }
    let (tell, taken) = sync_channel(1);
    let kept: Vec<_> = turns.iter().map(|turn| (watch.orders(turn.database), turn.reach)).collect();
    watch.io().spawn(async move {
        // Whoever waited may have given up: then the run gives back what was taken.
        let _gone = tell.send(take_all(run, kept).await);
    });
    Some(taken)
}

/// Whether they were had.
pub fn had(taken: Option<Taken>) -> Result<(), Safe> {
    let Some(taken) = taken else { return Ok(()) };
    taken.recv_timeout(ALL).unwrap_or_else(|_late| Err(Safe::of("the database did not say whether another is at it")))
}

/// Gives back what a run has.
pub fn give_back(watch: &Watch, run: u64) {
    for kept in watch.all_orders() {
        watch.io().spawn(async move {
            // Where nobody takes orders any more, the connection is gone, and the turn with it.
            let _gone = kept.send(DatabaseOrder::GiveBack { run }).await;
        });
    }
}

/// Which session has the turn of the run that a second connection is there for.
pub async fn of(kept: Option<&mpsc::Sender<DatabaseOrder>>) -> Option<Ours> {
    let (reply, told) = oneshot::channel();
    let asked = async {
        kept?.send(DatabaseOrder::TurnOf { reply }).await.ok()?;
        told.await.ok().flatten()
    };
    timeout(ONE, asked).await.ok().flatten()
}

async fn take_all(run: u64, turns: Vec<(Option<mpsc::Sender<DatabaseOrder>>, Reach)>) -> Result<(), Safe> {
    let mut ours: Vec<Ours> = Vec::new();
    for (kept, reach) in turns {
        let taken = timeout(ONE, one(run, kept, reach, ours.clone())).await;
        let late = || Cause::Other(Safe::of("the database is still busy with what was asked before"));
        let mine = taken.unwrap_or_else(|_late| Err(late())).map_err(|cause| Safe::of(cause.to_string()))?;
        ours.push(mine);
    }
    Ok(())
}

async fn one(
    run: u64,
    kept: Option<mpsc::Sender<DatabaseOrder>>,
    reach: Reach,
    ours: Vec<Ours>,
) -> Result<Ours, Cause> {
    let silent = || Cause::Other(Safe::of("the database takes no orders"));
    let kept = kept.ok_or_else(silent)?;
    let (reply, told) = oneshot::channel();
    kept.send(DatabaseOrder::Claim { run, reach, ours, reply }).await.map_err(|_gone| silent())?;
    told.await.map_err(|_gone| silent())?
}
