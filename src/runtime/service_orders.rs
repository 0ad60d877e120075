//! What is done to a service: a look for the card, the order to its manager, and looks afterwards until a new process has
//! stayed for as long as was declared.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use crate::adapters::act::Commands;
use crate::adapters::leave::Leave;
use crate::app::Event;
use crate::domain::{Cause, Moment, Safe, Untrusted};
use crate::remediation::card::{Identity, Preview};
use crate::remediation::execution::Input;
use crate::remediation::measure::{Evidence, Measure};
use crate::remediation::object::{Fate, Object};
use crate::remediation::place::quoted;
use crate::remediation::service::facts::{ServiceFacts, ServiceState, reach};
use crate::remediation::service::proof::{self, Steadiness, SteadyWatch};
use crate::remediation::service::{LOOK, Manager, ServiceStep, ServiceVerb};
use crate::remediation::step::{Binding, ServiceWork, StepEnd};

use super::clock;
use super::inbox::Inbox;

/// Pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// Looks at a service for its card.
pub async fn preview(id: u64, step: &ServiceStep, deadline: Duration, inbox: &Inbox) {
    let begun = clock::now();
    let commands = Commands::here();
    let facts = commands.bound_facts(step, deadline).await;
    let left = deadline.saturating_sub(clock::now().since(begun));
    // Only once for the card: the looks that follow an order are many.
    let dependents = if facts.is_ok() { commands.dependents(step, left).await } else { Vec::new() };
    let outcome = facts.and_then(|mut facts| {
        facts.required_by.extend(dependents);
        let argv = step.command()?.whole()?;
        Ok(found(step, facts, &argv))
    });
    inbox.tell(Event::Previewed { id, outcome: Box::new(outcome), begun });
}

fn found(step: &ServiceStep, facts: ServiceFacts, argv: &[String]) -> Preview {
    let text = |text: &str| Untrusted::from(text);
    let state = facts.state.word();
    // Some managers' own words begin with the state.
    let words = facts.words.as_str();
    let more = words.strip_prefix(state).map_or(words, |rest| rest.trim_start_matches([':', ' ']));
    let more = if more.is_empty() { String::new() } else { format!(", {more}") };
    let mut remarks = vec![Safe::of(format!("{} is {state}{more}", step.name()))];
    if facts.looping {
        let times = facts.restarts.filter(|restarts| *restarts > 0);
        let times = times.map_or_else(String::new, |times| format!(", restarted {times} times by its manager"));
        let what = match facts.state {
            ServiceState::Failed => "it failed",
            ServiceState::Running => "it came up less than a minute ago and may not stay up",
            _ => "it does not stay up",
        };
        remarks.push(Safe::of(format!("{what}{times}: this card is bound to the service and to no process of it")));
    }
    remarks.extend(proof::cannot_be_shown(step.verb, &facts));
    remarks.extend(reach(step, &facts));
    Preview {
        identity: Identity {
            facts: [
                ("service", text(step.name())),
                ("manager", text(step.manager.words().as_str())),
                ("where", text(step.place.words().as_str())),
                ("runs", text(facts.bound().as_str())),
            ]
            .into_iter()
            .chain(place(step, &facts))
            .collect(),
        },
        objects: vec![Object {
            key: step.object(),
            label: Safe::of(format!("{} ({})", step.name(), facts.bound())),
            query: Untrusted::default(),
            user: Safe::default(),
            application: Safe::default(),
            client: step.place.words(),
            database: Safe::default(),
            age: None,
            remark: Safe::default(),
        }],
        effect: vec![Untrusted::from(quoted(argv))],
        remarks,
        service: Some(facts),
        ..Preview::default()
    }
}

/// Where it is, as it was read there and not as the configuration calls it.
fn place(step: &ServiceStep, facts: &ServiceFacts) -> Option<(&'static str, Untrusted)> {
    let (name, read) = match &step.manager {
        Manager::Systemd { .. } => ("machine", &facts.machine),
        Manager::Compose { .. } => ("containers", &facts.anchor),
        Manager::Program { .. } => return None,
    };
    let is_read = !read.as_str().is_empty();
    Some(if is_read {
        (name, Untrusted::from(read.as_str()))
    } else {
        ("place", Untrusted::from("by its address only, not read"))
    })
}

/// Gives the order, if the service still is what the card shows, and watches what becomes of it.
pub async fn run(run: u64, step: usize, work: &ServiceWork, leave: &Leave, inbox: &Inbox) {
    let commands = Commands::here();
    let tell = |input: Input| inbox.tell(Event::ActionHappened { run, input: Box::new(input) });
    if work.binding != Binding::Alone {
        let end = prove(&commands, work, leave).await;
        return tell(Input::StepEnded { step, end });
    }
    let (work, end) = match still(&commands, work, work.before_the_order(leave.left())).await {
        Err(end) => (work.clone(), end),
        // A new process is one that is another than just before the order.
        Ok(now) => {
            let before = ServiceFacts { looping: work.before.looping, ..now };
            let work = ServiceWork { before, ..work.clone() };
            let end = commands.run_service(&work.step, work.order.min(leave.left())).await;
            (work, end)
        }
    };
    let acted = matches!(end, StepEnd::Done { .. } | StepEnd::Unknown(_));
    tell(Input::StepEnded { step, end });
    if acted {
        let until = Instant::now() + work.within;
        let _over = timeout_at(until, watch(&commands, &work, &tell)).await;
    }
}

