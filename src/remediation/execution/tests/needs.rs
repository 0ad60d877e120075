//! Invariants 19 and 20 over runbooks: whatever figures show, fail to show or show late, and however slow disks and people are,
//! no step's effect begins when what it needs is false, not known, or older than declared.

use std::collections::VecDeque;
use std::time::Duration;

use proptest::prelude::*;

use crate::domain::threshold::Threshold;
use crate::domain::{Moment, Safe};
use crate::remediation::execution::way::AT_ONCE;
use crate::remediation::execution::{Execution, Gate, Input, Order, Phase, Question, StepState};
use crate::remediation::guard::{CONSENT_LASTS, Consent, Situation, Warrant, review};
use crate::remediation::measure::{Evidence, Measure, Precondition};
use crate::remediation::runbook::READING;
use crate::remediation::step::StepEnd;
use crate::remediation::tests::runbook_world::*;
use crate::remediation::tests::world::{at, evidence, situation};

const TURN: f64 = 0.5;

/// One figure: what it shows, reading after reading, and how they come.
#[derive(Clone, Debug)]
struct Figure {
    /// `None`: it cannot be read.
    shows: Vec<Option<f64>>,
    /// Turns between two readings, and how many of them one takes.
    every: usize,
    takes: usize,
}

#[derive(Clone, Debug)]
struct Scene {
    plots: Vec<Plot>,
    /// What must hold before the first effect: for how long a reading counts, and what it shows.
    needs: Vec<(u64, Figure)>,
    conditions: Vec<Figure>,
    /// Turns that the disk, a step and a person take.
    disk: usize,
    step: usize,
    person: usize,
}

fn figure() -> impl Strategy<Value = Figure> {
    let shows = prop_oneof![
        6 => Just(Some(10.0)),
        2 => Just(Some(90.0)),
        1 => Just(None),
        1 => Just(Some(f64::NAN)),
    ];
    (prop::collection::vec(shows, 1..6), 1usize..12, 0usize..14).prop_map(|(shows, every, takes)| Figure {
        shows,
        every,
        takes,
    })
}

fn plot() -> impl Strategy<Value = Plot> {
    let sort = prop_oneof![4 => Just(Sort::Send), 1 => Just(Sort::Manual), 2 => Just(Sort::Pause)];
    let gate =
        prop_oneof![4 => Just(Asked::No), 1 => Just(Asked::Answered(Gate::Go)), 1 => Just(Asked::Answered(Gate::Skip))];
    (sort, prop::option::weighted(0.4, Just(Shows::Yes)), gate).prop_map(|(sort, when, gate)| Plot {
        sort,
        end: End::Done,
        shows: Shows::Yes,
        when,
        gate,
        undo: None,
    })
}

fn scene() -> impl Strategy<Value = Scene> {
    let plots = prop::collection::vec(plot(), 1..5);
    let needs = prop::collection::vec((1u64..12, figure()), 0..3);
    let slow = prop_oneof![3 => Just(0usize), 1 => 1usize..30];
    let person = prop_oneof![3 => 0usize..4, 1 => 100usize..160];
    (plots, needs, prop::collection::vec(figure(), 5), slow, 0usize..20, person).prop_map(
        |(plots, needs, conditions, disk, step, person)| Scene { plots, needs, conditions, disk, step, person },
    )
}

fn need(at: usize) -> Measure {
    Measure::UsedShare(at)
}

/// Consented to at 1 s, when all that it needs was just read and held.
fn consented(scene: &Scene) -> Warrant {
    let mut card = card(&scene.plots);
    card.action.limits.deadline = Duration::from_secs(100_000);
    card.action.preconditions = (0..)
        .zip(&scene.needs)
        .map(|(at, (fresh, _))| Precondition {
            measure: need(at),
            threshold: Threshold::parse("< 50").unwrap(),
            fresh: Duration::from_secs(*fresh),
            name: Safe::of("a figure"),
        })
        .collect();
    let readings: Vec<Evidence> =
        (0..scene.needs.len()).map(|place| evidence(need(place), Some(10.0), at(1.0))).collect();
    let consent = Consent { digest: card.digest(), typed: "main".to_owned(), reason: String::new(), given_at: at(1.0) };
    review(card, consent, &Situation { readings: &readings, ..situation(at(1.0)) }).expect("a good card")
}

/// The world: readings that are on their way or arrived, and answers that come later.
struct World<'a> {
    scene: &'a Scene,
    arrived: Vec<Evidence>,
    later: VecDeque<(usize, Input)>,
    asked: Option<usize>,
    /// When the step that is up came up.
    up: (usize, Moment),
    /// Steps whose effect began.
    begun: Vec<usize>,
}

