//! Values that are, or may hold, a secret: files hold references, never the secret itself.

use crate::domain::hidden;
use url::Url;

use super::super::keys::Kind;
use super::super::words;
use super::{Context, Value};
use crate::domain::secret::{Secret, SecretRef};

pub fn url(text: &str, context: &Context<'_>) -> Result<Value, String> {
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
    query(url.query().unwrap_or_default(), context)?;
    Ok(Value::Url(url))
}

/// Parameters of a URL: no secret among them in a file.
pub fn query(text: &str, context: &Context<'_>) -> Result<(), String> {
    let mut pairs = url::form_urlencoded::parse(text.as_bytes());
    let secret = pairs.find(|(name, value)| hidden::names_a_secret(name) && !value.is_empty());
    match secret {
        Some((name, _)) if context.secrets_stay_out() => Err(format!(
            "a secret ({name}=…) does not belong into a file; send it as a header from env:NAME or file:PATH"
        )),
        _ => Ok(()),
    }
}

pub fn connection(kind: &Kind, text: &str, context: &Context<'_>) -> Result<Value, String> {
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

pub fn secret(text: &str, context: &Context<'_>) -> Result<Value, String> {
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

pub fn header(name: &str, text: &str, context: &Context<'_>) -> Result<(String, SecretRef), String> {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b)) {
        return Err(format!("{:?} is no header name", words::clip(name)));
    }
    if let Some(secret) = reference(text, context)? {
        return Ok((name.to_owned(), secret));
    }
    if hidden::names_a_secret(name)
        || matches!(name.to_ascii_lowercase().as_str(), "authorization" | "cookie" | "proxy-authorization")
    {
        return Err(format!("{name} is a secret and does not belong into a file; write \"env:NAME\" or \"file:PATH\""));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("{name} holds a control character or a line end"));
    }
    Ok((name.to_owned(), SecretRef::Inline(Secret::new(text))))
}
