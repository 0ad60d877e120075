//! Texts without the secrets in them: what names itself a secret shows as `***`.

use url::Url;

/// Whether a header or parameter of this name carries a secret.
#[must_use]
pub fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [
        "password",
        "passwd",
        "pwd",
        "secret",
        "token",
        "apikey",
        "api-key",
        "api_key",
        "auth",
        "cookie",
        "session",
        "signature",
        "credential",
    ]
    .iter()
    .any(|word| name.contains(word))
        || matches!(name.as_str(), "key" | "sig" | "pass")
        || name.ends_with("-key")
        || name.ends_with("_key")
}

/// A URL with `***` where its password or a secret parameter stands.
#[must_use]
pub fn url_without_secrets(url: &Url) -> String {
    let mut url = url.clone();
    if url.password().is_some() && url.set_password(Some("***")).is_err() {
        return "***".to_owned();
    }
    if url.query_pairs().any(|(name, value)| names_a_secret(&name) && !value.is_empty()) {
        let pairs: Vec<(String, String)> = url
            .query_pairs()
            .map(|(name, value)| {
                let value = if names_a_secret(&name) { "***".to_owned() } else { value.into_owned() };
                (name.into_owned(), value)
            })
            .collect();
        url.query_pairs_mut().clear().extend_pairs(pairs);
    }
    url.to_string()
}

/// The body of a request with `***` where a secret stands: in JSON and in form fields, by the names of the values.
#[must_use]
pub fn body_without_secrets(body: &str) -> String {
    if let Ok(mut json) = serde_json::from_str::<serde_json::Value>(body) {
        return if hide_in_json(&mut json) { json.to_string() } else { body.to_owned() };
    }
    let pair = |pair: &str| match pair.split_once('=') {
        Some((name, value)) if names_a_secret(name.trim()) && !value.is_empty() => format!("{name}=***"),
        _ => pair.to_owned(),
    };
    body.split('&').map(pair).collect::<Vec<_>>().join("&")
}

/// The secrets in the body of a request, as they are and as they travel: what [`body_without_secrets`] would hide.
#[must_use]
pub fn secrets_in_body(body: &str) -> Vec<String> {
    let mut secrets = Vec::new();
    if let Ok(json) = serde_json::from_str::<serde_json::Value>(body) {
        secrets_in_json(&json, false, &mut secrets);
        return secrets;
    }
    let named =
        |pair: &str| pair.split_once('=').filter(|(name, _)| names_a_secret(name.trim())).map(|(_, v)| v.to_owned());
    secrets.extend(body.split('&').filter_map(named));
    let read = url::form_urlencoded::parse(body.as_bytes()).filter(|(name, _)| names_a_secret(name.trim()));
    secrets.extend(read.map(|(_, value)| value.into_owned()));
    secrets
}

/// All that stands below a name like that of a secret, as deep as the parser goes.
fn secrets_in_json(json: &serde_json::Value, named: bool, secrets: &mut Vec<String>) {
    match json {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                secrets_in_json(value, named || names_a_secret(name), secrets);
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| secrets_in_json(item, named, secrets)),
        serde_json::Value::String(text) if named => secrets.push(text.clone()),
        serde_json::Value::Number(number) if named => secrets.push(number.to_string()),
        _ => {}
    }
}

/// Hides what is named like a secret; whether there was anything to hide. As deep as the parser goes.
fn hide_in_json(json: &mut serde_json::Value) -> bool {
    match json {
        serde_json::Value::Object(fields) => fields.iter_mut().fold(false, |hidden, (name, value)| {
            if names_a_secret(name) && !value.is_null() && !value.is_boolean() {
                *value = serde_json::Value::from("***");
                return true;
            }
            hide_in_json(value) | hidden
        }),
        serde_json::Value::Array(items) => items.iter_mut().fold(false, |hidden, item| hide_in_json(item) | hidden),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_lose_their_secrets_and_nothing_else() {
        for (body, shown) in [
            (r#"{"all":true}"#, r#"{"all":true}"#),
            (r#"{"deep":[{"api_key":"hunter2","n":1}]}"#, r#"{"deep":[{"api_key":"***","n":1}]}"#),
            (r#"{"token":{"a":"hunter2"}}"#, r#"{"token":"***"}"#),
            ("user=web&password=hunter2", "user=web&password=***"),
            ("just words", "just words"),
        ] {
            assert_eq!(body_without_secrets(body), shown);
        }
    }

    #[test]
    fn what_is_hidden_of_a_body_is_what_is_known_as_its_secrets() {
        for (body, secrets) in [
            (r#"{"all":true,"token":null}"#, &[][..]),
            (r#"{"deep":[{"api_key":"hunter2","n":1}],"pwd":7}"#, &["hunter2", "7"]),
            (r#"{"token":{"a":["b",{"c":5}]}}"#, &["b", "5"]),
            ("user=web&password=a%20b%21", &["a%20b%21", "a b!"]),
            ("just words", &[]),
        ] {
            assert_eq!(secrets_in_body(body), secrets, "{body}");
        }
    }
}
