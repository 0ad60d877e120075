//! Runbooks: what their steps come down to, how dangerous they are together, and what shows that they worked.

use std::time::Duration;

use super::super::keys::runbooks::{entry_name, parts_of};
use super::super::layers::Item;
use super::super::problem::Layer;
use super::super::resolved::OffKind;
use super::builder::Builder;
use super::given::{text, texts, time, turn_on};
use super::steps::{Made, Touched};
use crate::domain::source::SourceKind;
use crate::domain::target::Provenance;
use crate::domain::{Safe, figure};
use crate::remediation::action::{Action, Limits, Plan, Target};
use crate::remediation::level::Level;
use crate::remediation::measure::{Measure, POOLS_RECONNECT, POOLS_SEEN, Precondition, Proof};
use crate::remediation::parameter::Given;
use crate::remediation::runbook::{Deed, Runbook, RunbookStep};
use crate::remediation::step::{SessionVerb, Work};

impl<'a> Builder<'a> {
    /// Every `[[runbook]]`.
    pub(super) fn runbooks(&mut self) {
        let merged = self.merged;
        for item in merged.of("runbook") {
            if self.switched_off(OffKind::Action, item) {
                continue;
            }
            let taken = merged.find("action", &item.name).is_some();
            if taken {
                self.wrong(item, "name", "there is an [[action]] of this name already");
            }
            self.runbook(item);
        }
    }

    fn runbook(&mut self, item: &'a Item) {
        let merged = self.merged;
        let of = |other: &&Item| parts_of(&other.name).is_some_and(|(name, _, undo)| name == item.name && !undo);
        let items: Vec<&'a Item> = merged.of("runbook.step").filter(of).collect();
        if items.is_empty() {
            return self.missing(item, "step", "missing: a runbook has at least one [[runbook.step]]");
        }
        let is_here = |step: &&Item| {
            step.given("ssh").is_none() && ["unit", "compose", "command"].iter().any(|key| step.given(key).is_some())
        };
        if let Some(host) = self.elsewhere.clone().filter(|_| item.only_profile() && items.iter().any(is_here)) {
            let why = format!("the profile means the machine of the service, which is {host}, not this one");
            return self.off(OffKind::Action, item, why, "its steps in a configuration, with ssh = \"HOST\"");
        }
        // A profile knows neither the folder nor the name of anybody's project; that of any folder is not the one meant.
        let is_unnamed = |step: &&&Item| {
            let named = |key| self.of_compose(step, key).is_some_and(|of| of.given(key).is_some());
            step.given("compose").is_some()
                && step.place.layer == Layer::Profile
                && !named("compose_file")
                && !named("project")
        };
        if items.iter().any(|step| is_unnamed(&step)) {
            let why = "its profile does not know whose compose project is meant";
            return self.off(
                OffKind::Action,
                item,
                why,
                turn_on(item, "compose_file", "\"/srv/app/docker-compose.yml\""),
            );
        }
        if text(item, "target").is_none() {
            self.missing(item, "target", "missing: the name that is typed to confirm");
        }
        let target = text(item, "target").unwrap_or(&item.name).to_owned();
        let problems = self.problems.len();
        let mut touched = Touched::default();
        let mut steps = Vec::new();
        for (number, step) in (1..).zip(items) {
            let undo = merged.find("runbook.step", &entry_name(&item.name, number, true));
            match self.whole_step(step, undo, &target, &mut touched) {
                Made::Step(step) => steps.push(*step),
                // Without one of its steps it is another runbook.
                Made::Off(why, turn_on) => return self.off(OffKind::Action, item, why, turn_on),
                Made::Wrong => {}
            }
        }
        let proof = self.proof(item);
        if let (Some(proof), true) = (proof, self.problems.len() == problems) {
            return self.made(item, Runbook { steps, contacts: contacts(item) }, proof, &target, &touched);
        }
        // A profile is right by itself: what it names and is not there was switched off, or could not be told from here.
        if item.place.layer != Layer::Profile {
            return;
        }
        let told = self.problems.split_off(problems);
        if let Some(first) = told.first() {
            let why = format!("it stands on what is not watched: {}: {}", first.key, first.words);
            self.off(OffKind::Action, item, why, "what it stands on");
        }
    }

    fn whole_step(&mut self, item: &'a Item, undo: Option<&'a Item>, target: &str, touched: &mut Touched) -> Made {
        let undo = match undo.map(|undo| self.step(undo, target, touched)) {
            None => None,
            Some(Made::Step(undo)) => Some(undo),
            Some(other) => return other,
        };
        match self.step(item, target, touched) {
            Made::Step(step) => Made::Step(Box::new(RunbookStep { undo, ..*step })),
            other => other,
        }
    }

