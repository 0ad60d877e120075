//! The turns of databases for a run, from its locks to its end: taken one after the other over the kept connections, looked at
//! again before whatever changes something, and given back. Nothing but a task of the run's own waits for them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::adapters::operator;
use crate::adapters::postgres::Kin;
use crate::domain::{Cause, Safe};
use crate::remediation::turn::{ONE, Turn, WHO};

use super::database_orders::DatabaseOrder;
use super::watch::Watch;

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
    /// Another operator has one now, or may have: nothing may be sent.
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

/// Sees to it that the run still has its turns, before the next byte that changes something. That a server does not answer us
/// does not show that it answers nobody: unknown is not "ours", and nothing is sent. Only what may be the cure goes on, and it
/// is said under what. All of them are asked at once, and within a part of what the step has left: the rest is its own.
pub async fn stand(run: u64, kept: Vec<(Kept, Turn)>, cure: bool, left: Duration) -> Stand {
    let patience = ONE.min(left / 4);
    let mut asking = JoinSet::new();
    for (at, (kept, _)) in kept.into_iter().enumerate() {
        asking.spawn(async move {
            let again = timeout(patience, asked(kept, |reply| DatabaseOrder::HoldAgain { run, reply })).await;
            (at, again.unwrap_or_else(|_late| Err(busy())))
        });
    }
    let mut answers = asking.join_all().await;
    answers.sort_by_key(|(at, _)| *at);
    let mut stand = Stand::default();
    for (_, again) in answers {
        let words = match again {
            Ok(false) => continue,
            Ok(true) => {
                stand.words.push(Safe::of(TAKEN_AGAIN));
                continue;
            }
            Err(why @ Cause::HeldJustNow) => format!("{LOST}, and meanwhile {why}"),
            Err(why @ (Cause::HeldByAnother(_) | Cause::HeldByOurs(_))) => format!("{LOST}, and meanwhile it is {why}"),
            Err(cause) if cure => {
                stand
                    .words
                    .push(Safe::of(format!("{NOT_KNOWN} ({cause}); it goes on, for it may make that answer again")));
                continue;
            }
            Err(cause) => format!("{NOT_KNOWN}, and nothing more is sent: {cause}"),
        };
        stand.against = Some(Cause::Other(Safe::of(words)));
        return stand;
    }
    stand
}

const LOST: &str = "the connection that keeps other operators out was lost";
const NOT_KNOWN: &str = "whether this run still keeps other operators out of a database is NOT KNOWN";

/// What is said of a turn that was lost and had again.
pub const TAKEN_AGAIN: &str =
    "the connection was lost before, and with it the turn that keeps other operators out; it was taken again";

