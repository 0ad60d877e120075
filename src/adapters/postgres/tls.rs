//! TLS as `sslmode` means it: who is verified against what.

use std::path::{Path, PathBuf};

use crate::adapters::tls::{self, Client, Trust};
use crate::config::resolved::{DatabaseTarget, SslMode};
use crate::domain::{Cause, Safe};

/// The client's side of TLS for a target.
pub fn client(target: &DatabaseTarget) -> Result<Client, Cause> {
    Client::new(trust(target)?, target.ssl_client.as_ref())
}

fn trust(target: &DatabaseTarget) -> Result<Trust, Cause> {
    if target.ssl_root_certificate.as_deref() == Some(Path::new("system")) {
        return Ok(Trust::System(Vec::new()));
    }
    let root = target.ssl_root_certificate.clone().or_else(default_root);
    match (target.ssl_mode, root) {
        (SslMode::Disable | SslMode::Allow | SslMode::Prefer, _) | (SslMode::Require, None) => Ok(Trust::Anybody),
        (SslMode::Require | SslMode::VerifyCa, Some(root)) => Ok(Trust::OnlyForAnyName(tls::certificates(&root)?)),
        (SslMode::VerifyFull, Some(root)) => Ok(Trust::Only(tls::certificates(&root)?)),
        (SslMode::VerifyCa | SslMode::VerifyFull, None) => Err(Cause::Misconfigured(Safe::of(
            "sslmode=verify-* needs the authority to trust: sslrootcert=/path/ca.pem, \
             or sslrootcert=system (there is no ~/.postgresql/root.crt)",
        ))),
    }
}

/// libpq's default, when it is there.
fn default_root() -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os("HOME")?).join(".postgresql/root.crt");
    path.is_file().then_some(path)
}
