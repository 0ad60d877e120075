//! Connection strings of PostgreSQL with libpq's meaning: URL, key-value and `PG*` become a `DatabaseTarget`.
//! Pure: the environment is a lookup function, the home folder a path. No message ever holds a password.

use std::path::Path;

use crate::config::resolved::DatabaseTarget;
use crate::domain::Safe;

mod assemble;
mod display;
mod keyvalue;
mod options;
pub mod passfile;
mod settings;
#[cfg(test)]
mod tests;
mod tls;
mod url;

pub use display::{display, host as display_host};

/// Looks an environment variable up.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A target, and what was ignored or assumed on the way to it.
pub type Parsed = (DatabaseTarget, Vec<Safe>);

/// Reads a URL (`postgres:`, `postgresql:`, also with a driver's suffix such as `+asyncpg`) or a key-value DSN.
/// What it leaves open comes from `PG*`, then from libpq's defaults. A foreign parameter becomes a note.
///
/// # Errors
/// A sentence for people when the text or the value of a known parameter is wrong.
pub fn parse(text: &str, env: Lookup<'_>, home: Option<&Path>) -> Result<Parsed, Safe> {
    read(text).and_then(|settings| assemble::target(settings, env, home)).map_err(Safe::of)
}

/// Whether the text itself says which server is meant, and does not leave that to `PGHOST`.
#[must_use]
pub fn names_a_host(text: &str) -> bool {
    read(text).is_ok_and(|mut settings| settings.take(&["host", "hostaddr"]).is_some_and(|host| !host.is_empty()))
}

fn read(text: &str) -> Result<settings::Settings, String> {
    let text = text.trim();
    if url::looks_like_url(text) {
        url::read(text)
    } else if text.contains('=') {
        keyvalue::read(text)
    } else {
        Err("not a connection string; write postgresql://user@host:5432/database or \"host=… user=… dbname=…\""
            .to_owned())
    }
}

/// The target that `PG*` alone describe.
///
/// # Errors
/// As [`parse`].
pub fn from_environment(env: Lookup<'_>, home: Option<&Path>) -> Result<Parsed, Safe> {
    assemble::target(settings::Settings::default(), env, home).map_err(Safe::of)
}
