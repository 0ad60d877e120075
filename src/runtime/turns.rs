//! The turns of databases for a run, from its locks to its end: taken one after the other over the kept connections, looked at
//! again before whatever changes something, and given back. Nothing but a task of the run's own waits for them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::domain::{Cause, Safe};
use crate::remediation::turn::Turn;

use super::database_orders::DatabaseOrder;
use super::watch::Watch;

/// One turn is had within this, or not at all: a reading may stand before it.
const ONE: Duration = Duration::from_secs(8);

/// The kept connection of a database.
type Kept = Option<mpsc::Sender<DatabaseOrder>>;

/// Which turns the run has, and up to which run nothing is wanted any more.
#[derive(Clone, Debug, Default)]
pub struct Turns(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    run: u64,
    turns: Vec<Turn>,
    given_up: Option<u64>,
}

/// What became of turns that were had before.
#[derive(Debug, Default)]
pub struct Stand {
    /// Another operator has one now: nothing may be sent.
    pub against: Option<Cause>,
    /// What has to be said of them.
    pub words: Vec<Safe>,
}

impl Turns {
    /// A run wants these.
    pub fn begin(&self, run: u64, turns: &[Turn]) {
        let mut state = self.state();
        (state.run, state.turns) = (run, turns.to_vec());
    }

    /// The run is over, or was stopped before it had them.
    pub fn give_up(&self, run: u64) {
        let mut state = self.state();
        state.given_up = state.given_up.max(Some(run));
    }

    /// Why nothing is to be taken for a run any more, if so.
    pub fn against(&self, run: u64) -> Option<Safe> {
        let over = self.state().given_up.is_some_and(|over| over >= run);
        over.then(|| Safe::of("it was stopped before it had its turn: nothing was begun"))
    }

    /// Takes them.
    ///
    /// # Errors
    /// Why they are not to be had.
    pub async fn take(&self, run: u64, kept: Vec<(Kept, Turn)>) -> Result<(), Safe> {
        for (kept, turn) in kept {
            if let Some(why) = self.against(run) {
                return Err(why);
            }
            let claim = |reply| DatabaseOrder::Claim { run, reach: turn.reach, reply };
            let taken = timeout(ONE, asked(kept, claim)).await;
            taken.unwrap_or_else(|_late| Err(busy())).map_err(|cause| Safe::of(cause.to_string()))?;
        }
        // Whoever stopped it meanwhile gives back what was taken.
        self.against(run).map_or(Ok(()), Err)
    }

