//! A request as a card and the audit show it: byte for byte, but for what names itself a secret. The digest of the card is
//! over the true bytes.

use crate::config::words;
use crate::domain::Untrusted;
use crate::remediation::step::HttpStep;

/// Its lines.
#[must_use]
pub fn lines(http: &HttpStep) -> Vec<Untrusted> {
    let mut lines = vec![format!("{} {}", http.method.word(), words::url_without_secrets(&http.url))];
    lines.extend(http.headers.iter().map(|(name, secret)| format!("{name}: {secret}")));
    lines.extend(http.bearer.iter().map(|bearer| format!("Authorization: Bearer {bearer}")));
    lines.extend(http.body.as_deref().map(words::body_without_secrets));
    lines.into_iter().map(Untrusted::from).collect()
}
