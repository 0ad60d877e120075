//! One value of a key: from TOML or from the text of a variable or flag, checked against what the key may be.

use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeValue;
use url::Url;

use super::keys::Kind;
use super::nearest;
use super::problem::Layer;
use super::words::{self, in_quotes};
use crate::domain::Safe;
use crate::domain::figure;
use crate::domain::secret::{Secret, SecretRef};
use crate::domain::target::Environment;
use crate::domain::threshold::{Threshold, parse_duration};

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
    /// A threshold.
    Threshold(Threshold),
    /// An environment.
    Environment(Environment),
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
            Value::Url(url) => in_quotes(&words::url_without_secrets(url)),
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
            Value::Threshold(threshold) => in_quotes(&threshold.to_string()),
            Value::Environment(environment) => in_quotes(&environment.word().to_lowercase()),
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

/// Reads a TOML value.
pub fn of_toml(kind: &Kind, value: &DeValue<'_>, context: &Context<'_>) -> Result<Value, String> {
    match (kind, value) {
        (Kind::Texts | Kind::Argv, DeValue::Array(items)) => {
            let texts: Option<Vec<String>> = items.iter().map(|i| i.get_ref().as_str().map(str::to_owned)).collect();
            of_list(kind, texts.ok_or("every entry is a text in quotes")?)
        }
        (Kind::Statuses, DeValue::Array(items)) => {
            let codes: Result<Vec<u16>, String> = items.iter().map(|i| status(i.get_ref())).collect();
            Ok(Value::Statuses(codes?))
        }
        (Kind::Statuses, DeValue::Integer(_)) => Ok(Value::Statuses(vec![status(value)?])),
        (Kind::Headers, DeValue::Table(table)) => {
            let mut headers = Vec::new();
            for (name, value) in table {
                let text = value
                    .get_ref()
                    .as_str()
                    .ok_or_else(|| format!("{}: a text in quotes is wanted", name.get_ref()))?;
                headers.push(header(name.get_ref(), text, context)?);
            }
            Ok(Value::Headers(headers))
        }
        (Kind::Flag | Kind::Yes, DeValue::Boolean(flag)) => flag_of(kind, *flag),
        (Kind::Count { .. } | Kind::Bytes, DeValue::Integer(number)) => {
            let number = integer(number.as_str(), number.radix()).ok_or("a whole number from 0 is wanted")?;
            count_of(kind, number)
        }
        (Kind::Ratio, DeValue::Float(number)) => ratio_of(number.as_str().replace('_', "").parse().ok()),
        (Kind::Ratio, DeValue::Integer(number)) => ratio_of(number.as_str().parse().ok()),
        (Kind::Time { .. }, DeValue::Integer(number)) => {
            Err(format!("a time has a unit; write it as \"{}s\"", number.as_str()))
        }
        (_, DeValue::String(text)) => of_text(kind, text, context),
        (_, other) => Err(format!("{} where {} is wanted", toml_type(other), wanted(kind))),
    }
}

/// Reads the text of a variable, a flag, or a TOML string.
pub fn of_text(kind: &Kind, text: &str, context: &Context<'_>) -> Result<Value, String> {
    if text.len() > 16 * 1024 {
        return Err("longer than 16 KiB".to_owned());
    }
    match kind {
        Kind::Name => name(text),
        Kind::Text | Kind::Glob => one_line(text).map(Value::Text),
        Kind::Word(allowed) => word(text, allowed),
        Kind::Flag | Kind::Yes => match text {
            "true" | "1" | "yes" => flag_of(kind, true),
            "false" | "0" | "no" => flag_of(kind, false),
            _ => Err(format!("{text:?} where true or false is wanted")),
        },
        Kind::Count { .. } => count_of(kind, text.parse().map_err(|_bad| format!("{text:?} is not a whole number"))?),
        Kind::Bytes => {
            count_of(kind, words::bytes(text).ok_or_else(|| format!("{text:?} is not a size; write 8 MiB"))?)
        }
        Kind::Ratio => {
            let (digits, factor) = text.strip_suffix('%').map_or((text, 1.0), |digits| (digits, 0.01));
            ratio_of(digits.trim().parse::<f64>().ok().map(|n| n * factor))
        }
        Kind::Time { least } => time(text, *least),
        Kind::Url => url(text, context),
        Kind::UrlPath => url_path(text),
        Kind::Dsn | Kind::RedisUrl => connection(kind, text, context),
        Kind::Secret => secret(text, context),
        Kind::File => context.path(text).map(Value::File),
        Kind::Threshold => Threshold::parse(text).map(Value::Threshold),
        Kind::Pointer => pointer(text),
        Kind::Environment => environment(text),
        Kind::Sql => sql(text),
        Kind::Texts | Kind::Argv | Kind::Statuses | Kind::Headers => {
            Err(format!("{} where {} is wanted", "a text", wanted(kind)))
        }
    }
}

