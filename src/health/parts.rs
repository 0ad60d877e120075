//! Which members beside a status word tell of a part of the service: those with a listed word, those that begin with
//! a bad one, and booleans under the name of a part. Everything else is a description, a figure or a setting.

use crate::domain::Verdict;

use super::change::is_timestamp;
use super::children::Entries;
use super::fold::Folded;
use super::json::Node;
use super::status::{SAID, Word, clip};
use super::words;

/// How the members of an object that are in no container are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Only what has a status of its own is a part.
    Quiet,
    /// A word that means something makes a part.
    Words,
    /// So does a boolean under the name of a part.
    Parts,
    /// So does every boolean.
    Booleans,
}

/// Keys that describe; a word there is no state of a part.
const DESCRIPTIONS: [&str; 40] = [
    "success",
    "message",
    "msg",
    "error",
    "errors",
    "description",
    "detail",
    "details",
    "reason",
    "output",
    "title",
    "name",
    "service",
    "servicename",
    "serviceid",
    "app",
    "application",
    "environment",
    "env",
    "stage",
    "level",
    "loglevel",
    "severity",
    "mode",
    "host",
    "hostname",
    "version",
    "releaseid",
    "tags",
    "type",
    "componenttype",
    "note",
    "notes",
    "comment",
    "summary",
    "help",
    "hint",
    "os",
    "platform",
    "exception",
];
/// What services are commonly made of or lean on: a boolean under such a name says whether it works.
const PARTS: [&str; 32] = [
    "database",
    "db",
    "postgres",
    "postgresql",
    "mysql",
    "mariadb",
    "mongo",
    "mongodb",
    "sqlite",
    "supabase",
    "cache",
    "redis",
    "memcached",
    "queue",
    "broker",
    "rabbitmq",
    "kafka",
    "nats",
    "celery",
    "worker",
    "workers",
    "scheduler",
    "storage",
    "filesystem",
    "s3",
    "elasticsearch",
    "opensearch",
    "pinecone",
    "smtp",
    "llm",
    "llmservice",
    "aiservice",
];
/// Objects whose booleans each say whether a part works.
const GROUPS: [&str; 9] = [
    "services",
    "dependencies",
    "connections",
    "connectivity",
    "integrations",
    "backends",
    "databases",
    "upstreams",
    "health",
];
/// Booleans that say how a service is set, not whether it works.
const SETTINGS: [&str; 24] = [
    "debug",
    "verbose",
    "maintenance",
    "maintenancemode",
    "readonly",
    "dryrun",
    "cached",
    "stale",
    "degraded",
    "failed",
    "failing",
    "down",
    "unhealthy",
    "shuttingdown",
    "test",
    "testing",
    "sandbox",
    "dev",
    "production",
    "enabled",
    "disabled",
    "paused",
    "ssl",
    "tls",
];

/// How the members of an object below another are read: `{"features":{"cache":false}}` is a setting.
#[must_use]
pub fn below(folded: &str, beside: Beside) -> Beside {
    match beside {
        Beside::Quiet => Beside::Quiet,
        _ if GROUPS.contains(&folded) => Beside::Booleans,
        _ => Beside::Words,
    }
}

/// `{"database":false,"cache":true}`: an object of booleans alone, time and descriptions aside, says what works.
#[must_use]
pub fn only_booleans(entries: &Entries<'_>) -> bool {
    let mut any = false;
    entries.iter().all(|(key, node)| {
        let folded = Folded::of(key);
        match node {
            Node::Bool(_) => {
                any = true;
                true
            }
            Node::Text(text) => DESCRIPTIONS.contains(&folded.as_str()) || is_timestamp(text),
            Node::Null => true,
            _ => false,
        }
    }) && any
}

/// The word of a member that is a scalar, where it tells of a part.
#[must_use]
pub fn part_word(key: &str, node: &Node<'_>, beside: Beside) -> Option<Word> {
    let folded = Folded::of(key);
    let folded = folded.as_str();
    if beside == Beside::Quiet || DESCRIPTIONS.contains(&folded) {
        return None;
    }
    let verdict = match node {
        Node::Bool(yes) => switched(key, folded, *yes, beside)?,
        Node::Text(text) => match words::switch(text) {
            Some(yes) => switched(key, folded, yes, beside)?,
            None => words::meaning(text).map(words::Meaning::verdict).or_else(|| words::bad_beginning(text))?,
        },
        _ => return None,
    };
    let text = match node {
        Node::Text(text) => clip(text, SAID),
        _ => (verdict == Verdict::Ok).to_string(),
    };
    Some(Word { verdict, text })
}

fn switched(key: &str, folded: &str, yes: bool, beside: Beside) -> Option<Verdict> {
    let judged = match beside {
        Beside::Quiet => false,
        Beside::Booleans if !SETTINGS.contains(&folded) => true,
        Beside::Words => says_whether_it_works(key, folded),
        Beside::Parts | Beside::Booleans => PARTS.contains(&folded) || says_whether_it_works(key, folded),
    };
    judged.then_some(if yes { Verdict::Ok } else { Verdict::Down })
}

/// `database_connected`, `db_ok`
fn says_whether_it_works(key: &str, folded: &str) -> bool {
    let ends = |end: &str, but: &str| folded.strip_suffix(end).is_some_and(|stem| !stem.ends_with(but));
    ends("connected", "dis") || ends("healthy", "un") || ends("reachable", "un") || key.ends_with("_ok")
}
