//! What all parts of resolving share: the merged layers, the result so far, problems, and what is off.

use super::super::arguments::main_of;
use super::super::environments::{self, tightened};
use super::super::keys::Kind;
use super::super::layers::{Item, Merged};
use super::super::problem::{Layer, Place, Problem};
use super::super::read::path;
use super::super::resolved::{OffKind, OffSpec, Resolved};
use super::super::value::{Context, Value, of_text};
use super::given::{flag, secret, turn_on};
use super::{Inputs, credentials, screen};
use crate::domain::Safe;
use crate::domain::secret::SecretRef;
use crate::domain::source::SourceKind;
use crate::domain::target::Environment;

/// Resolves everything.
pub fn build(inputs: &Inputs, merged: &Merged, profile: Option<&str>) -> (Resolved, Vec<Problem>) {
    let mut builder = Builder {
        inputs,
        merged,
        profile,
        resolved: Resolved::default(),
        problems: Vec::new(),
        at_least: None,
        by_policy: None,
        elsewhere: None,
        twins: Vec::new(),
    };
    builder.at_least = builder.at_least();
    builder.by_policy = builder.by_policy();
    builder.elsewhere = builder.elsewhere();
    builder.company();
    builder.origins();
    builder.services();
    builder.databases();
    builder.caches();
    builder.signals();
    builder.logs();
    builder.metrics();
    builder.actions();
    builder.alerts();
    screen::resolve(&mut builder);
    builder.loosening();
    builder.limits();
    builder.nothing();
    builder.name();
    (builder.resolved, builder.problems)
}

/// Resolving in progress.
pub struct Builder<'a> {
    pub inputs: &'a Inputs,
    pub merged: &'a Merged,
    pub profile: Option<&'a str>,
    pub resolved: Resolved,
    pub problems: Vec<Problem>,
    /// `--env`
    at_least: Option<Environment>,
    /// The shared policy's `environment`.
    by_policy: Option<Environment>,
    /// The host of the profile's main origin, when it is another machine than this one.
    pub elsewhere: Option<String>,
    /// Second names of scraped endpoints, each with the place of the target that is scraped for both.
    pub twins: Vec<(String, usize)>,
}