fn of_list(kind: &Kind, texts: Vec<String>) -> Result<Value, String> {
    if texts.len() > 256 {
        return Err("more than 256 entries".to_owned());
    }
    if *kind == Kind::Argv {
        if texts.first().is_none_or(|program| program.trim().is_empty()) {
            return Err("empty; the program is wanted first, then its arguments".to_owned());
        }
        if let (Some(line), 1) = (texts.first(), texts.len())
            && line.contains(' ')
        {
            let parts: Vec<String> = line.split_whitespace().map(in_quotes).collect();
            return Err(format!("there is no shell that splits a line; write [{}]", parts.join(", ")));
        }
        if texts.iter().any(|t| t.contains('\0')) {
            return Err("holds a zero byte".to_owned());
        }
    }
    Ok(Value::Texts(texts))
}

fn one_line(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("empty".to_owned());
    }
    if text.chars().any(char::is_control) {
        return Err("holds a control character or a line end".to_owned());
    }
    Ok(text.to_owned())
}

fn name(text: &str) -> Result<Value, String> {
    let text = one_line(text)?;
    if text.chars().count() > 64 || text.trim() != text {
        return Err("a name has 1 to 64 characters and no space at its ends".to_owned());
    }
    Ok(Value::Text(text))
}

fn word(text: &str, allowed: &'static [&'static str]) -> Result<Value, String> {
    if allowed.contains(&text) {
        return Ok(Value::Text(text.to_owned()));
    }
    let hint = nearest::hint(text, allowed.iter().copied());
    Err(format!("{text:?} is not known; allowed: {}{hint}", allowed.join(", ")))
}

fn environment(text: &str) -> Result<Value, String> {
    Environment::parse(text).map(Value::Environment).ok_or_else(|| {
        let allowed = ["production", "staging", "dev", "local"];
        format!("{text:?} is not known; allowed: {}{}", allowed.join(", "), nearest::hint(text, allowed))
    })
}

fn flag_of(kind: &Kind, flag: bool) -> Result<Value, String> {
    if *kind == Kind::Yes && !flag {
        return Err("only true has a meaning here; leave the line out, or write off = true".to_owned());
    }
    Ok(Value::Flag(flag))
}

fn count_of(kind: &Kind, number: u64) -> Result<Value, String> {
    let (least, most) = match kind {
        Kind::Count { least, most } => (*least, *most),
        _ => (256 * 1024, 1024 * 1024 * 1024),
    };
    if (least..=most).contains(&number) {
        Ok(Value::Count(number))
    } else {
        Err(format!("{number} is outside {least} to {most}"))
    }
}

fn ratio_of(number: Option<f64>) -> Result<Value, String> {
    match number {
        Some(n) if (0.0..=1.0).contains(&n) => Ok(Value::Ratio(n)),
        _ => Err("a ratio is written \"80 %\" or 0.8, from 0 to 1".to_owned()),
    }
}

fn time(text: &str, least: Duration) -> Result<Value, String> {
    let time =
        parse_duration(text).ok_or_else(|| format!("{text:?} is not a time; write it as 500ms, 30s, 5m, 2h or 1d"))?;
    if time < least {
        return Err(format!("{text:?} is too short; {} is the least", words::time(least)));
    }
    if time > Duration::from_hours(24) {
        return Err(format!("{text:?} is too long; 1d is the most"));
    }
    Ok(Value::Time(time))
}

fn url(text: &str, context: &Context<'_>) -> Result<Value, String> {
    let shape = "write http://HOST:PORT/PATH or https://…";
    let url = Url::parse(text).map_err(|wrong| {
        let scheme = if text.contains("://") {
            String::new()
        } else {
            format!("; did you mean \"http://{}\"?", words::clip(text))
        };
        if text.contains('@') {
            format!("no URL: {wrong}; {shape}")
        } else {
            format!("{:?} is no URL: {wrong}; {shape}{scheme}", words::clip(text))
        }
    })?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        let hint = if text.contains("://") || text.contains('@') {
            String::new()
        } else {
            format!("; did you mean \"http://{}\"?", words::clip(text))
        };
        return Err(format!("scheme {:?} is not watched here; {shape}{hint}", words::clip(url.scheme())));
    }
    if context.secrets_stay_out() && (url.password().is_some() || !url.username().is_empty()) {
        return Err("user and password do not belong into a file; write headers = { Authorization = \"env:NAME\" } or bearer = \"env:NAME\"".to_owned());
    }
    if context.secrets_stay_out()
        && let Some((name, _)) =
            url.query_pairs().find(|(name, value)| words::names_a_secret(name) && !value.is_empty())
    {
        return Err(format!(
            "a secret ({name}=…) does not belong into a file; send it as a header from env:NAME or file:PATH"
        ));
    }
    Ok(Value::Url(url))
}

