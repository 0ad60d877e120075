//! The thread of the audit, its file open from the start: what is recorded is on disk before anybody is told so. Locks of
//! targets and the beginnings of cool-downs are kept here too: both are files, and both come before an effect.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::adapters::shared_folder::{Hold, SharedFolder};
use crate::adapters::tmux;
use crate::app::Event;
use crate::app::actions::approvals::{SecondEvent, SecondOrder};
use crate::app::actions::standing;
use crate::app::effect::Unused;
use crate::config::resolved::ActionsSpec;
use crate::domain::{Moment, Safe};
use crate::remediation::audit::Entry;
use crate::remediation::execution::Input;

use super::guards::{Guards, Wanted};
use super::history::HistoryReader;
use super::inbox::Inbox;
use super::ledger::Ledger;
use super::second_person::{Scribe, SecondPerson};
use super::turns::Turns;

/// Orders that wait at most. A person makes a handful in a minute.
const WAITING: usize = 256;

/// How often the thread wakes when nothing is ordered.
const LOOK: Duration = Duration::from_secs(1);

/// tmux answers within this, or is not asked further.
const TMUX: Duration = Duration::from_secs(1);

/// What the thread does.
#[derive(Debug)]
pub enum AuditOrder {
    /// Write this; a run that waits for it is told.
    Record {
        /// For which run.
        run: Option<u64>,
        /// Which of the run's records.
        number: u64,
        /// What.
        entry: Box<Entry>,
    },
    /// Read what is recorded, behind all that was to be recorded before: what the opening finds is told when it is on disk.
    ReadHistory(HistoryReader),
    /// Count the clients of our tmux session.
    CountTmuxClients,
    /// Take the locks of a target and note that the cool-down begins.
    Hold {
        /// For which run.
        run: u64,
        /// What is wanted.
        wanted: Wanted,
        /// Whether the turns of its databases were had, or why not.
        had: Result<(), Safe>,
        /// Whether it is still wanted.
        turns: Turns,
    },
    /// Look who holds targets and what cools down there.
    Look {
        /// Number of the question.
        id: u64,
        /// Which.
        wanted: Vec<standing::Wanted>,
    },
    /// Let the locks go.
    Release {
        /// Of which run.
        run: u64,
        /// Nothing was done under them.
        unused: Option<Unused>,
    },
    /// Something for a second person.
    Second(SecondOrder),
    /// Take down what both clocks showed when they were trusted.
    KeepClock(Moment),
}

/// The near end. [`AuditThread::finish`] lets the thread finish what waits.
pub struct AuditThread {
    orders: Orders,
    thread: Option<JoinHandle<Option<Safe>>>,
}

/// Where orders go, for those that are made while something else is awaited. None is taken any more once the thread finishes.
#[derive(Clone)]
pub struct Orders(Arc<Mutex<Option<SyncSender<AuditOrder>>>>);

impl Orders {
    /// Gives an order; `false` when the thread is stuck, or finishes.
    #[must_use]
    pub fn give(&self, order: AuditOrder) -> bool {
        let orders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        orders.as_ref().is_some_and(|orders| orders.try_send(order).is_ok())
    }

    fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Drop for AuditThread {
    fn drop(&mut self) {
        self.orders.end();
    }
}

impl AuditThread {
    /// Opens the audit on a thread of its own; what it finds is told.
    pub fn start(spec: &ActionsSpec, inbox: Arc<Inbox>) -> std::io::Result<AuditThread> {
        let (orders, waiting) = sync_channel(WAITING);
        let spec = spec.clone();
        let thread =
            std::thread::Builder::new().name("audit".to_owned()).spawn(move || work(&spec, &waiting, &inbox))?;
        Ok(AuditThread { orders: Orders(Arc::new(Mutex::new(Some(orders)))), thread: Some(thread) })
    }

    /// Gives an order; `false` when the thread is stuck.
    #[must_use]
    pub fn order(&self, order: AuditOrder) -> bool {
        self.orders.give(order)
    }

