//! One step of a runbook: what its keys come down to, and what it touches.

use std::time::Duration;

use url::Url;

use super::super::environments::{database_is_loopback, redis_is_loopback, tightened, url_is_loopback};
use super::super::layers::Item;
use super::super::nearest;
use super::super::resolved::{CacheSource, OffKind, Receivers, RedisTarget};
use super::super::value::Value;
use super::actions::order_within;
use super::builder::Builder;
use super::commands::{command, place};
use super::given::{file, flag, text, texts, time};
use super::kinds::{least_of_request, title_of};
use super::looking_back::first_that_counts;
use super::reach::Reach;
use crate::domain::Safe;
use crate::domain::figure;
use crate::domain::target::{Environment, Provenance};
use crate::remediation::action::{Action, Plan};
use crate::remediation::inward::{Condition, Look, Manual, WaitUntil};
use crate::remediation::level::Level;
use crate::remediation::measure::{Precondition, Trial};
use crate::remediation::place::Place;
use crate::remediation::query::{RedisStep, SqlStep};
use crate::remediation::runbook::{Deed, RunbookStep};
use crate::remediation::same;
use crate::remediation::service::{Manager, ServiceStep, ServiceVerb};
use crate::remediation::sql_functions;
use crate::remediation::step::{HttpStep, Work, WritingMethod};

/// What a process has to stay for, where nothing is said.
const STAYS: Duration = Duration::from_secs(5);
/// Deadlines where nothing is said.
pub(super) const BRIEF: Duration = Duration::from_secs(30);
const WAIT: Duration = Duration::from_secs(60);
/// What an order was given for is looked for so long.
const SHOWN: Duration = Duration::from_secs(60);
const BY_HAND: Duration = Duration::from_secs(30 * 60);

/// A step, or why there is none.
pub enum Made {
    Step(Box<RunbookStep>),
    /// It stands on something that is off: why, and what turns it on.
    Off(String, String),
    /// Told as a problem.
    Wrong,
}

/// What the steps of a runbook touch, together.
pub struct Touched {
    pub on_loopback: bool,
    /// A program of the team's own changes something from here.
    pub by_program: bool,
    pub discovered: bool,
    /// Whom its requests reach, where that is declared.
    pub receivers: Vec<(Safe, Receivers)>,
    /// What guards the actions that its steps do: what must hold, what is to be known, and how soon they may come again.
    pub preconditions: Vec<Precondition>,
    pub warnings: Vec<Safe>,
    pub cool_down: Duration,
    /// Objects that are not sessions, at most.
    pub objects: usize,
    /// The least level that what its requests reach demands.
    pub level: Level,
    environments: Vec<Environment>,
}

impl Default for Touched {
    fn default() -> Touched {
        Touched {
            on_loopback: true,
            by_program: false,
            discovered: false,
            receivers: Vec::new(),
            preconditions: Vec::new(),
            warnings: Vec::new(),
            cool_down: Duration::ZERO,
            objects: 0,
            level: Level::L0,
            environments: Vec::new(),
        }
    }
}

impl Touched {
    /// As careful as the most careful of them wants it.
    pub fn strictest(&self, own: Environment) -> Environment {
        self.environments.iter().fold(own, |strictest, other| tightened(strictest, Some(other)))
    }

    /// What guards an action guards the step that does it.
    fn guarded_as(&mut self, action: &Action) {
        for wanted in &action.preconditions {
            if !self.preconditions.contains(wanted) {
                self.preconditions.push(wanted.clone());
            }
        }
        let named = action.warnings.iter().map(|warning| Safe::of(format!("{}: {warning}", action.id)));
        self.warnings.extend(named);
        self.cool_down = self.cool_down.max(action.limits.cool_down);
    }

    fn add(&mut self, environment: &Environment, provenance: Provenance, on_loopback: bool) {
        self.environments.push(environment.clone());
        self.discovered |= provenance == Provenance::Discovered;
        self.on_loopback &= on_loopback;
    }
}

/// What a step does, its title where none is given, and its deadline where none is given.
pub(super) type Drawn = (Deed, String, Duration);

