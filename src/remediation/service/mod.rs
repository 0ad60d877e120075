//! The step that asks a service's own manager for something: systemd, docker or podman compose, or a small declared
//! manager. Every verb is one argument list, made here; what the manager answers is read in the files beside.

pub mod compose;
pub mod facts;
pub mod machine;
pub mod program;
pub mod proof;
pub mod systemd;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::domain::{Cause, Safe, Untrusted};

use super::command::CommandStep;
use super::object::ObjectKey;
use super::place::Place;

/// Longest name of a unit, as systemd has it.
const NAME_BYTES: usize = 255;
/// Deadline of a look: of containers it is two programs, each of which takes seconds to start, and on a machine that has much to
/// do, as in many an incident, several times that. The look before an order has this beside the order's own time.
pub const LOOK: Duration = Duration::from_secs(30);

/// Asks a service's manager for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceStep {
    /// Who starts and stops the service.
    pub manager: Manager,
    /// What is asked.
    pub verb: ServiceVerb,
    /// Where the manager runs.
    pub place: Place,
    /// What gives the rights it needs: `sudo -n`. Never asks on the terminal.
    pub become_argv: Option<Vec<String>>,
}

/// Who starts and stops a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manager {
    /// systemd.
    Systemd {
        /// Name of the unit, `api.service`.
        unit: String,
        /// The manager of the user instead of the system's.
        user: bool,
    },
    /// A compose project.
    Compose {
        /// Whose compose.
        program: ComposeProgram,
        /// Name of the project, where it is not the folder's.
        project: Option<String>,
        /// Its file.
        file: Option<String>,
        /// Name of the service in it.
        service: String,
    },
    /// A declared manager: a program for each verb. Its status prints one JSON object with `state`, `pid`, `started_at`
    /// and `restarts`, how often it restarted the service by itself.
    Program {
        /// What people call the service.
        service: String,
        /// Prints how it is.
        status: Vec<String>,
        /// Stops and starts it in one.
        restart: Vec<String>,
        /// Stops it.
        stop: Vec<String>,
        /// Starts it.
        start: Vec<String>,
    },
}

impl Manager {
    /// Which manager it is, and of what.
    #[must_use]
    pub fn words(&self) -> Safe {
        Safe::of(match self {
            Manager::Systemd { user: false, .. } => "systemd".to_owned(),
            Manager::Systemd { user: true, .. } => "systemd of the user".to_owned(),
            Manager::Compose { program, project, file, .. } => {
                let of =
                    |name: &str, what: &Option<String>| what.as_ref().map_or(String::new(), |w| format!(" {name} {w}"));
                format!("{}{}{}", program.words().join(" "), of("project", project), of("file", file))
            }
            Manager::Program { restart, .. } => restart.first().cloned().unwrap_or_default(),
        })
    }
}

/// Whose compose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ComposeProgram {
    /// `docker compose`
    Docker,
    /// `podman compose`
    Podman,
    /// `docker-compose`, the program of its own
    DockerDash,
    /// `podman-compose`, the program of its own
    PodmanDash,
}

impl ComposeProgram {
    /// All of them.
    pub const ALL: [ComposeProgram; 4] =
        [ComposeProgram::Docker, ComposeProgram::Podman, ComposeProgram::DockerDash, ComposeProgram::PodmanDash];

    /// Name of the engine's program, which knows the containers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ComposeProgram::Docker | ComposeProgram::DockerDash => "docker",
            ComposeProgram::Podman | ComposeProgram::PodmanDash => "podman",
        }
    }

    /// What is run.
    #[must_use]
    pub fn words(self) -> &'static [&'static str] {
        match self {
            ComposeProgram::Docker => &["docker", "compose"],
            ComposeProgram::Podman => &["podman", "compose"],
            ComposeProgram::DockerDash => &["docker-compose"],
            ComposeProgram::PodmanDash => &["podman-compose"],
        }
    }

    /// As a configuration names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ComposeProgram::Docker | ComposeProgram::Podman => self.word(),
            ComposeProgram::DockerDash | ComposeProgram::PodmanDash => {
                self.words().first().copied().unwrap_or_default()
            }
        }
    }
}

/// What can be asked of a service's manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ServiceVerb {
    /// How is it? Looks only.
    Status,
    /// Stop and start in one, so that nothing is left stopped when we die in between.
    Restart,
    /// Stop.
    Stop,
    /// Start.
    Start,
}

