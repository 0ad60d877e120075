//! The layer of environment variables: QUARTERDECK_*, DATABASE_URL, PG*, REDIS_URL, and what the terminal can show.

use std::collections::BTreeMap;

use super::arguments::{Arguments, main_of};
use super::dotenv;
use super::environments;
use super::keys::{self, Kind};
use super::layers::{Item, Merged};
use super::names;
use super::nearest;
use super::problem::{Layer, Place, Problem};
use super::resolved::Colours;
use super::value::{Context, Value, of_text};
use crate::domain::Safe;

/// Variables of ours, and the key of `[screen]` that they set; empty for those read elsewhere.
const OURS: [(&str, &str); 7] = [
    ("QUARTERDECK_CONFIG", ""),
    ("QUARTERDECK_PROFILE", ""),
    ("QUARTERDECK_ENV", ""),
    ("QUARTERDECK_THEME", "theme"),
    ("QUARTERDECK_ASCII", "ascii"),
    ("QUARTERDECK_EVERY", "every"),
    ("QUARTERDECK_REDACT", "redact"),
];

/// The URL that leaves everything to libpq's variables.
pub const BLANK: &str = "postgresql://";

/// The environment, with `.env` below it where that was asked for.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    real: BTreeMap<String, String>,
    dotenv: BTreeMap<String, String>,
}

impl Variables {
    /// Takes the variables of the process and, only for loopback, the text of `.env`.
    #[must_use]
    pub fn new(real: BTreeMap<String, String>, dotenv: Option<&str>) -> Variables {
        Variables { real, dotenv: dotenv.map(|text| dotenv::parse(text).0).unwrap_or_default() }
    }

    /// A variable that is set and not empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.real.get(name).or_else(|| self.dotenv.get(name)).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether the value comes from `.env`.
    #[must_use]
    pub fn is_from_dotenv(&self, name: &str) -> bool {
        self.real.get(name).is_none_or(String::is_empty) && self.dotenv.contains_key(name)
    }

    /// The words for where a variable comes from.
    #[must_use]
    pub fn origin(&self, name: &str) -> String {
        if self.is_from_dotenv(name) { format!("{name} in .env") } else { name.to_owned() }
    }

