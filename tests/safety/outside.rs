//! What lies outside the whole program, simulated: a disk that loses its fsync, locks, targets that fail, fall silent or answer
//! late. It writes down everything that reached it, in order.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use quarterdeck::app::effect::{PreviewOf, PreviewOrder};
use quarterdeck::app::{Effect, Event};
use quarterdeck::domain::arrival::Reading;
use quarterdeck::domain::session::SessionState;
use quarterdeck::domain::source::{SourceId, SourceKind};
use quarterdeck::domain::{Arrival, Cause, Moment, Safe, Untrusted};
use quarterdeck::remediation::audit::{AuditEvent, Entry};
use quarterdeck::remediation::card::{Identity, Preview};
use quarterdeck::remediation::execution::Input;
use quarterdeck::remediation::guard::Approved;
use quarterdeck::remediation::service::facts::{Instance, ServiceFacts, ServiceState};
use quarterdeck::remediation::step::StepEnd;

use crate::cards::{done, left, object};
use crate::stage::Happening;
use crate::world::World;
use crate::world::readings::{Postgres, answer, cause, counters, session};

/// What reached the outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// The locks of a run were asked for.
    Asked(u64),
    /// They were given.
    Held(u64),
    /// A record is on disk.
    OnDisk(Option<u64>, AuditEvent),
    /// A record is not.
    Lost(Option<u64>, AuditEvent),
    /// A step of a run did something.
    Effect(u64, usize),
    /// The program was asked to do a step that did nothing.
    Vain(u64, usize),
    /// Something for a second person.
    Second,
    /// What only reads.
    Looked,
    /// What concerns the screen alone.
    Screen,
    /// The program leaves.
    Left,
}

/// The outside.
pub struct Outside {
    pub log: Vec<Seen>,
    /// The audit, as it would be read after a power cut.
    pub disk: Vec<Entry>,
    pub locks: BTreeMap<u64, String>,
    coming: VecDeque<Event>,
    /// What goes wrong, in the order in which it is asked.
    pub chance: Vec<u8>,
    at: usize,
}

impl Outside {
    pub fn new(chance: Vec<u8>) -> Outside {
        Outside { log: Vec::new(), disk: Vec::new(), locks: BTreeMap::new(), coming: VecDeque::new(), chance, at: 0 }
    }

    /// Whether it goes wrong this time: so many times of 256.
    fn fails(&mut self, times: u8) -> bool {
        self.at += 1;
        self.chance.get((self.at - 1) % self.chance.len().max(1)).is_some_and(|byte| *byte < times)
    }

    /// An answer on its way; where chance wants it, one that overtook another.
    pub fn next(&mut self) -> Option<Event> {
        if self.coming.len() > 1 && self.fails(60) { self.coming.remove(1) } else { self.coming.pop_front() }
    }

    fn tell(&mut self, run: u64, input: Input) {
        self.coming.push_back(Event::ActionHappened { run, input: Box::new(input) });
    }

    /// Carries an order out.
    pub fn obey(&mut self, world: &World, effect: Effect) {
        match effect {
            Effect::Hold { run, key, .. } => self.hold(run, key),
            Effect::Record { run, number, entry } => self.record(run, number, *entry),
            Effect::RunAction { run, step, approved, .. } => self.run(run, step, &approved),
            Effect::ReadObjects { run, .. } => {
                self.log.push(Seen::Looked);
                self.tell(run, Input::Read(left(world, 0.0)));
            }
            Effect::Release { run, .. } => drop(self.locks.remove(&run)),
            Effect::Preview(order) => self.preview(&order, world.moment()),
            Effect::Second(_) => self.log.push(Seen::Second),
            Effect::Quit => self.log.push(Seen::Left),
            Effect::CountTmuxClients
            | Effect::CountKeys { .. }
            | Effect::ReadSilence { .. }
            | Effect::ReadNeedy { .. }
            | Effect::ReadHistory
            | Effect::ReadDiagnostics
            | Effect::LookAtGuards { .. }
            | Effect::KeepClock(_)
            | Effect::ReloadLog(_)
            | Effect::WatchService(..)
            | Effect::WatchCache(..)
            | Effect::Compute(_)
            | Effect::AskEngine { .. }
            | Effect::AskServer { .. }
            | Effect::ReadRules
            | Effect::WatchMetrics(..)
            | Effect::RefreshAll => self.log.push(Seen::Looked),
            Effect::Interrupt { .. }
            | Effect::SetPause(_)
            | Effect::SetTheme(_)
            | Effect::SetMouse(_)
            | Effect::Copy(_)
            | Effect::RedrawAll
            | Effect::Suspend
            | Effect::KeepAlerts(_)
            | Effect::Ring { .. }
            | Effect::ReadDocuments { .. } => self.log.push(Seen::Screen),
        }
    }

