//! The thread of the metrics engine: it hands the engine what comes, wakes it when it is due, and keeps
//! its alerts over a restart. The loop and the scrapes never wait for it.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::adapters::alert_state::AlertState;
use crate::adapters::rules_files::Found;
use crate::alerts::lifecycle::{Failure, Outcome, Saved};
use crate::config::Resolved;
use crate::config::resolved::MetricsSpec;
use crate::domain::Safe;
use crate::engine::by_server::Ask;
use crate::engine::settings::TargetSettings;
use crate::engine::{Engine, Input, Output, Question, Settings};
use crate::metrics::labels::Labels;
use crate::metrics::{exposition, store};

use super::clock;
use super::inbox::Inbox;
use super::judging::Asks;
use super::rules_reader::{self, Read, RulesReader};
use super::state_keeper::StateKeeper;

/// Messages that wait at most.
const WAITING: usize = 64;
/// Groups that wait to be asked for at most.
const ASKS: usize = 1024;
/// Bytes of pages that wait at most.
const WAITING_BYTES: usize = 96 << 20;
/// Pause between looks at whether the rules files can be read.
const LOOK: Duration = Duration::from_secs(5);
/// Where there are no rules nothing is due.
const IDLE: Duration = Duration::from_secs(600);
/// Pause between two writings of what is kept.
const KEEP: Duration = Duration::from_secs(60);

enum Message {
    Input(Input, usize),
    ReadRules,
    /// Answers of the server are there.
    Judged,
    Rules(Vec<Found>),
    Leave,
}

/// What near end and thread share.
#[derive(Default)]
struct Shared {
    /// Targets that were found while running; taken before anything that came later.
    found: Mutex<Vec<TargetSettings>>,
    /// What the server answered; each group that waits has one at most.
    judged: Mutex<Vec<(u64, Vec<Outcome>)>>,
    /// Bytes of pages that wait.
    bytes: AtomicUsize,
    /// Pages that came while the thread was too far behind.
    dropped: AtomicU64,
}

/// Where pages go. Cloning shares it.
#[derive(Clone)]
pub struct Pages {
    sender: SyncSender<Message>,
    shared: Arc<Shared>,
}