    fn real(&self, name: &str) -> Option<&str> {
        self.real.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Whether `.env` may be read: at least one URL is given, and all of them lead to loopback.
#[must_use]
pub fn wants_dotenv(arguments: &Arguments) -> bool {
    !arguments.urls.is_empty()
        && arguments.urls.iter().all(|text| url::Url::parse(text).is_ok_and(|url| environments::url_is_loopback(&url)))
}

/// Puts the environment on top of profile and file.
pub(super) fn apply(
    variables: &Variables,
    arguments: &Arguments,
    merged: &mut Merged,
    problems: &mut Vec<Problem>,
    notes: &mut Vec<Safe>,
) {
    ours(variables, merged, problems, notes);
    origins(variables, merged, notes);
    if merged.given("discovery", "environment").is_some_and(|g| g.value == Value::Flag(false)) {
        return;
    }
    database(variables, arguments, merged, notes);
    redis(variables, arguments, merged, notes);
}

fn context() -> Context<'static> {
    Context { layer: Layer::Environment, folder: None, home: None }
}

fn ours(variables: &Variables, merged: &mut Merged, problems: &mut Vec<Problem>, notes: &mut Vec<Safe>) {
    for (variable, key) in OURS.iter().filter(|(_, key)| !key.is_empty()) {
        let (Some(text), Some(row)) = (variables.real(variable), keys::section("screen").and_then(|s| s.key(key)))
        else {
            continue;
        };
        let place = Place::of(Layer::Environment, variable);
        match of_text(&row.kind, text, &context()) {
            // What only tightens can only be switched on from here.
            Ok(Value::Flag(false)) if row.tightens.is_some() => {}
            Ok(value) => merged.set("screen", "", key, value, &place),
            Err(words) => problems.push(Problem::new(&place, "", words)),
        }
    }
    for name in variables.real.keys().filter(|n| n.starts_with("QUARTERDECK_")) {
        if !OURS.iter().any(|(ours, _)| ours == name) {
            let hint = nearest::hint(name, OURS.iter().map(|(ours, _)| *ours));
            notes.push(Safe::of(format!("{name} is no variable of Quarterdeck and was ignored{hint}")));
        }
    }
}

/// Origins that name a variable, such as API_URL; or, where the origin is known but for its port, METRICS_PORT.
fn origins(variables: &Variables, merged: &mut Merged, notes: &mut Vec<Safe>) {
    let wanted: Vec<(String, String, Option<Value>)> = merged
        .of("origin")
        .filter_map(|item| match &item.given("variable")?.value {
            Value::Text(variable) => {
                let port = variables.real(variable).and_then(|text| text.parse().ok());
                Some((item.name.clone(), variable.clone(), port.and_then(|port| at_port(item, port))))
            }
            _ => None,
        })
        .collect();
    for (name, variable, at_port) in wanted {
        let Some(text) = variables.real(&variable) else { continue };
        let place = Place::of(Layer::Environment, &variable);
        match at_port.map_or_else(|| of_text(&Kind::Url, text, &context()), Ok) {
            Ok(value) => merged.set("origin", &name, "url", value, &place),
            Err(words) => notes.push(Safe::of(format!("{place} is ignored: {words}"))),
        }
    }
}

/// The origin's URL at another port.
fn at_port(origin: &Item, port: u16) -> Option<Value> {
    let Value::Url(url) = &origin.given("url")?.value else { return None };
    let mut url = url.clone();
    url.set_port(Some(port)).ok().filter(|()| port > 0).map(|()| Value::Url(url))
}

fn database(variables: &Variables, arguments: &Arguments, merged: &mut Merged, notes: &mut Vec<Safe>) {
    let parts = ["PGHOST", "PGHOSTADDR", "PGDATABASE", "PGSERVICE"];
    let (variable, text) = match variables.get("DATABASE_URL") {
        Some(url) => ("DATABASE_URL", url),
        None => match parts.iter().find(|name| variables.get(name).is_some()) {
            Some(name) => (*name, BLANK),
            None => return,
        },
    };
    let name = match main_of(merged, "database", "url") {
        _ if !arguments.databases.is_empty() => return ignored(notes, variable, "--db is given"),
        _ if merged.file_names("database", "url") => {
            return ignored(notes, variable, "the configuration names its databases");
        }
        // PGHOST fills what a profile leaves open, not what it says: as with psql, where -h wins.
        Some(name) if text == BLANK && merged.find("database", &name).is_some_and(|i| i.given("url").is_some()) => {
            return;
        }
        Some(name) => name,
        None if text == BLANK => variables.get("PGDATABASE").unwrap_or("database").to_owned(),
        None => names::of_connection(text),
    };
    set(merged, notes, "database", (&name, "url"), &Kind::Dsn, text, &variables.origin(variable));
}

fn redis(variables: &Variables, arguments: &Arguments, merged: &mut Merged, notes: &mut Vec<Safe>) {
    let Some(text) = variables.get("REDIS_URL") else { return };
    if !arguments.redis.is_empty() {
        return ignored(notes, "REDIS_URL", "--redis is given");
    }
    if merged.file_names("cache", "redis") {
        return ignored(notes, "REDIS_URL", "the configuration names its caches");
    }
    let name = main_of(merged, "cache", "redis").unwrap_or_else(|| "redis".to_owned());
    set(merged, notes, "cache", (&name, "redis"), &Kind::RedisUrl, text, &variables.origin("REDIS_URL"));
}

fn ignored(notes: &mut Vec<Safe>, variable: &str, why: &str) {
    notes.push(Safe::of(format!("{variable} is ignored: {why}")));
}

fn set(
    merged: &mut Merged,
    notes: &mut Vec<Safe>,
    section: &'static str,
    (name, key): (&str, &str),
    kind: &Kind,
    text: &str,
    origin: &str,
) {
    let place = Place::of(Layer::Environment, origin);
    match of_text(kind, text, &context()) {
        Ok(value) => merged.fill(section, name, key, value, &place),
        Err(words) => notes.push(Safe::of(format!("{place} is ignored: {words}"))),
    }
}

/// Whether only ASCII is safe: the terminal promises nothing, or the locale says another encoding than UTF-8. An unset
/// locale says nothing.
#[must_use]
pub fn wants_ascii(variables: &Variables) -> bool {
    if variables.real("TERM") == Some("dumb") {
        return true;
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| variables.real(name));
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        !locale.contains("utf-8") && !locale.contains("utf8")
    })
}

/// How many colours the terminal is trusted with.
#[must_use]
pub fn colours(variables: &Variables) -> Colours {
    let term = variables.real("TERM").unwrap_or_default();
    if variables.real("NO_COLOR").is_some() || term == "dumb" {
        return Colours::None;
    }
    let true_colour = matches!(variables.real("COLORTERM"), Some("truecolor" | "24bit"));
    if true_colour || term.contains("256color") || term.contains("direct") { Colours::Full } else { Colours::Sixteen }
}

/// Whether the session came over SSH.
#[must_use]
pub fn is_ssh(variables: &Variables) -> bool {
    ["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"].iter().any(|name| variables.real(name).is_some())
}