    /// Where the turns of a run are, but for that of one database.
    pub fn kept(&self, watch: &Watch, run: u64, but: Option<usize>) -> Vec<(Kept, Turn)> {
        let state = self.state();
        let turns = state.turns.iter().filter(|turn| state.run == run && Some(turn.database) != but);
        turns.map(|turn| (watch.orders(turn.database), *turn)).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sees to it that the run still has its turns, before the next byte that changes something. Where a server does not answer,
/// nobody can be seen to have taken one, and what the run does may be what makes it answer again: that is said, and it goes on.
pub async fn stand(run: u64, kept: Vec<(Kept, Turn)>) -> Stand {
    let mut stand = Stand::default();
    for (kept, _) in kept {
        let again = timeout(ONE, asked(kept, |reply| DatabaseOrder::HoldAgain { run, reply })).await;
        match again.unwrap_or_else(|_late| Err(busy())) {
            Ok(false) => {}
            Ok(true) => stand.words.push(Safe::of(TAKEN_AGAIN)),
            Err(why @ (Cause::HeldByAnother(_) | Cause::HeldJustNow)) => {
                let is = if why == Cause::HeldJustNow { "" } else { "it is " };
                let words = format!("the connection that keeps other operators out was lost, and meanwhile {is}{why}");
                stand.against = Some(Cause::Other(Safe::of(words)));
                return stand;
            }
            Err(cause) => {
                let words = "whether this run still keeps other operators out of a database is NOT KNOWN";
                stand.words.push(Safe::of(format!("{words}: {cause}")));
            }
        }
    }
    stand
}

/// What is said of a turn that was lost and had again.
pub const TAKEN_AGAIN: &str =
    "the connection was lost before, and with it the turn that keeps other operators out; it was taken again";

/// Gives back what a run has.
pub fn give_back(watch: &Watch, turns: &Turns, run: u64) {
    turns.give_up(run);
    for (kept, _) in turns.kept(watch, run, None) {
        watch.io().spawn(async move {
            // Where nobody takes orders any more, the connection is gone, and the turn with it.
            let _gone = match kept {
                Some(kept) => kept.send(DatabaseOrder::GiveBack { run }).await.is_ok(),
                None => false,
            };
        });
    }
}

async fn asked<T>(
    kept: Kept,
    order: impl FnOnce(oneshot::Sender<Result<T, Cause>>) -> DatabaseOrder,
) -> Result<T, Cause> {
    let silent = || Cause::Other(Safe::of("the database takes no orders"));
    let kept = kept.ok_or_else(silent)?;
    let (reply, told) = oneshot::channel();
    kept.send(order(reply)).await.map_err(|_gone| silent())?;
    told.await.map_err(|_gone| silent())?
}

fn busy() -> Cause {
    Cause::Other(Safe::of("the database is still busy with what was asked before"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::time::Instant;

    use super::super::audit_thread::{AuditOrder, AuditThread};
    use super::super::guards::{Guards, Wanted};
    use super::super::inbox::Inbox;
    use super::*;
    use crate::app::Event;
    use crate::config::resolved::ActionsSpec;
    use crate::remediation::execution::Input;
    use crate::remediation::turn::Reach;

    fn spec(folder: &std::path::Path) -> ActionsSpec {
        let (shared, audit) = (folder.join("shared"), folder.join("audit"));
        fs::create_dir_all(&shared).unwrap();
        fs::set_permissions(&shared, fs::Permissions::from_mode(0o3770)).unwrap();
        ActionsSpec { shared: Some(shared), audit: Some(audit), ..ActionsSpec::default() }
    }

    fn wanted() -> Wanted {
        Wanted {
            key: "a".repeat(64),
            beside: Vec::new(),
            action: Safe::of("wipe"),
            target: Safe::of("shop"),
            cool_down: Duration::from_secs(600),
            spending: None,
        }
    }

    fn answer(inbox: &Inbox) -> Result<(), Safe> {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            for event in inbox.wait(Duration::from_millis(100), false) {
                if let Event::ActionHappened { input, .. } = event
                    && let Input::Held(held) = *input
                {
                    return held;
                }
            }
        }
        panic!("no answer");
    }

    #[test]
    fn who_was_stopped_before_the_turn_uses_nothing_up() {
        let folder = tempfile::tempdir().unwrap();
        let spec = spec(folder.path());
        let (inbox, turns) = (Arc::new(Inbox::default()), Turns::default());
        let audit = AuditThread::start(&spec, Arc::clone(&inbox)).unwrap();
        let hold = |run| {
            let order = AuditOrder::Hold { run, wanted: wanted(), had: Ok(()), turns: turns.clone() };
            assert!(audit.order(order));
            answer(&inbox)
        };
        turns.give_up(1);
        assert!(hold(1).unwrap_err().as_str().contains("stopped before it had its turn"));
        assert_eq!(hold(2), Ok(()), "it does not cool down");
        assert!(audit.order(AuditOrder::Release { run: 2, unused: None }));
        assert!(hold(3).unwrap_err().as_str().contains("cools down"));
        let later = audit.orders();
        let _head = audit.finish();
        assert!(!later.give(AuditOrder::Release { run: 3, unused: None }), "who waits for turns holds up no end");
    }

    #[test]
    fn whoever_has_it_is_told_by_name_where_the_folder_knows() {
        let folder = tempfile::tempdir().unwrap();
        let guards = Guards::open(&spec(folder.path()));
        let why = || Safe::of("held by another operator: ops with quarterdeck from 127.0.0.1");
        assert_eq!(guards.named(&wanted(), why()), why());
        let holds = guards.hold(&wanted()).unwrap();
        let named = guards.named(&wanted(), why());
        let me = crate::adapters::operator::identity().user;
        assert!(named.as_str().starts_with(&format!("held: {me} (pid ")), "{named}");
        assert!(
            named.as_str().contains("runs wipe on shop") && named.as_str().contains("ops with quarterdeck"),
            "{named}"
        );
        drop(holds);
        assert_eq!(guards.named(&wanted(), why()), why());
    }

    /// What they did meanwhile nobody has looked at.
    #[tokio::test]
    async fn whoever_had_it_meanwhile_speaks_against_it_also_when_they_are_gone() {
        let held = Cause::HeldByAnother(Safe::of("ops with quarterdeck"));
        let answers = [(held, "it is held by another"), (Cause::HeldJustNow, "another operator was just at it")];
        let silent = (Cause::Other(Safe::of("held up")), "");
        for (answer, words) in answers.into_iter().chain([silent]) {
            let (kept, mut orders) = mpsc::channel(1);
            let database = async {
                let Some(DatabaseOrder::HoldAgain { reply, .. }) = orders.recv().await else { panic!("no order") };
                reply.send(Err(answer)).unwrap();
            };
            let turn = Turn { database: 0, reach: Reach::Database };
            let (stand, ()) = tokio::join!(stand(7, vec![(Some(kept), turn)]), database);
            let against = stand.against.map(|cause| cause.to_string()).unwrap_or_default();
            assert_eq!(against.is_empty(), words.is_empty(), "{against}");
            assert!(
                against.contains(words) && stand.words.is_empty() != words.is_empty(),
                "{against} {:?}",
                stand.words
            );
        }
    }

    #[test]
    fn a_run_that_is_over_has_no_turn_any_more() {
        let turns = Turns::default();
        assert_eq!(turns.against(0), None);
        turns.give_up(4);
        turns.give_up(2);
        assert!(turns.against(4).is_some() && turns.against(3).is_some());
        assert_eq!(turns.against(5), None);
    }
}
