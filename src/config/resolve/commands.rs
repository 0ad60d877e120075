//! Actions of the team's own that run a program: an argument list, never a shell.

use std::time::Duration;

use super::super::layers::Item;
use super::builder::Builder;
use super::given::{flag, provenance, text, texts, time};
use crate::domain::Safe;
use crate::domain::source::SourceKind;
use crate::remediation::action::{Action, Limits, Plan, Target};
use crate::remediation::command::CommandStep;
use crate::remediation::level::Level;
use crate::remediation::parameter::Given;
use crate::remediation::place::Place;
use crate::remediation::step::{Step, Work};

impl Builder<'_> {
    /// `command = […]` of an action.
    pub(super) fn command_action(&mut self, item: &Item, argv: Vec<String>) {
        let step = command(item, argv);
        let on_loopback = step.place == Place::Local;
        let Some(proof) = self.proof(item) else { return };
        let deadline = time(item, "deadline").unwrap_or(Duration::from_secs(30));
        let name = text(item, "target").unwrap_or(&item.name);
        let at = self.resolved.services.iter().position(|service| service.name.as_str() == name);
        let title = Safe::of(text(item, "title").unwrap_or(&item.name));
        let mut warnings = Vec::new();
        if text(item, "level").is_none() {
            warnings.push(Safe::of("no level is given: until one is, it counts as what destroys (L3)"));
        }
        let work = Work::Command(Box::new(step));
        warnings.extend(self.runs_in(&work));
        let environment = self.environment_of_program(item, (SourceKind::Service, at), on_loopback);
        self.resolved.actions.own.push(Action {
            id: Safe::of(&item.name),
            title: title.clone(),
            level: Level::parse(text(item, "level").unwrap_or_default()).max(Level::L2),
            target: Target {
                kind: SourceKind::Service,
                at,
                name: Safe::of(name),
                environment,
                provenance: provenance(item, "name"),
                on_loopback,
            },
            plan: Plan::Steps(vec![Step { title, work, deadline }]),
            preconditions: Vec::new(),
            limits: Limits {
                cap: 1,
                cool_down: time(item, "cool_down").unwrap_or(Duration::from_secs(30)),
                deadline: deadline + Duration::from_secs(5),
            },
            proof,
            undo: Safe::of(text(item, "undo").unwrap_or("not known")),
            warnings,
            given: Given::default(),
        });
    }
}

/// The program, where it runs, and what gives it its rights.
pub fn command(item: &Item, argv: Vec<String>) -> CommandStep {
    CommandStep {
        argv,
        place: place(item),
        become_argv: texts(item, "become"),
        expected_exit: Vec::new(),
        reads: flag(item, "reads"),
    }
}

/// Here, or on a host over ssh.
pub fn place(item: &Item) -> Place {
    text(item, "ssh").map_or(Place::Local, |host| Place::Ssh { host: host.to_owned() })
}