fn url_path(text: &str) -> Result<Value, String> {
    let text = one_line(text)?;
    if !text.starts_with('/') || text.starts_with("//") {
        return Err(format!("{:?} is no path; it begins with one /", words::clip(&text)));
    }
    Ok(Value::Text(text))
}

fn connection(kind: &Kind, text: &str, context: &Context<'_>) -> Result<Value, String> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err("holds a control character or a line end".to_owned());
    }
    if context.secrets_stay_out() && words::connection_without_secrets(text) != text {
        let key = if *kind == Kind::Dsn { "PGPASSWORD, the password file or " } else { "" };
        return Err(format!(
            "a password does not belong into a file; take it out and use {key}password = \"env:NAME\" or \"file:PATH\""
        ));
    }
    Ok(Value::Connection(text.to_owned()))
}

fn secret(text: &str, context: &Context<'_>) -> Result<Value, String> {
    match reference(text, context)? {
        Some(secret) => Ok(Value::Secret(secret)),
        None => Err("a secret itself does not belong into a file; write \"env:NAME\" or \"file:PATH\"".to_owned()),
    }
}

/// `env:NAME` or `file:PATH`; `None` for any other text.
fn reference(text: &str, context: &Context<'_>) -> Result<Option<SecretRef>, String> {
    if let Some(name) = text.strip_prefix("env:") {
        let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        return if plain {
            Ok(Some(SecretRef::Env(name.to_owned())))
        } else {
            Err("env: wants the name of a variable after it".to_owned())
        };
    }
    match text.strip_prefix("file:") {
        Some(path) => context.path(path).map(|path| Some(SecretRef::File(path))),
        None => Ok(None),
    }
}

fn header(name: &str, text: &str, context: &Context<'_>) -> Result<(String, SecretRef), String> {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b)) {
        return Err(format!("{:?} is no header name", words::clip(name)));
    }
    if let Some(secret) = reference(text, context)? {
        return Ok((name.to_owned(), secret));
    }
    if words::names_a_secret(name)
        || matches!(name.to_ascii_lowercase().as_str(), "authorization" | "cookie" | "proxy-authorization")
    {
        return Err(format!("{name} is a secret and does not belong into a file; write \"env:NAME\" or \"file:PATH\""));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("{name} holds a control character or a line end"));
    }
    Ok((name.to_owned(), SecretRef::Inline(Secret::new(text))))
}

fn pointer(text: &str) -> Result<Value, String> {
    let text = one_line(text)?;
    if text.starts_with('/') {
        return Ok(Value::Text(text));
    }
    let path = text.trim_start_matches(['.', '$']).replace('.', "/");
    Err(format!("{:?} is no JSON pointer (RFC 6901); did you mean \"/{}\"?", words::clip(&text), words::clip(&path)))
}

fn sql(text: &str) -> Result<Value, String> {
    let text = text.trim().trim_end_matches(';').trim_end();
    let first = text.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default().to_ascii_uppercase();
    if !matches!(first.as_str(), "SELECT" | "WITH" | "SHOW" | "TABLE" | "VALUES") {
        return Err("not a statement that only reads; it begins with SELECT, WITH, SHOW, TABLE or VALUES".to_owned());
    }
    if words::has_bare_semicolon(text) {
        return Err("more than one statement".to_owned());
    }
    Ok(Value::Text(text.to_owned()))
}

fn status(value: &DeValue<'_>) -> Result<u16, String> {
    let wrong = || "a status is a number from 100 to 599".to_owned();
    let DeValue::Integer(number) = value else { return Err(wrong()) };
    number.as_str().parse().ok().filter(|n| (100..600).contains(n)).ok_or_else(wrong)
}

fn integer(text: &str, radix: u32) -> Option<u64> {
    u64::from_str_radix(&text.replace('_', ""), radix).ok()
}

fn toml_type(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
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
        Kind::Threshold => "a threshold such as \"> 1000 for 5m\"",
        Kind::Pointer => "a JSON pointer such as \"/queue/depth\"",
        Kind::Environment => "production, staging, dev or local, in quotes",
        Kind::Sql => "one statement in quotes",
    }
}
