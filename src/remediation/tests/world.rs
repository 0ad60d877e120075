//! A world that carries out orders, with faults as a script says, and writes down every effect with what was on disk then.

use std::collections::VecDeque;
use std::sync::LazyLock;
use std::time::Duration;

use crate::domain::session::{SessionId, SessionState};
use crate::domain::source::SourceKind;
use crate::domain::target::{Environment, Provenance};
use crate::domain::{Cause, Moment, Safe};
use crate::remediation::action::{Action, Limits, Plan, SessionSelector, Target};
use crate::remediation::approval::{Demands, NO_POLICY};
use crate::remediation::card::{Card, Identity, Preview};
use crate::remediation::clock_trust::ClockTrust;
use crate::remediation::execution::{Execution, Input, Note, Order, Phase};
use crate::remediation::guard::{Consent, Situation, Warrant, review};
use crate::remediation::level::Level;
use crate::remediation::measure::{Evidence, Expectation, Measure, Proof, Trial};
use crate::remediation::object::{Fate, Object, ObjectKey};
use crate::remediation::outcome::Outcome;
use crate::remediation::parameter::Given;
use crate::remediation::step::{SessionVerb, StepEnd, Work};

/// A clock that was trusted at the beginning.
pub static CLOCK: LazyLock<ClockTrust> = LazyLock::new(|| ClockTrust::begin(Moment::fixed(0.0)));

pub fn at(secs: f64) -> Moment {
    Moment::fixed(secs)
}

pub fn key(pid: i32) -> ObjectKey {
    let id = SessionId { pid, backend_start_us: i64::from(pid) * 1000 };
    ObjectKey::Session { id, state: SessionState::Idle, since_us: 5 }
}

pub fn object(pid: i32) -> Object {
    Object {
        key: key(pid),
        label: Safe::of(format!("pid {pid}")),
        query: "SELECT 1".into(),
        user: Safe::of("app"),
        application: Safe::of("api"),
        client: Safe::of("10.0.0.7"),
        database: Safe::default(),
        age: Some(Duration::from_secs(600)),
        remark: Safe::default(),
    }
}

pub fn evidence(measure: Measure, value: Option<f64>, when: Moment) -> Evidence {
    let words = Safe::of(value.map_or("-".to_owned(), |v| v.to_string()));
    Evidence { measure, value, at: when, words, chance: 0.0 }
}

pub fn action(level: Level) -> Action {
    Action {
        id: Safe::of("terminate-idle"),
        title: Safe::of("terminate idle sessions"),
        level,
        target: Target {
            kind: SourceKind::Database,
            at: Some(0),
            name: Safe::of("main"),
            environment: Environment::Staging,
            provenance: Provenance::Configured,
            on_loopback: false,
        },
        plan: Plan::Sessions { selector: SessionSelector::RootBlocker, verb: SessionVerb::Terminate },
        preconditions: Vec::new(),
        limits: Limits { cap: 50, cool_down: Duration::from_secs(60), deadline: Duration::from_secs(5) },
        proof: Proof {
            trials: vec![
                Trial { measure: Measure::ObjectsLeft, expect: Expectation::None, name: Safe::of("sessions left") },
                Trial { measure: Measure::UsedSlots(0), expect: Expectation::Fell, name: Safe::of("connections") },
            ],
            settle: Duration::from_secs(2),
            within: Duration::from_secs(30),
            stable: Duration::from_secs(3),
        },
        undo: Safe::of("nothing; clients connect again"),
        warnings: Vec::new(),
        given: Given::default(),
    }
}

pub fn card(action: Action, pids: std::ops::Range<i32>) -> Card {
    let preview = Preview {
        identity: identity(false),
        objects: pids.map(object).collect(),
        effect: vec!["SELECT pg_terminate_backend($1)".into()],
        ..Preview::default()
    };
    let before = vec![evidence(Measure::UsedSlots(0), Some(90.0), at(0.0))];
    Card { action, preview, before, read_at: at(0.0), demands: Demands::default() }
}

/// What the target says it is.
fn identity(other: bool) -> Identity {
    let system = if other { "7002" } else { "7001" };
    Identity { facts: vec![("system", system.into()), ("database", "app".into())] }
}

pub fn situation(now: Moment) -> Situation<'static> {
    Situation {
        now,
        armed: true,
        frozen: false,
        stale: None,
        running: None,
        readings: &[],
        windows: &[],
        clock: &CLOCK,
        policy: &NO_POLICY,
        approval: None,
    }
}

pub fn warrant(card: Card) -> Warrant {
    let consent = Consent { digest: card.digest(), typed: "main".to_owned(), reason: String::new(), given_at: at(1.0) };
    review(card, consent, &situation(at(1.0))).expect("a good card")
}

/// What goes wrong.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// The locks are not to be had.
    pub held: bool,
    /// The audit cannot be written from this record on.
    pub full_from: Option<usize>,
    /// How the step ends.
    pub step: StepFault,
    /// Sessions that left before the effect.
    pub gone: Vec<i32>,
    /// The target is another one.
    pub other_target: bool,
    /// What the pool does a moment later: connections in use.
    pub used_after: Option<f64>,
    /// A stop is asked for at this turn.
    pub cancel_at: Option<usize>,
    /// The program dies at this turn.
    pub dies_at: Option<usize>,
    /// Time that passes per turn, seconds.
    pub pace: f64,
    /// Answers come in the other order.
    pub late: bool,
    /// Whatever is read comes late, and only what was begun before the effect shows what is wanted.
    pub old: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StepFault {
    #[default]
    None,
    /// It has no effect and says so.
    Fails,
    /// It has its effect and the answer is lost.
    Lost,
    /// It has its effect and never answers.
    Silent,
}