impl<'a> Builder<'a> {
    pub(super) fn step(&mut self, item: &'a Item, target: &str, touched: &mut Touched) -> Made {
        let when = text(item, "when").map(|words| self.wanted(item, "when", words));
        let drawn = match self.draw(item, target, touched) {
            Ok(Some(drawn)) => drawn,
            Ok(None) => return Made::Wrong,
            Err((why, turn_on)) => return Made::Off(why, turn_on),
        };
        let (mut deed, title, deadline) = drawn;
        let when = match when {
            Some(None) => return Made::Wrong,
            Some(Some(wanted)) => Some(Condition { measure: wanted.measure, expect: wanted.expect, name: wanted.name }),
            None => None,
        };
        let mut deadline = time(item, "deadline").unwrap_or(deadline);
        if let Deed::Work(Work::WaitUntil(wait)) = &deed
            && let Some(first) = first_that_counts(&self.resolved, &wait.trial.measure)
        {
            deadline = deadline.max(first + wait.stable);
        }
        match &mut deed {
            // The order is answered within the deadline; then it is looked at until it is shown.
            Deed::Service { stable, order, .. } => {
                *order = deadline;
                deadline = deadline + *stable + SHOWN;
            }
            Deed::Work(Work::Pause(pause)) => deadline = *pause + Duration::from_secs(5),
            _ => {}
        }
        let Some(mut requires) = self.required(item) else { return Made::Wrong };
        let may_fail = flag(item, "may_fail");
        if may_fail && !deed.only_reads() {
            self.wrong(item, "may_fail", "only what reads may fail: look, query, explain, verb = \"status\", command with reads = true, or a Redis command that reads");
            return Made::Wrong;
        }
        requires.extend(
            self.kind_requires(item, touched).into_iter().filter(|own| !requires.contains(own)).collect::<Vec<_>>(),
        );
        let title = Safe::of(text(item, "title").map_or(title, str::to_owned));
        let own = self.resolved.actions.own.iter();
        let alike = own.filter(|action| same::does(&deed, &action.plan)).map(|action| action.id.clone());
        let named = text(item, "action").map(Safe::of).into_iter().chain(alike).collect();
        Made::Step(Box::new(RunbookStep {
            title,
            deed,
            deadline,
            when,
            requires,
            ask: flag(item, "ask"),
            may_fail,
            undo: None,
            entry: Safe::of(&item.name),
            named,
        }))
    }

    /// Which of the kinds it is. An error is a step that stands on something that is off.
    fn draw(&mut self, item: &'a Item, target: &str, touched: &mut Touched) -> Result<Option<Drawn>, (String, String)> {
        if let Some(words) = text(item, "look") {
            return Ok(self.looked_at(item, "look", words).map(|(measure, name)| {
                let title = format!("look at {name}");
                (Deed::Work(Work::Look(Box::new(Look { measure, name }))), title, BRIEF)
            }));
        }
        if let Some(words) = text(item, "wait") {
            return Ok(self.wait(item, words));
        }
        if let Some(pause) = time(item, "pause") {
            return Ok(Some((Deed::Work(Work::Pause(pause)), format!("wait {}", figure::span(pause)), pause)));
        }
        if let Some(words) = text(item, "manual") {
            let manual = Manual { instruction: Safe::of(words) };
            return Ok(Some((Deed::Work(Work::Manual(Box::new(manual))), words.to_owned(), BY_HAND)));
        }
        if let Some(argv) = texts(item, "command") {
            let title = format!("run {}", argv.first().cloned().unwrap_or_default());
            let step = command(item, argv);
            touched.on_loopback &= step.place == Place::Local;
            touched.by_program |= !step.reads;
            return Ok(Some((Deed::Work(Work::Command(Box::new(step))), title, BRIEF)));
        }
        if ["unit", "compose", "restart_command"].iter().any(|key| item.given(key).is_some()) {
            return Ok(self.order(item, target, touched));
        }
        if item.given("query").is_some() || item.given("statement").is_some() {
            return Ok(self.sql(item, touched));
        }
        if let Some(argv) = texts(item, "redis") {
            return Ok(self.redis(item, argv, touched));
        }
        if let Some(words) = text(item, "sessions") {
            return Ok(self.sessions(item, words, touched));
        }
        if let Some(words) = text(item, "explain") {
            return Ok(self.explain(item, words, touched));
        }
        if let Some(name) = text(item, "flush") {
            let Some((cache, _)) = self.cache_of(item, "flush", Some(name), touched) else { return Ok(None) };
            let tolerance = self.resolved.actions.flush_tolerance;
            return Ok(Some((Deed::Flush { cache, tolerance }, format!("flush {name}"), BRIEF)));
        }
        if let Some(name) = text(item, "action") {
            return self.as_action(item, name, touched);
        }
        if item.given("url").is_none() && item.given("origin").is_none() {
            self.missing(
                item,
                "",
                "does nothing: say with look, wait, pause, manual, url, unit or another what it does",
            );
            return Ok(None);
        }
        if !self.has_receivers(item) {
            return Ok(None);
        }
        match self.reach(item) {
            Reach::At(url, origin) => Ok(Some(self.send(item, url, origin, touched))),
            Reach::Off(why, turn_on) => Err((why, turn_on)),
            Reach::Wrong => Ok(None),
        }
    }

