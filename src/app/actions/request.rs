//! A request as a card and the audit show it: byte for byte, but for what names itself a secret. The digest of the card is
//! over the true bytes.

use serde_json::Value;

use crate::config::words;
use crate::domain::Untrusted;
use crate::remediation::step::HttpStep;

/// Its lines.
#[must_use]
pub fn lines(http: &HttpStep) -> Vec<Untrusted> {
    let mut lines = vec![format!("{} {}", http.method.word(), words::url_without_secrets(&http.url))];
    lines.extend(http.headers.iter().map(|(name, secret)| format!("{name}: {secret}")));
    lines.extend(http.bearer.iter().map(|bearer| format!("Authorization: Bearer {bearer}")));
    lines.extend(http.body.as_deref().map(body));
    lines.into_iter().map(Untrusted::from).collect()
}

/// As it is, unless a member of it names itself a secret.
fn body(text: &str) -> String {
    let Ok(mut json) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
    if hide(&mut json) { json.to_string() } else { text.to_owned() }
}

/// Whether anything was hidden.
fn hide(json: &mut Value) -> bool {
    match json {
        Value::Object(members) => members
            .iter_mut()
            .map(|(name, value)| {
                let secret = words::names_a_secret(name) && !matches!(value, Value::Null | Value::Bool(_));
                if secret {
                    *value = Value::from("***");
                }
                secret || hide(value)
            })
            .fold(false, |any, hidden| any | hidden),
        Value::Array(items) => items.iter_mut().map(hide).fold(false, |any, hidden| any | hidden),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::body;

    #[test]
    fn only_what_names_itself_a_secret_is_hidden() {
        assert_eq!(body(r#"{"all": true}"#), r#"{"all": true}"#);
        assert_eq!(body("not json"), "not json");
        assert_eq!(
            body(r#"{"token":"t","deep":[{"api_key":{"x":1},"n":2}]}"#),
            r#"{"deep":[{"api_key":"***","n":2}],"token":"***"}"#
        );
    }
}
