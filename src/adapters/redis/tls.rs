//! TLS to Redis: the system's trust and, if named, certificates of one's own; each failure in its own words.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_platform_verifier::Verifier;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_cert::der::Decode;

use crate::domain::{Cause, Safe};

/// Largest certificate file that is read.
const FILE_LIMIT: u64 = 4 * 1024 * 1024;

/// What is needed to open encrypted connections. Building it reads the system's certificates, so it is kept.
pub struct Tls {
    config: Arc<ClientConfig>,
    verifier: Arc<Remembering>,
}

impl Tls {
    /// Reads the trusted certificates.
    pub fn new(ca_file: Option<&Path>) -> Result<Tls, Cause> {
        let failed = |e: rustls::Error| Cause::Tls(Safe::of(e.to_string()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let own = ca_file.map(certificates).transpose()?.unwrap_or_default();
        let inner = Verifier::new_with_extra_roots(own, Arc::clone(&provider)).map_err(failed)?;
        let verifier = Arc::new(Remembering { inner, refused: Mutex::new(None) });
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&verifier) as Arc<dyn ServerCertVerifier>)
            .with_no_client_auth();
        Ok(Tls { config: Arc::new(config), verifier })
    }

    /// The handshake.
    pub async fn connect<S>(&self, host: &str, stream: S) -> Result<TlsStream<S>, Cause>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = ServerName::try_from(host.to_owned()).map_err(|_not_a_name| {
            Cause::Misconfigured(Safe::of(format!("{host} is not a name that TLS can verify")))
        })?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        connector.connect(name, stream).await.map_err(|e| self.cause(host, &e))
    }

    fn cause(&self, host: &str, error: &std::io::Error) -> Cause {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match inner {
            Some(rustls::Error::InvalidCertificate(problem)) => self.certificate(host, problem),
            Some(rustls::Error::InvalidMessage(_)) => {
                Cause::Tls(Safe::of("the answer is not TLS: does this port speak plain redis://?"))
            }
            Some(other) => Cause::Tls(Safe::of(other.to_string())),
            None => Cause::ConnectionLost(Safe::of(format!("in the TLS handshake: {error}"))),
        }
    }

    fn certificate(&self, host: &str, problem: &CertificateError) -> Cause {
        const DAY: u64 = 86_400;
        let days = |later: &UnixTime, earlier: &UnixTime| {
            (later.as_secs().saturating_sub(earlier.as_secs()) / DAY).try_into().unwrap_or(i64::MAX)
        };
        match problem {
            CertificateError::ExpiredContext { time, not_after } => {
                Cause::CertificateExpired { days_ago: days(time, not_after) }
            }
            CertificateError::NotValidYetContext { time, not_before } => {
                Cause::CertificateNotYetValid { in_days: days(not_before, time) }
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Cause::CertificateWrongHost { wanted: Safe::of(host) }
            }
            CertificateError::UnsupportedSignatureAlgorithmContext { .. } => Cause::CertificateWeakSignature,
            // A certificate that signed itself is refused for one reason or another, by what it says of itself.
            CertificateError::UnknownIssuer | CertificateError::Other(_) => match self.verifier.names() {
                Some((subject, issuer)) if subject == issuer => Cause::CertificateSelfSigned,
                Some((_, issuer)) => Cause::CertificateUnknownIssuer { issuer },
                None => Cause::Tls(Safe::of(problem.to_string())),
            },
            other => Cause::Tls(Safe::of(other.to_string())),
        }
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Cause> {
    let wrong = |why: &str| Cause::Misconfigured(Safe::of(format!("ca_file {}: {why}", path.display())));
    let size = fs::metadata(path).map_err(|e| wrong(&e.to_string()))?;
    if !size.is_file() || size.len() > FILE_LIMIT {
        return Err(wrong("not a file of at most 4 MiB"));
    }
    let text = fs::read(path).map_err(|e| wrong(&e.to_string()))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(wrong("holds no certificate in PEM")),
        Err(e) => Err(wrong(&e.to_string())),
    }
}

/// Verifies as the platform does, and remembers a refused certificate, so that its issuer can be named.
#[derive(Debug)]
struct Remembering {
    inner: Verifier,
    refused: Mutex<Option<Vec<u8>>>,
}

impl Remembering {
    /// Subject and issuer of the certificate that was refused last.
    fn names(&self) -> Option<(Safe, Safe)> {
        let der = self.refused.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let certificate = x509_cert::Certificate::from_der(&der).ok()?.tbs_certificate;
        Some((Safe::of(certificate.subject.to_string()), Safe::of(certificate.issuer.to_string())))
    }
}

impl ServerCertVerifier for Remembering {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        if verified.is_err() {
            *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(end_entity.to_vec());
        }
        verified
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
