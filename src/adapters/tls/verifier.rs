//! Who is believed. The verifier tells what was presented before it judges, so that dates are known on every failure.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::domain::certificate::Certificate;
use crate::domain::{Cause, Safe};

use super::certificate;

/// Who is told of each leaf that a server presents.
pub type Notice = Arc<dyn Fn(&Certificate) + Send + Sync>;

type Certificates = Vec<CertificateDer<'static>>;

/// Whose certificates are believed. A server's own self-signed certificate may stand among the authorities.
pub enum Trust {
    /// The system's authorities, and these.
    System(Certificates),
    /// These authorities alone, for the host's name.
    Only(Certificates),
    /// These authorities alone, for any name.
    OnlyForAnyName(Certificates),
    /// Encrypted, but it could be anybody: only the handshake itself must be sound.
    Anybody,
}

/// Judges by its [`Trust`].
pub struct Verifier {
    judge: Judge,
    named: Certificates,
    provider: Arc<CryptoProvider>,
    notice: Notice,
}

enum Judge {
    /// The system's authorities are loaded at the first handshake: they are many, and the first frame does not wait.
    System(OnceLock<Result<rustls_platform_verifier::Verifier, Error>>),
    Only {
        chain: Arc<WebPkiServerVerifier>,
        any_name: bool,
    },
    Anybody,
}

impl Verifier {
    /// Fails when the named authorities cannot be used.
    pub fn new(trust: Trust, provider: Arc<CryptoProvider>, notice: Notice) -> Result<Verifier, Cause> {
        let (judge, named) = match trust {
            Trust::System(named) => (Judge::System(OnceLock::new()), named),
            Trust::Only(named) => (Judge::Only { chain: chain(&named, &provider)?, any_name: false }, named),
            Trust::OnlyForAnyName(named) => (Judge::Only { chain: chain(&named, &provider)?, any_name: true }, named),
            Trust::Anybody => (Judge::Anybody, Vec::new()),
        };
        Ok(Verifier { judge, named, provider, notice })
    }

    fn any_name(&self) -> bool {
        matches!(self.judge, Judge::Only { any_name: true, .. })
    }

    /// A self-signed server certificate that the configuration names is trusted as it is, as long as dates and name fit;
    /// the chain verifier alone would refuse it as an authority that serves as a leaf. `None`: it is not named.
    fn as_named_leaf(
        &self,
        leaf: &CertificateDer<'_>,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Option<Result<ServerCertVerified, Error>> {
        if !self.named.iter().any(|own| own.as_ref() == leaf.as_ref()) {
            return None;
        }
        let dates = certificate::read(leaf)?;
        let (not_before, not_after) = (unix(dates.not_before), unix(dates.not_after));
        if now > not_after {
            return Some(Err(CertificateError::ExpiredContext { time: now, not_after }.into()));
        }
        if now < not_before {
            return Some(Err(CertificateError::NotValidYetContext { time: now, not_before }.into()));
        }
        let fits = ParsedCertificate::try_from(leaf).and_then(|leaf| rustls::client::verify_server_name(&leaf, name));
        Some(if self.any_name() { Ok(()) } else { fits }.map(|()| ServerCertVerified::assertion()))
    }

    fn judge(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match &self.judge {
            Judge::Anybody => Ok(ServerCertVerified::assertion()),
            Judge::System(loaded) => {
                let made = loaded.get_or_init(|| {
                    let (named, provider) = (self.named.iter().cloned(), Arc::clone(&self.provider));
                    rustls_platform_verifier::Verifier::new_with_extra_roots(named, provider)
                });
                made.as_ref().map_err(Clone::clone)?.verify_server_cert(leaf, intermediates, name, ocsp, now)
            }
            Judge::Only { chain, any_name } => {
                match chain.verify_server_cert(leaf, intermediates, name, ocsp, now) {
                    // The chain is checked before the name, so that a wrong name is only reported for a good chain.
                    Err(Error::InvalidCertificate(
                        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
                    )) if *any_name => Ok(ServerCertVerified::assertion()),
                    judged => judged,
                }
            }
        }
    }
}

fn unix(at: DateTime<Utc>) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(at.timestamp()).unwrap_or(0)))
}

fn chain(named: &Certificates, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, Cause> {
    let mut store = RootCertStore::empty();
    let (_added, _unusable) = store.add_parsable_certificates(named.iter().cloned());
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider))
        .build()
        .map_err(|e| Cause::Misconfigured(Safe::of(format!("the authorities to trust: {e}"))))
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("named", &self.named.len()).finish_non_exhaustive()
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(presented) = certificate::read(leaf) {
            (self.notice)(&presented);
        }
        let judged = self.judge(leaf, intermediates, name, ocsp, now);
        match &judged {
            Err(Error::InvalidCertificate(CertificateError::Other(_) | CertificateError::UnknownIssuer)) => {
                self.as_named_leaf(leaf, name, now).unwrap_or(judged)
            }
            _ => judged,
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