    fn hold(&mut self, run: u64, key: String) {
        self.log.push(Seen::Asked(run));
        let taken = self.locks.values().any(|held| *held == key);
        if taken || self.fails(25) {
            return self.tell(run, Input::Held(Err(Safe::of("held by somebody else"))));
        }
        self.locks.insert(run, key);
        self.log.push(Seen::Held(run));
        self.tell(run, Input::Held(Ok(())));
    }

    /// A record that is lost leaves the audit broken until the next is written to a new file.
    fn record(&mut self, run: Option<u64>, number: u64, entry: Entry) {
        let event = entry.event();
        let written = if self.fails(30) { Err(Safe::of("fsync: input/output error")) } else { Ok(()) };
        self.log.push(if written.is_ok() { Seen::OnDisk(run, event) } else { Seen::Lost(run, event) });
        if written.is_ok() {
            self.disk.push(entry);
        }
        if let Some(run) = run {
            self.tell(run, Input::Written { number, written: written.clone() });
        }
        self.coming.push_back(Event::AuditStands(written));
    }

    fn run(&mut self, run: u64, step: usize, approved: &Approved) {
        let lost = || StepEnd::Unknown(Cause::OurQueryCancelled);
        if self.fails(40) {
            self.log.push(Seen::Vain(run, step));
            let end = StepEnd::Failed(Cause::Other(Safe::of("refused")));
            return self.tell(run, Input::StepEnded { step, end });
        }
        self.log.push(Seen::Effect(run, step));
        match (self.fails(30), self.fails(30)) {
            (true, _) => {}
            (_, true) => self.tell(run, Input::StepEnded { step, end: lost() }),
            _ => self.tell(run, Input::StepEnded { step, end: done(approved.objects()) }),
        }
    }

    fn preview(&mut self, order: &PreviewOrder, begun: Moment) {
        self.log.push(Seen::Looked);
        let outcome = if self.fails(20) { Err(cause("refused")) } else { Ok(found(&order.of)) };
        self.coming.push_back(Event::Previewed { id: order.id, outcome: Box::new(outcome), begun });
    }
}

/// What a look finds.
fn found(of: &PreviewOf) -> Preview {
    let facts = vec![("system", Untrusted::from("7001"))];
    let mut preview =
        Preview { identity: Identity { facts }, effect: vec!["what is sent".into()], ..Preview::default() };
    match of {
        PreviewOf::Sessions { .. } => preview.objects = (0..3).map(|pid| object(pid, SessionState::Active)).collect(),
        PreviewOf::Flush { .. } => preview.count = Some(12345),
        PreviewOf::Service(_) => {
            preview.service = Some(ServiceFacts {
                state: ServiceState::Running,
                instances: vec![Instance { pid: Some(33), invocation: Some("aa".into()) }],
                restarts: Some(0),
                required_by: Vec::new(),
                words: "active".into(),
                anchor: "/etc/unit".into(),
                ..ServiceFacts::default()
            });
        }
        _ => {}
    }
    preview
}

/// A reading of what is watched, as it arrives.
pub fn reading(happening: &Happening, at: Moment) -> Option<Event> {
    let (kind, outcome) = match happening {
        Happening::Database { fails: 1, .. } => (SourceKind::Database, Err(cause("slots"))),
        Happening::Database { used, active, .. } => {
            let sessions = (1..=*active).map(|pid| session(pid, SessionState::Active, 600, "SELECT 1")).collect();
            let reading = Postgres { used: *used, sessions, ..Postgres::default() }.reading();
            (SourceKind::Database, Ok(Reading::Database(Box::new(reading))))
        }
        Happening::Cache(hits, misses, _) => {
            (SourceKind::Cache, Ok(Reading::Cache(Box::new(counters(*hits, *misses, Some("r"), 0)))))
        }
        Happening::Service(status) => {
            (SourceKind::Service, Ok(Reading::Health(Box::new(answer(*status, r#"{"status":"ok"}"#, 5.0)))))
        }
        _ => return None,
    };
    let (took, next_in) = (Duration::from_millis(12), Duration::from_secs(2));
    let arrival = Arrival { source: SourceId::new(kind, 0), outcome, took, begun: at, next_in };
    Some(Event::ReadingArrived(Box::new(arrival)))
}
