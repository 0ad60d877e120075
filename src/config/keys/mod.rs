//! The one table of configuration keys. It makes the strict reader, `config example`, `config show` and the
//! suggestions; the rows stand beside, by subject.

mod actions;
mod acts;
mod alerts;
mod engines;
mod figures;
mod metrics;
pub mod policy;
mod program;
pub mod runbooks;
mod watched;

use std::time::Duration;

pub use program::THEMES;

/// What a value may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Any text of one line.
    Text,
    /// A name: one line, 1 to 64 characters.
    Name,
    /// One of these words.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// Only `true`: the key itself is the choice.
    Yes,
    /// A whole number.
    Count {
        /// Least.
        least: u64,
        /// Most.
        most: u64,
    },
    /// `"80 %"` or 0.8.
    Ratio,
    /// `"10s"`, `"5m"`.
    Time {
        /// Least.
        least: Duration,
    },
    /// The same of what may last for many days.
    Days {
        /// Least.
        least: Duration,
    },
    /// Bytes: a number or `"8 MiB"`.
    Bytes,
    /// `http:` or `https:`.
    Url,
    /// The path of a URL, from `/`.
    UrlPath,
    /// PostgreSQL URL or key-value DSN.
    Dsn,
    /// `redis:`, `rediss:` or a socket.
    RedisUrl,
    /// `env:NAME` or `file:PATH`.
    Secret,
    /// A file; `~/` is the home folder, otherwise from the configuration file's folder.
    File,
    /// A file or glob of log files; relative ones from the current folder.
    Glob,
    /// A list of words.
    Texts,
    /// A program and its arguments.
    Argv,
    /// HTTP statuses.
    Statuses,
    /// Header names and values.
    Headers,
    /// Label names and values.
    Labels,
    /// The threshold grammar.
    Threshold,
    /// RFC 6901.
    Pointer,
    /// production, staging, dev, local.
    Environment,
    /// One read-only statement.
    Sql,
    /// Tables that say what an action is given.
    Parameters,
    /// Files or globs of files; `~/` is the home folder, otherwise from the configuration file's folder.
    Files,
}

/// One key.
#[derive(Debug)]
pub struct Key {
    /// Name in its section.
    pub name: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// What it is for, in a line.
    pub doc: &'static str,
    /// What holds when it is not given, in words; empty when nothing does.
    pub default: &'static str,
    /// A value for `config example`, as TOML.
    pub example: &'static str,
    /// Whether `config example` writes it as a live line.
    pub live: bool,
    /// Only together with one of these keys.
    pub with: &'static [&'static str],
    /// A later layer may only make it stricter, and how.
    pub tightens: Option<Stricter>,
}

/// What is stricter of two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stricter {
    /// The greater one.
    Greater,
    /// The smaller one.
    Smaller,
    /// `true`.
    Yes,
    /// What either of two lists names.
    Either,
    /// What both lists name.
    Both,
    /// It stands beside everything else.
    Beside,
}

impl Stricter {
    /// In a sentence, for who writes the stricter value.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Stricter::Greater => "The greater value counts, this one or the configuration's.",
            Stricter::Smaller => "The smaller value counts, this one or the configuration's.",
            Stricter::Yes => "It can only be switched on.",
            Stricter::Either => "It is added to what the configuration names.",
            Stricter::Both => "Only what is named here as well as in the configuration stays.",
            Stricter::Beside => "",
        }
    }
}

/// How often a section may stand in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Keys before the first section.
    Root,
    /// `[name]`, once.
    Table,
    /// `[[name]]`, any number, told apart by their `name`.
    Named,
    /// `[[runbook.step]]`: any number within the entry above them, in their order.
    Steps,
}

/// One section.
#[derive(Debug)]
pub struct Section {
    /// Its name; empty for the root.
    pub name: &'static str,
    /// How often.
    pub form: Form,
    /// What it is for.
    pub doc: &'static str,
    /// At most one of these is given: they are different sources of the same thing.
    pub one_of: &'static [&'static str],
    /// Its keys.
    pub keys: &'static [Key],
}

impl Section {
    /// The key of that name.
    #[must_use]
    pub fn key(&'static self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|k| k.name == name)
    }
}

/// All sections, in the order of `config example`.
pub static SECTIONS: [&Section; 16] = [
    &program::ROOT,
    &watched::ORIGIN,
    &watched::SERVICE,
    &watched::DATABASE,
    &watched::CACHE,
    &figures::SIGNAL,
    &figures::LOG,
    &metrics::METRICS,
    &program::SCREEN,
    &program::DISCOVERY,
    &actions::ACTIONS,
    &actions::ACTION,
    &runbooks::RUNBOOK,
    &runbooks::STEP,
    &alerts::ALERTS,
    &alerts::ALERT,
];

/// Shortest pause between readings that a configuration may ask for.
pub const SHORTEST_INTERVAL: Duration = Duration::from_millis(500);

/// The section of that name; the root's name is empty.
#[must_use]
pub fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().copied().find(|s| s.name == name)
}

/// Which alerts an action answers.
const fn answers() -> Key {
    key(
        "alerts",
        Kind::Texts,
        "[\"JobsPileUp\"]",
        "none",
        "Alerts that it answers, by name: the menu has it first where one of them is selected. Nothing starts by itself.",
    )
}

/// A key with what most keys have; the tables change what differs.
const fn key(name: &'static str, kind: Kind, example: &'static str, default: &'static str, doc: &'static str) -> Key {
    Key { name, kind, doc, default, example, live: false, with: &[], tightens: None }
}

/// A key that `config example` writes as a live line.
const fn live(name: &'static str, kind: Kind, example: &'static str, doc: &'static str) -> Key {
    Key { live: true, ..key(name, kind, example, "", doc) }
}

/// A key that means something only beside others.
const fn beside(with: &'static [&'static str], mut key: Key) -> Key {
    key.with = with;
    key
}

/// Pause between readings.
const fn interval(default: &'static str) -> Key {
    key("interval", Kind::Time { least: SHORTEST_INTERVAL }, "\"10s\"", default, "Pause between readings.")
}

/// Deadline of one reading.
const fn deadline(default: &'static str) -> Key {
    key(
        "deadline",
        Kind::Time { least: Duration::from_millis(50) },
        "\"5s\"",
        default,
        "Deadline of one reading: resolve, connect, TLS, answer and body together.",
    )
}

/// `off = true`.
const fn off() -> Key {
    key("off", Kind::Flag, "false", "false", "Do not watch it; useful against an entry of a profile.")
}

/// The environment of one target.
const fn environment() -> Key {
    Key {
        tightens: Some(Stricter::Greater),
        ..key(
            "environment",
            Kind::Environment,
            "\"staging\"",
            "the environment above; else local on loopback, production elsewhere",
            "production, staging, dev or local. --env can only make it stricter.",
        )
    }
}
