//! A Redis URL becomes a target.

use super::resolved::RedisTarget;
use crate::domain::Safe;
use crate::domain::secret::{Secret, SecretRef};

/// Reads `redis://[user][:password]@host[:port][/db]`, `rediss://…`, `unix://PATH`.
pub fn parse(text: &str) -> Result<RedisTarget, Safe> {
    let url =
        url::Url::parse(text).map_err(|wrong| Safe::of(format!("no Redis URL: {wrong}; write redis://HOST:PORT/0")))?;
    if !matches!(url.scheme(), "redis" | "rediss") {
        return Err(Safe::of("write redis://HOST:PORT/0 or rediss://…"));
    }
    let index = url.path().trim_start_matches('/');
    let database = if index.is_empty() {
        0
    } else {
        index.parse().map_err(|_bad| Safe::of(format!("{index:?} is no database number")))?
    };
    Ok(RedisTarget {
        host: url.host_str().unwrap_or("localhost").to_owned(),
        port: url.port().unwrap_or(6379),
        unix: None,
        database,
        user: Some(url.username().to_owned()).filter(|u| !u.is_empty()),
        password: url.password().map(|p| SecretRef::Inline(Secret::new(p))),
        tls: url.scheme() == "rediss",
        ca_file: None,
    })
}