    /// For a task that gives one later.
    #[must_use]
    pub fn orders(&self) -> Orders {
        self.orders.clone()
    }
}

impl AuditThread {
    /// Lets it finish what waits; where the chain ends, if anything was written.
    #[must_use]
    pub fn finish(mut self) -> Option<Safe> {
        self.orders.end();
        self.thread.take()?.join().ok().flatten()
    }
}

fn work(spec: &ActionsSpec, waiting: &Receiver<AuditOrder>, inbox: &Arc<Inbox>) -> Option<Safe> {
    let mut desk = Desk::open(spec, inbox);
    loop {
        desk.look(inbox);
        desk.ledger.settle_when_due();
        let order = match waiting.recv_timeout(LOOK) {
            Ok(order) => order,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        match order {
            AuditOrder::Record { run, number, entry } => {
                let written = desk.ledger.record(&entry);
                if let Some(run) = run {
                    // What follows the record is a step: it may only come under the policy of now.
                    if let Some(why) = desk.guards.policy_changed_by_now() {
                        inbox.tell(Event::PolicyChanged(why));
                    }
                    tell(inbox, run, Input::Written { number, written: written.clone() });
                }
                inbox.tell(Event::AuditStands(written));
            }
            AuditOrder::ReadHistory(history) => history.read(),
            AuditOrder::CountTmuxClients => {
                inbox.tell(Event::TmuxClientsCounted(tmux::clients(std::env::var_os("TMUX").as_deref(), TMUX)));
            }
            AuditOrder::Hold { run, wanted, had, turns } => {
                // Last, since what the folder gives uses up an approval, and begins a cool-down.
                let still = |()| turns.against(run).map_or(Ok(()), Err);
                let had = had.map_err(|why| desk.guards.named(&wanted, why));
                let held = had.and_then(still).and_then(|()| desk.guards.hold(&wanted));
                let input = Input::Held(held.map(|holds| drop(desk.holds.insert(run, holds))));
                tell(inbox, run, input);
            }
            AuditOrder::Look { id, wanted } => {
                inbox.tell(Event::GuardsSeen { id, seen: desk.guards.look(wanted) });
            }
            AuditOrder::Release { run, unused } => desk.release(run, unused),
            AuditOrder::Second(order) => desk.second(order, inbox),
            AuditOrder::KeepClock(trusted) => desk.guards.keep_clock(trusted),
        }
    }
    desk.ledger.settle();
    desk.ledger.head()
}

fn tell(inbox: &Inbox, run: u64, input: Input) {
    inbox.tell(Event::ActionHappened { run, input: Box::new(input) });
}

struct Desk {
    ledger: Ledger,
    guards: Guards,
    holds: HashMap<u64, Vec<Hold>>,
    second: SecondPerson,
}

impl Desk {
    fn open(spec: &ActionsSpec, inbox: &Arc<Inbox>) -> Desk {
        let guards = Guards::open(spec);
        if let Some(words) = guards.coverage() {
            inbox.tell(Event::GuardsCover(words));
        }
        // Before anything can be asked for.
        inbox.tell(Event::ClockRemembered(guards.remembered_clock()));
        let second = SecondPerson::new(spec);
        Desk { ledger: Ledger::open(spec, Arc::clone(inbox)), guards, holds: HashMap::new(), second }
    }

    /// Lets the locks of a run go. Where it had none it started nothing: there is nothing to take back.
    fn release(&mut self, run: u64, unused: Option<Unused>) {
        let Some(holds) = self.holds.remove(&run) else { return };
        if let Some(unused) = unused {
            self.guards.never_started(&unused);
        }
        drop(holds);
    }

    /// Looks at the policy and the folder of the second person, when it is time.
    fn look(&mut self, inbox: &Inbox) {
        if let Some(why) = self.guards.policy_changed() {
            inbox.tell(Event::PolicyChanged(why));
        }
        let Some(look) = self.with_scribe(|second, folder, scribe| second.look(folder, scribe)) else { return };
        inbox.tell(Event::Second(Box::new(SecondEvent::Looked(look))));
    }

    fn second(&mut self, order: SecondOrder, inbox: &Inbox) {
        let event = self.with_scribe(|second, folder, scribe| second.obey(order, folder, scribe));
        inbox.tell(Event::Second(Box::new(event)));
        self.look(inbox);
    }

    /// Those who deal with second persons write to the audit as they go.
    fn with_scribe<T>(
        &mut self,
        job: impl FnOnce(&mut SecondPerson, Result<&SharedFolder, Safe>, &mut Scribe<'_>) -> T,
    ) -> T {
        let Desk { second, guards, ledger, .. } = self;
        job(second, guards.folder(), &mut |entry| ledger.record(entry))
    }
}
