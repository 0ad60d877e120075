//! Asks the manager of a service: how it is, and to do something. How it went is what the manager says; whether it helped
//! is shown by facts that are read afterwards.

use std::time::Duration;

use chrono::Utc;
use tokio::time::Instant;

use super::command::{CommandEnd, Commands, Needs, asker};
use crate::domain::{Cause, Safe};
use crate::remediation::command::CommandStep;
use crate::remediation::object::Fate;
use crate::remediation::place::Place;
use crate::remediation::rights;
use crate::remediation::service::facts::{ServiceFacts, ServiceState};
use crate::remediation::service::machine::{self, Machine};
use crate::remediation::service::{ComposeProgram, Manager, ServiceStep, compose, program, systemd};
use crate::remediation::step::StepEnd;

/// After a failed order: how long the manager is asked what it left behind.
const AFTERMATH: Duration = Duration::from_secs(5);

/// Between two looks at containers that were restarted before.
const AGAIN: Duration = Duration::from_secs(2);

impl Commands {
    /// Reads how a service is. Changes nothing.
    pub async fn service_facts(&self, step: &ServiceStep, deadline: Duration) -> Result<ServiceFacts, Cause> {
        let until = Instant::now() + deadline;
        let printed = self.status(step, until).await.map_err(|cause| match &step.manager {
            Manager::Compose { program, .. } => compose::mended(*program, cause),
            _ => cause,
        })?;
        match &step.manager {
            Manager::Systemd { .. } => systemd::read(&printed),
            Manager::Program { .. } => program::read(&printed),
            Manager::Compose {
                program: program @ (ComposeProgram::DockerDash | ComposeProgram::PodmanDash),
                service,
                ..
            } => {
                let containers = compose::ids(*program, &printed)?;
                if containers.is_empty() {
                    return Ok(compose::no_container());
                }
                compose::read_of(&self.ask(step, step.inspect(&containers)?, until).await?, service)
            }
            Manager::Compose { service, .. } => {
                let containers = compose::containers(&printed, service)?;
                if containers.is_empty() {
                    return Ok(compose::no_container());
                }
                compose::read(&self.ask(step, step.inspect(&containers)?, until).await?)
            }
        }
    }

    /// What the manager prints of its status: without sudo where everybody may look, and otherwise with the step's rights.
    async fn status(&self, step: &ServiceStep, until: Instant) -> Result<Vec<u8>, Cause> {
        if let Some(step) = rights::without_sudo(step)
            && let Ok(printed) = self.ask(&step, step.status()?, until).await
        {
            return Ok(printed);
        }
        self.ask(step, step.status()?, until).await
    }

    /// How a service is, with what a card may be bound to: where no process of it stays, the unit and its machine, or the
    /// containers.
    pub async fn bound_facts(&self, step: &ServiceStep, deadline: Duration) -> Result<ServiceFacts, Cause> {
        let until = Instant::now() + deadline;
        let facts = self.service_facts(step, deadline).await?;
        match &step.manager {
            Manager::Systemd { .. } => {
                let Machine { id, uptime } = match self.ask(step, step.machine(), until).await {
                    Ok(said) => machine::read(&said),
                    // It is what such a card is bound to: not read is not another one.
                    Err(cause) if facts.looping => return Err(cause),
                    Err(_not_needed) => Machine::default(),
                };
                let machine = id.clone().unwrap_or_default();
                let id = id.map_or_else(|| "an unknown machine".to_owned(), |id| format!("machine {id}"));
                let is_young = facts.state == ServiceState::Running && uptime.is_some_and(|up| facts.is_young(up));
                let anchor = Safe::of(format!("{} on {id}", facts.anchor));
                Ok(ServiceFacts { looping: facts.looping || is_young, anchor, machine, ..facts })
            }
            Manager::Compose { .. } if facts.is_young_at(Utc::now()) => Ok(ServiceFacts { looping: true, ..facts }),
            // By their engine's clock it is older, which may be wrong: two looks show it.
            Manager::Compose { .. } if !facts.looping && facts.restarts.is_some_and(|restarts| restarts > 0) => {
                let left = || until.saturating_duration_since(Instant::now());
                // The second look takes as long as the first.
                let took = deadline.saturating_sub(left());
                tokio::time::sleep(AGAIN.min(left().saturating_sub(took * 2))).await;
                // Without one it is bound to what was seen, which is the stricter of the two.
                let Ok(now) = self.service_facts(step, left()).await else { return Ok(facts) };
                let looping = now.looping || now.restarts > facts.restarts || now.identity() != facts.identity();
                Ok(ServiceFacts { looping, ..now })
            }
            Manager::Compose { .. } | Manager::Program { .. } => Ok(facts),
        }
    }