/// Tells the sessions of this program who runs it: others see it where they have a turn. Who it is may be asked of a directory
/// service, off this thread; where that hangs, a turn is had without a name.
pub async fn introduce(kin: &Kin) {
    if kin.is_somebodys() {
        return;
    }
    let asked = tokio::task::spawn_blocking(|| (operator::identity().user, operator::host()));
    if let Ok(Ok((user, host))) = timeout(WHO, asked).await {
        kin.belongs_to(user.as_str(), host.as_str());
    }
}

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
    use crate::remediation::place::Place;
    use crate::remediation::service::ServiceStep;
    use crate::remediation::service::facts::ServiceFacts;
    use crate::remediation::service::{Manager, ServiceVerb};
    use crate::remediation::step::{Binding, ServiceWork, Work};
    use crate::remediation::turn::{Reach, may_be_the_cure};

    const LONG: Duration = Duration::from_secs(600);

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

    /// How a run stands whose database answers so, if at all, before a step that is a cure or not: why nothing may be sent, and
    /// what is said.
    async fn stood(answer: Option<Result<bool, Cause>>, cure: bool) -> (String, String) {
        let (kept, mut orders) = mpsc::channel(1);
        let kept = answer.is_some().then_some(kept);
        let database = async {
            let Some(answer) = answer else { return };
            let Some(DatabaseOrder::HoldAgain { reply, .. }) = orders.recv().await else { panic!("no order") };
            reply.send(answer).unwrap();
        };
        let turn = Turn { database: 0, reach: Reach::Database };
        let (stand, ()) = tokio::join!(stand(7, vec![(kept, turn)], cure, LONG), database);
        let against = stand.against.map(|cause| cause.to_string()).unwrap_or_default();
        (against, stand.words.iter().map(Safe::as_str).collect())
    }

    /// Each of them answers only when the other was asked too.
    #[tokio::test]
    async fn several_slow_databases_are_asked_at_once() {
        let turn = |database| Turn { database, reach: Reach::Database };
        let (one, mut first) = mpsc::channel(1);
        let (two, mut second) = mpsc::channel(1);
        let databases = async {
            let (Some(first), Some(second)) = tokio::join!(first.recv(), second.recv()) else { panic!("no order") };
            for order in [second, first] {
                let DatabaseOrder::HoldAgain { reply, .. } = order else { panic!("{order:?}") };
                // Whoever asked gave up where it was asked one after the other.
                let _gone = reply.send(Ok(false));
            }
        };
        let kept = vec![(Some(one), turn(0)), (Some(two), turn(1))];
        let (stand, ()) = tokio::join!(stand(7, kept, false, LONG), databases);
        assert!(stand.against.is_none() && stand.words.is_empty(), "{stand:?}");
    }

    /// What they did meanwhile nobody has looked at.
    #[tokio::test]
    async fn whoever_had_it_meanwhile_speaks_against_it_also_when_they_are_gone() {
        let text = || Safe::of("ops with quarterdeck");
        for (answer, words) in [
            (Cause::HeldByAnother(text()), "meanwhile it is held by another operator: ops with"),
            (Cause::HeldJustNow, "meanwhile another operator was just at it"),
            (Cause::HeldByOurs(text()), "meanwhile it is held by a former session of this program: ops with"),
        ] {
            for cure in [true, false] {
                let (against, said) = stood(Some(Err(answer.clone())), cure).await;
                assert!(against.contains(words) && said.is_empty(), "{against} {said}");
            }
        }
    }

    #[tokio::test]
    async fn where_nobody_knows_only_what_may_be_the_cure_goes_on() {
        let silent =
            || [None, Some(Err(Cause::Refused { family: "IPv4" })), Some(Err(Cause::Other(Safe::of("held up"))))];
        for answer in silent() {
            let (against, said) = stood(answer, false).await;
            assert!(against.contains("NOT KNOWN, and nothing more is sent: ") && said.is_empty(), "{against} {said}");
        }
        for answer in silent() {
            let (against, said) = stood(answer, true).await;
            assert!(
                against.is_empty() && said.contains("NOT KNOWN (") && said.contains("it goes on"),
                "{against} {said}"
            );
        }
        for (answer, words) in [(false, ""), (true, TAKEN_AGAIN)] {
            for cure in [true, false] {
                assert_eq!(stood(Some(Ok(answer)), cure).await, (String::new(), words.to_owned()));
            }
        }
    }

    /// Who runs the program is told to other operators; a directory service that hangs does not hold up a turn.
    #[tokio::test]
    async fn whose_program_it_is_is_told_before_a_turn_is_taken() {
        let kin = Kin::default();
        introduce(&kin).await;
        assert!(kin.is_somebodys());
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

    #[test]
    fn a_unit_that_is_started_may_be_the_cure_and_a_declared_program_is_not() {
        let unit = || Manager::Systemd { unit: "db.service".to_owned(), user: false };
        let argv = || vec!["/usr/local/bin/whatever".to_owned()];
        let program = || Manager::Program {
            service: "db".to_owned(),
            status: argv(),
            restart: argv(),
            stop: argv(),
            start: argv(),
        };
        let order = |manager, verb| {
            let step = ServiceStep { manager, verb, place: Place::Local, become_argv: None };
            let (before, binding) = (ServiceFacts::default(), Binding::Alone);
            let (order, stable, within) = (Duration::from_secs(60), Duration::ZERO, Duration::from_secs(60));
            Work::Service(Box::new(ServiceWork { step, before, order, stable, within, binding }))
        };
        assert!(may_be_the_cure(&order(unit(), ServiceVerb::Start)));
        assert!(may_be_the_cure(&order(unit(), ServiceVerb::Restart)));
        assert!(!may_be_the_cure(&order(unit(), ServiceVerb::Stop)));
        assert!(!may_be_the_cure(&order(program(), ServiceVerb::Start)));
    }
}