    /// What an action of the configuration does to a database, as a step.
    fn as_action(&mut self, item: &Item, name: &str, touched: &mut Touched) -> Result<Option<Drawn>, (String, String)> {
        let own = &self.resolved.actions.own;
        let Some(action) = own.iter().find(|action| action.id.as_str() == name) else {
            let off = self.resolved.off.iter().find(|off| off.kind == OffKind::Action && off.name.as_str() == name);
            if let Some(off) = off {
                return Err((format!("its action {name:?} is off: {}", off.why), off.turn_on.to_string()));
            }
            let hint = nearest::hint(name, self.merged.of("action").map(|action| action.name.as_str()));
            self.wrong(item, "action", &format!("there is no [[action]] named {name:?}{hint}"));
            return Ok(None);
        };
        let deed = match (&action.plan, action.target.at) {
            (Plan::Upkeep(upkeep), Some(database)) => Deed::Upkeep { database, upkeep: upkeep.clone() },
            (Plan::Backup(backup), Some(database)) => {
                Deed::Backup { database, name: action.target.name.clone(), backup: backup.clone() }
            }
            _ => {
                let why = "is neither upkeep nor a backup; what others do is written in the step itself";
                self.wrong(item, "action", &format!("{name:?} {why}"));
                return Ok(None);
            }
        };
        touched.guarded_as(action);
        touched.objects += action.limits.cap;
        touched.add(&action.target.environment, action.target.provenance, action.target.on_loopback);
        Ok(Some((deed, action.title.to_string(), action.limits.deadline)))
    }

    fn wait(&mut self, item: &Item, words: &str) -> Option<Drawn> {
        let wanted = self.wanted(item, "wait", words)?;
        let stable = time(item, "stable").unwrap_or_default().max(wanted.hold);
        let title = format!("wait until {} {}", wanted.name, wanted.expect.words());
        let trial = Trial { measure: wanted.measure, expect: wanted.expect, name: wanted.name };
        Some((Deed::Work(Work::WaitUntil(Box::new(WaitUntil { trial, stable }))), title, WAIT + stable))
    }

    fn send(&mut self, item: &Item, mut url: Url, origin: Option<&'a Item>, touched: &mut Touched) -> Drawn {
        let (headers, bearer) = self.credentials(item, &mut url);
        let loopback = url_is_loopback(&url);
        let environment = self.environment(item, origin, loopback);
        touched.add(&environment, super::given::provenance(item, "url"), loopback);
        let method = match text(item, "method") {
            Some("PUT") => WritingMethod::Put,
            Some("PATCH") => WritingMethod::Patch,
            Some("DELETE") => WritingMethod::Delete,
            _ => WritingMethod::Post,
        };
        let expected_status = match item.given("expect_status").map(|g| &g.value) {
            Some(Value::Statuses(codes)) => codes.clone(),
            _ => Vec::new(),
        };
        touched.level = touched.level.max(least_of_request(item, method));
        let title = title_of(item).map_or_else(|| format!("{} {}", method.word(), url.path()), str::to_owned);
        let body = text(item, "body").map(str::to_owned);
        let http = HttpStep { method, headers, bearer, body, ca_file: file(item, "ca_file"), expected_status, url };
        if let Some(receivers) = self.receivers(item, origin, Some(&http)) {
            touched.receivers.push((Safe::of(&item.name), receivers));
        }
        (Deed::Work(Work::Http(Box::new(http))), title, BRIEF)
    }

    fn order(&mut self, item: &Item, target: &str, touched: &mut Touched) -> Option<Drawn> {
        let mut manager = self.manager(item)?;
        if let Manager::Program { service, .. } = &mut manager {
            text(item, "service").unwrap_or(target).clone_into(service);
        }
        let verb = match text(item, "verb") {
            Some("stop") => ServiceVerb::Stop,
            Some("start") => ServiceVerb::Start,
            Some("status") => ServiceVerb::Status,
            _ => ServiceVerb::Restart,
        };
        let step = ServiceStep { place: place(item), become_argv: texts(item, "become"), manager, verb };
        if let Err(cause) = step.command() {
            self.missing_beside(item, "verb", &format!("{}: {cause}", verb.word()));
            return None;
        }
        touched.by_program |= verb.changes() && matches!(step.manager, Manager::Program { .. });
        touched.on_loopback &= step.place == Place::Local && !self.is_elsewhere(&step.manager);
        let title = format!("{} {}", verb.word(), step.name());
        let stable = match verb {
            ServiceVerb::Stop | ServiceVerb::Status => Duration::ZERO,
            ServiceVerb::Start | ServiceVerb::Restart => {
                self.stays(item);
                time(item, "stable").unwrap_or(STAYS)
            }
        };
        let order = order_within(&step.manager);
        Some((Deed::Service { step: Box::new(step), stable, order }, title, order))
    }