impl ServiceVerb {
    /// As managers know it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ServiceVerb::Status => "status",
            ServiceVerb::Restart => "restart",
            ServiceVerb::Stop => "stop",
            ServiceVerb::Start => "start",
        }
    }

    /// Whether it can change anything.
    #[must_use]
    pub fn changes(self) -> bool {
        self != ServiceVerb::Status
    }
}

impl ServiceStep {
    /// The service's name, as its manager knows it.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.manager {
            Manager::Systemd { unit, .. } => unit,
            Manager::Compose { service, .. } | Manager::Program { service, .. } => service,
        }
    }

    /// Whether both are about the same service, as its manager knows it and where it runs.
    #[must_use]
    pub fn is_to(&self, other: &ServiceStep) -> bool {
        self.manager.words() == other.manager.words() && self.name() == other.name() && self.place == other.place
    }

    /// The service as an object of a card.
    #[must_use]
    pub fn object(&self) -> ObjectKey {
        ObjectKey::Named(Untrusted::from(self.name()))
    }

    /// The command that asks for the step's verb; of status, the first that is asked.
    pub fn command(&self) -> Result<CommandStep, Cause> {
        let argv = self.manager.argv(self.verb)?;
        Ok(self.as_command(argv))
    }

    /// The command that asks how the service is, with the step's own rights: where those are for restarting only, ask with
    /// a step that has none.
    pub fn status(&self) -> Result<CommandStep, Cause> {
        let argv = self.manager.argv(ServiceVerb::Status)?;
        Ok(self.as_command(argv))
    }

    /// The command that asks a container engine about the containers that `status` named.
    pub fn inspect(&self, containers: &[String]) -> Result<CommandStep, Cause> {
        let Manager::Compose { program, .. } = &self.manager else {
            return Err(Cause::Misconfigured(Safe::of("only containers are inspected")));
        };
        compose::inspect_argv(*program, containers).map(|argv| self.as_command(argv))
    }

    /// The command that asks which machine it is on, and for how long that is up; with no rights of the step's own.
    #[must_use]
    pub fn machine(&self) -> CommandStep {
        let argv = ["cat", "/etc/machine-id", "/proc/uptime"].map(str::to_owned).to_vec();
        // One of the two files may be missing.
        CommandStep { argv, place: self.place.clone(), become_argv: None, expected_exit: vec![0, 1], reads: true }
    }

    /// The command that prints who depends on the service; `None` where the manager's status tells that already, or nobody
    /// does.
    pub fn dependents(&self) -> Option<Result<CommandStep, Cause>> {
        let Manager::Compose { program, project, file, service } = &self.manager else { return None };
        let argv = compose::config_argv(*program, project.as_deref(), file.as_deref(), service);
        Some(argv.map(|argv| self.as_command(argv)))
    }

    /// Why that could not be read, where its manager may be too old for it.
    #[must_use]
    pub fn dependents_unknown(&self, cause: Cause) -> Cause {
        match &self.manager {
            Manager::Compose { program, .. } => compose::dependents_unknown(*program, cause),
            Manager::Systemd { .. } | Manager::Program { .. } => cause,
        }
    }

    fn as_command(&self, argv: Vec<String>) -> CommandStep {
        CommandStep {
            argv,
            place: self.place.clone(),
            become_argv: self.become_argv.clone(),
            expected_exit: Vec::new(),
            reads: false,
        }
    }
}

impl Manager {
    /// The argument list of a verb.
    pub fn argv(&self, verb: ServiceVerb) -> Result<Vec<String>, Cause> {
        match self {
            Manager::Systemd { unit, user } => systemd::argv(unit, *user, verb),
            Manager::Compose { program, project, file, service } => {
                compose::argv(*program, project.as_deref(), file.as_deref(), service, verb)
            }
            Manager::Program { status, restart, stop, start, .. } => {
                let argv = match verb {
                    ServiceVerb::Status => status,
                    ServiceVerb::Restart => restart,
                    ServiceVerb::Stop => stop,
                    ServiceVerb::Start => start,
                };
                Place::Local.reach(argv)
            }
        }
    }
}

/// A name that a manager takes for a name: no option, no pattern, no path, nothing that hides.
fn check_name(what: &str, name: &str, beside: &str) -> Result<(), Cause> {
    let wrong = |why: &str| Err(Cause::Misconfigured(Safe::of(format!("{what} {name:?} {why}"))));
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || beside.contains(c);
    match name {
        "" => wrong("is empty"),
        _ if name.starts_with('-') => wrong("would be read as an option"),
        _ if !name.chars().all(fits) => wrong("holds a character that no such name has"),
        _ if name.len() > NAME_BYTES => wrong("is too long"),
        _ => Ok(()),
    }
}
