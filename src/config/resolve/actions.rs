//! Guarded actions: whether they are allowed, their limits, and the team's own ones with what shows that they worked.

use std::time::Duration;

use url::Url;

use super::super::environments::url_is_loopback;
use super::super::keys::runbooks::parts_of;
use super::super::layers::Item;
use super::super::resolved::OffKind;
use super::super::value::Value;
use super::super::watched::row_of;
use super::builder::Builder;
use super::given::{file, flag, provenance, text, texts, time};
use super::reach::Reach;
use crate::domain::Safe;
use crate::domain::source::SourceKind;
use crate::domain::threshold::Threshold;
use crate::remediation::action::{Action, Limits, Plan, Target};
use crate::remediation::level::Level;
use crate::remediation::measure::{Expectation, Measure, Precondition, Proof, Trial};
use crate::remediation::parameter::Given;
use crate::remediation::place::Place;
use crate::remediation::service::{ComposeProgram, Manager, ServiceStep, ServiceVerb};
use crate::remediation::shown::Shown;
use crate::remediation::step::{HttpStep, Step, Work, WritingMethod};

/// Of an action that leans on the database, connections in use must be under this.
const ROOM: &str = "< 90 %";

/// An order to systemd: it waits 90 s itself before it kills what does not stop.
const UNIT: Duration = Duration::from_secs(100);
/// An order to another manager.
const ORDER: Duration = Duration::from_secs(60);
/// A new process has to stay for so long at least, whatever is said.
const STAYS_LEAST: Duration = Duration::from_secs(1);
/// A new process has to stay for so long, where nothing is said.
const STAYS: Duration = Duration::from_secs(10);

/// What nobody classified counts as what destroys, and says so.
fn unclassified(item: &Item) -> Vec<Safe> {
    let said = text(item, "level").is_some();
    let words = || Safe::of("no level is given: until one is, it counts as what destroys (L3)");
    (!said).then(words).into_iter().collect()
}

/// An order to a manager is waited for so long, where nothing is said.
pub(super) fn order_within(manager: &Manager) -> Duration {
    if matches!(manager, Manager::Systemd { .. }) { UNIT } else { ORDER }
}

impl<'a> Builder<'a> {
    /// Fills `Resolved::actions`; everything that can be watched must be known by then.
    pub fn actions(&mut self) {
        let merged = self.merged;
        let given = |key: &str| merged.given("actions", key).map(|g| g.value.clone());
        let actions = &mut self.resolved.actions;
        actions.allow = given("allow") == Some(Value::Flag(true));
        actions.journal = given("journal") == Some(Value::Flag(true));
        for (key, folder) in [("audit", &mut actions.audit), ("shared", &mut actions.shared)] {
            if let Some(Value::File(path)) = given(key) {
                *folder = Some(path);
            }
        }
        for (key, age) in [
            ("idle_older_than", &mut actions.idle_older_than),
            ("idle_in_transaction_older_than", &mut actions.idle_in_transaction_older_than),
        ] {
            if let Some(Value::Time(time)) = given(key) {
                *age = time;
            }
        }
        if let Some(Value::Count(cap)) = given("cap") {
            actions.cap = usize::try_from(cap).unwrap_or(actions.cap);
        }
        if let Some(Value::Ratio(share)) = given("flush_tolerance") {
            actions.flush_tolerance = share;
        }
        for (key, list) in [
            ("except_users", &mut actions.except_users),
            ("except_applications", &mut actions.except_applications),
            ("headless", &mut actions.headless),
        ] {
            if let Some(Value::Texts(texts)) = given(key) {
                *list = texts;
            }
        }
        self.windows();
        for item in merged.of("action") {
            if self.switched_off(OffKind::Action, item) {
                continue;
            }
            if self.upkeep(item) || self.backup(item) {
                continue;
            }
            if let Some((why, turn_on)) = self.watched_is_off(item) {
                self.off(OffKind::Action, item, why, turn_on);
                continue;
            }
            if let Some(argv) = texts(item, "command") {
                self.command_action(item, argv);
                continue;
            }
            if let Some(manager) = self.manager(item) {
                self.service_action(item, manager);
                continue;
            }
            // Something is missing beside it, which was told.
            if item.given("restart_command").is_some() {
                continue;
            }
            match self.reach(item) {
                Reach::At(url, origin) => self.action(item, url, origin),
                Reach::Off(why, turn_on) => self.off(OffKind::Action, item, why, turn_on),
                Reach::Wrong => {}
            }
        }
        // What guards an action guards the runbooks that do it.
        merged.of("action").for_each(|item| self.requires(item));
        self.runbooks();
        merged.of("runbook").for_each(|item| self.requires(item));
        merged.of("action").chain(merged.of("runbook")).for_each(|item| self.answers(item));
        for item in merged.of("action").chain(merged.of("runbook")) {
            self.parameters(item);
        }
        self.mind_whole_lives();
        self.mind_reach();
        self.policy();
    }