    fn sql(&mut self, item: &Item, touched: &mut Touched) -> Option<Drawn> {
        let (sql, read_only) = match (text(item, "query"), text(item, "statement")) {
            (Some(query), _) => (query, true),
            (None, Some(statement)) => (statement, false),
            (None, None) => return None,
        };
        if read_only && sql.trim_start().get(..4).is_some_and(|word| word.eq_ignore_ascii_case("show")) {
            self.wrong(item, "query", "SHOW gives no rows to select from: SELECT current_setting('…') does");
            return None;
        }
        if let Some(function) = sql_functions::acting(sql).filter(|_| read_only) {
            self.wrong(item, "query", &format!("{function} changes something; a query only reads"));
            return None;
        }
        if let Some(function) = sql_functions::ends_sessions(sql) {
            let why = "ends sessions that no card lists: a step with sessions = \"terminate idle\" or another says which, and leaves \
                       protected ones alone";
            self.wrong(item, "statement", &format!("{function} {why}"));
            return None;
        }
        let (database, name) = self.database_of(item, touched)?;
        let binds = texts(item, "binds").unwrap_or_default();
        let title = format!("{} {name}", if read_only { "ask" } else { "change" });
        let step = SqlStep { database, sql: sql.to_owned(), binds, read_only, redact: self.resolved.screen.redact };
        Some((Deed::Work(Work::Sql(Box::new(step))), title, BRIEF))
    }

    fn redis(&mut self, item: &Item, argv: Vec<String>, touched: &mut Touched) -> Option<Drawn> {
        let (cache, name) = self.cache_of(item, "cache", text(item, "cache"), touched)?;
        let step = RedisStep { cache, argv };
        if let Some(why) = step.objection() {
            self.wrong(item, "redis", why.as_str());
            return None;
        }
        let word = step.argv.first().cloned().unwrap_or_default();
        Some((Deed::Work(Work::Redis(Box::new(step))), format!("{word} on {name}"), BRIEF))
    }

    pub(super) fn database_of(&mut self, item: &Item, touched: &mut Touched) -> Option<(usize, Safe)> {
        let databases = &self.resolved.databases;
        let at = match text(item, "database") {
            Some(name) => databases.iter().position(|database| database.name.as_str() == name),
            None if databases.len() == 1 => Some(0),
            None => None,
        };
        let found = at.and_then(|at| Some((at, databases.get(at)?)));
        let Some((at, spec)) = found else {
            let hint =
                nearest::hint(text(item, "database").unwrap_or_default(), databases.iter().map(|d| d.name.as_str()));
            let words = match text(item, "database") {
                Some(name) => format!("there is no database named {name:?}{hint}"),
                None => "missing: there are several databases, or none".to_owned(),
            };
            self.wrong(item, "database", &words);
            return None;
        };
        let (environment, provenance) = (spec.environment.clone(), spec.provenance);
        let (loopback, name) = (database_is_loopback(&spec.target), spec.name.clone());
        touched.add(&environment, provenance, loopback);
        Some((at, name))
    }

    fn cache_of(&mut self, item: &Item, key: &str, name: Option<&str>, touched: &mut Touched) -> Option<(usize, Safe)> {
        let redis = |source: &CacheSource| -> Option<RedisTarget> {
            match source {
                CacheSource::Redis { target, .. } => Some(target.clone()),
                CacheSource::Endpoint { .. } => None,
            }
        };
        let known: Vec<(usize, Safe, Environment, Provenance, RedisTarget)> = self
            .resolved
            .caches
            .iter()
            .enumerate()
            .filter_map(|(at, c)| Some((at, c.name.clone(), c.environment.clone(), c.provenance, redis(&c.source)?)))
            .collect();
        let found = match name {
            Some(name) => known.iter().find(|(_, known, ..)| known.as_str() == name),
            None if known.len() == 1 => known.first(),
            None => None,
        };
        let Some((at, name, environment, provenance, target)) = found else {
            let hint = nearest::hint(name.unwrap_or_default(), known.iter().map(|(_, name, ..)| name.as_str()));
            let words = match name {
                Some(name) => format!("there is no Redis named {name:?}{hint}"),
                None => "missing: there are several Redis, or none".to_owned(),
            };
            self.wrong(item, key, &words);
            return None;
        };
        touched.add(environment, *provenance, redis_is_loopback(target));
        Some((*at, name.clone()))
    }
}
