//! How a program of PostgreSQL reaches the server that a connection of ours has reached: as variables of its environment, the
//! password among them, so that nothing of it stands in an argument list.

use std::ffi::OsString;
use std::path::Path;

use super::super::dial::Address;
use super::super::{PostgresSource, not_connected, password};
use crate::config::resolved::{DatabaseHost, SslMode};
use crate::domain::Cause;

impl PostgresSource {
    /// Variables for a program that is to talk to the very server of this connection.
    pub fn for_programs(&self, database: Option<&str>) -> Result<Vec<(OsString, OsString)>, Cause> {
        let target = &self.spec.target;
        let origin = &self.session.as_ref().ok_or_else(not_connected)?.link.origin;
        let mut variables: Vec<(&str, OsString)> = vec![
            ("PGUSER", target.user.clone().into()),
            ("PGDATABASE", database.unwrap_or(&target.database).into()),
            ("PGAPPNAME", "quarterdeck".into()),
            ("PGCONNECT_TIMEOUT", "10".into()),
            ("PGSSLMODE", ssl_mode(target.ssl_mode).into()),
        ];
        let host = match &origin.address {
            Address::Tcp(at) => {
                let name = origin.tls.as_ref().map(|(_, name)| name.clone());
                variables.push(("PGHOSTADDR", at.ip().to_string().into()));
                variables.push(("PGHOST", name.unwrap_or_else(|| at.ip().to_string()).into()));
                variables.push(("PGPORT", at.port().to_string().into()));
                let is = |host: &&DatabaseHost| matches!(host, DatabaseHost::Tcp { port, .. } if *port == at.port());
                target.hosts.iter().find(is)
            }
            Address::Unix(path) => {
                let text = path.to_string_lossy().replace('\0', "@");
                let folder = Path::new(&text).parent().map(|folder| folder.as_os_str().to_owned()).unwrap_or_default();
                let port = text.rsplit('.').next().unwrap_or("5432").to_owned();
                variables.push(("PGHOST", folder));
                variables.push(("PGPORT", port.into()));
                target.hosts.iter().find(|host| matches!(host, DatabaseHost::Unix { .. }))
            }
        };
        for (name, file) in [
            ("PGSSLROOTCERT", target.ssl_root_certificate.as_ref()),
            ("PGSSLCERT", target.ssl_client.as_ref().map(|client| &client.certificate)),
            ("PGSSLKEY", target.ssl_client.as_ref().map(|client| &client.key)),
        ] {
            variables.extend(file.map(|file| (name, file.clone().into_os_string())));
        }
        let host = host.or(target.hosts.first());
        if let Some(secret) = host.map(|host| password::find(target, host)).transpose()?.and_then(|found| found.secret)
        {
            variables.push(("PGPASSWORD", secret.expose().into()));
        }
        Ok(variables.into_iter().map(|(name, value)| (OsString::from(name), value)).collect())
    }
}

fn ssl_mode(mode: SslMode) -> &'static str {
    match mode {
        SslMode::Disable => "disable",
        SslMode::Allow => "allow",
        SslMode::Prefer => "prefer",
        SslMode::Require => "require",
        SslMode::VerifyCa => "verify-ca",
        SslMode::VerifyFull => "verify-full",
    }
}