    fn action(&mut self, item: &'a Item, mut url: Url, origin: Option<&'a Item>) {
        let (headers, bearer) = self.credentials(item, &mut url);
        let loopback = url_is_loopback(&url);
        let Some(proof) = self.proof_of_request(item, &url) else { return };
        let deadline = time(item, "deadline").unwrap_or(Duration::from_secs(30));
        let expected_status = match item.given("expect_status").map(|g| &g.value) {
            Some(Value::Statuses(codes)) => codes.clone(),
            _ => Vec::new(),
        };
        let method = match text(item, "method") {
            Some("PUT") => WritingMethod::Put,
            Some("PATCH") => WritingMethod::Patch,
            Some("DELETE") => WritingMethod::Delete,
            _ => WritingMethod::Post,
        };
        let same_origin = |other: &Url| other.origin() == url.origin();
        let at = self.resolved.services.iter().position(|service| same_origin(&service.url));
        let named = text(item, "target").map(str::to_owned).or_else(|| origin.map(|origin| origin.name.clone()));
        let name = named.or_else(|| url.host_str().map(str::to_owned)).unwrap_or_else(|| item.name.clone());
        let title = Safe::of(text(item, "title").unwrap_or(&item.name));
        let step = HttpStep {
            method,
            headers,
            bearer,
            body: text(item, "body").map(str::to_owned),
            ca_file: file(item, "ca_file"),
            expected_status,
            url,
        };
        let leans_on_database = matches!(proof.trials.first(), Some(Trial { measure: Measure::HitRatio(_), .. }));
        let preconditions = if leans_on_database { self.room() } else { Vec::new() };
        let environment = self.environment(item, origin, loopback);
        self.beside(item, origin, Some(&step));
        let cap = self.cap_of(item);
        let mut action = Action {
            id: Safe::of(&item.name),
            title: title.clone(),
            level: Level::parse(text(item, "level").unwrap_or_default()),
            target: Target {
                kind: SourceKind::Service,
                at,
                name: Safe::of(name),
                environment,
                provenance: provenance(item, "url"),
                on_loopback: loopback,
            },
            plan: Plan::Steps(vec![Step { title, work: Work::Http(Box::new(step)), deadline }]),
            preconditions,
            limits: Limits {
                cap,
                cool_down: time(item, "cool_down").unwrap_or(Duration::from_secs(30)),
                deadline: deadline + Duration::from_secs(5),
            },
            proof,
            undo: Safe::of(text(item, "undo").unwrap_or("not known")),
            warnings: unclassified(item),
            given: Given::default(),
        };
        self.as_its_kind(item, method, &mut action);
        self.resolved.actions.own.push(action);
    }

