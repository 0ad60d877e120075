//! A target as people see it: a URL whose password is `***`.

use crate::config::resolved::{DatabaseHost, DatabaseTarget, SslMode};
use crate::domain::Safe;

/// `postgresql://user:***@host:5432,other:5433/database?sslmode=verify-full`.
#[must_use]
pub fn display(target: &DatabaseTarget) -> Safe {
    let password = if target.password.is_some() { ":***" } else { "" };
    let hosts: Vec<String> = target.hosts.iter().map(host).collect();
    let mode = match target.ssl_mode {
        SslMode::Prefer => String::new(),
        other => format!("?sslmode={}", mode_word(other)),
    };
    Safe::of(format!("postgresql://{}{password}@{}/{}{mode}", target.user, hosts.join(","), target.database))
}

/// One host with its port, or the path of its socket.
#[must_use]
pub fn host(host: &DatabaseHost) -> String {
    match host {
        DatabaseHost::Tcp { host, port, .. } if host.contains(':') => format!("[{host}]:{port}"),
        DatabaseHost::Tcp { host, port, .. } => format!("{host}:{port}"),
        DatabaseHost::Unix { folder, port } => format!("{}:{port}", folder.display()),
    }
}

fn mode_word(mode: SslMode) -> &'static str {
    match mode {
        SslMode::Disable => "disable",
        SslMode::Allow => "allow",
        SslMode::Prefer => "prefer",
        SslMode::Require => "require",
        SslMode::VerifyCa => "verify-ca",
        SslMode::VerifyFull => "verify-full",
    }
}
