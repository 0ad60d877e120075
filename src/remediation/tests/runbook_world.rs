//! A world that carries out the orders of a runbook, with a fault for every step as a script says, a person who answers as a
//! script says, and a log of every effect, answer and record in their order.

use std::collections::VecDeque;
use std::time::Duration;

use url::Url;

use super::world::{action, at, evidence, situation};
use crate::domain::threshold::Threshold;
use crate::domain::{Cause, Moment, Safe, Untrusted};
use crate::remediation::action::Plan;
use crate::remediation::card::Card;
use crate::remediation::execution::{Execution, Gate, Input, Note, Order, Phase, Question};
use crate::remediation::guard::{Consent, Warrant, review};
use crate::remediation::inward::{Condition, Look, Manual, WaitUntil};
use crate::remediation::level::Level;
use crate::remediation::measure::{Expectation, Measure, Trial};
use crate::remediation::runbook::{Deed, Runbook, RunbookStep};
use crate::remediation::step::{HttpStep, StepEnd, Work, WritingMethod};

/// What a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Send,
    Wait,
    Look,
    Manual,
    Pause,
}

/// How an order ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Done,
    Fails,
    OtherTarget,
    Lost,
    Silent,
}

/// What readings of a step's measure show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// What is wanted.
    Yes,
    /// Something else.
    No,
    /// Nothing that is known.
    Unknown,
    /// What is wanted, in readings begun before the step.
    OnlyOld,
}

/// Whether a person is asked before a step, and what they say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    No,
    Answered(Gate),
    /// Nobody answers.
    Silence,
}

/// One step of a script.
#[derive(Clone, Debug)]
pub struct Plot {
    pub sort: Sort,
    pub end: End,
    pub shows: Shows,
    pub when: Option<Shows>,
    pub gate: Asked,
    pub undo: Option<End>,
}

/// What a person and the disk do.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// Whether what is offered is undone; without an answer nobody says anything.
    pub undo: Option<bool>,
    /// A stop is asked for at this turn.
    pub cancel_at: Option<usize>,
    /// The screen goes at this turn.
    pub gone_at: Option<usize>,
    /// The audit cannot be written from this record on.
    pub full_from: Option<usize>,
    /// Time that passes per turn.
    pub pace: f64,
}

/// What happened, in its order.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// Something had its effect.
    Effect(String),
    /// Something is on disk.
    Noted(Note),
    /// A person agreed to undoing.
    Agreed,
    /// A person said go on.
    Go(String),
}

#[derive(Debug, Default)]
pub struct World {
    pub log: Vec<Seen>,
    pub orders: Vec<String>,
    pub locks: i32,
    /// So many orders were given when a stop was asked for.
    pub before_stop: Option<usize>,
    records: usize,
}

fn http() -> Work {
    Work::Http(Box::new(HttpStep {
        method: WritingMethod::Post,
        url: Url::parse("http://127.0.0.1:9/x").unwrap(),
        headers: Vec::new(),
        bearer: None,
        body: None,
        ca_file: None,
        expected_status: Vec::new(),
    }))
}

fn wanted() -> Expectation {
    Expectation::Meets(Threshold::parse("< 50").unwrap())
}

/// The measure of a step, and the one of its condition.
fn measures(at: usize) -> (Measure, Measure) {
    (Measure::Signal(at), Measure::Signal(100 + at))
}

/// A step that is sent, and can be undone.
pub fn sent() -> Plot {
    Plot { sort: Sort::Send, end: End::Done, shows: Shows::Yes, when: None, gate: Asked::No, undo: Some(End::Done) }
}

pub fn runbook(plots: &[Plot]) -> Runbook {
    let steps = plots.iter().enumerate().map(|(at, plot)| {
        let (own, condition) = measures(at);
        let name = Safe::of(format!("figure {at}"));
        let deed = match plot.sort {
            Sort::Send => Deed::Work(http()),
            Sort::Wait => Deed::Work(Work::WaitUntil(Box::new(WaitUntil {
                trial: Trial { measure: own, expect: wanted(), name },
                stable: Duration::from_secs(2),
            }))),
            Sort::Look => Deed::Work(Work::Look(Box::new(Look { measure: own, name }))),
            Sort::Manual => Deed::Work(Work::Manual(Box::new(Manual { instruction: Safe::of("turn it") }))),
            Sort::Pause => Deed::Work(Work::Pause(Duration::from_secs(3))),
        };
        let when = plot.when.map(|_| Condition { measure: condition, expect: wanted(), name: Safe::of("condition") });
        let undo = plot.undo.map(|_| Box::new(step(format!("undo {at}"), Deed::Work(http()))));
        RunbookStep { when, ask: plot.gate != Asked::No, undo, ..step(format!("do {at}"), deed) }
    });
    Runbook { steps: steps.collect(), contacts: vec![Safe::of("ada, 0123")] }
}

fn step(title: String, deed: Deed) -> RunbookStep {
    let deadline = Duration::from_secs(10);
    let (title, entry) = (Safe::of(&title), Safe::of(title));
    RunbookStep {
        title,
        deed,
        deadline,
        when: None,
        requires: Vec::new(),
        ask: false,
        may_fail: false,
        undo: None,
        entry,
        named: Vec::new(),
    }
}

pub fn card(plots: &[Plot]) -> Card {
    let mut action = action(Level::L2);
    let runbook = runbook(plots);
    action.limits.deadline = runbook.total();
    action.proof.trials.retain(|trial| trial.measure != Measure::ObjectsLeft);
    let preview = runbook.preview(&action.id, &action.target.name, Vec::new());
    action.plan = Plan::Runbook(Box::new(runbook));
    Card::new(action, preview, vec![evidence(Measure::UsedSlots(0), Some(90.0), at(0.0))], at(0.0))
}