    fn service_action(&mut self, item: &'a Item, manager: Manager) {
        self.beside(item, None, None);
        let verb = match text(item, "verb") {
            Some("stop") => ServiceVerb::Stop,
            Some("start") => ServiceVerb::Start,
            _ => ServiceVerb::Restart,
        };
        let host = text(item, "ssh").map(str::to_owned);
        let loopback = host.is_none() && !self.is_elsewhere(&manager);
        let place = host.map_or(Place::Local, |host| Place::Ssh { host });
        let by_program = matches!(manager, Manager::Program { .. });
        let step = ServiceStep { manager, verb, place, become_argv: texts(item, "become") };
        let Some(mut proof) = self.proof(item) else { return };
        if verb != ServiceVerb::Stop {
            self.stays(item);
        }
        let watched = self.service_behind(item, &step);
        let mut warnings = vec![Safe::of("requests that it is serving are broken off, unless it finishes them")];
        if verb != ServiceVerb::Stop && proof.trials.is_empty() {
            match watched.and_then(|at| Some((at, self.resolved.services.get(at)?))) {
                Some((at, service)) => proof.trials.push(Trial {
                    measure: Measure::Service(at),
                    expect: Expectation::Healthy,
                    name: Safe::of(format!("health of {}", service.name)),
                }),
                None => warnings.push(Safe::of(
                    "its HEALTH IS NOT LOOKED AT, only that a new process stays: watch = \"service NAME\" has it proved",
                )),
            }
        }
        // That the old process is gone and a new one stays is always looked at.
        let stable = if proof.stable.is_zero() { STAYS } else { proof.stable };
        let what = if verb == ServiceVerb::Stop { "every process of" } else { "the old process of" };
        let name = Safe::of(format!("{what} {}", step.name()));
        proof.trials.insert(0, Trial { measure: Measure::ObjectsLeft, expect: Expectation::None, name });
        proof.stable = Duration::from_secs(2);
        let deadline = time(item, "deadline").unwrap_or(order_within(&step.manager));
        proof.within = time(item, "within").unwrap_or(Duration::from_secs(60)) + stable;
        let named = text(item, "target").unwrap_or_else(|| step.name()).to_owned();
        let word = step.verb.word();
        warnings.extend(self.composed_in(&step));
        let title = text(item, "title").map_or_else(|| format!("{word} {}", step.name()), str::to_owned);
        let environment = if by_program {
            self.environment_of_program(item, (SourceKind::Service, watched), loopback)
        } else {
            self.environment(item, None, loopback)
        };
        let action = Action {
            id: Safe::of(&item.name),
            title: Safe::of(title),
            level: text(item, "level").map_or(Level::L2, Level::parse).max(Level::L2),
            target: Target {
                kind: SourceKind::Service,
                at: watched,
                name: Safe::of(named),
                environment,
                provenance: provenance(item, "name"),
                on_loopback: loopback,
            },
            plan: Plan::Service { step: Box::new(step), stable },
            preconditions: Vec::new(),
            limits: Limits { cap: 1, cool_down: time(item, "cool_down").unwrap_or(Duration::from_secs(30)), deadline },
            proof,
            undo: Safe::of(text(item, "undo").unwrap_or("nothing: what it was doing is lost")),
            warnings,
            given: Given::default(),
        };
        self.resolved.actions.own.push(action);
    }

    /// Which of the services that are watched an order is about: the one that it says, or the one of its own name, or its
    /// target's. That something answers is not asked of what is to be stopped, unless it is said.
    fn service_behind(&self, item: &Item, step: &ServiceStep) -> Option<usize> {
        let place = |name: &str| self.resolved.services.iter().position(|service| service.name.as_str() == name);
        if let Some(said) = text(item, "watch").and_then(|words| words.strip_prefix("service ")) {
            return place(said.trim());
        }
        let unit = step.name().strip_suffix(".service");
        let mut names = unit.into_iter().chain([step.name()]).chain(text(item, "target"));
        if step.verb == ServiceVerb::Stop { None } else { names.find_map(place) }
    }

    /// A process that has just started is always there: for how long it has to stay says something from a second on.
    pub(super) fn stays(&mut self, item: &Item) {
        if time(item, "stable").is_some_and(|stable| stable < STAYS_LEAST) {
            self.wrong(
                item,
                "stable",
                "of an order to a service it is 1s at least: what has just started is always there",
            );
        }
    }

    /// A container engine may be another machine's: by a variable, or by a context that only its program knows of.
    pub(super) fn is_elsewhere(&self, manager: &Manager) -> bool {
        let set = |name: &str| self.inputs.variables.get(name).is_some_and(|value| !value.starts_with("unix:"));
        match manager {
            Manager::Compose { program: ComposeProgram::Docker | ComposeProgram::DockerDash, .. } => {
                self.inputs.variables.get("DOCKER_HOST").is_none_or(|value| !value.starts_with("unix:"))
            }
            Manager::Compose { program: ComposeProgram::Podman | ComposeProgram::PodmanDash, .. } => {
                set("CONTAINER_HOST") || set("DOCKER_HOST")
            }
            Manager::Systemd { .. } | Manager::Program { .. } => false,
        }
    }

