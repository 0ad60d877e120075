//! TLS as every source here uses it: whom to trust, our own certificate, and a refusal in words. The border: sockets and
//! handshakes belong to the sources; the HTTP client keeps its notes per exchange, the others per target.

mod cause;
mod certificate;
mod pem;
mod verifier;

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::ClientConfig;
use rustls::crypto::ring;

use crate::config::resolved::ClientCertificate;
use crate::domain::certificate::Certificate;
use crate::domain::{Cause, Safe};

pub use cause::cause;
pub use pem::certificates;
pub use verifier::{Notice, Trust};

/// The configuration of a client that shows `own` when it is asked, and tells `notice` of each leaf before judging it.
/// Building it reads `own`'s files, but not the system's authorities: these are read at the first handshake.
pub fn config(trust: Trust, own: Option<&ClientCertificate>, notice: Notice) -> Result<ClientConfig, Cause> {
    let provider = Arc::new(ring::default_provider());
    let verifier = verifier::Verifier::new(trust, Arc::clone(&provider), notice)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Cause::Tls(Safe::of(e.to_string())))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let Some(own) = own else { return Ok(builder.with_no_client_auth()) };
    let told = |e: rustls::Error| Cause::Misconfigured(Safe::of(format!("client certificate and key: {e}")));
    builder.with_client_auth_cert(certificates(&own.certificate)?, pem::key(&own.key)?).map_err(told)
}

/// The client's side for one target, with the certificate that the server showed last.
#[derive(Clone, Debug)]
pub struct Client {
    config: Arc<ClientConfig>,
    shown: Arc<Mutex<Option<Certificate>>>,
}

impl Client {
    /// See [`config`].
    pub fn new(trust: Trust, own: Option<&ClientCertificate>) -> Result<Client, Cause> {
        let shown = Arc::new(Mutex::new(None));
        let kept = Arc::clone(&shown);
        let notice: Notice =
            Arc::new(move |leaf| *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(leaf.clone()));
        Ok(Client { config: Arc::new(config(trust, own, notice)?), shown })
    }

    /// The system's authorities and, where named, those of a file.
    pub fn trusting(ca_file: Option<&Path>) -> Result<Client, Cause> {
        Client::new(Trust::System(ca_file.map(certificates).transpose()?.unwrap_or_default()), None)
    }

    /// What a connector is made of.
    #[must_use]
    pub fn config(&self) -> &Arc<ClientConfig> {
        &self.config
    }

    /// Why a handshake with `host` failed.
    #[must_use]
    pub fn cause(&self, error: &io::Error, host: &str) -> Cause {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(error) => cause(error, shown.as_ref(), host),
            None => Cause::ConnectionLost(Safe::of(format!("in the TLS handshake: {error}"))),
        }
    }
}