    fn made(&mut self, item: &Item, runbook: Runbook, mut proof: Proof, name: &str, touched: &Touched) {
        let declared = text(item, "level");
        let level = declared.map_or(Level::L3, Level::parse).max(runbook.demands()).max(touched.level).max(Level::L1);
        let mut warnings = Vec::new();
        if declared.is_none() {
            warnings.push(Safe::of("no level is given: until one is, it counts as what destroys (L3)"));
        } else if declared != Some(level.word()) {
            warnings.push(Safe::of(format!("its steps demand {level}, whatever is declared")));
        }
        warnings.extend(text(item, "note").map(Safe::of));
        warnings.extend(mind_pools(&runbook, &mut proof, time(item, "settle")));
        warnings.extend(runbook.asks_while_stopped());
        for (_, step) in runbook.items() {
            let told = match &step.deed {
                Deed::Work(Work::Sql(sql)) => sql.warning().map(|why| Safe::of(format!("{}: {why}", step.title))),
                Deed::Work(work) => self.runs_in(work),
                Deed::Service { step, .. } => self.composed_in(step),
                _ => None,
            };
            warnings.extend(told.filter(|told| !warnings.contains(told)).into_iter().collect::<Vec<_>>());
        }
        let asks = |step: &RunbookStep| matches!(&step.deed, Deed::Work(Work::Http(_)));
        let leans = matches!(proof.trials.first().map(|trial| &trial.measure), Some(Measure::HitRatio(_)));
        let mut preconditions = if leans && runbook.steps.iter().any(asks) { self.room() } else { Vec::new() };
        let known = |wanted: &&Precondition| !preconditions.contains(wanted);
        let carried: Vec<Precondition> = touched.preconditions.iter().filter(known).cloned().collect();
        preconditions.extend(carried);
        warnings.extend(touched.warnings.iter().cloned());
        let (kind, at) = self.named(name);
        let sessions: usize = runbook.steps.iter().map(|step| step.deed.sessions_at_most()).sum();
        let reaching = touched.receivers.len();
        let cap = (sessions + reaching * self.resolved.actions.cap + touched.objects + runbook.steps.len()).max(1);
        self.beside_steps(item, touched.receivers.clone());
        let deadline = runbook.total();
        let own = if touched.by_program {
            self.environment_of_program(item, (kind, at), touched.on_loopback)
        } else {
            self.environment(item, None, touched.on_loopback)
        };
        let environment = touched.strictest(own);
        let provenance = if touched.discovered { Provenance::Discovered } else { Provenance::Configured };
        let undo = text(item, "undo").unwrap_or(if runbook.steps.iter().any(|step| step.undo.is_some()) {
            "what its steps say, offered when a later step fails"
        } else {
            "nothing that is declared"
        });
        self.resolved.actions.own.push(Action {
            id: Safe::of(&item.name),
            title: Safe::of(text(item, "title").unwrap_or(&item.name)),
            level,
            target: Target {
                kind,
                at,
                name: Safe::of(name),
                environment,
                provenance,
                on_loopback: touched.on_loopback,
            },
            undo: Safe::of(undo),
            plan: Plan::Runbook(Box::new(runbook)),
            preconditions,
            limits: Limits {
                cap,
                cool_down: time(item, "cool_down").unwrap_or(Duration::from_secs(30)).max(touched.cool_down),
                deadline,
            },
            proof,
            warnings,
            given: Given::default(),
        });
    }

    /// What is watched under the name of the target, for marks on its charts.
    fn named(&self, name: &str) -> (SourceKind, Option<usize>) {
        let r = &self.resolved;
        let at = |names: Vec<&Safe>| names.into_iter().position(|known| known.as_str() == name);
        let of = [
            (SourceKind::Service, at(r.services.iter().map(|s| &s.name).collect())),
            (SourceKind::Database, at(r.databases.iter().map(|d| &d.name).collect())),
            (SourceKind::Cache, at(r.caches.iter().map(|c| &c.name).collect())),
        ];
        of.into_iter().find(|(_, at)| at.is_some()).unwrap_or((SourceKind::Service, None))
    }
}

/// Where sessions are terminated the sessions of a pool are back at once: that fewer connections are in use shows only later,
/// whatever is declared.
fn mind_pools(runbook: &Runbook, proof: &mut Proof, declared: Option<Duration>) -> Option<Safe> {
    let ends = |step: &RunbookStep| matches!(step.deed, Deed::Sessions { verb: SessionVerb::Terminate, .. });
    let counts = |measure: &Measure| matches!(measure, Measure::UsedSlots(_) | Measure::UsedShare(_));
    if !runbook.steps.iter().any(ends) || !proof.trials.iter().any(|trial| counts(&trial.measure)) {
        return None;
    }
    proof.settle = proof.settle.max(POOLS_RECONNECT);
    proof.within = proof.within.max(proof.settle + POOLS_SEEN);
    let less = declared.is_some_and(|declared| declared < POOLS_RECONNECT);
    less.then(|| {
        let after = figure::span(POOLS_RECONNECT);
        Safe::of(format!(
            "connections count from {after} after it on, whatever is declared: the sessions of a pool are back at once"
        ))
    })
}

fn contacts(item: &Item) -> Vec<Safe> {
    texts(item, "contacts").unwrap_or_default().iter().map(Safe::of).collect()
}
