//! Carries out what acting orders: previews and effects go to the connection they belong to, records and locks to the audit
//! thread. Whatever cannot be taken is answered at once, so that nothing waits for ever.

use std::sync::Arc;

use crate::adapters::act::Commands;
use crate::adapters::endpoint::JsonEndpoint;
use crate::adapters::leave::Leave;
use crate::app::actions::approvals::{SecondEvent, SecondOrder};
use crate::app::actions::{receivers, standing};
use crate::app::effect::{PreviewOf, PreviewOrder, Unused};
use crate::app::{Effect, Event};
use crate::config::resolved::{ActionsSpec, Receivers};
use crate::domain::{Cause, Safe};
use crate::remediation::audit::Entry;
use crate::remediation::card::Identity;
use crate::remediation::execution::Input;
use crate::remediation::guard::Approved;
use crate::remediation::step::{SessionsStep, StepEnd, Work};
use crate::remediation::turn::{self, Turn};

use super::audit_thread::{AuditOrder, AuditThread};
use super::backup_orders;
use super::clock;
use super::database_orders::DatabaseOrder;
use super::guards::Wanted;
use super::history::HistoryReader;
use super::inbox::Inbox;
use super::leave::leave;
use super::reach::Reach;
use super::redis_orders;
use super::service_orders;
use super::silence_orders;
use super::turns::{self, Turns};
use super::upkeep_orders;
use super::watch::Watch;

/// Acting, where it is allowed.
pub struct Acting {
    inbox: Arc<Inbox>,
    history: HistoryReader,
    audit: Option<AuditThread>,
    /// The run whose step is to be stopped.
    interrupted: tokio::sync::watch::Sender<Option<u64>>,
    /// Turns of databases.
    turns: Turns,
}

/// What a step needs of turns before it is done.
struct Needs {
    /// Those of every database but this.
    but: Option<usize>,
    /// It may be done though it is not known how they stand.
    cure: bool,
    /// Whose time it takes.
    leave: Leave,
}

impl Acting {
    /// Opens the audit where actions are allowed; a program that only looks writes nothing.
    pub fn start(spec: &ActionsSpec, inbox: Arc<Inbox>) -> std::io::Result<Acting> {
        Acting::recording(spec, spec.allow, inbox)
    }

    /// Opens it in any case: something was asked for, and a refusal is recorded too.
    pub fn asked(spec: &ActionsSpec, inbox: Arc<Inbox>) -> std::io::Result<Acting> {
        Acting::recording(spec, true, inbox)
    }

    fn recording(spec: &ActionsSpec, records: bool, inbox: Arc<Inbox>) -> std::io::Result<Acting> {
        let audit = if records { Some(AuditThread::start(spec, Arc::clone(&inbox))?) } else { None };
        let history = HistoryReader::new(spec, Arc::clone(&inbox));
        Ok(Acting { inbox, history, audit, interrupted: tokio::sync::watch::channel(None).0, turns: Turns::default() })
    }

    /// Lets the audit finish; where its chain ends, if anything was written.
    #[must_use]
    pub fn finish(self) -> Option<Safe> {
        self.audit.and_then(AuditThread::finish)
    }

    /// Obeys what acting orders, with or without a screen; what does not concern acting is nothing to it.
    pub fn obey(&self, watch: &Watch, effect: Effect) {
        match effect {
            Effect::Preview(order) => self.preview(watch, *order),
            Effect::Hold { run, key, beside, action, target, cool_down, spending, turns } => {
                self.hold(watch, run, Wanted { key, beside, action, target, cool_down, spending }, &turns);
            }
            Effect::Record { run, number, entry } => self.record(run, number, entry),
            Effect::RunAction { run, step, approved, receivers } => self.run(watch, run, step, approved, receivers),
            Effect::CountTmuxClients => self.count_tmux_clients(),
            Effect::ReadObjects { run, database, identity, objects, verb } => {
                count(watch, database, DatabaseOrder::Left { run, identity, objects, verb });
            }
            Effect::CountKeys { run, cache, identity } => self.count_keys(watch, run, cache, identity),
            Effect::ReadSilence { run, request, made } => {
                let (inbox, clients) = (Arc::clone(&self.inbox), watch.clients().clone());
                watch.io().spawn(async move {
                    silence_orders::read(run, &clients, &request, made.as_deref(), &inbox).await;
                });
            }
            Effect::Release { run, unused } => self.release(watch, run, unused),
            Effect::Second(order) => self.second(*order),
            Effect::Interrupt { run } => {
                self.turns.give_up(run);
                self.interrupted.send_replace(Some(run));
            }
            Effect::ReadNeedy { database } => {
                // Where the database is busy, the menu goes without.
                let _read = watch.order(database, DatabaseOrder::Needy { database });
            }
            Effect::ReadHistory => self.read_history(),
            Effect::LookAtGuards { id, wanted } => self.look_at_guards(id, wanted),
            Effect::KeepClock(trusted) if !self.order(AuditOrder::KeepClock(trusted)) => {
                tracing::warn!("what the wall clock showed could not be kept");
            }
            Effect::KeepClock(_) => {}
            _ => {}
        }
    }