/// How it is now, if it still is what the card is bound to.
async fn still(commands: &Commands, work: &ServiceWork, deadline: Duration) -> Result<ServiceFacts, StepEnd> {
    let now = match &work.step.manager {
        // Only of a unit is more looked at than its status: which machine it is on, which an address does not say.
        Manager::Systemd { .. } => commands.bound_facts(&work.step, deadline).await,
        _ => commands.service_facts(&work.step, deadline).await,
    };
    let now = now.map_err(StepEnd::Failed)?;
    let is_it = match work.binding {
        Binding::Alone | Binding::First => work.before.is_bound_to(&now),
        Binding::Later => work.before.is_on_the_machine_of(&now),
    };
    if is_it { Ok(now) } else { Err(other(work, &now)) }
}

fn other(work: &ServiceWork, now: &ServiceFacts) -> StepEnd {
    StepEnd::OtherTarget({
        let what = if work.before.looping { &now.anchor } else { &now.identity() };
        let machine = match now.machine.as_str() {
            machine if machine == work.before.machine.as_str() => String::new(),
            "" => ", on a machine that cannot be read".to_owned(),
            machine => format!(", on machine {machine}"),
        };
        Safe::of(format!("{} is {what} now{machine}", work.step.name()))
    })
}

/// As a step of a runbook: over when the service is shown to be as it should, and not when its manager says so.
async fn prove(commands: &Commands, work: &ServiceWork, leave: &Leave) -> StepEnd {
    let left = || leave.left();
    let begun = clock::now();
    let now = match still(commands, work, work.before_the_order(left())).await {
        Err(end) => return end,
        Ok(now) => ServiceFacts { looping: work.before.looping, ..now },
    };
    if let Some(words) = proof::is_so_already(work.step.verb, &now) {
        let mut steady = SteadyWatch::of_running(now.clone(), work.stable, begun);
        let gone = |said| StepEnd::Done { fates: vec![(work.step.object(), Fate::Gone)], said };
        return match work.step.verb {
            ServiceVerb::Stop => gone(vec![words]),
            _ => match stays(commands, work, &mut steady, leave).await {
                Ok(_) => gone(vec![words]),
                Err(why) => {
                    StepEnd::Failed(Cause::Other(Safe::of(format!("{words}, and it is not as it should be: {why}"))))
                }
            },
        };
    }
    let (fates, mut said) = match commands.run_service(&work.step, work.order.min(left())).await {
        StepEnd::Done { fates, said } => (fates, said),
        end => return end,
    };
    if !work.step.verb.changes() {
        return StepEnd::Done { fates, said };
    }
    if let Some(words) = proof::shows_nothing(work.step.verb, &now) {
        said.push(words);
        // Whether anything was started by it nobody knows, so nothing is undone as if it had been.
        let fates = fates.into_iter().map(|(object, _)| (object, Fate::Unknown)).collect();
        return StepEnd::Done { fates, said };
    }
    let work = ServiceWork { before: now, ..work.clone() };
    let mut steady = SteadyWatch::new(work.step.verb, work.before.clone(), work.stable);
    match stays(commands, &work, &mut steady, leave).await {
        Ok(words) => {
            said.push(words);
            StepEnd::Done { fates, said }
        }
        Err(why) => {
            let words = format!("the order was given, and it is not as it should be: {why}");
            StepEnd::Miscarried(Cause::Other(Safe::of(words)))
        }
    }
}

/// Looks until the service is shown to be as it should, for as long as there is time, or until it cannot be any more.
async fn stays(commands: &Commands, work: &ServiceWork, steady: &mut SteadyWatch, leave: &Leave) -> Result<Safe, Safe> {
    let mut why = Safe::of("it was not looked at");
    while !leave.left().is_zero() {
        let begun = clock::now();
        match commands.service_facts(&work.step, leave.left().min(LOOK)).await {
            Ok(facts) => {
                let seen = judged(work, steady, &facts, begun);
                why = seen.words;
                match seen.value {
                    Some(left) if left <= 0.0 => return Ok(why),
                    // It came up and did not stay.
                    None => break,
                    Some(_) => {}
                }
            }
            Err(cause) => why = Safe::of(cause.to_string()),
        }
        sleep(PAUSE.min(leave.left())).await;
    }
    Err(why)
}

async fn watch(commands: &Commands, work: &ServiceWork, tell: &impl Fn(Input)) {
    let mut steady = SteadyWatch::new(work.step.verb, work.before.clone(), work.stable);
    loop {
        let begun = clock::now();
        if let Ok(facts) = commands.service_facts(&work.step, LOOK).await {
            tell(Input::Read(judged(work, &mut steady, &facts, begun)));
        }
        sleep(PAUSE).await;
    }
}

/// None is left of what ran before: for a stop nothing runs, otherwise a new process has stayed.
fn judged(work: &ServiceWork, steady: &mut SteadyWatch, facts: &ServiceFacts, at: Moment) -> Evidence {
    let (value, words) = match work.step.verb {
        ServiceVerb::Stop => {
            let left = facts.instances.len().max(usize::from(facts.state == ServiceState::Stopping));
            (Some(left as f64), Safe::of(format!("{left} running")))
        }
        _ => match steady.read(facts, at) {
            Steadiness::Steady => (Some(0.0), proof::shown(facts)),
            Steadiness::NotYet(why) => (Some(1.0), why),
            Steadiness::Broken(why) => (None, why),
        },
    };
    Evidence { measure: Measure::ObjectsLeft, value, at, words, chance: 0.0 }
}
