//! What is done to a service: a look for the card, the order to its manager, and looks afterwards until a new process has
//! stayed for as long as was declared.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use crate::adapters::act::Commands;
use crate::app::Event;
use crate::domain::{Moment, Safe, Untrusted};
use crate::remediation::card::{Identity, Preview};
use crate::remediation::execution::Input;
use crate::remediation::measure::{Evidence, Measure};
use crate::remediation::object::Object;
use crate::remediation::place::quoted;
use crate::remediation::service::facts::ServiceFacts;
use crate::remediation::service::proof::{Steadiness, SteadyWatch};
use crate::remediation::service::{ServiceStep, ServiceVerb};
use crate::remediation::step::{ServiceWork, StepEnd};

use super::clock;
use super::inbox::Inbox;

/// Pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);
/// Deadline of a look.
const LOOK: Duration = Duration::from_secs(5);

/// Looks at a service for its card.
pub async fn preview(id: u64, step: &ServiceStep, deadline: Duration, inbox: &Inbox) {
    let begun = clock::now();
    let commands = Commands::here();
    let facts = commands.service_facts(step, deadline).await;
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
    let mut remarks = vec![Safe::of(format!("{} is {}: {}", step.name(), facts.state.word(), facts.words))];
    if !facts.required_by.is_empty() {
        let names: Vec<&str> = facts.required_by.iter().map(Safe::as_str).collect();
        remarks.push(Safe::of(format!("it goes with it, or needs it: {}", names.join(", "))));
    }
    Preview {
        identity: Identity {
            facts: vec![
                ("service", text(step.name())),
                ("manager", text(step.manager.words().as_str())),
                ("where", text(step.place.words().as_str())),
                ("process", text(facts.identity().as_str())),
            ],
        },
        objects: vec![Object {
            key: step.object(),
            label: Safe::of(format!("{} ({})", step.name(), facts.identity())),
            query: Untrusted::default(),
            user: Safe::default(),
            application: Safe::default(),
            client: step.place.words(),
            age: None,
            remark: Safe::default(),
        }],
        effect: vec![Untrusted::from(quoted(argv))],
        remarks,
        service: Some(facts),
        ..Preview::default()
    }
}

/// Gives the order, if the service still is what the card shows, and watches what becomes of it.
pub async fn run(run: u64, step: usize, work: &ServiceWork, deadline: Duration, inbox: &Inbox) {
    let commands = Commands::here();
    let tell = |input: Input| inbox.tell(Event::ActionHappened { run, input: Box::new(input) });
    let until = Instant::now() + deadline;
    let end = match commands.service_facts(&work.step, deadline.min(LOOK)).await {
        Err(cause) => StepEnd::Failed(cause),
        Ok(now) if now.identity() != work.before.identity() => {
            StepEnd::OtherTarget(Safe::of(format!("{} runs {} now", work.step.name(), now.identity())))
        }
        Ok(_as_before) => commands.run_service(&work.step, until.saturating_duration_since(Instant::now())).await,
    };
    let acted = matches!(end, StepEnd::Done { .. } | StepEnd::Unknown(_));
    tell(Input::StepEnded { step, end });
    if acted {
        let until = Instant::now() + work.within;
        let _over = timeout_at(until, watch(&commands, work, &tell)).await;
    }
}

async fn watch(commands: &Commands, work: &ServiceWork, tell: &impl Fn(Input)) {
    let mut steady = SteadyWatch::new(work.before.clone(), work.stable);
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
            let left = facts.instances.len();
            (Some(left as f64), Safe::of(format!("{left} running")))
        }
        _ => match steady.read(facts, at) {
            Steadiness::Steady => (Some(0.0), Safe::of("a new process that stays")),
            Steadiness::NotYet(why) => (Some(1.0), why),
            Steadiness::Broken(why) => (None, why),
        },
    };
    Evidence { measure: Measure::ObjectsLeft, value, at, words }
}