impl World<'_> {
    fn readings(&self, turn: usize) -> Vec<Input> {
        let needs = self.scene.needs.iter().enumerate().map(|(at, (_, figure))| (need(at), figure));
        let conditions = self.scene.conditions.iter().enumerate();
        let figures = needs.chain(conditions.map(|(at, figure)| (Measure::Signal(100 + at), figure)));
        let mut arrives = Vec::new();
        for (measure, figure) in figures {
            let Some(begun) = turn.checked_sub(figure.takes).filter(|begun| begun % figure.every == 0) else {
                continue;
            };
            let value = figure.shows[begun / figure.every % figure.shows.len()];
            let reading = evidence(measure, value, moment(begun));
            arrives.push(Input::Read(reading));
        }
        arrives
    }

    /// The newest that arrived, if it was begun by then or later.
    fn newest(&self, measure: &Measure, since: Moment) -> Option<&Evidence> {
        let those = self.arrived.iter().filter(|reading| reading.measure == *measure && reading.at.boot >= since.boot);
        those.max_by_key(|reading| reading.at.boot)
    }

    /// What must be true of an effect that begins now.
    fn judge(&self, step: usize, now: Moment) -> Result<(), TestCaseError> {
        let plot = &self.scene.plots[step];
        if plot.when.is_some() {
            let condition = Measure::Signal(100 + step);
            let held = self.arrived.iter().any(|reading| {
                let counts = reading.at.boot >= self.up.1.boot && now.since(reading.at) <= CONSENT_LASTS + READING;
                reading.measure == condition && counts && reading.value.is_some_and(|value| value < 50.0)
            });
            prop_assert!(held, "step {} began at {:?}, and its condition was never seen to hold since", step, now.boot);
        }
        if !self.begun.is_empty() {
            return Ok(());
        }
        for (place, (fresh, _)) in self.scene.needs.iter().enumerate() {
            if now.since(at(1.0)) <= AT_ONCE {
                continue;
            }
            let newest = self.newest(&need(place), at(1.0));
            let holds = newest.is_some_and(|reading| reading.value.is_some_and(|value| value < 50.0));
            let age = newest.map(|reading| now.since(reading.at));
            prop_assert!(holds, "step {} began, and what it needs is {:?}", step, newest);
            prop_assert!(age <= Some(Duration::from_secs(*fresh)), "step {} began on a reading {:?} old", step, age);
        }
        Ok(())
    }

    fn obey(&mut self, order: &Order, turn: usize) -> Result<(), TestCaseError> {
        match order {
            Order::Hold => self.later.push_back((turn, Input::Held(Ok(())))),
            Order::Record(_) => self.later.push_back((turn + self.scene.disk, Input::Recorded(Ok(())))),
            Order::Run { step, .. } => {
                let step = *step;
                self.judge(step, moment(turn))?;
                self.begun.push(step);
                let end = StepEnd::Done { fates: Vec::new(), said: Vec::new() };
                self.later.push_back((turn + self.scene.step, Input::StepEnded { step, end }));
            }
            _ => {}
        }
        Ok(())
    }

    fn answers(&mut self, execution: &Execution, turn: usize) -> Option<Input> {
        let answer = match execution.question() {
            Some(Question::Gate(state)) => {
                let place: usize = state.step.title.as_str()[3..].parse().unwrap();
                // Whoever is asked anew for what waited long says go on.
                let Asked::Answered(answer) = self.scene.plots[place].gate else {
                    return Some(Input::GateAnswered(Gate::Go));
                };
                Input::GateAnswered(answer)
            }
            Some(Question::Tick(..)) => Input::Ticked { note: Safe::of("turned") },
            Some(Question::Compensate(_)) => Input::CompensationsAnswered(false),
            None => {
                self.asked = None;
                return None;
            }
        };
        let since = *self.asked.get_or_insert(turn);
        (turn >= since + self.scene.person).then_some(answer)
    }
}

fn moment(turn: usize) -> Moment {
    at(1.0 + TURN * turn as f64)
}

fn plays(scene: &Scene) -> Result<usize, TestCaseError> {
    let (mut execution, orders) = Execution::begin(consented(scene), at(1.0));
    let mut world =
        World { scene, arrived: Vec::new(), later: VecDeque::new(), asked: None, up: (0, at(1.0)), begun: Vec::new() };
    for order in orders {
        world.obey(&order, 0)?;
    }
    for turn in 0..20_000 {
        let mut inputs = world.readings(turn);
        while world.later.front().is_some_and(|(due, _)| *due <= turn) {
            inputs.extend(world.later.pop_front().map(|(_, input)| input));
        }
        inputs.extend(world.answers(&execution, turn));
        inputs.push(Input::TimePassed);
        for input in inputs {
            if let Input::Read(reading) = &input {
                world.arrived.push(reading.clone());
            }
            let orders = execution.step(input, moment(turn));
            let next = execution.steps().iter().position(StepState::waits).unwrap_or(scene.plots.len());
            if next != world.up.0 && !matches!(execution.phase(), Phase::Running { .. }) {
                world.up = (next, moment(turn));
            }
            for order in orders {
                world.obey(&order, turn)?;
            }
        }
        if matches!(execution.phase(), Phase::Ended { .. }) {
            return Ok(world.begun.len());
        }
    }
    panic!("it never ends: {:?}", execution.phase());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_effect_without_what_it_needs(scene in scene()) {
        plays(&scene)?;
    }

    /// Where all of it is well it is done: what never runs would hold just as well.
    #[test]
    fn with_what_it_needs_it_is_done(mut scene in scene()) {
        for figure in scene.needs.iter_mut().map(|(_, figure)| figure).chain(&mut scene.conditions) {
            *figure = Figure { shows: vec![Some(10.0)], every: 1, takes: 0 };
        }
        (scene.disk, scene.person) = (0, 0);
        let sent = |plot: &&Plot| plot.sort == Sort::Send && plot.gate != Asked::Answered(Gate::Skip);
        prop_assert_eq!(plays(&scene)?, scene.plots.iter().filter(sent).count());
    }
}