    /// Who depends on the service, where its status does not tell; that it cannot be read is one of the words.
    pub async fn dependents(&self, step: &ServiceStep, deadline: Duration) -> Vec<Safe> {
        let until = Instant::now() + deadline;
        let printed = match step.dependents() {
            None => return Vec::new(),
            Some(Ok(command)) => self.ask(step, command, until).await.map_err(|cause| step.dependents_unknown(cause)),
            Some(Err(cause)) => Err(cause),
        };
        let found = printed.and_then(|printed| compose::dependents(&printed, step.name()));
        found.unwrap_or_else(|cause| vec![Safe::of(format!("not known ({cause})")).clipped(200)])
    }

    /// Gives the manager the step's order, once.
    pub async fn run_service(&self, step: &ServiceStep, deadline: Duration) -> StepEnd {
        let until = Instant::now() + deadline;
        if !step.verb.changes() {
            return match self.service_facts(step, deadline).await {
                Ok(facts) => done(step, vec![seen(&facts)]),
                Err(cause) => StepEnd::Failed(cause),
            };
        }
        let command = match step.command() {
            Ok(command) => command,
            Err(cause) => return StepEnd::Failed(cause),
        };
        let end = match (self.run(&command, needs(step), deadline).await.step_end(&command), &step.manager) {
            (StepEnd::Done { said, .. }, Manager::Compose { program, .. }) => {
                compose::failed_after_all(*program, &said).map_or_else(|| done(step, said), StepEnd::Failed)
            }
            (StepEnd::Done { said, .. }, _) => done(step, said),
            (end, _) => end,
        };
        match end {
            StepEnd::Failed(Cause::CommandFailed { code, said }) => {
                // Nothing was done: there is no aftermath.
                if let Some(asked) = rights::of_polkit(step, || asker(&step.place), &said) {
                    return StepEnd::Failed(asked);
                }
                StepEnd::Failed(Cause::CommandFailed { code, said: self.aftermath(step, said, until).await })
            }
            other => other,
        }
    }

    /// A restart that failed may have left the service stopped: whoever reads of the failure reads that too.
    async fn aftermath(&self, step: &ServiceStep, said: Safe, until: Instant) -> Safe {
        let left = until.saturating_duration_since(Instant::now()).min(AFTERMATH);
        match self.service_facts(step, left).await {
            Ok(facts) => Safe::of(format!("{said}; now {}", seen(&facts))),
            Err(_) => said,
        }
    }

    /// What a looking command printed.
    async fn ask(&self, step: &ServiceStep, command: CommandStep, until: Instant) -> Result<Vec<u8>, Cause> {
        let left = until.saturating_duration_since(Instant::now());
        let end: CommandEnd = self.run(&command, needs(step), left).await;
        match end.step_end(&command) {
            StepEnd::Done { .. } => {}
            StepEnd::Failed(cause) | StepEnd::Unknown(cause) | StepEnd::Miscarried(cause) => return Err(cause),
            StepEnd::OtherTarget(words) | StepEnd::Cancelled(words) => return Err(Cause::Other(words)),
        }
        let limit = end.output.bytes;
        let whole = end.output.whole().map(<[u8]>::to_vec);
        whole.ok_or(Cause::TooLarge { what: Safe::of("the manager's answer"), limit })
    }
}

fn needs(step: &ServiceStep) -> Needs {
    match (&step.manager, &step.place) {
        (Manager::Systemd { user: true, .. }, Place::Local) => Needs::UserManager,
        (Manager::Compose { .. }, Place::Local) => Needs::Containers,
        _ => Needs::Nothing,
    }
}

fn done(step: &ServiceStep, said: Vec<Safe>) -> StepEnd {
    let fates = if step.verb.changes() { vec![(step.object(), Fate::Done)] } else { Vec::new() };
    StepEnd::Done { fates, said }
}

fn seen(facts: &ServiceFacts) -> Safe {
    Safe::of(format!("{}: {}, {}", facts.state.word(), facts.words, facts.identity()))
}
