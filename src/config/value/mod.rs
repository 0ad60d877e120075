//! One value of a key: what it may be, how `config show` writes it, what reading it needs to know.

mod of_text;
mod of_toml;
mod parameters;
mod secrets;

use crate::domain::hidden;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use super::keys::Kind;
use super::problem::Layer;
use super::words::{self, in_quotes};
use crate::domain::Safe;
use crate::domain::figure;
use crate::domain::secret::SecretRef;
use crate::domain::target::Environment;
use crate::domain::threshold::Threshold;
use crate::remediation::parameter::Parameter;

pub use of_text::of_text;
pub use of_toml::of_toml;
use of_toml::toml_type;

/// A checked value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text, name, word, path of a URL, pointer, DSN, statement, glob.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// A whole number, bytes.
    Count(u64),
    /// 0 to 1.
    Ratio(f64),
    /// A time.
    Time(Duration),
    /// A URL, user-info and all.
    Url(Url),
    /// A DSN or Redis URL as it was written: it may hold a secret.
    Connection(String),
    /// Where a secret is.
    Secret(SecretRef),
    /// A file.
    File(PathBuf),
    /// Words.
    Texts(Vec<String>),
    /// HTTP statuses.
    Statuses(Vec<u16>),
    /// Headers.
    Headers(Vec<(String, SecretRef)>),
    /// Labels.
    Labels(Vec<(String, String)>),
    /// A threshold.
    Threshold(Threshold),
    /// An environment.
    Environment(Environment),
    /// What an action is given.
    Parameters(Vec<Parameter>),
}

impl Value {
    /// As `config show` writes it: secrets are `***`.
    #[must_use]
    pub fn shown(&self) -> Safe {
        let list = |items: Vec<String>| format!("[{}]", items.join(", "));
        Safe::of(match self {
            Value::Text(text) => in_quotes(text),
            Value::Flag(flag) => flag.to_string(),
            Value::Count(n) => n.to_string(),
            Value::Ratio(ratio) => in_quotes(&figure::percent(*ratio)),
            Value::Time(time) => in_quotes(&words::time(*time)),
            Value::Url(url) => in_quotes(&hidden::url_without_secrets(url)),
            Value::Connection(text) => in_quotes(&words::connection_without_secrets(text)),
            Value::Secret(secret) => in_quotes(&secret.to_string()),
            Value::File(path) => in_quotes(&path.display().to_string()),
            Value::Texts(texts) => list(texts.iter().map(|t| in_quotes(t)).collect()),
            Value::Statuses(codes) => list(codes.iter().map(u16::to_string).collect()),
            Value::Headers(headers) => {
                let shown: Vec<String> =
                    headers.iter().map(|(k, v)| format!("{k} = {}", in_quotes(&v.to_string()))).collect();
                format!("{{ {} }}", shown.join(", "))
            }
            Value::Labels(labels) => {
                let shown: Vec<String> = labels.iter().map(|(k, v)| format!("{k} = {}", in_quotes(v))).collect();
                format!("{{ {} }}", shown.join(", "))
            }
            Value::Threshold(threshold) => in_quotes(&threshold.to_string()),
            Value::Environment(environment) => in_quotes(&environment.word().to_lowercase()),
            Value::Parameters(all) => list(all.iter().map(parameters::shown).collect()),
        })
    }
}

/// What reading needs to know about where the value stands.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The layer: files may not hold literal secrets.
    pub layer: Layer,
    /// The folder of the file, for relative paths.
    pub folder: Option<&'a Path>,
    /// The home folder, for `~/`.
    pub home: Option<&'a Path>,
}

impl Context<'_> {
    fn secrets_stay_out(&self) -> bool {
        matches!(self.layer, Layer::Profile | Layer::File | Layer::Default)
    }

    fn path(&self, text: &str) -> Result<PathBuf, String> {
        if text.is_empty() || text.contains('\0') {
            return Err("empty; a path is wanted".to_owned());
        }
        if let Some(rest) = text.strip_prefix("~/") {
            let home = self.home.ok_or("the home folder is not known; write the whole path")?;
            return Ok(home.join(rest));
        }
        Ok(self.folder.map_or_else(|| PathBuf::from(text), |folder| folder.join(text)))
    }
}

/// What a kind wants, for people.
#[must_use]
pub fn wanted(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Name | Kind::Word(_) => "a text in quotes",
        Kind::Flag => "true or false",
        Kind::Yes => "true",
        Kind::Count { .. } => "a whole number",
        Kind::Ratio => "a ratio such as \"80 %\"",
        Kind::Time { .. } => "a time such as \"10s\"",
        Kind::Days { .. } => "a time such as \"7d\"",
        Kind::Bytes => "a size such as \"8 MiB\"",
        Kind::Url => "a URL in quotes",
        Kind::UrlPath => "a path in quotes, such as \"/health\"",
        Kind::Dsn => "a PostgreSQL URL or DSN in quotes",
        Kind::RedisUrl => "a Redis URL in quotes",
        Kind::Secret => "\"env:NAME\" or \"file:PATH\"",
        Kind::File => "a path in quotes",
        Kind::Glob => "a file or glob in quotes",
        Kind::Texts => "a list of texts such as [\"a\", \"b\"]",
        Kind::Argv => "a list of program and arguments such as [\"journalctl\", \"-f\"]",
        Kind::Statuses => "a list of statuses such as [200, 204]",
        Kind::Headers => "a table of headers such as { X-Api-Key = \"env:NAME\" }",
        Kind::Labels => "a table of labels such as { cluster = \"eu-1\" }",
        Kind::Threshold => "a threshold such as \"> 1000 for 5m\"",
        Kind::Pointer => "a JSON pointer such as \"/queue/depth\"",
        Kind::Environment => "production, staging, dev or local, in quotes",
        Kind::Sql => "one statement in quotes",
        Kind::Files => "a list of files or globs such as [\"rules/*.yml\"]",
        Kind::Parameters => "a list of tables such as [{ name = \"id\", type = \"integer\" }]",
    }
}
