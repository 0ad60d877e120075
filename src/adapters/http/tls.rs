//! TLS as every HTTP client here uses it: the system's roots (and the configured ones), a verifier that notes what was
//! presented before it judges, and no resumption, so that each new connection shows its certificate.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, NamedGroup, SignatureScheme};

use crate::config::resolved::ClientCertificate;
use crate::domain::cause::Phase;
use crate::domain::{Cause, Safe};

use super::{certificate, trace};

/// The configuration for a client that trusts `ca_file` beside the system's roots and shows `own` if asked.
pub fn config(ca_file: Option<&Path>, own: Option<&ClientCertificate>) -> Result<ClientConfig, Cause> {
    let provider = Arc::new(ring::default_provider());
    let verifier = NotingVerifier {
        extra: ca_file.map(certificates).transpose()?.unwrap_or_default(),
        provider: Arc::clone(&provider),
        inner: OnceLock::new(),
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Cause::Tls(Safe::of(e.to_string())))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let key = PrivateKeyDer::from_pem_file(&own.key).map_err(|e| unreadable(&own.key, &e))?;
            let told = |e: Error| Cause::Misconfigured(Safe::of(format!("client certificate and key: {e}")));
            builder.with_client_auth_cert(certificates(&own.certificate)?, key).map_err(told)?
        }
    };
    config.resumption = Resumption::store(Arc::new(NoSessions));
    Ok(config)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Cause> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let found = read.map_err(|e| unreadable(path, &e))?;
    if found.is_empty() {
        return Err(Cause::Misconfigured(Safe::of(format!("{} holds no certificate", path.display()))));
    }
    Ok(found)
}

fn unreadable(path: &Path, error: &rustls::pki_types::pem::Error) -> Cause {
    let path: PathBuf = path.to_path_buf();
    Cause::Misconfigured(Safe::of(format!("{}: {error}", path.display())))
}

/// Notes the leaf, then lets the platform's verifier judge. The system's roots are loaded at the first handshake.
struct NotingVerifier {
    extra: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
    inner: OnceLock<Result<rustls_platform_verifier::Verifier, Error>>,
}

impl NotingVerifier {
    fn inner(&self) -> Result<&rustls_platform_verifier::Verifier, Error> {
        let made = self.inner.get_or_init(|| {
            let provider = Arc::clone(&self.provider);
            rustls_platform_verifier::Verifier::new_with_extra_roots(self.extra.iter().cloned(), provider)
        });
        made.as_ref().map_err(Clone::clone)
    }

    /// A self-signed server certificate that the configuration names is trusted as it is, as long as dates and name fit;
    /// the chain verifier alone would refuse it as an authority that serves as a leaf.
    fn is_named_leaf(&self, leaf: &CertificateDer<'_>, name: &ServerName<'_>, now: UnixTime) -> bool {
        let dates_fit = certificate::read(leaf).is_some_and(|c| {
            let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
            (c.not_before.timestamp()..=c.not_after.timestamp()).contains(&now)
        });
        dates_fit
            && self.extra.iter().any(|own| own.as_ref() == leaf.as_ref())
            && ParsedCertificate::try_from(leaf)
                .is_ok_and(|parsed| rustls::client::verify_server_name(&parsed, name).is_ok())
    }
}

impl fmt::Debug for NotingVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotingVerifier").field("extra", &self.extra.len()).finish_non_exhaustive()
    }
}

impl ServerCertVerifier for NotingVerifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(presented) = certificate::read(leaf) {
            trace::note(|t| t.presented(presented));
        }
        match self.inner()?.verify_server_cert(leaf, intermediates, name, ocsp, now) {
            Err(Error::InvalidCertificate(CertificateError::Other(_) | CertificateError::UnknownIssuer))
                if self.is_named_leaf(leaf, name, now) =>
            {
                Ok(ServerCertVerified::assertion())
            }
            judged => judged,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, leaf, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, leaf, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
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