    /// Where this program writes the audit too, what it ends of runs of before is read from it, and never told before it stands
    /// there.
    pub(super) fn read_history(&self) {
        if !self.order(AuditOrder::ReadHistory(self.history.clone())) {
            self.history.read();
        }
    }

    /// Finds out what an action would touch.
    fn preview(&self, watch: &Watch, order: PreviewOrder) {
        let PreviewOrder { id, of, deadline } = order;
        match of {
            PreviewOf::Sessions { database, selector, verb, cap, agreed } => {
                let begun = clock::now();
                if !watch.order(database, DatabaseOrder::Preview { id, selector, verb, cap, agreed, deadline }) {
                    self.inbox.tell(Event::Previewed { id, outcome: Box::new(Err(busy())), begun });
                }
            }
            PreviewOf::Flush { cache } => {
                let (inbox, target) = (Arc::clone(&self.inbox), watch.redis(cache));
                watch.io().spawn(async move { redis_orders::preview(id, target, deadline, &inbox).await });
            }
            PreviewOf::Explain { database, of } => {
                let begun = clock::now();
                if !watch.order(database, DatabaseOrder::Explain { id, of, deadline }) {
                    self.inbox.tell(Event::Previewed { id, outcome: Box::new(Err(busy())), begun });
                }
            }
            PreviewOf::Upkeep { database, upkeep, limit } => {
                let begun = clock::now();
                if !watch.order(database, DatabaseOrder::LookAtRelation { id, upkeep, limit, deadline }) {
                    self.inbox.tell(Event::Previewed { id, outcome: Box::new(Err(busy())), begun });
                }
            }
            PreviewOf::Backup { database, backup, name } => {
                let (kept, scratch) = (watch.orders(database), watch.scratch(backup.scratch));
                let inbox = Arc::clone(&self.inbox);
                let looked = backup_orders::Looked { id, backup, name, kept, scratch };
                watch.io().spawn(async move { backup_orders::preview(looked, deadline, &inbox).await });
            }
            PreviewOf::Receivers(Receivers::Sql { database, sql }) => {
                let begun = clock::now();
                if !watch.order(database, DatabaseOrder::Receivers { id, sql, deadline }) {
                    self.inbox.tell(Event::Previewed { id, outcome: Box::new(Err(busy())), begun });
                }
            }
            PreviewOf::Receivers(Receivers::Endpoint { request, pointer }) => {
                let (inbox, endpoint) =
                    (Arc::clone(&self.inbox), JsonEndpoint::new(request, watch.clients(), deadline));
                watch.io().spawn(async move { receivers_of(id, endpoint, &pointer, &inbox).await });
            }
            PreviewOf::Sql(step) => {
                let begun = clock::now();
                if !watch.order(step.database, DatabaseOrder::PreviewStatement { id, step, deadline }) {
                    self.inbox.tell(Event::Previewed { id, outcome: Box::new(Err(busy())), begun });
                }
            }
            PreviewOf::Redis(step) => {
                let (inbox, target) = (Arc::clone(&self.inbox), watch.redis(step.cache));
                watch.io().spawn(async move {
                    redis_orders::preview_command(id, target, &step, deadline, &inbox).await;
                });
            }
            PreviewOf::Service(step) => {
                let inbox = Arc::clone(&self.inbox);
                watch.io().spawn(async move { service_orders::preview(id, &step, deadline, &inbox).await });
            }
            PreviewOf::Silence(request) => {
                let (inbox, clients) = (Arc::clone(&self.inbox), watch.clients().clone());
                watch
                    .io()
                    .spawn(async move { silence_orders::preview(id, &clients, &request, deadline, &inbox).await });
            }
        }
    }

    /// Counts who else is attached to our tmux session.
    fn count_tmux_clients(&self) {
        // Where the thread is stuck, the card cannot be run either.
        let _told = self.order(AuditOrder::CountTmuxClients);
    }

    /// Writes to the audit.
    fn record(&self, run: Option<u64>, number: u64, entry: Box<Entry>) {
        if self.order(AuditOrder::Record { run, number, entry }) {
            return;
        }
        tracing::error!("a record was lost: the audit's disk does not answer");
        if let Some(run) = run {
            let written = Err(Safe::of("the audit's disk does not answer"));
            self.tell(run, Input::Written { number, written });
        }
    }

