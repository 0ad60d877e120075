//! TLS of the HTTP client: what is presented is noted on the exchange, and no session is resumed, so that each new
//! connection shows its certificate.

use std::path::Path;
use std::sync::Arc;

use rustls::client::{ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, NamedGroup};

use crate::adapters::tls::{self, Trust};
use crate::config::resolved::ClientCertificate;
use crate::domain::Cause;
use crate::domain::cause::Phase;

use super::trace;

/// The configuration for a client that trusts `ca_file` beside the system's roots and shows `own` if asked.
pub fn config(ca_file: Option<&Path>, own: Option<&ClientCertificate>) -> Result<ClientConfig, Cause> {
    let trust = Trust::System(ca_file.map(tls::certificates).transpose()?.unwrap_or_default());
    let mut config = tls::config(trust, own, Arc::new(|leaf| trace::note(|t| t.presented(leaf.clone()))))?;
    config.resumption = Resumption::store(Arc::new(NoSessions));
    Ok(config)
}

/// Keeps no session. That it is asked for one is the first sign of a handshake.
#[derive(Debug)]
struct NoSessions;

impl ClientSessionStore for NoSessions {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        trace::note(|t| t.enter(Phase::Tls));
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {}

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        None
    }
}
