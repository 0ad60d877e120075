//! A PostgreSQL connection text becomes a target: the plain forms of URL and key-value DSN.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::resolved::{DatabaseHost, DatabaseTarget, SessionAttributes, SslMode};
use crate::domain::Safe;
use crate::domain::secret::{Secret, SecretRef};

/// Reads a URL or a key-value DSN; what is left out comes from libpq's variables.
pub fn parse(
    text: &str,
    env: &dyn Fn(&str) -> Option<String>,
    _home: Option<&Path>,
) -> Result<(DatabaseTarget, Vec<Safe>), Safe> {
    let mut given: BTreeMap<String, String> = BTreeMap::new();
    if text.contains("://") {
        let url = url::Url::parse(text).map_err(|wrong| Safe::of(format!("no PostgreSQL URL: {wrong}")))?;
        if !url.scheme().starts_with("postgres") {
            return Err(Safe::of("write postgresql://USER@HOST:PORT/DATABASE"));
        }
        let mut put = |key: &str, value: &str| {
            if !value.is_empty() {
                given.insert(key.to_owned(), value.to_owned());
            }
        };
        put("host", url.host_str().unwrap_or_default());
        put("port", &url.port().map(|p| p.to_string()).unwrap_or_default());
        put("user", url.username());
        put("password", url.password().unwrap_or_default());
        put("dbname", url.path().trim_start_matches('/'));
        for (key, value) in url.query_pairs() {
            put(&key, &value);
        }
    } else {
        for pair in text.split_whitespace() {
            let (key, value) =
                pair.split_once('=').ok_or_else(|| Safe::of("write key=value pairs or a postgresql:// URL"))?;
            given.insert(key.to_owned(), value.to_owned());
        }
    }
    let get = |key: &str, variable: &str| given.get(key).cloned().or_else(|| env(variable));
    let port = get("port", "PGPORT").and_then(|p| p.parse().ok()).unwrap_or(5432);
    let host = get("host", "PGHOST").unwrap_or_else(|| "localhost".to_owned());
    let user = get("user", "PGUSER").unwrap_or_else(|| "postgres".to_owned());
    let password = match given.get("password") {
        Some(password) => Some(SecretRef::Inline(Secret::new(password.as_str()))),
        None => env("PGPASSWORD").map(|_| SecretRef::Env("PGPASSWORD".to_owned())),
    };
    let hosts = if host.starts_with('/') {
        vec![DatabaseHost::Unix { folder: PathBuf::from(host), port }]
    } else {
        vec![DatabaseHost::Tcp { host, address: None, port }]
    };
    let target = DatabaseTarget {
        hosts,
        database: get("dbname", "PGDATABASE").unwrap_or_else(|| user.clone()),
        user,
        password,
        passfile: None,
        ssl_mode: SslMode::default(),
        ssl_root_certificate: None,
        ssl_client: None,
        session_attributes: SessionAttributes::default(),
        search_path: None,
        pooler: false,
    };
    Ok((target, Vec::new()))
}