    /// Takes the locks of a target.
    fn hold(&self, watch: &Watch, run: u64, wanted: Wanted, turns: &[Turn]) {
        self.turns.begin(run, turns);
        let (orders, inbox) = (self.audit.as_ref().map(AuditThread::orders), Arc::clone(&self.inbox));
        let (turns, kept) = (self.turns.clone(), self.turns.kept(watch, run, None));
        let give = move |had| {
            let order = AuditOrder::Hold { run, wanted, had, turns };
            if !orders.is_some_and(|orders| orders.give(order)) {
                let held = Input::Held(Err(Safe::of("the disk of the locks does not answer")));
                inbox.tell(Event::ActionHappened { run, input: Box::new(held) });
            }
        };
        if kept.is_empty() {
            return give(Ok(()));
        }
        let (turns, mut halt, kin) = (self.turns.clone(), self.interrupted.subscribe(), watch.kin());
        watch.io().spawn(async move {
            let stopped = async {
                if halt.wait_for(|wanted| *wanted == Some(run)).await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            let had = tokio::select! {
                had = async {
                    turns::introduce(&kin).await;
                    turns.take(run, kept).await
                } => had,
                () = stopped => turns.against(run).map_or(Ok(()), Err),
            };
            give(had);
        });
    }

    /// What concerns a second person goes to the folder that operators share.
    fn second(&self, order: SecondOrder) {
        let silent = || Safe::of("the disk of the audit and the shared folder does not answer");
        let lost = match &order {
            SecondOrder::Ask(_) => SecondEvent::Asked(Err(silent())),
            SecondOrder::Find { .. } => SecondEvent::Found(Err(silent())),
            SecondOrder::Approve { seen, .. } => SecondEvent::Answered { id: seen.id.clone(), outcome: Err(silent()) },
        };
        if !self.order(AuditOrder::Second(order)) {
            self.inbox.tell(Event::Second(Box::new(lost)));
        }
    }

    /// Looks who holds targets. Where the thread is stuck nothing is known of it, and nothing is said.
    fn look_at_guards(&self, id: u64, wanted: Vec<standing::Wanted>) {
        let _asked = self.order(AuditOrder::Look { id, wanted });
    }

    /// Lets them go.
    fn release(&self, watch: &Watch, run: u64, unused: Option<Unused>) {
        turns::give_back(watch, &self.turns, run);
        if !self.order(AuditOrder::Release { run, unused }) {
            tracing::error!("the locks of a run could not be let go; they go with this program");
        }
    }

    /// Does a step. Only with what the guard made.
    fn run(&self, watch: &Watch, run: u64, step: usize, approved: Box<Approved>, receivers: Option<Receivers>) {
        let cure = turn::may_be_the_cure(&approved.step().work);
        let needs = Needs { but: None, cure, leave: leave(&approved) };
        match &approved.step().work {
            Work::Sessions(SessionsStep { database, .. }) => self.run_at(watch, *database, run, step, approved),
            Work::Explain(explain) => self.run_at(watch, explain.database, run, step, approved),
            Work::Sql(sql) => self.run_at(watch, sql.database, run, step, approved),
            Work::Redis(redis) => {
                let (inbox, target) = (Arc::clone(&self.inbox), watch.redis(redis.cache));
                self.with_turns(watch, run, step, needs, async move {
                    redis_orders::run(run, step, target, &approved, &inbox).await;
                });
            }
            Work::WaitUntil(_) | Work::Look(_) | Work::Manual(_) | Work::Pause(_) => {
                let end = StepEnd::Failed(Cause::Other(Safe::of("nothing is sent for such a step")));
                self.tell(run, Input::StepEnded { step, end });
            }
            Work::Command(command) => {
                let (command, leave) = (command.clone(), leave(&approved));
                let inbox = Arc::clone(&self.inbox);
                self.with_turns(watch, run, step, needs, async move {
                    let end = Commands::here().run_command(&command, leave.left()).await.step_end(&command);
                    inbox.tell(Event::ActionHappened { run, input: Box::new(Input::StepEnded { step, end }) });
                });
            }
            Work::Service(work) => {
                let (work, leave) = (work.clone(), leave(&approved));
                let inbox = Arc::clone(&self.inbox);
                self.with_turns(watch, run, step, needs, async move {
                    service_orders::run(run, step, &work, &leave, &inbox).await;
                });
            }
            Work::Flush(flush) => {
                let (inbox, target) = (Arc::clone(&self.inbox), watch.redis(flush.cache));
                self.with_turns(watch, run, step, needs, async move {
                    redis_orders::run(run, step, target, &approved, &inbox).await;
                });
            }
            Work::Upkeep(upkeep) => {
                let (own, kept) = (watch.own_source(upkeep.database), watch.orders(upkeep.database));
                let (halt, inbox) = (self.interrupted.subscribe(), Arc::clone(&self.inbox));
                self.with_turns(watch, run, step, needs, async move {
                    upkeep_orders::run(run, step, &approved, own, kept, halt, &inbox).await;
                });
            }
            Work::Backup(backup) => {
                let (own, scratch) = (watch.own_source(backup.database), watch.scratch(backup.backup.scratch));
                let (halt, inbox) = (self.interrupted.subscribe(), Arc::clone(&self.inbox));
                self.with_turns(watch, run, step, needs, async move {
                    Box::pin(backup_orders::run(run, step, &approved, own, scratch, halt, &inbox)).await;
                });
            }
            Work::Silence(request) => {
                let (request, clients, inbox) = (request.clone(), watch.clients().clone(), Arc::clone(&self.inbox));
                self.with_turns(watch, run, step, needs, async move {
                    silence_orders::run(run, step, &clients, &request, &approved, &inbox).await;
                });
            }
            Work::Http(http) => {
                let (http, leave) = (http.clone(), leave(&approved));
                let (clients, inbox) = (watch.clients().clone(), Arc::clone(&self.inbox));
                let reach = receivers.map(|receivers| Reach::new(receivers, |at| watch.orders(at), &clients));
                self.with_turns(watch, run, step, needs, async move {
                    let against = match reach {
                        Some(reach) => reach.against(&approved).await,
                        None => None,
                    };
                    let end = match against {
                        Some(end) => end,
                        None => crate::adapters::http::change::change(&clients, &http, &leave).await,
                    };
                    inbox.tell(Event::ActionHappened { run, input: Box::new(Input::StepEnded { step, end }) });
                });
            }
        }
    }

    /// Does a step over the kept connection of a database, or from beside it. That takes the database's own turn by itself.
    fn run_at(&self, watch: &Watch, database: usize, run: u64, step: usize, approved: Box<Approved>) {
        let others = self.turns.kept(watch, run, Some(database));
        let reads = match &approved.step().work {
            Work::Explain(_) => true,
            Work::Sql(sql) => sql.read_only,
            _ => false,
        };
        if others.is_empty() || reads {
            if !watch.order(database, DatabaseOrder::Run { run, step, approved }) {
                self.tell(run, Input::StepEnded { step, end: StepEnd::Failed(busy()) });
            }
            return;
        }
        let (kept, inbox) = (watch.orders(database), Arc::clone(&self.inbox));
        let needs = Needs { but: Some(database), cure: false, leave: leave(&approved) };
        self.with_turns(watch, run, step, needs, async move {
            let sent = kept.is_some_and(|kept| kept.try_send(DatabaseOrder::Run { run, step, approved }).is_ok());
            if !sent {
                let end = Input::StepEnded { step, end: StepEnd::Failed(busy()) };
                inbox.tell(Event::ActionHappened { run, input: Box::new(end) });
            }
        });
    }

    /// Does what changes something once it is known that the run still keeps other operators out.
    fn with_turns(
        &self,
        watch: &Watch,
        run: u64,
        step: usize,
        needs: Needs,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        let Needs { but, cure, leave } = needs;
        let (kept, inbox) = (self.turns.kept(watch, run, but), Arc::clone(&self.inbox));
        watch.io().spawn(async move {
            let stand = turns::stand(run, kept, cure, leave.left()).await;
            let tell = |input| inbox.tell(Event::ActionHappened { run, input: Box::new(input) });
            for words in stand.words {
                tell(Input::Remarked(words));
            }
            match stand.against {
                Some(cause) => tell(Input::StepEnded { step, end: StepEnd::Failed(cause) }),
                None => work.await,
            }
        });
    }

    /// Counts the keys of a cache's database.
    pub fn count_keys(&self, watch: &Watch, run: u64, cache: usize, identity: Identity) {
        let (inbox, target) = (Arc::clone(&self.inbox), watch.redis(cache));
        watch.io().spawn(async move { redis_orders::count(run, target, &identity, &inbox).await });
    }

    fn order(&self, order: AuditOrder) -> bool {
        self.audit.as_ref().is_some_and(|audit| audit.order(order))
    }

    fn tell(&self, run: u64, input: Input) {
        self.inbox.tell(Event::ActionHappened { run, input: Box::new(input) });
    }
}

async fn receivers_of(id: u64, mut endpoint: JsonEndpoint, pointer: &str, inbox: &Inbox) {
    let begun = clock::now();
    let outcome = endpoint.counts(pointer, receivers::MOST + 1).await.map(receivers::found);
    inbox.tell(Event::Previewed { id, outcome: Box::new(outcome), begun });
}

fn count(watch: &Watch, database: usize, order: DatabaseOrder) {
    if !watch.order(database, order) {
        tracing::warn!("the database has too many orders waiting; its sessions are counted later");
    }
}

fn busy() -> Cause {
    Cause::Other(Safe::of("the database is still busy with what was asked before"))
}
