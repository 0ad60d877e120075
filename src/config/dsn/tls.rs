//! `sslmode` and its relatives: what libpq, asyncpg, node-postgres and JDBC call the same thing.

use std::path::PathBuf;

use super::Lookup;
use super::settings::Settings;
use crate::config::resolved::{ClientCertificate, SslMode};

/// Everything about TLS in a target.
pub struct Tls {
    /// `sslmode`
    pub mode: SslMode,
    /// `sslrootcert`
    pub root: Option<PathBuf>,
    /// `sslcert` and `sslkey`
    pub client: Option<ClientCertificate>,
}

/// Takes the parameters of TLS.
pub fn take(settings: &mut Settings, env: Lookup<'_>) -> Result<Tls, String> {
    let ssl = settings.take(&["ssl"]).map(|value| read_ssl(&value)).transpose()?;
    let sslmode = settings.take(&["sslmode"]).map(|value| read_mode("sslmode", &value)).transpose()?;
    let from_env = || env("PGSSLMODE").filter(|v| !v.is_empty()).map(|v| read_mode("PGSSLMODE", &v)).transpose();
    let given = match sslmode.or(ssl) {
        Some(mode) => Some(mode),
        None => from_env()?,
    };
    let root = settings.take(&["sslrootcert"]).or_else(|| env("PGSSLROOTCERT").filter(|v| !v.is_empty()));
    let system = root.as_deref() == Some("system");
    let mode = match given {
        Some(mode) if system && mode != SslMode::VerifyFull => {
            return Err(
                "sslrootcert=system needs sslmode=verify-full: anybody can get a certificate from those issuers"
                    .to_owned(),
            );
        }
        Some(mode) => mode,
        None if system => SslMode::VerifyFull,
        None => SslMode::Prefer,
    };
    let client = client(settings, env)?;
    Ok(Tls { mode, root: root.map(PathBuf::from), client })
}

fn client(settings: &mut Settings, env: Lookup<'_>) -> Result<Option<ClientCertificate>, String> {
    let certificate = settings.take(&["sslcert"]).or_else(|| env("PGSSLCERT").filter(|v| !v.is_empty()));
    let key = settings.take(&["sslkey"]).or_else(|| env("PGSSLKEY").filter(|v| !v.is_empty()));
    match (certificate, key) {
        (Some(certificate), Some(key)) => {
            Ok(Some(ClientCertificate { certificate: certificate.into(), key: key.into() }))
        }
        (None, None) => Ok(None),
        (Some(_), None) => Err("sslcert is given without sslkey".to_owned()),
        (None, Some(_)) => Err("sslkey is given without sslcert".to_owned()),
    }
}

fn read_mode(name: &str, value: &str) -> Result<SslMode, String> {
    Ok(match value.to_ascii_lowercase().as_str() {
        "disable" => SslMode::Disable,
        "allow" => SslMode::Allow,
        "prefer" => SslMode::Prefer,
        "require" | "no-verify" => SslMode::Require,
        "verify-ca" => SslMode::VerifyCa,
        "verify-full" => SslMode::VerifyFull,
        _ => {
            return Err(format!(
                "{name}={value} is not known; allowed: disable, allow, prefer, require, verify-ca, verify-full"
            ));
        }
    })
}

/// asyncpg's `ssl=`, which also takes the words of `sslmode`, and JDBC's `ssl=true`.
fn read_ssl(value: &str) -> Result<SslMode, String> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "on" | "yes" => Ok(SslMode::Require),
        "false" | "0" | "off" | "no" => Ok(SslMode::Disable),
        _ => read_mode("ssl", value),
    }
}