impl Builder<'_> {
    pub fn problem(&mut self, place: &Place, item: &Item, key: &str, words: &str) {
        self.problems.push(Problem::new(place, path(item.section, &item.name, key), words));
    }

    /// Something is missing; not told where it may be among what was refused.
    pub fn missing(&mut self, item: &Item, key: &str, words: &str) {
        if !item.flawed {
            let place = item.place.clone();
            self.problem(&place, item, key, words);
        }
    }

    /// A key whose companion is missing.
    pub fn missing_beside(&mut self, item: &Item, key: &str, words: &str) {
        if !item.flawed {
            self.wrong(item, key, words);
        }
    }

    pub fn wrong(&mut self, item: &Item, key: &str, words: &str) {
        let place = item.place_of(key).clone();
        self.problem(&place, item, key, words);
    }

    pub fn note(&mut self, text: impl AsRef<str>) {
        let note = Safe::of(text);
        if !self.resolved.notes.contains(&note) {
            self.resolved.notes.push(note);
        }
    }

    pub fn off(&mut self, kind: OffKind, item: &Item, why: impl AsRef<str>, turn_on: impl AsRef<str>) {
        let (why, turn_on) = (Safe::of(why), Safe::of(turn_on));
        self.resolved.off.push(OffSpec { kind, name: Safe::of(&item.name), why, turn_on });
    }

    /// A connection that cannot be read: a problem, but only off where it merely lay around in the environment, as the
    /// `DATABASE_URL` of another kind of database does.
    pub fn unusable(&mut self, kind: OffKind, item: &Item, key: &str, words: &Safe, turn_on: &str) {
        let place = item.place_of(key).clone();
        if place.layer == Layer::Environment {
            self.off(kind, item, format!("{place}: {words}"), turn_on);
        } else {
            self.problem(&place, item, key, words.as_str());
        }
    }

    /// `off = true`: says so and answers true.
    pub fn switched_off(&mut self, kind: OffKind, item: &Item) -> bool {
        let off = flag(item, "off");
        if off {
            let place = item.place_of("off").clone();
            let why = if item.is_left_off() {
                "left off by its profile until it is asked for".to_owned()
            } else {
                format!("switched off in {place}")
            };
            self.off(kind, item, why, turn_on(item, "off", "false"));
        }
        off
    }

    /// What a profile says about this machine means the one the service runs on; elsewhere it would be a lie.
    pub fn is_about_another_machine(&mut self, kind: OffKind, item: &Item, key: &str) -> bool {
        let Some(host) = self.elsewhere.clone().filter(|_| item.only_profile()) else { return false };
        let shown = item.given(key).map_or_else(|| "\"\"".to_owned(), |g| g.value.shown().to_string());
        let why = format!("the profile means the machine of the service, which is {host}, not this one");
        self.off(kind, item, why, turn_on(item, key, &shown));
        true
    }

    /// The environment of a target, and a problem where "local" is said of another machine.
    pub fn environment(&mut self, item: &Item, origin: Option<&Item>, loopback: bool) -> Environment {
        let given = item
            .given("environment")
            .or_else(|| origin.and_then(|o| o.given("environment")))
            .or_else(|| self.merged.given("", "environment"));
        let declared = given.and_then(|given| match &given.value {
            Value::Environment(environment) => Some((environment, given.place.clone())),
            _ => None,
        });
        if let Some((Environment::Local, place)) = &declared
            && !loopback
        {
            self.problem(
                place,
                item,
                "environment",
                "local means this machine over loopback; allowed here: dev, staging, production",
            );
        }
        let environment = environments::of_target(declared.as_ref().map(|(e, _)| *e), loopback);
        tightened(tightened(environment, self.at_least.as_ref()), self.by_policy.as_ref())
    }

    /// Of what a program of the team's own does: it may reach anything from here. What is declared counts; else that of what
    /// is watched and it is for; else it is not known.
    pub fn environment_of_program(
        &mut self,
        item: &Item,
        target: (SourceKind, Option<usize>),
        here: bool,
    ) -> Environment {
        let declared = self.environment(item, None, here);
        if item.given("environment").is_some() || self.merged.given("", "environment").is_some() {
            return declared;
        }
        let of_target = self.watched_environment(target).unwrap_or(environments::of_target(None, false));
        tightened(of_target, Some(&declared))
    }

    fn watched_environment(&self, target: (SourceKind, Option<usize>)) -> Option<Environment> {
        let watched = &self.resolved;
        Some(match target {
            (SourceKind::Service, Some(at)) => watched.services.get(at)?.environment.clone(),
            (SourceKind::Database, Some(at)) => watched.databases.get(at)?.environment.clone(),
            (SourceKind::Cache, Some(at)) => watched.caches.get(at)?.environment.clone(),
            _ => return None,
        })
    }

    fn by_policy(&self) -> Option<Environment> {
        match &self.merged.given("policy", "environment")?.value {
            Value::Environment(environment) => Some(environment.clone()),
            _ => None,
        }
    }

    fn at_least(&mut self) -> Option<Environment> {
        let (text, place) = match (&self.inputs.arguments.environment, self.inputs.variables.get("QUARTERDECK_ENV")) {
            (Some(text), _) => (text.as_str(), Place::of(Layer::CommandLine, "--env")),
            (None, Some(text)) => (text, Place::of(Layer::Environment, "QUARTERDECK_ENV")),
            (None, None) => return None,
        };
        match of_text(&Kind::Environment, text, &Context { layer: place.layer, folder: None, home: None }) {
            Ok(Value::Environment(environment)) => Some(environment),
            Ok(_) => None,
            Err(words) => {
                self.problems.push(Problem::new(&place, "", words));
                None
            }
        }
    }

    fn elsewhere(&self) -> Option<String> {
        let main = self.merged.of("origin").find(|item| item.place.layer == Layer::Profile)?;
        match &main.given("url")?.value {
            Value::Url(url) if !environments::url_is_loopback(url) => url.host_str().map(str::to_owned),
            _ => None,
        }
    }

    /// Keys that mean something only beside another one.
    fn company(&mut self) {
        for item in &self.merged.items {
            let sourced = item.section.one_of.iter().any(|key| item.given(key).is_some());
            for (key, given) in &item.values {
                let alone = !key.with.is_empty() && !key.with.iter().any(|other| item.given(other).is_some());
                if alone && !item.flawed && (sourced || given.place.layer != Layer::Profile) {
                    let words = format!("means something only together with {}", key.with.join(" or "));
                    self.problem(&given.place, item, key.name, &words);
                }
            }
        }
    }

    /// `--env` asked for less than a target is.
    fn loosening(&mut self) {
        let Some(least) = self.at_least.clone() else { return };
        let all = self.resolved.services.iter().map(|s| (&s.name, &s.environment));
        let all = all.chain(self.resolved.databases.iter().map(|d| (&d.name, &d.environment)));
        let all = all.chain(self.resolved.caches.iter().map(|c| (&c.name, &c.environment)));
        let looser: Vec<String> =
            all.filter(|(_, e)| **e > least).map(|(name, e)| format!("{name} ({e})")).take(3).collect();
        if !looser.is_empty() {
            let word = least.word().to_lowercase();
            self.note(format!(
                "--env {word} only makes stricter and left as they are: {}; environment = \"{word}\" in a configuration declares it",
                looser.join(", ")
            ));
        }
    }

    fn limits(&mut self) {
        let r = &self.resolved;
        let lists = [
            ("service", r.services.len()),
            ("database", r.databases.len()),
            ("cache", r.caches.len()),
            ("signal", r.signals.len()),
            ("log", r.logs.len()),
            ("metrics", r.metrics.len()),
        ];
        for (section, length) in lists {
            if length > Resolved::MAX_SOURCES
                && let Some(item) = self.merged.items.iter().rfind(|i| i.section.name == section)
            {
                let words = format!("{length} entries; {} are the most", Resolved::MAX_SOURCES);
                self.problems.push(Problem::new(&item.place, section, words));
            }
        }
    }

    fn nothing(&mut self) {
        if self.resolved.is_empty() {
            self.note(
                "nothing is watched: give a URL, --db, --profile or a configuration; quarterdeck demo shows a sample system",
            );
        }
    }

    fn name(&mut self) {
        let named = self.merged.given("", "name").map(|g| g.value.clone());
        self.resolved.name = match (named, self.profile) {
            (Some(Value::Text(name)), _) => Safe::of(name),
            (_, Some(profile)) => Safe::of(profile),
            _ => {
                let r = &self.resolved;
                let engines = r.know.prometheus.iter().chain(&r.know.alertmanager).map(|e| &e.request.url);
                let host = r.origins.iter().map(|o| &o.url).chain(r.services.iter().map(|s| &s.url)).next();
                let database = r.databases.first().map(|d| d.name.clone());
                let named = host.and_then(|u| u.host_str()).map(Safe::of).or(database);
                let scraped = r.metrics.iter().map(|m| &m.request.url);
                let engine = || scraped.chain(engines).find_map(|u| u.host_str()).map(Safe::of);
                let rest = r.caches.iter().map(|c| &c.name).chain(r.signals.iter().map(|s| &s.name));
                let rest = rest.chain(r.logs.iter().map(|l| &l.name)).next().cloned();
                named.or_else(engine).or(rest).unwrap_or_else(|| Safe::of("no target"))
            }
        };
    }

    /// Whether the main entry of a section came from nowhere but a profile, for words on how to turn things on.
    pub fn main_origin(&self) -> Option<String> {
        main_of(self.merged, "origin", "url")
    }

    /// Headers and bearer of an entry, with the user-info of its URL moved among them.
    pub fn credentials(&mut self, item: &Item, url: &mut url::Url) -> (Vec<(String, SecretRef)>, Option<SecretRef>) {
        let mut headers = match item.given("headers").map(|g| &g.value) {
            Some(Value::Headers(headers)) => headers.clone(),
            _ => Vec::new(),
        };
        let bearer = secret(item, "bearer");
        let has = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        if has && bearer.is_some() {
            self.wrong(item, "bearer", "bearer and headers.Authorization exclude each other; keep one of them");
        }
        if let Some(basic) = credentials::take_user_info(url) {
            if has || bearer.is_some() {
                self.wrong(
                    item,
                    "url",
                    "the URL holds user and password, and an Authorization is given too; keep one of them",
                );
            } else {
                headers.push(("Authorization".to_owned(), basic));
            }
        }
        (headers, bearer)
    }
}
