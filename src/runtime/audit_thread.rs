//! The thread of the audit, its file open from the start: what is recorded is on disk before anybody is told so. Locks of
//! targets and the beginnings of cool-downs are kept here too: both are files, and both come before an effect.

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::adapters::audit_log::{self, AuditError, AuditFault, AuditLog, Place};
use crate::adapters::shared_folder::Hold;
use crate::adapters::{config_files, tmux};
use crate::app::Event;
use crate::config::resolved::ActionsSpec;
use crate::domain::Safe;
use crate::remediation::audit::{Entry, Unfinished, Value};
use crate::remediation::execution::Input;

use super::clock;
use super::guards::{Guards, Wanted};
use super::inbox::Inbox;

/// Orders that wait at most. A person makes a handful in a minute.
const WAITING: usize = 256;

/// tmux answers within this, or is not asked further.
const TMUX: Duration = Duration::from_secs(1);

/// What the thread does.
#[derive(Debug)]
pub enum AuditOrder {
    /// Write this; a run that waits for it is told.
    Record {
        /// For which run.
        run: Option<u64>,
        /// What.
        entry: Box<Entry>,
    },
    /// Count the clients of our tmux session.
    CountTmuxClients,
    /// Take the locks of a target and note that the cool-down begins.
    Hold {
        /// For which run.
        run: u64,
        /// What is wanted.
        wanted: Wanted,
    },
    /// Let the locks go.
    Release {
        /// Of which run.
        run: u64,
    },
}

/// The near end. [`AuditThread::finish`] lets the thread finish what waits.
pub struct AuditThread {
    orders: Option<SyncSender<AuditOrder>>,
    thread: Option<JoinHandle<Option<Safe>>>,
}

impl AuditThread {
    /// Opens the audit on a thread of its own; what it finds is told.
    pub fn start(spec: &ActionsSpec, inbox: Arc<Inbox>) -> std::io::Result<AuditThread> {
        let (orders, waiting) = sync_channel(WAITING);
        let spec = spec.clone();
        let thread =
            std::thread::Builder::new().name("audit".to_owned()).spawn(move || work(&spec, &waiting, &inbox))?;
        Ok(AuditThread { orders: Some(orders), thread: Some(thread) })
    }

    /// Gives an order; `false` when the thread is stuck.
    #[must_use]
    pub fn order(&self, order: AuditOrder) -> bool {
        self.orders.as_ref().is_some_and(|orders| orders.try_send(order).is_ok())
    }
}

impl AuditThread {
    /// Lets it finish what waits; where the chain ends, if anything was written.
    #[must_use]
    pub fn finish(mut self) -> Option<Safe> {
        self.orders = None;
        self.thread.take()?.join().ok().flatten()
    }
}

fn work(spec: &ActionsSpec, waiting: &Receiver<AuditOrder>, inbox: &Inbox) -> Option<Safe> {
    let mut desk = Desk::open(spec, inbox);
    for order in waiting {
        match order {
            AuditOrder::Record { run, entry } => {
                let written = desk.record(&entry);
                if let Some(run) = run {
                    tell(inbox, run, Input::Recorded(written.clone()));
                }
                inbox.tell(Event::AuditStands(written));
            }
            AuditOrder::CountTmuxClients => {
                if let Some(clients) = tmux::clients(std::env::var_os("TMUX").as_deref(), TMUX) {
                    inbox.tell(Event::TmuxClientsCounted(clients));
                }
            }
            AuditOrder::Hold { run, wanted } => {
                let held = desk.guards.hold(&wanted);
                let input = Input::Held(held.map(|holds| drop(desk.holds.insert(run, holds))));
                tell(inbox, run, input);
            }
            AuditOrder::Release { run } => drop(desk.holds.remove(&run)),
        }
    }
    // The head is worth keeping elsewhere: a chain alone cannot prove that it was not rewritten whole.
    let log = desk.log.as_ref().ok().filter(|_| desk.wrote)?;
    let chain = log.head();
    Some(Safe::of(format!("audit {}: {} records, head {}", log.file(), chain.seq(), chain.head().hex())))
}

fn tell(inbox: &Inbox, run: u64, input: Input) {
    inbox.tell(Event::ActionHappened { run, input: Box::new(input) });
}

struct Desk {
    log: Result<AuditLog, Safe>,
    place: Option<Place>,
    guards: Guards,
    holds: HashMap<u64, Vec<Hold>>,
    wrote: bool,
}

impl Desk {
    fn open(spec: &ActionsSpec, inbox: &Inbox) -> Desk {
        let own = audit_log::default_folder();
        let place = match &spec.audit {
            Some(path) => Some(Place { shared: is_of_a_group(path), path: path.clone() }),
            None => own.map(|path| Place { path, shared: false }),
        };
        let guards = Guards::open(spec);
        if let Some(words) = guards.coverage() {
            inbox.tell(Event::GuardsCover(words));
        }
        let mut desk = Desk { log: Err(Safe::default()), place, guards, holds: HashMap::new(), wrote: false };
        desk.open_log(inbox);
        desk
    }

    fn open_log(&mut self, inbox: &Inbox) {
        let Some(place) = &self.place else {
            self.log = Err(Safe::of("there is no home folder to keep it in; set audit under [actions]"));
            return;
        };
        let now = clock::now();
        let writer = audit_log::writer(&config_files::variables(), now);
        match AuditLog::open(place, writer, now) {
            Ok((log, opened)) => {
                if !opened.recovered.is_empty() {
                    inbox.tell(Event::RunsRecovered(opened.recovered.iter().map(words).collect()));
                }
                for found in opened.notes {
                    tracing::warn!("audit: {found}");
                }
                self.log = Ok(log);
            }
            Err(error) => {
                let why = Safe::of(error.to_string());
                inbox.tell(Event::AuditStands(Err(why.clone())));
                self.log = Err(why);
            }
        }
    }

    /// Writes; a file that was lost is followed by a new one at the next attempt, never within this one.
    fn record(&mut self, entry: &Entry) -> Result<(), Safe> {
        let log = self.log.as_mut().map_err(|why| why.clone())?;
        let now = clock::now();
        // An outcome too: it has to stand somewhere.
        if log.degraded().is_some() {
            log.new_segment(now).map_err(|error| Safe::of(error.to_string()))?;
        }
        let mut written = log.append(entry, now);
        let is_lost = |failed: &AuditError| failed.fault == AuditFault::Degraded;
        // An outcome has to stand somewhere: the file that was lost is followed by a new one. An intent is not tried again.
        if written.as_ref().is_err_and(is_lost) && entry.event().is_terminal() {
            log.new_segment(now).map_err(|error| Safe::of(error.to_string()))?;
            written = log.append(entry, now);
            // It stands in the old file after all.
            if written.as_ref().is_err_and(|failed| failed.fault == AuditFault::Misplaced) {
                return Ok(());
            }
        }
        match written {
            Ok(_on_disk) => {
                self.wrote = true;
                Ok(())
            }
            Err(error) => {
                tracing::error!("audit: {error}");
                Err(Safe::of(error.to_string()))
            }
        }
    }
}

/// A folder that a group may write to is one that several operators share.
fn is_of_a_group(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o020 != 0)
}

/// What is known of a run that never came to an end.
fn words(run: &Unfinished) -> Safe {
    let field = |name: &str| match run.fields.iter().find(|(known, _)| known == name) {
        Some((_, Value::Text(text))) => text.clone(),
        _ => Safe::of("?"),
    };
    Safe::of(format!("{}  {} on {}, by process {}", run.at, field("action"), field("target"), run.writer.pid))
}