impl Pages {
    /// Hands a round over. One that finds no room is dropped, and counted.
    pub fn hand(&self, input: Input) {
        let bytes = match &input {
            Input::Scraped { answer: Ok(body), .. } => body.bytes.len(),
            _ => 0,
        };
        let before = self.shared.bytes.fetch_add(bytes, Ordering::Relaxed);
        let fits = before == 0 || before.saturating_add(bytes) <= WAITING_BYTES;
        if !fits || self.sender.try_send(Message::Input(input, bytes)).is_err() {
            self.shared.bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Pages {
    /// Hands answers of the server over. They are never dropped: where no message finds room there are others that wake the thread.
    pub fn judged(&self, id: u64, answers: Vec<Outcome>) {
        self.shared.judged.lock().unwrap_or_else(PoisonError::into_inner).push((id, answers));
        let _ = self.sender.try_send(Message::Judged);
    }
}

/// The near end. Dropping it keeps what is to be kept and ends the thread.
pub struct EngineThread {
    pages: Pages,
    inbox: Arc<Inbox>,
    thread: Option<JoinHandle<()>>,
    /// What the server is to be asked, until somebody does.
    asks: Option<Asks>,
}

impl EngineThread {
    /// Starts it; rules are evaluated first when every target was read so often.
    pub fn start(resolved: &Resolved, rounds_first: u32, inbox: Arc<Inbox>) -> std::io::Result<EngineThread> {
        let read = rules_reader::files(resolved.know.rules.clone());
        EngineThread::start_reading(resolved, rounds_first, inbox, read)
    }

    fn start_reading(
        resolved: &Resolved,
        rounds_first: u32,
        inbox: Arc<Inbox>,
        read: impl Read,
    ) -> std::io::Result<EngineThread> {
        let (sender, waiting) = sync_channel(WAITING);
        let shared = Arc::new(Shared::default());
        let know = &resolved.know;
        let state = AlertState::of(know.state.as_deref(), resolved.name.as_str(), &know.rules)
            .filter(|_| !know.rules.is_empty());
        let keeper = state.map(|state| StateKeeper::start(state, know.keeps)).transpose()?;
        let keeps = know.keeps;
        let settings = settings(resolved, rounds_first);
        let (ask, asks) = mpsc::channel(ASKS);
        let (inbox_of_thread, shared_of_thread) = (Arc::clone(&inbox), Arc::clone(&shared));
        let of_rules = sender.clone();
        let tell = move |found| of_rules.send(Message::Rules(found)).is_ok();
        let rules = Some(know.rules.clone()).filter(|rules| !rules.is_empty());
        let rules = rules.map(|rules| RulesReader::start(rules, read, tell)).transpose()?;
        let thread = std::thread::Builder::new().name("engine".to_owned()).spawn(move || {
            let engine = Engine::new(settings, clock::now());
            let far = Far {
                engine,
                rules,
                keeper,
                keeps,
                told_unkept: None,
                inbox: inbox_of_thread,
                shared: shared_of_thread,
                unkept: None,
                kept: None,
                told_dropped: 0,
                ask,
            };
            far.run(&waiting);
        })?;
        Ok(EngineThread { pages: Pages { sender, shared }, inbox, thread: Some(thread), asks: Some(asks) })
    }

    /// What the server is to be asked; for whoever does that.
    #[must_use]
    pub fn asks(&mut self) -> Option<Asks> {
        self.asks.take()
    }

    /// Where pages go.
    #[must_use]
    pub fn pages(&self) -> Pages {
        self.pages.clone()
    }

    /// One more target; the next place is its.
    pub fn found(&self, spec: &MetricsSpec) {
        let mut found = self.pages.shared.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.push(target(spec));
    }

    /// Asks; where too much waits, the answer says so at once.
    pub fn ask(&self, id: u64, question: Question) {
        if self.pages.sender.try_send(Message::Input(Input::Asked { id, question }, 0)).is_err() {
            let answer = Err(Safe::of("the engine is behind; ask again"));
            self.inbox.tell_engine(vec![Output::Answered { id, answer }]);
        }
    }

    /// Reads the rules files again.
    pub fn read_rules(&self) {
        let _ = self.pages.sender.try_send(Message::ReadRules);
    }
}

impl Drop for EngineThread {
    fn drop(&mut self) {
        // It takes what waits first; the deadline of leaving stands above this.
        let _ = self.pages.sender.send(Message::Leave);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the engine is told of a target.
fn target(spec: &MetricsSpec) -> TargetSettings {
    TargetSettings {
        name: spec.name.clone(),
        labels: Labels::new([("job", spec.job.as_str()), ("instance", spec.instance.as_str())]),
        interval: spec.interval,
        durations: spec.durations.clone(),
        requests: spec.requests.clone(),
        status: spec.status.clone(),
        cache: spec.cache.clone(),
        window: spec.window,
    }
}

fn settings(resolved: &Resolved, rounds_first: u32) -> Settings {
    let know = &resolved.know;
    // Where nothing can come there is nothing to wait for.
    let nothing_comes = resolved.metrics.is_empty() && resolved.origins.is_empty();
    let rounds = if nothing_comes { 0 } else { rounds_first };
    Settings {
        targets: resolved.metrics.iter().map(target).collect(),
        store: store::Limits { bytes: know.bytes, keep: know.keep },
        page: exposition::Limits { series: know.series, ..exposition::Limits::default() },
        rules: know.rules.clone(),
        interval: know.rules_interval,
        rules_by: know.rules_by,
        external_labels: Labels::new(know.external_labels.iter().map(|(name, value)| (name.as_str(), value.as_str()))),
        rounds_first,
        patience: Settings::default().patience * rounds,
    }
}

/// The far end.
struct Far {
    engine: Engine,
    rules: Option<RulesReader>,
    keeper: Option<StateKeeper>,
    /// What alerts become is kept; else what is kept was only looked at.
    keeps: bool,
    /// Why it is not, as it was told.
    told_unkept: Option<Safe>,
    inbox: Arc<Inbox>,
    shared: Arc<Shared>,
    /// What is to be kept and is not yet.
    unkept: Option<Saved>,
    kept: Option<Instant>,
    told_dropped: u64,
    ask: mpsc::Sender<(Instant, Ask)>,
}

impl Far {
    fn run(mut self, waiting: &Receiver<Message>) {
        self.restore();
        loop {
            let (message, idle) = self.wait(waiting);
            self.engine.idled(idle);
            match message {
                Ok(Message::Input(input, bytes)) => {
                    self.take_found();
                    self.step(input);
                    self.shared.bytes.fetch_sub(bytes, Ordering::Relaxed);
                }
                Ok(Message::ReadRules) => self.rules.iter().for_each(RulesReader::read),
                Ok(Message::Rules(found)) => self.step(Input::RulesRead(found)),
                Ok(Message::Judged) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Message::Leave) | Err(RecvTimeoutError::Disconnected) => break,
            }
            self.take_found();
            self.take_judged();
            if self.engine.next().is_some_and(|due| clock::now().boot >= due) {
                self.step(Input::TimePassed);
            }
            if let Some(silent) = self.rules.as_mut().and_then(RulesReader::silent) {
                self.step(Input::RulesRead(silent));
            }
            if self.kept.is_none_or(|kept| kept.elapsed() >= KEEP) {
                self.keep();
            }
            self.tell_unkept();
        }
        self.keep();
    }

    /// Waits for what comes, and for how long that was: only a sleep makes it longer than its patience.
    fn wait(&self, waiting: &Receiver<Message>) -> (Result<Message, RecvTimeoutError>, Duration) {
        let begun = clock::now().boot;
        let message = waiting.recv_timeout(self.patience());
        (message, clock::now().boot.saturating_sub(begun))
    }

    /// How long there is nothing to do by itself.
    fn patience(&self) -> Duration {
        let longest = if self.rules.is_none() { IDLE } else { LOOK };
        self.engine.next().map_or(longest, |due| due.saturating_sub(clock::now().boot).min(longest))
    }

    fn take_found(&mut self) {
        let found = std::mem::take(&mut *self.shared.found.lock().unwrap_or_else(PoisonError::into_inner));
        for target in found {
            self.step(Input::TargetFound(Box::new(target)));
        }
    }

    fn take_judged(&mut self) {
        let judged = std::mem::take(&mut *self.shared.judged.lock().unwrap_or_else(PoisonError::into_inner));
        for (id, answers) in judged {
            self.step(Input::Judged { id, answers });
        }
    }

    /// Has the server asked; where that cannot be, the answer says so at once.
    fn ask_server(&mut self, ask: Ask) {
        let (id, count) = (ask.id, ask.questions.len());
        if self.ask.try_send((Instant::now(), ask)).is_err() {
            let why = Failure::NotEvaluated(Safe::of("the server was not asked: too many groups wait"));
            self.step(Input::Judged { id, answers: vec![Err(why); count] });
        }
    }

    fn restore(&mut self) {
        if let Some(saved) = self.keeper.as_mut().and_then(StateKeeper::restored) {
            self.step(Input::Restored(saved));
        }
        self.tell_unkept();
    }

    /// That what alerts become is not kept is told, and that it is again.
    fn tell_unkept(&mut self) {
        let unkept = self.keeper.as_ref().and_then(StateKeeper::trouble);
        if unkept != self.told_unkept {
            self.told_unkept.clone_from(&unkept);
            self.inbox.tell_engine(vec![Output::Unkept(unkept)]);
        }
    }

    fn step(&mut self, input: Input) {
        let begun = Instant::now();
        let mut outputs = self.engine.step(input, clock::now());
        let took = begun.elapsed();
        for output in &mut outputs {
            if let Output::Alerts(told) = output
                && let Some(told) = Arc::get_mut(told)
            {
                told.took = took;
            }
        }
        if let Some(at) = outputs.iter().position(|output| matches!(output, Output::Keep(_)))
            && let Output::Keep(saved) = outputs.remove(at)
        {
            self.unkept = Some(saved);
        }
        let dropped = self.shared.dropped.load(Ordering::Relaxed);
        if dropped != self.told_dropped {
            self.told_dropped = dropped;
            outputs.push(Output::Behind { dropped });
        }
        let (asks, outputs): (Vec<Output>, Vec<Output>) =
            outputs.into_iter().partition(|output| matches!(output, Output::AskServer(_)));
        if !outputs.is_empty() {
            self.inbox.tell_engine(outputs);
        }
        for ask in asks {
            if let Output::AskServer(ask) = ask {
                self.ask_server(ask);
            }
        }
    }

    fn keep(&mut self) {
        let Some(keeper) = self.keeper.as_ref().filter(|_| self.keeps) else { return };
        let Some(saved) = self.unkept.take() else { return };
        self.kept = Some(Instant::now());
        keeper.keep(saved);
    }
}

#[cfg(test)]
mod tests;
