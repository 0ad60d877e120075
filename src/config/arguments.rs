//! What the command line said, as plain values; and how that becomes the strongest layer.

use std::path::PathBuf;

use url::Url;

use super::keys::Kind;
use super::layers::{Item, Merged};
use super::names;
use super::nearest;
use super::problem::{Layer, Place, Problem};
use super::value::{Context, Value, of_text};
use super::words;
use crate::domain::Safe;

/// The subcommands: what is mistyped at a URL's place is often one of them.
pub const COMMANDS: [&str; 7] = ["approve", "audit", "check", "config", "demo", "doctor", "run"];

/// Arguments of the dashboard and of `check`, not yet judged.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// URLs: with a path a service, bare an origin.
    pub urls: Vec<String>,
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--profile`
    pub profile: Option<String>,
    /// `--db`
    pub databases: Vec<String>,
    /// `--redis`
    pub redis: Vec<String>,
    /// `--metrics`
    pub metrics: Vec<String>,
    /// `--log`
    pub logs: Vec<String>,
    /// `--env`
    pub environment: Option<String>,
    /// `--every`
    pub every: Option<String>,
    /// `--theme`
    pub theme: Option<String>,
    /// `--ascii`
    pub ascii: bool,
    /// `--redact`
    pub redact: bool,
    /// `--allow-actions`
    pub allow_actions: bool,
    /// `--rules`
    pub rules: Vec<String>,
}

impl Arguments {
    /// Puts the arguments on top of the layers below.
    pub(super) fn apply(&self, merged: &mut Merged, problems: &mut Vec<Problem>, notes: &mut Vec<Safe>) {
        let mut line = Line { merged, problems, notes };
        for text in &self.urls {
            line.url(text);
        }
        for (at, text) in self.databases.iter().enumerate() {
            line.connection("database", "url", "--db", &Kind::Dsn, text, at == 0);
        }
        for (at, text) in self.redis.iter().enumerate() {
            line.connection("cache", "redis", "--redis", &Kind::RedisUrl, text, at == 0);
        }
        for text in &self.metrics {
            if let Some(Value::Url(url)) = line.value("--metrics", &Kind::Url, text) {
                let name = line.free_name("metrics", &names::of_url(&url));
                line.set("metrics", &name, "url", Value::Url(url), "--metrics");
            }
        }
        for text in &self.logs {
            if let Some(value) = line.value("--log", &Kind::Glob, text) {
                let name = line.free_name("log", &names::of_path(text));
                line.set("log", &name, "files", value, "--log");
            }
        }
        let rules: Vec<String> = self.rules.iter().filter_map(|text| line.file("--rules", text)).collect();
        if !rules.is_empty() {
            line.set("", "", "rules", Value::Texts(rules), "--rules");
        }
        let screen = [("every", "--every", &self.every), ("theme", "--theme", &self.theme)];
        for (key, flag, text) in screen {
            let kind = super::keys::section("screen").and_then(|s| s.key(key)).map(|k| &k.kind);
            if let (Some(text), Some(kind)) = (text, kind)
                && let Some(value) = line.value(flag, kind, text)
            {
                line.set("screen", "", key, value, flag);
            }
        }
        for (key, flag, given) in [("ascii", "--ascii", self.ascii), ("redact", "--redact", self.redact)] {
            if given {
                line.set("screen", "", key, Value::Flag(true), flag);
            }
        }
        if self.allow_actions {
            line.set("actions", "", "allow", Value::Flag(true), "--allow-actions");
        }
    }
}

struct Line<'a> {
    merged: &'a mut Merged,
    problems: &'a mut Vec<Problem>,
    notes: &'a mut Vec<Safe>,
}

impl Line<'_> {
    fn value(&mut self, flag: &str, kind: &Kind, text: &str) -> Option<Value> {
        match of_text(kind, text, &Context { layer: Layer::CommandLine, folder: None, home: None }) {
            Ok(value) => Some(value),
            Err(words) => {
                self.problems.push(Problem::new(&place("command line"), flag, words));
                None
            }
        }
    }

    fn file(&mut self, flag: &str, text: &str) -> Option<String> {
        match self.value(flag, &Kind::Files, text)? {
            Value::Texts(mut files) => files.pop(),
            _ => None,
        }
    }

    fn set(&mut self, section: &'static str, name: &str, key: &str, value: Value, flag: &str) {
        self.merged.fill(section, name, key, value, &place(flag));
    }

    /// The name, or the name with a number that nobody has yet.
    fn free_name(&self, section: &'static str, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut number = 2;
        while self.merged.find(section, &name).is_some() {
            name = format!("{wanted} {number}");
            number += 1;
        }
        name
    }

    fn url(&mut self, text: &str) {
        if let Some(words) = meant_command(text) {
            return self.problems.push(Problem::new(&place("command line"), "URL", words));
        }
        let Some(Value::Url(url)) = self.value("URL", &Kind::Url, text) else { return };
        if !is_bare(&url) {
            let name = self.free_name("service", &names::of_url(&url));
            return self.set("service", &name, "url", Value::Url(url), "URL");
        }
        if let Some(name) = main_of(self.merged, "origin", "url") {
            self.set("origin", &name, "url", Value::Url(url), "URL");
        } else {
            let name = self.free_name("origin", &names::of_url(&url));
            self.set("origin", &name, "url", Value::Url(url), "URL");
            self.set("origin", &name, "discover", Value::Flag(true), "URL");
        }
    }

    fn connection(&mut self, section: &'static str, key: &str, flag: &str, kind: &Kind, text: &str, first: bool) {
        let Some(value) = self.value(flag, kind, text) else { return };
        if words::connection_without_secrets(text) != text {
            let words = format!(
                "{flag} holds a password: every user of this machine can see it; a password file or env:NAME is safer"
            );
            self.notes.push(Safe::of(words));
        }
        let main = if first { main_of(self.merged, section, key) } else { None };
        let name = main.unwrap_or_else(|| self.free_name(section, &names::of_connection(text)));
        self.set(section, &name, key, value, flag);
    }
}

/// What to say of a word that is no URL but nearly, or out of its place, a subcommand.
fn meant_command(text: &str) -> Option<String> {
    if text.contains([':', '/', '.', '@', '[']) {
        return None;
    }
    if text == "help" {
        return Some("help is asked for with quarterdeck --help, or quarterdeck check --help".to_owned());
    }
    let command = nearest::nearest(text, COMMANDS)?;
    Some(if command == text {
        format!("{text} is a subcommand and comes before URLs: quarterdeck {text} URL")
    } else {
        format!("{:?} is neither a URL nor a subcommand; did you mean quarterdeck {command}?", words::clip(text))
    })
}

fn place(flag: &str) -> Place {
    Place::of(Layer::CommandLine, flag)
}

/// Whether the URL names no more than an origin.
#[must_use]
pub fn is_bare(url: &Url) -> bool {
    matches!(url.path(), "" | "/") && url.query().is_none()
}

/// The entry of a profile, or of the environment, that a stronger layer fills: the first one that no file gave.
/// What a file names is never pointed elsewhere: it would be watched under a name that is not its own.
pub(super) fn main_of(merged: &Merged, section: &'static str, key: &str) -> Option<String> {
    let rivals = |item: &Item| item.section.one_of.iter().any(|k| *k != key && item.given(k).is_some());
    let off = |item: &Item| item.given("off").is_some_and(|g| g.value == Value::Flag(true)) && !item.is_left_off();
    merged
        .of(section)
        .find(|item| item.place.layer == Layer::Profile && !rivals(item) && !off(item))
        .filter(|item| item.given(key).is_none_or(|g| matches!(g.place.layer, Layer::Profile | Layer::Environment)))
        .map(|item| item.name.clone())
}