/// One effect: what was touched, and how many records were on disk.
#[derive(Debug)]
pub struct Effect {
    pub touched: Vec<ObjectKey>,
    pub intents_on_disk: usize,
}

#[derive(Debug, Default)]
pub struct World {
    pub faults: Faults,
    pub disk: Vec<Note>,
    pub effects: Vec<Effect>,
    pub runs: usize,
    pub locks: i32,
    pub effect_at: Option<Moment>,
    /// A stop was asked for before anything was ordered.
    pub stopped_first: bool,
    records: usize,
}

impl World {
    /// Carries an order out; what comes of it.
    fn obey(&mut self, order: Order, now: Moment) -> Option<Input> {
        match order {
            Order::Hold if self.faults.held => Some(Input::Held(Err(Safe::of("held by somebody else")))),
            Order::Hold => {
                self.locks += 1;
                Some(Input::Held(Ok(())))
            }
            Order::Record(note) => {
                self.records += 1;
                if self.faults.full_from.is_some_and(|from| self.records > from) {
                    return Some(Input::Recorded(Err(Safe::of("no space left"))));
                }
                self.disk.push(note);
                Some(Input::Recorded(Ok(())))
            }
            Order::Run { step, approved } => {
                self.runs += 1;
                self.run(step, &approved, now)
            }
            Order::ReadObjects => {
                let left = if self.shows_it(now) { 0.0 } else { 1.0 };
                Some(Input::Read(evidence(Measure::ObjectsLeft, Some(left), self.begun(now))))
            }
            Order::Release => {
                self.locks = 0;
                None
            }
            Order::Interrupt => {
                assert_eq!(self.runs, 0, "signalling sessions cannot be stopped in the middle");
                None
            }
            Order::Refresh => None,
        }
    }

    fn run(&mut self, step: usize, approved: &crate::remediation::guard::Approved, now: Moment) -> Option<Input> {
        assert!(matches!(approved.step().work, Work::Sessions(_)));
        let ended = |end| Some(Input::StepEnded { step, end });
        if *approved.identity() != identity(self.faults.other_target) {
            return ended(StepEnd::OtherTarget(Safe::of("another server")));
        }
        if self.faults.step == StepFault::Fails {
            return ended(StepEnd::Failed(Cause::Other(Safe::of("refused"))));
        }
        let gone = |key: &ObjectKey| self.faults.gone.iter().any(|pid| *key == self::key(*pid));
        let fates: Vec<(ObjectKey, Fate)> = approved
            .objects()
            .iter()
            .map(|key| (key.clone(), if gone(key) { Fate::Gone } else { Fate::Done }))
            .collect();
        let touched = fates.iter().filter(|(_, fate)| *fate == Fate::Done).map(|(key, _)| key.clone()).collect();
        let intents_on_disk = self.disk.iter().filter(|note| **note == Note::Intent).count();
        self.effects.push(Effect { touched, intents_on_disk });
        self.effect_at = Some(now);
        match self.faults.step {
            StepFault::Lost => ended(StepEnd::Unknown(Cause::Other(Safe::of("the line was cut")))),
            StepFault::Silent => None,
            _ => ended(StepEnd::Done { fates, said: Vec::new() }),
        }
    }

    /// When what arrives now was begun to be read.
    fn begun(&self, now: Moment) -> Moment {
        let late = if self.faults.old { Duration::from_secs(15) } else { Duration::ZERO };
        Moment { boot: now.boot.saturating_sub(late), ..now }
    }

    /// Whether what arrives now shows what is wanted.
    fn shows_it(&self, now: Moment) -> bool {
        let after = self.effect_at.is_some_and(|effect| self.begun(now).boot > effect.boot);
        if self.faults.old { !after } else { self.effect_at.is_some() }
    }

    fn used(&self, now: Moment) -> Input {
        let used = self.faults.used_after.filter(|_| self.shows_it(now)).unwrap_or(90.0);
        Input::Read(evidence(Measure::UsedSlots(0), Some(used), self.begun(now)))
    }
}

/// Lets an action run in the world until it is over, the program dies, or it takes suspiciously long.
pub fn play(card: Card, faults: Faults) -> (World, Option<Execution>) {
    let pace = faults.pace.max(0.05);
    let mut world = World { faults, ..World::default() };
    let (mut execution, orders) = Execution::begin(warrant(card), at(1.0));
    let mut waiting: VecDeque<Order> = orders.into();
    for turn in 0..2000 {
        let now = at(1.0 + pace * turn as f64);
        if world.faults.dies_at == Some(turn) {
            return (world, None);
        }
        let mut inputs = Vec::new();
        if world.faults.cancel_at == Some(turn) {
            inputs.push(Input::CancelAsked);
        }
        if let Some(order) = waiting.pop_front() {
            inputs.extend(world.obey(order, now));
        }
        inputs.extend([world.used(now), Input::TimePassed]);
        if world.faults.late {
            inputs.reverse();
        }
        for input in inputs {
            if matches!(input, Input::CancelAsked) {
                let ordered = waiting.iter().any(|order| matches!(order, Order::Run { .. }));
                world.stopped_first = world.runs == 0 && !ordered;
            }
            waiting.extend(execution.step(input.clone(), now));
            // Whatever comes twice has no second effect.
            if matches!(input, Input::StepEnded { .. } | Input::Held(_)) {
                waiting.extend(execution.step(input, now));
            }
        }
        if matches!(execution.phase(), Phase::Ended { .. }) && waiting.is_empty() {
            return (world, Some(execution));
        }
    }
    panic!("it never ends: {execution:?}");
}

pub fn outcome(execution: &Execution) -> (Outcome, bool) {
    match execution.phase() {
        Phase::Ended { outcome, recorded } => (outcome, recorded),
        other => panic!("not over: {other:?}"),
    }
}