pub fn warrant(card: Card) -> Warrant {
    let consent = Consent { digest: card.digest(), typed: "main".to_owned(), reason: String::new(), given_at: at(1.0) };
    review(card, consent, &situation(at(1.0))).expect("a good card")
}

impl World {
    fn obey(&mut self, order: Order, plots: &[Plot], script: &Script) -> Option<Input> {
        match order {
            Order::Hold => {
                self.locks += 1;
                Some(Input::Held(Ok(())))
            }
            Order::Record(note) => {
                self.records += 1;
                if script.full_from.is_some_and(|from| self.records > from) {
                    return Some(Input::Recorded(Err(Safe::of("no space left"))));
                }
                self.log.push(Seen::Noted(note));
                Some(Input::Recorded(Ok(())))
            }
            Order::Run { step, approved } => {
                let title = approved.step().title.to_string();
                assert!(!approved.step().work.is_inward(), "nothing is ordered for {title}");
                assert_eq!(approved.identity().facts[0].1, Untrusted::from("http://127.0.0.1:9"));
                self.orders.push(title.clone());
                let plot = &plots[step % plots.len()];
                let end = if step < plots.len() { plot.end } else { plot.undo.unwrap() };
                if !matches!(end, End::Fails | End::OtherTarget) {
                    self.log.push(Seen::Effect(title));
                }
                let end = match end {
                    End::Done => StepEnd::Done { fates: Vec::new(), said: Vec::new() },
                    End::Fails => StepEnd::Failed(Cause::Other(Safe::of("refused"))),
                    End::OtherTarget => StepEnd::OtherTarget(Safe::of("another")),
                    End::Lost => StepEnd::Unknown(Cause::Other(Safe::of("cut"))),
                    End::Silent => return None,
                };
                Some(Input::StepEnded { step, end })
            }
            Order::Release => {
                self.locks = 0;
                None
            }
            Order::Interrupt => {
                let acted = self.log.iter().any(|seen| matches!(seen, Seen::Effect(_)));
                assert!(!acted, "nothing here can be stopped in the middle");
                None
            }
            Order::ReadObjects | Order::Refresh => None,
        }
    }

    /// What a person does about what is asked.
    fn answer(&mut self, execution: &Execution, plots: &[Plot], script: &Script) -> Option<Input> {
        match execution.question()? {
            Question::Gate(state) => {
                let at: usize = state.step.title.as_str()[3..].parse().unwrap();
                let Asked::Answered(answer) = plots[at].gate else { return None };
                if answer == Gate::Go {
                    self.log.push(Seen::Go(state.step.title.to_string()));
                }
                Some(Input::GateAnswered(answer))
            }
            Question::Tick(state, _) => {
                let at: usize = state.step.title.as_str()[3..].parse().unwrap();
                (plots[at].end == End::Done).then(|| Input::Ticked { note: Safe::of("turned") })
            }
            Question::Compensate(_) => {
                let wanted = script.undo?;
                if wanted {
                    self.log.push(Seen::Agreed);
                }
                Some(Input::CompensationsAnswered(wanted))
            }
        }
    }
}

/// What is read in a turn: of every step its figure and that of its condition.
fn readings(plots: &[Plot], begun: Moment, now: Moment) -> Vec<Input> {
    let mut all = Vec::new();
    for (at, plot) in plots.iter().enumerate() {
        let (own, condition) = measures(at);
        for (measure, shows) in [(own, Some(plot.shows)), (condition, plot.when)] {
            let (value, when) = match shows {
                Some(Shows::Yes) => (Some(10.0), now),
                Some(Shows::No) => (Some(90.0), now),
                Some(Shows::OnlyOld) => (Some(10.0), begun),
                Some(Shows::Unknown) => (None, now),
                None => continue,
            };
            all.push(Input::Read(evidence(measure, value, when)));
        }
    }
    all.push(Input::Read(evidence(Measure::UsedSlots(0), Some(10.0), now)));
    all
}

/// Lets a runbook run until it is over.
pub fn play(plots: &[Plot], script: &Script) -> (World, Execution) {
    let pace = script.pace.max(0.05);
    let mut world = World::default();
    let (mut execution, orders) = Execution::begin(warrant(card(plots)), at(1.0));
    let mut waiting: VecDeque<Order> = orders.into();
    let mut now = at(1.0);
    for turn in 0..20_000 {
        now = now.plus(Duration::from_secs_f64(pace));
        let mut inputs = Vec::new();
        if script.cancel_at == Some(turn) {
            inputs.push(Input::CancelAsked);
        }
        if script.gone_at == Some(turn) {
            inputs.push(Input::NobodyThere);
        }
        if let Some(order) = waiting.pop_front() {
            inputs.extend(world.obey(order, plots, script));
        }
        let gone = script.gone_at.is_some_and(|at| turn >= at);
        if !gone {
            inputs.extend(world.answer(&execution, plots, script));
        }
        inputs.extend(readings(plots, at(0.5), now));
        inputs.push(Input::TimePassed);
        for input in inputs {
            if matches!(input, Input::CancelAsked) {
                let ordered = waiting.iter().filter(|order| matches!(order, Order::Run { .. })).count();
                world.before_stop = Some(world.orders.len() + ordered);
            }
            waiting.extend(execution.step(input.clone(), now));
            // Whatever comes twice has no second effect.
            if matches!(input, Input::StepEnded { .. } | Input::CompensationsAnswered(_) | Input::Ticked { .. }) {
                waiting.extend(execution.step(input, now));
            }
        }
        if matches!(execution.phase(), Phase::Ended { .. }) && waiting.is_empty() {
            return (world, execution);
        }
    }
    panic!("it never ends: {:?}", execution.phase());
}