    /// Who starts and stops the service; `None` where the action is a request.
    pub(super) fn manager(&mut self, item: &Item) -> Option<Manager> {
        if let Some(unit) = text(item, "unit") {
            return Some(Manager::Systemd { unit: unit.to_owned(), user: flag(item, "user_unit") });
        }
        if let Some(service) = text(item, "compose") {
            let named = |program: &ComposeProgram| text(item, "compose_program") == Some(program.name());
            let program = ComposeProgram::ALL.into_iter().find(named).unwrap_or(ComposeProgram::Docker);
            return Some(Manager::Compose {
                program,
                project: self.of_compose(item, "project").and_then(|of| text(of, "project")).map(str::to_owned),
                file: self
                    .of_compose(item, "compose_file")
                    .and_then(|of| file(of, "compose_file"))
                    .map(|path| path.to_string_lossy().into_owned()),
                service: service.to_owned(),
            });
        }
        let restart = texts(item, "restart_command")?;
        let Some(status) = texts(item, "status_command") else {
            self.missing_beside(
                item,
                "restart_command",
                "wants status_command beside it: a restart is proved by its process",
            );
            return None;
        };
        for (verb, key) in [("stop", "stop_command"), ("start", "start_command")] {
            if text(item, "verb") == Some(verb) && texts(item, key).is_none() {
                self.missing_beside(item, "verb", &format!("{verb} wants {key} beside it"));
                return None;
            }
        }
        let other = |key| texts(item, key).unwrap_or_default();
        let (stop, start) = (other("stop_command"), other("start_command"));
        let service = text(item, "target").unwrap_or(&item.name).to_owned();
        Some(Manager::Program { service, status, restart, stop, start })
    }

    /// Who says which compose project is meant: the step itself, or the runbook that it is of.
    pub(super) fn of_compose<'b>(&'b self, item: &'b Item, key: &str) -> Option<&'b Item> {
        let of_runbook = || parts_of(&item.name).and_then(|(name, ..)| self.merged.find("runbook", name));
        Some(item).filter(|item| item.given(key).is_some()).or_else(of_runbook)
    }

    /// In which folder a program runs that changes something, for the card.
    pub(super) fn runs_in(&self, step: &Work) -> Option<Safe> {
        let Work::Command(command) = step else { return None };
        let said = || format!("{} runs in {}", command.argv.first().map_or("", String::as_str), self.here());
        (command.place == Place::Local && !command.reads).then(|| Safe::of(said()))
    }

    /// The same of compose: without a file it takes that of the folder.
    pub(super) fn composed_in(&self, step: &ServiceStep) -> Option<Safe> {
        let Manager::Compose { file: None, service, .. } = &step.manager else { return None };
        let said = || format!("{service} is what compose finds without compose_file in {}", self.here());
        (step.place == Place::Local).then(|| Safe::of(said()))
    }

    fn here(&self) -> String {
        match &self.inputs.here {
            Some(folder) => format!("{}, the folder in which this was started", folder.display()),
            None => "the folder in which this was started".to_owned(),
        }
    }

    /// Connections are left for what an action makes the service do.
    pub(super) fn room(&self) -> Vec<Precondition> {
        let Ok(threshold) = Threshold::parse(ROOM) else { return Vec::new() };
        let databases = self.resolved.databases.iter().enumerate();
        databases
            .map(|(at, database)| Precondition {
                measure: Measure::UsedShare(at),
                threshold: threshold.clone(),
                fresh: database.interval * 3 + Duration::from_secs(5),
                name: Safe::of(format!("share of connections in use of {}", database.name)),
            })
            .collect()
    }

    /// What shows that it worked; `None` when what was written makes no sense, which was told.
    pub(super) fn proof(&mut self, item: &Item) -> Option<Proof> {
        let trials = match text(item, "watch") {
            Some(words) => vec![self.shown_by(item, words)?],
            None => Vec::new(),
        };
        Some(Proof {
            trials,
            settle: time(item, "settle").unwrap_or_default(),
            within: time(item, "within").unwrap_or(Duration::from_secs(60)),
            stable: time(item, "stable").unwrap_or_default(),
        })
    }

    /// What is watched, and what must be seen of it: that it changes for the better, a state, or a threshold in its unit.
    fn shown_by(&mut self, item: &Item, words: &str) -> Option<Trial> {
        let (measure, name) = self.looked_at(item, "watch", words)?;
        let is_ratio = matches!(measure, Measure::HitRatio(_) | Measure::Shown(Shown::BufferHit, _));
        let is_state = row_of(&measure).is_some_and(|row| !row.takes.states().is_empty());
        let expect = match text(item, "expect") {
            Some("rises") => Expectation::Rose,
            Some("falls") => Expectation::Fell,
            None if is_state => Expectation::Healthy,
            None if is_ratio => Expectation::Rose,
            None => Expectation::Fell,
            Some(expected) => {
                let wanted = self.wanted(item, "expect", &format!("{words} {expected}"))?;
                return Some(Trial { expect: wanted.expect, measure: wanted.measure, name: wanted.name });
            }
        };
        Some(Trial { measure, expect, name })
    }
}
