//! TLS as `sslmode` means it: who is verified against what, and our own certificate.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::config::resolved::{DatabaseTarget, SslMode};
use crate::domain::{Cause, Safe};

/// Largest file of certificates that is read.
const LARGEST_FILE: u64 = 4 * 1024 * 1024;

/// The client's side of TLS for a target.
pub fn client_config(target: &DatabaseTarget) -> Result<ClientConfig, Cause> {
    let provider = Arc::new(ring::default_provider());
    let verifier = verifier(target, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Cause::Tls(Safe::of(e.to_string())))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let Some(client) = &target.ssl_client else { return Ok(builder.with_no_client_auth()) };
    let chain = certificates(&client.certificate)?;
    check_size(&client.key)?;
    let key = PrivateKeyDer::from_pem_file(&client.key).map_err(|e| unreadable(&client.key, &e.to_string()))?;
    builder.with_client_auth_cert(chain, key).map_err(|e| unreadable(&client.certificate, &e.to_string()))
}

fn verifier(target: &DatabaseTarget, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, Cause> {
    if target.ssl_root_certificate.as_deref() == Some(Path::new("system")) {
        return rustls_platform_verifier::Verifier::new(Arc::clone(provider))
            .map(|verifier| Arc::new(verifier) as Arc<dyn ServerCertVerifier>)
            .map_err(|e| Cause::Misconfigured(Safe::of(format!("sslrootcert=system: {e}"))));
    }
    let given = target.ssl_root_certificate.clone();
    let root = given.or_else(default_root);
    match (target.ssl_mode, root) {
        (SslMode::Disable | SslMode::Allow | SslMode::Prefer, _) | (SslMode::Require, None) => {
            Ok(Arc::new(Nobody(Arc::clone(provider))))
        }
        (SslMode::Require | SslMode::VerifyCa, Some(root)) => Ok(Arc::new(ChainOnly(webpki(&root, provider)?))),
        (SslMode::VerifyFull, Some(root)) => Ok(webpki(&root, provider)?),
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

fn webpki(root: &Path, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, Cause> {
    let mut store = RootCertStore::empty();
    let (added, _) = store.add_parsable_certificates(certificates(root)?);
    if added == 0 {
        return Err(unreadable(root, "no certificate in it"));
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider))
        .build()
        .map_err(|e| unreadable(root, &e.to_string()))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Cause> {
    check_size(path)?;
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let all: Vec<CertificateDer<'static>> = read.map_err(|e| unreadable(path, &e.to_string()))?;
    if all.is_empty() { Err(unreadable(path, "no certificate in it")) } else { Ok(all) }
}

fn check_size(path: &Path) -> Result<(), Cause> {
    let found = std::fs::metadata(path).map_err(|e| unreadable(path, &e.to_string()))?;
    if found.is_file() && found.len() <= LARGEST_FILE {
        Ok(())
    } else {
        Err(unreadable(path, "not a file of at most 4 MiB"))
    }
}

fn unreadable(path: &Path, why: &str) -> Cause {
    Cause::Misconfigured(Safe::of(format!("{}: {why}", path.display())))
}

/// `require` without an authority: encrypted, but it could be anybody. Only the handshake itself must be sound.
#[derive(Debug)]
struct Nobody(Arc<CryptoProvider>);

impl ServerCertVerifier for Nobody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// `verify-ca`: the chain must be good, the name may be any. The chain is checked before the name, so that a wrong
/// name is only reported for a good chain.
#[derive(Debug)]
struct ChainOnly(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for ChainOnly {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.0.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
